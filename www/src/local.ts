/** Files and folders of this machine: chosen in a box of the browser's, or dropped. */
import { parseDatasource, stateFromDatasource, type FromDatasource, type LocalSource } from "neurolume";
import { isImage, volumesOf, type FilesByName } from "./images.js";

/** What one chose, and what to call it. */
export interface Chosen {
  name: string;
  files: LocalSource["files"];
  /** Where in it. */
  path?: string | undefined;
  /** Where it is a folder of images: their names, from the first slice to the last. */
  images?: string[];
}

/** Files that say that their folder is a volume. */
const METADATA = ["info", "zarr.json", ".zarray", ".zattrs", "attributes.json", "header.wkw"];
const DATASOURCE = "datasource-properties.json";
/** More than a dataset has layers: chunks, most likely. */
const MOST_FOLDERS = 200;
/** As many images as a volume has slices. */
const MOST_FILES = 200_000;

/** Asks for a folder. Empty where nothing was chosen. */
export async function chooseFolder(): Promise<Chosen[]> {
  const pick = (globalThis as { showDirectoryPicker?: (options: { id: string }) => Promise<FileSystemDirectoryHandle> }).showDirectoryPicker;
  if (!pick) return chooseWith((input) => (input.webkitdirectory = true));
  try {
    // Its files are not listed: a folder of chunks may hold a million.
    const handle = await pick({ id: "volume" });
    return [{ name: handle.name, files: handle }];
  } catch (e) {
    if (e instanceof DOMException && e.name === "AbortError") return [];
    throw e;
  }
}

/** Asks for files: each is a volume, but for images, which are slices of one. Empty where nothing was chosen. */
export async function chooseFiles(): Promise<Chosen[]> {
  const chosen = await chooseWith((input) => (input.multiple = true));
  return (await Promise.all(chosen.map(({ files }) => together([...(files as FileList)])))).flat();
}

/** What files are that were chosen together. */
async function together(files: File[]): Promise<Chosen[]> {
  const images = files.filter(({ name }) => isImage(name));
  const others = files.filter(({ name }) => !isImage(name)).map((file) => ({ name: file.name, files: [file] }));
  const byName: FilesByName = new Map(images.map((file) => [file.name, () => Promise.resolve(file)]));
  const volumes = await volumesOf(byName, { name: commonName(images), files: images });
  // One that is a volume of its own is read by itself.
  const alone = ({ name, path, ...more }: Chosen): Chosen => (path ? { name, files: images.filter((file) => file.name === path) } : { name, ...more });
  return [...volumes.map(alone), ...others];
}

/** What the names of slices have in common at their beginning. */
function commonName(files: File[]): string {
  const [first = "", ...others] = files.map(({ name }) => name);
  let length = first.length;
  for (const name of others) while (!name.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length).replace(/[\W_]*\d*$/, "") || "images";
}

function chooseWith(set: (input: HTMLInputElement) => void): Promise<Chosen[]> {
  const input = document.createElement("input");
  input.type = "file";
  set(input);
  return new Promise((resolve) => {
    input.addEventListener("cancel", () => resolve([]));
    input.addEventListener("change", () => {
      const first = input.files?.[0];
      resolve(input.files && first ? [{ name: (first.webkitRelativePath || first.name).split("/")[0] ?? first.name, files: input.files }] : []);
    });
    input.click();
  });
}

/** What was dropped. Has to be called while the drop is being told of: afterwards the browser has forgotten it. */
export async function dropped(transfer: DataTransfer): Promise<Chosen[]> {
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  const found = items.map((item) => {
    const [entry, file] = [item.webkitGetAsEntry(), item.getAsFile()];
    const handle = (item as { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> }).getAsFileSystemHandle?.();
    return { entry, file, handle: handle?.catch(() => null) };
  });
  const chosen: Chosen[] = [];
  const single: File[] = [];
  for (const { entry, file, handle } of found) {
    const given = await handle;
    if (given?.kind === "directory") chosen.push({ name: given.name, files: given as FileSystemDirectoryHandle });
    else if (!given && entry?.isDirectory) chosen.push({ name: entry.name, files: asHandle(entry as FileSystemDirectoryEntry) });
    else if (file) single.push(file);
  }
  return [...chosen, ...(await together(single))];
}

