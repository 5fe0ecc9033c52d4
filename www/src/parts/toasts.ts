/** Short messages that have no place of their own. They go by themselves. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { session } from "../session.js";
import { base } from "../styles.js";

const SHOWN_MILLIS = 5000;

class Toasts extends LitElement {
  static override properties = { list: { state: true } };
  declare list: string[];

  static override styles = [
    base,
    css`
      :host { position: fixed; left: 50%; bottom: 40px; transform: translateX(-50%); display: grid; gap: 8px; z-index: 20; pointer-events: none; width: max-content; max-width: min(520px, calc(100vw - 24px)); justify-items: center; }
      div { background: var(--nl-raised); border: 1px solid var(--nl-line-strong); border-radius: 6px; padding: 7px 12px; box-shadow: var(--nl-overlay-shadow); }
    `,
  ];

  constructor() {
    super();
    this.list = [];
    session.addEventListener("toast", (event) => {
      const text = (event as CustomEvent<string>).detail;
      if (this.list.includes(text)) return;
      this.list = [...this.list, text];
      setTimeout(() => (this.list = this.list.filter((t) => t !== text)), SHOWN_MILLIS);
    });
  }

  override render(): TemplateResult {
    return html`<section role="status" aria-live="polite" data-testid="toasts">${this.list.map((text) => html`<div>${text}</div>`)}</section>`;
  }
}

customElements.define("nl-toasts", Toasts);
