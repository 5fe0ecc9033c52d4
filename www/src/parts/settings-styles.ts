/** Fields of the dataset's settings. */
import { css } from "lit";

export const settingsStyles = css`
  section { padding: 12px 20px; }
  section + section { border-top: 1px solid var(--nl-line); }
  h2 { display: flex; align-items: center; gap: 8px; font-size: 13px; line-height: 20px; font-weight: 600; margin: 0 0 4px; }
  h2 svg { color: var(--nl-dim); }
  h2 small { font-weight: 400; font-size: 12px; color: var(--nl-faint); margin-left: auto; }
  .field { display: grid; grid-template-columns: 96px minmax(0, 1fr); align-items: center; gap: 12px; min-height: 34px; }
  .field.top { align-items: start; padding: 3px 0; }
  .field > :first-child { color: var(--nl-dim); }
  .field.top > :first-child { padding-top: 4px; }
  .field input, .field select, textarea { width: 100%; }
  .field > select { width: 200px; }
  .numbers { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)) 72px; gap: 8px; }
  .matrix { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 4px 8px; margin-bottom: 4px; }
  .said { color: var(--nl-faint); font-size: 12px; line-height: 18px; overflow-wrap: anywhere; }
  input[type="number"] { appearance: textfield; -moz-appearance: textfield; }
  input::-webkit-inner-spin-button { display: none; }
  textarea { resize: vertical; padding: 4px 8px; background: var(--nl-field); border: 1px solid var(--nl-line); border-radius: var(--nl-radius); line-height: 19px; display: block; outline-offset: -1px; }
  textarea::placeholder { color: var(--nl-faint); }
  textarea:hover { border-color: var(--nl-line-strong); }
  .link { color: var(--nl-accent); font-size: 12px; line-height: 20px; margin-left: 2px; }
  .link:hover { text-decoration: underline; }
  .markdown { padding: 4px 8px; border: 1px solid var(--nl-line); border-radius: var(--nl-radius); min-height: 40px; max-height: 240px; overflow-y: auto; overflow-wrap: anywhere; }
  .markdown > :first-child { margin-top: 0; }
  .markdown > :last-child { margin-bottom: 0; }
  .markdown p, .markdown ul, .markdown ol, .markdown blockquote, .markdown pre { margin: 6px 0; }
  .markdown ul, .markdown ol { padding-left: 20px; }
  .markdown h2 { display: block; margin: 8px 0 4px; }
  .markdown blockquote { padding-left: 10px; border-left: 2px solid var(--nl-line-strong); color: var(--nl-dim); }
  .markdown code, .markdown pre { font: 12px/18px var(--nl-mono); background: var(--nl-field); border-radius: 3px; padding: 0 3px; }
  .markdown pre { padding: 6px 8px; overflow-x: auto; }
  .markdown a { color: var(--nl-accent); }
  @media (max-width: 640px) { .field { grid-template-columns: 84px minmax(0, 1fr); gap: 8px; } section { padding: 12px; } }
`;
