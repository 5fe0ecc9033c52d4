/**
 * What the page's wasm offers, as this package uses it. Values are plain objects in the shapes of types.ts, errors are
 * plain objects with the fields of ViewerError. Only this package may call it, and never from inside one of its calls.
 */
import type { Asked, Resolved } from "./resolve-request.js";
import type { ActionInfo, ChunkFailure, Histogram, Layout, LayerInfo, LayerSpec, Limits, PanelName, PartialViewerState, PickInfo, Stats, Usage, ViewState, ViewerStateV1, VoxelBlock, VoxelBox } from "./types.js";

export interface EngineContext {
  /** Gets the graphics device. */
  ready(): Promise<void>;
  usage(): Usage;
  limits(): Required<Limits>;
  clearCache(): void;
  /** Reads what is no volume. */
  read(request: number, what: object): Promise<unknown>;
  abortRead(request: number): void;
  free(): void;
}

/** A panel's place in the container, in CSS pixels. */
export interface PanelRect {
  name: PanelName;
  x: number;
  y: number;
  width: number;
  height: number;
  /** Letters of the axes across and down. */
  axes: [string, string];
  scaleBar?: { lengthPx: number; label: string };
}

export interface EngineEvent {
  type: string;
  detail: unknown;
}

export type PointerKind = "down" | "move" | "up" | "cancel" | "leave" | "dblclick" | "contextmenu";

export interface EngineView {
  resize(width: number, height: number, devicePixelRatio: number): void;
  /** true: wants another frame. */
  tick(nowMillis: number): boolean;
  drainEvents(): EngineEvent[];
  addLayer(request: number, spec: LayerSpec, before?: string, url?: string, document?: Uint8Array): Promise<LayerInfo>;
  updateLayer(id: string, patch: object): void;
  removeLayer(id: string): void;
  moveLayer(id: string, before: string | null): void;
  layer(id: string): LayerSpec | undefined;
  layers(): LayerSpec[];
  layerInfo(id: string): LayerInfo | undefined;
  viewState(): ViewState;
  /** The number of the move, which the event "moveend" has. */
  setViewState(patch: Partial<ViewState>, durationMillis: number): number;
  layout(): Layout;
  setLayout(layout: Layout): void;
  pick(x: number, y: number): PickInfo | null;
  readVoxels(request: number, layerId: string, box: VoxelBox, options: object): Promise<VoxelBlock>;
  /** A document in the folder of a source. */
  readDocument(request: number, source: unknown, name: string): Promise<Uint8Array | undefined>;
  /** `write` is given the next bytes, perhaps none, and how far the export is; it goes on when that is dealt with. */
  exportVolume(request: number, layerId: string, options: object, write: (bytes: Uint8Array<ArrayBuffer>, done: number, total: number) => Promise<void>): Promise<void>;
  capture(request: number, options: object): Promise<{ width: number; height: number; rgba: Uint8Array<ArrayBuffer> }>;
  idle(request: number): Promise<void>;
  stats(): Stats;
  histogram(layerId: string): Histogram | undefined;
  panels(): PanelRect[];
  setPanelSplit(x: number, y: number): void;
  actions(view?: string): ActionInfo[];
  runAction(id: string, args: unknown): void;
  setKeys(id: string, keys: string[] | null): void;
  getState(): ViewerStateV1;
  setState(state: PartialViewerState): void;
  /** "#rrggbb". */
  segmentColor(layerId: string, id: bigint): string;
  /** Behind slices and behind the 3D panel, as "#rrggbb". */
  setBackground(slice: string, projection: string): void;
  failures(layerId: string): ChunkFailure[];
  retryFailed(layerId?: string): void;
  makeLevels(layerId: string): void;
  stopLevels(layerId: string): void;
  abort(request: number): void;
  /** Gives every request up. */
  close(): void;
  /** true: handled. `modifiers`: 1 shift, 2 ctrl, 4 alt, 8 meta. */
  pointer(kind: PointerKind, pointerId: number, pointerType: string, x: number, y: number, buttons: number, modifiers: number): boolean;
  wheel(x: number, y: number, deltaX: number, deltaY: number, deltaMode: number, modifiers: number): boolean;
  key(code: string, key: string, modifiers: number): boolean;
  free(): void;
}

export interface EngineModule {
  default(input: { module_or_path: WebAssembly.Module }): Promise<unknown>;
  /** `full`: workers begin with the full module. `fetchFull` promises that `spawn` may be called with true. */
  PageContext: new (options: { limits?: Limits; workers: number; full: boolean; spawn: (full: boolean) => Worker; fetchFull: () => Promise<void>; asksPage: boolean; resolveRequest: (asked: Asked) => Promise<Resolved> }) => EngineContext;
  PageView: new (context: EngineContext, canvas: HTMLCanvasElement, options: object, wake: () => void) => EngineView;
}
