/**
 * WEBKNOSSOS's datasource-properties.json: the layers of a dataset, and how they are shown at first.
 *
 * Source: WEBKNOSSOS's docs/data/concepts.md and the dataset properties of its Python library. Positions and boxes are in voxels of the finest
 * level, the scale is the size of one. Rotations are those of WEBKNOSSOS's flycam, in degrees: about z, by the negative angle, then y, then x.
 */
import { badDatasource, isNumber, isObject, magName, magOf, magsOf, OWN, scaleNm, vec3, type Json } from "./datasource-json.js";
import type { PartialViewerState, Quat, SavedLayer, SourceFormat, Vec3, ViewState } from "./types.js";

/** What came of a dataset's description. */
export interface FromDatasource {
  name: string;
  /** For `setState`. Of the view, what the description says. */
  state: PartialViewerState;
  /** What it holds and this viewer does not show: one sentence each. */
  leftOut: string[];
}

const FORMATS: Record<string, SourceFormat | undefined> = { wkw: "wkw", n5: "n5", neuroglancerPrecomputed: "precomputed" };
/** Members of this viewer's own that say how a layer is shown. */
const OWN_LOOKS = ["contrast", "interpolation", "blend", "channel", "selected", "hideUnselected", "outline", "colorSeed", "colors"];

/**
 * The layers and the view of a dataset. `base` is the folder that the description lies in.
 *
 * Throws "bad-metadata" where it is no such description.
 */
