/** Finds misspelt options: an unknown key is an error that names it. Values are the engine's to judge. */
import { ViewerError } from "./errors.js";
import { isLocal } from "./local-files.js";
import type { ContextOptions, ControllerOptions, Credentials, DataType, ExportOptions, ImageLayerSpec, LayerSpec, Limits, LocalSource, RawLayout, RemoteSource, SegmentationLayerSpec, ViewState, ViewerOptions } from "./types.js";

/** Every key of T; leaving one out does not compile. */
type Keys<T> = Record<keyof Required<T>, true>;

const viewer: Keys<ViewerOptions> = { container: true, context: true, layers: true, viewState: true, layout: true, controller: true, signal: true };
const controller: Keys<ControllerOptions> = { pan: true, zoom: true, rotate: true, keyboard: true };
const viewState: Keys<ViewState> = { position: true, crossSectionScale: true, crossSectionOrientation: true, projectionScale: true, projectionOrientation: true, otherAxes: true };
const context: Keys<ContextOptions> = { limits: true, transformRequest: true, assets: true };
const limits: Keys<Limits> = { gpuBytes: true, cpuBytes: true, diskBytes: true, maxConcurrentRequests: true, maxUploadBytesPerFrame: true, workers: true };
const remote: Keys<RemoteSource> = { url: true, format: true, voxelSizeNm: true, endpoint: true, pathStyle: true, images: true, credentials: true, raw: true };
const s3: Keys<Credentials & { type: "s3" }> = { type: true, accessKeyId: true, secretAccessKey: true, sessionToken: true, region: true, requesterPays: true };
const bearer: Keys<Credentials & { type: "bearer" }> = { type: true, token: true };
const local: Keys<LocalSource> = { files: true, path: true, format: true, voxelSizeNm: true, raw: true, images: true };
const raw: Keys<RawLayout> = { shape: true, dataType: true, channels: true, littleEndian: true, headerBytes: true };
const dataTypes: Record<DataType, true> = { uint8: true, int8: true, uint16: true, int16: true, uint32: true, int32: true, uint64: true, int64: true, float32: true, float64: true };
const image: Keys<ImageLayerSpec> = { id: true, type: true, visible: true, opacity: true, transform: true, source: true, contrast: true, gamma: true, invert: true, color: true, interpolation: true, blend: true, channel: true };
const segmentation: Keys<SegmentationLayerSpec> = { id: true, type: true, visible: true, opacity: true, transform: true, source: true, selected: true, hideUnselected: true, outline: true, colorSeed: true, colors: true };
const exporting: Keys<ExportOptions> = { box: true, level: true, levels: true, channel: true, at: true, omeVersion: true, to: true, signal: true, onProgress: true };

/** The error of an option that cannot be used. */
export function invalid(message: string): ViewerError {
  return new ViewerError("invalid-options", message);
}

/** Throws unless `value` is an object that has no other keys than these. */
export function checkKeys(value: unknown, known: Record<string, true>, where: string): asserts value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw invalid(`${where} must be an object, not ${value === null ? "null" : typeof value}.`);
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(known, key)) throw invalid(`${where} has an unknown key "${key}". Known are: ${Object.keys(known).join(", ")}.`);
  }
}

function optional(value: unknown, known: Record<string, true>, where: string): void {
  if (value !== undefined) checkKeys(value, known, where);
}

export function checkContextOptions(options: unknown): void {
  checkKeys(options, context, "The context's options");
  optional(options.limits, limits, "limits");
  optional(options.assets, { baseUrl: true }, "assets");
}

export function checkExportOptions(options: unknown): void {
  checkKeys(options, exporting, "The options of exportVolume");
}

export function checkViewState(state: unknown): void {
  checkKeys(state, viewState, "viewState");
}

export function checkViewerOptions(options: unknown): asserts options is ViewerOptions {
  checkKeys(options, viewer, "The viewer's options");
  if (options.viewState !== undefined) checkViewState(options.viewState);
  if (typeof options.controller !== "boolean") optional(options.controller, controller, "controller");
  if (options.layers !== undefined) {
    if (!Array.isArray(options.layers)) throw invalid("layers must be an array.");
    const ids = new Set<string>();
    for (const spec of options.layers) {
      checkLayerSpec(spec);
      if (ids.has(spec.id)) throw invalid(`Two layers have the id "${spec.id}".`);
      ids.add(spec.id);
    }
  }
}

