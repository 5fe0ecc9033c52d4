/** Whether one has lost sight of the data. */
import type { LayerInfo, LayerSpec, Vec3 } from "neurolume";
import { voxelSpace } from "./space.js";

/** Nothing of any layer is on screen, and the place is outside of all of them. */
export function isAway(layers: LayerSpec[], infos: ReadonlyMap<string, LayerInfo>, position: Vec3): boolean {
  const shown = layers.flatMap((layer) => {
    const info = infos.get(layer.id);
    return info?.state === "ready" && layer.visible !== false ? [{ layer, info }] : [];
  });
  return shown.length > 0 && shown.every(({ layer, info }) => info.chunks.visible === 0 && !holds(layer, info, position));
}

function holds(layer: LayerSpec, info: LayerInfo, position: Vec3): boolean {
  const box = info.levels[0]?.box;
  const voxel = voxelSpace(layer, info)?.voxelOf(position);
  return box !== undefined && voxel !== undefined && ([0, 1, 2] as const).every((i) => voxel[i] >= box.min[i] && voxel[i] < box.max[i]);
}
