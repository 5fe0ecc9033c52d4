/** "Open a dataset": what lies beside the site, or any address. */
import { css, html, nothing, type TemplateResult } from "lit";
import { isNeuroglancer, isViewerError, type SourceSpec } from "neurolume";
import { lastSegment, pathParts, toVolumeUrl, type Dataset, type LayerKind } from "../datasets.js";
import { icon } from "../icons.js";
import { library } from "../library.js";
import { chooseFiles, chooseFolder, lookInto, oneFile, type Chosen } from "../local.js";
import { Part } from "../part.js";
import { isRawName, type Described } from "../raw.js";
import { session, type Topic } from "../session.js";
import { base, dialog } from "../styles.js";
import "./library.js";
import { askLayout } from "./raw-box.js";

const KINDS: { kind: LayerKind; label: string }[] = [
  { kind: "auto", label: "Detect" },
  { kind: "image", label: "Image" },
  { kind: "segmentation", label: "Segmentation" },
];

/** Whether an address is that of a raw file, and not of a folder called without an ending. */
const isRawUrl = (url: string): boolean => /^(https?|gs|s3):\/\/[^|]*$/i.test(url) && lastSegment(url).includes(".") && isRawName(lastSegment(url));

/** How many bytes a file has, where its server says so. */
async function lengthOf(url: string, signal: AbortSignal): Promise<number | undefined> {
  const length = await fetch(url, { method: "HEAD", signal }).then((response) => (response.ok ? response.headers.get("content-length") : null), () => null);
  return length === null ? undefined : Number(length);
}

class OpenBox extends Part {
  protected static override topics: Topic[] = ["datasets", "phase"];
  static override properties = { kind: { state: true }, problem: { state: true }, query: { state: true }, opening: { state: true }, review: { state: true } };
  declare kind: LayerKind;
  declare problem: string;
  declare query: string;
  /** Whether the settings follow. */
  declare review: boolean;
  /** What is being opened, to be given up. */
  declare opening: AbortController | undefined;
  #asking: Promise<Described | undefined> = Promise.resolve(undefined);

  static override styles = [
    base,
    dialog,
    css`
      dialog { width: 560px; margin: 64px auto auto; max-height: calc(100dvh - 88px); }
      .body { padding: 16px; }
      h1 { font-size: 15px; line-height: 20px; font-weight: 600; margin: 0 0 12px; }
      .head { display: flex; align-items: start; justify-content: space-between; }
      .head .icon { margin: -4px -4px 0 0; }
      .url { display: flex; gap: 8px; }
      .url input { flex: 1; height: 32px !important; }
      .url .button { height: 32px; min-width: 86px; justify-content: center; }
      .kinds { display: flex; align-items: center; gap: 16px; margin: 10px 0 0; font-size: 12px; color: var(--nl-dim); border: 0; padding: 0; }
      .kinds .review { margin-left: auto; }
      .kinds label { display: inline-flex; gap: 6px; align-items: center; cursor: pointer; }
      .local { display: flex; gap: 8px; align-items: center; margin-top: 14px; font-size: 12px; color: var(--nl-dim); }
      .local .button { gap: 6px; }
      input[type="radio"] { accent-color: var(--nl-accent); margin: 0; }
      .problem { margin: 10px 0 0; color: var(--nl-error); font-size: 12px; line-height: 17px; overflow-wrap: anywhere; }
      h2 { font-size: 12px; line-height: 16px; font-weight: 500; color: var(--nl-dim); margin: 18px 0 4px; display: flex; align-items: center; justify-content: space-between; min-height: 24px; }
      h2 input { height: 24px !important; width: 160px; font-size: 12px; }
      .list { max-height: min(220px, 28vh); overflow-y: auto; margin: 0 -8px; scrollbar-width: thin; scrollbar-color: var(--nl-line-strong) transparent; }
      .entry { display: grid; grid-template-columns: 16px minmax(0, 1fr) auto; gap: 10px; align-items: center; width: 100%; min-height: 36px; padding: 0 8px; text-align: left; }
      .entry:hover, .entry:focus-visible { background: var(--nl-hover); }
      .entry svg { color: var(--nl-dim); }
      .entry small { font-size: 12px; color: var(--nl-faint); }
      .name { display: flex; gap: 8px; align-items: baseline; min-width: 0; }
      .name .truncate:first-child { flex: none; max-width: 100%; }
      /* Cut at its beginning: what tells it from the others is near the end. */
      .above { direction: rtl; text-align: left; }
      .hint { color: var(--nl-faint); font-size: 12px; line-height: 17px; margin: 10px 0 0; min-height: 24px; }
      .wait { display: flex; align-items: center; justify-content: space-between; gap: 8px; margin-top: 6px; margin-bottom: 4px; }
      @media (max-width: 640px) { dialog { margin-top: 12px; } }
    `,
  ];

