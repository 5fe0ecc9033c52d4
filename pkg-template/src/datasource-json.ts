/** The JSON of WEBKNOSSOS's descriptions: read without loss, and the few values that have a form of their own. */
import { ViewerError } from "./errors.js";
import type { Vec3 } from "./types.js";

export type Json = Record<string, unknown>;

export const DATASOURCE = "datasource-properties.json";

/** Where members of a description lie that are this viewer's own. */
export const OWN = "neurolume";

/** Units by their names in full, as WEBKNOSSOS writes them, in nm. */
const UNITS: Record<string, number> = {
  picometer: 1e-3, angstrom: 0.1, nanometer: 1, micrometer: 1e3, millimeter: 1e6, centimeter: 1e7, decimeter: 1e8, meter: 1e9, kilometer: 1e12, inch: 25.4e6, foot: 304.8e6, yard: 914.4e6, mile: 1.609344e12,
};
const SHORT: Record<string, string> = { pm: "picometer", Å: "angstrom", nm: "nanometer", um: "micrometer", "µm": "micrometer", mm: "millimeter", cm: "centimeter", dm: "decimeter", m: "meter", km: "kilometer", in: "inch", ft: "foot", yd: "yard", mi: "mile" };

export const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
export const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
export const vec3 = (value: unknown): Vec3 | undefined => (Array.isArray(value) && value.length === 3 && value.every(isNumber) ? (value as unknown as Vec3) : undefined);
export const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What is wrong with a description. */
export const badDatasource = (what: string): ViewerError => new ViewerError("bad-metadata", `The ${DATASOURCE} is wrong: ${what}.`, { remedy: "Mend the file, or ask who wrote the dataset." });

/**
 * A description from its text. Whole numbers that JavaScript cannot hold become WEBKNOSSOS's envelopes,
 * `{ customJsonEncoding: "bigint", value: "18446744073709551615" }`, so that no digit is lost.
 *
 * Throws "bad-metadata", with the line, where it is no JSON.
 */
export function parseDatasource(text: string): object {
  let read: unknown;
  try {
    read = JSON.parse(text);
    const kept = text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g, (token) => (/^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? JSON.stringify(envelope(token)) : token));
    if (kept !== text) read = JSON.parse(kept);
  } catch (e) {
    throw badDatasource(`${lineOf(text, e)}${(e instanceof Error ? e.message : String(e)).replace(/\s*\(line \d+ column \d+\)| in JSON at position \d+/g, "").replace(/\.$/, "")}`);
  }
  if (!isObject(read)) throw badDatasource("it is no object");
  return read;
}

/** Where JSON.parse stumbled, as "line 3: "; nothing where the browser does not say it. */
function lineOf(text: string, e: unknown): string {
  const message = e instanceof Error ? e.message : "";
  const at = /position (\d+)/.exec(message)?.[1];
  const end = /end of|unterminated/i.test(message) ? text.length : undefined;
  const line = /line (\d+)/.exec(message)?.[1] ?? (at === undefined && end === undefined ? undefined : text.slice(0, Number(at ?? end)).split("\n").length);
  return line === undefined ? "" : `line ${line}: `;
}

const envelope = (value: string): Json => ({ customJsonEncoding: "bigint", value });

/** An id as WEBKNOSSOS writes it. */
export const idToJson = (id: bigint): unknown => (id <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(id) : envelope(String(id)));

/** An id from a number or an envelope; undefined where it is neither. */
export function idFromJson(value: unknown): bigint | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined;
  const digits = isObject(value) && value["customJsonEncoding"] === "bigint" ? String(value["value"]) : "";
  return /^\d{1,20}$/.test(digits) ? BigInt(digits) : undefined;
}

/** A unit's length in nm, by its name in full or in short. */
export const nmPer = (unit: unknown): number | undefined => (typeof unit === "string" ? UNITS[SHORT[unit] ?? unit] : undefined);

/** The size of a voxel of a dataset: three numbers in nm, or a factor and a unit. */
export function scaleNm(scale: unknown): Vec3 | undefined {
  const plain = vec3(scale);
  const [factor, unit] = plain ? [plain, 1] : isObject(scale) ? [vec3(scale["factor"]), nmPer(scale["unit"] ?? "nanometer")] : [];
  if (!factor || unit === undefined || !factor.every((n) => n > 0)) return undefined;
  return [factor[0] * unit, factor[1] * unit, factor[2] * unit];
}

/** Levels, as they are described now and as they once were. */
export const magsOf = (layer: Json): Json[] => [layer["mags"], layer["wkwResolutions"]].flatMap((list) => (Array.isArray(list) ? list : [])).filter(isObject);

/** How many voxels of the dataset one of a level is long, along each axis. */
export function magOf({ mag, resolution }: Json): Vec3 | undefined {
  const given = mag ?? resolution;
  const parts = typeof given === "string" ? given.split("-").map(Number) : isNumber(given) ? [given] : given;
  return vec3(Array.isArray(parts) && parts.length === 1 ? [parts[0], parts[0], parts[0]] : parts);
}

/** The folder of a level, as WEBKNOSSOS names them: "1", "2-2-1". */
export const magName = (mag: Vec3): string => (mag[0] === mag[1] && mag[1] === mag[2] ? String(mag[0]) : mag.join("-"));
