/** What stands in the viewer's place when there is nothing to see: starting, failed, empty. */
import { css, html, nothing, type TemplateResult } from "lit";
import type { LayerSpec, ViewerError } from "neurolume";
import { allActions, copyText, runAction } from "../actions.js";
import { isAway } from "../away.js";
import { keyCaps } from "../format.js";
import { icon } from "../icons.js";
import { otherType } from "../layer-type.js";
import { Part } from "../part.js";
import { session, type Topic } from "../session.js";
import { base } from "../styles.js";

/** From then on one wants to know, and to be able to stop it. */
const PATIENCE_MILLIS = 500;

class Notice extends Part {
  protected static override topics: Topic[] = ["phase", "layers", "datasets", "info", "view"];
  static override properties = { waited: { state: true } };
  /** Whether it has been so for long enough to say so. */
  declare waited: boolean;
  #awaited: "opening" | "away" | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  static override styles = [
    base,
    css`
      :host { pointer-events: none; }
      .frames { position: absolute; inset: 0; display: grid; grid-template: 1fr 1fr / 1fr 1fr; gap: 1px; background: var(--nl-panel-border); }
      .frames i { background: var(--nl-slice-background); position: relative; overflow: hidden; }
      .frames i:nth-child(3) { background: var(--nl-projection-background); }
      .frames i::after { content: ""; position: absolute; inset: 0; background: linear-gradient(100deg, transparent 30%, rgb(255 255 255 / 0.035) 50%, transparent 70%); animation: sweep 1.8s linear infinite; }
      @keyframes sweep { from { transform: translateX(-100%); } to { transform: translateX(100%); } }
      .place { position: absolute; inset: 0; display: grid; grid-template-rows: minmax(0, 1fr); place-items: center; padding: 24px; }
      .card { pointer-events: auto; max-width: 440px; max-height: 100%; overflow-y: auto; background: var(--nl-surface); border: 1px solid var(--nl-line); border-radius: 8px; padding: 24px; }
      .card > svg { width: 24px; height: 24px; color: var(--nl-dim); }
      .card.failed > svg { color: var(--nl-error); }
      h1 { font-size: 16px; line-height: 24px; font-weight: 600; margin: 12px 0 4px; }
      p { margin: 0 0 12px; color: var(--nl-dim); }
      .long { overflow-wrap: anywhere; }
      .pill { pointer-events: auto; display: flex; align-items: center; gap: 12px; max-width: 100%; padding: 5px 5px 5px 14px; background: var(--nl-surface); border: 1px solid var(--nl-line); border-radius: 6px; }
      .row { display: flex; gap: 8px; align-items: center; flex-wrap: wrap; }
      kbd { margin-left: 2px; }
      @media (hover: none) { kbd { display: none; } }
      @media (max-width: 640px) { .frames { grid-template: 1fr / 1fr; } .frames i:nth-child(n + 2) { display: none; } }
    `,
  ];

  override render(): TemplateResult | typeof nothing {
    if (session.phase === "starting") return html`<div class="frames" aria-label="Starting" role="status" data-testid="starting"><i></i><i></i><i></i><i></i></div>`;
    if (session.phase === "failed") return this.#failed();
    if (session.layers.length === 0 && session.settled) return this.#empty();
    const infos = [...session.infos.values()];
    const opening = session.layers.length > 0 && infos.every((i) => i.state !== "ready") && infos.some((i) => i.state === "loading");
    const away = session.viewState !== undefined && isAway(session.layers, session.infos, session.viewState.position);
    const awaited = opening ? "opening" : away ? "away" : undefined;
    this.#wait(awaited);
    if (awaited && this.waited) return opening ? this.#opening() : this.#away();
    const error = infos.length > 0 && infos.every((i) => i.state === "error") ? infos[0]?.error : undefined;
    return error ? this.#unopened(error) : nothing;
  }

  #wait(awaited: "opening" | "away" | undefined): void {
    if (awaited === this.#awaited) return;
    clearTimeout(this.#timer);
    this.#awaited = awaited;
    this.waited = false;
    if (awaited) this.#timer = setTimeout(() => (this.waited = true), PATIENCE_MILLIS);
  }

  #away(): TemplateResult {
    const key = allActions().find((a) => a.id === "zoom.fit")?.keys[0];
    return html`
      <div class="place">
        <div class="pill" role="status" data-testid="away"><span>The data is out of sight.</span><button class="button small" data-testid="away-back" @click=${() => runAction("zoom.fit")}>Show all data${key ? html` <kbd>${keyCaps(key).join("+")}</kbd>` : nothing}</button></div>
      </div>
    `;
  }

  #opening(): TemplateResult {
    return html`
      <div class="place">
        <div class="pill" role="status" data-testid="opening"><span class="truncate">Opening ${session.name}…</span><button class="button small" data-testid="opening-cancel" @click=${this.#cancel}>Cancel</button></div>
      </div>
    `;
  }

  #cancel = (): void => {
    for (const { id } of session.layers) session.viewer?.layers.remove(id);
  };

  #unopened(error: ViewerError): TemplateResult {
    const [layer, ...others] = session.layers;
    const type = layer && others.length === 0 ? otherType(layer.type, error) : undefined;
    return html`
      <div class="place">
        <section class="card failed" role="alert" data-testid="unopened">
          ${icon("warning")}
          <h1>${session.name} could not be opened</h1>
          <p class="long">${error.code === "cors" ? "The server answers, but its owner does not let other sites read from it. The layer shows the configuration that mends this." : error.message}</p>
          ${error.code !== "cors" && error.remedy && !type ? html`<p>${error.remedy}</p>` : nothing}
          <div class="row">
            ${layer && type ? html`<button class="button primary" data-testid="unopened-as-${type}" @click=${() => this.#openAs(layer.id, type)}>Show it as ${type === "image" ? "an image" : "a segmentation"}</button>` : nothing}
            <button class="button ${type ? "" : "primary"}" data-testid="unopened-open" @click=${() => runAction("dataset.open")}>Open another</button>
            ${type ? nothing : html`<button class="button" data-testid="unopened-retry" @click=${() => session.viewer?.layers.retry()}>${icon("refresh")}Try again</button>`}
          </div>
        </section>
      </div>
    `;
  }

  #openAs(id: string, type: LayerSpec["type"]): void {
    session.addAs(id, type).then(
      () => session.fit(),
      () => undefined, // The layer is there and says what happened.
    );
  }

  #failed(): TemplateResult {
    const error = session.failure;
    return html`
      <div class="place">
        <section class="card failed" role="alert" data-testid="failed">
          ${icon("warning")}
          <h1>${error?.code === "unsupported" ? "This browser cannot show volumes" : "The viewer could not start"}</h1>
          <p>${error?.message}</p>
          <p>${error?.remedy ?? (error?.code === "unsupported" ? "Use a current Chrome, Edge, Safari or Firefox with WebGPU, with hardware acceleration turned on." : nothing)}</p>
          <div class="row">
            <button class="button primary" data-testid="failed-reload" @click=${() => location.reload()}>Try again</button>
            <button class="button" data-testid="failed-copy" @click=${() => void copyText(this.#details(), "Details copied")}>${icon("copy")}Copy details</button>
          </div>
        </section>
      </div>
    `;
  }

  #empty(): TemplateResult {
    return html`
      <div class="place">
        <section class="card" data-testid="empty">
          ${icon("box")}
          <h1>Nothing is open</h1>
          <p>neurolume shows volumes of electron microscopy straight from where they are stored: Neuroglancer precomputed and OME-Zarr, over https, gs or s3.</p>
          <div class="row"><button class="button primary" data-testid="empty-open" @click=${() => runAction("dataset.open")}>Open a dataset</button><span class="dim">or press <kbd>Ctrl</kbd><kbd>O</kbd></span></div>
        </section>
      </div>
    `;
  }

  #details(): string {
    const { failure } = session;
    return [failure?.code, failure?.message, failure?.remedy, JSON.stringify(failure?.detail ?? {}), navigator.userAgent].filter(Boolean).join("\n");
  }
}

customElements.define("nl-notice", Notice);
