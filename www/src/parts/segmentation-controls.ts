/** How a segmentation is drawn, and which of its segments are selected. */
import { html, LitElement, type TemplateResult } from "lit";
import type { SegmentationLayerSpec } from "neurolume";
import { session } from "../session.js";
import { base } from "../styles.js";
import { rows } from "./layer-styles.js";
import "./segment-list.js";
import { slider } from "./slider.js";

class SegmentationControls extends LitElement {
  static override properties = { spec: { attribute: false } };
  declare spec: SegmentationLayerSpec;
  static override styles = [base, rows];

  override render(): TemplateResult {
    const { spec } = this;
    const opacity = spec.opacity ?? 0.5;
    return html`
      ${slider({ label: "Opacity", testid: `opacity-${spec.id}`, min: 0, max: 1, step: 0.01, value: opacity, text: `${Math.round(opacity * 100)} %`, reset: 0.5, onInput: (v) => this.#set({ opacity: v }) })}
      <div class="checks">${this.#check("Outline", "outline", spec.outline ?? true)} ${this.#check("Only selected", "hideUnselected", spec.hideUnselected ?? false)}</div>
      <nl-segment-list .spec=${spec}></nl-segment-list>
    `;
  }

  #check(label: string, key: "outline" | "hideUnselected", on: boolean): TemplateResult {
    return html`<label><input type="checkbox" data-testid="${key}-${this.spec.id}" .checked=${on} @change=${(e: Event) => this.#set({ [key]: (e.target as HTMLInputElement).checked })} />${label}</label>`;
  }

  #set(patch: Partial<Omit<SegmentationLayerSpec, "id" | "type" | "source">>): void {
    session.viewer?.layers.update(this.spec.id, patch);
  }
}

customElements.define("nl-segmentation-controls", SegmentationControls);
