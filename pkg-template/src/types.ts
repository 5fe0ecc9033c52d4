/**
 * The shapes that cross the public API: options, state, layers, events, results. No code.
 *
 * Conventions
 * - The world unit is the nanometre; axes are x, y, z. Quaternions are [x, y, z, w].
 * - Voxel boxes are half-open, in the source's own voxel indices of the level named (finest by default): precomputed
 *   `voxel_offset` included, array indices for Zarr. Voxel v covers [v, v+1); nm = offsetNm + v × voxelSizeNm.
 * - Segment ids are bigint. Absent axes have size 1.
 * - Whatever waits takes an AbortSignal; aborting rejects with the signal's own reason.
 * - A call after `dispose()` throws or rejects with a `ViewerError` of code "disposed"; an unknown option key is
 *   "invalid-options" and the message names the key.
 * - Events go out after the state has changed; a listener may call the viewer.
 */
import type { FromDatasource } from "./datasource.js";
import type { ReadContent } from "./content-types.js";
import type { ViewerError } from "./errors.js";

/** x, y, z. The unit is said where it is used. */
export type Vec3 = readonly [number, number, number];
/** A rotation as x, y, z, w. */
export type Quat = readonly [number, number, number, number];
/** Which panels are shown. */
export type Layout = "xy" | "xz" | "yz" | "3d" | "xy-3d" | "4panel";
/** One panel of a layout. */
export type PanelName = "xy" | "xz" | "yz" | "3d";

// ---- contexts -------------------------------------------------------------------------------------------------------

/** Budgets, all hard: none is ever exceeded. Left out, a value that suits the machine is taken. */
export interface Limits {
  /** Video memory for voxels and tables, in bytes. */
  gpuBytes?: number;
  /** Decoded bricks kept in main memory, in bytes. */
  cpuBytes?: number;
  /** Bytes of levels that are made of volumes which lack them, kept in the browser's storage. 0: none are made. */
  diskBytes?: number;
  /** Chunks being fetched and decoded at once, over all viewers of the context. */
  maxConcurrentRequests?: number;
  /** Bytes sent to the GPU in one frame. */
  maxUploadBytesPerFrame?: number;
  /** Web workers that fetch and decode. */
  workers?: number;
}

/** What a request is for, as given to `transformRequest`. */
export type RequestKind = "metadata" | "chunk" | "mesh" | "skeleton" | "annotation" | "table";

/** What to change about a request: nothing, its address, its headers, its credentials mode. */
export interface RequestPatch {
  url?: string;
  headers?: Record<string, string>;
  /** "include" sends cookies to another site; without it they go to the page's own only. */
  credentials?: "include" | "same-origin";
}

/** How to make a context. */
export interface ContextOptions {
  limits?: Limits;
  /** Asked on the page, once per resource and worker; asked again after a 401 or 403. */
  transformRequest?: (request: { url: string; kind: RequestKind }) => RequestPatch | Promise<RequestPatch>;
  /** Where the package's .wasm and worker files lie, if not beside index.js. The first context of a page decides. */
  assets?: { baseUrl?: string | URL };
}

/** Memory in use, in bytes. */
export interface Usage {
  gpuBytes: number;
  cpuBytes: number;
  /** Levels in the browser's storage, as far as this page has had to do with them. */
  diskBytes: number;
}

/**
 * GPU device, caches, budgets and workers, shared by viewers. One is made implicitly for a page and goes with its last
 * viewer; one from `createContext` lives until it is disposed and its last viewer is gone.
 */
export interface Context extends AsyncDisposable {
  /** Memory in use now. */
  readonly usage: Usage;
  /** The budgets in force. */
  readonly limits: Readonly<Required<Limits>>;
  /** Drops everything that can be fetched again. */
  clearCache(): Promise<void>;
  /** Reads annotations, properties of segments, skeletons, meshes and tables. */
  readonly read: ReadContent;
  /** Idempotent. */
  dispose(): Promise<void>;
}

// ---- the view -------------------------------------------------------------------------------------------------------

/** Where one looks. */
export interface ViewState {
  /** The point in the middle of every panel, in nm. */
  position: Vec3;
  /** nm per CSS pixel of the slice panels. */
  crossSectionScale: number;
  crossSectionOrientation: Quat;
  /** nm across the height of the 3D panel. */
  projectionScale: number;
  projectionOrientation: Quat;
  /** Index along further axes, time and the like. */
  otherAxes?: Record<string, number>;
}

/** Which input the viewer answers to. */
export interface ControllerOptions {
  pan?: boolean;
  zoom?: boolean;
  rotate?: boolean;
  keyboard?: boolean;
}

