/** The page: bars around the viewer, and the boxes above it. */
import { css, html, nothing, type TemplateResult } from "lit";
import type { Viewer } from "neurolume";
import { giveFocusBack, needsKey } from "../focus.js";
import { dropped } from "../local.js";
import { Part } from "../part.js";
import { narrow, session, type Topic } from "../session.js";
import { base } from "../styles.js";
import "./dock.js";
import "./export.js";
import "./help.js";
import "./notice.js";
import "./open.js";
import "./palette.js";
import "./settings.js";
import "./source-change.js";
import "./raw-box.js";
import "./status-bar.js";
import "./toasts.js";
import "./top-bar.js";

const DOCK_KEY = "neurolume.dock";

class App extends Part {
  protected static override topics: Topic[] = ["phase", "layers", "datasets"];
  static override properties = { dockOpen: { state: true }, dropping: { state: true } };
  declare dockOpen: boolean;
  declare dropping: boolean;
  #gone = new AbortController();

  static override styles = [
    base,
    css`
      :host { display: grid; grid-template: "top top" 36px "view dock" minmax(0, 1fr) "status status" 24px / minmax(0, 1fr) auto; height: 100dvh; overflow: hidden; background: var(--nl-bar); }
      nl-top-bar { grid-area: top; border-bottom: 1px solid var(--nl-line); z-index: 2; }
      nl-status-bar { grid-area: status; border-top: 1px solid var(--nl-line); }
      main { grid-area: view; position: relative; min-width: 0; min-height: 0; background: var(--nl-panel-background); }
      #viewer { position: absolute; inset: 0; }
      /* The viewer draws a ring of its own, when it is of use. */
      #viewer > :focus-visible { outline: none; }
      nl-notice { position: absolute; inset: 0; }
      nl-dock { grid-area: dock; width: 280px; border-left: 1px solid var(--nl-line); min-height: 0; }
      .drop { position: absolute; inset: 8px; border: 2px dashed var(--nl-accent); border-radius: 8px; background: var(--nl-accent-soft); display: grid; place-items: center; pointer-events: none; font-size: 15px; z-index: 3; }
      .drop span { background: var(--nl-surface); padding: 8px 14px; border-radius: var(--nl-radius); }
      @media (max-width: 760px) { :host { grid-template-rows: 36px minmax(0, 1fr) 46px; } }
      @media (max-width: 640px) {
        :host { grid-template: "top" 44px "view" minmax(0, 1fr) "status" auto "dock" auto / minmax(0, 1fr); }
        nl-dock { width: auto; border-left: 0; border-top: 1px solid var(--nl-line); height: min(46dvh, 420px); }
      }
    `,
  ];

  constructor() {
    super();
    this.dropping = false;
    this.dockOpen = !narrow.matches;
    try {
      if (localStorage.getItem(DOCK_KEY) === "closed") this.dockOpen = false;
    } catch {
      // Open, then.
    }
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#gone = new AbortController();
    const { signal } = this.#gone;
    addEventListener("keydown", this.#onKey, { signal });
    addEventListener("nl-toggle-dock", this.#toggleDock, { signal });
    addEventListener("dragover", this.#onDrag, { signal });
    addEventListener("dragleave", this.#onDragEnd, { signal });
    addEventListener("drop", this.#onDrop, { signal });
    giveFocusBack(() => this.renderRoot.querySelector<HTMLElement>("#viewer > [data-testid=viewer]"), signal);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#gone.abort();
  }

  /** The viewer, for the console and for tests. */
  get viewer(): Viewer | undefined {
    return session.viewer;
  }

  override firstUpdated(): void {
    const container = this.renderRoot.querySelector<HTMLElement>("#viewer");
    if (container) void session.start(container);
  }

  override render(): TemplateResult {
    document.title = session.name ? `${session.name} · neurolume` : "neurolume";
    return html`
      <nl-top-bar role="banner" .dockOpen=${this.dockOpen}></nl-top-bar>
      <main aria-label="Volume">
        <div id="viewer"></div>
        <nl-notice></nl-notice>
        ${this.dropping ? html`<div class="drop"><span>Drop a folder, files or an address to add it</span></div>` : nothing}
      </main>
      <nl-dock role="complementary" aria-label="Layers" ?hidden=${!this.dockOpen}></nl-dock>
      <nl-status-bar role="contentinfo"></nl-status-bar>
      <nl-open></nl-open>
      <nl-settings></nl-settings>
      <nl-source-change></nl-source-change>
      <nl-raw-box></nl-raw-box>
      <nl-export></nl-export>
      <nl-palette></nl-palette>
      <nl-help></nl-help>
      <nl-toasts></nl-toasts>
    `;
  }

  #toggleDock = (event: Event): void => {
    this.dockOpen = (event as CustomEvent<boolean | null>).detail ?? !this.dockOpen;
    try {
      if (!narrow.matches) localStorage.setItem(DOCK_KEY, this.dockOpen ? "open" : "closed");
    } catch {
      // Not remembered, then.
    }
  };

  #onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || needsKey(event)) return;
    if (session.viewer?.actions.key(event)) event.preventDefault();
  };

  #onDrag = (event: DragEvent): void => {
    const types = event.dataTransfer?.types;
    if (!types?.includes("text/uri-list") && !types?.includes("text/plain") && !types?.includes("Files")) return;
    event.preventDefault();
    this.dropping = true;
  };

  #onDragEnd = (event: DragEvent): void => {
    if (event.relatedTarget === null) this.dropping = false;
  };

  #onDrop = (event: DragEvent): void => {
    this.dropping = false;
    if (event.dataTransfer?.types.includes("Files")) {
      event.preventDefault();
      void dropped(event.dataTransfer).then((chosen) => dispatchEvent(new CustomEvent("nl-open-local", { detail: chosen })));
      return;
    }
    const text = event.dataTransfer?.getData("text/uri-list") || event.dataTransfer?.getData("text/plain");
    if (!text) return;
    event.preventDefault();
    dispatchEvent(new CustomEvent("nl-show", { detail: "open" }));
    dispatchEvent(new CustomEvent("nl-open-url", { detail: text.split("\n")[0] }));
  };
}

customElements.define("nl-app", App);
