/** Rows of the layer panel. */
import { css } from "lit";

export const rows = css`
  .row { display: grid; grid-template-columns: 76px minmax(0, 1fr) 40px; align-items: center; gap: 8px; min-height: 28px; font-size: 12px; }
  .row .label { color: var(--nl-dim); }
  .row output { text-align: right; color: var(--nl-dim); }
  .row.wide { grid-template-columns: 76px minmax(0, 1fr); }
  .checks { display: flex; gap: 16px; min-height: 28px; align-items: center; font-size: 12px; }
  .checks label { display: inline-flex; gap: 6px; align-items: center; cursor: pointer; }
  .more { display: flex; align-items: center; gap: 4px; font-size: 12px; color: var(--nl-dim); height: 28px; margin-left: -4px; padding: 0 6px 0 2px; }
  .more:hover { color: var(--nl-text); }
  .more svg { width: 14px; height: 14px; transition: transform 120ms; }
  .more[aria-expanded="true"] svg { transform: rotate(90deg); }
  select { height: 24px; font-size: 12px; padding: 0 4px; width: 100%; }
  input[type="color"] { width: 40px; height: 22px; padding: 0; border: 1px solid var(--nl-line-strong); border-radius: 3px; background: none; cursor: pointer; }
  input[type="color"]::-webkit-color-swatch-wrapper { padding: 2px; }
  input[type="color"]::-webkit-color-swatch { border: 0; border-radius: 2px; }
`;
