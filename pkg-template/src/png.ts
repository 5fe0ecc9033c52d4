/** PNG from pixels. */
import { ViewerError } from "./errors.js";

/** Encodes rows of RGBA, top first, 8 bits each. */
export async function encodePng(width: number, height: number, rgba: Uint8Array<ArrayBuffer>): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (!context) throw new ViewerError("out-of-memory", `There is no memory for a picture of ${width} × ${height} pixels.`, { retryable: true, remedy: "Ask for a smaller one." });
  context.putImageData(new ImageData(new Uint8ClampedArray(rgba.buffer, rgba.byteOffset, rgba.byteLength), width, height), 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}