export function stateFromDatasource(json: unknown, base: string | URL): FromDatasource {
  const folder = String(base);
  const dataset = withWholePaths(checked(json), folder);
  const size = scaleNm(dataset["scale"]) as Vec3;
  const leftOut: string[] = [];
  const shown = configuration(dataset);
  const layers = layersOf(dataset).flatMap((layer) => layerOf(layer, size, shown, leftOut));
  const view = viewOf(shown, size);
  const [, path = ""] = /^[^?#]*?([^/?#|]+)\/*(?:[?#].*)?$/.exec(folder) ?? [];
  return { name: nameOf(dataset) ?? path, state: { version: 1, layout: "4panel", layers, viewState: view, dataset }, leftOut };
}

/**
 * A description whose members that are used have the right form.
 *
 * Throws "bad-metadata", naming the member.
 */
export function checked(json: unknown): Json {
  if (!isObject(json)) throw badDatasource("it is no object");
  if (!Array.isArray(json["dataLayers"])) throw badDatasource("dataLayers is no list");
  if (!scaleNm(json["scale"])) throw badDatasource("scale is neither three numbers above 0 nor such a factor and a known unit");
  const names = new Set<string>();
  for (const [i, layer] of json["dataLayers"].entries()) {
    if (!isObject(layer)) throw badDatasource(`dataLayers[${i}] is no object`);
    const name = layer["name"];
    if (typeof name !== "string" || name === "") throw badDatasource(`dataLayers[${i}].name is no text`);
    if (names.has(name)) throw badDatasource(`two of dataLayers are called "${name}"`);
    names.add(name);
  }
  return json;
}

/** The layers of a description that was checked. */
export const layersOf = (dataset: Json): Json[] => dataset["dataLayers"] as Json[];

/** What a dataset is called for people; else by its files. */
export function nameOf(dataset: Json): string | undefined {
  const own = dataset[OWN];
  const names = [isObject(own) ? own["displayName"] : undefined, isObject(dataset["id"]) ? dataset["id"]["name"] : undefined];
  return names.find((name): name is string => typeof name === "string" && name !== "");
}

/** How the dataset is shown at first; what its administrators say comes after what its writers say. */
export function configuration(of: Json): Json {
  const parts = [of["defaultViewConfiguration"], of["adminViewConfiguration"]].filter(isObject);
  return Object.assign({}, ...parts) as Json;
}

/** How a layer is shown at first, by its own configuration and the dataset's. */
export function layerConfiguration(layer: Json, shown: Json): Json {
  const perLayer = isObject(shown["layers"]) ? shown["layers"][String(layer["name"])] : undefined;
  return { ...(typeof shown["interpolation"] === "boolean" && { interpolation: shown["interpolation"] }), ...configuration(layer), ...(isObject(perLayer) ? perLayer : {}) };
}

export function viewOf(shown: Json, size: Vec3): Partial<ViewState> {
  const view: { -readonly [K in keyof ViewState]?: ViewState[K] } = {};
  const at = vec3(shown["position"]);
  // A whole number names a voxel: its middle is meant.
  if (at) view.position = [(at[0] + 0.5) * size[0], (at[1] + 0.5) * size[1], (at[2] + 0.5) * size[2]];
  if (isNumber(shown["zoom"]) && shown["zoom"] > 0) view.crossSectionScale = shown["zoom"] * Math.min(...size);
  const rotation = vec3(shown["rotation"]);
  if (rotation) view.crossSectionOrientation = orientationOf(rotation);
  return view;
}

/** The orientation that WEBKNOSSOS's angles stand for, in degrees: R = Rz(−z) Ry(y) Rx(x). */
export function orientationOf([x, y, z]: Vec3): Quat {
  const half = (degrees: number): [number, number] => [Math.sin((degrees * Math.PI) / 360), Math.cos((degrees * Math.PI) / 360)];
  const [[sx, cx], [sy, cy], [sz, cz]] = [half(x), half(y), half(-z)];
  return [cz * cy * sx - sz * sy * cx, cz * sy * cx + sz * cy * sx, sz * cy * cx - cz * sy * sx, cz * cy * cx + sz * sy * sx];
}

/** A layer for `setState`; none, and why in `leftOut`, where it is of a format that is not read. */
export function layerOf(layer: Json, size: Vec3, shown: Json, leftOut: string[]): SavedLayer[] {
  const name = String(layer["name"]);
  const source = sourceOf(layer, size);
  if (!source) {
    leftOut.push(magsOf(layer).length === 0 ? `The layer "${name}" lists no levels.` : `The layer "${name}" is of the format "${String(layer["dataFormat"] ?? "")}", which is not read.`);
    return [];
  }
  const type = layer["category"] === "segmentation" ? "segmentation" : "image";
  const spec: SavedLayer = { id: name, type, source, ...lookOf(layerConfiguration(layer, shown), type) };
  const transform = transformOf(layer, size);
  if (transform) spec["transform"] = transform;
  else if (Array.isArray(layer["coordinateTransformations"]) && layer["coordinateTransformations"].length > 0) leftOut.push(`The transformation of "${name}" is not taken over.`);
  return [spec];
}

/** Where the voxels of a layer are. */
export function sourceOf(layer: Json, size: Vec3): Json | undefined {
  const own = isObject(layer[OWN]) ? layer[OWN]["source"] : undefined;
  if (isObject(own) && typeof own["url"] === "string") return own;
  const format = String(layer["dataFormat"] ?? "");
  const path = magsOf(layer).map((mag) => mag["path"]).find((path) => typeof path === "string");
  if (!/^(wkw|zarr3?|n5|neuroglancerPrecomputed)$/.test(format) || typeof path !== "string") return undefined;
  const known = FORMATS[format];
  // WKW has no size of its own, and is read with what is said here.
  const finest = format === "wkw" ? undefined : finestMag(layer);
  return { url: parentOf(path), ...(known && { format: known }), ...(finest && { voxelSizeNm: finest.map((n, i) => n * (size[i] as number)) }) };
}

/** The finest level there is: how many voxels of the dataset one of it is long, along each axis. */
export function finestMag(layer: Json): Vec3 {
  const product = (mag: Vec3): number => mag[0] * mag[1] * mag[2];
  return magsOf(layer).map(magOf).filter((mag) => mag !== undefined).sort((a, b) => product(a) - product(b))[0] ?? [1, 1, 1];
}

/** The folder around a path. What follows ? stays. */
function parentOf(path: string): string {
  const [, folder = path, query = ""] = /^([^?#]*)(.*)$/.exec(path) ?? [];
  return folder.replace(/\/+$/, "").replace(/\/?[^/]+$/, "") + query;
}

/** The description with whole addresses in place of paths in its folder, so that it says the same anywhere. */
function withWholePaths(dataset: Json, base: string): Json {
  const whole = (path: string): string => (/^[a-z][a-z\d+.-]*:/i.test(path) ? path : below(base, path.replace(/^(\.?\/)+/, "")));
  const attached = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(attached);
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, key === "path" && typeof member === "string" ? whole(member) : attached(member)]));
  };
  const layers = layersOf(dataset).map((layer) => {
    const name = encodeURIComponent(String(layer["name"]));
    const mags = (list: unknown): unknown => (Array.isArray(list) ? list.map((mag) => (isObject(mag) ? { ...mag, path: whole(typeof mag["path"] === "string" ? mag["path"] : `${name}/${magName(magOf(mag) ?? [1, 1, 1])}`) } : mag)) : list);
    const listed = ["mags", "wkwResolutions"].filter((key) => Array.isArray(layer[key]));
    return { ...layer, ...Object.fromEntries(listed.map((key) => [key, mags(layer[key])])), ...(isObject(layer["attachments"]) && { attachments: attached(layer["attachments"]) }) };
  });
  return { ...dataset, dataLayers: layers };
}