/** A folder as browsers without handles give it, in the form of one: as much of it as the viewer uses. */
function asHandle(folder: FileSystemDirectoryEntry): FileSystemDirectoryHandle {
  const get = <T extends FileSystemEntry>(how: "getFile" | "getDirectory", name: string): Promise<T> => new Promise((resolve, reject) => folder[how](name, {}, (entry) => resolve(entry as T), reject));
  async function* values(): AsyncGenerator<FileSystemHandle> {
    const reader = folder.createReader();
    for (;;) {
      // Some at a time, until there are none.
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const entry of some) yield entry.isDirectory ? asHandle(entry as FileSystemDirectoryEntry) : asFileHandle(entry as FileSystemFileEntry);
    }
  }
  return {
    kind: "directory",
    name: folder.name,
    values,
    getDirectoryHandle: async (name: string) => asHandle(await get<FileSystemDirectoryEntry>("getDirectory", name)),
    getFileHandle: async (name: string) => asFileHandle(await get<FileSystemFileEntry>("getFile", name)),
  } as unknown as FileSystemDirectoryHandle;
}

/** The one file that was chosen, where it is one. */
export function oneFile({ files, path }: Chosen): File | undefined {
  const [file, ...more] = "getDirectoryHandle" in files ? [] : files;
  return path === undefined && more.length === 0 ? file : undefined;
}

const asFileHandle = (entry: FileSystemFileEntry): FileSystemFileHandle =>
  ({ kind: "file", name: entry.name, getFile: () => new Promise<File>((resolve, reject) => entry.file(resolve, reject)) }) as FileSystemFileHandle;

/**
 * What was chosen: the volumes in folders of a folder, and images in it and in these folders, all of it where nothing is found; "described" where a
 * description in it says what it is; what a description says that was chosen itself.
 */
export async function lookInto(chosen: Chosen): Promise<Chosen[] | "described" | FromDatasource> {
  const { files } = chosen;
  const only = oneFile(chosen);
  if (only && /\.json$/i.test(only.name)) return stateFromDatasource(parseDatasource(await only.text()), document.baseURI);
  if (!("getDirectoryHandle" in files)) return imagesOfList(chosen);
  if (await file(files, DATASOURCE)) return "described";
  if (await isVolume(files)) return [chosen];
  const found: Chosen[] = [];
  const images: FilesByName = new Map();
  let [folders, seen] = [0, 0];
  for await (const entry of files.values()) {
    if (++seen > MOST_FILES) return [chosen];
    if (entry.kind === "file") {
      if (isImage(entry.name)) images.set(entry.name, () => entry.getFile());
    } else if (++folders > MOST_FOLDERS) {
      return [chosen];
    } else if (await isVolume(entry)) {
      found.push({ name: entry.name, files, path: entry.name });
    } else {
      found.push(...(await volumesOf(await imagesIn(entry), { name: entry.name, files, path: entry.name })));
    }
  }
  found.push(...(await volumesOf(images, chosen)));
  return found.length > 0 ? found.toSorted((a, b) => a.name.localeCompare(b.name, "en", { numeric: true })) : [chosen];
}

async function imagesIn(folder: FileSystemDirectoryHandle): Promise<FilesByName> {
  const images: FilesByName = new Map();
  let seen = 0;
  for await (const entry of folder.values()) {
    if (++seen > MOST_FILES) return new Map();
    if (entry.kind === "file" && isImage(entry.name)) images.set(entry.name, () => entry.getFile());
  }
  return images;
}

/** The same of a folder whose files the browser has listed: images by their folders, where nothing says that the folder is a volume. */
async function imagesOfList(chosen: Chosen): Promise<Chosen[]> {
  const list = [...(chosen.files as Iterable<File>)].filter(({ webkitRelativePath }) => webkitRelativePath !== "");
  if (list.some(({ name }) => METADATA.includes(name) || name === DATASOURCE)) return [chosen];
  const folders = new Map<string, FilesByName>();
  for (const file of list.filter(({ name }) => isImage(name))) {
    const path = file.webkitRelativePath.split("/").slice(1, -1).join("/");
    const folder = folders.get(path) ?? new Map<string, () => Promise<File>>();
    folders.set(path, folder.set(file.name, () => Promise.resolve(file)));
  }
  const found = await Promise.all([...folders].map(([path, images]) => volumesOf(images, { ...chosen, name: path.split("/").at(-1) || chosen.name, path: path || undefined })));
  return found.length > 0 ? found.flat() : [chosen];
}

async function isVolume(folder: FileSystemDirectoryHandle): Promise<boolean> {
  for (const name of METADATA) if (await file(folder, name)) return true;
  return false;
}

async function file(folder: FileSystemDirectoryHandle, name: string): Promise<File | undefined> {
  try {
    return await (await folder.getFileHandle(name)).getFile();
  } catch {
    return undefined;
  }
}