export function checkLayerSpec(spec: unknown): asserts spec is LayerSpec {
  const type = (spec as { type?: unknown } | null | undefined)?.type;
  if (type !== "image" && type !== "segmentation") throw invalid(`A layer's type must be "image" or "segmentation", not ${JSON.stringify(type) ?? "absent"}.`);
  checkKeys(spec, type === "image" ? image : segmentation, `The ${type} layer`);
  if (typeof spec.id !== "string" || spec.id === "") throw invalid("A layer needs an id that is not empty.");
  checkTransform(spec.transform, spec.id);
  checkSource(spec.source, isLocal(spec.source), `layer "${spec.id}"`);
}

/** `of`: whose it is, for messages. */
export function checkSource(source: unknown, fromFiles: boolean, of: string): void {
  if (typeof source === "string") return;
  checkKeys(source, fromFiles ? local : remote, `The source of ${of}`);
  checkRaw(source["raw"], of);
  if (!fromFiles) checkCredentials(source["credentials"], of);
  else if (typeof source["files"] !== "object" || source["files"] === null) throw invalid(`The files of ${of} must be a FileList, files, or the handle of a folder.`);
}

/** The engine knows a layout as a whole, and could not say what is wrong with it; whether it fits the file is said by who reads that. */
function checkRaw(layout: unknown, of: string): void {
  if (layout === undefined) return;
  const where = `The raw layout of ${of}`;
  checkKeys(layout, raw, where);
  const { shape, dataType, channels = 1, littleEndian = true, headerBytes = 0 } = layout;
  const counts = (n: unknown, least: number): boolean => Number.isSafeInteger(n) && (n as number) >= least;
  if (!Array.isArray(shape) || shape.length !== 3 || !shape.every((n) => counts(n, 1))) throw invalid(`${where} needs shape, three whole numbers above 0, not ${JSON.stringify(shape) ?? "nothing"}.`);
  if (typeof dataType !== "string" || !Object.hasOwn(dataTypes, dataType)) throw invalid(`${where} needs dataType, one of ${Object.keys(dataTypes).join(", ")}, not ${JSON.stringify(dataType) ?? "nothing"}.`);
  if (!counts(channels, 1)) throw invalid(`${where} has channels ${JSON.stringify(channels)}; a whole number above 0 is needed.`);
  if (typeof littleEndian !== "boolean") throw invalid(`${where} has littleEndian ${JSON.stringify(littleEndian)}; true or false is needed.`);
  if (!counts(headerBytes, 0)) throw invalid(`${where} has headerBytes ${JSON.stringify(headerBytes)}; a whole number of bytes is needed.`);
}

function checkCredentials(credentials: unknown, of: string): void {
  if (credentials === undefined) return;
  const type = (credentials as { type?: unknown } | null)?.type;
  // Their values never stand in a message.
  if (type !== "s3" && type !== "bearer") throw invalid(`The credentials of ${of} must be of type "s3" or "bearer".`);
  checkKeys(credentials, type === "s3" ? s3 : bearer, `The credentials of ${of}`);
  const given = credentials as Record<string, unknown>;
  const missing = (type === "s3" ? ["accessKeyId", "secretAccessKey"] : ["token"]).find((key) => typeof given[key] !== "string" || given[key] === "");
  if (missing) throw invalid(`The credentials of ${of} need ${missing}, a text.`);
}

/** Whether a transform has a form that the engine knows; its numbers are the engine's to judge. */
function checkTransform(transform: unknown, id: string): void {
  if (transform === undefined || (Array.isArray(transform) && transform.every((n) => typeof n === "number"))) return;
  if (typeof transform === "object" && transform !== null && "source" in transform && "target" in transform) {
    throw new ViewerError("unsupported", `The transform of layer "${id}" is given by points; only 12 numbers (3×4, row-major) are supported.`, {
      remedy: "Give the affine map that fits the points best.",
    });
  }
  throw invalid(`The transform of layer "${id}" must be 12 numbers (3×4, row-major).`);
}

/** Keys that may change later: not what the layer is. */
export function checkLayerPatch(patch: unknown, type: LayerSpec["type"], id: string): void {
  const { id: _id, type: _type, source: _source, ...known } = type === "image" ? image : segmentation;
  checkKeys(patch, known, `The change to layer "${id}"`);
  checkTransform(patch.transform, id);
}
