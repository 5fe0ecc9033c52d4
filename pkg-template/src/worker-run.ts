/** What every worker does first: takes the compiled module and starts the wasm, which listens to everything after. */

interface WorkerGlue {
  initSync(input: { module: WebAssembly.Module }): unknown;
  start(): void;
}

export function run(glue: unknown): void {
  const wasm = glue as WorkerGlue;
  addEventListener(
    "message",
    (event: MessageEvent<{ type: "init"; module: WebAssembly.Module }>) => {
      wasm.initSync({ module: event.data.module });
      wasm.start();
    },
    { once: true },
  );
}
