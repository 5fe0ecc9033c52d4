/** How often each value occurs, and the window of values between black and white, with handles to drag. */
import { css, html, LitElement, nothing, svg, type TemplateResult } from "lit";
import type { DataType, Histogram as Counts, ImageLayerSpec, LayerInfo } from "neurolume";
import { value as text } from "../format.js";
import { session } from "../session.js";
import { base } from "../styles.js";

const COLUMNS = 128;
const HEIGHT = 48;
/** Bars are as high as this share of the others allows: one value that fills the background does not flatten the rest. */
const TALLEST = 0.985;

/** In pixels. */
const HANDLE_WIDTH = 13;

type Range = readonly [number, number];

class Histogram extends LitElement {
  static override properties = { spec: { attribute: false }, info: { attribute: false } };
  declare spec: ImageLayerSpec;
  declare info: LayerInfo | undefined;
  #counts: Counts | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  static override styles = [
    base,
    css`
      :host { display: block; padding: 2px 0 4px; }
      .plot { position: relative; height: ${HEIGHT}px; margin: 0 6px; touch-action: none; cursor: grab; border-bottom: 1px solid var(--nl-line-strong); }
      svg { width: 100%; height: 100%; overflow: hidden; }
      .in { fill: var(--nl-dim); }
      .out { fill: var(--nl-line-strong); }
      .ramp { stroke: var(--nl-accent); stroke-width: 1; fill: none; opacity: 0.8; vector-effect: non-scaling-stroke; }
      .handle { position: absolute; top: 0; bottom: -5px; width: ${HANDLE_WIDTH}px; margin-left: ${-HANDLE_WIDTH / 2}px; cursor: ew-resize; border-radius: 3px; touch-action: none; }
      .handle::before { content: ""; position: absolute; left: 6px; top: 0; bottom: 5px; width: 1px; background: var(--nl-accent); }
      .handle::after { content: ""; position: absolute; left: 2px; bottom: 0; width: 9px; height: 9px; border-radius: 50%; background: var(--nl-accent); border: 2px solid var(--nl-surface); }
      .fields { display: flex; justify-content: space-between; align-items: center; gap: 8px; margin-top: 8px; }
      .note { display: flex; align-items: center; justify-content: space-between; margin: 6px 0 0; font-size: 12px; line-height: 16px; color: var(--nl-dim); }
      input { width: 76px; height: 24px !important; font-size: 12px; text-align: center; padding: 0 4px !important; }
      input::-webkit-inner-spin-button { display: none; }
      input { appearance: textfield; -moz-appearance: textfield; }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => this.#sample(), 1000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  override willUpdate(): void {
    if (!this.#counts) this.#sample();
  }

  override render(): TemplateResult {
    const [low, high] = this.#window();
    const [from, to] = this.#domain();
    const at = (v: number): number => (100 * (Math.min(to, Math.max(from, v)) - from)) / (to - from);
    const auto = !Array.isArray(this.spec.contrast);
    return html`
      <div class="plot" data-testid="histogram-${this.spec.id}" title="Drag the handles, or the window between them" @pointerdown=${this.#dragWindow}>
        <svg viewBox="0 0 100 ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
          ${svg`<path class="out" d=${this.#bars()} /><path class="in" d=${this.#bars()} style="clip-path: inset(0 ${100 - Math.max(at(low), at(high))}% 0 ${Math.min(at(low), at(high))}%)" />
          <path class="ramp" d=${low <= high ? `M0 ${HEIGHT - 0.5}H${at(low)}L${at(high)} 0.5H100` : `M0 0.5H${at(high)}L${at(low)} ${HEIGHT - 0.5}H100`} />`}
        </svg>
        ${this.#handle("black", 0, low, at(low), from, to)} ${this.#handle("white", 1, high, at(high), from, to)}
      </div>
      <div class="fields">
        ${this.#field("Drawn black", "min", 0, low)}
        <button class="button small" data-testid="auto-${this.spec.id}" aria-pressed=${auto} title="Choose from what is loaded" @click=${() => this.#set(auto ? [low, high] : "auto")}>Auto</button>
        ${this.#field("Drawn white", "max", 1, high)}
      </div>
      ${low > high
        ? html`<p class="note" role="status">High values are drawn dark.<button class="button small" data-testid="contrast-swap-${this.spec.id}" @click=${() => this.#set([high, low])}>Swap</button></p>`
        : nothing}
    `;
  }

  #handle(name: string, end: 0 | 1, value: number, left: number, from: number, to: number): TemplateResult {
    return html`<div class="handle" style="left:${left}%" tabindex="0" role="slider" data-testid="contrast-${name}-${this.spec.id}" aria-label="Value drawn ${name}" aria-valuemin=${from} aria-valuemax=${to} aria-valuenow=${value} aria-valuetext=${text(value)}
      @pointerdown=${(e: PointerEvent) => this.#dragHandle(e, end)} @keydown=${(e: KeyboardEvent) => this.#nudge(e, end)}></div>`;
  }

  #field(label: string, name: string, end: 0 | 1, value: number): TemplateResult {
    return html`<input type="number" step="any" data-testid="contrast-${name}-${this.spec.id}" aria-label=${label} title=${label} .value=${inField(value)}
      @change=${(e: Event) => this.#type(e.target as HTMLInputElement, end)} />`;
  }

  /** Takes what was typed as it is: a black above the white reverses the picture. What cannot be used gives way to what is. */
  #type(field: HTMLInputElement, end: 0 | 1): void {
    const v = this.#round(field.valueAsNumber);
    const [low, high] = this.#window();
    if (Number.isFinite(v) && v !== (end === 0 ? high : low)) this.#set(end === 0 ? [v, high] : [low, v]);
    field.value = inField(this.#window()[end]);
  }

  #window(): Range {
    const { contrast } = this.spec;
    if (Array.isArray(contrast)) return contrast as unknown as Range;
    return this.info?.window ?? this.#domain();
  }

  /** The values along the axis: all of a small integer type, else what there is and what is chosen. */
  #domain(): Range {
    const whole = wholeRange(this.info?.dataType);
    if (whole) return whole;
    const chosen = Array.isArray(this.spec.contrast) ? (this.spec.contrast as unknown as Range) : (this.info?.window ?? [0, 1]);
    const low = Math.min(this.#counts?.min ?? Infinity, ...chosen);
    const high = Math.max(this.#counts?.max ?? -Infinity, ...chosen);
    return high > low ? [low, high] : [low, low + 1];
  }

  #bars(): string {
    const counts = this.#counts;
    if (!counts || counts.counts.length === 0) return "";
    const [from, to] = this.#domain();
    const columns = new Float64Array(COLUMNS);
    const step = (counts.max - counts.min) / counts.counts.length;
    counts.counts.forEach((n, i) => {
      const column = Math.floor((COLUMNS * (counts.min + (i + 0.5) * step - from)) / (to - from));
      columns[column] = (columns[column] ?? 0) + n;
    });
    const sorted = columns.filter((n) => n > 0).toSorted();
    const tallest = sorted[Math.floor((sorted.length - 1) * TALLEST)] ?? 1;
    let path = `M0 ${HEIGHT}`;
    columns.forEach((n, i) => (path += `L${((100 * (i + 0.5)) / COLUMNS).toFixed(1)} ${(HEIGHT - Math.min(1, n / tallest) * (HEIGHT - 4)).toFixed(1)}`));
    return `${path}L100 ${HEIGHT}Z`;
  }

  #dragHandle(event: PointerEvent, end: 0 | 1): void {
    if (event.button !== 0) return;
    event.stopPropagation();
    event.preventDefault();
    (event.currentTarget as HTMLElement).focus();
    const start = event.clientX;
    let held: 0 | 1 | undefined = this.#overlap() ? undefined : end;
    this.#drag(event, (v, { clientX }) => {
      // Where they lie upon each other, the way it is dragged says which was meant: the one that can go there.
      if (held === undefined && clientX !== start) held = clientX < start === this.#reversed ? 1 : 0;
      if (held !== undefined) this.#moveEnd(held, v);
    });
  }

