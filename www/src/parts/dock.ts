/** The layers, topmost first: dragged by their handles, or moved with Alt and the arrow keys. */
import { css, html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { LayerSpec } from "neurolume";
import { runAction } from "../actions.js";
import { icon } from "../icons.js";
import { Part } from "../part.js";
import { session, type Topic } from "../session.js";
import { base } from "../styles.js";
import "./layer-card.js";
import "./other-axes.js";

class Dock extends Part {
  protected static override topics: Topic[] = ["layers", "phase"];
  static override properties = { dragged: { state: true }, target: { state: true } };
  declare dragged: string | undefined;
  /** Where the dragged layer would go, counted from the top. */
  declare target: number | undefined;

  static override styles = [
    base,
    css`
      :host { display: flex; flex-direction: column; background: var(--nl-surface); overflow: hidden; }
      .head { display: flex; align-items: center; height: 36px; padding: 0 6px 0 12px; flex: none; border-bottom: 1px solid var(--nl-line); }
      h2 { font-size: 13px; font-weight: 600; margin: 0; flex: 1; }
      .list { overflow-y: auto; overflow-x: hidden; flex: 1; scrollbar-width: thin; scrollbar-color: var(--nl-line-strong) transparent; scrollbar-gutter: stable; }
      nl-layer + nl-layer, nl-layer + .line + nl-layer { border-top: 1px solid var(--nl-line); }
      nl-layer[data-dragged] { opacity: 0.5; }
      .line { height: 2px; margin: -1px 0; background: var(--nl-accent); position: relative; z-index: 1; }
      p { color: var(--nl-dim); padding: 12px; margin: 0; font-size: 12px; line-height: 18px; }
      @media (max-width: 640px) { .head { height: 44px; } }
    `,
  ];

  override render(): TemplateResult {
    const list = this.#topFirst();
    return html`
      <div class="head"><h2>Layers</h2><button class="icon" data-testid="layer-add" aria-label="Add a layer" title="Add a layer" @click=${() => runAction("dataset.open")}>${icon("plus")}</button></div>
      <div class="list" role="list" aria-label="Layers, topmost first" data-testid="layers" @nl-grab=${this.#grab} @nl-nudge=${this.#nudge}>
        ${repeat(
          list,
          (spec) => spec.id,
          (spec, i) => html`${this.target === i ? html`<div class="line"></div>` : nothing}<nl-layer role="listitem" .spec=${spec} ?data-dragged=${spec.id === this.dragged}></nl-layer>`,
        )}
        ${this.target === list.length ? html`<div class="line"></div>` : nothing}
        ${list.length === 0 && session.phase === "ready" ? html`<p>Layers are shown here once a dataset is open.</p>` : nothing}
      </div>
      <nl-other-axes></nl-other-axes>
    `;
  }

  #topFirst(): LayerSpec[] {
    return session.layers.toReversed();
  }

  #grab = (event: Event): void => {
    const { id, pointer } = (event as CustomEvent<{ id: string; pointer: PointerEvent }>).detail;
    const handle = pointer.target as HTMLElement;
    handle.setPointerCapture(pointer.pointerId);
    const end = new AbortController();
    const { signal } = end;
    handle.addEventListener(
      "pointermove",
      ({ clientY }) => {
        this.dragged = id;
        const cards = [...this.renderRoot.querySelectorAll("nl-layer")];
        const below = cards.findIndex((card) => {
          const box = card.getBoundingClientRect();
          return clientY < box.top + box.height / 2;
        });
        this.target = below < 0 ? cards.length : below;
      },
      { signal },
    );
    const stop = (): void => {
      end.abort();
      this.dragged = undefined;
      this.target = undefined;
    };
    handle.addEventListener("pointercancel", stop, { signal });
    handle.addEventListener(
      "pointerup",
      () => {
        if (this.target !== undefined) this.#place(id, this.target);
        stop();
      },
      { signal },
    );
  };

  #nudge = (event: Event): void => {
    const { id, by } = (event as CustomEvent<{ id: string; by: number }>).detail;
    const at = this.#topFirst().findIndex((l) => l.id === id);
    this.#place(id, by < 0 ? at - 1 : at + 2);
  };

  /** Puts a layer above the one that is now at `target`, counted from the top. */
  #place(id: string, target: number): void {
    const list = this.#topFirst();
    const at = list.findIndex((l) => l.id === id);
    if (target < 0 || target > list.length || target === at || target === at + 1) return;
    // In drawing order, "above the one at target" is "below the one before it".
    session.viewer?.layers.move(id, list[target - 1]?.id ?? null);
  }
}

customElements.define("nl-dock", Dock);
