/** The selected segments: searched and added by id, coloured, taken away. Only the rows in sight are made. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { SegmentationLayerSpec } from "neurolume";
import { copyText } from "../actions.js";
import { integer } from "../format.js";
import { icon } from "../icons.js";
import { parseSegmentIds } from "../segment-ids.js";
import { session } from "../session.js";
import { base } from "../styles.js";

const ROW = 26;
const SHOWN = 8;

class SegmentList extends LitElement {
  static override properties = { spec: { attribute: false }, query: { state: true }, refused: { state: true }, top: { state: true } };
  declare spec: SegmentationLayerSpec;
  declare query: string;
  /** Whether Enter was pressed on something that is no ids. */
  declare refused: boolean;
  /** Pixels scrolled. */
  declare top: number;

  static override styles = [
    base,
    css`
      :host { display: block; padding-bottom: 4px; }
      .head { display: flex; align-items: center; min-height: 28px; font-size: 12px; color: var(--nl-dim); gap: 2px; }
      .head span { flex: 1; }
      .text { font-size: 12px; color: var(--nl-dim); padding: 0 6px; height: 24px; }
      .text:hover:not(:disabled) { color: var(--nl-text); background: var(--nl-hover); }
      form { position: relative; }
      form svg { position: absolute; left: 7px; top: 6px; width: 14px; height: 14px; color: var(--nl-faint); pointer-events: none; }
      form input { width: 100%; height: 26px !important; padding-left: 26px !important; font-size: 12px; }
      .list { overflow-y: auto; max-height: ${ROW * SHOWN}px; margin-top: 4px; scrollbar-width: thin; scrollbar-color: var(--nl-line-strong) transparent; }
      .item { display: flex; align-items: center; height: ${ROW}px; padding-left: 2px; border-radius: var(--nl-radius); gap: 6px; font-size: 12px; }
      .item:hover { background: var(--nl-hover); }
      .item .truncate { flex: 1; user-select: text; }
      .item .icon { width: 22px; height: 22px; opacity: 0; }
      .item:hover .icon, .item .icon:focus-visible { opacity: 1; }
      .item .icon svg { width: 13px; height: 13px; }
      input[type="color"] { width: 16px; height: 16px; padding: 0; border: 0; border-radius: 4px; background: none; cursor: pointer; flex: none; }
      input[type="color"]::-webkit-color-swatch-wrapper { padding: 0; }
      input[type="color"]::-webkit-color-swatch { border: 1px solid rgb(0 0 0 / 0.3); border-radius: 4px; }
      p { margin: 4px 0 2px; font-size: 12px; line-height: 16px; color: var(--nl-faint); overflow-wrap: anywhere; }
      .refused { color: var(--nl-error); }
    `,
  ];

  constructor() {
    super();
    this.query = "";
    this.refused = false;
    this.top = 0;
  }

  override render(): TemplateResult {
    const all = this.spec.selected ?? [];
    const query = this.query.trim();
    const typed = parseSegmentIds(query);
    const found = query === "" ? all : all.filter((id) => id.toString().includes(query));
    const first = Math.max(0, Math.floor(this.top / ROW) - 2);
    const rows = found.slice(first, first + SHOWN + 5);
    return html`
      <div class="head">
        <span data-testid="selected-count-${this.spec.id}">${all.length === 0 ? "Segments" : `${integer(all.length)} selected`}</span>
        ${all.length > 0
          ? html`<button class="text" data-testid="segments-copy-${this.spec.id}" title="Copy the ids" @click=${() => void copyText(all.join(", "), `${integer(all.length)} ids copied`)}>Copy</button>
              <button class="text" data-testid="segments-clear-${this.spec.id}" title="Deselect all" @click=${() => this.#set([])}>Clear</button>`
          : nothing}
      </div>
      <form @submit=${this.#add}>${icon("search")}<input type="text" inputmode="numeric" spellcheck="false" autocomplete="off" data-testid="segment-search-${this.spec.id}" aria-label="Find a selected segment, or add some by their ids" aria-invalid=${this.refused} placeholder="Find, or add by id" .value=${this.query} @input=${this.#onInput} /></form>
      ${all.length === 0 ? html`<p>Double-click a segment to select it.</p>` : nothing}
      ${typeof typed === "string"
        ? html`<p class=${this.refused ? "refused" : ""} role=${this.refused ? "alert" : nothing} data-testid="segment-problem-${this.spec.id}">${typed}</p>`
        : query !== "" && found.length === 0
          ? html`<p>${typed.length > 1 ? `Enter selects these ${integer(typed.length)}.` : "Not selected. Enter adds it."}</p>`
          : nothing}
      ${found.length > 0
        ? html`<div class="list" role="list" @scroll=${(e: Event) => (this.top = (e.target as HTMLElement).scrollTop)}>
            <div style="height:${found.length * ROW}px;padding-top:${first * ROW}px">${rows.map((id) => this.#row(id))}</div>
          </div>`
        : nothing}
    `;
  }

  #row(id: bigint): TemplateResult {
    const color = session.viewer?.layers.segmentColor(this.spec.id, id) ?? "#888888";
    return html`<div class="item" role="listitem" data-testid="segment-${id}">
      <input type="color" aria-label="Colour of segment ${id}" title="Colour" .value=${color} @input=${(e: Event) => this.#recolour(id, (e.target as HTMLInputElement).value)} />
      <span class="truncate">${id.toString()}</span>
      <button class="icon" data-testid="segment-remove-${id}" aria-label="Deselect ${id}" title="Deselect" @click=${() => this.#set((this.spec.selected ?? []).filter((s) => s !== id))}>${icon("x")}</button>
    </div>`;
  }

  #onInput = (event: Event): void => {
    this.query = (event.target as HTMLInputElement).value;
    this.refused = false;
    this.top = 0;
  };

  #add = (event: Event): void => {
    event.preventDefault();
    const ids = parseSegmentIds(this.query);
    this.refused = typeof ids === "string";
    if (typeof ids === "string" || ids.length === 0) return;
    this.#set([...new Set([...(this.spec.selected ?? []), ...ids])]);
    this.query = "";
  };

  #recolour(id: bigint, color: string): void {
    session.viewer?.layers.update(this.spec.id, { colors: { ...this.spec.colors, [id.toString()]: color } });
  }

  #set(selected: bigint[]): void {
    session.viewer?.layers.update(this.spec.id, { selected });
  }
}

customElements.define("nl-segment-list", SegmentList);
