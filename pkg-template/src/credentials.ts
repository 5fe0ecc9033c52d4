/**
 * Credentials of sources: kept in this page's memory alone, under a number that goes into addresses in their place.
 *
 * S3 requests are signed in their query, so that they need no preflight. Source: AWS Signature Version 4, "Authenticating Requests: Using Query
 * Parameters". A signature holds for GET.
 */
import { ViewerError } from "./errors.js";
import type { Credentials, LayerSpec, RemoteSource, RequestPatch, SourceSpec } from "./types.js";

const PARAMETER = "nl-credentials";
const HOLDS_SECONDS = 3600;

/** By number: credentials, and the address that they were given for. */
const kept = new Map<number, { text: string; credentials: Credentials; url: string }>();
/** Begins anywhere, so that a number in an old link means nothing here. */
let last = Math.floor(Math.random() * 2 ** 31);

const hasCredentials = (source: SourceSpec): source is RemoteSource & { credentials: Credentials } =>
  typeof source === "object" && "url" in source && source.credentials !== undefined;

/** The layer with the number of its credentials in their place. */
export function withoutCredentials<T extends object>(layer: T): T {
  const { source } = layer as { source?: SourceSpec };
  if (typeof source !== "object" || source === null || !hasCredentials(source)) return layer;
  const { credentials, url, ...more } = source;
  return { ...layer, source: { ...more, url: withNumber(url, numberOf(credentials, url)) } };
}

/** A layer of a saved state, with the credentials that were given in this page for the very same address. */
export function withKnownCredentials<T extends object>(layer: T): T {
  const { source } = layer as { source?: unknown };
  if (typeof source === "object" && source !== null && "credentials" in source) return layer;
  const url = typeof source === "string" ? source : ((source as { url?: unknown } | null)?.url ?? "");
  const number = [...kept].find(([, one]) => one.url === url)?.[0];
  if (number === undefined || typeof url !== "string") return layer;
  return { ...layer, source: { ...(typeof source === "string" ? {} : (source as object)), url: withNumber(url, number) } };
}

function withNumber(url: string, number: number): string {
  const [address = "", ...stages] = url.split("|");
  return [`${address}${address.includes("?") ? "&" : "?"}${PARAMETER}=${number}`, ...stages].join("|");
}

/** The address without the number, which belongs to this page alone. */
export function withoutNumber(url: string): string {
  const [found] = new RegExp(`[?&]${PARAMETER}=\\d+`).exec(url) ?? [];
  return found ? url.replace(found, found.startsWith("?") ? "?" : "").replace("?&", "?").replace(/\?(?=\||$)/, "") : url;
}

/** The layer as it was given, for one that the engine tells of. */
export function withCredentials(spec: LayerSpec): LayerSpec {
  const { source } = spec;
  if (typeof source !== "object" || !("url" in source)) return spec;
  const [, number] = new RegExp(`[?&]${PARAMETER}=(\\d+)`).exec(source.url) ?? [];
  const credentials = number === undefined ? undefined : kept.get(Number(number))?.credentials;
  return credentials ? ({ ...spec, source: { ...source, url: withoutNumber(source.url), credentials } } as LayerSpec) : spec;
}

/** What these credentials make of a request. */
export async function authorised(url: string, patch: RequestPatch, number: number): Promise<RequestPatch> {
  const credentials = kept.get(number)?.credentials;
  if (!credentials) {
    throw new ViewerError("forbidden", "The credentials of this layer were given in another page or before it was loaded anew.", { remedy: "Give them again." });
  }
  if (credentials.type === "bearer") return { ...patch, headers: { ...patch.headers, Authorization: `Bearer ${credentials.token}` } };
  return { ...patch, url: await presigned(url, credentials, new Date()) };
}

function numberOf(credentials: Credentials, url: string): number {
  const text = JSON.stringify(credentials);
  const known = [...kept].find(([, one]) => one.url === url);
  if (known?.[1].text === text) return known[0];
  // Others for the same address take the place of the old ones, which are forgotten.
  if (known) kept.delete(known[0]);
  last += 1;
  kept.set(last, { text, credentials, url });
  return last;
}

/** RFC 3986's unreserved characters stay, as the signature asks for. */
const encoded = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const hex = (bytes: ArrayBuffer): string => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

async function presigned(url: string, credentials: Credentials & { type: "s3" }, now: Date): Promise<string> {
  const { subtle } = globalThis.crypto;
  // Browsers give it to pages over https and on localhost alone.
  if (!subtle) throw new ViewerError("unsupported", "Requests to S3 can be signed only in a page that is served over https.", { remedy: "Serve the page over https." });
  const to = new URL(url);
  const region = credentials.region ?? /\bs3[.-]([a-z\d-]+)\.amazonaws\.com$/.exec(to.host)?.[1] ?? "us-east-1";
  const time = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`;
  const query: [string, string][] = [
    ...to.searchParams,
    ["X-Amz-Algorithm", "AWS4-HMAC-SHA256"],
    ["X-Amz-Credential", `${credentials.accessKeyId}/${scope}`],
    ["X-Amz-Date", time],
    ["X-Amz-Expires", String(HOLDS_SECONDS)],
    ["X-Amz-SignedHeaders", "host"],
  ];
  if (credentials.sessionToken) query.push(["X-Amz-Security-Token", credentials.sessionToken]);
  if (credentials.requesterPays) query.push(["x-amz-request-payer", "requester"]);
  const canonical = query.map(([key, value]) => `${encoded(key)}=${encoded(value)}`).sort().join("&");
  const path = to.pathname.split("/").map((segment) => encoded(decodeURIComponent(segment))).join("/");
  const asked = ["GET", path, canonical, `host:${to.host}`, "", "host", "UNSIGNED-PAYLOAD"].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", time, scope, hex(await subtle.digest("SHA-256", utf8(asked)))].join("\n");
  const hmac = async (key: BufferSource, text: string): Promise<ArrayBuffer> =>
    subtle.sign("HMAC", await subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]), utf8(text));
  let key: BufferSource = utf8(`AWS4${credentials.secretAccessKey}`);
  for (const part of scope.split("/")) key = await hmac(key, part);
  return `${to.origin}${path}?${canonical}&X-Amz-Signature=${hex(await hmac(key, toSign))}`;
}
