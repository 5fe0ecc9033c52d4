/** The layers of a viewer, over the engine. */
import { withoutNumber } from "./credentials.js";
import { changed, datasetIn, publicSource } from "./dataset.js";
import { checked, type FromDatasource } from "./datasource.js";
import { DATASOURCE, type Json } from "./datasource-json.js";
import { describeDataset, type Described } from "./datasource-write.js";
import type { EarlyDocument } from "./early.js";
import type { EngineView } from "./engine.js";
import { asViewerError, guarded, ViewerError } from "./errors.js";
import { exportVolume } from "./export-volume.js";
import { isLocalAddress } from "./local-files.js";
import type { Requests } from "./requests.js";
import { forEngine, fromEngine, stateForEngine } from "./source-url.js";
import type { ChunkFailure, ExportFormat, ExportOptions, Histogram, LayerCollection, LayerInfo, LayerPatch, LayerSpec, SourceSpec } from "./types.js";
import { checkKeys, checkLayerPatch, checkLayerSpec } from "./validate.js";

export class Layers implements LayerCollection {
  /** What is kept of the dataset's description. */
  dataset: Json | undefined;
  #view: () => EngineView;
  #requests: Requests;
  #changed: (signal: AbortSignal | undefined) => Promise<unknown>;

  /** `view` throws when the viewer has been disposed; `changed` promises the next change of a layer's state. */
  constructor(view: () => EngineView, requests: Requests, changed: (signal: AbortSignal | undefined) => Promise<unknown>) {
    this.#view = view;
    this.#requests = requests;
    this.#changed = changed;
  }

  async add(spec: LayerSpec, options: { before?: string; signal?: AbortSignal } = {}): Promise<LayerInfo> {
    checkKeys(options, { before: true, signal: true }, "The options of layers.add");
    return Layers.addKnown(this, spec, undefined, options);
  }

  /** As `add`, with what has been read already of what opening the layer reads. */
  static async addKnown(layers: Layers, spec: LayerSpec, known: EarlyDocument | undefined, options: { before?: string; signal?: AbortSignal }): Promise<LayerInfo> {
    checkLayerSpec(spec);
    const view = layers.#view();
    if (view.layer(spec.id)) throw new ViewerError("invalid-options", `There is already a layer "${spec.id}".`);
    return withPublicAddresses(withError(await layers.#requests.run(options.signal, (request) => view.addLayer(request, forEngine(spec), options.before, known?.url, known?.bytes))));
  }

  update(id: string, patch: LayerPatch): void {
    const spec = this.#existing(id);
    checkLayerPatch(patch, spec.type, id);
    guarded(() => this.#view().updateLayer(id, patch));
  }

  remove(id: string): void {
    this.#existing(id);
    guarded(() => this.#view().removeLayer(id));
    // What was said of a dataset goes with its last layer.
    if (this.list().length === 0) this.dataset = undefined;
  }

  move(id: string, before: string | null): void {
    this.#existing(id);
    if (before !== null) this.#existing(before);
    guarded(() => this.#view().moveLayer(id, before));
  }

  get(id: string): LayerSpec | undefined {
    const spec = guarded(() => this.#view().layer(id));
    return spec && fromEngine(spec);
  }

  list(): LayerSpec[] {
    return guarded(() => this.#view().layers()).map(fromEngine);
  }

  info(id: string): LayerInfo | undefined {
    const info = guarded(() => this.#view().layerInfo(id));
    return info && withPublicAddresses(withError(info));
  }

  histogram(id: string): Histogram | undefined {
    return guarded(() => this.#view().histogram(id));
  }

  segmentColor(id: string, segment: bigint): string {
    return guarded(() => this.#view().segmentColor(id, segment));
  }

  failures(id: string): ChunkFailure[] {
    return guarded(() => this.#view().failures(id));
  }

  retry(id?: string): void {
    if (id !== undefined) this.#existing(id);
    guarded(() => this.#view().retryFailed(id));
  }

  async makeLevels(id: string, options: { signal?: AbortSignal; onProgress?: (progress: number) => void } = {}): Promise<LayerInfo> {
    checkKeys(options, { signal: true, onProgress: true }, "The options of layers.makeLevels");
    const { signal, onProgress } = options;
    this.#existing(id);
    signal?.throwIfAborted();
    guarded(() => this.#view().makeLevels(id));
    try {
      for (;;) {
        const info = this.info(id);
        const made = info?.madeLevels;
        if (info && made?.state === "made") return info;
        if (made?.state === "failed" && made.error) throw made.error;
        if (made?.state !== "making") throw new ViewerError("disposed", `Making the levels of layer "${id}" was stopped.`);
        onProgress?.(made.progress);
        await this.#changed(signal);
      }
    } catch (e) {
      if (signal?.aborted && this.get(id)) this.stopLevels(id);
      throw e;
    }
  }

  stopLevels(id: string): void {
    this.#existing(id);
    guarded(() => this.#view().stopLevels(id));
  }

  async exportVolume(id: string, format: ExportFormat, options: ExportOptions = {}): Promise<Blob | void> {
    this.#existing(id);
    return exportVolume(this.#view(), this.#requests, id, format, options);
  }

  datasource(options: { view?: "saved" | "current" } = {}): object {
    checkKeys(options, { view: true }, "The options of layers.datasource");
    const view = options.view === "current" ? guarded(() => this.#view().viewState()) : undefined;
    return structuredClone(describeDataset(this.#described(), this.dataset, view));
  }

  applyDatasource(json: object): void {
    const view = this.#view();
    // A deep copy, and no more than JSON can hold.
    const dataset = checked(JSON.parse(JSON.stringify(json)));
    const state = changed(describeDataset(this.#described(), this.dataset, undefined), dataset, guarded(() => view.layers()), guarded(() => view.layout()));
    guarded(() => view.setState(stateForEngine(state)));
    this.dataset = dataset;
  }

  async readDatasource(source: SourceSpec, options: { signal?: AbortSignal } = {}): Promise<FromDatasource | undefined> {
    checkKeys(options, { signal: true }, "The options of layers.readDatasource");
    const view = this.#view();
    const { source: folder } = forEngine({ source });
    const bytes = await this.#requests.run(options.signal, (request) => view.readDocument(request, folder, DATASOURCE));
    return bytes && datasetIn(source, new TextDecoder().decode(bytes));
  }

  #described(): Described[] {
    const view = this.#view();
    return guarded(() => view.layers()).map((spec) => ({ spec: fromEngine(spec), info: this.info(spec.id), source: publicSource(spec) }));
  }

  #existing(id: string): LayerSpec {
    const spec = this.get(id);
    if (!spec) throw new ViewerError("not-found", `There is no layer "${id}".`);
    return spec;
  }
}

/** Addresses of levels, as they may be told. */
function withPublicAddresses(info: LayerInfo): LayerInfo {
  const levels = info.levels.map(({ url, ...level }) => (url === undefined || isLocalAddress(url) ? level : { ...level, url: withoutNumber(url) }));
  return { ...info, levels };
}

function withError(info: LayerInfo): LayerInfo {
  const { madeLevels } = info;
  const known = madeLevels?.error ? { ...info, madeLevels: { ...madeLevels, error: asViewerError(madeLevels.error) } } : info;
  return known.error ? { ...known, error: asViewerError(known.error) } : known;
}
