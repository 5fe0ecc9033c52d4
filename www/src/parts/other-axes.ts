/** Axes beside x, y, z and channel, such as time: one slider each, by index. */
import { css, html, nothing, type TemplateResult } from "lit";
import { Part } from "../part.js";
import { session, type Topic } from "../session.js";
import { base } from "../styles.js";
import { rows } from "./layer-styles.js";
import { slider } from "./slider.js";

class OtherAxes extends Part {
  protected static override topics: Topic[] = ["info", "layers", "view"];

  static override styles = [
    base,
    rows,
    css`
      :host { display: block; flex: none; }
      div { border-top: 1px solid var(--nl-line); padding: 4px 12px 4px 18px; }
      .row .label { text-transform: capitalize; }
    `,
  ];

  override render(): TemplateResult | typeof nothing {
    const sizes = new Map<string, number>();
    for (const info of session.infos.values()) {
      for (const { name, size } of info.otherAxes ?? []) sizes.set(name, Math.max(size, sizes.get(name) ?? 1));
    }
    const axes = [...sizes].filter(([, size]) => size > 1);
    if (axes.length === 0) return nothing;
    return html`<div>${axes.map(([name, size]) => this.#axis(name, size))}</div>`;
  }

  #axis(name: string, size: number): TemplateResult {
    const all = session.viewState?.otherAxes ?? {};
    const value = all[name] ?? 0;
    return slider({ label: name, testid: `axis-${name}`, min: 0, max: size - 1, step: 1, value, text: String(value), reset: 0, onInput: (v) => void session.viewer?.setViewState({ otherAxes: { ...all, [name]: v } }) });
  }
}

customElements.define("nl-other-axes", OtherAxes);