/** An address below a folder. What follows ? stays at the end, but for places in archives. */
export function below(folder: string, path: string): string {
  const [, address = folder, query = ""] = folder.includes("|") ? [] : (/^([^?#]*)(\?[^#]*)?/.exec(folder) ?? []);
  return `${address.replace(/\/+$/, "")}/${path}${query}`;
}

/** Colours, contrast and visibility. Opacities are percentages there. */
export function lookOf(shown: Json, type: SavedLayer["type"]): Json {
  const look: Json = {};
  if (typeof shown["isDisabled"] === "boolean") look["visible"] = !shown["isDisabled"];
  if (isNumber(shown["alpha"])) look["opacity"] = Math.min(Math.max(shown["alpha"] / 100, 0), 1);
  const own = isObject(shown[OWN]) ? shown[OWN] : {};
  const owns = Object.fromEntries(OWN_LOOKS.filter((key) => own[key] !== undefined).map((key) => [key, own[key]]));
  if (type === "segmentation") return { ...look, ...owns };
  const { color, intensityRange } = shown;
  if (Array.isArray(intensityRange) && intensityRange.length === 2 && intensityRange.every(isNumber) && intensityRange[0] !== intensityRange[1]) look["contrast"] = intensityRange;
  const rgb = vec3(color);
  if (rgb?.every((n) => n >= 0 && n <= 255)) look["color"] = `#${rgb.map((n) => Math.round(n).toString(16).padStart(2, "0")).join("")}`;
  if (isNumber(shown["gammaCorrectionValue"]) && shown["gammaCorrectionValue"] > 0) look["gamma"] = shown["gammaCorrectionValue"];
  if (typeof shown["isInverted"] === "boolean") look["invert"] = shown["isInverted"];
  if (typeof shown["interpolation"] === "boolean") look["interpolation"] = shown["interpolation"] ? "linear" : "nearest";
  return { ...look, ...owns };
}

/** 3×4 in nm of a layer's one affine map, which is 4×4 in voxels; both row by row. */
export function transformOf(layer: Json, size: Vec3): number[] | undefined {
  const transforms: unknown = layer["coordinateTransformations"];
  const one: unknown = Array.isArray(transforms) && transforms.length === 1 ? transforms[0] : undefined;
  const matrix = isObject(one) && one["type"] === "affine" ? one["matrix"] : undefined;
  const rows = Array.isArray(matrix) ? matrix.slice(0, 3) : [];
  if (rows.length < 3 || !rows.every((row) => Array.isArray(row) && row.length === 4 && row.every(isNumber))) return undefined;
  return (rows as number[][]).flatMap((row, i) => row.map((n, j) => (n * (size[i] as number)) / (j < 3 ? (size[j] as number) : 1)));
}
