/** A labelled slider with its value, as one row. */
import { html, type TemplateResult } from "lit";

export interface SliderOptions {
  label: string;
  testid: string;
  min: number;
  max: number;
  step: number;
  value: number;
  text: string;
  /** Double click puts it back to this. */
  reset: number;
  onInput: (value: number) => void;
}

export function slider({ label, testid, min, max, step, value, text, reset, onInput }: SliderOptions): TemplateResult {
  const fill = `--fill:${(100 * (value - min)) / (max - min)}%`;
  return html`
    <label class="row">
      <span class="label">${label}</span>
      <input type="range" data-testid=${testid} min=${min} max=${max} step=${step} .value=${String(value)} style=${fill} aria-valuetext=${text}
        @input=${(e: Event) => onInput((e.target as HTMLInputElement).valueAsNumber)} @dblclick=${() => onInput(reset)} />
      <output>${text}</output>
    </label>
  `;
}
