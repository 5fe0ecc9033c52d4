/** "How does this file hold its voxels?": asked of raw files, which do not say. Checks while one types that the layout takes just the file. */
import { css, html, nothing, type TemplateResult } from "lit";
import type { DataType, RawLayout, Vec3 } from "neurolume";
import { integer } from "../format.js";
import { icon } from "../icons.js";
import { Part } from "../part.js";
import { bytesOf, DATA_TYPES, fromName, hasByteOrder, planesIn, type Described } from "../raw.js";
import { base, dialog } from "../styles.js";

/** The event "nl-ask-layout": a file, and what to do with the answer. */
export interface Asked {
  name: string;
  /** Undefined where the server does not say. */
  size: number | undefined;
  /** Undefined: the person does not want to. */
  done: (described: Described | undefined) => void;
}

/** Asks for the layout of a file. */
export function askLayout(name: string, size: number | undefined): Promise<Described | undefined> {
  return new Promise((done) => dispatchEvent(new CustomEvent<Asked>("nl-ask-layout", { detail: { name, size, done } })));
}

const AXES = ["x", "y", "z"] as const;

class RawBox extends Part {
  static override properties = { asked: { state: true }, raw: { state: true }, voxelSizeNm: { state: true } };
  declare asked: Asked | undefined;
  /** As typed: what is no number yet is NaN. Stays for the next file, which is often alike. */
  declare raw: Required<RawLayout>;
  declare voxelSizeNm: Vec3;

  static override styles = [
    base,
    dialog,
    css`
      dialog { width: 480px; margin: 64px auto auto; }
      form { padding: 16px; }
      .head { display: flex; align-items: start; justify-content: space-between; gap: 12px; }
      .head .icon { margin: -4px -4px 0 0; }
      h1 { font-size: 15px; line-height: 20px; font-weight: 600; margin: 0; }
      .file { margin: 2px 0 16px; font-size: 12px; line-height: 17px; color: var(--nl-dim); overflow-wrap: anywhere; }
      .fields { display: grid; grid-template-columns: 112px minmax(0, 1fr); gap: 10px 12px; align-items: center; }
      .fields > span, .fields > label { color: var(--nl-dim); font-size: 12px; }
      .three { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 8px; }
      .three label { display: flex; align-items: center; gap: 6px; color: var(--nl-faint); font-size: 12px; }
      .three input { flex: 1; width: 100%; font-size: 13px; color: var(--nl-text); }
      .fields select { justify-self: start; min-width: 120px; }
      .order { display: flex; }
      .order .button { border-radius: 0; padding: 0 12px; }
      .order .button:first-child { border-radius: var(--nl-radius) 0 0 var(--nl-radius); }
      .order .button:last-child { border-radius: 0 var(--nl-radius) var(--nl-radius) 0; margin-left: -1px; }
      .short { width: 120px; }
      .check { display: flex; align-items: center; gap: 8px; min-height: 40px; margin: 16px 0; padding: 8px 10px; border: 1px solid var(--nl-line); border-radius: var(--nl-radius); font-size: 12px; line-height: 17px; color: var(--nl-dim); }
      .check svg { color: var(--nl-accent); }
      .check.wrong { border-color: transparent; background: var(--nl-error-soft); color: var(--nl-text); }
      .check.wrong svg { color: var(--nl-error); }
      .check .button { margin-left: auto; }
      .end { display: flex; justify-content: flex-end; gap: 8px; }
      @media (max-width: 640px) { dialog { margin-top: 12px; } }
    `,
  ];

