/** A dataset as a whole: read from a folder, and changed to what another description of it says. */
import { checked, configuration, layerConfiguration, layersOf, lookOf, nameOf, sourceOf, stateFromDatasource, transformOf, viewOf, type FromDatasource } from "./datasource.js";
import { badDatasource, isObject, magsOf, OWN, parseDatasource, same, scaleNm, type Json } from "./datasource-json.js";
import { withoutNumber } from "./credentials.js";
import { isLocal, isLocalAddress } from "./local-files.js";
import type { Layout, LayerSpec, LocalSource, PartialViewerState, RemoteSource, SavedLayer, SourceSpec, Vec3 } from "./types.js";

/** What a state holds of a dataset, where it is what it should be. A link may hold anything. */
export function keptDataset(dataset: unknown): Json | undefined {
  try {
    return isObject(dataset) ? structuredClone(checked(dataset)) : undefined;
  } catch {
    return undefined;
  }
}

/** Where a layer of the engine's is, as it may be told; undefined for files of this machine. */
export function publicSource({ source }: LayerSpec): Json | undefined {
  const { url, ...more } = typeof source === "string" ? { url: source } : (source as RemoteSource);
  return isLocalAddress(url) ? undefined : { url: withoutNumber(url), ...more };
}

/** The state that a description stands for beside the one of what is open. `live`: the engine's layers. */
export function changed(before: Json, after: Json, live: LayerSpec[], layout: Layout): PartialViewerState {
  const [oldSize, size] = [scaleNm(before["scale"]), scaleNm(after["scale"])] as [Vec3, Vec3];
  const [oldShown, shown] = [configuration(before), configuration(after)];
  const names = new Set(layersOf(after).map(({ name }) => name));
  const free = layersOf(before).filter(({ name }) => !names.has(name));
  const layers = layersOf(after).map((layer): SavedLayer => {
    const renamed = free.findIndex((other) => magsOf(other).length > 0 && same(placeOf(other), placeOf(layer)));
    const old = layersOf(before).find(({ name }) => name === layer["name"]) ?? (renamed < 0 ? undefined : free.splice(renamed, 1)[0]);
    const spec = old && live.find(({ id }) => id === old["name"]);
    const type = layer["category"] === "segmentation" ? "segmentation" : "image";
    const look = lookOf(layerConfiguration(layer, shown), type);
    if (!old || !spec) {
      const source = sourceOf(layer, size);
      if (!source) throw badDatasource(`the layer "${String(layer["name"])}" has no level with the path of a volume that is read`);
      const transform = transformOf(layer, size);
      return { id: String(layer["name"]), type, source, ...look, ...(transform && { transform }) };
    }
    const oldLook = lookOf(layerConfiguration(old, oldShown), type);
    const news = Object.fromEntries(Object.entries(look).filter(([key, value]) => !same(value, oldLook[key])));
    // Another type draws nothing as the other one did.
    const kept = spec.type === type ? { ...spec } : { visible: spec.visible, opacity: spec.opacity, transform: spec.transform };
    const isPlaced = same(layer["coordinateTransformations"], old["coordinateTransformations"]) && same(size, oldSize);
    const { transform: _, ...bare } = kept;
    const transform = isPlaced ? kept.transform : transformOf(layer, size);
    return { ...bare, id: String(layer["name"]), type, source: sourceNow(spec, old, layer, oldSize, size), ...news, ...(transform && { transform }) } as SavedLayer;
  });
  const viewState = Object.fromEntries(Object.entries(viewOf(shown, size)).filter(([key, value]) => !same(value, (viewOf(oldShown, oldSize) as Json)[key])));
  return { version: 1, layout, layers, viewState };
}

/** Where a description says that a layer's voxels are. */
const placeOf = (layer: Json): unknown => [layer["dataFormat"], magsOf(layer), isObject(layer[OWN]) ? layer[OWN]["source"] : undefined];

/** A layer's source, with another size of its voxels where the description now gives one. */
function sourceNow(spec: LayerSpec, old: Json, layer: Json, oldSize: Vec3, size: Vec3): unknown {
  const { source } = spec;
  if (same(placeOf(old), placeOf(layer)) && same(oldSize, size)) return source;
  const described = sourceOf(layer, size);
  if (!same(placeOf(old), placeOf(layer)) && !same(described?.["url"], sourceOf(old, oldSize)?.["url"])) {
    if (!described) throw badDatasource(`the layer "${String(layer["name"])}" has no level with the path of a volume that is read`);
    return described;
  }
  const before = sourceOf(old, oldSize)?.["voxelSizeNm"] as Vec3 | undefined;
  const after = described?.["voxelSizeNm"] as Vec3 | undefined;
  // Where levels do not tell, all voxels grow alike.
  const given = typeof source === "object" && "voxelSizeNm" in source ? source.voxelSizeNm : undefined;
  const wanted = after && !same(before, after) ? after : (given ?? oldSize).map((n, i) => (n * (size[i] as number)) / (oldSize[i] as number));
  return { ...(typeof source === "string" ? { url: source } : source), voxelSizeNm: wanted };
}

/** Stands for the folder of this machine that a description lies in. */
const LOCAL = "local:/";

/** What the text of a description in a folder says; its layers are read as the folder was. */
export function datasetIn(source: SourceSpec, text: string): FromDatasource {
  const local = isLocal(source) ? source : undefined;
  const remote: RemoteSource = typeof source === "string" ? { url: source } : local ? { url: LOCAL } : (source as RemoteSource);
  const [, base = remote.url] = /^(?:[a-z][a-z\d+]*:\/\/)?([a-z][a-z\d+]*:\/\/.*)$/i.exec(remote.url) ?? [];
  const json = parseDatasource(text);
  const from = stateFromDatasource(json, base);
  const layers = from.state.layers.map((layer) => ({ ...layer, source: local ? inFolder(layer["source"] as RemoteSource, local) : asFolder(layer["source"] as RemoteSource, remote, base) }));
  const name = local && "name" in local.files ? (nameOf(from.state.dataset as Json) ?? local.files.name) : from.name;
  // Paths in a folder of this machine have no whole address.
  const dataset = local ? (json as Json) : from.state.dataset;
  return { ...from, name, state: { ...from.state, layers, ...(dataset && { dataset }) } };
}

/** A source in a folder of this machine. */
function inFolder(source: RemoteSource, { files, path = "" }: LocalSource): LocalSource | RemoteSource {
  const { url, ...more } = source;
  if (!url.startsWith(LOCAL)) return source;
  const below = decodeURIComponent(url.slice(LOCAL.length));
  return { ...more, files, path: path === "" ? below : `${path.replace(/\/+$/, "")}/${below}` };
}

/** A source with what requests to the folder around it need; elsewhere nobody is told the credentials. */
function asFolder(source: RemoteSource, { endpoint, pathStyle, credentials }: RemoteSource, base: string): RemoteSource {
  const [folder = base] = /^[^?#]*/.exec(base) ?? [];
  if (!source.url.startsWith(`${folder.replace(/\/+$/, "")}/`)) return source;
  return { ...source, ...(endpoint !== undefined && { endpoint }), ...(pathStyle !== undefined && { pathStyle }), ...(credentials && { credentials }) };
}
