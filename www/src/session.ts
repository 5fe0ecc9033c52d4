/**
 * What the page knows: one viewer, and the state around it that parts of the page show. Parts listen for topics; nothing
 * here touches the DOM beyond the viewer's container and the address.
 */
import { createViewer, isNeuroglancer, isViewerError, stateFromDatasource, stateFromNeuroglancer, stateFromUrl, ViewerError, type FromDatasource, type LayerInfo, type LayerSpec, type Layout, type PickInfo, type SourceSpec, type Stats, type Usage, type Vec3, type Viewer, type ViewerStateV1, type ViewState } from "neurolume";
import { lastSegment, listDatasets, sourceUrl, type Dataset, type LayerKind } from "./datasets.js";
import type { TypedPosition } from "./format.js";
import { otherType } from "./layer-type.js";

export type Topic = "phase" | "layers" | "info" | "view" | "hover" | "datasets" | "layout" | "action" | "toast";

const POLL_MILLIS = 250;
const ADDRESS_MILLIS = 400;
export const JUMP_MILLIS = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150;
export const narrow = matchMedia("(max-width: 640px)");

export class Session extends EventTarget {
  phase: "starting" | "ready" | "failed" = "starting";
  failure: ViewerError | undefined;
  viewer: Viewer | undefined;
  /** Bottom first. */
  layers: LayerSpec[] = [];
  infos = new Map<string, LayerInfo>();
  stats: Stats | undefined;
  usage: Usage | undefined;
  budget = 0;
  hover: PickInfo | null = null;
  viewState: ViewState | undefined;
  layout: Layout = "4panel";
  datasets: Dataset[] = [];
  /** Whether the lists of datasets have been read. */
  listed = false;
  /** Whether what the page opens by itself has been opened. */
  settled = false;
  #name: string | undefined;
  #seen = "";
  #addressTimer: ReturnType<typeof setTimeout> | undefined;
  #written = location.href;

  /** Calls `fn` after changes of a topic, until the result is called. */
  watch(topic: Topic, fn: () => void): () => void {
    this.addEventListener(topic, fn);
    return () => this.removeEventListener(topic, fn);
  }

  async start(container: HTMLElement): Promise<void> {
    const listing = this.#list();
    try {
      this.viewer = await createViewer({ container, layout: narrow.matches ? "xy" : "4panel" });
    } catch (e) {
      this.phase = "failed";
      this.failure = isViewerError(e) ? e : new ViewerError("internal", String(e));
      this.#tell("phase");
      return;
    }
    this.#listen(this.viewer);
    this.phase = "ready";
    this.#tell("phase");
    const restored = await this.#restore();
    await listing;
    const first = this.datasets[0];
    if (!restored && first && this.layers.length === 0) void this.open(first);
    this.settled = true;
    this.#tell("phase");
  }

