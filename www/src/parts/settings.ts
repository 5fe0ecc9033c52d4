/** "Dataset settings": what is said of the dataset, in fields or as JSON. Changes are seen at once; Cancel takes them back. */
import { css, html, nothing, type TemplateResult } from "lit";
import { parseDatasource, type ViewerStateV1 } from "neurolume";
import { saveFile } from "../actions.js";
import { patched, type Change } from "../changes.js";
import { icon } from "../icons.js";
import { library } from "../library.js";
import { Part } from "../part.js";
import { session, type Topic } from "../session.js";
import { base, dialog } from "../styles.js";
import "./settings-form.js";

type Json = Record<string, unknown>;
type Tab = "fields" | "json";

/** As high as a line of the JSON is. */
const LINE_PX = 18;

class Settings extends Part {
  protected static override topics: Topic[] = ["layers", "info"];
  static override properties = { shown: { state: true }, tab: { state: true }, problem: { state: true }, text: { state: true }, said: { state: true } };
  declare shown: boolean;
  declare tab: Tab;
  declare problem: string;
  /** The JSON as it is being edited; undefined while nothing in it was. */
  declare text: string | undefined;
  /** What was just done. */
  declare said: string;
  /** How it was before. */
  #before: ViewerStateV1 | undefined;
  #changed = false;

  static override styles = [
    base,
    dialog,
    css`
      dialog { width: 640px; height: min(720px, calc(100dvh - 48px)); margin: auto; overflow: hidden; }
      dialog[open] { display: flex; flex-direction: column; }
      .head { display: flex; align-items: center; gap: 12px; padding: 8px 8px 8px 20px; border-bottom: 1px solid var(--nl-line); flex: none; }
      h1 { font-size: 15px; line-height: 20px; font-weight: 600; margin: 0; flex: 1; min-width: 0; }
      .tabs { display: flex; padding: 2px; background: var(--nl-field); border-radius: 6px; }
      .tabs button { padding: 0 12px; height: 24px; font-size: 12px; color: var(--nl-dim); }
      .tabs [aria-selected="true"] { background: var(--nl-raised); color: var(--nl-text); box-shadow: 0 0 0 1px var(--nl-line-strong); }
      .body { flex: 1; min-height: 0; overflow-y: auto; scrollbar-width: thin; scrollbar-color: var(--nl-line-strong) transparent; }
      .json { display: flex; flex-direction: column; padding: 12px 20px; gap: 8px; height: 100%; }
      .json textarea { flex: 1; min-height: 120px; resize: none; font: 12px/18px var(--nl-mono); white-space: pre; tab-size: 2; padding: 8px 10px; background: var(--nl-field); border: 1px solid var(--nl-line); border-radius: var(--nl-radius); outline-offset: -1px; }
      .row { display: flex; gap: 8px; align-items: center; }
      .foot { display: flex; align-items: center; gap: 8px; padding: 10px 20px; border-top: 1px solid var(--nl-line); flex: none; flex-wrap: wrap; }
      .foot .space { flex: 1; }
      .problem { color: var(--nl-error); font-size: 12px; line-height: 17px; padding: 8px 20px; margin: 0; background: var(--nl-error-soft); overflow-wrap: anywhere; flex: none; }
      .said { color: var(--nl-dim); font-size: 12px; }
      @media (max-width: 640px) { dialog { height: calc(100dvh - 16px); } .foot, .head { padding-left: 12px; padding-right: 8px; } .wide { display: none; } }
    `,
  ];

  constructor() {
    super();
    this.shown = false;
    this.tab = "fields";
    this.problem = "";
    this.said = "";
    addEventListener("nl-show", (event) => {
      if ((event as CustomEvent<string>).detail === "settings" && session.layers.length > 0) this.#show();
    });
  }

  override render(): TemplateResult {
    return html`
      <dialog aria-labelledby="settings-title" data-testid="settings" @cancel=${this.#onEscape} @click=${(e: MouseEvent) => e.target === this.#dialog && this.#done()} @close=${() => (this.shown = false)}>
        ${this.shown ? this.#content() : nothing}
      </dialog>
    `;
  }

