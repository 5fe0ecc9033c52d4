/** A view's state as the fragment of an address. */
import { ViewerError } from "./errors.js";
import type { ViewerStateV1 } from "./types.js";

const MARK = "#!";

/** `base` with the state in its fragment. */
export function shareUrl(base: string | URL, state: ViewerStateV1): string {
  const url = new URL(base, document.baseURI);
  // What is legible unescaped in every address bar and chat stays so.
  const json = encodeURIComponent(JSON.stringify(state)).replace(/%(3A|2C|2F|40)/g, decodeURIComponent);
  url.hash = MARK.slice(1) + json;
  return url.href;
}

/**
 * The state in an address that `shareUrl` made; undefined if it has none.
 *
 * Throws "bad-data" if there is one that cannot be read.
 */
export function stateFromUrl(url: string | URL): ViewerStateV1 | undefined {
  const { hash } = new URL(url, document.baseURI);
  if (!hash.startsWith(MARK)) return undefined;
  let state: unknown;
  try {
    state = JSON.parse(decodeURIComponent(hash.slice(MARK.length)));
  } catch (cause) {
    throw new ViewerError("bad-data", "The view in this link cannot be read: it is damaged or cut off.", { remedy: "Copy the whole link again.", cause });
  }
  const version = (state as { version?: unknown } | null)?.version;
  if (version !== 1) {
    throw new ViewerError("bad-data", `The view in this link has version ${JSON.stringify(version) ?? "none"}; this viewer reads version 1.`, { remedy: "Open it with the viewer that made it." });
  }
  return state as ViewerStateV1;
}
