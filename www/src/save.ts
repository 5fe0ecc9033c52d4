/** Where a file goes that is written while it grows: straight to a file of the person's choice, where the browser can, else as a download. */
import { fileName, saveFile } from "./actions.js";

interface SaveFileHandle {
  createWritable(): Promise<WritableStream<Uint8Array>>;
}

type Picker = (options: { suggestedName: string }) => Promise<SaveFileHandle>;

function picker(): Picker | undefined {
  return (globalThis as { showSaveFilePicker?: Picker }).showSaveFilePicker;
}

/** Whether a file may be larger than what a page can keep. */
export const savesAsItGrows = (): boolean => picker() !== undefined;

export interface Saving {
  /** Undefined: the bytes are wanted at the end, by `end`. */
  to: WritableStream<Uint8Array> | undefined;
  end(blob: Blob | void): void;
}

/** Asks where a file goes; undefined where the person would rather not. */
export async function chooseFile(name: string): Promise<Saving | undefined> {
  const pick = picker();
  if (!pick) return { to: undefined, end: (blob) => blob && saveFile(blob, name) };
  try {
    const handle = await pick({ suggestedName: fileName(name) });
    return { to: await handle.createWritable(), end: () => {} };
  } catch (e) {
    if (e instanceof DOMException && e.name === "AbortError") return undefined;
    throw e;
  }
}
