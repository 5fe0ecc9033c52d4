/**
 * Neuroglancer's links: its state, which is JSON in the fragment of an address, to ours and back.
 *
 * Source: Neuroglancer's docs/json_schema (viewer_state.yml, layers). Positions are in units of `dimensions`; scales in its canonical voxel, which is
 * as long as the shortest edge of a unit of the displayed dimensions.
 */
import { ViewerError } from "./errors.js";
import type { Layout, PartialViewerState, Quat, SavedLayer, SourceSpec, Vec3, ViewerStateV1, ViewState } from "./types.js";

/** What came of a link. */
export interface FromNeuroglancer {
  /** For `setState`. Of the view, what the link says. */
  state: PartialViewerState;
  /** What the link holds and this viewer does not show: one sentence each. */
  leftOut: string[];
}

type Json = Record<string, unknown>;

const NM_PER_M = 1e9;
const DEMO = "https://neuroglancer-demo.appspot.com/";

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const numbers = (value: unknown, length: number): number[] | undefined =>
  Array.isArray(value) && value.length >= length && value.slice(0, length).every(isNumber) ? (value.slice(0, length) as number[]) : undefined;

/** Whether this looks like a link of Neuroglancer's, or like its state. Our own links have a `version`. */
export function isNeuroglancer(text: string): boolean {
  const json = stateText(text);
  return json !== undefined && /"(layers|dimensions|navigation)"/.test(json) && !/^\{\s*"version"/.test(json);
}

/**
 * The state that a link of Neuroglancer's, or its state as JSON, stands for.
 *
 * Throws "bad-data" where there is none, or none that can be read.
 */
export function stateFromNeuroglancer(text: string): FromNeuroglancer {
  const json = stateText(text);
  if (json === undefined) {
    const remote = /#!(gs|s3|https?):/.test(text);
    throw new ViewerError("bad-data", remote ? "The state of this Neuroglancer link lies on a server." : "This is no Neuroglancer link: nothing follows #! in it.", {
      remedy: remote ? "Open it in Neuroglancer, and copy the address that it then shows." : "Copy the whole address from Neuroglancer.",
    });
  }
  let read: unknown;
  try {
    read = JSON.parse(json);
  } catch (cause) {
    throw new ViewerError("bad-data", "The state in this Neuroglancer link cannot be read: it is damaged or cut off.", { remedy: "Copy the whole link again.", cause });
  }
  if (!isObject(read)) throw new ViewerError("bad-data", "The state in this Neuroglancer link is not an object.", { remedy: "Copy the whole link again." });
  const leftOut: string[] = [];
  const units = unitsNm(read, leftOut);
  const layers = layersOf(read, leftOut);
  return { state: { version: 1, layers, viewState: viewOf(read, units), layout: layoutOf(read["layout"], leftOut) }, leftOut };
}

/** The address at which Neuroglancer shows this state. Transforms of layers, gamma and inversion have no place in it, nor have S3 services
 * other than AWS, files of one's own and WKW, which Neuroglancer does not read. */
export function neuroglancerUrl(state: ViewerStateV1, base: string | URL = DEMO): string {
  const view: Partial<ViewState> = state.viewState;
  const nm = 1 / NM_PER_M;
  const json: Json = { dimensions: { x: [nm, "m"], y: [nm, "m"], z: [nm, "m"] } };
  const put = (key: string, value: unknown): void => {
    if (value !== undefined) json[key] = value;
  };
  put("position", view.position);
  put("crossSectionOrientation", view.crossSectionOrientation);
  put("crossSectionScale", view.crossSectionScale);
  put("projectionOrientation", view.projectionOrientation);
  put("projectionScale", view.projectionScale);
  json["layers"] = state.layers.map(layerTo);
  put("layout", state.layout);
  const url = new URL(base);
  url.hash = `!${encodeURIComponent(JSON.stringify(json))}`;
  return url.href;
}

/** The JSON in a link, or the text itself where it is that. */
function stateText(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) return trimmed;
  const at = trimmed.indexOf("#!");
  if (at < 0) return undefined;
  const hash = trimmed.slice(at + 2).replace(/^\+/, "");
  try {
    const decoded = decodeURIComponent(hash);
    return decoded.startsWith("{") ? unescapeOld(decoded) : undefined;
  } catch {
    return hash.startsWith("{") || hash.startsWith("%7B") ? hash : undefined;
  }
}

