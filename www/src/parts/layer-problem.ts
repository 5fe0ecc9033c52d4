/** What went wrong with a layer: what happened, why, what to do, and the details to copy. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { ChunkFailure, LayerInfo, LayerSpec } from "neurolume";
import { copyText } from "../actions.js";
import { corsRecipe } from "../cors.js";
import { sourceUrl } from "../datasets.js";
import { integer } from "../format.js";
import { icon } from "../icons.js";
import { otherType } from "../layer-type.js";
import { session } from "../session.js";
import { base } from "../styles.js";

/** What has befallen chunks, by the code of the error. */
const CHUNKS: Record<string, string> = {
  "bad-data": "cannot be decoded",
  unsupported: "cannot be read: this way of storing is not supported",
  "not-found": "could not be found",
  forbidden: "could not be fetched: the server refuses access",
  cors: "may not be read by this page",
  network: "did not arrive",
  timeout: "did not come in time",
  "out-of-memory": "found no room in memory",
};
const MOST_REMEDIES = 2;

class LayerProblem extends LitElement {
  static override properties = { spec: { attribute: false }, info: { attribute: false }, details: { state: true } };
  declare spec: LayerSpec;
  declare info: LayerInfo;
  declare details: boolean;

  static override styles = [
    base,
    css`
      :host { display: block; margin: 4px 4px 6px 18px; padding: 8px 10px; border-radius: var(--nl-radius); background: var(--nl-error-soft); border-left: 2px solid var(--nl-error); font-size: 12px; line-height: 17px; }
      p { margin: 0 0 6px; overflow-wrap: anywhere; }
      .what { font-weight: 500; }
      .what, .why { max-height: 136px; overflow-y: auto; scrollbar-width: thin; }
      .details { margin-top: 8px; max-height: 180px; overflow-y: auto; font-size: 11px; line-height: 15px; scrollbar-width: thin; user-select: text; }
      .why { color: var(--nl-dim); }
      .row { display: flex; gap: 6px; flex-wrap: wrap; }
      pre { margin: 0 0 6px; padding: 6px 8px; max-height: 150px; overflow: auto; background: var(--nl-field); border: 1px solid var(--nl-line); border-radius: 3px; font: 11px/15px var(--nl-mono); white-space: pre; user-select: all; scrollbar-width: thin; }
    `,
  ];

  constructor() {
    super();
    this.details = false;
  }

  override render(): TemplateResult {
    const { error } = this.info;
    return html`<div role="alert" data-testid="layer-problem-${this.spec.id}">${this.info.state === "error" && error ? this.#whole(error.code, error.message, error.remedy) : this.#chunks()}</div>`;
  }

  #whole(code: string, message: string, remedy: string | undefined): TemplateResult {
    const recipe = code === "cors" ? corsRecipe(sourceUrl(this.spec)) : undefined;
    const type = this.info.error && otherType(this.spec.type, this.info.error);
    return html`
      <p class="what">${code === "cors" ? "The server does not let this page read its data." : message}</p>
      ${recipe
        ? html`<p class="why">The address is right, but its owner has to allow other sites to read from it (CORS). For ${recipe.where}:</p>
            <pre tabindex="0" aria-label="Configuration">${recipe.text}</pre>`
        : html`<p class="why">${type ? nothing : (remedy ?? nothing)}</p>`}
      <div class="row">
        ${type
          ? html`<button class="button small" data-testid="layer-as-${type}-${this.spec.id}" @click=${() => void session.addAs(this.spec.id, type).catch(() => undefined)}>Show it as ${type === "image" ? "an image" : "a segmentation"}</button>`
          : html`<button class="button small" data-testid="layer-retry-${this.spec.id}" @click=${() => session.viewer?.layers.retry(this.spec.id)}>${icon("refresh")}Try again</button>`}
        ${recipe ? html`<button class="button small" data-testid="layer-copy-cors-${this.spec.id}" @click=${() => void copyText(recipe.text, "Configuration copied")}>${icon("copy")}Copy</button>` : nothing}
        <button class="button small" data-testid="layer-copy-${this.spec.id}" @click=${() => void copyText(`${code}\n${message}\n${remedy ?? ""}\n${sourceUrl(this.spec)}\n${JSON.stringify(this.info.error?.detail ?? {})}`, "Details copied")}>Copy details</button>
      </div>
    `;
  }

  /** One line for each kind of failure; what exactly was wrong where is for who asks. */
  #chunks(): TemplateResult {
    const causes = this.#failures();
    const kinds = new Map<string, ChunkFailure[]>();
    for (const cause of causes) kinds.set(cause.code, [...(kinds.get(cause.code) ?? []), cause]);
    const remedies = new Set(causes.flatMap(({ remedy }) => remedy ?? []));
    return html`
      ${[...kinds].map(([code, alike]) => html`<p class="what">${counted(alike)} ${CHUNKS[code] ?? "failed"}.</p>`)}
      ${[...remedies].slice(0, MOST_REMEDIES).map((remedy) => html`<p class="why">${remedy}</p>`)}
      <div class="row">
        <button class="button small" data-testid="layer-retry-${this.spec.id}" @click=${() => session.viewer?.layers.retry(this.spec.id)}>${icon("refresh")}Try again</button>
        <button class="button small" data-testid="layer-details-${this.spec.id}" aria-expanded=${this.details} @click=${() => (this.details = !this.details)}>Details</button>
        <button class="button small" data-testid="layer-copy-${this.spec.id}" @click=${() => void copyText(causes.map((c) => `${c.count} × ${c.code}: ${c.message}\n${c.example}`).join("\n\n"), "Details copied")}>Copy</button>
      </div>
      ${this.details ? html`<div class="details" tabindex="0" role="group" aria-label="Details">${causes.map((cause) => html`<p>${counted([cause])}: ${cause.message}${!cause.example || cause.message.includes(cause.example) ? nothing : html` <span class="why">${cause.example}</span>`}</p>`)}</div>` : nothing}
    `;
  }

  #failures(): ChunkFailure[] {
    const known = session.viewer?.layers.failures(this.spec.id) ?? [];
    return known.length > 0 ? known : [{ code: "network", message: "could not be read.", count: this.info.chunks.failed, example: sourceUrl(this.spec) }];
  }
}

function counted(causes: ChunkFailure[]): string {
  const n = causes.reduce((sum, { count }) => sum + count, 0);
  return `${integer(n)} ${n === 1 ? "chunk" : "chunks"}`;
}

customElements.define("nl-layer-problem", LayerProblem);
