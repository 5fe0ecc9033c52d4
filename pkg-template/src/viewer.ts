/**
 * A viewer: its element, its frame loop, and the public calls over the engine's view. The engine is never called from
 * inside one of its own calls: it asks to be looked after, and events are taken from it when its call has returned.
 */
import { watchBackground } from "./background.js";
import { retainContext, type SharedContext } from "./context.js";
import { EarlyDocuments } from "./early.js";
import { Emitter } from "./emitter.js";
import type { EngineEvent, EngineView } from "./engine.js";
import { asViewerError, disposedError, guarded } from "./errors.js";
import { listen, modifiers } from "./input.js";
import { keptDataset } from "./dataset.js";
import { Layers } from "./layers.js";
import { PanelChrome } from "./panels.js";
import { encodePng } from "./png.js";
import { Requests } from "./requests.js";
import { shareUrl } from "./share.js";
import { stateForEngine, stateFromEngine } from "./source-url.js";
import { css } from "./style.js";
import type { Actions, Context, Layout, PanelName, PanelPlace, PartialViewerState, PickInfo, Stats, Subscription, Viewer, ViewerEvents, ViewerOptions, ViewerStateV1, ViewState, VoxelBlock, VoxelBox } from "./types.js";
import { checkKeys, checkViewerOptions, checkViewState, invalid } from "./validate.js";

/** How often a page in the background, which gets no animation frames, looks after its requests. */
const HIDDEN_TICK_MILLIS = 100;

/**
 * Puts a viewer into an element. Resolves when the metadata of its layers is read, or known to be unreadable.
 *
 * Rejects with "invalid-options", "unsupported" (no WebGPU; see checkSupport), or what loading the package's files met.
 */
export async function createViewer(options: ViewerOptions): Promise<Viewer> {
  checkViewerOptions(options);
  const container = typeof options.container === "string" ? document.querySelector<HTMLElement>(options.container) : options.container;
  if (!(container instanceof HTMLElement)) throw invalid(`container must be an element or a selector of one; ${typeof options.container === "string" ? `"${options.container}" matches none` : "this is neither"}.`);
  options.signal?.throwIfAborted();
  const specs = options.layers ?? [];
  // A context of one's own may change requests, and its code is there.
  const early = new EarlyDocuments(options.context ? [] : specs);
  const context = await retainContext(options.context, specs).catch((e: unknown) => {
    early.dispose();
    throw e;
  });
  const aborted = whenAborted(options.signal);
  let viewer: ViewerImpl | undefined;
  try {
    options.signal?.throwIfAborted();
    viewer = new ViewerImpl(container, context, options);
    const { layers } = viewer;
    const known = await early.take();
    options.signal?.throwIfAborted();
    const adding = Promise.allSettled(specs.map((spec, i) => Layers.addKnown(layers, spec, known[i], { signal: options.signal })));
    // After the metadata, for data take longer to come than the device.
    const [added] = await Promise.race([Promise.all([adding, context.ready()]), aborted]);
    options.signal?.throwIfAborted();
    // A layer that could not be read is there and says why; one with options that cannot be used is not there.
    for (const [i, { id }] of specs.entries()) {
      const result = added[i];
      if (result?.status === "rejected" && !layers.get(id)) throw result.reason;
    }
    return viewer;
  } catch (e) {
    early.dispose();
    if (viewer) await viewer.dispose();
    else context.release();
    throw options.signal?.aborted ? options.signal.reason : asViewerError(e);
  }
}

/** Rejects when the signal is aborted. */
function whenAborted(signal: AbortSignal | undefined): Promise<never> {
  const aborted = new Promise<never>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason), { once: true }));
  // Whoever races against it hears of it.
  aborted.catch(() => {});
  return aborted;
}

class ViewerImpl implements Viewer {
  readonly layers: Layers;
  readonly actions: Actions;
  #context: SharedContext;
  #view: EngineView | undefined;
  #host: HTMLElement;
  #chrome: PanelChrome;
  #emitter = new Emitter();
  #requests: Requests;
  #end = new AbortController();
  #cancelFrame: (() => void) | undefined;
  /** What waits for the end of a move, by its number. */
  #moves = new Map<number, () => void>();
  #telling = false;
  #disposing: Promise<void> | undefined;
  #pointer: PointerEvent | null = null;