  /** Whether one handle covers the other. */
  #overlap(): boolean {
    const [black, white] = [...this.renderRoot.querySelectorAll(".handle")].map((handle) => handle.getBoundingClientRect().left);
    return Math.abs((black ?? 0) - (white ?? 0)) < HANDLE_WIDTH;
  }

  #dragWindow = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const [low, high] = this.#window();
    const start = this.#valueAt(event.clientX);
    this.#drag(event, (v) => this.#set([this.#round(low + v - start), this.#round(high + v - start)]));
  };

  #drag(event: PointerEvent, move: (value: number, event: PointerEvent) => void): void {
    const target = event.currentTarget as HTMLElement;
    target.setPointerCapture(event.pointerId);
    const end = new AbortController();
    target.addEventListener("pointermove", (e) => move(this.#valueAt(e.clientX), e), { signal: end.signal });
    for (const type of ["pointerup", "pointercancel"]) target.addEventListener(type, () => end.abort(), { signal: end.signal });
  }

  #nudge(event: KeyboardEvent, end: 0 | 1): void {
    const sign = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (sign === undefined || event.altKey || event.ctrlKey) return;
    event.preventDefault();
    event.stopPropagation();
    const [from, to] = this.#domain();
    this.#moveEnd(end, this.#window()[end] + ((sign * (to - from)) / 256) * (event.shiftKey ? 10 : 1));
  }

  #valueAt(clientX: number): number {
    const box = (this.renderRoot.querySelector(".plot") as HTMLElement).getBoundingClientRect();
    const [from, to] = this.#domain();
    return from + ((to - from) * (clientX - box.left)) / box.width;
  }

  /** Moves an end as far as the other: handles do not pass each other, so that no drag reverses the picture. */
  #moveEnd(end: 0 | 1, value: number): void {
    const [low, high] = this.#window();
    const [from, to] = this.#domain();
    const least = this.#integers ? 1 : (to - from) / 1000;
    const v = this.#round(value);
    const below = (end === 0) !== this.#reversed;
    const other = end === 0 ? high : low;
    const held = below ? Math.min(v, other - least) : Math.max(v, other + least);
    this.#set(end === 0 ? [held, high] : [low, held]);
  }

  get #reversed(): boolean {
    const [low, high] = this.#window();
    return low > high;
  }

  #set(contrast: Range | "auto"): void {
    session.viewer?.layers.update(this.spec.id, { contrast });
  }

  #round(v: number): number {
    return this.#integers ? Math.round(v) : Number(v.toPrecision(6));
  }

  get #integers(): boolean {
    return !this.info?.dataType?.startsWith("float");
  }

  #sample(): void {
    if (this.info?.state !== "ready") return;
    this.#counts = session.viewer?.layers.histogram(this.spec.id);
    this.requestUpdate();
  }
}

/** Short enough for its field. */
function inField(value: number): string {
  return String(Number(value.toPrecision(5)));
}

function wholeRange(type: DataType | undefined): Range | undefined {
  return type === "uint8" ? [0, 255] : type === "int8" ? [-128, 127] : undefined;
}

customElements.define("nl-histogram", Histogram);
