/** "Export a layer": which voxels, as what, how large that is, and how far it is. */
import { css, html, nothing, type TemplateResult } from "lit";
import { isViewerError, type ExportFormat, type LayerInfo, type VoxelBox } from "neurolume";
import { bytes, compact, integer, size } from "../format.js";
import { icon } from "../icons.js";
import { Part } from "../part.js";
import { chooseFile, savesAsItGrows } from "../save.js";
import { session, type Topic } from "../session.js";
import { base, dialog } from "../styles.js";
import { boxInView } from "../view-box.js";

const FORMATS: { format: ExportFormat; label: string; about: string; ending: string }[] = [
  { format: "ome-zarr", label: "OME-Zarr", about: "for napari, Fiji, WEBKNOSSOS, Python", ending: "zarr.zip" },
  { format: "precomputed", label: "Precomputed", about: "for Neuroglancer and cloud-volume", ending: "precomputed.zip" },
  { format: "npy", label: "NumPy", about: "one array, indexed z, y, x", ending: "npy" },
];
/** More than this cannot be kept by a page. */
const BLOB_BYTES = 2e9;

class ExportBox extends Part {
  protected static override topics: Topic[] = ["layers", "info"];
  static override properties = { layer: { state: true }, format: { state: true }, inView: { state: true }, level: { state: true }, coarser: { state: true }, box: { state: true }, progress: { state: true }, problem: { state: true } };
  declare layer: string;
  declare format: ExportFormat;
  declare inView: boolean;
  declare level: number;
  /** Whether coarser levels are written too. */
  declare coarser: boolean;
  /** What was in view when that was last asked. */
  declare box: VoxelBox | undefined;
  /** Of the export under way. */
  declare progress: { done: number; total: number } | undefined;
  declare problem: string;
  #running: AbortController | undefined;

  static override styles = [
    base,
    dialog,
    css`
      dialog { width: 460px; margin: 64px auto auto; }
      form { padding: 16px; margin: 0; }
      .head { display: flex; align-items: start; justify-content: space-between; }
      .head .icon { margin: -4px -4px 0 0; }
      h1 { font-size: 15px; line-height: 20px; font-weight: 600; margin: 0 0 14px; }
      .row { display: grid; grid-template-columns: 72px minmax(0, 1fr); align-items: center; gap: 8px; min-height: 28px; margin: 0 0 10px; }
      .row > span, .row > label:first-child { color: var(--nl-dim); font-size: 12px; }
      fieldset { border: 0; margin: 0 0 10px; padding: 0; display: grid; grid-template-columns: 72px minmax(0, 1fr); gap: 8px; }
      legend { float: left; padding: 0; color: var(--nl-dim); font-size: 12px; line-height: 24px; }
      .choices { display: grid; gap: 2px; }
      .choices label, .check { display: flex; align-items: baseline; gap: 8px; min-height: 24px; line-height: 24px; cursor: pointer; }
      .choices input, .check input { align-self: center; }
      input[type="radio"] { accent-color: var(--nl-accent); margin: 0; }
      small { font-size: 12px; color: var(--nl-faint); }
      .estimate { border-top: 1px solid var(--nl-line); margin: 14px 0 0; padding: 12px 0 0; display: flex; align-items: center; justify-content: space-between; gap: 12px; min-height: 45px; }
      .estimate p { margin: 0; font-size: 12px; line-height: 17px; color: var(--nl-dim); }
      .bar { height: 4px; border-radius: 2px; background: var(--nl-line); overflow: hidden; margin-top: 4px; }
      .bar i { display: block; height: 100%; background: var(--nl-accent); transition: width 150ms; }
      .under-way { flex: 1; }
      .problem { margin: 10px 0 0; color: var(--nl-error); font-size: 12px; line-height: 17px; overflow-wrap: anywhere; }
      @media (max-width: 640px) { dialog { margin-top: 12px; } }
    `,
  ];

