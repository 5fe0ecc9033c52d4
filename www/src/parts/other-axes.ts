/** Axes beside x, y, z and channel, such as time: one slider each, by index, with what the place is in its unit. */
import { css, html, nothing, type TemplateResult } from "lit";
import type { LayerInfo } from "neurolume";
import { titleOf } from "../actions.js";
import { icon } from "../icons.js";
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
      .row { grid-template-columns: 76px minmax(0, 1fr); }
      .row output { display: none; }
      p { display: flex; align-items: center; gap: 2px; margin: -2px 0 2px; font-size: 12px; color: var(--nl-dim); }
      p span { flex: 1; padding-left: 84px; }
      [data-testid^="axis-back"] svg { transform: scaleX(-1); }
    `,
  ];

  override render(): TemplateResult | typeof nothing {
    const axes = new Map<string, Axis>();
    for (const info of session.infos.values()) {
      for (const axis of info.otherAxes ?? []) if (axis.size > (axes.get(axis.name)?.size ?? 1)) axes.set(axis.name, axis);
    }
    if (axes.size === 0) return nothing;
    return html`<div role="group" aria-label="Other axes">${[...axes.values()].map((axis) => this.#axis(axis))}</div>`;
  }

  #axis(axis: Axis): TemplateResult {
    const { name, size } = axis;
    const all = session.viewState?.otherAxes ?? {};
    const value = Math.min(all[name] ?? 0, size - 1);
    const go = (to: number): void => void session.viewer?.setViewState({ otherAxes: { ...all, [name]: Math.min(size - 1, Math.max(0, to)) } });
    return html`
      ${slider({ label: NAMES[name] ?? name, testid: `axis-${name}`, min: 0, max: size - 1, step: 1, value, text: told(axis, value), reset: 0, onInput: go })}
      <p><span class="truncate" data-testid="axis-value-${name}">${told(axis, value)}</span>
        <button class="icon small" data-testid="axis-back-${name}" aria-label="Back along ${name}" title=${titleOf("Back", "move.previous")} ?disabled=${value === 0} @click=${() => go(value - 1)}>${icon("chevronRight")}</button>
        <button class="icon small" data-testid="axis-on-${name}" aria-label="On along ${name}" title=${titleOf("On", "move.next")} ?disabled=${value === size - 1} @click=${() => go(value + 1)}>${icon("chevronRight")}</button></p>
    `;
  }
}

type Axis = NonNullable<LayerInfo["otherAxes"]>[number];

/** What one-letter axes are called. */
const NAMES: Record<string, string> = { t: "time" };
const UNITS: Record<string, string> = { second: "s", millisecond: "ms", microsecond: "µs", nanosecond: "ns", minute: "min", hour: "h", day: "d", degree: "°" };
const figure = new Intl.NumberFormat("en", { maximumSignificantDigits: 6 });

/** The place along an axis: from 0, of how many, and what that is in its unit. */
function told({ size, unit, spacing, labels }: Axis, value: number): string {
  const label = labels?.[value];
  const length = spacing === undefined ? undefined : `${figure.format(value * spacing)}${unit ? ` ${UNITS[unit] ?? unit}` : ""}`;
  return [`${value} of 0–${size - 1}`, label, length].filter((part) => part !== undefined).join(" · ");
}

customElements.define("nl-other-axes", OtherAxes);
