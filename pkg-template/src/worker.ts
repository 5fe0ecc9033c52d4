import init from './neurolume_worker.js';

await init({ module_or_path: new URL('./neurolume_worker_bg.wasm', import.meta.url) });
postMessage('ready');
