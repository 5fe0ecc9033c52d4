/** Files and folders of this machine: chosen in a box of the browser's, or dropped. */
import { parseDatasource, stateFromDatasource, type FromDatasource, type LocalSource } from "neurolume";

/** What one chose, and what to call it. */
export interface Chosen {
  name: string;
  files: LocalSource["files"];
  /** Where in it. */
  path?: string;
}

/** Files that say that their folder is a volume. */
const METADATA = ["info", "zarr.json", ".zarray", ".zattrs", "attributes.json", "header.wkw"];
const DATASOURCE = "datasource-properties.json";
/** More than a dataset has layers: chunks, most likely. */
const MOST_FOLDERS = 200;

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

/** Asks for files: archives, volumes that are one file. Empty where nothing was chosen. */
export async function chooseFiles(): Promise<Chosen[]> {
  const chosen = await chooseWith((input) => (input.multiple = true));
  return chosen.flatMap(({ files }) => Array.from(files as FileList, (file) => ({ name: file.name, files: [file] })));
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
  for (const { entry, file, handle } of found) {
    const given = await handle;
    if (given?.kind === "directory") chosen.push({ name: given.name, files: given as FileSystemDirectoryHandle });
    else if (!given && entry?.isDirectory) chosen.push({ name: entry.name, files: asHandle(entry as FileSystemDirectoryEntry) });
    else if (file) chosen.push({ name: file.name, files: [file] });
  }
  return chosen;
}

/** A folder as browsers without handles give it, in the form of one: as much of it as the viewer uses. */
function asHandle(folder: FileSystemDirectoryEntry): FileSystemDirectoryHandle {
  const get = <T extends FileSystemEntry>(how: "getFile" | "getDirectory", name: string): Promise<T> => new Promise((resolve, reject) => folder[how](name, {}, (entry) => resolve(entry as T), reject));
  return {
    kind: "directory",
    name: folder.name,
    getDirectoryHandle: async (name: string) => asHandle(await get<FileSystemDirectoryEntry>("getDirectory", name)),
    getFileHandle: async (name: string) => {
      const entry = await get<FileSystemFileEntry>("getFile", name);
      return { kind: "file", name, getFile: () => new Promise<File>((resolve, reject) => entry.file(resolve, reject)) };
    },
  } as unknown as FileSystemDirectoryHandle;
}

/** The one file that was chosen, where it is one. */
export function oneFile({ files, path }: Chosen): File | undefined {
  const [file, ...more] = "getDirectoryHandle" in files ? [] : files;
  return path === undefined && more.length === 0 ? file : undefined;
}

/**
 * What was chosen: the volumes in folders of a folder, all of it where nothing is found; "described" where a description in it says what it is; what a
 * description says that was chosen itself.
 */
export async function lookInto(chosen: Chosen): Promise<Chosen[] | "described" | FromDatasource> {
  const { files } = chosen;
  const [only] = "length" in files ? files : [];
  if (only && "length" in files && files.length === 1 && /\.json$/i.test(only.name)) return stateFromDatasource(parseDatasource(await only.text()), document.baseURI);
  if (!("getDirectoryHandle" in files) || !("values" in files)) return [chosen];
  if (await file(files, DATASOURCE)) return "described";
  if (await isVolume(files)) return [chosen];
  const found: Chosen[] = [];
  let seen = 0;
  for await (const entry of files.values()) {
    if (++seen > MOST_FOLDERS) break;
    if (entry.kind === "directory" && (await isVolume(entry))) found.push({ name: entry.name, files, path: entry.name });
  }
  return found.length > 0 && seen <= MOST_FOLDERS ? found.toSorted((a, b) => a.name.localeCompare(b.name)) : [chosen];
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