  /** What the page calls what is open. */
  get name(): string {
    if (this.layers.length === 0) return "";
    const urls = new Set(this.layers.map(sourceUrl));
    const shown = this.datasets.filter((d) => d.layers.some((l) => urls.has(l.url)));
    const listed = shown.find((d) => d.name === this.#name) ?? shown.find((d) => d.layers.every((l) => urls.has(l.url))) ?? shown[0];
    return listed?.name ?? this.#name ?? lastSegment(sourceUrl(this.layers[0] as LayerSpec));
  }

  /** Puts a dataset in the place of what is open. */
  async open(dataset: Dataset): Promise<void> {
    const viewer = this.viewer;
    if (!viewer) return;
    for (const { id } of viewer.layers.list()) viewer.layers.remove(id);
    this.#name = dataset.name;
    const infos = await Promise.allSettled(dataset.layers.map(({ name, url, type }) => this.#add(url, type, name)));
    if (infos.some((r) => r.status === "fulfilled")) this.fit();
  }

  /** Shows what a link of Neuroglancer's shows, in the place of what is open. */
  async openNeuroglancer(link: string): Promise<void> {
    const { state, leftOut } = stateFromNeuroglancer(link);
    await this.viewer?.setState(state);
    this.#name = undefined;
    if (!state.viewState.position) this.fit();
    if (leftOut.length > 0) this.toast(leftOut.join(" "));
  }

  /** Adds all layers of a dataset as WEBKNOSSOS describes them; false where nothing is described there. */
  async openDatasource(address: string, signal?: AbortSignal): Promise<boolean> {
    const [, folder = address, query = ""] = /^([^?#]*?)\/*(\?[^#]*)?(#.*)?$/.exec(address) ?? [];
    const response = await fetch(`${folder}/datasource-properties.json${query}`, { signal }).catch(() => undefined);
    const json: unknown = response?.ok ? await response.json().catch(() => undefined) : undefined;
    if (json === undefined || signal?.aborted) return false;
    // What was tried before stands there with an error.
    for (const { id, source } of this.viewer?.layers.list() ?? []) if (source === address && this.viewer?.layers.info(id)?.state === "error") this.viewer.layers.remove(id);
    await this.showDatasource(stateFromDatasource(json, folder));
    return true;
  }

  async showDatasource({ name, state, leftOut }: FromDatasource): Promise<void> {
    const { viewer } = this;
    if (!viewer) return;
    if (viewer.layers.list().length === 0) {
      await viewer.setState(state);
      this.#name = name;
      if (!state.viewState.position) this.fit();
    } else {
      // One adds to what is open: what is in view stays there.
      await Promise.allSettled(state.layers.map((layer) => viewer.layers.add({ ...layer, id: this.#freeId(layer.id) } as unknown as LayerSpec)));
    }
    if (leftOut.length > 0) this.toast(leftOut.join(" "));
  }

  /** Adds one layer on top. Rejects with the reason; the layer stays and shows it, unless it was the signal. */
  async add(source: SourceSpec, kind: LayerKind, name = typeof source === "string" ? lastSegment(source) : "layer", signal?: AbortSignal): Promise<LayerInfo> {
    // It is no longer the dataset that was open before.
    if (this.layers.length === 0) this.#name = undefined;
    return this.#add(source, kind, name, signal);
  }

  async #add(source: SourceSpec, kind: LayerKind, name: string, signal?: AbortSignal): Promise<LayerInfo> {
    const viewer = this.viewer as Viewer;
    const id = this.#freeId(name);
    if (kind !== "auto") return viewer.layers.add({ id, type: kind, source }, { signal });
    try {
      const info = await viewer.layers.add({ id, type: "image", source }, { signal });
      return info.kind === "segmentation" ? this.addAs(id, "segmentation", signal) : info;
    } catch (e) {
      const type = isViewerError(e) ? otherType("image", e) : undefined;
      if (!type || !viewer.layers.get(id)) throw e;
      return this.addAs(id, type, signal);
    }
  }

  /** Takes a layer away and puts its source in the same place as another type. */
  addAs(id: string, type: LayerSpec["type"], signal?: AbortSignal): Promise<LayerInfo> {
    const { layers } = this.viewer as Viewer;
    const list = layers.list();
    const at = list.findIndex((l) => l.id === id);
    const source = (list[at] as LayerSpec).source;
    layers.remove(id);
    return layers.add({ id, type, source }, { before: list[at + 1]?.id, signal });
  }

  /** Shows all there is. */
  fit(): void {
    this.viewer?.actions.run("zoom.fit");
  }

  /** The finest voxels one could count in: of the lowest layer that is there. */
  get voxels(): { offset: Vec3; size: Vec3 } | undefined {
    for (const { id } of this.layers) {
      const info = this.infos.get(id);
      const level = info?.levels[0];
      if (info?.state === "ready" && level) return { offset: info.offsetNm, size: level.voxelSizeNm };
    }
    return undefined;
  }

  /** The point that is meant by three numbers. A whole number of voxels names a voxel: its middle is meant. */
  nmOf({ numbers, unit }: Required<TypedPosition>): Vec3 | undefined {
    const voxels = this.voxels;
    if (unit === "nm") return numbers;
    if (!voxels) return undefined;
    const at = (i: 0 | 1 | 2): number => voxels.offset[i] + (Number.isInteger(numbers[i]) ? numbers[i] + 0.5 : numbers[i]) * voxels.size[i];
    return [at(0), at(1), at(2)];
  }

  /** Moves so that a point in nm is in the middle. */
  jump(position: Vec3): void {
    void this.viewer?.setViewState({ position }, { durationMs: JUMP_MILLIS });
  }

  toast(text: string): void {
    this.dispatchEvent(new CustomEvent("toast", { detail: text }));
  }

  /** Hands an action over to the page's own list. */
  run(id: string): void {
    this.dispatchEvent(new CustomEvent("action", { detail: id }));
  }

  #tell(topic: Topic): void {
    this.dispatchEvent(new Event(topic));
  }

  async #list(): Promise<void> {
    this.datasets = await listDatasets();
    this.listed = true;
    this.#tell("datasets");
  }

  /** Whether the address held a view. */
  async #restore(): Promise<boolean> {
    let state: ViewerStateV1 | undefined;
    try {
      if (isNeuroglancer(location.href)) {
        await this.openNeuroglancer(location.href);
        return true;
      }
      state = stateFromUrl(location.href);
      if (state) await this.viewer?.setState(state);
    } catch (e) {
      this.toast(e instanceof Error ? e.message : String(e));
    }
    return state !== undefined;
  }

  #listen(viewer: Viewer): void {
    this.budget = viewer.context.limits.gpuBytes;
    this.viewState = viewer.viewState;
    this.layout = viewer.layout;
    viewer.on("hover", (hover) => {
      this.hover = hover;
      this.#tell("hover");
    });
    viewer.on("viewstatechange", ({ viewState }) => {
      this.viewState = viewState;
      this.#tell("view");
      this.#remember();
    });
    viewer.on("layoutchange", ({ layout }) => {
      this.layout = layout;
      this.#tell("layout");
      this.#remember();
    });
    viewer.on("layerschange", () => {
      this.layers = viewer.layers.list();
      this.#poll(viewer);
      this.#tell("layers");
      this.#remember();
    });
    viewer.on("layerstatechange", () => this.#poll(viewer));
    viewer.on("action", ({ id }) => this.run(id));
    viewer.on("devicelost", ({ restored }) => this.toast(restored ? "The graphics device was lost and is back." : "The graphics device was lost. Reload the page to go on."));
    viewer.on("error", (error) => this.toast(error.remedy ? `${error.message} ${error.remedy}` : error.message));
    setInterval(() => document.hidden || this.#poll(viewer), POLL_MILLIS);
    addEventListener("hashchange", () => {
      if (location.href !== this.#written) void this.#restore();
    });
  }

  /** Figures that change without an event. Tells only what is new. */
  #poll(viewer: Viewer): void {
    this.infos = new Map(this.layers.flatMap(({ id }) => {
      const info = viewer.layers.info(id);
      return info ? [[id, info] as const] : [];
    }));
    this.stats = viewer.stats;
    this.usage = viewer.context.usage;
    const { pending, inFlight } = this.stats;
    const seen = JSON.stringify([pending, inFlight, Math.round(this.usage.gpuBytes / 1e6), [...this.infos].map(([id, i]) => [id, i.state, i.chunks, i.window, i.error?.message, i.madeLevels?.state, i.madeLevels?.progress])]);
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.#tell("info");
  }

  /** Keeps the address at what is shown, so that it can be copied or reloaded at any time. */
  #remember(): void {
    clearTimeout(this.#addressTimer);
    this.#addressTimer = setTimeout(() => {
      if (!this.viewer || this.layers.length === 0) return;
      this.#written = this.viewer.shareUrl();
      history.replaceState(null, "", this.#written);
    }, ADDRESS_MILLIS);
  }

  #freeId(name: string): string {
    const taken = new Set(this.viewer?.layers.list().map((l) => l.id));
    for (let n = 1; ; n += 1) {
      const id = n === 1 ? name : `${name} ${n}`;
      if (!taken.has(id)) return id;
    }
  }
}

/** The page has one. */
export const session = new Session();
