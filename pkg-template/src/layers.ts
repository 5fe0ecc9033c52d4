/** The layers of a viewer, over the engine. */
import type { EarlyDocument } from "./early.js";
import type { EngineView } from "./engine.js";
import { asViewerError, guarded, ViewerError } from "./errors.js";
import { exportVolume } from "./export-volume.js";
import type { Requests } from "./requests.js";
import { forEngine, fromEngine } from "./source-url.js";
import type { ChunkFailure, ExportFormat, ExportOptions, Histogram, LayerCollection, LayerInfo, LayerPatch, LayerSpec } from "./types.js";
import { checkKeys, checkLayerPatch, checkLayerSpec } from "./validate.js";

export class Layers implements LayerCollection {
  #view: () => EngineView;
  #requests: Requests;

  /** `view` throws when the viewer has been disposed. */
  constructor(view: () => EngineView, requests: Requests) {
    this.#view = view;
    this.#requests = requests;
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
    return withError(await layers.#requests.run(options.signal, (request) => view.addLayer(request, forEngine(spec), options.before, known?.url, known?.bytes)));
  }

  update(id: string, patch: LayerPatch): void {
    const spec = this.#existing(id);
    checkLayerPatch(patch, spec.type, id);
    guarded(() => this.#view().updateLayer(id, patch));
  }

  remove(id: string): void {
    this.#existing(id);
    guarded(() => this.#view().removeLayer(id));
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
    return info && withError(info);
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

  async exportVolume(id: string, format: ExportFormat, options: ExportOptions = {}): Promise<Blob | void> {
    this.#existing(id);
    return exportVolume(this.#view(), this.#requests, id, format, options);
  }

  #existing(id: string): LayerSpec {
    const spec = this.get(id);
    if (!spec) throw new ViewerError("not-found", `There is no layer "${id}".`);
    return spec;
  }
}

function withError(info: LayerInfo): LayerInfo {
  return info.error ? { ...info, error: asViewerError(info.error) } : info;
}
