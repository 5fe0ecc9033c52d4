/** The datasets that lie beside the site: the sample, and what the server was told to serve. */
import type { LayerSpec } from "neurolume";

export type LayerKind = "image" | "segmentation" | "auto";

/** A layer as a dataset names it; the URL is absolute. */
export interface DatasetLayer {
  name: string;
  url: string;
  type: LayerKind;
}

export interface Dataset {
  name: string;
  layers: DatasetLayer[];
  sample: boolean;
}

/** The sample first. A list that is not there is empty. */
export async function listDatasets(): Promise<Dataset[]> {
  const lists = await Promise.all([readList("sample/index.json", true), readList("data/index.json", false)]);
  return lists.flat();
}

async function readList(path: string, sample: boolean): Promise<Dataset[]> {
  try {
    const response = await fetch(new URL(path, document.baseURI));
    if (!response.ok) return [];
    const list: unknown = await response.json();
    return Array.isArray(list) ? list.flatMap((entry) => readDataset(entry, sample)) : [];
  } catch {
    return [];
  }
}

function readDataset(entry: unknown, sample: boolean): Dataset[] {
  const { name, layers } = entry as { name?: unknown; layers?: unknown };
  if (typeof name !== "string" || !Array.isArray(layers)) return [];
  const read = layers.flatMap((layer: { name?: unknown; url?: unknown; type?: unknown }): DatasetLayer[] => {
    if (typeof layer.url !== "string") return [];
    const type = layer.type === "image" || layer.type === "segmentation" ? layer.type : "auto";
    const url = new URL(layer.url, document.baseURI).href;
    return [{ name: typeof layer.name === "string" ? layer.name : lastSegment(url), url, type }];
  });
  return read.length === 0 ? [] : [{ name, layers: read, sample }];
}

/** The URL of a layer's source. */
export function sourceUrl(spec: LayerSpec): string {
  return typeof spec.source === "string" ? spec.source : spec.source.url;
}

/** A name that is a path, from its end: its last part, and the folders above that tell it from its like. */
export function pathParts(name: string): { last: string; above: string } {
  const at = name.lastIndexOf("/") + 1;
  return { last: name.slice(at), above: name.slice(0, at) };
}

/** What one would call a volume by its address. */
export function lastSegment(url: string): string {
  const path = url.replace(/[?#].*$/, "").replace(/\/+$/, "");
  const segments = path.split("/").filter((s) => s !== "" && !s.endsWith(":"));
  return segments.at(-1) ?? url;
}

/** Files that say what lies in their folder: one copies the address of what one sees. */
const METADATA = /\/(info|zarr\.json|\.zattrs|\.zarray|\.zgroup|\.zmetadata|attributes\.json|header\.wkw)(?=$|[?#])/i;

/**
 * An address that could be a volume, as typed or dropped: schemes may be missing, Neuroglancer's prefix is taken off, and so
 * is the name of a metadata file. An address without a host is relative to the page, as in the list of datasets.
 */
export function toVolumeUrl(text: string): string | undefined {
  const bare = text.trim().replace(/^(precomputed|zarr[23]?|ome-zarr|n5|wkw):\/\/(?=\w+:\/\/)/, "").replace(/\|.*$/, "").replace(METADATA, "");
  if (/^(https?|gs|s3):\/\/[^/\s]+\S*$/i.test(bare)) return bare;
  if (/^[\w-]+(\.[\w-]+)+(:\d+)?\/\S+$/.test(bare)) return `https://${bare}`;
  if (/^localhost(:\d+)?\/\S+$/.test(bare)) return `http://${bare}`;
  if (/^(\.{0,2}|[\w-]+)\/\S+$/.test(bare)) return new URL(bare, document.baseURI).href;
  return undefined;
}
