/** Where the middle of the view is; type or paste another place to go there. */
import { css, html, type TemplateResult } from "lit";
import type { Vec3 } from "neurolume";
import { parsePosition } from "../format.js";
import { Part } from "../part.js";
import { session, type Topic } from "../session.js";
import { base } from "../styles.js";

type Unit = "voxel" | "nm";

class PositionBox extends Part {
  protected static override topics: Topic[] = ["view", "info", "layers"];
  static override properties = { unit: { state: true }, invalid: { state: true } };
  declare unit: Unit;
  declare invalid: boolean;

  static override styles = [
    base,
    css`
      :host { display: block; }
      form { display: flex; position: relative; }
      input { width: 196px; text-align: center; border-radius: var(--nl-radius) 0 0 var(--nl-radius) !important; height: 26px !important; }
      .unit { height: 26px; width: 50px; background: var(--nl-field); border: 1px solid var(--nl-line); border-left: 0; border-radius: 0 var(--nl-radius) var(--nl-radius) 0; color: var(--nl-dim); font-size: 12px; }
      .unit:hover { color: var(--nl-text); border-color: var(--nl-line-strong); }
      .hint { position: absolute; top: 32px; left: 0; right: 0; padding: 6px 10px; font-size: 12px; line-height: 16px; background: var(--nl-raised); border: 1px solid var(--nl-error); border-radius: var(--nl-radius); z-index: 5; }
    `,
  ];

  constructor() {
    super();
    this.unit = "voxel";
    this.invalid = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("nl-focus-position", this.#focus);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("nl-focus-position", this.#focus);
  }

  override render(): TemplateResult {
    return html`
      <form @submit=${this.#go} role="search" aria-label="Position">
        <input type="text" data-testid="position" spellcheck="false" autocomplete="off" aria-label="Position: x, y, z in ${this.unit === "nm" ? "nanometres" : "voxels"}" aria-invalid=${this.invalid}
          title="Position in the middle of the view. Type or paste x, y, z; nm, µm or vx after it says the unit."
          @focus=${this.#select} @blur=${this.#reset} @keydown=${this.#onKey} @input=${() => (this.invalid = false)} ?disabled=${!session.viewer} />
        <button type="button" class="unit" data-testid="position-unit" title="Count in ${this.unit === "nm" ? "voxels" : "nanometres"}" @click=${this.#toggleUnit}>${this.unit}</button>
        ${this.invalid ? html`<div class="hint" role="alert">Three numbers are needed, like 1200, 340, 56. Add nm, µm or vx to say the unit.</div>` : ""}
      </form>
    `;
  }

  override updated(): void {
    const input = this.#input;
    if (this.shadowRoot?.activeElement === input) return;
    const text = this.#text();
    if (input.value !== text) input.value = text;
  }

  get #input(): HTMLInputElement {
    return this.renderRoot.querySelector("input") as HTMLInputElement;
  }

  #text(): string {
    const position = session.viewState?.position;
    if (!position || session.layers.length === 0) return "";
    const voxels = this.unit === "voxel" ? session.voxels : undefined;
    return position.map((p, i) => Math.floor(voxels ? (p - (voxels.offset[i] ?? 0)) / (voxels.size[i] ?? 1) : p)).join(", ");
  }

  #go = (event: Event): void => {
    event.preventDefault();
    const typed = parsePosition(this.#input.value);
    this.invalid = typed === undefined;
    if (!typed) return;
    const voxels = (typed.unit ?? this.unit) === "voxel" ? session.voxels : undefined;
    // A whole number names a voxel: its middle is meant.
    const at = (i: number): number => {
      const n = typed.numbers[i] ?? 0;
      return voxels ? (voxels.offset[i] ?? 0) + (Number.isInteger(n) ? n + 0.5 : n) * (voxels.size[i] ?? 1) : n;
    };
    session.jump([at(0), at(1), at(2)] satisfies Vec3);
    this.#input.blur();
  };

  #onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape") this.#input.blur();
  };

  #reset = (): void => {
    this.invalid = false;
    this.#input.value = this.#text();
  };

  #select = (): void => this.#input.select();

  #focus = (): void => this.#input.focus();

  #toggleUnit = (): void => {
    this.unit = this.unit === "nm" ? "voxel" : "nm";
  };
}

customElements.define("nl-position-box", PositionBox);
