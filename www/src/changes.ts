/** What differs between two JSON values, member by member. */

export interface Change {
  /** From the outermost; of lists whose members have names, those names. */
  path: string[];
  was: unknown;
  is: unknown;
}

export const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const namesOf = (value: unknown): value is { name: string }[] => Array.isArray(value) && value.length > 0 && value.every((one) => isObject(one) && typeof one["name"] === "string");

/** A list of named members as an object of them. */
const byName = (value: unknown): unknown => (namesOf(value) ? Object.fromEntries(value.map((one) => [one.name, one])) : value);

/** What became of `was`. */
export function changes(was: unknown, is: unknown, path: string[] = []): Change[] {
  const [a, b] = [byName(was), byName(is)];
  if (isObject(a) && isObject(b)) return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) => changes(a[key], b[key], [...path, key]));
  return JSON.stringify(a) === JSON.stringify(b) ? [] : [{ path, was, is }];
}

/** `json` with these changes made in it. */
export function patched(json: unknown, list: Change[]): unknown {
  return list.reduce((value, { path, is }) => put(value, path, is), json);
}

function put(json: unknown, [key, ...rest]: string[], value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(json)) {
    const at = json.findIndex((one) => isObject(one) && one["name"] === key);
    const made = put(at < 0 ? {} : json[at], rest, value);
    if (at < 0) return made === undefined ? json : [...json, made];
    return made === undefined ? json.toSpliced(at, 1) : json.toSpliced(at, 1, made);
  }
  const { [key]: old, ...others } = isObject(json) ? json : {};
  const made = put(old, rest, value);
  return made === undefined ? others : { ...(isObject(json) ? json : {}), [key]: made };
}
