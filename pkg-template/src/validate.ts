/** Finds misspelt options: an unknown key is an error that names it. Values are the engine's to judge. */
import { ViewerError } from "./errors.js";
import { isLocal } from "./local-files.js";
import type { ContextOptions, ControllerOptions, Credentials, ExportOptions, ImageLayerSpec, LayerSpec, Limits, LocalSource, RemoteSource, SegmentationLayerSpec, ViewState, ViewerOptions } from "./types.js";

/** Every key of T; leaving one out does not compile. */
type Keys<T> = Record<keyof Required<T>, true>;

const viewer: Keys<ViewerOptions> = { container: true, context: true, layers: true, viewState: true, layout: true, controller: true, signal: true };
const controller: Keys<ControllerOptions> = { pan: true, zoom: true, rotate: true, keyboard: true };
const viewState: Keys<ViewState> = { position: true, crossSectionScale: true, crossSectionOrientation: true, projectionScale: true, projectionOrientation: true, otherAxes: true };
const context: Keys<ContextOptions> = { limits: true, transformRequest: true, assets: true };
const limits: Keys<Limits> = { gpuBytes: true, cpuBytes: true, diskBytes: true, maxConcurrentRequests: true, maxUploadBytesPerFrame: true, workers: true };
const remote: Keys<RemoteSource> = { url: true, format: true, voxelSizeNm: true, endpoint: true, pathStyle: true, credentials: true };
const s3: Keys<Credentials & { type: "s3" }> = { type: true, accessKeyId: true, secretAccessKey: true, sessionToken: true, region: true, requesterPays: true };
const bearer: Keys<Credentials & { type: "bearer" }> = { type: true, token: true };
const local: Keys<LocalSource> = { files: true, path: true, format: true, voxelSizeNm: true };
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
  if (typeof spec.source === "string") return;
  checkKeys(spec.source, isLocal(spec.source) ? local : remote, `The source of layer "${spec.id}"`);
  if (!isLocal(spec.source)) checkCredentials((spec.source as { credentials?: unknown }).credentials, spec.id);
  if (isLocal(spec.source) && (typeof spec.source.files !== "object" || spec.source.files === null)) throw invalid(`The files of layer "${spec.id}" must be a FileList, files, or the handle of a folder.`);
}

function checkCredentials(credentials: unknown, id: string): void {
  if (credentials === undefined) return;
  const type = (credentials as { type?: unknown } | null)?.type;
  // Their values never stand in a message.
  if (type !== "s3" && type !== "bearer") throw invalid(`The credentials of layer "${id}" must be of type "s3" or "bearer".`);
  checkKeys(credentials, type === "s3" ? s3 : bearer, `The credentials of layer "${id}"`);
  const given = credentials as Record<string, unknown>;
  const missing = (type === "s3" ? ["accessKeyId", "secretAccessKey"] : ["token"]).find((key) => typeof given[key] !== "string" || given[key] === "");
  if (missing) throw invalid(`The credentials of layer "${id}" need ${missing}, a text.`);
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
