/** What of a layer is in view: the voxels that the slices on screen cross. */
import type { LayerInfo, Quat, Vec3, ViewState, VoxelBox } from "neurolume";

/** The axes across and down of each panel of slices, before the view is turned. */
const PANELS: Record<string, [Vec3, Vec3]> = { xy: [[1, 0, 0], [0, 1, 0]], xz: [[1, 0, 0], [0, 0, 1]], yz: [[0, 0, 1], [0, 1, 0]] };

/** The panels of slices on screen, with their size in CSS pixels. */
export function slicePanels(): { name: string; width: number; height: number }[] {
  const root = document.querySelector("nl-app")?.shadowRoot;
  return Object.keys(PANELS).flatMap((name) => {
    const rect = root?.querySelector(`[data-testid="panel-${name}"]`)?.getBoundingClientRect();
    return rect && rect.width > 0 ? [{ name, width: rect.width, height: rect.height }] : [];
  });
}

/** The box of voxels of a level, clipped to it; undefined where nothing of it is in view. */
export function boxInView(panels: ReturnType<typeof slicePanels>, view: ViewState, info: LayerInfo, level: number): VoxelBox | undefined {
  const spec = info.levels[level];
  if (!spec || panels.length === 0) return undefined;
  const reach: number[] = [0, 0, 0];
  for (const { name, width, height } of panels) {
    const [across, down] = (PANELS[name] as [Vec3, Vec3]).map((axis) => turned(axis, view.crossSectionOrientation)) as [Vec3, Vec3];
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
