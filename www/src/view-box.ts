/** What of a layer is in view: the voxels that the slices on screen cross. */
import type { LayerInfo, PanelName, PanelPlace, Quat, Vec3, ViewState, VoxelBox } from "neurolume";

/** The axes across and down of each panel of slices, before the view is turned. */
const PANELS: Record<Exclude<PanelName, "3d">, [Vec3, Vec3]> = { xy: [[1, 0, 0], [0, 1, 0]], xz: [[1, 0, 0], [0, 0, 1]], yz: [[0, 0, 1], [0, 1, 0]] };

/** The box of voxels of a level, clipped to it; undefined where nothing of it is in view. */
export function boxInView(panels: readonly PanelPlace[], view: ViewState, info: LayerInfo, level: number): VoxelBox | undefined {
  const spec = info.levels[level];
  const slices = panels.flatMap(({ name, ...size }) => (name === "3d" ? [] : [{ axes: PANELS[name], ...size }]));
  if (!spec || slices.length === 0) return undefined;
  const reach: number[] = [0, 0, 0];
  for (const { axes, width, height } of slices) {
    const [across, down] = [turned(axes[0], view.crossSectionOrientation), turned(axes[1], view.crossSectionOrientation)];
    for (const axis of [0, 1, 2] as const) {
      reach[axis] = Math.max(reach[axis] as number, (view.crossSectionScale / 2) * (width * Math.abs(across[axis]) + height * Math.abs(down[axis])));
    }
  }
  const bounds = ([0, 1, 2] as const).map((axis) => {
    // Levels share the corner of the volume, and so the corner of the finest says where this one lies.
    const [finest, size] = [info.levels[0] ?? spec, spec.voxelSizeNm[axis]];
    const corner = info.offsetNm[axis] + finest.box.min[axis] * finest.voxelSizeNm[axis] - spec.box.min[axis] * size;
    const at = (nm: number): number => (nm - corner) / size;
    const low = Math.max(Math.floor(at(view.position[axis] - (reach[axis] as number))), spec.box.min[axis]);
    const high = Math.min(Math.floor(at(view.position[axis] + (reach[axis] as number))) + 1, spec.box.max[axis]);
    return [low, high] as const;
  });
  if (bounds.some(([low, high]) => low >= high)) return undefined;
  const [x, y, z] = bounds as [readonly [number, number], readonly [number, number], readonly [number, number]];
  return { min: [x[0], y[0], z[0]], max: [x[1], y[1], z[1]] };
}

/** An axis as a rotation turns it. */
function turned([x, y, z]: Vec3, [a, b, c, w]: Quat): Vec3 {
  const [tx, ty, tz] = [2 * (b * z - c * y), 2 * (c * x - a * z), 2 * (a * y - b * x)];
  return [x + w * tx + (b * tz - c * ty), y + w * ty + (c * tx - a * tz), z + w * tz + (a * ty - b * tx)];
}