  constructor(container: HTMLElement, context: SharedContext, options: ViewerOptions) {
    this.#context = context;
    this.#requests = new Requests((request) => this.#view?.abort(request));
    this.layers = new Layers(() => this.#live(), this.#requests, (signal) => this.#emitter.once("layerstatechange", signal));
    this.actions = {
      list: (view) => guarded(() => this.#live().actions(view)),
      run: (id, args) => guarded(() => this.#live().runAction(id, args)),
      key: (event) => guarded(() => this.#live().key(event.code, event.key, modifiers(event))),
      setKeys: (id, keys) => guarded(() => this.#live().setKeys(id, keys)),
    };
    const { host, canvas, overlay } = makeElements();
    this.#host = host;
    container.append(host);
    const { viewState, layout, controller } = options;
    try {
      this.#view = new context.engine.PageView(context.inner, canvas, { viewState, layout, controller }, () => this.#wake());
    } catch (e) {
      host.remove();
      throw e;
    }
    this.#chrome = new PanelChrome(overlay, {
      layout: () => this.layout,
      setLayout: (value) => (this.layout = value),
      split: (x, y) => guarded(() => this.#live().setPanelSplit(x, y)),
      focus: () => host.focus({ preventScroll: true }),
    });
    this.#chrome.watchPointer(host, this.#end.signal);
    this.#watchSize();
    watchBackground(host, (slice, projection) => this.#view?.setBackground(slice, projection), this.#end.signal);
    listen({ host, canvas, view: this.#view, onPointer: (event) => (this.#pointer = event) }, this.#end.signal);
    document.addEventListener("visibilitychange", () => this.#reschedule(), { signal: this.#end.signal });
    this.#wake();
  }

  get context(): Context {
    return this.#context;
  }

  get viewState(): Readonly<ViewState> {
    return guarded(() => this.#live().viewState());
  }

  get layout(): Layout {
    return guarded(() => this.#live().layout());
  }

  set layout(layout: Layout) {
    guarded(() => this.#live().setLayout(layout));
  }

  get panels(): readonly PanelPlace[] {
    return guarded(() => this.#live().panels()).map(({ name, x, y, width, height }) => ({ name, x, y, width, height }));
  }

  get stats(): Readonly<Stats> {
    return guarded(() => this.#live().stats());
  }

  async setViewState(patch: Partial<ViewState>, options: { durationMs?: number; signal?: AbortSignal } = {}): Promise<void> {
    checkViewState(patch);
    checkKeys(options, { durationMs: true, signal: true }, "The options of setViewState");
    const { durationMs = 0, signal } = options;
    if (!(Number.isFinite(durationMs) && durationMs >= 0)) throw invalid(`durationMs must be a number of milliseconds, 0 or more, not ${durationMs}.`);
    signal?.throwIfAborted();
    const view = this.#live();
    const move = guarded(() => view.setViewState(patch, durationMs));
    if (durationMs <= 0) return;
    await new Promise<void>((resolve, reject) => {
      const end = (): void => {
        this.#moves.delete(move);
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      const abort = (): void => {
        reject(signal?.reason);
        end();
        // Stops where it is.
        if (this.#view) guarded(() => view.setViewState(view.viewState(), 0));
      };
      this.#moves.set(move, end);
      signal?.addEventListener("abort", abort, { once: true });
    });
    if (!this.#view) throw disposedError("viewer");
  }

  async pick(point: { x: number; y: number }, options: { signal?: AbortSignal } = {}): Promise<PickInfo | null> {
    checkKeys(options, { signal: true }, "The options of pick");
    checkKeys(point, { x: true, y: true }, "point");
    for (const key of ["x", "y"] as const) if (!Number.isFinite(point[key])) throw invalid(`point.${key} must be a number of CSS pixels, not ${point[key]}.`);
    options.signal?.throwIfAborted();
    const found = guarded(() => this.#live().pick(point.x, point.y));
    return found && { ...found, source: null };
  }

  async readVoxels(layerId: string, box: VoxelBox, options: { level?: number; channel?: number; at?: Record<string, number>; signal?: AbortSignal } = {}): Promise<VoxelBlock> {
    checkKeys(options, { level: true, channel: true, at: true, signal: true }, "The options of readVoxels");
    const { signal, ...rest } = options;
    const view = this.#live();
    return this.#requests.run(signal, (request) => view.readVoxels(request, layerId, box, rest));
  }

  async screenshot(options: { width?: number; height?: number; panel?: PanelName; overlays?: boolean } = {}): Promise<Blob> {
    checkKeys(options, { width: true, height: true, panel: true, overlays: true }, "The options of screenshot");
    const view = this.#live();
    const { width, height, rgba } = await this.#requests.run(undefined, (request) => view.capture(request, options));
    return encodePng(width, height, rgba);
  }

  async idle(options: { signal?: AbortSignal } = {}): Promise<void> {
    const view = this.#live();
    await this.#requests.run(options.signal, (request) => view.idle(request));
  }

  getState(): ViewerStateV1 {
    const state = stateFromEngine(guarded(() => this.#live().getState()));
    const { dataset } = this.layers;
    return dataset ? { ...state, dataset: structuredClone(dataset) } : state;
  }

  async setState(state: PartialViewerState): Promise<void> {
    guarded(() => this.#live().setState(stateForEngine(state)));
    this.layers.dataset = keptDataset(state.dataset);
  }

  shareUrl(base: string | URL = location.href): string {
    return shareUrl(base, this.getState());
  }

  on<K extends keyof ViewerEvents>(type: K, listener: (event: ViewerEvents[K]) => void): Subscription {
    this.#live();
    return this.#emitter.on(type, listener);
  }

  once<K extends keyof ViewerEvents>(type: K, options: { signal?: AbortSignal } = {}): Promise<ViewerEvents[K]> {
    return this.#emitter.once(type, options.signal);
  }

  off<K extends keyof ViewerEvents>(type: K, listener: (event: ViewerEvents[K]) => void): void {
    this.#live();
    this.#emitter.off(type, listener);
  }

  dispose(): Promise<void> {
    this.#disposing ??= this.#dispose();
    return this.#disposing;
  }

  async #dispose(): Promise<void> {
    const view = this.#live();
    this.#view = undefined;
    this.#end.abort();
    this.#cancelFrame?.();
    for (const end of [...this.#moves.values()]) end();
    this.#emitter.close();
    this.#host.remove();
    try {
      view.close();
      await this.#requests.close();
    } finally {
      view.free();
      this.#context.release();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #live(): EngineView {
    if (!this.#view) throw disposedError("viewer");
    return this.#view;
  }

  /** Something has happened: it is told as soon as the engine's call has returned, and drawn with the next frame. */
  #wake(): void {
    this.#tellSoon();
    if (this.#cancelFrame || !this.#view) return;
    if (document.hidden) {
      const timer = setTimeout(() => this.#frame(performance.now()), HIDDEN_TICK_MILLIS);
      this.#cancelFrame = () => clearTimeout(timer);
    } else {
      const frame = requestAnimationFrame((now) => this.#frame(now));
      this.#cancelFrame = () => cancelAnimationFrame(frame);
    }
  }

  /** A frame asked for while visible would not come while hidden. */
  #reschedule(): void {
    if (!this.#cancelFrame) return;
    this.#cancelFrame();
    this.#cancelFrame = undefined;
    this.#wake();
  }

  #frame(now: number): void {
    this.#cancelFrame = undefined;
    const view = this.#view;
    if (!view) return;
    try {
      if (view.tick(now)) this.#wake();
      this.#chrome.update(view.panels());
      this.#tell();
    } catch (e) {
      this.#emitter.emit("error", asViewerError(e));
    }
  }

  #tellSoon(): void {
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      try {
        this.#tell();
      } catch (e) {
        this.#emitter.emit("error", asViewerError(e));
      }
    });
  }

  #tell(): void {
    for (const event of this.#view?.drainEvents() ?? []) this.#dispatch(event);
  }

  #dispatch({ type, detail }: EngineEvent): void {
    const emitter = this.#emitter;
    switch (type) {
      case "moveend":
        this.#moves.get((detail as { number: number }).number)?.();
        break;
      case "hover":
        emitter.emit("hover", detail ? { ...(detail as PickInfo), source: this.#pointer } : null);
        break;
      case "click":
        emitter.emit("click", { ...(detail as PickInfo), source: this.#pointer });
        break;
      case "layerstatechange": {
        const change = detail as ViewerEvents["layerstatechange"];
        emitter.emit("layerstatechange", change.error ? { ...change, error: asViewerError(change.error) } : change);
        break;
      }
      case "error":
        emitter.emit("error", asViewerError(detail));
        break;
      default:
        emitter.emit(type as keyof ViewerEvents, detail as never);
    }
  }

  #watchSize(): void {
    const resize = (): void => {
      const { clientWidth, clientHeight } = this.#host;
      if (this.#view && clientWidth > 0 && clientHeight > 0) this.#view.resize(clientWidth, clientHeight, devicePixelRatio);
    };
    resize();
    const observer = new ResizeObserver(resize);
    observer.observe(this.#host);
    this.#end.signal.addEventListener("abort", () => observer.disconnect());
    // A media query holds for one ratio only, so each change asks anew.
    const watchRatio = (): void => {
      if (this.#end.signal.aborted) return;
      const changed = (): void => {
        resize();
        watchRatio();
      };
      matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener("change", changed, { once: true, signal: this.#end.signal });
    };
    watchRatio();
  }
}

let sheet: CSSStyleSheet | undefined;

function makeElements(): { host: HTMLElement; canvas: HTMLCanvasElement; overlay: HTMLElement } {
  const host = document.createElement("div");
  host.tabIndex = 0;
  host.dataset["testid"] = "viewer";
  host.setAttribute("role", "application");
  host.setAttribute("aria-label", "Volume viewer");
  const shadow = host.attachShadow({ mode: "open" });
  // A constructed sheet, unlike a <style>, needs no exception in a page's content security policy.
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  shadow.adoptedStyleSheets = [sheet];
  const canvas = document.createElement("canvas");
  const overlay = document.createElement("div");
  overlay.style.cssText = "position:absolute;inset:0;pointer-events:none";
  shadow.append(canvas, overlay);
  return { host, canvas, overlay };
}
