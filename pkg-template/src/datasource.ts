/**
 * WEBKNOSSOS's datasource-properties.json: the layers of a dataset, and how they are shown at first.
 *
 * Source: WEBKNOSSOS's docs/data/concepts.md and the dataset properties of its Python library. Positions and boxes are in voxels of the finest
 * level, the scale is the size of one.
 */
import { ViewerError } from "./errors.js";
import type { PartialViewerState, SavedLayer, SourceFormat, Vec3, ViewState } from "./types.js";

/** What came of a dataset's description. */
export interface FromDatasource {
  name: string;
  /** For `setState`. Of the view, what the description says. */
  state: PartialViewerState;
  /** What it holds and this viewer does not show: one sentence each. */
  leftOut: string[];
}

type Json = Record<string, unknown>;

export const DATASOURCE = "datasource-properties.json";

const FORMATS: Record<string, SourceFormat | undefined> = { wkw: "wkw", n5: "n5", neuroglancerPrecomputed: "precomputed" };
const NM_PER: Record<string, number> = {
  nm: 1, um: 1e3, "µm": 1e3, mm: 1e6, cm: 1e7, m: 1e9, picometer: 1e-3, kilometer: 1e12, inch: 25.4e6, foot: 304.8e6, nanometer: 1, micrometer: 1e3, millimeter: 1e6, centimeter: 1e7, meter: 1e9, angstrom: 0.1,
};

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const vec3 = (value: unknown): Vec3 | undefined => (Array.isArray(value) && value.length === 3 && value.every(isNumber) ? (value as unknown as Vec3) : undefined);

/**
 * The layers and the view of a dataset. `base` is the folder that the description lies in.
 *
 * Throws "bad-metadata" where it is no such description.
 */
