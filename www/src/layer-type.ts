/** What a volume can be drawn as, by the type of its voxels. */
import type { LayerSpec, ViewerError } from "neurolume";

type LayerType = LayerSpec["type"];

/** Types of voxels that only one type of layer can draw. */
const ONLY: Record<string, LayerType> = { uint64: "segmentation", float32: "image", float64: "image" };

/** The type a layer should have had, where that is all that was wrong with it. */
export function otherType(type: LayerType, error: ViewerError): LayerType | undefined {
  if (error.code !== "unsupported") return undefined;
  const only = ONLY[String(error.detail?.["name"])];
  return only === type ? undefined : only;
}
