/** Keys that a person has changed, kept by the browser. */
import { session } from "./session.js";

const KEY = "neurolume.keys";

let changed: Record<string, string[]> = {};

export function isRemapped(id: string): boolean {
  return Object.hasOwn(changed, id);
}

/** null puts the default back. */
export function remap(id: string, keys: string[] | null): void {
  if (keys === null) delete changed[id];
  else changed[id] = keys;
  apply(id, keys);
  try {
    localStorage.setItem(KEY, JSON.stringify(changed));
  } catch {
    // Until the page is left, then.
  }
}

/** Applies what was changed before. */
export function loadKeys(): void {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    for (const [id, keys] of Object.entries(stored as object)) {
      if (!Array.isArray(keys) || !keys.every((k) => typeof k === "string")) continue;
      changed[id] = keys;
      apply(id, keys);
    }
  } catch {
    changed = {};
  }
}

function apply(id: string, keys: string[] | null): void {
  // An older version may have had actions that this one has not.
  if (session.viewer?.actions.list().some((a) => a.id === id)) session.viewer.actions.setKeys(id, keys);
}