/** How to make a viewer. */
export interface ViewerOptions {
  /** An element, or a selector for one. It should have a size; the viewer fills it. */
  container: HTMLElement | string;
  /** Left out, the page's implicit context. */
  context?: Context;
  /** Bottom first. A layer that cannot be read is kept in state "error"; the viewer is made all the same. */
  layers?: LayerSpec[];
  /** Initial only; left out, the first layer is shown whole. */
  viewState?: Partial<ViewState>;
  /** "4panel" by default. */
  layout?: Layout;
  /** true by default. */
  controller?: boolean | ControllerOptions;
  signal?: AbortSignal;
}

// ---- layers ---------------------------------------------------------------------------------------------------------

/** Left out, the format is detected from what the URL holds. */
export type SourceFormat = "precomputed" | "ome-zarr" | "zarr" | "n5" | "wkw" | "nifti" | "tiff" | "images" | "raw" | "dm";

/** Where a layer's voxels are: https://, gs://bucket/path or s3://bucket/path, perhaps of or in a ZIP archive (`…/a.zip|zip:path`), or files of this machine. NIfTI, DM3, DM4 and raw files are volumes themselves. */
export type SourceSpec = string | RemoteSource | LocalSource;

/** An address, and what is said of it. Files that count are `slice_{0000..0123}.png`: slice_0000.png to slice_0123.png, one a slice. */
export interface RemoteSource {
  url: string;
  format?: SourceFormat;
  /** Overrides what the source says, or supplies what it does not say. */
  voxelSizeNm?: Vec3;
  /** An S3 service other than AWS. */
  endpoint?: string;
  pathStyle?: boolean;
  /** The names of the images in the folder at the address, from the first slice to the last (format "images"). */
  images?: string[];
  credentials?: Credentials;
  /** How a raw file holds its voxels. */
  raw?: RawLayout;
}

/** How a file of voxels and nothing else holds them: x fastest, then y, then z, then the channel. It takes just the bytes of the file. */
export interface RawLayout {
  /** Voxels along x, y, z. */
  shape: Vec3;
  /** Of a stored voxel: float64 is shown as float32, int64 as uint64. */
  dataType: DataType;
  /** One after the other; left out, 1. */
  channels?: number;
  /** Left out, true. */
  littleEndian?: boolean;
  /** What precedes the first voxel; left out, 0. */
  headerBytes?: number;
}

/** Kept in this page's memory alone: never in saved state, links, logs, errors or pictures. */
export type Credentials =
  | { type: "s3"; accessKeyId: string; secretAccessKey: string; sessionToken?: string; region?: string; requesterPays?: boolean }
  | { type: "bearer"; token: string };

/** A folder, an archive or files that a person chose: read where they are, while the page is open. */
export interface LocalSource {
  /** From a file input or a drop, or the handle of a folder, whose files are not listed. */
  files: FileList | File[] | FileSystemDirectoryHandle;
  /** Where in it the volume is; left out, it is all of it. */
  path?: string;
  format?: SourceFormat;
  voxelSizeNm?: Vec3;
  /** How a raw file holds its voxels. */
  raw?: RawLayout;
  /** The names of the images in that folder, from the first slice to the last (format "images"). Left out of files that are listed: all, img_2 before img_10. */
  images?: string[];
}

/** What every layer has. */
export interface LayerBase {
  /** Unique in the viewer; also what the page shows. */
  id: string;
  visible?: boolean;
  /** 0 to 1. */
  opacity?: number;
  /** Where the volume lies: 12 numbers, 3×4 row-major, from its own nm to the world's. */
  transform?: readonly number[];
}

/** Grey or coloured intensities. */
export interface ImageLayerSpec extends LayerBase {
  type: "image";
  source: SourceSpec;
  /** The values drawn black and white; "auto" takes them from a sampled histogram. */
  contrast?: readonly [number, number] | "auto";
  /** 1 leaves values as they are. */
  gamma?: number;
  invert?: boolean;
  /** The colour of white, as "#rrggbb". */
  color?: string;
  interpolation?: "nearest" | "linear";
  blend?: "additive" | "over";
  /** By index, from 0. */
  channel?: number;
}

/** Segment ids. */
export interface SegmentationLayerSpec extends LayerBase {
  type: "segmentation";
  source: SourceSpec;
  selected?: bigint[];
  /** Draw only what is selected. */
  hideUnselected?: boolean;
  outline?: boolean;
  /** Another seed, other colours. */
  colorSeed?: number;
  /** "#rrggbb" by decimal id. */
  colors?: Record<string, string>;
}

