/**
 * Finding segments by what is said of them: a small language, like Neuroglancer's.
 *
 *     Mi1 medulla        both words in the label or description, whatever their case
 *     "dorsal part"      the same, with a blank in it
 *     /^Tm\d+$/          a regular expression, of the label
 *     #proofread -#glia  with and without a tag
 *     voxels>=1000       a number: < <= = != >= >
 *     side=L  side!=L    a text, whole, whatever its case
 *     12345              this very id, besides what has it in its label
 *
 * All conditions hold together.
 */
import type { SegmentProperties } from "./content-types.js";
import { invalid } from "./validate.js";

type Condition = (row: number) => boolean;

const COMPARE: Record<string, (a: number, b: number) => boolean> = {
  "<": (a, b) => a < b, "<=": (a, b) => a <= b, "=": (a, b) => a === b, "!=": (a, b) => a !== b, ">=": (a, b) => a >= b, ">": (a, b) => a > b,
};
/** A quoted text, a regular expression, or what has no blank. */
const WORDS = /"([^"]*)"|(\/(?:[^/\\]|\\.)+\/)(?=\s|$)|(\S+)/g;

/**
 * The rows of the segments that a query finds, in their order; all for an empty one.
 *
 * Throws "invalid-options" with one sentence where the query cannot be understood.
 */
export function searchSegments(properties: SegmentProperties, query: string): Uint32Array {
  const conditions = [...query.matchAll(WORDS)].map(([, quoted, pattern, word]) => {
    if (quoted !== undefined) return holdsText(properties, quoted);
    if (pattern !== undefined) return matches(properties, pattern.slice(1, -1));
    return conditionOf(properties, word as string);
  });
  const rows = new Uint32Array(properties.ids.length);
  let found = 0;
  for (let row = 0; row < properties.ids.length; row += 1) if (conditions.every((holds) => holds(row))) rows[found++] = row;
  return rows.slice(0, found);
}

function conditionOf(properties: SegmentProperties, word: string): Condition {
  const [, without, tag] = /^(-?)#(.+)$/.exec(word) ?? [];
  if (tag !== undefined) {
    const holds = hasTag(properties, tag);
    return without ? (row) => !holds(row) : holds;
  }
  const [, name = "", operator = "", value = ""] = /^(.*?[^<>=!])(<=|>=|!=|<|>|=)(.*)$/.exec(word) ?? [];
  if (operator) return compares(properties, name, operator, value);
  const holds = holdsText(properties, word);
  if (!/^\d+$/.test(word)) return holds;
  const id = BigInt(word);
  return (row) => properties.ids[row] === id || holds(row);
}

function hasTag({ tags, tagStarts, tagsOf }: SegmentProperties, tag: string): Condition {
  const wanted = tags.findIndex((one) => one.toLowerCase() === tag.toLowerCase());
  if (wanted < 0) throw invalid(`There is no tag "${tag}".`);
  return (row) => tagsOf.subarray(tagStarts[row], tagStarts[row + 1]).includes(wanted);
}

function holdsText({ labels, descriptions }: SegmentProperties, text: string): Condition {
  const wanted = text.toLowerCase();
  return (row) => (labels?.[row] ?? "").toLowerCase().includes(wanted) || (descriptions?.[row] ?? "").toLowerCase().includes(wanted);
}

function matches({ labels }: SegmentProperties, source: string): Condition {
  try {
    const pattern = new RegExp(source, "iu");
    return (row) => pattern.test(labels?.[row] ?? "");
  } catch (e) {
    throw invalid(`/${source}/ is no regular expression: ${e instanceof Error ? e.message : String(e)}`);
  }
}

function compares(properties: SegmentProperties, name: string, operator: string, value: string): Condition {
  const column = properties.columns.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (!column) throw invalid(`There is no property "${name}". There are: ${properties.columns.map((one) => one.name).join(", ") || "none"}.`);
  const { values } = column;
  if (Array.isArray(values)) {
    if (operator !== "=" && operator !== "!=") throw invalid(`"${column.name}" is a text: it can be = or != to another, not ${operator}.`);
    const wanted = value.toLowerCase();
    return (row) => ((values[row] as string).toLowerCase() === wanted) === (operator === "=");
  }
  const wanted = Number(value);
  if (value === "" || Number.isNaN(wanted)) throw invalid(`"${value}" is no number, which "${column.name}" could be compared with.`);
  const compare = COMPARE[operator] as (a: number, b: number) => boolean;
  return (row) => compare(Number(values[row]), wanted);
}
