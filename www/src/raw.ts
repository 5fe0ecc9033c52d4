/** Raw files: whether a file is one, what its name says of it, what a layout takes. */
import type { DataType, RawLayout, Vec3 } from "neurolume";

/** What a person has said of a raw file. */
export interface Described {
  raw: RawLayout;
  voxelSizeNm: Vec3;
}

const BYTES: Record<DataType, number> = { uint8: 1, int8: 1, uint16: 2, int16: 2, uint32: 4, int32: 4, uint64: 8, int64: 8, float32: 4, float64: 8 };
export const DATA_TYPES = Object.keys(BYTES) as DataType[];

/** Whether files called so hold voxels and nothing else, as a rule. */
export const isRawName = (name: string): boolean => /\.(raw|bin|dat|vol)$/i.test(name) || !name.includes(".");

/** Whether the order of bytes makes a difference. */
export const hasByteOrder = (dataType: DataType): boolean => BYTES[dataType] > 1;

/** Bytes of a file of this layout. */
export function bytesOf({ shape, dataType, channels = 1, headerBytes = 0 }: RawLayout): number {
  return headerBytes + shape[0] * shape[1] * shape[2] * channels * BYTES[dataType];
}

/** How many planes a file of so many bytes holds, where it holds whole ones. */
export function planesIn(size: number, layout: RawLayout): number | undefined {
  const plane = bytesOf({ ...layout, shape: [layout.shape[0], layout.shape[1], 1], headerBytes: 0 });
  const planes = (size - (layout.headerBytes ?? 0)) / plane;
  return Number.isInteger(planes) && planes > 0 ? planes : undefined;
}

/** What people write into names, like "scan_512x512x100_uint16.raw" or "scan-2048x1536x64-8bit.raw". */
export function fromName(name: string): Partial<RawLayout> {
  const shape = /(\d+)x(\d+)x(\d+)/i.exec(name);
  const type = DATA_TYPES.find((dataType) => new RegExp(`(^|[^a-z])${dataType}([^\\d]|$)`, "i").test(name));
  const bits = /(^|[^\d])(8|16|32)[-_ ]?bit/i.exec(name)?.[2];
  const dataType = type ?? (bits ? (`uint${bits}` as DataType) : undefined);
  const littleEndian = /big[-_ ]?endian|(^|[^a-z])be([^a-z]|$)/i.test(name) ? false : undefined;
  return { ...(shape && { shape: [Number(shape[1]), Number(shape[2]), Number(shape[3])] as Vec3 }), ...(dataType && { dataType }), ...(littleEndian === false && { littleEndian }) };
}
