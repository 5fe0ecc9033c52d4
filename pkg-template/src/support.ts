/** What the browser can do, found without loading the engine. */
import type { Support } from "./types.js";

// (module (func (result v128) i32.const 0 i8x16.splat))
const simdProbe = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11]);

/** Whether viewers can be made here, and if not, why. Never rejects. */
export async function checkSupport(): Promise<Support> {
  const wasmSimd = typeof WebAssembly === "object" && WebAssembly.validate(simdProbe);
  const indexedDb = await hasIndexedDb();
  const gpu = await gpuProblem();
  const support: Support = { webgpu: gpu === undefined, wasmSimd, indexedDb };
  if (gpu !== undefined) support.reason = gpu;
  else if (!wasmSimd) support.reason = "This browser runs WebAssembly without SIMD, which the viewer needs.";
  return support;
}

async function gpuProblem(): Promise<string | undefined> {
  if (!globalThis.isSecureContext) return "WebGPU is only there on pages from https:// or localhost.";
  const gpu = (navigator as { gpu?: { requestAdapter(): Promise<unknown> } }).gpu;
  if (!gpu) return "This browser has no WebGPU.";
  try {
    if (await gpu.requestAdapter()) return undefined;
  } catch {
    // Said below: to the user it is the same.
  }
  return "This browser has WebGPU, but no graphics adapter that it will use.";
}

function hasIndexedDb(): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open("neurolume-probe");
      request.onerror = () => resolve(false);
      request.onsuccess = () => {
        request.result.close();
        indexedDB.deleteDatabase("neurolume-probe");
        resolve(true);
      };
    } catch {
      resolve(false);
    }
  });
}