  #content(): TemplateResult {
    const json = this.#json();
    const unkeepable = session.unkeepable;
    return html`
      <div class="head">
        <h1 id="settings-title" class="truncate">Dataset settings</h1>
        <div class="tabs" role="tablist" aria-label="How they are shown" @keydown=${this.#onTabKey}>${this.#tab("fields", "Fields")}${this.#tab("json", "JSON")}</div>
        <button class="icon" aria-label="Close" data-testid="settings-close" @click=${this.#done}>${icon("x")}</button>
      </div>
      <div class="body" role="tabpanel" id="settings-panel" aria-labelledby="settings-tab-${this.tab}" tabindex="-1">
        ${this.tab === "fields" ? html`<nl-settings-form .json=${json} @nl-edit=${(e: CustomEvent<Change>) => this.#edit(patched(json, [e.detail]) as Json)}></nl-settings-form>` : this.#jsonTab(json)}
      </div>
      ${this.problem ? html`<p class="problem" role="alert" data-testid="settings-problem">${this.problem}</p>` : nothing}
      <div class="foot">
        <button class="button" data-testid="settings-save-view" title="Position, zoom, rotation and how each layer looks become what one sees first" @click=${this.#saveView}>${icon("check")}Present view as default</button>
        <button class="button" data-testid="settings-download" title="Download as datasource-properties.json" aria-label="Download as datasource-properties.json" @click=${this.#download}>${icon("download")}</button>
        <button class="button" data-testid="settings-keep" title=${unkeepable || "Keep in the library"} aria-label="Keep in the library" ?disabled=${unkeepable !== ""} @click=${() => void this.#keep()}>${icon("save")}</button>
        <span class="said wide truncate" role="status" data-testid="settings-said">${this.said}</span>
        <span class="space"></span>
        <button class="button" data-testid="settings-cancel" @click=${this.#cancel}>Cancel</button>
        <button class="button primary" data-testid="settings-done" @click=${this.#done}>Done</button>
      </div>
    `;
  }

  #tab(tab: Tab, label: string): TemplateResult {
    return html`<button role="tab" id="settings-tab-${tab}" aria-selected=${this.tab === tab} aria-controls="settings-panel" tabindex=${this.tab === tab ? 0 : -1} data-testid="settings-tab-${tab}" @click=${() => this.#open(tab)}>${label}</button>`;
  }

  #jsonTab(json: Json): TemplateResult {
    const text = this.text ?? written(json);
    return html`
      <div class="json">
        <textarea data-testid="settings-json" aria-label="The description as JSON" aria-invalid=${this.problem !== ""} spellcheck="false" .value=${text} @input=${(e: Event) => (this.text = (e.target as HTMLTextAreaElement).value)} @keydown=${this.#onJsonKey}></textarea>
        <div class="row"><button class="button" data-testid="settings-json-apply" ?disabled=${this.text === undefined || this.text === written(json)} @click=${this.#apply}>Apply</button><span class="said">WEBKNOSSOS's datasource-properties.json</span></div>
      </div>
    `;
  }

  get #dialog(): HTMLDialogElement {
    return this.renderRoot.querySelector("dialog") as HTMLDialogElement;
  }

  #json(): Json {
    return (session.viewer?.layers.datasource() ?? {}) as Json;
  }

  #show(): void {
    if (this.#dialog.open) return;
    this.#before = session.viewer?.getState();
    this.#changed = false;
    this.tab = "fields";
    this.text = undefined;
    this.problem = "";
    this.said = "";
    this.shown = true;
    this.#dialog.showModal();
  }

  #open(tab: Tab): void {
    if (this.tab === "json" && !this.#apply()) return;
    this.tab = tab;
  }

  #edit(json: Json, said = ""): boolean {
    try {
      session.viewer?.layers.applyDatasource(json);
    } catch (e) {
      this.problem = e instanceof Error ? e.message : String(e);
      return false;
    }
    this.#changed = true;
    this.problem = "";
    this.said = said;
    session.nameAgain();
    return true;
  }

  /** Whether what was typed could be applied, or nothing was. */
  #apply = (): boolean => {
    if (this.text === undefined) return true;
    try {
      if (!this.#edit(parseDatasource(this.text) as Json, "Applied.")) return false;
    } catch (e) {
      this.problem = e instanceof Error ? e.message : String(e);
      this.#showLine(Number(/line (\d+)/.exec(this.problem)?.[1]));
      return false;
    }
    this.text = undefined;
    return true;
  };

  /** Selects a line of the JSON, from 1, and brings it into sight. */
  #showLine(line: number): void {
    const area = this.renderRoot.querySelector<HTMLTextAreaElement>("[data-testid=settings-json]");
    const lines = this.text?.split("\n") ?? [];
    const at = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    if (!area || !(line >= 1)) return;
    area.focus();
    area.setSelectionRange(at, at + (lines[line - 1]?.length ?? 0));
    area.scrollTop = Math.max(0, (line - 4) * LINE_PX);
  }

  #saveView = (): void => {
    if (!this.#apply()) return;
    this.#edit((session.viewer?.layers.datasource({ view: "current" }) ?? {}) as Json, "The present view is what one sees first.");
  };

  #download = (): void => {
    if (this.#apply()) saveFile(new Blob([written(this.#json())], { type: "application/json" }), "datasource-properties.json");
  };

  async #keep(): Promise<void> {
    if (!this.#apply()) return;
    try {
      await library.load();
      await library.put(await session.asEntry());
      this.said = "Kept in the library.";
    } catch (e) {
      this.problem = e instanceof Error ? e.message : String(e);
    }
  }

  #done = (): void => {
    if (this.#apply()) this.#dialog.close();
  };

  #cancel = (): void => {
    const before = this.#before;
    if (this.#changed && before) {
      void session.viewer?.setState(before).then(() => session.nameAgain());
    }
    this.#dialog.close();
  };

  /** As Cancel: what was done here was not meant. */
  #onEscape = (event: Event): void => {
    event.preventDefault();
    this.#cancel();
  };

  #onTabKey = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    this.#open(this.tab === "json" ? "fields" : "json");
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]')?.focus());
  };

  #onJsonKey = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#apply();
  };
}

/** Short lists on one line. */
const written = (json: Json): string => JSON.stringify(json, null, 2).replace(/\[\s+((?:-?[\d.e+-]+,\s+)*-?[\d.e+-]+)\s+\]/g, (_, numbers: string) => `[${numbers.replace(/\s+/g, " ")}]`);

customElements.define("nl-settings", Settings);
