/**
 * What the page knows: one viewer, and the state around it that parts of the page show. Parts listen for topics; nothing
 * here touches the DOM beyond the viewer's container and the address.
 */
import { createViewer, isNeuroglancer, isViewerError, stateFromNeuroglancer, stateFromUrl, ViewerError, type FromDatasource, type LayerInfo, type LayerSpec, type Layout, type LocalSource, type PickInfo, type SourceSpec, type Stats, type Usage, type Vec3, type Viewer, type ViewerStateV1, type ViewState } from "neurolume";
import { lastSegment, listDatasets, sourceUrl, type Dataset, type LayerKind } from "./datasets.js";
import { changes, type Change } from "./changes.js";
import type { TypedPosition } from "./format.js";
import { otherType } from "./layer-type.js";
import type { Entry } from "./library.js";
import { voxelSpace, type VoxelSpace } from "./space.js";

export type Topic = "phase" | "source" | "layers" | "info" | "view" | "hover" | "datasets" | "layout" | "action" | "toast";

/** What the size of a voxel is called among what a source says of itself. */
export const VOXEL_SIZE = "voxel size, nm";

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
  /** What has become of the sources of what was opened from the library, until one has chosen. */
  sourceChange: { entry: Entry; list: Change[] } | undefined;
  #name: string | undefined;
  /** What the dataset calls itself. */
  #title: string | undefined;
  /** What the library calls what was opened from it. */
  #kept: string | undefined;
  /** The folder whose description is shown. */
  #described: string | undefined;
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
    if (this.#title ?? this.#kept) return this.#title ?? this.#kept ?? "";
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
    this.#callIt(dataset.name);
    const infos = await Promise.allSettled(dataset.layers.map(({ name, url, type }) => this.#add(url, type, name)));
    if (infos.some((r) => r.status === "fulfilled")) this.fit();
  }

  /** Shows what a link of Neuroglancer's shows, in the place of what is open. */
  async openNeuroglancer(link: string): Promise<void> {
    const { state, leftOut } = stateFromNeuroglancer(link);
    await this.viewer?.setState(state);
    this.#callIt(undefined);
    if (!state.viewState.position) this.fit();
    if (leftOut.length > 0) this.toast(leftOut.join(" "));
  }

  /** Adds all layers of a dataset as WEBKNOSSOS describes them; false where nothing is described there. */
  async openDatasource(source: SourceSpec, signal?: AbortSignal): Promise<boolean> {
    const { viewer } = this;
    const found = await viewer?.layers.readDatasource(source, { signal });
    if (!viewer || !found || signal?.aborted) return false;
    // What was tried before stands there with an error.
    const address = typeof source === "object" && "url" in source ? source.url : source;
    for (const { id, source: tried } of viewer.layers.list()) if (tried === address && viewer.layers.info(id)?.state === "error") viewer.layers.remove(id);
    const first = viewer.layers.list().length === 0;
    await this.showDatasource(found);
    if (first && typeof address === "string") this.#described = address;
    return true;
  }

  async showDatasource({ name, state, leftOut }: FromDatasource): Promise<void> {
    const { viewer } = this;
    if (!viewer) return;
    if (viewer.layers.list().length === 0) {
      await viewer.setState(state);
      this.#callIt(name);
      await this.#loaded();
      if (!state.viewState.position) this.fit();
    } else {
      // One adds to what is open: what is in view stays there.
      await Promise.allSettled(state.layers.map((layer) => viewer.layers.add({ ...layer, id: this.#freeId(layer.id) } as unknown as LayerSpec)));
    }
    if (leftOut.length > 0) this.toast(leftOut.join(" "));
  }

  /** Asks the dataset what it is called. */
  nameAgain(): void {
    const { id, neurolume } = (this.viewer?.layers.datasource() ?? {}) as { id?: { name?: unknown }; neurolume?: { displayName?: unknown } };
    const names = [neurolume?.displayName, id?.name];
    this.#title = names.find((name): name is string => typeof name === "string" && name !== "");
    this.#tell("layers");
  }

  /** Why what is open cannot be kept in the library; nothing where it can. */
  get unkeepable(): string {
    if (this.layers.length === 0) return "Nothing is open.";
    return this.layers.some(({ source }) => typeof source === "object" && "files" in source) ? "It has files of this machine, which have to be chosen anew each time." : "";
  }

  /** What is open, for the library; in the place of an entry where one is given. */
  async asEntry(old?: Entry): Promise<Entry> {
    await this.#loaded();
    const state = (this.viewer as Viewer).getState();
    const described = this.#described;
    return { id: old?.id ?? crypto.randomUUID(), name: old?.name ?? this.name, folder: old?.folder ?? "", tags: old?.tags ?? [], saved: Date.now(), state, seen: await this.#sources(described), ...(described && { described }) };
  }

  /** Opens what was kept, in the place of what is open; says what has become of its sources since. */
  async openEntry(entry: Entry): Promise<void> {
    const { viewer } = this;
    if (!viewer) return;
    this.sourceChange = undefined;
    await viewer.setState(entry.state);
    this.#callIt(undefined, entry.name);
    this.#described = entry.described;
    await this.#loaded();
    const now = await this.#sources(entry.described);
    // What cannot be read now, or could not then, says nothing.
    const kept = { ...now, layers: { ...(entry.seen["layers"] as object | undefined), ...(now["layers"] as object) } };
    const before = { ...kept, ...entry.seen, ...(!("description" in kept) && { description: undefined }) };
    const list = changes(before, kept);
    if (list.length === 0 || this.#kept !== entry.name) return;
    this.sourceChange = { entry, list };
    this.#tell("source");
  }

  /** What is open now has these names, and was not read from a folder's description. */
  #callIt(name: string | undefined, kept?: string): void {
    this.#name = name;
    this.#kept = kept;
    this.#described = undefined;
    this.nameAgain();
  }

  /** Resolves when every layer can be read, or cannot. */
  async #loaded(): Promise<void> {
    const viewer = this.viewer as Viewer;
    while (viewer.layers.list().some(({ id }) => viewer.layers.info(id)?.state === "loading")) await Promise.race([viewer.once("layerstatechange"), viewer.once("layerschange")]);
  }

  /** What sources say of themselves: layers that can be read, and the description in the folder. */
  async #sources(described: string | undefined): Promise<Record<string, unknown>> {
    const { layers } = this.viewer as Viewer;
    const told = layers.list().flatMap(({ id }) => {
      const info = layers.info(id);
      const finest = info?.levels[0];
      if (info?.state !== "ready" || !finest) return [];
      const { min, max } = finest.box;
      return [[id, { "data type": info.dataType, channels: info.channels, [VOXEL_SIZE]: finest.voxelSizeNm, box: `${min.join(", ")} – ${max.join(", ")}`, levels: info.levels.length }] as const];
    });
    const from = described === undefined ? undefined : await layers.readDatasource(described).catch(() => undefined);
    return { layers: Object.fromEntries(told), ...(from && { description: from.state.dataset }) };
  }

  /** Adds one layer on top. Rejects with the reason; the layer stays and shows it, unless it was the signal. */
  async add(source: SourceSpec, kind: LayerKind, name = typeof source === "string" ? lastSegment(source) : "layer", signal?: AbortSignal): Promise<LayerInfo> {
    // It is no longer the dataset that was open before.
    if (this.layers.length === 0) this.#callIt(undefined);
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

  /** Takes the layers of these files away. */
  forget(files: LocalSource["files"]): void {
    for (const { id, source } of this.viewer?.layers.list() ?? []) if (typeof source === "object" && "files" in source && source.files === files) this.viewer?.layers.remove(id);
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
  get voxels(): VoxelSpace | undefined {
    for (const layer of this.layers) {
      const info = this.infos.get(layer.id);
      const space = info?.state === "ready" ? voxelSpace(layer, info) : undefined;
      if (space) return space;
    }
    return undefined;
  }

  /** The point that is meant by three numbers. A whole number of voxels names a voxel: its middle is meant. */
  nmOf({ numbers, unit }: Required<TypedPosition>): Vec3 | undefined {
    const voxels = this.voxels;
    if (unit === "nm") return numbers;
    if (!voxels) return undefined;
    const at = (i: 0 | 1 | 2): number => (Number.isInteger(numbers[i]) ? numbers[i] + 0.5 : numbers[i]);
    return voxels.nmOf([at(0), at(1), at(2)]);
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
      this.nameAgain();
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
