/**
 * Sources as the engine knows them, and back. Addresses without a scheme are relative to the page; the engine, part of which runs in workers,
 * knows only whole ones, and of credentials and chosen files only numbers.
 */
import { withCredentials, withKnownCredentials, withoutCredentials, withoutNumber } from "./credentials.js";
import { isLocalAddress, withLocalAddress, withLocalFiles } from "./local-files.js";
import type { LayerSpec, LocalSource, PartialViewerState, SavedLayer, ViewerStateV1 } from "./types.js";

/** A layer for the engine. */
export const forEngine = <T extends object>(layer: T): T => withAbsoluteSource(withoutCredentials(withLocalAddress(layer)));

/** A layer as the page gave it, for one of the engine's. */
export const fromEngine = (spec: LayerSpec): LayerSpec => withCredentials(withLocalFiles(spec));

/** A state of the engine's as it may leave the page. */
export function stateFromEngine(state: ViewerStateV1): ViewerStateV1 {
  const bare = (layer: SavedLayer): SavedLayer => {
    const source = layer["source"];
    if (typeof source === "string") return { ...layer, source: withoutNumber(source) };
    const { url, images, ...more } = (source ?? {}) as { url?: unknown; images?: unknown };
    if (typeof url !== "string") return layer;
    // Names of chosen files mean nothing elsewhere, and would make a long link.
    return { ...layer, source: { ...more, ...(images !== undefined && !isLocalAddress(url) && { images }), url: withoutNumber(url) } };
  };
  return { ...state, layers: state.layers.map(bare) };
}

/** The same layer with the whole address of its source. What is none is left for the engine to refuse. */
export function withAbsoluteSource<T extends object>(layer: T): T {
  const { source } = layer as { source?: unknown };
  if (typeof source === "string") return { ...layer, source: absolute(source) };
  if (typeof source !== "object" || source === null || !("url" in source) || typeof source.url !== "string") return layer;
  return { ...layer, source: { ...source, url: absolute(source.url) } };
}

/** A state for the engine. */
export function stateForEngine(state: PartialViewerState): PartialViewerState {
  // As it comes from a link it may be anything: the engine says what is wrong with it.
  if (!Array.isArray(state?.layers)) return state;
  return { ...state, layers: state.layers.map((layer) => (typeof layer === "object" && layer !== null ? forEngine(withKnownCredentials(layer)) : layer)) };
}

/** Whether a layer probably needs the full module of the workers. A guess, for what to fetch before the engine is there to say: a wrong one costs time only. */
export function needsFullModule({ source }: LayerSpec): boolean {
  const { url, format, raw } = typeof source === "string" ? { url: source, format: undefined, raw: undefined } : "url" in source ? source : { ...source, url: nameOf(source) };
  return format ? format !== "precomputed" : raw !== undefined || /(^|\|)((ome-)?zarr|n5:|wkw:|zip:)|\.(zarr|zr|n5|zip|ozx|nii|nii\.gz|tiff?|btf|raw|dm[34]|png|jpe?g)([/?#|]|$)/i.test(url);
}

/** What was chosen is called. */
const nameOf = ({ files }: LocalSource): string => ("name" in files ? files.name : (files[0]?.name ?? ""));

function absolute(url: string): string {
  if (url.trim() === "" || /^[a-z][a-z\d+.-]*:/i.test(url)) return url;
  // A URL would encode the bars of what follows.
  const [address = "", ...stages] = url.split("|");
  try {
    return [new URL(address, document.baseURI).href, ...stages].join("|");
  } catch {
    return url;
  }
}
