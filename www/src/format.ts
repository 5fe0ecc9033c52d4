/** Numbers as people read them, and positions as they type them. */
import type { Vec3 } from "neurolume";

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const precise = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });

export function integer(value: number | bigint): string {
  return grouped.format(value);
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
  const short = v.map((n) => precise.format(n));
  return short[0] === short[1] && short[1] === short[2] ? `${short[0]} nm` : `${short.join(" × ")} nm`;
}

/** What a person typed as a position: three numbers, and the unit if there was one. */
export interface TypedPosition {
  numbers: Vec3;
  unit?: "nm" | "voxel";
}

/** Understands `x, y, z`, `x y z`, `[x, y, z]`, with nm, µm, vx or voxel after it; undefined if it is not a position. */
export function parsePosition(text: string): TypedPosition | undefined {
  const match = /^\s*[[(]?([-+\d.,;\s_e]+?)[\])]?\s*(nm|µm|μm|um|vx|voxels?)?\s*$/i.exec(text);
  if (!match) return undefined;
  const words = (match[1] ?? "").split(/[\s,;]+/).filter(Boolean);
  if (words.length !== 3) return undefined;
  const numbers = words.map(Number);
  if (!numbers.every(Number.isFinite)) return undefined;
  const [x = 0, y = 0, z = 0] = numbers;
  const unit = match[2]?.toLowerCase();
  if (unit === undefined) return { numbers: [x, y, z] };
  if (unit.startsWith("v")) return { numbers: [x, y, z], unit: "voxel" };
  const k = unit === "nm" ? 1 : 1000;
  return { numbers: [x * k, y * k, z * k], unit: "nm" };
}

const KEY_NAMES: Record<string, string> = {
  arrowleft: "←", arrowright: "→", arrowup: "↑", arrowdown: "↓", ctrl: "Ctrl", shift: "Shift", alt: "Alt", meta: "⌘", space: "Space", escape: "Esc", enter: "Enter", backspace: "⌫", delete: "Del", tab: "Tab",
};

/** The caps of a key combination, in order: "shift+arrowleft" → Shift, ←. */
export function keyCaps(combination: string): string[] {
  // A lone or last "+" is a key.
  const parts = combination === "+" ? ["+"] : combination.endsWith("++") ? [...combination.slice(0, -2).split("+"), "+"] : combination.split("+");
  return parts.map((part) => KEY_NAMES[part.toLowerCase()] ?? (part.length === 1 ? part.toUpperCase() : part.charAt(0).toUpperCase() + part.slice(1)));
}

/** A pressed key in the registry's notation; undefined for a modifier alone. */
export function combinationOf(event: KeyboardEvent): string | undefined {
  const key = event.key === " " ? "space" : event.key.toLowerCase();
  if (["shift", "control", "alt", "meta", "dead", "process"].includes(key)) return undefined;
  return [event.ctrlKey && "ctrl", event.altKey && "alt", event.metaKey && "meta", event.shiftKey && "shift", key].filter(Boolean).join("+");
}
