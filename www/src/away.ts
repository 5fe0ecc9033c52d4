/** Whether one has lost sight of the data. */
import type { LayerInfo, LayerSpec, Vec3 } from "neurolume";

/** Nothing of any layer is on screen, and the place is outside of all of them. */
export function isAway(layers: LayerSpec[], infos: ReadonlyMap<string, LayerInfo>, position: Vec3): boolean {
  const shown = layers.flatMap(({ id, visible }) => {
    const info = infos.get(id);
    return info?.state === "ready" && visible !== false ? [info] : [];
  });
  return shown.length > 0 && shown.every((info) => info.chunks.visible === 0 && !holds(info, position));
}

function holds({ levels: [finest], offsetNm }: LayerInfo, position: Vec3): boolean {
  if (!finest) return false;
  const { box, voxelSizeNm } = finest;
  return ([0, 1, 2] as const).every((i) => {
    const voxel = (position[i] - offsetNm[i]) / voxelSizeNm[i];
    return voxel >= box.min[i] && voxel < box.max[i];
  });
}
