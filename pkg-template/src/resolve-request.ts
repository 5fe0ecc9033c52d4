/**
 * How the workers make a request, where the page has to say: it has a hook, keeps credentials, or was given the files themselves.
 */
import { authorised } from "./credentials.js";
import { isLocalAddress, openLocal } from "./local-files.js";
import type { ContextOptions, RequestKind, RequestPatch } from "./types.js";

/** A worker's question. `credentials`: the number that they were given. */
export interface Asked {
  url: string;
  kind: RequestKind;
  credentials?: number;
}

/** With `size`, `url` is a file of that length, changed then (ms since 1970); below 0, there is none. */
export type Resolved = RequestPatch & { size?: number; modified?: number };

export function resolver(hook: ContextOptions["transformRequest"]): (asked: Asked) => Promise<Resolved> {
  return async ({ url, kind, credentials }) => {
    if (isLocalAddress(url)) return (await openLocal(url)) ?? { size: -1 };
    const patch = (await hook?.({ url, kind })) ?? {};
    return credentials === undefined ? patch : authorised(patch.url ?? url, patch, credentials);
  };
}
