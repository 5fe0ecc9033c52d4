/** Files and folders of this machine: chosen in a box of the browser's, or dropped. */
import type { LocalSource } from "neurolume";

/** What one chose, and what to call it. */
export interface Chosen {
  name: string;
  files: LocalSource["files"];
}

const ARCHIVES = ".zip,.ozx";

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

/** Asks for archives. Empty where nothing was chosen. */
export async function chooseArchives(): Promise<Chosen[]> {
  const chosen = await chooseWith((input) => ((input.accept = ARCHIVES), (input.multiple = true)));
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
export function dropped(transfer: DataTransfer): Promise<Chosen[]> {
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  return Promise.all(
    items.map(async (item): Promise<Chosen[]> => {
      const entry = item.webkitGetAsEntry();
      const file = item.getAsFile();
      const asHandle = (item as { getAsFileSystemHandle?: () => Promise<FileSystemDirectoryHandle | FileSystemFileHandle | null> }).getAsFileSystemHandle?.();
      const handle = await asHandle?.catch(() => null);
      const found = handle ?? entry;
      if (found) return [{ name: found.name, files: found }];
      return file ? [{ name: file.name, files: [file] }] : [];
    }),
  ).then((each) => each.flat());
}
