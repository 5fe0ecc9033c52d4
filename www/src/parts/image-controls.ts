/** How an image layer is drawn. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { ImageLayerSpec, LayerInfo } from "neurolume";
import { icon } from "../icons.js";
import { session } from "../session.js";
import { base } from "../styles.js";
import "./histogram.js";
import { rows } from "./layer-styles.js";
import { slider } from "./slider.js";

class ImageControls extends LitElement {
  static override properties = { spec: { attribute: false }, info: { attribute: false }, more: { state: true } };
  declare spec: ImageLayerSpec;
  declare info: LayerInfo | undefined;
  declare more: boolean;
  static override styles = [
    base,
    rows,
    css`
      .meant { display: flex; align-items: center; gap: 6px; font-size: 12px; color: var(--nl-dim); justify-self: start; height: 24px; }
      .meant:hover { color: var(--nl-text); }
      .meant i { width: 12px; height: 12px; border-radius: 50%; border: 1px solid var(--nl-line-strong); }
    `,
  ];

  constructor() {
    super();
    this.more = false;
  }

  override render(): TemplateResult {
    const { spec } = this;
    const opacity = spec.opacity ?? 1;
    return html`
      <nl-histogram .spec=${spec} .info=${this.info}></nl-histogram>
      ${slider({ label: "Opacity", testid: `opacity-${spec.id}`, min: 0, max: 1, step: 0.01, value: opacity, text: `${Math.round(opacity * 100)} %`, reset: 1, onInput: (v) => this.#set({ opacity: v }) })}
      <button class="more" data-testid="more-${spec.id}" aria-expanded=${this.more} @click=${() => (this.more = !this.more)}>${icon("chevronRight")}More</button>
      ${this.more ? this.#rest() : nothing}
    `;
  }

  #rest(): TemplateResult {
    const { spec } = this;
    const gamma = spec.gamma ?? 1;
    const channels = this.info?.channels ?? 1;
    const meant = this.info?.channelNotes?.[spec.channel ?? 0]?.color;
    return html`
      ${slider({ label: "Gamma", testid: `gamma-${spec.id}`, min: -1, max: 1, step: 0.02, value: Math.log2(gamma) / 2, text: gamma.toFixed(2), reset: 0, onInput: (v) => this.#set({ gamma: Number((2 ** (2 * v)).toFixed(3)) }) })}
      <label class="row wide"><span class="label">Colour</span><input type="color" data-testid="color-${spec.id}" .value=${spec.color ?? "#ffffff"} @input=${(e: Event) => this.#set({ color: (e.target as HTMLInputElement).value })} /></label>
      <label class="row wide"><span class="label">Blending</span><select data-testid="blend-${spec.id}" @change=${(e: Event) => this.#set({ blend: (e.target as HTMLSelectElement).value as "over" | "additive" })}>
        <option value="over" ?selected=${spec.blend !== "additive"}>over layers below</option><option value="additive" ?selected=${spec.blend === "additive"}>added to them</option></select></label>
      ${meant && meant !== (spec.color ?? "#ffffff")
        ? html`<div class="row wide"><span class="label"></span><button class="meant" data-testid="meant-color-${spec.id}" title="The colour that the metadata give this channel" @click=${() => this.#set({ color: meant })}><i style="background:${meant}"></i>Colour of ${this.info?.channelNotes?.[spec.channel ?? 0]?.name ?? "the channel"}</button></div>`
        : nothing}
      ${channels > 1
        ? html`<label class="row wide"><span class="label">Channel</span><select data-testid="channel-${spec.id}" @change=${(e: Event) => this.#set({ channel: Number((e.target as HTMLSelectElement).value) })}>${Array.from({ length: channels }, (_, i) => html`<option value=${i} ?selected=${(spec.channel ?? 0) === i}>${this.info?.channelNotes?.[i]?.name ? `${i} · ${this.info.channelNotes[i].name}` : i}</option>`)}</select></label>`
        : nothing}
      <div class="checks"><label><input type="checkbox" data-testid="smooth-${spec.id}" .checked=${spec.interpolation !== "nearest"} @change=${(e: Event) => this.#set({ interpolation: (e.target as HTMLInputElement).checked ? "linear" : "nearest" })} />Smooth</label><label><input type="checkbox" data-testid="invert-${spec.id}" .checked=${spec.invert ?? false} @change=${(e: Event) => this.#set({ invert: (e.target as HTMLInputElement).checked })} />Invert</label></div>
    `;
  }

  #set(patch: Partial<Omit<ImageLayerSpec, "id" | "type" | "source">>): void {
    session.viewer?.layers.update(this.spec.id, patch);
  }
}

customElements.define("nl-image-controls", ImageControls);
