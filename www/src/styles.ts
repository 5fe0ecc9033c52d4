/** Styles that the parts share. */
import { css } from "lit";

export const base = css`
  :host { box-sizing: border-box; font: 13px/20px var(--nl-font); color: var(--nl-text); font-variant-numeric: tabular-nums; }
  *, *::before, *::after { box-sizing: border-box; }
  [hidden] { display: none !important; }
  button, input, select, textarea { font: inherit; color: inherit; font-variant-numeric: inherit; }
  button { border: 0; background: none; padding: 0; margin: 0; cursor: pointer; border-radius: var(--nl-radius); }
  button:disabled { opacity: 0.45; cursor: default; }
  svg { display: block; width: 16px; height: 16px; flex: none; }
  :focus-visible { outline: 2px solid var(--nl-accent); outline-offset: -1px; }
  .icon { width: 28px; height: 28px; display: inline-grid; place-items: center; color: var(--nl-dim); flex: none; }
  .icon.small { width: 24px; height: 24px; }
  .icon:hover:not(:disabled) { background: var(--nl-hover); color: var(--nl-text); }
  .icon[aria-pressed="true"] { color: var(--nl-accent); }
  .button { height: 28px; padding: 0 10px; background: var(--nl-raised); border: 1px solid var(--nl-line); display: inline-flex; align-items: center; gap: 6px; white-space: nowrap; }
  .button:hover:not(:disabled) { background: var(--nl-hover); border-color: var(--nl-line-strong); }
  .button.small { height: 24px; padding: 0 8px; font-size: 12px; }
  .button.small svg { width: 13px; height: 13px; }
  .button.primary { background: var(--nl-accent); border-color: var(--nl-accent); color: var(--nl-on-accent); font-weight: 600; }
  .button.primary:hover:not(:disabled) { background: var(--nl-accent); filter: brightness(1.08); }
  .button[aria-pressed="true"] { background: var(--nl-accent-soft); border-color: var(--nl-accent); color: var(--nl-accent); }
  input[type="text"], input[type="search"], input[type="url"], input[type="number"], select {
    height: 28px; padding: 0 8px; background: var(--nl-field); border: 1px solid var(--nl-line); border-radius: var(--nl-radius); min-width: 0; outline-offset: -1px;
  }
  input:hover, select:hover { border-color: var(--nl-line-strong); }
  input::placeholder { color: var(--nl-faint); opacity: 1; }
  input[aria-invalid="true"] { border-color: var(--nl-error); }
  input[type="range"] { appearance: none; -webkit-appearance: none; height: 20px; margin: 0; background: none; min-width: 0; cursor: pointer; --fill: 50%; }
  input[type="range"]::-webkit-slider-runnable-track { height: 4px; border-radius: 2px; background: linear-gradient(to right, var(--nl-dim) var(--fill), var(--nl-line-strong) var(--fill)); }
  input[type="range"]::-moz-range-track { height: 4px; border-radius: 2px; background: linear-gradient(to right, var(--nl-dim) var(--fill), var(--nl-line-strong) var(--fill)); }
  input[type="range"]::-webkit-slider-thumb { -webkit-appearance: none; width: 12px; height: 12px; margin-top: -4px; border-radius: 50%; background: var(--nl-text); border: 0; }
  input[type="range"]::-moz-range-thumb { width: 12px; height: 12px; border-radius: 50%; background: var(--nl-text); border: 0; }
  input[type="checkbox"] { accent-color: var(--nl-accent); margin: 0; width: 14px; height: 14px; }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  kbd { font: inherit; font-size: 11px; line-height: 16px; padding: 0 5px; min-width: 18px; text-align: center; border: 1px solid var(--nl-line-strong); border-radius: 3px; background: var(--nl-raised); color: var(--nl-dim); display: inline-block; white-space: nowrap; }
  .dim { color: var(--nl-dim); }
  .faint { color: var(--nl-faint); }
  .truncate { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; }
  .visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  @media (prefers-reduced-motion: reduce) { *, *::before, *::after { animation: none !important; transition: none !important; } }
`;

/** A box above the work, with the rest dimmed. */
export const dialog = css`
  dialog { border: 1px solid var(--nl-line-strong); border-radius: 8px; background: var(--nl-surface); color: inherit; padding: 0; box-shadow: var(--nl-overlay-shadow); max-width: calc(100vw - 24px); }
  dialog::backdrop { background: var(--nl-scrim); }
  dialog:focus-visible { outline: none; }
`;
