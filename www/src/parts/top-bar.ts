/** The bar above: what is open, where one is, and what belongs to the page as a whole. */
import { css, html, nothing, type TemplateResult } from "lit";
import type { Layout } from "neurolume";
import { runAction, titleOf } from "../actions.js";
import { icon, type IconName } from "../icons.js";
import { Part } from "../part.js";
import { narrow, session, type Topic } from "../session.js";
import { base } from "../styles.js";
import { isLight } from "../theme.js";
import "./more-menu.js";
import "./position-box.js";

const LAYOUTS: { layout: Layout; icon: IconName; label: string }[] = [
  { layout: "4panel", icon: "grid", label: "Four panels" },
  { layout: "xy-3d", icon: "columns", label: "Slice and 3D" },
  { layout: "xy", icon: "square", label: "One slice" },
];

class TopBar extends Part {
  protected static override topics: Topic[] = ["layers", "layout", "phase", "datasets"];
  static override properties = { dockOpen: { attribute: false } };
  declare dockOpen: boolean;

  static override styles = [
    base,
    css`
      :host { display: grid; grid-template-columns: 1fr auto 1fr; align-items: center; gap: 8px; padding: 0 4px 0 8px; background: var(--nl-bar); }
      .side { display: flex; align-items: center; gap: 2px; min-width: 0; }
      .right { justify-content: flex-end; }
      .mark { width: 18px; height: 18px; margin: 0 2px; flex: none; color: var(--nl-accent); }
      .name { display: flex; align-items: center; gap: 4px; height: 28px; padding: 0 6px 0 8px; min-width: 0; font-weight: 600; }
      /* A path is cut at its beginning. */
      .name .truncate { direction: rtl; }
      .name:hover { background: var(--nl-hover); }
      .name svg { color: var(--nl-dim); width: 14px; height: 14px; }
      .group { display: flex; margin-right: 6px; padding-right: 7px; border-right: 1px solid var(--nl-line); }
      @media (max-width: 860px) { :host { grid-template-columns: minmax(0, 1fr) auto auto; } }
      @media (max-width: 640px) {
        :host { grid-template-columns: minmax(0, 1fr) auto; padding: 0 6px; }
        .icon { width: 36px; height: 36px; }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("nl-theme", this.#onChange);
    narrow.addEventListener("change", this.#onChange);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("nl-theme", this.#onChange);
    narrow.removeEventListener("change", this.#onChange);
  }

  override render(): TemplateResult {
    const name = session.name || (session.phase === "starting" || !session.listed ? "neurolume" : "Open a dataset");
    return html`
      <h1 class="visually-hidden">neurolume</h1>
      <div class="side">
        <svg class="mark" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" aria-hidden="true">
          <path d="M3 15c4-1 5-4 6-7M9 8c3 0 4 2 8 1M9 8c-1 5 3 6 2 12" /><circle cx="9" cy="8" r="2.4" fill="currentColor" stroke="none" /><circle cx="19" cy="8.500" r="1.500" fill="currentColor" stroke="none" />
        </svg>
        <button class="name" data-testid="dataset-name" aria-haspopup="dialog" title="${session.name ? `${session.name}\n` : ""}${titleOf("Open a dataset", "dataset.open")}" @click=${() => runAction("dataset.open")}>
          <span class="truncate"><bdi>${name}</bdi></span>${icon("chevronDown")}
        </button>
        ${session.layers.length > 0 && !narrow.matches ? this.#button("dataset.settings", "settings", "Dataset settings") : nothing}
      </div>
      ${narrow.matches ? nothing : html`<nl-position-box></nl-position-box>`}
      <div class="side right">
        ${narrow.matches ? nothing : this.#wide()} ${this.#button("share.copy", "link", "Copy a link to this view")}
        ${narrow.matches ? nothing : this.#button("theme.toggle", isLight() ? "moon" : "sun", isLight() ? "Dark theme" : "Light theme")} ${this.#button("help.show", "help", "Keys and help")}
        <button class="icon" data-testid="dock-toggle" aria-label="Layers" aria-pressed=${this.dockOpen} title=${titleOf(this.dockOpen ? "Hide the layers" : "Show the layers", "dock.toggle")} @click=${() => runAction("dock.toggle")}>${icon("layers")}</button>
        ${narrow.matches ? html`<nl-more-menu></nl-more-menu>` : nothing}
      </div>
    `;
  }

  #wide(): TemplateResult {
    return html`
      <div class="group" role="group" aria-label="Panels">
        ${LAYOUTS.map(
          ({ layout, icon: name, label }) =>
            html`<button class="icon" data-testid="layout-${layout}" aria-label=${label} title=${label} aria-pressed=${session.layout === layout} @click=${() => this.#setLayout(layout)}>${icon(name)}</button>`,
        )}
      </div>
      ${this.#button("screenshot.save", "camera", "Save a picture")}
    `;
  }

  #button(action: string, name: IconName, label: string): TemplateResult {
    return html`<button class="icon" data-testid=${action.replace(".", "-")} aria-label=${label} title=${titleOf(label, action)} @click=${() => runAction(action)}>${icon(name)}</button>`;
  }

  #setLayout(layout: Layout): void {
    if (session.viewer) session.viewer.layout = layout;
  }

  #onChange = (): void => this.requestUpdate();
}

customElements.define("nl-top-bar", TopBar);
