/** From the voxels of a layer to the world and back: its offset and voxel size, the way its source says it is turned, its own transform. */
import type { LayerInfo, LayerSpec, Vec3 } from "neurolume";

/** Places in voxels of the finest level and in nm. */
export interface VoxelSpace {
  nmOf(voxel: Vec3): Vec3;
  voxelOf(nm: Vec3): Vec3;
}

type Columns = readonly [Vec3, Vec3, Vec3];

const STRAIGHT = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** Undefined until the layer's metadata is read. */
export function voxelSpace({ transform }: LayerSpec, { levels: [finest], offsetNm, orientation = STRAIGHT }: LayerInfo): VoxelSpace | undefined {
  if (!finest) return undefined;
  const turned = (p: Vec3): Vec3 => mapped(columnsOf(orientation, 3), p);
  const moved = (p: Vec3): Vec3 => (transform ? mapped(columnsOf(transform, 4), p) : p);
  const shift: Vec3 = transform ? [transform[3] ?? 0, transform[7] ?? 0, transform[11] ?? 0] : [0, 0, 0];
  const origin = sum(moved(turned(offsetNm)), shift);
  const [x, y, z] = finest.voxelSizeNm;
  const edges = ([[x, 0, 0], [0, y, 0], [0, 0, z]] as const).map((edge) => moved(turned(edge))) as unknown as Columns;
  const [a, b, c] = edges;
  const volume = dot(a, cross(b, c));
  return {
    nmOf: (voxel) => sum(mapped(edges, voxel), origin),
    voxelOf: (nm) => {
      const p: Vec3 = [nm[0] - origin[0], nm[1] - origin[1], nm[2] - origin[2]];
      return [dot(p, cross(b, c)) / volume, dot(p, cross(c, a)) / volume, dot(p, cross(a, b)) / volume];
    },
  };
}

/** The first three columns of rows of so many numbers. */
function columnsOf(rows: readonly number[], width: number): Columns {
  const column = (i: number): Vec3 => [rows[i] ?? 0, rows[width + i] ?? 0, rows[2 * width + i] ?? 0];
  return [column(0), column(1), column(2)];
}

const mapped = ([a, b, c]: Columns, [x, y, z]: Vec3): Vec3 => [a[0] * x + b[0] * y + c[0] * z, a[1] * x + b[1] * y + c[1] * z, a[2] * x + b[2] * y + c[2] * z];
const sum = (a: Vec3, b: Vec3): Vec3 => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vec3, b: Vec3): Vec3 => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
