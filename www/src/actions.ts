/** What can be done with the page itself, beside the viewer's own actions. One list: keys, palette and help come from both. */
import { session } from "./session.js";
import { toggleTheme } from "./theme.js";
import type { ActionInfo } from "neurolume";

interface PageAction {
  id: string;
  label: string;
  keys: string[];
  run: () => void;
}

/** Opens one of the page's boxes: nl-app listens. */
function show(box: "open" | "palette" | "help"): () => void {
  return () => dispatchEvent(new CustomEvent("nl-show", { detail: box }));
}

const list: PageAction[] = [
  { id: "dataset.open", label: "Open a dataset", keys: ["ctrl+o"], run: show("open") },
  { id: "palette.show", label: "Find an action", keys: ["ctrl+p"], run: show("palette") },
  { id: "position.focus", label: "Go to a position", keys: ["g"], run: () => dispatchEvent(new Event("nl-focus-position")) },
  { id: "share.copy", label: "Copy a link to this view", keys: ["ctrl+shift+l"], run: () => void copyLink() },
  { id: "screenshot.save", label: "Save a picture", keys: ["ctrl+shift+s"], run: () => void saveScreenshot() },
  { id: "dock.toggle", label: "Show or hide the layers", keys: ["ctrl+b"], run: () => dispatchEvent(new Event("nl-toggle-dock")) },
  { id: "theme.toggle", label: "Dark or light", keys: ["alt+t"], run: toggleTheme },
  { id: "help.show", label: "Keys and help", keys: ["h"], run: show("help") },
];

/** Every action there is now, the page's own last. */
export function allActions(): ActionInfo[] {
  const engine = session.viewer?.actions.list() ?? [];
  const known = new Set(engine.map((a) => a.id));
  const own = list.filter((a) => !known.has(a.id)).map(({ id, label, keys }): ActionInfo => ({ id, label, keys, group: "Page", enabled: true, views: [] }));
  return [...engine, ...own];
}

const defaults = new Map(list.map((a) => [a.id, a.keys]));

/** Changes the keys of one of the page's own actions; null restores them. False if it is not the page's. */
export function setPageKeys(id: string, keys: string[] | null): boolean {
  const own = list.find((a) => a.id === id);
  if (!own || session.viewer?.actions.list().some((a) => a.id === id)) return false;
  own.keys = keys ?? defaults.get(id) ?? [];
  return true;
}

/** The keys of an action, for tooltips. */
export function keysOf(id: string): string[] {
  return allActions().find((a) => a.id === id)?.keys ?? [];
}

export function runAction(id: string): void {
  const own = list.find((a) => a.id === id);
  if (own) own.run();
  else session.viewer?.actions.run(id);
}

/** Runs the page's action of a key; false if there is none. */
export function runKey(combination: string): boolean {
  const known = new Set(session.viewer?.actions.list().map((a) => a.id));
  const action = list.find((a) => a.keys.includes(combination) && !known.has(a.id));
  action?.run();
  return action !== undefined;
}

// The viewer's registry may hold these ids too, and hands them over when their keys are pressed in it.
session.addEventListener("action", (event) => list.find((a) => a.id === (event as CustomEvent<string>).detail)?.run());

async function copyLink(): Promise<void> {
  const url = session.viewer?.shareUrl();
  if (url) await copyText(url, "Link copied");
}

/** Copies, and says so. */
export async function copyText(text: string, said: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    session.toast(said);
  } catch {
    session.toast("The browser does not let this page copy. Select the text and copy it by hand.");
  }
}

async function saveScreenshot(): Promise<void> {
  const blob = await session.viewer?.screenshot();
  if (!blob) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${session.name.replace(/[^\w.-]+/g, "-") || "neurolume"}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