/** Old links write `_` for commas and ' for quotes. */
function unescapeOld(text: string): string {
  if (!/^\{\s*'/.test(text)) return text;
  let [out, quoted] = ["", false];
  for (const c of text) {
    if (c === "'") quoted = !quoted;
    out += c === "'" ? '"' : c === "_" && !quoted ? "," : c;
  }
  return out;
}

/** Nanometres of a unit along x, y, z. */
function unitsNm(state: Json, leftOut: string[]): Vec3 {
  const { dimensions } = state;
  const old = isObject(state["navigation"]) && isObject(state["navigation"]["pose"]) ? state["navigation"]["pose"]["position"] : undefined;
  if (isObject(old)) {
    const size = numbers(old["voxelSize"], 3);
    if (size) return [size[0] ?? 1, size[1] ?? 1, size[2] ?? 1];
  }
  if (!isObject(dimensions)) return [1, 1, 1];
  const others = Object.keys(dimensions).filter((name) => !["x", "y", "z"].includes(name) && !name.endsWith("'") && !name.endsWith("^"));
  if (others.length > 0) leftOut.push(`The place along ${others.join(", ")} is not taken over.`);
  const unit = (name: string): number => {
    const given = dimensions[name];
    const [scale, of] = Array.isArray(given) ? given : [1, ""];
    return isNumber(scale) && scale > 0 ? scale * (of === "m" ? NM_PER_M : 1) : 1;
  };
  return [unit("x"), unit("y"), unit("z")];
}

function viewOf(state: Json, units: Vec3): Partial<ViewState> {
  const view: { -readonly [K in keyof ViewState]?: ViewState[K] } = {};
  const navigation = isObject(state["navigation"]) ? state["navigation"] : {};
  const pose = isObject(navigation["pose"]) ? navigation["pose"] : {};
  const old = isObject(pose["position"]) ? pose["position"] : {};
  const names = isObject(state["dimensions"]) ? Object.keys(state["dimensions"]) : ["x", "y", "z"];
  const all = numbers(state["position"], names.length) ?? numbers(old["voxelCoordinates"], 3);
  if (all) {
    const along = (name: string, i: number): number => (all[names.indexOf(name)] ?? 0) * (units[i] ?? 1);
    view.position = old["voxelCoordinates"] ? [(all[0] ?? 0) * units[0], (all[1] ?? 0) * units[1], (all[2] ?? 0) * units[2]] : [along("x", 0), along("y", 1), along("z", 2)];
  }
  const canonical = Math.min(...units);
  const scale = (key: string, oldKey: unknown): number | undefined => {
    const given = state[key];
    if (isNumber(given) && given > 0) return given * canonical;
    return isNumber(oldKey) && oldKey > 0 ? oldKey : undefined;
  };
  const cross = scale("crossSectionScale", navigation["zoomFactor"]);
  if (cross !== undefined) view.crossSectionScale = cross;
  const projection = scale("projectionScale", undefined);
  if (projection !== undefined) view.projectionScale = projection;
  const turn = (value: unknown): Quat | undefined => numbers(value, 4) as Quat | undefined;
  const crossTurn = turn(state["crossSectionOrientation"]) ?? turn(pose["orientation"]);
  if (crossTurn) view.crossSectionOrientation = crossTurn;
  const projectionTurn = turn(state["projectionOrientation"]) ?? turn(state["perspectiveOrientation"]);
  if (projectionTurn) view.projectionOrientation = projectionTurn;
  return view;
}

const LAYOUTS: Record<string, Layout> = {
  "4panel": "4panel", "4panel-alt": "4panel", xy: "xy", xz: "xz", yz: "yz", "3d": "3d", "xy-3d": "xy-3d", "xz-3d": "4panel", "yz-3d": "4panel",
};

function layoutOf(layout: unknown, leftOut: string[]): Layout {
  const name = isObject(layout) ? layout["type"] : layout;
  if (name === undefined) return "4panel";
  const known = typeof name === "string" ? LAYOUTS[name] : undefined;
  if (!known) leftOut.push("Its arrangement of several viewers is shown as four panels.");
  return known ?? "4panel";
}

function layersOf(state: Json, leftOut: string[]): SavedLayer[] {
  const { layers } = state;
  // Old links have an object of layers by name.
  const list: unknown[] = Array.isArray(layers) ? layers : isObject(layers) ? Object.entries(layers).map(([name, layer]) => (isObject(layer) ? { name, ...layer } : layer)) : [];
  const made: SavedLayer[] = [];
  for (const layer of list.filter(isObject)) {
    const name = typeof layer["name"] === "string" && layer["name"] !== "" ? layer["name"] : `layer ${made.length + 1}`;
    const spec = layerOf(layer, name, made, leftOut);
    if (spec) made.push(spec);
  }
  return made;
}

function layerOf(layer: Json, name: string, before: SavedLayer[], leftOut: string[]): SavedLayer | undefined {
  const { type } = layer;
  if (type !== "image" && type !== "segmentation") {
    leftOut.push(`The ${typeof type === "string" ? type : "untyped"} layer "${name}" is not shown.`);
    return undefined;
  }
  const source = sourceOf(layer["source"], name, leftOut);
  if (source === undefined) {
    leftOut.push(`The layer "${name}" has no source of voxels.`);
    return undefined;
  }
  let id = name;
  for (let n = 2; before.some((other) => other.id === id); n += 1) id = `${name} ${n}`;
  const visible = layer["visible"] !== false && layer["archived"] !== true;
  return type === "image" ? imageOf(layer, { id, source, visible }, before, leftOut) : segmentationOf(layer, { id, source, visible });
}

interface Common {
  id: string;
  source: SourceSpec;
  visible: boolean;
}

function imageOf(layer: Json, common: Common, before: SavedLayer[], leftOut: string[]): SavedLayer {
  const spec: SavedLayer = { type: "image", ...common };
  // What lies at the bottom covers nothing: there its opacity darkens nothing, either.
  const isLowest = before.every((other) => other["visible"] === false);
  if (!isLowest) spec["opacity"] = isNumber(layer["opacity"]) ? layer["opacity"] : 0.5;
  if (layer["blend"] === "additive") spec["blend"] = "additive";
  const controls = isObject(layer["shaderControls"]) ? layer["shaderControls"] : {};
  const normalized = isObject(controls["normalized"]) ? controls["normalized"] : controls["normalized"] === undefined ? {} : { range: controls["normalized"] };
  const range = numbers(normalized["range"], 2);
  spec["contrast"] = range && range[0] !== range[1] ? [range[0] ?? 0, range[1] ?? 1] : "auto";
  if (typeof layer["shader"] === "string" && layer["shader"].trim() !== "") leftOut.push(`The shader of "${common.id}" is not run.`);
  return spec;
}

function segmentationOf(layer: Json, common: Common): SavedLayer {
  const spec: SavedLayer = { type: "segmentation", ...common };
  spec["opacity"] = isNumber(layer["selectedAlpha"]) ? layer["selectedAlpha"] : 0.5;
  // An id after "!" is listed, but not shown.
  const segments = Array.isArray(layer["segments"]) ? layer["segments"].map(String).filter((id) => /^\d{1,20}$/.test(id)) : [];
  if (segments.length > 0) {
    spec["selected"] = segments;
    const others = layer["notSelectedAlpha"];
    spec["hideUnselected"] = !isNumber(others) || others === 0;
  }
  if (isNumber(layer["colorSeed"])) spec["colorSeed"] = layer["colorSeed"];
  if (isObject(layer["segmentColors"])) {
    const colors = Object.entries(layer["segmentColors"]).filter(([id, color]) => /^\d{1,20}$/.test(id) && /^#[\da-f]{6}$/i.test(String(color)));
    if (colors.length > 0) spec["colors"] = Object.fromEntries(colors);
  }
  return spec;
}

/** The first source of voxels: others of a layer are meshes, skeletons and properties. */
function sourceOf(source: unknown, name: string, leftOut: string[]): SourceSpec | undefined {
  const list = Array.isArray(source) ? source : [source];
  for (const one of list) {
    const url = isObject(one) ? one["url"] : one;
    if (typeof url !== "string" || url === "" || url.startsWith("local://")) continue;
    const transform = isObject(one) && isObject(one["transform"]) ? one["transform"] : undefined;
    const size = transform && transform["matrix"] === undefined ? sizeOf(transform) : undefined;
    if (transform && !size) leftOut.push(`The transform of "${name}" is not taken over.`);
    return size ? { url, voxelSizeNm: size } : url;
  }
  return undefined;
}

/** The voxel size that a transform without a matrix gives. */
function sizeOf(transform: Json): Vec3 | undefined {
  const output = transform["outputDimensions"];
  if (!isObject(output) || transform["inputDimensions"] !== undefined) return undefined;
  const size = ["x", "y", "z"].map((axis) => {
    const given = output[axis];
    return Array.isArray(given) && isNumber(given[0]) && given[1] === "m" ? given[0] * NM_PER_M : undefined;
  });
  return size.every(isNumber) ? (size as unknown as Vec3) : undefined;
}

/** An `s3:` address at a service other than AWS, in Neuroglancer's way. */
function atService(url: string, endpoint: string): string {
  const service = (endpoint.includes("://") ? endpoint : `https://${endpoint}`).replace(/\/+$/, "");
  return url.replace(/(^|:\/\/)s3:\/\//i, `$1s3+${service}/`);
}

function layerTo(layer: SavedLayer): Json {
  const source = layer["source"];
  const { url: given, format, endpoint } = isObject(source) ? source : { url: source, format: undefined, endpoint: undefined };
  const url = typeof given === "string" && typeof endpoint === "string" ? atService(given, endpoint) : given;
  const isNamed = typeof url !== "string" || typeof format !== "string" || url.includes("|");
  const named = isNamed ? url : `${url}|${format === "precomputed" ? "neuroglancer-precomputed" : format.replace("ome-", "")}:`;
  const size = isObject(source) ? numbers(source["voxelSizeNm"], 3) : undefined;
  const outputDimensions = size && Object.fromEntries(["x", "y", "z"].map((axis, i) => [axis, [(size[i] as number) / NM_PER_M, "m"]]));
  const json: Json = { type: layer.type, name: layer.id, source: size ? { url: named, transform: { outputDimensions } } : named };
  const put = (key: string, value: unknown): void => {
    if (value !== undefined) json[key] = value;
  };
  const opacity = layer["opacity"];
  if (layer["visible"] === false) json["visible"] = false;
  if (layer.type === "image") {
    put("opacity", opacity ?? 1);
    if (layer["blend"] === "additive") json["blend"] = "additive";
    if (Array.isArray(layer["contrast"])) json["shaderControls"] = { normalized: { range: layer["contrast"] } };
    return json;
  }
  put("selectedAlpha", opacity);
  const selected = layer["selected"];
  if (Array.isArray(selected) && selected.length > 0) {
    json["segments"] = selected.map(String);
    if (layer["hideUnselected"] !== true) json["notSelectedAlpha"] = opacity ?? 0.5;
  }
  put("colorSeed", layer["colorSeed"]);
  put("segmentColors", layer["colors"]);
  return json;
}
