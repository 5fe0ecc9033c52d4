/** The coarser levels that a layer's volume lacks: how far they are made, and making them. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { LayerInfo, LayerSpec } from "neurolume";
import { bytes } from "../format.js";
import { icon } from "../icons.js";
import { session } from "../session.js";
import { base } from "../styles.js";

const WHY = "The volume has no coarse levels: seen as a whole it is slow. They are made once and kept in the browser's storage.";

class LayerLevels extends LitElement {
  static override properties = { spec: { attribute: false }, info: { attribute: false } };
  declare spec: LayerSpec;
  declare info: LayerInfo;

  static override styles = [
    base,
    css`
      :host { display: block; margin: 0 4px 4px 42px; font-size: 11px; line-height: 16px; color: var(--nl-dim); }
      .row { display: flex; align-items: center; gap: 8px; min-height: 24px; }
      .row > span:first-child { flex: 1; min-width: 0; }
      .bar { height: 2px; border-radius: 1px; overflow: hidden; background: var(--nl-line); }
      .bar i { display: block; height: 100%; background: var(--nl-accent, var(--nl-dim)); transition: width 200ms; }
      p { margin: 0; overflow-wrap: anywhere; }
      svg { width: 12px; height: 12px; }
    `,
  ];

  override render(): TemplateResult | typeof nothing {
    const made = this.info.madeLevels;
    const { id } = this.spec;
    if (!made || made.state === "made") return nothing;
    if (made.state === "making") {
      const percent = Math.floor(made.progress * 100);
      return html`
        <div class="row" data-testid="levels-${id}" title=${WHY}><span>Making levels… ${percent} %</span><button class="button small" data-testid="levels-stop-${id}" aria-label="Stop making levels of ${id}" @click=${() => session.viewer?.layers.stopLevels(id)}>Cancel</button></div>
        <div class="bar" role="progressbar" aria-label="Making levels of ${id}" aria-valuemin="0" aria-valuemax="100" aria-valuenow=${percent}><i style="width:${percent}%"></i></div>
      `;
    }
    const failed = made.state === "failed";
    return html`
      ${failed ? html`<p role="alert" data-testid="levels-problem-${id}">${made.error?.message}. ${made.error?.remedy ?? ""}</p>` : nothing}
      <div class="row" data-testid="levels-${id}"><span class="truncate">${failed ? nothing : html`No coarse levels`}</span><button class="button small" data-testid="levels-make-${id}" aria-label="Make levels of ${id}" title="${WHY} At most ${bytes(made.bytes)}." @click=${this.#make}>${icon("layers")}${failed ? "Try again" : "Make levels"}</button></div>
    `;
  }

  // What fails is told by the layer's state.
  #make = (): void => void session.viewer?.layers.makeLevels(this.spec.id).catch(() => undefined);
}

customElements.define("nl-layer-levels", LayerLevels);
