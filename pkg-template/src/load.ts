/** Gets the wasm files and starts workers. Each file is fetched and compiled once per page. */
import * as glue from "./neurolume_page.js";
import { compile } from "./compile.js";
import type { EngineModule } from "./engine.js";
import { WorkerModule } from "./worker-module.js";
import smallScript from "text:worker.js";

/** Where the package's files lie. */
export type Assets = { baseUrl?: string | URL } | undefined;

export interface Loaded {
  engine: EngineModule;
  /** Whether workers begin with the full module: it is there, and the small one may not be. */
  full: boolean;
  /** A fresh worker that has been handed its compiled module. */
  spawn: (full: boolean) => Worker;
  /** Gets the full module, so that workers can be spawned with it. */
  fetchFull: () => Promise<void>;
}

let loading: Promise<Loaded> | undefined;

/**
 * The engine, loaded once per page; the first caller's `assets` decide, and whether workers should begin with the full module, which reads
 * every format. A failure is forgotten, so that one may retry.
 */
export function load(assets: Assets, full: boolean): Promise<Loaded> {
  loading ??= start(assets, full).catch((e: unknown) => {
    loading = undefined;
    throw e;
  });
  return loading;
}

async function start(assets: Assets, full: boolean): Promise<Loaded> {
  const base = assets?.baseUrl === undefined ? undefined : folder(assets.baseUrl);
  // Bundlers look for exactly these expressions.
  const pageWasm = base ? new URL("neurolume_page_bg.wasm", base) : new URL("./neurolume_page_bg.wasm", import.meta.url);
  const smallWasm = base ? new URL("neurolume_worker_bg.wasm", base) : new URL("./neurolume_worker_bg.wasm", import.meta.url);
  const fullWasm = base ? new URL("neurolume_worker_full_bg.wasm", base) : new URL("./neurolume_worker_full_bg.wasm", import.meta.url);
  const engine = glue as unknown as EngineModule;
  const elsewhere = base ?? (new URL(import.meta.url).origin === location.origin ? undefined : new URL(".", import.meta.url));
  const small = new WorkerModule(smallWasm, () => workerOf(smallScript) ?? (elsewhere ? workerAt(new URL("worker.js", elsewhere)) : new Worker(new URL("./worker.js", import.meta.url), { type: "module" })));
  const whole = new WorkerModule(fullWasm, () => (elsewhere ? workerAt(new URL("worker_full.js", elsewhere)) : new Worker(new URL("./worker_full.js", import.meta.url), { type: "module" })));
  const beginWith = async (): Promise<boolean> => {
    // Where the full module cannot be had, the small one still shows what it can, and the layers that need more say why they do not.
    if (full && (await whole.fetch().then(() => true, () => false))) return true;
    await small.fetch();
    return false;
  };
  try {
    const [pageModule, begunFull] = await Promise.all([compile(pageWasm), beginWith()]);
    await engine.default({ module_or_path: pageModule });
    return { engine, full: begunFull, spawn: (full) => (full ? whole : small).spawn(), fetchFull: () => whole.fetch() };
  } catch (e) {
    small.dispose();
    whole.dispose();
    throw e;
  }
}

let scriptUrl: string | undefined;
let mayUseText = true;

/**
 * A worker from a script's text, which is here: it starts a round trip sooner than from a file. Undefined where the page's content security
 * policy was found not to allow it (`worker-src blob:`).
 */
function workerOf(script: string): Worker | undefined {
  if (!mayUseText) return undefined;
  scriptUrl ??= URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  try {
    const worker = new Worker(scriptUrl, { type: "module" });
    const forbidden = (event: Event): void => {
      // A script that runs and fails says what was wrong.
      if (!(event instanceof ErrorEvent)) mayUseText = false;
    };
    worker.addEventListener("error", forbidden);
    return worker;
  } catch {
    mayUseText = false;
    return undefined;
  }
}

function folder(url: string | URL): URL {
  const resolved = new URL(url, document.baseURI);
  if (!resolved.pathname.endsWith("/")) resolved.pathname += "/";
  return resolved;
}

/** A worker script must be of the page's own origin; elsewhere it is imported by a script that is. */
function workerAt(url: URL): Worker {
  if (url.origin === location.origin) return new Worker(url, { type: "module" });
  const shim = URL.createObjectURL(new Blob([`import ${JSON.stringify(url.href)};`], { type: "text/javascript" }));
  const worker = new Worker(shim, { type: "module" });
  worker.addEventListener("message", () => URL.revokeObjectURL(shim), { once: true });
  return worker;
}
