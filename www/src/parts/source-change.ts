/** What has become of the sources of a dataset from the library: shown before it is taken. */
import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { LayerSpec, Vec3 } from "neurolume";
import { patched, type Change } from "../changes.js";
import { library } from "../library.js";
import { Part } from "../part.js";
import { session, VOXEL_SIZE, type Topic } from "../session.js";
import { base, dialog } from "../styles.js";

class SourceChange extends Part {
  protected static override topics: Topic[] = ["source"];

  static override styles = [
    base,
    dialog,
    css`
      dialog { width: 640px; margin: auto; padding: 20px; }
      h1 { font-size: 15px; line-height: 20px; font-weight: 600; margin: 0 0 4px; }
      p { margin: 0 0 12px; color: var(--nl-dim); }
      .table { max-height: 50vh; overflow-y: auto; margin-bottom: 16px; }
      table { width: 100%; border-collapse: collapse; font-size: 12px; line-height: 18px; }
      th { text-align: left; font-weight: 500; color: var(--nl-dim); }
      th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--nl-line); vertical-align: top; overflow-wrap: anywhere; }
      td:nth-child(2) { color: var(--nl-dim); }
      .row { display: flex; justify-content: flex-end; gap: 8px; }
    `,
  ];

  override render(): TemplateResult {
    const change = session.sourceChange;
    return html`
      <dialog aria-labelledby="change-title" data-testid="source-change" @close=${this.#onClose}>
        ${change
          ? html`
              <h1 id="change-title">${change.entry.name} has changed</h1>
              <p>Its sources say other things than when it was kept.</p>
              <div class="table"><table>
                <thead><tr><th>What</th><th>Was</th><th>Is</th></tr></thead>
                <tbody>${change.list.map((one) => html`<tr><td>${titleOf(one)}</td><td>${told(one.was)}</td><td>${told(one.is)}</td></tr>`)}</tbody>
              </table></div>
              <div class="row"><button class="button" data-testid="source-change-keep" @click=${() => void this.#keep()}>Keep what was</button><button class="button primary" data-testid="source-change-take" @click=${() => void this.#take()}>Take the changes</button></div>
            `
          : nothing}
      </dialog>
    `;
  }

  override updated(_changed: PropertyValues): void {
    if (session.sourceChange && !this.#dialog.open) this.#dialog.showModal();
  }

  get #dialog(): HTMLDialogElement {
    return this.renderRoot.querySelector("dialog") as HTMLDialogElement;
  }

  async #take(): Promise<void> {
    const { viewer, sourceChange: change } = session;
    if (!viewer || !change) return;
    const described = change.list.filter(({ path }) => path[0] === "description").map((one) => ({ ...one, path: one.path.slice(1) }));
    try {
      if (described.length > 0) viewer.layers.applyDatasource(patched(viewer.layers.datasource(), described) as object);
      await this.#settle();
    } catch (e) {
      session.toast(e instanceof Error ? e.message : String(e));
    }
  }

  /** Of layers only the size of a voxel can be kept: the rest is as it is. */
  async #keep(): Promise<void> {
    const { viewer, sourceChange: change } = session;
    if (!viewer || !change) return;
    const sizes = new Map(change.list.filter(({ path, was }) => path[0] === "layers" && path[2] === VOXEL_SIZE && Array.isArray(was)).map(({ path, was }) => [path[1], was as unknown as Vec3]));
    const state = viewer.getState();
    const layers = state.layers.map((layer) => {
      const voxelSizeNm = sizes.get(layer.id);
      const source = layer["source"] as LayerSpec["source"];
      return voxelSizeNm ? { ...layer, source: { ...(typeof source === "string" ? { url: source } : source), voxelSizeNm } } : layer;
    });
    if (sizes.size > 0) await viewer.setState({ ...state, layers });
    await this.#settle();
  }

  /** What is there now is not asked for again. */
  async #settle(): Promise<void> {
    const change = session.sourceChange;
    if (!change || !session.viewer) return;
    this.#dialog.close();
    // As the sources are read now: with a size of one's own, that.
    const entry = await session.asEntry(change.entry);
    await library.put(entry).catch((e: unknown) => session.toast(e instanceof Error ? e.message : String(e)));
    session.nameAgain();
  }

  /** Closed without a choice, it is asked again the next time. */
  #onClose = (): void => {
    session.sourceChange = undefined;
    this.requestUpdate();
  };
}

const titleOf = ({ path }: Change): string => path.slice(1).join(" · ");

function told(value: unknown): string {
  if (value === undefined) return "–";
  const text = typeof value === "string" ? value : Array.isArray(value) && value.every((one) => typeof one === "number") ? value.join(" × ") : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

customElements.define("nl-source-change", SourceChange);