  constructor() {
    super();
    this.kind = "auto";
    this.problem = "";
    this.query = "";
    this.review = false;
    addEventListener("nl-show", (event) => {
      if ((event as CustomEvent<string>).detail === "open") this.#show();
    });
    addEventListener("nl-open-url", (event) => {
      this.#input.value = (event as CustomEvent<string>).detail;
      void this.#add();
    });
    addEventListener("nl-open-local", (event) => void this.#addLocal((event as CustomEvent<Chosen[]>).detail));
  }

  override render(): TemplateResult {
    const many = session.datasets.length > 8;
    const found = session.datasets.filter((d) => d.name.toLowerCase().includes(this.query.toLowerCase()));
    return html`
      <dialog aria-labelledby="open-title" data-testid="open-dialog" @click=${this.#onBackdrop} @close=${() => (this.opening = undefined)}>
        <div class="body">
          <div class="head"><h1 id="open-title">Open a dataset</h1><button class="icon" aria-label="Close" data-testid="open-close" @click=${() => this.#dialog.close()}>${icon("x")}</button></div>
          <form @submit=${this.#submit}>
            <div class="url">
              <input type="text" data-testid="open-url" aria-label="Address of a volume" placeholder="https://…, gs://…, s3://… or a Neuroglancer link" spellcheck="false" autocomplete="off" aria-invalid=${this.problem !== ""} @input=${() => (this.problem = "")} />
              <button class="button primary" data-testid="open-add" ?disabled=${this.opening !== undefined || !session.viewer}>${this.opening ? "Opening…" : "Add layer"}</button>
            </div>
            <fieldset class="kinds" aria-label="What the voxels are">
              ${KINDS.map(({ kind, label }) => html`<label><input type="radio" name="kind" data-testid="open-kind-${kind}" .checked=${this.kind === kind} @change=${() => (this.kind = kind)} />${label}</label>`)}
              <label class="review" title="Name, type and voxel size can be put right before one looks around"><input type="checkbox" data-testid="open-review" .checked=${this.review} @change=${(e: Event) => (this.review = (e.target as HTMLInputElement).checked)} />Then its settings</label>
            </fieldset>
          </form>
          <div class="local">
            <button class="button" data-testid="open-folder" ?disabled=${!session.viewer} @click=${() => this.#choose(chooseFolder)}>${icon("folderOpen")}Folder…</button>
            <button class="button" data-testid="open-files" ?disabled=${!session.viewer} @click=${() => this.#choose(chooseFiles)}>${icon("file")}Files…</button>
            <span>of this machine, or drop them onto the page</span>
          </div>
          ${this.problem
            ? html`<p class="problem" role="alert" data-testid="open-problem">${this.problem}</p>`
            : this.opening
              ? html`<p class="hint wait" role="status"><span>Waiting for the server. Close this box to go on meanwhile.</span><button class="button small" data-testid="open-cancel" @click=${() => this.opening?.abort()}>Cancel</button></p>`
              : html`<p class="hint">Neuroglancer precomputed, OME-Zarr, Zarr, N5 and WKW, also in ZIP archives; TIFF, NIfTI, DM3, DM4 and raw files; images, one a slice, such as <code>https://…/slice_{000..123}.png</code>. Read straight from where they are; nothing is uploaded.</p>`}
          ${session.datasets.length > 0
            ? html`<h2>Here${many ? html`<input type="text" data-testid="open-filter" placeholder="Filter" aria-label="Filter datasets" .value=${this.query} @input=${(e: Event) => (this.query = (e.target as HTMLInputElement).value)} />` : nothing}</h2>
                <div class="list">${found.map((d) => this.#entry(d))}${found.length === 0 ? html`<p class="hint" style="padding:0 8px">None is called that.</p>` : nothing}</div>`
            : nothing}
          <nl-library @nl-opened=${() => this.#dialog.close()}></nl-library>
        </div>
      </dialog>
    `;
  }

  #entry(dataset: Dataset): TemplateResult {
    const kinds = dataset.layers.length === 1 ? (dataset.layers[0]?.type ?? "") : `${dataset.layers.length} layers`;
    const { last, above } = pathParts(dataset.name);
    return html`<button class="entry" data-testid="dataset-${dataset.name}" @click=${() => this.#open(dataset)}>${icon(dataset.sample ? "shapes" : dataset.layers.length > 1 ? "box" : "image")}<span class="name" title=${dataset.name}><span class="truncate">${last}</span><small class="above truncate"><bdi>${above}</bdi></small></span><small>${dataset.sample ? "sample" : kinds === "auto" ? "" : kinds}</small></button>`;
  }

  get #dialog(): HTMLDialogElement {
    return this.renderRoot.querySelector("dialog") as HTMLDialogElement;
  }

  get #input(): HTMLInputElement {
    return this.renderRoot.querySelector("input[data-testid=open-url]") as HTMLInputElement;
  }

  #show(): void {
    if (this.#dialog.open) return;
    this.problem = "";
    void library.load();
    this.#dialog.showModal();
    this.#input.select();
    this.#input.focus();
  }

  #open(dataset: Dataset): void {
    this.#dialog.close();
    void session.open(dataset);
  }