export function stateFromDatasource(json: unknown, base: string | URL): FromDatasource {
  const bad = (what: string): ViewerError => new ViewerError("bad-metadata", `The ${DATASOURCE} is wrong: ${what}.`, { remedy: "Mend the file, or ask who wrote the dataset." });
  if (!isObject(json)) throw bad("it is no object");
  const layers = json["dataLayers"];
  if (!Array.isArray(layers)) throw bad("dataLayers is no list");
  const size = scaleNm(json["scale"]);
  if (!size) throw bad("scale is neither three numbers nor a factor and a unit");
  const leftOut: string[] = [];
  const shown = configuration(json);
  const made = layers.filter(isObject).flatMap((layer) => layerOf(layer, String(base).replace(/\/*$/, "/"), size, shown, leftOut));
  const id = isObject(json["id"]) ? json["id"]["name"] : undefined;
  return {
    name: typeof id === "string" && id !== "" ? id : (new URL(".", new URL(String(base).replace(/\/*$/, "/"), document.baseURI)).pathname.split("/").at(-2) ?? ""),
    state: { version: 1, layout: "4panel", layers: made, viewState: viewOf(shown, size, leftOut) },
    leftOut,
  };
}

function scaleNm(scale: unknown): Vec3 | undefined {
  const plain = vec3(scale);
  if (plain) return plain;
  if (!isObject(scale)) return undefined;
  const [factor, unit] = [vec3(scale["factor"]), NM_PER[String(scale["unit"] ?? "nanometer")]];
  return factor && unit !== undefined ? [factor[0] * unit, factor[1] * unit, factor[2] * unit] : undefined;
}

/** How the dataset is shown at first; what its administrators say comes after what its writers say. */
function configuration(of: Json): Json {
  const parts = [of["defaultViewConfiguration"], of["adminViewConfiguration"]].filter(isObject);
  return Object.assign({}, ...parts) as Json;
}

function viewOf(shown: Json, size: Vec3, leftOut: string[]): Partial<ViewState> {
  const view: { -readonly [K in keyof ViewState]?: ViewState[K] } = {};
  const at = vec3(shown["position"]);
  // A whole number names a voxel: its middle is meant.
  if (at) view.position = [(at[0] + 0.5) * size[0], (at[1] + 0.5) * size[1], (at[2] + 0.5) * size[2]];
  if (isNumber(shown["zoom"]) && shown["zoom"] > 0) view.crossSectionScale = shown["zoom"] * Math.min(...size);
  if (vec3(shown["rotation"])?.some((angle) => angle !== 0)) leftOut.push("The rotation of its view is not taken over.");
  return view;
}

function layerOf(layer: Json, base: string, size: Vec3, shown: Json, leftOut: string[]): SavedLayer[] {
  const name = typeof layer["name"] === "string" ? layer["name"] : "";
  const format = String(layer["dataFormat"] ?? "");
  if (name === "" || !/^(wkw|zarr3?|n5|neuroglancerPrecomputed)$/.test(format)) {
    leftOut.push(`The layer "${name}" is of the format "${format}", which is not read.`);
    return [];
  }
  const known = FORMATS[format];
  // WKW has no size of its own, and is read with what is said here.
  const finest = format === "wkw" ? undefined : finestMag(layer);
  const spec: SavedLayer = {
    id: name,
    type: layer["category"] === "segmentation" ? "segmentation" : "image",
    source: { url: folderOf(layer, base, name), ...(known && { format: known }), ...(finest && { voxelSizeNm: finest.map((n, i) => n * (size[i] as number)) }) },
  };
  const perLayer = isObject(shown["layers"]) ? shown["layers"][name] : undefined;
  dress(spec, { ...configuration(layer), ...(isObject(perLayer) ? perLayer : {}) });
  const transforms = Array.isArray(layer["coordinateTransformations"]) ? layer["coordinateTransformations"] : [];
  const matrix = transforms.length === 1 && isObject(transforms[0]) && transforms[0]["type"] === "affine" ? affineNm(transforms[0]["matrix"], size) : undefined;
  if (matrix) spec["transform"] = matrix;
  else if (transforms.length > 0) leftOut.push(`The transformation of "${name}" is not taken over.`);
  return [spec];
}

/** The finest level there is: how many voxels of the dataset one of it is long, along each axis. */
function finestMag(layer: Json): Vec3 {
  const mags = magsOf(layer).map(({ mag, resolution }): Vec3 | undefined => {
    const given = mag ?? resolution;
    const parts = typeof given === "string" ? given.split("-").map(Number) : isNumber(given) ? [given] : given;
    return vec3(Array.isArray(parts) && parts.length === 1 ? [parts[0], parts[0], parts[0]] : parts);
  });
  const product = (mag: Vec3): number => mag[0] * mag[1] * mag[2];
  return mags.filter((mag) => mag !== undefined).sort((a, b) => product(a) - product(b))[0] ?? [1, 1, 1];
}

/** Levels, as they are described now and as they once were. */
const magsOf = (layer: Json): Json[] => [layer["mags"], layer["wkwResolutions"]].flatMap((list) => (Array.isArray(list) ? list : [])).filter(isObject);

/** The folder that a layer's levels lie in. */
function folderOf(layer: Json, base: string, name: string): string {
  const path = magsOf(layer).map((mag) => mag["path"]).find((path) => typeof path === "string");
  if (typeof path !== "string") return `${base}${encodeURIComponent(name)}`;
  const parent = path.replace(/\/+$/, "").replace(/\/?[^/]+$/, "");
  if (/^[a-z][a-z\d+.-]*:/i.test(path)) return parent;
  return `${base}${parent.replace(/^(\.?\/)+/, "")}`.replace(/\/$/, "");
}

/** Colours, contrast and visibility. Opacities are percentages there. */
function dress(spec: SavedLayer, shown: Json): void {
  if (shown["isDisabled"] === true) spec["visible"] = false;
  if (isNumber(shown["alpha"])) spec["opacity"] = Math.min(Math.max(shown["alpha"] / 100, 0), 1);
  if (spec.type === "segmentation") return;
  const { color, intensityRange } = shown;
  if (Array.isArray(intensityRange) && intensityRange.length === 2 && intensityRange.every(isNumber) && intensityRange[0] !== intensityRange[1]) spec["contrast"] = intensityRange;
  const rgb = vec3(color);
  if (rgb?.every((n) => n >= 0 && n <= 255)) spec["color"] = `#${rgb.map((n) => Math.round(n).toString(16).padStart(2, "0")).join("")}`;
  if (isNumber(shown["gammaCorrectionValue"]) && shown["gammaCorrectionValue"] > 0) spec["gamma"] = shown["gammaCorrectionValue"];
  if (shown["isInverted"] === true) spec["invert"] = true;
}

/** 3×4 in nm of a 4×4 matrix in voxels, both row by row. */
function affineNm(matrix: unknown, size: Vec3): number[] | undefined {
  const rows = Array.isArray(matrix) ? matrix.slice(0, 3) : [];
  if (rows.length < 3 || !rows.every((row) => Array.isArray(row) && row.length === 4 && row.every(isNumber))) return undefined;
  return (rows as number[][]).flatMap((row, i) => row.map((n, j) => (n * (size[i] as number)) / (j < 3 ? (size[j] as number) : 1)));
}
