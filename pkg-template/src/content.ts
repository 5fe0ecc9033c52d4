/** Reading what is no volume: checks what is asked for, hands it to the engine. The shapes are in content-types.ts. */
import type { ContentRequest } from "./content-types.js";
import { isLocal } from "./local-files.js";
import { forEngine } from "./source-url.js";
import { checkKeys, checkSource, invalid } from "./validate.js";

const KEYS: Record<ContentRequest["kind"], Record<string, true>> = {
  annotations: { kind: true, source: true, id: true, relatedTo: true, relationship: true, boxNm: true, most: true },
  "segment-properties": { kind: true, source: true },
  skeleton: { kind: true, source: true, id: true },
  mesh: { kind: true, source: true, id: true, level: true },
  table: { kind: true, source: true, columns: true },
};
const WHOLE: readonly string[] = ["most", "level"];
const IDS: readonly string[] = ["id", "relatedTo"];

/** The request as the engine knows it. Throws "invalid-options". */
export function contentForEngine(request: ContentRequest): object {
  const kind = (request as { kind?: unknown } | null | undefined)?.kind;
  if (typeof kind !== "string" || !Object.hasOwn(KEYS, kind)) throw invalid(`What is read must be of the kind ${Object.keys(KEYS).map((name) => `"${name}"`).join(", ")}, not ${JSON.stringify(kind) ?? "absent"}.`);
  checkKeys(request, KEYS[kind as ContentRequest["kind"]], `The read of ${kind}`);
  for (const [key, value] of Object.entries(request)) {
    if (value === undefined) continue;
    if (IDS.includes(key) && (typeof value !== "bigint" || value < 0n || value >= 1n << 64n)) throw invalid(`${key} must be a bigint of 64 bits, not ${String(value)}.`);
    if (WHOLE.includes(key) && !(Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32)) throw invalid(`${key} must be a whole number, not ${String(value)}.`);
  }
  if ((kind === "skeleton" || kind === "mesh") && request.kind === kind && request.id === undefined) throw invalid(`The read of ${kind} needs an id, a bigint.`);
  checkSource(request.source, isLocal(request.source), `the read of ${kind}`);
  return forEngine(request);
}