  constructor() {
    super();
    this.raw = { shape: [512, 512, 100], dataType: "uint8", channels: 1, littleEndian: true, headerBytes: 0 };
    this.voxelSizeNm = [1, 1, 1];
    addEventListener("nl-ask-layout", (event) => void this.#ask((event as CustomEvent<Asked>).detail));
  }

  override render(): TemplateResult {
    const { asked, raw } = this;
    return html`
      <dialog aria-labelledby="raw-title" data-testid="raw-dialog" @close=${() => this.#answer(undefined)}>
        <form @submit=${this.#submit}>
          <div class="head"><h1 id="raw-title">How does this file hold its voxels?</h1><button type="button" class="icon" aria-label="Close" data-testid="raw-close" @click=${() => this.#dialog.close()}>${icon("x")}</button></div>
          <p class="file">${asked?.name ?? ""} says nothing of itself. Voxels lie x fastest, then y, then z.</p>
          <div class="fields">
            <span>Voxels</span>
            <div class="three">${AXES.map((axis, i) => html`<label>${axis}<input type="number" min="1" step="1" required data-testid="raw-shape-${axis}" aria-label="Voxels along ${axis}" .value=${shown(raw.shape[i])} @input=${(e: Event) => this.#set({ shape: replaced(raw.shape, i, e) })} /></label>`)}</div>
            <label for="raw-type">Type</label>
            <select id="raw-type" data-testid="raw-type" @change=${(e: Event) => this.#set({ dataType: (e.target as HTMLSelectElement).value as DataType })}>
              ${DATA_TYPES.map((type) => html`<option value=${type} ?selected=${type === raw.dataType}>${type}</option>`)}
            </select>
            <span>Byte order</span>
            <div class="order" role="group" aria-label="Order of the bytes of a voxel">
              ${[true, false].map((little) => html`<button type="button" class="button" data-testid="raw-${little ? "little" : "big"}-endian" title="The ${little ? "lowest" : "highest"} byte of a voxel comes first" aria-pressed=${raw.littleEndian === little && hasByteOrder(raw.dataType)} ?disabled=${!hasByteOrder(raw.dataType)} @click=${() => this.#set({ littleEndian: little })}>${little ? "Little" : "Big"} endian</button>`)}
            </div>
            <label for="raw-channels">Channels</label>
            <input id="raw-channels" class="short" type="number" min="1" step="1" required data-testid="raw-channels" title="One after the other" .value=${shown(raw.channels)} @input=${(e: Event) => this.#set({ channels: numberIn(e) })} />
            <label for="raw-header">Header, bytes</label>
            <input id="raw-header" class="short" type="number" min="0" step="1" required data-testid="raw-header" title="What precedes the first voxel" .value=${shown(raw.headerBytes)} @input=${(e: Event) => this.#set({ headerBytes: numberIn(e) })} />
            <span>Voxel size, nm</span>
            <div class="three">${AXES.map((axis, i) => html`<label>${axis}<input type="number" min="0" step="any" required data-testid="raw-size-${axis}" aria-label="Nanometres along ${axis}" .value=${shown(this.voxelSizeNm[i])} @input=${(e: Event) => (this.voxelSizeNm = replaced(this.voxelSizeNm, i, e))} /></label>`)}</div>
          </div>
          ${this.#check()}
          <div class="end">
            <button type="button" class="button" data-testid="raw-cancel" @click=${() => this.#dialog.close()}>Cancel</button>
            <button class="button primary" data-testid="raw-open" ?disabled=${!this.#fits}>Open</button>
          </div>
        </form>
      </dialog>
    `;
  }

  /** Whether all that is typed makes sense, and takes just the file. */
  get #fits(): boolean {
    const { shape, channels, headerBytes } = this.raw;
    const whole = [...shape, channels].every((n) => Number.isSafeInteger(n) && n > 0) && Number.isSafeInteger(headerBytes) && headerBytes >= 0;
    const size = this.asked?.size;
    return whole && this.voxelSizeNm.every((nm) => nm > 0) && (size === undefined || size === bytesOf(this.raw));
  }

  #check(): TemplateResult {
    const { raw } = this;
    const size = this.asked?.size;
    const needed = bytesOf(raw);
    if (!Number.isFinite(needed)) return html`<div class="check" role="status" data-testid="raw-check"><span>Give a number in each field.</span></div>`;
    if (size === undefined) return html`<div class="check" role="status" data-testid="raw-check"><span>This layout takes ${integer(needed)} bytes. How many the file has is not known yet.</span></div>`;
    if (size === needed) return html`<div class="check" role="status" data-testid="raw-check">${icon("check")}<span>The file has ${integer(size)} bytes, and this layout takes them all.</span></div>`;
    const planes = planesIn(size, raw);
    const off = `${integer(Math.abs(size - needed))} ${size > needed ? "are left over" : "are missing"}`;
    return html`<div class="check wrong" role="status" data-testid="raw-check">
      ${icon("warning")}<span>The file has ${integer(size)} bytes, this layout takes ${integer(needed)}: ${off}.</span>
      ${planes ? html`<button type="button" class="button small" data-testid="raw-planes" @click=${() => this.#set({ shape: [raw.shape[0], raw.shape[1], planes] })}>z = ${planes}</button>` : nothing}
    </div>`;
  }

  get #dialog(): HTMLDialogElement {
    return this.renderRoot.querySelector("dialog") as HTMLDialogElement;
  }

  #set(part: Partial<RawLayout>): void {
    this.raw = { ...this.raw, ...part };
  }

  async #ask(asked: Asked): Promise<void> {
    this.#answer(undefined);
    this.asked = asked;
    this.#set(fromName(asked.name));
    await this.updateComplete;
    if (!this.#dialog.open) this.#dialog.showModal();
    this.renderRoot.querySelector<HTMLInputElement>("input")?.select();
  }

  #answer(described: Described | undefined): void {
    const { asked } = this;
    this.asked = undefined;
    asked?.done(described);
  }

  #submit = (event: Event): void => {
    event.preventDefault();
    if (!this.#fits) return;
    this.#answer({ raw: this.raw, voxelSizeNm: this.voxelSizeNm });
    this.#dialog.close();
  };
}

const numberIn = (event: Event): number => (event.target as HTMLInputElement).valueAsNumber;
const shown = (n: number | undefined): string => (n === undefined || Number.isNaN(n) ? "" : String(n));

function replaced(three: Vec3, at: number, event: Event): Vec3 {
  return three.map((n, i) => (i === at ? numberIn(event) : n)) as unknown as Vec3;
}

customElements.define("nl-raw-box", RawBox);
