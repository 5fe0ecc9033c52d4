/** All keys and gestures, made from the list of actions; keys are changed here. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { ActionInfo } from "neurolume";
import { allActions, isGesture } from "../actions.js";
import { combinationOf, keyCaps } from "../format.js";
import { icon } from "../icons.js";
import { loadKeys, remap, isRemapped } from "../keys.js";
import { session } from "../session.js";
import { base, dialog } from "../styles.js";

/** More keys than this are shown as the first and the last. */
const MOST_KEYS = 3;

const TOUCH = "Touch";
const byTouch = matchMedia("(pointer: coarse)");

/** Whether a gesture is done with the fingers. */
function isTouch(key: string): boolean {
  return /finger|\btap\b|pinch|twist|hold/.test(key);
}

class Help extends LitElement {
  static override properties = { recording: { state: true }, shown: { state: true } };
  /** The action whose next key is awaited. */
  declare recording: string | undefined;
  declare shown: boolean;

  static override styles = [
    base,
    dialog,
    css`
      dialog { width: 920px; max-height: min(720px, calc(100dvh - 48px)); margin: auto; overflow: hidden; }
      dialog[open] { display: flex; flex-direction: column; }
      .head { display: flex; align-items: center; justify-content: space-between; padding: 12px 12px 12px 20px; border-bottom: 1px solid var(--nl-line); flex: none; }
      h1 { font-size: 15px; line-height: 20px; font-weight: 600; margin: 0; }
      .body { overflow-y: auto; padding: 8px 20px 20px; scrollbar-width: thin; scrollbar-color: var(--nl-line-strong) transparent; }
      .body:focus-visible { outline: none; }
      .columns { columns: 2; column-gap: 32px; }
      section { break-inside: avoid; padding-top: 12px; }
      section.long { break-inside: auto; }
      h2 { font-size: 12px; line-height: 20px; font-weight: 600; color: var(--nl-dim); margin: 0 0 2px; }
      .row { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 8px; align-items: center; min-height: 26px; break-inside: avoid; }
      .keys { display: flex; gap: 10px; justify-content: flex-end; padding: 2px 4px; min-width: 34px; }
      .keys span { display: flex; gap: 2px; }
      button.keys:hover { background: var(--nl-hover); }
      .keys.changed kbd { border-color: var(--nl-accent); color: var(--nl-accent); }
      .wait { color: var(--nl-accent); font-size: 12px; }
      .foot { padding-top: 16px; color: var(--nl-faint); font-size: 12px; line-height: 18px; }
      @media (max-width: 720px) { .columns { columns: 1; } }
    `,
  ];

  constructor() {
    super();
    this.shown = false;
    addEventListener("nl-show", (event) => {
      if ((event as CustomEvent<string>).detail === "help") this.#show();
    });
    session.watch("phase", loadKeys);
  }

  override render(): TemplateResult {
    return html`
      <dialog aria-labelledby="help-title" data-testid="help" @close=${this.#onClose} @keydown=${this.#onKey} @click=${(e: MouseEvent) => e.target === this.#dialog && this.#dialog.close()}>
        <div class="head"><h1 id="help-title">Keys and help</h1><button class="icon" aria-label="Close" data-testid="help-close" @click=${() => this.#dialog.close()}>${icon("x")}</button></div>
        <div class="body" tabindex="-1" autofocus>${this.shown ? this.#body() : nothing}</div>
      </dialog>
    `;
  }

  #body(): TemplateResult {
    const groups = new Map<string, ActionInfo[]>();
    // Who has no keys at hand wants to know of gestures first.
    if (byTouch.matches) groups.set(TOUCH, allActions().filter((a) => a.keys.some(isTouch)).map((a) => ({ ...a, keys: a.keys.filter(isTouch) })));
    const told = new Set(groups.get(TOUCH)?.map((a) => a.id));
    for (const action of allActions()) if (!told.has(action.id)) groups.set(action.group, [...(groups.get(action.group) ?? []), action]);
    return html`
      <div class="columns">
        ${[...groups].map(([group, actions]) => html`<section class=${actions.length > 8 ? "long" : ""}><h2>${group}</h2>${actions.map((a) => this.#row(a))}</section>`)}
      </div>
      <div class="foot">Click a key to change it: press the new one, <kbd>⌫</kbd> for none, or <kbd>Esc</kbd> to leave it. Double-click puts the default back.</div>
    `;
  }

  #row(action: ActionInfo): TemplateResult {
    if (isGesture(action)) return html`<div class="row"><span>${action.label}</span><span class="keys" data-testid="keys-${action.id}">${action.keys.map((k) => caps(k))}</span></div>`;
    const keys = this.recording === action.id ? html`<span class="wait">press a key…</span>` : action.keys.length === 0 ? html`<span class="faint">–</span>` : shown(action.keys);
    return html`<div class="row"><span>${action.label}</span><button class="keys ${isRemapped(action.id) ? "changed" : ""}" data-testid="keys-${action.id}" title="Change the key" @click=${() => (this.recording = action.id)} @dblclick=${() => this.#set(action.id, null)}><span class="unseen">${action.label}: </span>${keys}</button></div>`;
  }

  get #dialog(): HTMLDialogElement {
    return this.renderRoot.querySelector("dialog") as HTMLDialogElement;
  }

  #show(): void {
    this.shown = true;
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  #set(id: string, keys: string[] | null): void {
    remap(id, keys);
    this.recording = undefined;
    this.requestUpdate();
  }

  #onKey = (event: KeyboardEvent): void => {
    if (this.recording === undefined) {
      if (event.key === "h" && !event.ctrlKey) this.#dialog.close();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const combination = combinationOf(event);
    if (combination === undefined) return;
    if (combination === "escape") this.recording = undefined;
    else this.#set(this.recording, combination === "backspace" ? [] : [combination]);
  };

  #onClose = (): void => {
    this.recording = undefined;
    this.shown = false;
  };
}

function shown(keys: string[]): TemplateResult {
  const first = keys[0] ?? "";
  const last = keys.at(-1) ?? "";
  return keys.length > MOST_KEYS ? html`${caps(first)}–${caps(last)}` : html`${keys.map((k) => caps(k))}`;
}

/** "ctrl+wheel" as caps; a gesture in several words, like "drag 2 fingers", as words. */
function caps(key: string): TemplateResult {
  return html`<span>${keyCaps(key).map((cap) => html`<kbd>${cap}</kbd>`)}</span>`;
}

customElements.define("nl-help", Help);
