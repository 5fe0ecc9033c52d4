/** The entry of a worker: takes the compiled module, starts the wasm, which listens to everything after. */
import * as glue from "./neurolume_worker.js";

interface WorkerGlue {
  initSync(input: { module: WebAssembly.Module }): unknown;
  start(): void;
}

addEventListener(
  "message",
  (event: MessageEvent<{ type: "init"; module: WebAssembly.Module }>) => {
    const wasm = glue as unknown as WorkerGlue;
    wasm.initSync({ module: event.data.module });
    wasm.start();
  },
  { once: true },
);
