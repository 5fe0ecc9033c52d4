/** Contexts: the engine's device, caches and workers, counted by their users. */
import { contentForEngine } from "./content.js";
import type { ContentRequest, ReadContent } from "./content-types.js";
import type { EngineContext, EngineModule } from "./engine.js";
import { asViewerError, disposedError, guarded } from "./errors.js";
import { load } from "./load.js";
import { Requests } from "./requests.js";
import { resolver } from "./resolve-request.js";
import { needsFullModule } from "./source-url.js";
import type { Context, ContextOptions, LayerSpec, Limits, Usage } from "./types.js";
import { checkContextOptions, invalid } from "./validate.js";

export class SharedContext implements Context {
  readonly engine: EngineModule;
  #inner: EngineContext | undefined;
  #ready: Promise<void> | undefined;
  #reads = new Requests((request) => this.#inner?.abortRead(request), "context");
  #users = 0;
  /** Whether nobody but viewers holds it any more. */
  #released: boolean;
  /** Whether dispose() was called: viewers that it has go on, and nobody else may use it. */
  #disposed = false;

  /** `owned`: somebody will call dispose(); otherwise it goes with its last viewer. */
  constructor(engine: EngineModule, inner: EngineContext, owned: boolean) {
    this.engine = engine;
    this.#inner = inner;
    this.#released = !owned;
  }

  get inner(): EngineContext {
    if (!this.#inner) throw disposedError("context");
    return this.#inner;
  }

  /** Whether a viewer can still be made of it. */
  get alive(): boolean {
    return this.#inner !== undefined && !this.#disposed;
  }

  get usage(): Usage {
    return guarded(() => this.#usable().usage());
  }

  get limits(): Required<Limits> {
    return guarded(() => this.#usable().limits());
  }

  /** Gets the graphics device, where there is none yet or any more. Until then viewers fetch, and draw nothing. */
  ready(): Promise<void> {
    if (!this.#ready) {
      const ready = this.inner.ready().finally(() => (this.#ready = undefined));
      // Whoever waits for it hears of a failure.
      ready.catch(() => {});
      this.#ready = ready;
    }
    return this.#ready;
  }

  clearCache(): Promise<void> {
    return Promise.resolve().then(() => guarded(() => this.#usable().clearCache()));
  }

  readonly read = ((request: ContentRequest, options: { signal?: AbortSignal } = {}) =>
    this.#reads.run(options.signal, (number) => this.#usable().read(number, contentForEngine(request)))) as ReadContent;

  retain(): void {
    this.#usable();
    this.#users += 1;
  }

  release(): void {
    this.#users -= 1;
    this.#freeIfUnused();
  }

  dispose(): Promise<void> {
    this.#released = true;
    this.#disposed = true;
    if (implicit?.made === this) implicit = undefined;
    void this.#reads.close();
    this.#freeIfUnused();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #usable(): EngineContext {
    if (this.#disposed) throw disposedError("context");
    return this.inner;
  }

  #freeIfUnused(): void {
    if (!this.#released || this.#users > 0) return;
    const inner = this.#inner;
    this.#inner = undefined;
    void this.#reads.close();
    inner?.free();
    if (implicit?.made === this) implicit = undefined;
  }
}

/** The page's own context, while it has viewers or is being made. */
let implicit: Implicit | undefined;
interface Implicit {
  making: Promise<SharedContext>;
  made?: SharedContext;
}

/**
 * Makes a context, to set limits or to share between viewers.
 *
 * Rejects with "unsupported" where there is no WebGPU, "network" or "not-found" where the package's files are not.
 */
export async function createContext(options: ContextOptions = {}): Promise<Context> {
  checkContextOptions(options);
  const context = await make(options, true);
  try {
    await context.ready();
  } catch (e) {
    await context.dispose();
    throw asViewerError(e);
  }
  return context;
}

/**
 * The context of a viewer: the one given, or the page's own. It counts the caller as a user: call release(). `layers` are what the viewer
 * begins with. It may not be `ready`.
 */
export async function retainContext(given: Context | undefined, layers: LayerSpec[] = []): Promise<SharedContext> {
  if (given !== undefined) {
    if (!(given instanceof SharedContext)) throw invalid("context must come from createContext().");
    given.retain();
    return given;
  }
  if (!implicit) {
    const entry: Implicit = { making: make({}, false, layers.some(needsFullModule)) };
    implicit = entry;
    entry.making.then(
      (made) => (entry.made = made),
      () => {
        if (implicit === entry) implicit = undefined;
      },
    );
  }
  const context = await implicit.making;
  // Its last viewer may have gone while this one waited.
  if (!context.alive) return retainContext(undefined, layers);
  context.retain();
  return context;
}

async function make(options: ContextOptions, owned: boolean, startFull = false): Promise<SharedContext> {
  try {
    const [{ engine, ...modules }, diskBytes] = await Promise.all([load(options.assets, startFull), options.limits?.diskBytes ?? diskBudget()]);
    const workers = options.limits?.workers ?? Math.min(6, Math.max(2, (navigator.hardwareConcurrency || 3) - 1));
    const inner = new engine.PageContext({ limits: { ...options.limits, diskBytes }, workers, ...modules, asksPage: options.transformRequest !== undefined, resolveRequest: resolver(options.transformRequest) });
    return new SharedContext(engine, inner, owned);
  } catch (e) {
    throw asViewerError(e);
  }
}

/** What may be kept on disk where the page does not say: a part of what the browser allows it. */
async function diskBudget(): Promise<number> {
  const { quota = 0 } = (await navigator.storage?.estimate().catch(() => undefined)) ?? {};
  return Math.floor(Math.min(2 * 2 ** 30, quota / 4));
}
