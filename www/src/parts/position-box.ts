/** Where the middle of the view is; type or paste another place to go there. */
import { css, html, type TemplateResult } from "lit";
import { parsePosition, position as written } from "../format.js";
import { Part } from "../part.js";
import { session, type Topic } from "../session.js";
import { base } from "../styles.js";

type Unit = "voxel" | "nm";

class PositionBox extends Part {
  protected static override topics: Topic[] = ["view", "info", "layers"];
  static override properties = { unit: { state: true }, problem: { state: true } };
  /** What is counted in, where there are voxels to count. */
  declare unit: Unit;
  declare problem: string;

  static override styles = [
    base,
    css`
      :host { display: block; }
      form { display: flex; position: relative; }
      input { flex: 1; field-sizing: content; min-width: 196px !important; max-width: 320px; text-align: center; border-radius: var(--nl-radius) 0 0 var(--nl-radius) !important; height: var(--nl-position-height, 26px) !important; }
      .unit { height: var(--nl-position-height, 26px); width: 50px; background: var(--nl-field); border: 1px solid var(--nl-line); border-left: 0; border-radius: 0 var(--nl-radius) var(--nl-radius) 0; color: var(--nl-dim); font-size: 12px; }
      .unit:hover { color: var(--nl-text); border-color: var(--nl-line-strong); }
      .hint { position: absolute; top: 32px; left: 0; right: 0; padding: 6px 10px; font-size: 12px; line-height: 16px; background: var(--nl-raised); border: 1px solid var(--nl-error); border-radius: var(--nl-radius); z-index: 5; }
    `,
  ];

  constructor() {
    super();
    this.unit = "voxel";
    this.problem = "";
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
    const unit = this.#shownUnit;
    return html`
      <form @submit=${this.#go} role="search" aria-label="Position">
        <input type="text" data-testid="position" spellcheck="false" autocomplete="off" aria-label="Position: x, y, z in ${unit === "nm" ? "nanometres" : "voxels"}" aria-invalid=${this.problem !== ""}
          title="Position in the middle of the view. Type or paste x, y, z; nm, µm or vx after it says the unit."
          @focus=${this.#select} @blur=${this.#reset} @keydown=${this.#onKey} @input=${() => (this.problem = "")} ?disabled=${!session.viewer} />
        <button type="button" class="unit" data-testid="position-unit" title="Count in ${unit === "nm" ? "voxels" : "nanometres"}" ?disabled=${!session.voxels} @click=${this.#toggleUnit}>${unit}</button>
        ${this.problem ? html`<div class="hint" role="alert">${this.problem}</div>` : ""}
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

  get #shownUnit(): Unit {
    return session.voxels ? this.unit : "nm";
  }

  #text(): string {
    const position = session.viewState?.position;
    if (!position || session.layers.length === 0) return "";
    const voxels = this.#shownUnit === "voxel" ? session.voxels : undefined;
    return written(voxels ? voxels.voxelOf(position) : position);
  }

  #go = (event: Event): void => {
    event.preventDefault();
    const typed = parsePosition(this.#input.value);
    const place = typed && session.nmOf({ unit: this.#shownUnit, ...typed });
    this.problem = place ? "" : typed ? "There is no layer whose voxels could be counted. Give the position in nm." : "Three numbers are needed, like 1200, 340, 56. Add nm, µm or vx to say the unit.";
    if (!place) return;
    session.jump(place);
    this.#input.blur();
    this.dispatchEvent(new Event("nl-went", { bubbles: true }));
  };

  #onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape") this.#input.blur();
  };

  #reset = (): void => {
    this.problem = "";
    this.#input.value = this.#text();
  };

  #select = (): void => this.#input.select();

  override focus(): void {
    void this.updateComplete.then(() => this.#input.focus());
  }

  #focus = (): void => this.focus();

  #toggleUnit = (): void => {
    this.unit = this.#shownUnit === "nm" ? "voxel" : "nm";
  };
}

customElements.define("nl-position-box", PositionBox);