  #submit = (event: Event): void => {
    event.preventDefault();
    void this.#add();
  };

  async #add(): Promise<void> {
    if (this.opening) return;
    const typed = this.#input.value.trim();
    if (isNeuroglancer(typed)) return this.#openLink(typed);
    const url = toVolumeUrl(typed);
    if (!url) {
      this.problem = typed === "" ? "Type or paste the address of a volume." : "This is no address of a volume. It should begin with https://, gs:// or s3://.";
      return;
    }
    const first = session.layers.length === 0;
    const opening = new AbortController();
    this.opening = opening;
    let problem = "";
    let opened = false;
    try {
      let source: SourceSpec = url;
      if (isRawUrl(url)) {
        const described = await askLayout(lastSegment(url), await lengthOf(url, opening.signal));
        if (!described) opening.abort();
        source = { url, format: "raw", ...described };
      }
      await session.add(source, this.kind, lastSegment(url), opening.signal);
      opened = true;
      if (first) session.fit();
    } catch (e) {
      // What else fails is there as a layer and says what happened, with what to do.
      if (isViewerError(e, "invalid-options")) problem = e.message;
      else if (isViewerError(e, "not-found", "forbidden")) {
        try {
          opened = await session.openDatasource(url, opening.signal);
        } catch (described) {
          problem = described instanceof Error ? described.message : String(described);
        }
      }
    }
    // Closed meanwhile, the box may be open for something else.
    if (this.opening !== opening) return;
    this.opening = undefined;
    this.problem = problem;
    if (problem || opening.signal.aborted) return;
    // An address that failed is there to be mended.
    if (opened) this.#input.value = "";
    this.#dialog.close();
    if (opened && this.review) dispatchEvent(new CustomEvent("nl-show", { detail: "settings" }));
  }

  async #choose(choose: () => Promise<Chosen[]>): Promise<void> {
    try {
      await this.#addLocal(await choose());
    } catch (e) {
      this.problem = e instanceof Error ? e.message : String(e);
    }
  }

  /** Adds what was chosen, one layer each. What fails is there as a layer and says why. */
  async #addLocal(chosen: Chosen[]): Promise<void> {
    if (chosen.length === 0) return;
    this.#dialog.close();
    const first = session.layers.length === 0;
    let looked: Awaited<ReturnType<typeof lookInto>>[];
    try {
      looked = await Promise.all(chosen.map(lookInto));
      for (const [i, found] of looked.entries()) {
        if (found === "described") await session.openDatasource({ files: (chosen[i] as Chosen).files });
        else if (!Array.isArray(found)) await session.showDatasource(found);
      }
    } catch (e) {
      session.toast(e instanceof Error ? e.message : String(e));
      return;
    }
    const added = await Promise.allSettled(looked.flatMap((found) => (Array.isArray(found) ? found : [])).map((one) => this.#addFiles(one)));
    if (first && added.some((result) => result.status === "fulfilled" && result.value)) session.fit();
  }

  /** Adds a folder or a file; asks first how a file holds its voxels that does not say. False where nothing was added. */
  async #addFiles(chosen: Chosen): Promise<boolean> {
    const { name, files, path, images } = chosen;
    const file = oneFile(chosen);
    if (!file || !isRawName(name)) {
      try {
        await session.add({ files, ...(path && { path }), ...(images && { format: "images" as const, images }) }, this.kind, name);
        return true;
      } catch (e) {
        // What is nothing that is known may be voxels and nothing else.
        if (!file || !isViewerError(e, "not-found")) throw e;
        session.forget(files);
      }
    }
    // One question at a time.
    const described = await (this.#asking = this.#asking.then(() => askLayout(name, file.size)));
    if (described) await session.add({ files, format: "raw", ...described }, this.kind, name);
    return described !== undefined;
  }

  async #openLink(link: string): Promise<void> {
    try {
      await session.openNeuroglancer(link);
    } catch (e) {
      this.problem = isViewerError(e) ? `${e.message} ${e.remedy ?? ""}` : String(e);
      return;
    }
    this.#input.value = "";
    this.#dialog.close();
  }

  #onBackdrop = (event: MouseEvent): void => {
    if (event.target === this.#dialog) this.#dialog.close();
  };
}

customElements.define("nl-open", OpenBox);
