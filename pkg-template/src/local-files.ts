/**
 * Files that a person chose: folders, files and archives of this machine, read where they are, never listed whole and never uploaded.
 *
 * What is chosen together gets a number, and its files the addresses `local://number/path`. Workers ask the page for them, and read ranges of
 * what they are given. The numbers hold for as long as the page is open.
 */
import { ViewerError } from "./errors.js";
import type { LayerSpec, LocalSource, RemoteSource } from "./types.js";

/** A file as workers read it; `modified` in ms since 1970. */
type LocalAnswer = { url: string; size: number; modified: number };

interface Root {
  source: LocalSource["files"];
  find(path: string): Promise<File | undefined>;
  /** Blob addresses by path, while somebody may read there. */
  blobs: Map<string, Promise<LocalAnswer | undefined>>;
}

const SCHEME = "local://";
const roots = new Map<number, Root>();
const numbers = new WeakMap<object, { number: number; top: string }>();
/** Begins anywhere, so that a number in an old link means nothing here. */
let last = Math.floor(Math.random() * 2 ** 31);

/** Whether a source is made of chosen files. */
export function isLocal(source: unknown): source is LocalSource {
  return typeof source === "object" && source !== null && "files" in source;
}

/** Whether an address is that of a chosen file. */
export const isLocalAddress = (url: string): boolean => url.startsWith(SCHEME);

/** The source that the engine knows, for one as a page gives it. */
export function withLocalAddress<T extends object>(layer: T): T {
  const { source } = layer as { source?: unknown };
  if (!isLocal(source)) return layer;
  const { files, path = "", ...said } = source;
  const below = path.split("/").filter((segment) => segment !== "").map(encodeURIComponent);
  const address = addressOf(files);
  const url = isArchive(address) ? `${address}|zip:${below.join("/")}` : [address, ...below].join("/");
  const more = said.format === "images" && !said.images && !isHandle(files) && files.length > 1 ? { ...said, images: imagesOf(files, path) } : said;
  return { ...layer, source: { ...more, url } };
}

/** The names of files that are listed below a folder of theirs, img_2 before img_10. */
function imagesOf(files: Iterable<File>, path: string): string[] {
  const below = Array.from(files, (file) => file.webkitRelativePath.split("/").slice(1).join("/") || file.name);
  const start = path === "" ? "" : `${path}/`;
  const names = below.filter((name) => name.startsWith(start)).map((name) => name.slice(start.length));
  return names.sort(new Intl.Collator("en", { numeric: true }).compare);
}

/** A layer as the page gave it, for one as the engine tells of it. */
export function withLocalFiles(spec: LayerSpec): LayerSpec {
  const { source } = spec;
  const { url, ...more } = typeof source === "string" ? { url: source } : (source as RemoteSource);
  const root = isLocalAddress(url) ? roots.get(Number(url.slice(SCHEME.length).split("/")[0])) : undefined;
  if (!root) return spec;
  const path = url.slice(addressOf(root.source).length).split("/").map(decodeURIComponent).join("/").replace(/^\|zip:/, "").replace(/^\/+|\/+$/g, "");
  return { ...spec, source: { ...more, files: root.source, ...(path && { path }) } } as LayerSpec;
}

const isArchive = (address: string): boolean => /\.(zip|ozx)$/i.test(address);

/** What the engine's workers read at an address: undefined where there is no such file. */
export async function openLocal(url: string): Promise<LocalAnswer | undefined> {
  const [number = "", ...segments] = url.slice(SCHEME.length).split("/");
  const root = roots.get(Number(number));
  if (!root) {
    throw new ViewerError("not-found", "The files of this layer were chosen in another page or before it was loaded anew.", { remedy: "Choose them again." });
  }
  const path = segments.map(decodeURIComponent).join("/");
  let found = root.blobs.get(path);
  if (!found) {
    found = root.find(path).then((file) => file && { url: URL.createObjectURL(file), size: file.size, modified: file.lastModified });
    root.blobs.set(path, found);
    // What is not there may be, the next time.
    found.then((file) => file ?? root.blobs.delete(path), () => root.blobs.delete(path));
  }
  return found;
}

/** The address of what was chosen: a folder's, or of the one file. */
function addressOf(files: LocalSource["files"]): string {
  let known = numbers.get(files);
  if (!known) {
    const { top, find } = rootOf(files);
    known = { number: ++last, top };
    roots.set(known.number, { source: files, find, blobs: new Map() });
    numbers.set(files, known);
  }
  return `${SCHEME}${known.number}/${known.top.split("/").map(encodeURIComponent).join("/")}`;
}

function rootOf(files: LocalSource["files"]): { top: string; find: Root["find"] } {
  if (isHandle(files)) return { top: files.name, find: inHandle(files) };
  const list = Array.from(files as Iterable<File>);
  if (list.length === 0) throw new ViewerError("invalid-options", "No files were chosen.", { remedy: "Choose a folder, or at least one file." });
  const byPath = new Map(list.map((file) => [file.webkitRelativePath || file.name, file]));
  // The folder that was chosen, or the one file; several files lie beside each other in a folder without a name.
  const tops = new Set([...byPath.keys()].map((path) => path.split("/")[0] ?? ""));
  const top = tops.size === 1 ? ([...tops][0] ?? "") : "";
  return { top, find: (path) => Promise.resolve(byPath.get(path)) };
}

const isHandle = (files: object): files is FileSystemDirectoryHandle => "getDirectoryHandle" in files;
/** What is thrown where there is no such file, or a folder in its place. */
const isAbsent = (e: unknown): boolean => e instanceof DOMException && ["NotFoundError", "TypeMismatchError"].includes(e.name);

/** Files below a folder, whose paths begin with its name. */
function inHandle(handle: FileSystemDirectoryHandle): Root["find"] {
  const folders = new Map<string, Promise<FileSystemDirectoryHandle>>();
  const folder = (root: FileSystemDirectoryHandle, path: string[]): Promise<FileSystemDirectoryHandle> => {
    if (path.length === 0) return Promise.resolve(root);
    const key = path.join("/");
    let found = folders.get(key);
    if (!found) {
      found = folder(root, path.slice(0, -1)).then((above) => above.getDirectoryHandle(path.at(-1) as string));
      folders.set(key, found);
      // It may be there the next time.
      found.catch(() => folders.delete(key));
    }
    return found;
  };
  return async (path) => {
    const [, ...below] = path.split("/");
    const name = below.pop();
    try {
      if (!name) return undefined;
      return await (await (await folder(handle, below)).getFileHandle(name)).getFile();
    } catch (e) {
      if (isAbsent(e)) return undefined;
      throw unreadable(path, e);
    }
  };
}

function unreadable(path: string, cause: unknown): ViewerError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ViewerError("forbidden", `The file "${path}" cannot be read: ${why}`, { remedy: "Choose the folder again, and allow the page to read it.", cause });
}
