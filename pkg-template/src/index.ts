import init from './neurolume_page.js';

/** Loads the page's wasm and starts a worker with its own; resolves when both run. */
export async function load(): Promise<void> {
  await init({ module_or_path: new URL('./neurolume_page_bg.wasm', import.meta.url) });
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  await new Promise((resolve, reject) => {
    worker.onmessage = resolve;
    worker.onerror = reject;
  });
}
