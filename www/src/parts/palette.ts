/** Find an action by name. An address or a position may be typed too. */
import { css, html, LitElement, type TemplateResult } from "lit";
import type { ActionInfo } from "neurolume";
import { allActions, isGesture, runAction } from "../actions.js";
import { toVolumeUrl } from "../datasets.js";
import { keyCaps, parsePosition } from "../format.js";
import { session } from "../session.js";
import { base, dialog } from "../styles.js";

interface Choice {
  label: string;
  group: string;
  keys: string[];
  enabled: boolean;
  run: () => void;
}

class Palette extends LitElement {
  static override properties = { query: { state: true }, at: { state: true } };
  declare query: string;
  declare at: number;
  #choices: Choice[] = [];

  static override styles = [
    base,
    dialog,
    css`
      dialog { width: 520px; margin: 64px auto auto; }
      input { width: 100%; height: 44px !important; border: 0 !important; border-bottom: 1px solid var(--nl-line) !important; border-radius: 8px 8px 0 0 !important; padding: 0 16px !important; background: none !important; font-size: 14px; outline: none !important; }
      [role="listbox"] { max-height: min(396px, 56vh); overflow-y: auto; padding: 6px; scrollbar-width: thin; scrollbar-color: var(--nl-line-strong) transparent; }
      [role="option"] { display: grid; grid-template-columns: minmax(0, 1fr) auto auto; gap: 12px; align-items: center; height: 32px; padding: 0 10px; border-radius: var(--nl-radius); cursor: pointer; }
      [aria-selected="true"] { background: var(--nl-hover); }
      [aria-disabled="true"] { opacity: 0.45; }
      small { font-size: 12px; color: var(--nl-faint); }
      .keys { min-width: 64px; text-align: right; }
      p { color: var(--nl-faint); margin: 0; padding: 8px 10px; }
    `,
  ];

  constructor() {
    super();
    this.query = "";
    this.at = 0;
    addEventListener("nl-show", (event) => {
      if ((event as CustomEvent<string>).detail === "palette") this.#show();
    });
  }

  override willUpdate(): void {
    this.#choices = this.#find();
    this.at = Math.min(this.at, Math.max(0, this.#choices.length - 1));
  }

  override render(): TemplateResult {
    return html`
      <dialog aria-label="Find an action" data-testid="palette" @click=${(e: MouseEvent) => e.target === this.#dialog && this.#dialog.close()}>
        <input type="text" data-testid="palette-input" role="combobox" aria-expanded="true" aria-controls="choices" aria-activedescendant="choice-${this.at}" aria-label="Find an action" placeholder="Find an action, or type a position" spellcheck="false" autocomplete="off"
          .value=${this.query} @input=${this.#onInput} @keydown=${this.#onKey} />
        <div role="listbox" id="choices">
          ${this.#choices.map(
            (c, i) => html`<div role="option" id="choice-${i}" aria-selected=${i === this.at} aria-disabled=${!c.enabled} @pointermove=${() => (this.at = i)} @click=${() => this.#run(c)}>
              <span class="truncate">${c.label}</span><small>${c.group}</small><span class="keys">${keyCaps(c.keys[0] ?? "").filter(Boolean).map((k) => html`<kbd>${k}</kbd> `)}</span>
            </div>`,
          )}
          ${this.#choices.length === 0 ? html`<p>Nothing is called that.</p>` : ""}
        </div>
      </dialog>
    `;
  }

  override updated(): void {
    if (this.#dialog.open) this.renderRoot.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }

  get #dialog(): HTMLDialogElement {
    return this.renderRoot.querySelector("dialog") as HTMLDialogElement;
  }

  #find(): Choice[] {
    if (!session.viewer) return [];
    const typed = parsePosition(this.query);
    if (typed) {
      const unit = typed.unit ?? (session.voxels ? "voxel" : "nm");
      const place = session.nmOf({ ...typed, unit });
      return [{ label: `Go to ${typed.numbers.join(", ")} ${unit}`, group: "Move", keys: ["enter"], enabled: place !== undefined, run: () => place && session.jump(place) }];
    }
    const url = toVolumeUrl(this.query);
    if (url) return [{ label: `Add ${url}`, group: "Layers", keys: ["enter"], enabled: true, run: () => void session.add(url, "auto").catch(() => undefined) }];
    const words = this.query.toLowerCase().split(/\s+/).filter(Boolean);
    return allActions()
      .filter((a) => !isGesture(a) && words.every((w) => `${a.label} ${a.group}`.toLowerCase().includes(w)))
      .map((a: ActionInfo) => ({ ...a, run: () => runAction(a.id) }));
  }

  #show(): void {
    this.query = "";
    this.at = 0;
    this.requestUpdate();
    if (!this.#dialog.open) this.#dialog.showModal();
    this.renderRoot.querySelector("input")?.focus();
  }

  #run(choice: Choice): void {
    if (!choice.enabled) return;
    this.#dialog.close();
    choice.run();
  }

  #onInput = (event: Event): void => {
    this.query = (event.target as HTMLInputElement).value;
    this.at = 0;
  };

  #onKey = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const choice = this.#choices[this.at];
    if (step !== undefined) this.at = (this.at + step + this.#choices.length) % Math.max(1, this.#choices.length);
    else if (event.key === "Enter" && choice) this.#run(choice);
    else return;
    event.preventDefault();
  };
}

customElements.define("nl-palette", Palette);
