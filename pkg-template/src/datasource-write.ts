/** What is open, as WEBKNOSSOS's datasource-properties.json: what is kept of a description, and what the layers themselves say. */
import { configuration, finestMag, layerConfiguration, layersOf, sourceOf, transformOf } from "./datasource.js";
import { isObject, magsOf, OWN, same, scaleNm, type Json } from "./datasource-json.js";
import type { ImageLayerSpec, LayerInfo, LayerSpec, Quat, Vec3, ViewState } from "./types.js";

/** A layer, what is known of it, and where it is, as it may be told. */
export interface Described {
  spec: LayerSpec;
  info: LayerInfo | undefined;
  /** Undefined for files of this machine. */
  source: Json | undefined;
}

const FORMATS: Record<string, string> = { precomputed: "neuroglancerPrecomputed", n5: "n5", wkw: "wkw" };
const ELEMENTS: Record<string, string> = { float32: "float", float64: "double" };
/** How an image or a segmentation differs from what it is by itself, where WEBKNOSSOS has no member for it. */
const OWN_LOOKS = { image: ["blend", "channel"], segmentation: ["hideUnselected", "outline", "colorSeed", "colors"] } as const;
/** How far a number of voxels may be from a whole one. */
const TOLERANCE = 1e-4;

/** The description; `kept` is what was read, applied or restored before. `view`: the present look becomes that of the dataset. */
export function describeDataset(layers: Described[], kept: Json | undefined, view: ViewState | undefined): Json {
  const scale = kept?.["scale"] ?? { factor: voxelSize(layers) ?? [1, 1, 1], unit: "nanometer" };
  const size = scaleNm(scale) ?? [1, 1, 1];
  const keptLayers = kept ? layersOf(kept) : [];
  const described = layers.map((layer) => describeLayer(layer, keptLayers.find(({ name }) => name === layer.spec.id), size));
  const json: Json = { id: { name: "", team: "" }, ...kept, scale, version: kept?.["version"] ?? 1, dataLayers: described };
  return view ? withView(json, layers, size, view) : json;
}

/** The size of a voxel of the lowest layer that is known, nm. */
const voxelSize = (layers: Described[]): Vec3 | undefined => layers.find(({ info }) => info?.levels[0])?.info?.levels[0]?.voxelSizeNm;

function describeLayer({ spec, info, source }: Described, kept: Json | undefined, size: Vec3): Json {
  const { mags, box } = levelsOf(info, size);
  const listed = kept && magsOf(kept).length > 0;
  const named: Json = { name: spec.id, category: spec.type === "segmentation" ? "segmentation" : "color" };
  const json: Json = {
    ...named,
    ...(info?.levels[0] && { dataFormat: formatOf(info), elementClass: ELEMENTS[info.dataType ?? ""] ?? info.dataType, numChannels: info.channels ?? 1, boundingBox: box }),
    ...(listed ? {} : { mags }),
    ...kept,
    ...named,
  };
  // What is kept stays as it is, unless something else is in force. Other kinds of maps are kept while there is none.
  const transform = stretched(spec.transform, stretchOf(info, json, size));
  const said = transformOf(json, size);
  const isOther = said === undefined && json["coordinateTransformations"] !== undefined;
  if (isOther ? spec.transform !== undefined : !near(said ?? IDENTITY, transform)) {
    if (near(transform, IDENTITY)) delete json["coordinateTransformations"];
    else json["coordinateTransformations"] = [affineOf(transform, size)];
  }
  // Levels say where most sources are; not what a single array, a file or another S3 service is.
  const { [OWN]: own, ...rest } = json;
  const { source: _, ...more } = isObject(own) ? own : {};
  const plain = { ...rest, ...(Object.keys(more).length > 0 && { [OWN]: more }) };
  return source && !sameSource(sourceOf(plain, size), source) ? { ...rest, [OWN]: { ...more, source } } : plain;
}

function formatOf(info: LayerInfo): string {
  if (info.format === "ome-zarr" || info.format === "zarr") return info.zarrFormat === 2 ? "zarr" : "zarr3";
  return FORMATS[info.format] ?? info.format;
}

/** The levels, and the box of the finest in voxels of the dataset. */
function levelsOf(info: LayerInfo | undefined, size: Vec3): { mags: Json[]; box: Json | undefined } {
  const finest = info?.levels[0];
  if (!info || !finest) return { mags: [], box: undefined };
  const ratio = map3((i) => finest.voxelSizeNm[i] / size[i]);
  const first = ratio.every((n) => Math.round(n) >= 1 && isOne(n / Math.round(n))) ? map3((i) => Math.round(ratio[i])) : ([1, 1, 1] as const);
  const mags = info.levels.map(({ voxelSizeNm, url }) => ({ mag: map3((i) => Math.max(1, Math.round((first[i] * voxelSizeNm[i]) / finest.voxelSizeNm[i]))), ...(url !== undefined && { path: url }) }));
  const [width, height, depth] = map3((i) => (finest.box.max[i] - finest.box.min[i]) * first[i]);
  return { mags, box: { topLeft: map3((i) => finest.box.min[i] * first[i]), width, height, depth } };
}

