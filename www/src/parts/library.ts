/** The library of datasets: search, folders and tags; opened by a click or Enter, changed in place, and taken away with a way back. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { saveFile } from "../actions.js";
import { icon } from "../icons.js";
import { cleanFolder, cleanTags, found, library, type Entry } from "../library.js";
import { session } from "../session.js";
import { base } from "../styles.js";

class LibraryList extends LitElement {
  static override properties = { query: { state: true }, editing: { state: true }, removed: { state: true }, problem: { state: true } };
  declare query: string;
  /** The id of the entry whose name, folder and tags are being changed. */
  declare editing: string | undefined;
  /** What was taken away last. */
  declare removed: Entry | undefined;
  declare problem: string;

  static override styles = [
    base,
    css`
      :host { display: block; margin-top: 14px; }
      .head { display: flex; align-items: center; gap: 4px; min-height: 28px; }
      h2 { font-size: 12px; line-height: 16px; font-weight: 500; color: var(--nl-dim); margin: 0 auto 0 0; }
      .head input { height: 24px !important; width: 160px; font-size: 12px; margin-right: 4px; }
      .list { max-height: min(300px, 34vh); overflow-y: auto; margin: 0 -8px; scrollbar-width: thin; scrollbar-color: var(--nl-line-strong) transparent; }
      h3 { font-size: 11px; line-height: 16px; font-weight: 500; color: var(--nl-faint); margin: 6px 8px 0; }
      .entry { display: grid; grid-template-columns: minmax(0, 1fr) 24px 24px; align-items: center; padding-right: 4px; border-radius: var(--nl-radius); }
      .entry:hover, .entry:focus-within { background: var(--nl-hover); }
      .entry .icon { opacity: 0; }
      .entry:hover .icon, .entry:focus-within .icon { opacity: 1; }
      .open { display: grid; grid-template-columns: 16px minmax(0, auto) minmax(0, 1fr) auto; gap: 8px; align-items: center; min-height: 34px; padding: 0 8px; text-align: left; }
      .open svg { color: var(--nl-dim); }
      .tags { display: flex; gap: 4px; overflow: hidden; }
      .tag { font-size: 11px; line-height: 16px; padding: 0 6px; border-radius: 8px; background: var(--nl-raised); border: 1px solid var(--nl-line); color: var(--nl-dim); white-space: nowrap; }
      small { font-size: 12px; color: var(--nl-dim); }
      form { display: grid; grid-template-columns: minmax(0, 1.4fr) minmax(0, 1fr) minmax(0, 1fr) auto; gap: 6px; padding: 4px 8px; }
      form input { width: 100%; }
      .note { display: flex; align-items: center; gap: 8px; color: var(--nl-dim); font-size: 12px; line-height: 17px; margin: 4px 0; min-height: 24px; }
      .note.problem { color: var(--nl-error); }
      p { color: var(--nl-faint); font-size: 12px; line-height: 17px; margin: 4px 0 0; }
      @media (hover: none) { .entry .icon { opacity: 1; } }
      @media (max-width: 640px) { form { grid-template-columns: 1fr; } .head input { width: 110px; } }
    `,
  ];

  constructor() {
    super();
    this.query = "";
    this.problem = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    library.addEventListener("change", this.#onChange);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    library.removeEventListener("change", this.#onChange);
  }

  override render(): TemplateResult {
    const { entries } = library;
    const shown = found(entries, this.query);
    const folders = [...new Set(shown.map(({ folder }) => folder))];
    const unkeepable = session.unkeepable;
    const problem = this.problem || library.problem;
    return html`
      <div class="head">
        <h2 id="library-title">Library</h2>
        ${entries.length > 0 ? html`<input type="text" data-testid="library-search" placeholder="Search, #tag" aria-label="Search the library" .value=${this.query} @input=${(e: Event) => (this.query = (e.target as HTMLInputElement).value)} @keydown=${this.#onKey} />` : nothing}
        <button class="icon small" data-testid="library-keep" aria-label="Keep what is open" title=${unkeepable || "Keep what is open"} ?disabled=${unkeepable !== ""} @click=${() => void this.#keep()}>${icon("save")}</button>
        <button class="icon small" data-testid="library-import" aria-label="Import a library" title="Import" @click=${this.#import}>${icon("upload")}</button>
        <button class="icon small" data-testid="library-export" aria-label="Export the library" title="Export" ?disabled=${entries.length === 0} @click=${() => saveFile(library.export(), "neurolume-library.json")}>${icon("download")}</button>
      </div>
      ${problem ? html`<div class="note problem" role="alert" data-testid="library-problem">${problem}</div>` : nothing}
      ${this.removed ? html`<div class="note" role="status"><span class="truncate">${this.removed.name} is no longer in the library.</span><button class="button small" data-testid="library-undo" @click=${() => void this.#undo()}>Undo</button></div>` : nothing}
      <div class="list" data-testid="library" @keydown=${this.#onKey}>
        ${folders.map((folder) => html`${folder ? html`<h3>${folder.replaceAll("/", " / ")}</h3>` : nothing}<div role="list" aria-label=${folder || "Library"}>${repeat(shown.filter((entry) => entry.folder === folder), ({ id }) => id, (entry) => (this.editing === entry.id ? this.#form(entry) : this.#entry(entry)))}</div>`)}
      </div>
      ${entries.length === 0 && !problem ? html`<p>Datasets that you keep are listed here, in this browser alone.</p>` : shown.length === 0 && entries.length > 0 ? html`<p>None is called that.</p>` : nothing}
    `;
  }

  #entry(entry: Entry): TemplateResult {
    const { name, tags, state } = entry;
    const count = state.layers.length;
    return html`
      <div class="entry" role="listitem" data-testid="library-entry-${name}">
        <button class="open" data-testid="library-open-${name}" data-id=${entry.id} title="${name}\nF2 changes it, Del takes it away" @click=${() => this.#open(entry)}>${icon(count > 1 ? "box" : "image")}<span class="truncate">${name}</span><span class="tags">${tags.map((tag) => html`<span class="tag">${tag}</span>`)}</span><small>${count} ${count === 1 ? "layer" : "layers"}</small></button>
        <button class="icon small" data-testid="library-edit-${name}" aria-label="Change ${name}" title="Change" @click=${() => void this.#edit(entry)}>${icon("pencil")}</button>
        <button class="icon small" data-testid="library-remove-${name}" aria-label="Remove ${name}" title="Remove" @click=${() => void this.#remove(entry)}>${icon("trash")}</button>
      </div>
    `;
  }

  #form(entry: Entry): TemplateResult {
    return html`
      <div role="listitem"><form data-testid="library-form" @submit=${(e: Event) => void this.#save(e, entry)} @keydown=${this.#onFormKey}>
        <input type="text" name="name" data-testid="library-name" aria-label="Name" placeholder="Name" required .value=${entry.name} />
        <input type="text" name="folder" data-testid="library-folder" aria-label="Folder" placeholder="Folder / inner" .value=${entry.folder} />
        <input type="text" name="tags" data-testid="library-tags" aria-label="Tags" placeholder="Tags, with commas" .value=${entry.tags.join(", ")} />
        <button class="button" data-testid="library-save">Save</button>
      </form></div>
    `;
  }

  async #keep(): Promise<void> {
    await this.#try(async () => {
      const entry = await session.asEntry();
      await library.put(entry);
      await this.#edit(entry);
    });
  }

  async #edit({ id }: Entry): Promise<void> {
    this.editing = id;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLInputElement>("input[name=name]")?.select();
  }

  async #save(event: Event, entry: Entry): Promise<void> {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const given = (key: string): string => String(data.get(key) ?? "").trim();
    this.editing = undefined;
    await this.#try(() => library.put({ ...entry, name: given("name") || entry.name, folder: cleanFolder(given("folder")), tags: cleanTags(given("tags")) }));
    this.#focus(entry.id);
  }

  async #remove(entry: Entry): Promise<void> {
    await this.#try(async () => {
      await library.remove(entry.id);
      this.removed = entry;
    });
  }

  async #undo(): Promise<void> {
    const entry = this.removed;
    if (!entry) return;
    await this.#try(async () => {
      await library.put(entry);
      this.removed = undefined;
    });
    this.#focus(entry.id);
  }

  #open(entry: Entry): void {
    this.removed = undefined;
    this.dispatchEvent(new CustomEvent("nl-opened"));
    session.openEntry(entry).catch((e: unknown) => session.toast(e instanceof Error ? e.message : String(e)));
  }

  #import = (): void => {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = ".json,application/json";
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      if (file) void this.#try(async () => session.toast(`${await library.import(file)} datasets are in the library.`));
    });
    input.click();
  };

  async #try(work: () => Promise<void>): Promise<void> {
    this.problem = "";
    try {
      await work();
    } catch (e) {
      this.problem = e instanceof Error ? e.message : String(e);
    }
  }

  #focus(id: string): void {
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`)?.focus());
  }

  /** Arrows go from the search to the entries and along them. */
  #onKey = (event: KeyboardEvent): void => {
    const buttons = [...this.renderRoot.querySelectorAll<HTMLElement>(".open")];
    const focused = this.shadowRoot?.activeElement;
    const at = buttons.indexOf(focused as HTMLElement);
    const entry = library.entries.find(({ id }) => id === (focused as HTMLElement | null)?.dataset["id"]);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && !(focused instanceof HTMLInputElement && at < 0 && event.key === "ArrowUp")) {
      if (at === 0 && step < 0) this.renderRoot.querySelector<HTMLElement>("[data-testid=library-search]")?.focus();
      else buttons[Math.min(buttons.length - 1, at + step)]?.focus();
    } else if (event.key === "F2" && entry) void this.#edit(entry);
    else if (event.key === "Delete" && entry) void this.#remove(entry);
    else return;
    event.preventDefault();
  };

  /** Escape gives up the change, not the box around it. */
  #onFormKey = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key !== "Escape") return;
    event.preventDefault();
    const id = this.editing;
    this.editing = undefined;
    if (id) this.#focus(id);
  };

  #onChange = (): void => this.requestUpdate();
}

customElements.define("nl-library", LibraryList);
