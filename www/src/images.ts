/** Files of images: which of a folder are slices of one volume, and which are volumes of their own. */
import type { Chosen } from "./local.js";

/** Files of a folder by name, to be opened. */
export type FilesByName = Map<string, () => Promise<File>>;

const IMAGE = /\.(png|jpe?g|tiff?|btf)$/i;
const TIFF = /^(tiff?|btf)$/;
/** img_2 comes before img_10. */
const { compare } = new Intl.Collator("en", { numeric: true });

export const isImage = (name: string): boolean => IMAGE.test(name);

/**
 * The volumes that images of a folder are, `path` below what was chosen: the slices of one, unless they are TIFF files of several images. Of
 * images of different kinds, the most count: others are previews.
 */
export async function volumesOf(from: FilesByName, { name, files, path }: Chosen): Promise<Chosen[]> {
  const kinds = new Map<string, string[]>();
  for (const file of from.keys()) {
    const ending = IMAGE.exec(file)?.[1]?.toLowerCase();
    if (!ending) continue;
    const kind = TIFF.test(ending) ? "tiff" : ending === "png" ? "png" : "jpeg";
    kinds.set(kind, [...(kinds.get(kind) ?? []), file]);
  }
  const [kind, names] = [...kinds].toSorted(([, a], [, b]) => b.length - a.length)[0] ?? ["", []];
  const images = names.toSorted(compare);
  const first = await from.get(images[0] ?? "")?.();
  if (!first) return [];
  if (images.length === 1 || (kind === "tiff" && (await holdsSeveral(first)))) return images.map((image) => ({ name: image, files, path: path ? `${path}/${image}` : image }));
  return [{ name, files, path, images }];
}

/** Whether a TIFF file holds more than one image: whether its first directory leads to another. */
async function holdsSeveral(file: File): Promise<boolean> {
  const read = async (at: number, bytes: number): Promise<DataView> => new DataView(await file.slice(at, at + bytes).arrayBuffer());
  try {
    const head = await read(0, 16);
    const little = head.getUint16(0) === 0x4949;
    const big = head.getUint16(2, little) === 43;
    const place = (view: DataView, at: number): number => (big ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little));
    const first = place(head, big ? 8 : 4);
    const count = await read(first, 8);
    const end = big ? first + 8 + 20 * Number(count.getBigUint64(0, little)) : first + 2 + 12 * count.getUint16(0, little);
    return place(await read(end, 8), 0) !== 0;
  } catch {
    // It is cut short: the viewer says how.
    return false;
  }
}
