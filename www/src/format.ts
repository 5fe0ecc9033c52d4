/** Numbers as people read them, and positions as they type them. */
import type { Vec3 } from "neurolume";

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const precise = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });

export function integer(value: number | bigint): string {
  return grouped.format(value);
}

const short = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

/** A count in few characters: 9,999 in full, then 34.4K. */
export function compact(value: number): string {
  return value < 10_000 ? grouped.format(value) : short.format(value);
}

/** A voxel's value: ids in full and ungrouped, so that they can be copied. */
export function value(v: number | bigint): string {
  if (typeof v === "bigint") return v.toString();
  return Number.isInteger(v) ? String(v) : precise.format(v);
}

export function bytes(n: number): string {
  if (n < 1e6) return `${Math.round(n / 1e3)} kB`;
  if (n < 1e9) return `${Math.round(n / 1e6)} MB`;
  return `${(n / 1e9).toFixed(1)} GB`;
}

/** nm per pixel. */
export function scale(nm: number): string {
  return nm >= 100 ? nm.toFixed(0) : nm >= 10 ? nm.toFixed(1) : nm.toFixed(2);
}

export function size(v: Vec3): string {
  const [x, y, z] = v.map((n) => precise.format(n));
  return x === y && y === z ? `${x} nm` : `${x} × ${y} × ${z} nm`;
}

/** A position as it is written: whole numbers, with nothing inside of them, so that it can be pasted. */
export function position(numbers: readonly number[]): string {
  return numbers.map((n) => String(Math.floor(n))).join(", ");
}

/** What a person typed as a position: three numbers, and the unit if there was one. */
export interface TypedPosition {
  numbers: Vec3;
  unit?: "nm" | "voxel";
}

/**
 * Understands `x, y, z`, `x y z`, `[x, y, z]`, with nm, µm, vx or voxel after it, or voxel before it; undefined if it is
 * not a position. Commas inside of numbers that blanks separate are thousands.
 */
export function parsePosition(text: string): TypedPosition | undefined {
  const match = /^\s*(voxels?\s)?\s*[[(]?([-+−\d.,;\s_e]+?)[\])]?\s*(nm|µm|μm|um|vx|voxels?)?\s*$/i.exec(text);
  if (!match) return undefined;
  const words = threeWords((match[2] ?? "").replaceAll("−", "-"));
  const numbers = words?.map(Number);
  if (!numbers?.every(Number.isFinite)) return undefined;
  const [x = 0, y = 0, z = 0] = numbers;
  const unit = (match[3] ?? match[1])?.toLowerCase();
  if (unit === undefined) return { numbers: [x, y, z] };
  if (unit.startsWith("v")) return { numbers: [x, y, z], unit: "voxel" };
  const k = unit === "nm" ? 1 : 1000;
  return { numbers: [x * k, y * k, z * k], unit: "nm" };
}

function threeWords(text: string): string[] | undefined {
  const spaced = text.split(/[,;]?\s+|;/).filter(Boolean);
  const inThousands = (word: string): boolean => /^[-+]?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?$/.test(word);
  if (spaced.length === 3 && spaced.every(inThousands)) return spaced.map((word) => word.replaceAll(",", ""));
  const words = text.split(/[\s,;]+/).filter(Boolean);
  return words.length === 3 ? words : undefined;
}

const KEY_NAMES: Record<string, string> = {
  arrowleft: "←", arrowright: "→", arrowup: "↑", arrowdown: "↓", ctrl: "Ctrl", shift: "Shift", alt: "Alt", meta: "⌘", space: "Space", plus: "+", dblclick: "Double click", rightclick: "Right click", escape: "Esc", enter: "Enter", backspace: "⌫", delete: "Del", tab: "Tab",
};

/** The caps of a key combination, in order: "shift+arrowleft" → Shift, ←. */
export function keyCaps(combination: string): string[] {
  return combination.split("+").map((part) => KEY_NAMES[part.toLowerCase()] ?? (part.length === 1 ? part.toUpperCase() : part.charAt(0).toUpperCase() + part.slice(1)));
}

const NAMED: Record<string, string> = { " ": "space", "+": "plus" };

/** A pressed key in the registry's notation; undefined for a modifier alone. */
export function combinationOf(event: KeyboardEvent): string | undefined {
  const digit = /^Digit(\d)$/.exec(event.code)?.[1];
  const key = digit ?? NAMED[event.key] ?? event.key.toLowerCase();
  if (["shift", "control", "alt", "altgraph", "meta", "dead", "process"].includes(key)) return undefined;
  // Shift that went into typing a character is no part of it.
  const shift = event.shiftKey && (key.length > 1 || /[a-z\d]/.test(key));
  return [event.ctrlKey && "ctrl", event.altKey && "alt", shift && "shift", event.metaKey && "meta", key].filter(Boolean).join("+");
}