/** One layer, as it is asked for and as `list()` and `get()` give it back. */
export type LayerSpec = ImageLayerSpec | SegmentationLayerSpec;

/** Any part of a layer; its id, type and source cannot be changed. */
export type LayerPatch = Partial<Omit<ImageLayerSpec, "id" | "type" | "source">> | Partial<Omit<SegmentationLayerSpec, "id" | "type" | "source">>;

export type DataType = "uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32" | "uint64" | "int64" | "float32" | "float64";

/** One resolution of a volume. */
export interface LevelInfo {
  voxelSizeNm: Vec3;
  /** In voxels of this level. */
  box: VoxelBox;
  chunkShape: Vec3;
  encoding: string;
  /** Its address, where it has one of its own. */
  url?: string;
}

/** Chunks of what is on screen now. */
export interface ChunkCounts {
  visible: number;
  loaded: number;
  /** Not in the source: they read as the fill value. */
  absent: number;
  failed: number;
}

export type LayerState = "loading" | "ready" | "error";

/** What is known of a layer's source. */
/** The coarser levels that are made of a volume which lacks them, so that it can be seen as a whole. */
export interface MadeLevels {
  /** "offered": call `makeLevels`. "made": they are among `levels`. */
  state: "offered" | "making" | "made" | "failed";
  /** 0 to 1. */
  progress: number;
  /** What their voxels take, in bytes, before they are packed. */
  bytes: number;
  /** Why they could not be made. */
  error?: ViewerError;
}

export interface LayerInfo {
  /** Undefined until the metadata is read. */
  format: SourceFormat;
  /** What the metadata says the voxels mean, if it does. */
  kind?: "image" | "segmentation";
  dataType?: DataType;
  channels?: number;
  /** The lower corner of voxel 0, in nm. */
  offsetNm: Vec3;
  /** Finest first. */
  levels: LevelInfo[];
  /** 2 or 3, of Zarr arrays. */
  zarrFormat?: number;
  /** What the metadata says of channels, from the first. */
  channelNotes?: { name?: string; color?: string }[];
  /** `spacing`: from one place to the next, in that unit. */
  otherAxes?: { name: string; size: number; unit?: string; spacing?: number; labels?: string[] }[];
  /** How the volume's own x, y, z lie in the world, before the layer's transform: 3×3, row-major; left out where they are the world's. NIfTI files have it. */
  orientation?: readonly number[];
  state: LayerState;
  error?: ViewerError;
  /** The values drawn black and white now, of an image layer; also what "auto" came to. */
  window?: readonly [number, number];
  chunks: ChunkCounts;
  /** Undefined where the volume lacks no levels, or they cannot be made here. */
  madeLevels?: MadeLevels;
}

/** Chunks that failed for one and the same cause. */
export interface ChunkFailure {
  code: ViewerError["code"];
  /** One sentence: what happened and why. */
  message: string;
  /** What to do about it. */
  remedy?: string;
  /** How many chunks. */
  count: number;
  /** The address of one of them. */
  example: string;
}

/** How often each value occurs, sampled from what is loaded. */
export interface Histogram {
  /** Lower edge of the first bin. */
  min: number;
  /** Upper edge of the last bin. */
  max: number;
  counts: Float64Array;
}

/**
 * The files that a layer is exported as: OME-Zarr or Neuroglancer precomputed in a ZIP archive, or one array of NumPy, indexed
 * [z, y, x].
 */
export type ExportFormat = "ome-zarr" | "precomputed" | "npy";

/** What of a layer is exported. */
export interface ExportOptions {
  /** Voxels of `level`; left out, all. It is clipped to the layer; for "precomputed" it reaches down to where every level begins at a whole voxel. */
  box?: VoxelBox;
  /** The layer's level that is the finest written; 0 by default. */
  level?: number;
  /** How many levels are written, each made of the one before: means of images, the most frequent ids of segmentations. By default until one fits a chunk. */
  levels?: number;
  /** By default the channel that is shown: one is written. */
  channel?: number;
  /** The place along the other axes; by default the one that is shown. */
  at?: Record<string, number>;
  /** "0.5" (Zarr v3) by default. */
  omeVersion?: "0.4" | "0.5";
  /** Takes the bytes as they come, and is closed at the end, or aborted. Without it they are kept in a Blob. */
  to?: WritableStream<Uint8Array>;
  signal?: AbortSignal;
  /** Told often, in chunks of the finest level; in slices for "npy". */
  onProgress?: (done: number, total: number) => void;
}

