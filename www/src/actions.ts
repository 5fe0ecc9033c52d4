/**
 * What the page does for actions that are its own. The viewer's registry is the only list of actions: it has their names
 * and keys, and hands these over when they are run.
 */
import { neuroglancerUrl, type ActionInfo } from "neurolume";
import { keyCaps } from "./format.js";
import { session } from "./session.js";
import { toggleTheme } from "./theme.js";

/** The page's boxes, opened by name. */
export type Box = "open" | "settings" | "palette" | "help" | "export";

function show(box: Box): () => void {
  return () => dispatchEvent(new CustomEvent("nl-show", { detail: box }));
}

const own: Record<string, () => void> = {
  "dataset.open": show("open"),
  "dataset.settings": show("settings"),
  "layer.export": show("export"),
  "palette.show": show("palette"),
  "help.show": show("help"),
  "position.focus": () => dispatchEvent(new Event("nl-focus-position")),
  "share.copy": () => void copyLink(),
  "share.neuroglancer": () => void copyNeuroglancerLink(),
  "screenshot.save": () => void saveScreenshot(),
  "dock.toggle": () => dispatchEvent(new Event("nl-toggle-dock")),
  "theme.toggle": toggleTheme,
};

session.addEventListener("action", (event) => own[(event as CustomEvent<string>).detail]?.());

/** Every action there is now. */
export function allActions(): ActionInfo[] {
  return session.viewer?.actions.list() ?? [];
}

/** Whether an action is done by the pointer: it can be told of, but not run or given keys. */
export function isGesture(action: ActionInfo): boolean {
  return action.id.startsWith("gesture.");
}

/** A control's tooltip: what it does, and its key. */
export function titleOf(label: string, id: string): string {
  const key = allActions().find((a) => a.id === id)?.keys[0];
  return key ? `${label} (${keyCaps(key).join("+")})` : label;
}

/** The page's own work without a viewer too: one can read about a failure and open the dock. */
export function runAction(id: string): void {
  const run = own[id];
  if (run) run();
  else session.viewer?.actions.run(id);
}

async function copyLink(): Promise<void> {
  const url = session.viewer?.shareUrl();
  if (url) await copyText(url, "Link copied");
}

async function copyNeuroglancerLink(): Promise<void> {
  const state = session.viewer?.getState();
  if (state) await copyText(neuroglancerUrl(state), "Neuroglancer link copied");
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

/** A name that every file system takes. */
export function fileName(name: string): string {
  return name.replace(/[^\w.-]+/g, "-").replace(/^[-.]+/, "") || "neurolume";
}

/** Hands a file to the browser to be saved. */
export function saveFile(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = fileName(name);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function saveScreenshot(): Promise<void> {
  try {
    const blob = await session.viewer?.screenshot({ overlays: true });
    if (!blob) return;
    saveFile(blob, `${session.name}.png`);
  } catch (e) {
    session.toast(e instanceof Error ? e.message : String(e));
  }
}
