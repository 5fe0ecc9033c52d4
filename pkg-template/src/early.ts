/**
 * Metadata that is asked for while the viewer's own code is still on its way: a round trip less until there is a picture. What does not
 * come is asked for again by the engine, which says why it cannot be had.
 */
import { isLocal } from "./local-files.js";
import { withAbsoluteSource } from "./source-url.js";
import type { LayerSpec } from "./types.js";

/** What is read first of a layer's source, and from where. */
export interface EarlyDocument {
  url: string;
  bytes: Uint8Array;
}

/** How long the engine, once it is there, still waits. */
const PATIENCE_MILLIS = 200;
/** Metadata are small; what says that it is larger is left to the engine. */
const MOST_BYTES = 1 << 20;

export class EarlyDocuments {
  #end = new AbortController();
  #reads: Promise<EarlyDocument | undefined>[];

  constructor(layers: LayerSpec[]) {
    this.#reads = layers.map((layer) => read(layer, this.#end.signal).catch(() => undefined));
  }

  /** What has come, by layer; the rest is given up. */
  async take(): Promise<(EarlyDocument | undefined)[]> {
    const timer = setTimeout(() => this.dispose(), PATIENCE_MILLIS);
    try {
      return await Promise.all(this.#reads);
    } finally {
      clearTimeout(timer);
    }
  }

  dispose(): void {
    this.#end.abort();
  }
}

async function read(layer: LayerSpec, signal: AbortSignal): Promise<EarlyDocument | undefined> {
  const url = infoUrl(layer);
  if (url === undefined) return undefined;
  const response = await fetch(url, { credentials: "same-origin", signal });
  if (response.status !== 200 || Number(response.headers.get("content-length")) > MOST_BYTES) {
    await response.body?.cancel();
    return undefined;
  }
  return { url, bytes: new Uint8Array(await response.arrayBuffer()) };
}

/** The metadata of what is said to be a precomputed volume and has a plain address; of others it is not known where they are. */
function infoUrl(layer: LayerSpec): string | undefined {
  const { source } = withAbsoluteSource(layer);
  if (isLocal(source)) return undefined;
  const { url, format = undefined } = typeof source === "object" ? source : { url: source };
  const [, said, folder] = /^(precomputed:\/\/)?(https?:\/\/[^?#|]+?)\/*$/.exec(url) ?? [];
  return folder && (said || format === "precomputed") ? `${folder}/info` : undefined;
}