  constructor() {
    super();
    Object.assign(this, { layer: "", format: "ome-zarr", inView: false, level: 0, coarser: true, problem: "" });
    addEventListener("nl-show", (event) => {
      if ((event as CustomEvent<string>).detail === "export") this.#show(session.layers.at(-1)?.id);
    });
    addEventListener("nl-export", (event) => this.#show((event as CustomEvent<string>).detail));
  }

  override render(): TemplateResult {
    const info = session.infos.get(this.layer);
    const busy = this.progress !== undefined;
    return html`
      <dialog aria-labelledby="export-title" data-testid="export-dialog" @click=${this.#onBackdrop} @cancel=${this.#onEscape}>
        <form @submit=${this.#submit}>
          <div class="head"><h1 id="export-title">Export a layer</h1><button type="button" class="icon" aria-label="Close" data-testid="export-close" @click=${this.#close}>${icon("x")}</button></div>
          <div class="row">
            <label for="layer">Layer</label>
            <select id="layer" data-testid="export-layer" ?disabled=${busy} @change=${(e: Event) => this.#choose((e.target as HTMLSelectElement).value)}>
              ${session.layers.toReversed().map(({ id }) => html`<option value=${id} ?selected=${id === this.layer}>${id}</option>`)}
            </select>
          </div>
          <fieldset ?disabled=${busy}>
            <legend>As</legend>
            <div class="choices">
              ${FORMATS.map(({ format, label, about }) => html`<label><input type="radio" name="format" data-testid="export-format-${format}" .checked=${this.format === format} @change=${() => (this.format = format)} />${label}<small class="truncate">${about}</small></label>`)}
            </div>
          </fieldset>
          <fieldset ?disabled=${busy}>
            <legend>Voxels</legend>
            <div class="choices">
              <label><input type="radio" name="box" data-testid="export-box-all" .checked=${!this.inView} @change=${() => (this.inView = false)} />All</label>
              <label><input type="radio" name="box" data-testid="export-box-view" .checked=${this.inView} ?disabled=${!this.box} @change=${() => (this.inView = true)} />What the slices in view cross</label>
            </div>
          </fieldset>
          <div class="row">
            <label for="level">Finest</label>
            <select id="level" data-testid="export-level" ?disabled=${busy} @change=${(e: Event) => this.#setLevel(Number((e.target as HTMLSelectElement).value))}>
              ${(info?.levels ?? []).map((level, i) => html`<option value=${i} ?selected=${i === this.level}>${size(level.voxelSizeNm)}${i === 0 ? "" : ` · ${level.box.max.map((v, a) => compact(v - (level.box.min[a] ?? 0))).join(" × ")}`}</option>`)}
            </select>
          </div>
          ${this.format === "npy"
            ? nothing
            : html`<div class="row"><span></span><label class="check"><input type="checkbox" data-testid="export-coarser" .checked=${this.coarser} ?disabled=${busy} @change=${(e: Event) => (this.coarser = (e.target as HTMLInputElement).checked)} />With coarser levels, for fast viewing</label></div>`}
          ${this.problem ? html`<p class="problem" role="alert" data-testid="export-problem">${this.problem}</p>` : nothing}
          <div class="estimate">${this.progress ? this.#underWay(this.progress) : this.#ready(info)}</div>
        </form>
      </dialog>
    `;
  }

  #ready(info: LayerInfo | undefined): TemplateResult {
    const { voxels, size } = this.#extent(info);
    const large = !savesAsItGrows() && size > BLOB_BYTES;
    return html`
      <p data-testid="export-size">${voxels.map(integer).join(" × ")} voxels<br />${bytes(size)} before compression${large ? html`<br />This browser keeps all of it in memory: choose less.` : nothing}</p>
      <button class="button primary" data-testid="export-start" ?disabled=${info?.state !== "ready" || size === 0}>Export</button>
    `;
  }

  #underWay({ done, total }: { done: number; total: number }): TemplateResult {
    const share = total > 0 ? done / total : 0;
    return html`
      <div class="under-way">
        <p role="status" data-testid="export-progress">${share < 1 ? `${Math.floor(100 * share)} %` : "Finishing…"}</p>
        <div class="bar"><i style="width:${100 * share}%"></i></div>
      </div>
      <button type="button" class="button" data-testid="export-cancel" @click=${() => this.#running?.abort()}>Cancel</button>
    `;
  }

  /** How many voxels are exported, and about how many bytes that is. */
  #extent(info: LayerInfo | undefined): { voxels: number[]; size: number } {
    const box = this.inView ? this.box : info?.levels[this.level]?.box;
    const voxels = [0, 1, 2].map((axis) => (box ? (box.max[axis] as number) - (box.min[axis] as number) : 0));
    const perVoxel = Number(/\d+$/.exec(info?.dataType ?? "")?.[0] ?? 0) / 8;
    // Coarser levels of isotropic voxels add a seventh.
    const levels = this.format !== "npy" && this.coarser ? 8 / 7 : 1;
    return { voxels, size: voxels.reduce((product, n) => product * n, perVoxel * levels) };
  }

  get #dialog(): HTMLDialogElement {
    return this.renderRoot.querySelector("dialog") as HTMLDialogElement;
  }

  #show(id: string | undefined): void {
    if (!id || this.#dialog.open) return;
    // What is under way is shown until it ends.
    if (!this.progress) this.#choose(id);
    this.#dialog.showModal();
  }

  #choose(id: string): void {
    this.layer = id;
    this.problem = "";
    this.#setLevel(0);
  }

  #setLevel(level: number): void {
    this.level = level;
    const info = session.infos.get(this.layer);
    // Where a layer is moved or turned, the view says nothing of its voxels.
    const moved = session.layers.find(({ id }) => id === this.layer)?.transform !== undefined;
    this.box = info && session.viewState && !moved ? boxInView(session.viewer?.panels ?? [], session.viewState, info, level) : undefined;
    if (!this.box) this.inView = false;
  }

  #submit = (event: Event): void => {
    event.preventDefault();
    void this.#export();
  };

  async #export(): Promise<void> {
    const viewer = session.viewer;
    const chosen = FORMATS.find(({ format }) => format === this.format);
    if (!viewer || !chosen || this.#running) return;
    const running = new AbortController();
    this.#running = running;
    this.problem = "";
    try {
      const saving = await chooseFile(`${this.layer}.${chosen.ending}`);
      if (!saving) return;
      this.progress = { done: 0, total: 0 };
      const blob = await viewer.layers.exportVolume(this.layer, this.format, {
        box: this.inView ? this.box : undefined,
        level: this.level,
        levels: this.format !== "npy" && !this.coarser ? 1 : undefined,
        to: saving.to,
        signal: running.signal,
        onProgress: (done, total) => (this.progress = { done, total }),
      });
      saving.end(blob);
      this.#dialog.close();
      session.toast(`Exported ${this.layer}`);
    } catch (e) {
      if (!running.signal.aborted) this.problem = isViewerError(e) ? `${e.message} ${e.remedy ?? ""}` : String(e);
      if (this.problem && !this.#dialog.open) session.toast(this.problem);
    } finally {
      this.#running = undefined;
      this.progress = undefined;
    }
  }

  /** An export goes on while one works; the action shows it again. */
  #close = (): void => this.#dialog.close();

  #onEscape = (event: Event): void => {
    event.preventDefault();
    this.#close();
  };

  #onBackdrop = (event: MouseEvent): void => {
    if (event.target === this.#dialog) this.#close();
  };
}

customElements.define("nl-export", ExportBox);
