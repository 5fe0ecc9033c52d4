/** One layer: its name and switches, how it is getting on, and its controls. */
import { css, html, nothing, type TemplateResult } from "lit";
import type { LayerInfo, LayerSpec } from "neurolume";
import { compact, integer, size } from "../format.js";
import { icon } from "../icons.js";
import { Part } from "../part.js";
import { session, type Topic } from "../session.js";
import { base } from "../styles.js";
import "./image-controls.js";
import "./layer-levels.js";
import "./layer-problem.js";
import "./segmentation-controls.js";

class LayerCard extends Part {
  protected static override topics: Topic[] = ["info"];
  static override properties = { spec: { attribute: false }, open: { state: true } };
  declare spec: LayerSpec;
  declare open: boolean;

  static override styles = [
    base,
    css`
      :host { display: block; padding: 4px 8px 4px 4px; }
      :host(:hover) .grip, .grip:focus-visible { opacity: 1; }
      .head { display: grid; grid-template-columns: 14px 24px minmax(0, 1fr) 24px 24px 24px; align-items: center; height: 28px; }
      .grip { width: 14px; height: 24px; display: grid; place-items: center; color: var(--nl-faint); cursor: grab; opacity: 0; touch-action: none; }
      .grip svg { width: 12px; height: 12px; pointer-events: none; }
      .name { text-align: left; padding: 0 4px; height: 24px; font-weight: 500; }
      .hidden .name { color: var(--nl-faint); }
      .chevron svg { transition: transform 120ms; width: 14px; height: 14px; }
      .chevron[aria-expanded="true"] svg { transform: rotate(90deg); }
      .meta { display: flex; gap: 8px; padding: 0 0 2px 42px; font-size: 11px; line-height: 16px; color: var(--nl-faint); min-height: 18px; }
      .meta span:first-child { flex: 1; }
      .progress { height: 2px; margin: 1px 4px 1px 42px; border-radius: 1px; overflow: hidden; background: transparent; }
      .progress i { display: block; height: 100%; background: var(--nl-dim); transition: width 150ms; }
      .body { padding: 2px 4px 6px 18px; }
      /* The place is kept, so that nothing shifts, but there is nothing to set yet. */
      .waiting { visibility: hidden; }
      @media (hover: none) { .grip { opacity: 1; } .head { height: 36px; } }
    `,
  ];

  constructor() {
    super();
    this.open = true;
  }

  override render(): TemplateResult {
    const { spec } = this;
    const info = session.infos.get(spec.id);
    const visible = spec.visible !== false;
    const hide = visible ? "Hide" : "Show";
    const { done, text } = progress(info);
    const broken = info?.state === "error" || (info?.chunks.failed ?? 0) > 0;
    return html`
      <div class="head ${visible ? "" : "hidden"}" data-testid="layer-${spec.id}">
        <button class="grip" data-testid="layer-grip-${spec.id}" aria-label="Move ${spec.id}: drag, or Alt and arrow keys" title="Drag to reorder (Alt+↑ ↓)" @pointerdown=${this.#grab} @keydown=${this.#onKey}>${icon("grip")}</button>
        <button class="icon small" data-testid="layer-visible-${spec.id}" aria-label="${hide} ${spec.id}" title=${hide} aria-pressed=${visible ? "false" : "true"} @click=${() => session.viewer?.layers.update(spec.id, { visible: !visible })}>${icon(visible ? "eye" : "eyeOff")}</button>
        <button class="name truncate" title=${spec.id} @click=${this.#toggle}>${spec.id}</button>
        <button class="icon small" data-testid="layer-export-${spec.id}" aria-label="Export ${spec.id}" title="Export…" ?disabled=${info?.state !== "ready"} @click=${() => dispatchEvent(new CustomEvent("nl-export", { detail: spec.id }))}>${icon("download")}</button>
        <button class="icon small" data-testid="layer-remove-${spec.id}" aria-label="Remove ${spec.id}" title="Remove" @click=${() => session.viewer?.layers.remove(spec.id)}>${icon("x")}</button>
        <button class="icon small chevron" data-testid="layer-open-${spec.id}" aria-label="Settings of ${spec.id}" aria-expanded=${this.open} @click=${this.#toggle}>${icon("chevronRight")}</button>
      </div>
      <div class="meta"><span class="truncate" title=${info ? details(info) : spec.type}>${info?.levels[0] ? describe(info) : spec.type}</span><span data-testid="layer-chunks-${spec.id}">${text}</span></div>
      <div class="progress">${done < 1 ? html`<i style="width:${100 * done}%"></i>` : nothing}</div>
      ${info?.madeLevels && info.madeLevels.state !== "made" ? html`<nl-layer-levels .spec=${spec} .info=${info}></nl-layer-levels>` : nothing}
      ${broken ? html`<nl-layer-problem .spec=${spec} .info=${info}></nl-layer-problem>` : nothing}
      ${this.open && info?.state !== "error"
        ? html`<div class="body ${info?.state === "ready" ? "" : "waiting"}">${spec.type === "image" ? html`<nl-image-controls .spec=${spec} .info=${info}></nl-image-controls>` : html`<nl-segmentation-controls .spec=${spec}></nl-segmentation-controls>`}</div>`
        : nothing}
    `;
  }

  #toggle = (): void => {
    this.open = !this.open;
  };

  #grab = (pointer: PointerEvent): void => {
    if (pointer.button !== 0) return;
    this.dispatchEvent(new CustomEvent("nl-grab", { bubbles: true, detail: { id: this.spec.id, pointer } }));
  };

  #onKey = (event: KeyboardEvent): void => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    this.dispatchEvent(new CustomEvent("nl-nudge", { bubbles: true, detail: { id: this.spec.id, by: event.key === "ArrowUp" ? -1 : 1 } }));
  };
}

/** The share of visible chunks that has been dealt with, and words for what has not. */
function progress(info: LayerInfo | undefined): { done: number; text: string } {
  if (!info || info.state === "loading") return { done: 0, text: "opening…" };
  const { visible, loaded, absent, failed } = info.chunks;
  const dealt = loaded + absent + failed;
  if (info.state === "error" || visible === 0 || dealt >= visible) return { done: 1, text: "" };
  return { done: dealt / visible, text: `${dealt} of ${visible}` };
}

function describe(info: LayerInfo): string {
  const level = info.levels[0];
  const shape = level && level.box.max.map((v, i) => compact(v - (level.box.min[i] ?? 0))).join(" × ");
  return [info.dataType, shape, level && size(level.voxelSizeNm)].filter(Boolean).join(" · ");
}

/** All that is known of the volume, one line per level. */
function details(info: LayerInfo): string {
  const levels = info.levels.map(({ box, voxelSizeNm, chunkShape, encoding }) => `${box.max.map((v, i) => integer(v - (box.min[i] ?? 0))).join(" × ")} voxels of ${size(voxelSizeNm)}, chunks of ${chunkShape.join(" × ")}, ${encoding}`);
  return [[info.format, info.dataType, (info.channels ?? 1) > 1 ? `${info.channels} channels` : ""].filter(Boolean).join(", "), ...levels].join("\n");
}

customElements.define("nl-layer", LayerCard);