const map3 = (of: (i: 0 | 1 | 2) => number): Vec3 => [of(0), of(1), of(2)];
const isOne = (ratio: number): boolean => Math.abs(ratio - 1) <= TOLERANCE;

/** How many times as long as described a voxel of the finest level is. */
function stretchOf(info: LayerInfo | undefined, layer: Json, size: Vec3): Vec3 {
  const finest = info?.levels[0]?.voxelSizeNm;
  if (!finest) return [1, 1, 1];
  const mag = finestMag(layer);
  return map3((i) => (isOne(finest[i] / (mag[i] * size[i])) ? 1 : finest[i] / (mag[i] * size[i])));
}

const IDENTITY = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0];

/** A 3×4 map in nm, after a stretch. */
const stretched = (transform: readonly number[] | undefined, stretch: Vec3): number[] => (transform ?? IDENTITY).map((n, at) => n * (stretch[at % 4] ?? 1));

/** 3×4 in nm as WEBKNOSSOS's map: 4×4 in voxels, row by row. */
function affineOf(transform: number[], size: Vec3): Json {
  const rows = ([0, 1, 2] as const).map((i) => [0, 1, 2, 3].map((j) => ((transform[4 * i + j] ?? 0) * (size[j] ?? 1)) / size[i]));
  return { type: "affine", matrix: [...rows, [0, 0, 0, 1]] };
}

const near = (a: readonly number[], b: readonly number[]): boolean => a.every((n, i) => Math.abs(n - (b[i] ?? 0)) <= 1e-9 * Math.max(1, Math.abs(n)));

/** Whether two sources are read the same way. A size that the source has by itself need not be said. */
function sameSource(described: Json | undefined, source: Json): boolean {
  const bare = ({ url, format: _, voxelSizeNm: _size, ...more }: Json): unknown => [String(url).replace(/^[a-z\d+]+:\/\/(?=[a-z\d]+:\/\/)/, "").replace(/\|(neuroglancer-precomputed|zarr[23]?|n5):$/, "").replace(/\/+$/, ""), more];
  return described !== undefined && same(bare(described), bare(source));
}

/** How a layer is shown, with WEBKNOSSOS's members. */
function configurationOf(spec: LayerSpec): Json {
  const own = Object.fromEntries(OWN_LOOKS[spec.type].map((key) => [key, (spec as unknown as Json)[key]] as const).filter(([, value]) => value !== undefined));
  const common = { alpha: Math.round((spec.opacity ?? (spec.type === "image" ? 1 : 0.5)) * 1000) / 10, isDisabled: spec.visible === false };
  const owns = (more: Json): Json => (Object.keys(more).length > 0 ? { [OWN]: more } : {});
  if (spec.type === "segmentation") return { ...common, ...owns(own) };
  const { color = "#ffffff", contrast = "auto", gamma = 1, invert = false } = spec;
  const rgb = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  const range = contrast === "auto" ? {} : { intensityRange: contrast };
  return { ...common, color: rgb, ...range, gammaCorrectionValue: gamma, isInverted: invert, ...owns({ ...own, ...(contrast === "auto" && { contrast }), interpolation: spec.interpolation ?? "linear" }) };
}

/** The description with the present view and looks as those one sees first. What administrators have said of that no longer counts. */
function withView(dataset: Json, layers: Described[], size: Vec3, view: ViewState): Json {
  // What was said of layers with the dataset stands with the layers now.
  const { layers: perLayer, interpolation: _, ...shown } = configuration(dataset);
  const images = layers.map(({ spec }) => spec).filter((spec): spec is ImageLayerSpec => spec.type === "image");
  const dataLayers = layersOf(dataset).map((layer, i) => {
    const { [OWN]: _own, ...look } = layerConfiguration(layer, { layers: perLayer });
    return { ...without(layer, "adminViewConfiguration"), defaultViewConfiguration: { ...look, ...configurationOf((layers[i] as Described).spec) } };
  });
  const defaultViewConfiguration = {
    ...shown,
    position: map3((i) => Math.floor(view.position[i] / size[i])),
    zoom: view.crossSectionScale / Math.min(...size),
    rotation: anglesOf(view.crossSectionOrientation),
    ...(images.length > 0 && { interpolation: images.some(({ interpolation }) => interpolation !== "nearest") }),
  };
  return { ...without(dataset, "adminViewConfiguration"), dataLayers, defaultViewConfiguration };
}

const without = (json: Json, member: string): Json => Object.fromEntries(Object.entries(json).filter(([key]) => key !== member));

/** WEBKNOSSOS's angles of an orientation, in degrees: the inverse of `orientationOf`. */
export function anglesOf([x, y, z, w]: Quat): Vec3 {
  const sine = Math.min(1, Math.max(-1, 2 * (w * y - z * x)));
  const locked = Math.abs(sine) > 1 - 1e-9;
  const roll = locked ? 2 * Math.atan2(x, w) : Math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y));
  const yaw = locked ? 0 : Math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z));
  const degrees = (angle: number): number => ((Math.round((angle * 180e3) / Math.PI) / 1e3 % 360) + 360) % 360;
  return [degrees(roll), degrees(Math.asin(sine)), degrees(-yaw)];
}
