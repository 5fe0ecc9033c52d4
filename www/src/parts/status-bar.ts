/** The line below: what is under the pointer, how large a pixel is, what is on its way, and memory. */
import { css, html, nothing, type TemplateResult } from "lit";
import { bytes, integer, position, scale, value } from "../format.js";
import { icon } from "../icons.js";
import { Part } from "../part.js";
import { session, type Topic } from "../session.js";
import { base } from "../styles.js";

class StatusBar extends Part {
  protected static override topics: Topic[] = ["hover", "view", "info", "layers"];

  static override styles = [
    base,
    css`
      :host { display: grid; grid: "place voxel values failed loading memory scale" 24px / auto auto minmax(0, 1fr) auto auto auto auto; align-items: center; gap: 0 16px; padding: 0 10px; background: var(--nl-bar); font-size: 12px; line-height: 16px; color: var(--nl-dim); overflow: hidden; white-space: nowrap; }
      .values { grid-area: values; display: flex; gap: 16px; min-width: 0; overflow: hidden; }
      /* Where it is narrow the names give way, not the values. */
      .value { display: flex; align-items: center; gap: 4px; min-width: 0; }
      .value b, .value .dot { flex: none; }
      .place { grid-area: place; min-width: 168px; }
      .voxel { grid-area: voxel; min-width: 108px; }
      b { font-weight: 500; color: var(--nl-text); user-select: text; }
      .dot { width: 8px; height: 8px; border-radius: 50%; }
      .failed { grid-area: failed; color: var(--nl-error); display: inline-flex; gap: 4px; align-items: center; }
      .failed svg { width: 12px; height: 12px; }
      .loading { grid-area: loading; min-width: 76px; text-align: right; }
      .memory { grid-area: memory; }
      .scale { grid-area: scale; }
      @media (max-width: 1000px) { .memory { display: none; } }
      @media (max-width: 760px) {
        :host { grid: "place voxel . scale" 22px "values values failed loading" 22px / auto auto minmax(0, 1fr) auto; padding-bottom: 2px; gap: 0 12px; }
        .failed { justify-self: end; }
        .place, .voxel, .loading { min-width: 0; }
      }
    `,
  ];

  override render(): TemplateResult {
    const { hover, viewState, stats, usage, budget } = session;
    const voxel = hover?.values[0]?.voxel;
    const waiting = [...session.infos.values()].reduce((n, { chunks: c }) => n + Math.max(0, c.visible - c.loaded - c.absent - c.failed), 0);
    const failed = [...session.infos.values()].reduce((n, i) => n + i.chunks.failed + (i.state === "error" ? 1 : 0), 0);
    const states = [...session.infos.values()].map((i) => i.state);
    const opening = states.includes("loading");
    // A layer that was opened just now is not yet looked for in the view.
    const seen = [...session.infos.values()].some((i) => i.chunks.visible > 0);
    return html`
      <span class="place" data-testid="cursor-position" title="Position under the pointer">${hover ? html`<b>${position(hover.position)} nm</b>` : "–"}</span>
      <span class="voxel" data-testid="cursor-voxel" title="Voxel under the pointer">${voxel ? html`voxel <b>${position(voxel)}</b>` : nothing}</span>
      <span class="values" data-testid="cursor-values">
        ${hover?.values.toReversed().map(({ layerId, value: v, segmentId }) => {
          const shown = segmentId ?? v;
          return html`<span class="value" title=${layerId}><span class="truncate">${layerId}</span> ${segmentId ? html`<i class="dot" style="background:${this.#color(layerId, segmentId)}"></i>` : nothing}<b>${shown === undefined ? "–" : value(shown)}</b></span>`;
        })}
      </span>
      ${failed > 0 ? html`<button class="failed" data-testid="failed-count" title="The layer says which and why" @click=${() => dispatchEvent(new CustomEvent("nl-toggle-dock", { detail: true }))}>${icon("warning")}${failed} failed</button>` : nothing}
      <span class="loading" role="status" data-testid="loading-count" title=${stats ? `${stats.inFlight} requests under way` : ""}>${waiting > 0 ? `${integer(waiting)} loading` : opening ? "opening…" : seen ? "all loaded" : ""}</span>
      <span class="memory" data-testid="memory" title="Video memory in use, of the budget">${usage ? html`${bytes(usage.gpuBytes)} of ${bytes(budget)}` : nothing}</span>
      <span class="scale" data-testid="scale" title="Size of a pixel of the slices">${viewState && session.layers.length > 0 ? html`<b>${scale(viewState.crossSectionScale)}</b> nm/px` : nothing}</span>
    `;
  }

  #color(layerId: string, segment: bigint): string {
    try {
      return session.viewer?.layers.segmentColor(layerId, segment) ?? "transparent";
    } catch {
      // The layer may have gone since the pointer moved.
      return "transparent";
    }
  }
}

customElements.define("nl-status-bar", StatusBar);