/** The layers of a viewer, bottom first. */
export interface LayerCollection {
  /** Resolves when the metadata is read; rejects with the reason if that fails (the layer then stays, in state "error"). */
  add(spec: LayerSpec, options?: { before?: string; signal?: AbortSignal }): Promise<LayerInfo>;
  /** Throws "not-found" for an unknown id. */
  update(id: string, patch: LayerPatch): void;
  remove(id: string): void;
  /** Puts a layer below another; null puts it on top. */
  move(id: string, before: string | null): void;
  get(id: string): LayerSpec | undefined;
  /** In drawing order, bottom first. */
  list(): LayerSpec[];
  info(id: string): LayerInfo | undefined;
  /** Undefined until something is loaded, and for segmentations. */
  histogram(id: string): Histogram | undefined;
  /** The colour a segment is drawn in, as "#rrggbb". */
  segmentColor(id: string, segment: bigint): string;
  /** Failed chunks by cause. */
  failures(id: string): ChunkFailure[];
  /** Asks again for what failed, metadata included: of one layer, or of all. */
  retry(id?: string): void;
  /**
   * Makes the coarser levels that the layer's volume lacks, in workers that have nothing better to do, and keeps them in the browser's storage.
   * Resolves when they are in use; aborting removes what was made. For small volumes it happens unasked.
   */
  makeLevels(id: string, options?: { signal?: AbortSignal; onProgress?: (progress: number) => void }): Promise<LayerInfo>;
  /** Stops making levels, and removes what was made of them. */
  stopLevels(id: string): void;
  /**
   * The whole dataset as WEBKNOSSOS's datasource-properties.json: what was read, applied or restored, all its members included, and what the
   * layers themselves say. Ids beyond 2⁵³ are WEBKNOSSOS's envelopes. `view: "current"` makes how it looks now how it is shown at first.
   */
  datasource(options?: { view?: "saved" | "current" }): object;
  /**
   * Makes the dataset what such a description says, at once: what differs from the present one takes effect; the rest stays as it is. A layer under
   * another name is known by its levels.
   *
   * Throws "bad-metadata", naming the member, where it is no such description, "invalid-options" where a layer cannot be as it says; then nothing has
   * changed.
   */
  applyDatasource(json: object): void;
  /**
   * What the datasource-properties.json in a folder says, read as layers' metadata are, with the source's credentials; undefined where there is none.
   * Layers in that folder get the source's credentials. Show it with `setState`.
   */
  readDatasource(source: SourceSpec, options?: { signal?: AbortSignal }): Promise<FromDatasource | undefined>;
  /** Writes voxels as files that other tools open, in a worker, with memory that does not grow with the box. Resolves to a Blob, unless there is `to`. */
  exportVolume(id: string, format: ExportFormat, options?: ExportOptions): Promise<Blob | void>;
}

// ---- results --------------------------------------------------------------------------------------------------------

/** Half-open: min is in, max is not. */
export interface VoxelBox {
  min: Vec3;
  max: Vec3;
}

export type VoxelArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** Voxels of a box. */
export interface VoxelBlock {
  /** Voxels along x, y, z. */
  shape: Vec3;
  /** 0 is the finest. */
  level: number;
  /** x varies fastest. */
  data: VoxelArray;
}

