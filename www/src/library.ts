/**
 * Datasets that a person keeps in this browser: where they are and how they are shown, never their voxels, and never credentials. Other pages of
 * the site hear of changes.
 */
import type { PartialViewerState } from "neurolume";
import { Table } from "./database.js";

export interface Entry {
  id: string;
  name: string;
  /** Names around it, from the outermost; "" is none. */
  folder: string;
  tags: string[];
  /** Milliseconds since 1970. */
  saved: number;
  /** For the viewer. */
  state: PartialViewerState;
  /** What its sources said of themselves when it was saved. */
  seen: Record<string, unknown>;
  /** The folder whose description was read, where there was one. */
  described?: string;
}

const FILE = "neurolume-library";
const MOST_FILE_BYTES = 64 << 20;

class Library extends EventTarget {
  entries: Entry[] = [];
  /** Why there is none, where the browser keeps nothing. */
  problem = "";
  #table = new Table<Entry>("datasets");
  #others = new BroadcastChannel("neurolume-library");
  #loaded: Promise<void> | undefined;

  constructor() {
    super();
    this.#others.addEventListener("message", () => void this.#read());
  }

  /** Reads what is there, once. */
  load(): Promise<void> {
    return (this.#loaded ??= this.#read());
  }

  /** Keeps entries, in the place of those of the same id. Rejects with a sentence for people. */
  async put(...entries: Entry[]): Promise<void> {
    await this.#change(() => this.#table.put(...entries));
  }

  async remove(id: string): Promise<void> {
    await this.#change(() => this.#table.remove(id));
  }

  /** All that is kept, as a file. */
  export(): Blob {
    return new Blob([JSON.stringify({ type: FILE, version: 1, datasets: this.entries }, null, 1)], { type: "application/json" });
  }

  /** Adds what such a file holds, in the place of what has the same id; gives how many. */
  async import(file: Blob): Promise<number> {
    if (file.size > MOST_FILE_BYTES) throw new Error("This file is too large to be a library of datasets.");
    let read: unknown;
    try {
      read = JSON.parse(await file.text());
    } catch {
      throw new Error("This file is no JSON, and so no library of datasets.");
    }
    const { type, version, datasets } = (read ?? {}) as { type?: unknown; version?: unknown; datasets?: unknown };
    if (type !== FILE || !Array.isArray(datasets)) throw new Error(`This file is no library of datasets: its type is ${JSON.stringify(type) ?? "not given"}, not "${FILE}".`);
    if (version !== 1) throw new Error(`This library has version ${JSON.stringify(version)}; this page reads version 1.`);
    const entries = datasets.map((entry, i) => {
      const made = asEntry(entry);
      if (!made) throw new Error(`Dataset ${i + 1} of this library has no id, no name or no layers.`);
      return made;
    });
    if (entries.length > 0) await this.put(...entries);
    return entries.length;
  }

  async #change(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (e) {
      if (e instanceof DOMException && e.name === "QuotaExceededError") throw new Error("The browser has no more room for the library. Remove datasets from it, or let the site use more storage.");
      throw new Error(`The browser could not keep the library: ${e instanceof Error ? e.message : String(e)}`);
    }
    this.#others.postMessage("changed");
    await this.#read();
  }

  async #read(): Promise<void> {
    try {
      this.entries = (await this.#table.all()).flatMap((row) => asEntry(row) ?? []).sort((a, b) => a.folder.localeCompare(b.folder) || a.name.localeCompare(b.name));
      this.problem = "";
    } catch (e) {
      this.problem = `The browser keeps no library here: ${e instanceof Error ? e.message : String(e)}`;
    }
    this.dispatchEvent(new Event("change"));
  }
}

/** An entry of whatever form, as one; undefined where it cannot be. Sources lose what could be a credential. */
function asEntry(value: unknown): Entry | undefined {
  const { id, name, folder, tags, saved, state, seen, described } = (value ?? {}) as Partial<Record<keyof Entry, unknown>>;
  const layers = (state as { layers?: unknown } | undefined)?.layers;
  if (typeof id !== "string" || id === "" || typeof name !== "string" || name === "" || !Array.isArray(layers)) return undefined;
  return {
    id,
    name,
    folder: cleanFolder(typeof folder === "string" ? folder : ""),
    tags: Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === "string" && tag !== "") : [],
    saved: typeof saved === "number" ? saved : 0,
    state: { ...(state as PartialViewerState), layers: layers.map(withoutCredentials) },
    seen: typeof seen === "object" && seen !== null ? (seen as Record<string, unknown>) : {},
    ...(typeof described === "string" && { described }),
  };
}

function withoutCredentials<T extends { source?: unknown }>(layer: T): T {
  if (typeof layer?.source !== "object" || layer.source === null) return layer;
  const { credentials: _, ...source } = layer.source as { credentials?: unknown };
  return { ...layer, source };
}

/** A folder as it is typed, in one form. */
export const cleanFolder = (typed: string): string => typed.split("/").map((name) => name.trim()).filter((name) => name !== "").join("/");

/** Tags as they are typed: words between commas, each once. */
export const cleanTags = (typed: string): string[] => [...new Set(typed.split(",").map((tag) => tag.trim().replace(/^#/, "")).filter((tag) => tag !== ""))];

/** Those in whose name, folder or tags all words are; "#word" is a tag alone. */
export function found(entries: Entry[], query: string): Entry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter(({ name, folder, tags }) => {
    const text = `${folder}/${name} ${tags.join(" ")}`.toLowerCase();
    return words.every((word) => (word.startsWith("#") ? tags.some((tag) => tag.toLowerCase().startsWith(word.slice(1))) : text.includes(word)));
  });
}

/** The page has one. */
export const library = new Library();
