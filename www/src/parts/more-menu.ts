/** What the top bar has no room for on a phone: the position, the panels, and what else is reached by keys elsewhere. */
import { css, html, nothing, type TemplateResult } from "lit";
import type { Layout } from "neurolume";
import { runAction } from "../actions.js";
import { icon, type IconName } from "../icons.js";
import { Part } from "../part.js";
import { session, type Topic } from "../session.js";
import { base } from "../styles.js";
import { isLight } from "../theme.js";
import "./position-box.js";

const PANELS: { layout: Layout; label: string }[] = [
  { layout: "xy", label: "xy" },
  { layout: "xz", label: "xz" },
  { layout: "yz", label: "yz" },
  { layout: "3d", label: "3D" },
  { layout: "xy-3d", label: "xy + 3D" },
  { layout: "4panel", label: "All four" },
];

class MoreMenu extends Part {
  protected static override topics: Topic[] = ["layout"];
  static override properties = { open: { state: true } };
  declare open: boolean;

  static override styles = [
    base,
    css`
      .icon { width: 36px; height: 36px; }
      .sheet { position: fixed; inset: 46px 6px auto auto; width: min(300px, calc(100vw - 12px)); margin: 0; padding: 8px; border: 1px solid var(--nl-line-strong); border-radius: 8px; background: var(--nl-surface); color: inherit; box-shadow: var(--nl-overlay-shadow); }
      h2 { font-size: 12px; line-height: 16px; font-weight: 500; color: var(--nl-dim); margin: 4px 8px 6px; }
      nl-position-box { margin: 0 8px 12px; --nl-position-height: 36px; }
      .panels { display: grid; grid-template-columns: repeat(3, 1fr); gap: 4px; margin: 0 8px 8px; }
      .panels .button { height: 36px; justify-content: center; padding: 0; }
      .entry { display: flex; align-items: center; gap: 12px; width: 100%; min-height: 40px; padding: 0 8px; text-align: left; }
      .entry:hover { background: var(--nl-hover); }
      .entry svg { color: var(--nl-dim); }
    `,
  ];

  constructor() {
    super();
    this.open = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("nl-focus-position", this.#showPosition);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("nl-focus-position", this.#showPosition);
  }

  override render(): TemplateResult {
    return html`
      <button class="icon" data-testid="more" aria-label="More" title="More" aria-haspopup="dialog" aria-expanded=${this.open} popovertarget="sheet">${icon("ellipsis")}</button>
      <div class="sheet" id="sheet" popover role="dialog" aria-label="More" data-testid="more-sheet" @toggle=${this.#onToggle} @nl-went=${this.#close}>${this.open ? this.#body() : nothing}</div>
    `;
  }

  #body(): TemplateResult {
    return html`
      <h2>Position</h2>
      <nl-position-box></nl-position-box>
      <h2>Panels</h2>
      <div class="panels" role="group" aria-label="Panels">
        ${PANELS.map(({ layout, label }) => html`<button class="button" data-testid="layout-${layout}" aria-pressed=${session.layout === layout} @click=${() => this.#run(`layout.${layout}`)}>${label}</button>`)}
      </div>
      ${this.#entry("palette.show", "search", "Find an action")} ${this.#entry("zoom.fit", "box", "Show all data")} ${session.layers.length > 0 ? this.#entry("dataset.settings", "settings", "Dataset settings") : nothing} ${this.#entry("screenshot.save", "camera", "Save a picture")}
      ${this.#entry("theme.toggle", isLight() ? "moon" : "sun", isLight() ? "Dark theme" : "Light theme")}
    `;
  }

  #entry(action: string, name: IconName, label: string): TemplateResult {
    return html`<button class="entry" data-testid=${action.replace(".", "-")} @click=${() => this.#run(action)}>${icon(name)}${label}</button>`;
  }

  get #sheet(): HTMLElement {
    return this.renderRoot.querySelector("#sheet") as HTMLElement;
  }

  #run(action: string): void {
    this.#close();
    runAction(action);
  }

  /** Also when a position was typed: once it is gone to. */
  #close = (): void => this.#sheet.hidePopover();

  #onToggle = (event: Event): void => {
    this.open = (event as ToggleEvent).newState === "open";
  };

  /** The action that goes to a position finds its field in here. */
  #showPosition = async (): Promise<void> => {
    if (this.open) return;
    this.#sheet.showPopover();
    this.open = true;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("nl-position-box")?.focus();
  };
}

customElements.define("nl-more-menu", MoreMenu);