/** Where a panel lies in the container, in CSS pixels. */
export interface PanelPlace {
  name: PanelName;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What lies under a point. */
export interface PickInfo {
  /** In nm. */
  position: Vec3;
  panel: PanelName;
  /** One entry per visible layer; no value while its chunk is loading or where it has none. */
  values: { layerId: string; voxel?: Vec3; value?: number | bigint; segmentId?: bigint }[];
  source: PointerEvent | null;
}

/** Figures of the moment. */
export interface Stats {
  gpuBytes: number;
  cpuBytes: number;
  /** Chunks wanted and not yet asked for. */
  pending: number;
  inFlight: number;
  /** Time the last frame took on the CPU. */
  frameMs: number;
  draws: number;
  /** Since the context was made. */
  requests: number;
  bytes: number;
}

/** What the browser can do. `reason` says in one sentence what is missing. */
export interface Support {
  webgpu: boolean;
  wasmSimd: boolean;
  indexedDb: boolean;
  reason?: string;
}

/** A LayerSpec as JSON: ids are decimal strings. */
export type SavedLayer = Record<string, unknown> & { id: string; type: LayerSpec["type"] };

/** A view as JSON. */
export interface ViewerStateV1 {
  version: 1;
  viewState: ViewState;
  layout: Layout;
  layers: SavedLayer[];
  /**
   * What was read or edited of the dataset as a whole, as datasource-properties.json: names, a description, what is shown at first. The layers are those
   * above; of `dataLayers`, what cannot be known from them counts. States without it are read as ever.
   */
  dataset?: Record<string, unknown>;
}

/** A view as JSON; what its `viewState` leaves out stays as it is. */
export type PartialViewerState = Omit<ViewerStateV1, "viewState"> & { viewState: Partial<ViewState> };

// ---- actions --------------------------------------------------------------------------------------------------------

/** Something a person can do, by key, menu or palette. */
export interface ActionInfo {
  id: string;
  label: string;
  group: string;
  /** Like "ctrl+p", "shift+arrowleft", "z". */
  keys: string[];
  /** The name of a lucide icon. */
  icon?: string;
  enabled: boolean;
  views: string[];
}

/** Every action, declared once: menus, palette, help and key map are made from this list. */
export interface Actions {
  list(view?: string): ActionInfo[];
  /** Throws "not-found" for an unknown id. */
  run(id: string, args?: unknown): void;
  /** Does what a key is bound to, as if the viewer had the focus; false if it is bound to nothing. */
  key(event: KeyboardEvent): boolean;
  /** null restores the default keys; an empty list takes the keys away. */
  setKeys(id: string, keys: string[] | null): void;
}

// ---- events ---------------------------------------------------------------------------------------------------------

/** Event types and what their listeners get. */
export interface ViewerEvents {
  viewstatechange: { viewState: ViewState; source: "user" | "api" };
  /** null when the pointer has left. */
  hover: PickInfo | null;
  click: PickInfo;
  layerstatechange: { id: string; state: LayerState; error?: ViewerError };
  /** Layers were added, removed, moved or changed, a selection included; by whomever. */
  layerschange: { ids: string[] };
  layoutchange: { layout: Layout };
  /** An action ran whose effect is the host page's: open a box, show help. */
  action: { id: string };
  devicelost: { restored: boolean };
  /** Goes to console.error if nobody listens. */
  error: ViewerError;
}

/** Ends a subscription. */
export interface Subscription {
  unsubscribe(): void;
}

/** A view of volumes in one element. */
export interface Viewer extends AsyncDisposable {
  readonly context: Context;
  readonly layers: LayerCollection;
  readonly actions: Actions;
  readonly viewState: Readonly<ViewState>;
  layout: Layout;
  /** The panels of the layout. */
  readonly panels: readonly PanelPlace[];
  /** Resolves when it is there, or when another move or the user has taken over. */
  setViewState(patch: Partial<ViewState>, options?: { durationMs?: number; signal?: AbortSignal }): Promise<void>;
  /** What lies under a point, in CSS pixels in the container. */
  pick(point: { x: number; y: number }, options?: { signal?: AbortSignal }): Promise<PickInfo | null>;
  /** Through the same planner, workers and bricks as drawing. Voxels outside the volume have its fill value. */
  readVoxels(layerId: string, box: VoxelBox, options?: { level?: number; channel?: number; at?: Record<string, number>; signal?: AbortSignal }): Promise<VoxelBlock>;
  /**
   * A PNG. Without `panel`, all of them; `overlays` are lines and hatches. `width` and `height` are pixels of the picture, by default those of
   * the screen: the picture shows as much of the world across as the panel, or the viewer, does now.
   */
  screenshot(options?: { width?: number; height?: number; panel?: PanelName; overlays?: boolean }): Promise<Blob>;
  /** All visible chunks are drawn at their target level, or known to be absent or failed. */
  idle(options?: { signal?: AbortSignal }): Promise<void>;
  /** Versioned and JSON-safe. */
  getState(): ViewerStateV1;
  setState(state: ViewerStateV1): Promise<void>;
  setState(state: PartialViewerState): Promise<void>;
  /** The state in the fragment of `base` (the page's own address by default). Sources go in as they were given, with all that their addresses hold. */
  shareUrl(base?: string | URL): string;
  readonly stats: Readonly<Stats>;
  on<K extends keyof ViewerEvents>(type: K, listener: (event: ViewerEvents[K]) => void): Subscription;
  once<K extends keyof ViewerEvents>(type: K, options?: { signal?: AbortSignal }): Promise<ViewerEvents[K]>;
  off<K extends keyof ViewerEvents>(type: K, listener: (event: ViewerEvents[K]) => void): void;
  /** Idempotent: aborts what waits, frees what is held, removes what was put into the container. */
  dispose(): Promise<void>;
}
