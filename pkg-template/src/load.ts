/** Gets the wasm files and starts workers. Each file is fetched and compiled once per page. */
import * as glue from "./neurolume_page.js";
import type { EngineModule } from "./engine.js";
import { ViewerError } from "./errors.js";

/** Where the package's files lie. */
export type Assets = { baseUrl?: string | URL } | undefined;

export interface Loaded {
  engine: EngineModule;
  /** A fresh worker that has been handed its compiled module. */
  spawn: () => Worker;
}

/** As many as every context has at least. */
const EARLY_WORKERS = 2;

let loading: Promise<Loaded> | undefined;

/** The engine, loaded once per page; the first caller's `assets` decide. A failure is forgotten, so that one may retry. */
export function load(assets: Assets): Promise<Loaded> {
  loading ??= start(assets).catch((e: unknown) => {
    loading = undefined;
    throw e;
  });
  return loading;
}

async function start(assets: Assets): Promise<Loaded> {
  const base = assets?.baseUrl === undefined ? undefined : folder(assets.baseUrl);
  // Bundlers look for exactly these expressions.
  const pageWasm = base ? new URL("neurolume_page_bg.wasm", base) : new URL("./neurolume_page_bg.wasm", import.meta.url);
  const workerWasm = base ? new URL("neurolume_worker_bg.wasm", base) : new URL("./neurolume_worker_bg.wasm", import.meta.url);
  const engine = glue as unknown as EngineModule;
  const begin = (): Worker => {
    const elsewhere = base ?? (new URL(import.meta.url).origin === location.origin ? undefined : new URL(".", import.meta.url));
    return elsewhere ? workerAt(new URL("worker.js", elsewhere)) : new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  };
  // A worker takes a while to start: the first ones do so while the wasm is on its way.
  const early = new Set(Array.from({ length: EARLY_WORKERS }, begin));
  for (const worker of early) {
    // One that cannot start is not handed out: the next that is made says why, to those who listen.
    const drop = (event: Event): void => {
      if (early.delete(worker)) event.preventDefault();
    };
    worker.addEventListener("error", drop, { once: true });
  }
  try {
    const [pageModule, workerModule] = await Promise.all([compile(pageWasm), compile(workerWasm)]);
    await engine.default({ module_or_path: pageModule });
    const spawn = (): Worker => {
      const [waiting] = early;
      if (waiting) early.delete(waiting);
      const worker = waiting ?? begin();
      worker.postMessage({ type: "init", module: workerModule });
      return worker;
    };
    return { engine, spawn };
  } catch (e) {
    for (const worker of early) worker.terminate();
    throw e;
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

async function compile(url: URL): Promise<WebAssembly.Module> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: "same-origin" });
  } catch (cause) {
    throw new ViewerError("network", `The viewer's own code could not be fetched: ${url.href}`, { retryable: true, remedy: "Check the connection, or that the package's files are served beside its index.js (see assets.baseUrl).", cause });
  }
  if (!response.ok) {
    throw new ViewerError("not-found", `The viewer's own code is missing: the server answers ${response.status} to ${response.url}`, {
      remedy: "Serve the package's .wasm files beside its index.js, or say where they are with assets.baseUrl.",
      detail: { status: response.status, url: response.url },
    });
  }
  try {
    // A server that does not say application/wasm costs the streaming, not the viewer.
    if (response.headers.get("content-type")?.startsWith("application/wasm")) return await WebAssembly.compileStreaming(response);
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (cause) {
    throw new ViewerError("unsupported", `The viewer's own code could not be compiled by this browser: ${url.href}`, { remedy: "Use a current version of Chrome, Edge, Firefox or Safari.", cause });
  }
}
