/** Listeners by event type. */
import { disposedError, isViewerError, ViewerError } from "./errors.js";
import type { Subscription, ViewerEvents } from "./types.js";

/** Every type there is; leaving one out does not compile. */
const TYPES: Record<keyof ViewerEvents, true> = { viewstatechange: true, hover: true, click: true, layerstatechange: true, layerschange: true, layoutchange: true, action: true, devicelost: true, error: true };

/** Throws unless there are events of this type, which a misspelt one would wait for in vain. */
function checkType(type: unknown): void {
  if (typeof type === "string" && Object.hasOwn(TYPES, type)) return;
  throw new ViewerError("invalid-options", `There is no event ${JSON.stringify(type) ?? "without a type"}. Known are: ${Object.keys(TYPES).join(", ")}.`);
}

type Listener<K extends keyof ViewerEvents> = (event: ViewerEvents[K]) => void;

export class Emitter {
  #listeners = new Map<keyof ViewerEvents, Set<(event: never) => void>>();
  /** Aborted when the viewer goes, so that nothing waits for ever. */
  #end = new AbortController();

  on<K extends keyof ViewerEvents>(type: K, listener: Listener<K>): Subscription {
    checkType(type);
    if (typeof listener !== "function") throw new ViewerError("invalid-options", `The listener of "${type}" must be a function, not ${typeof listener}.`);
    let set = this.#listeners.get(type);
    if (!set) this.#listeners.set(type, (set = new Set()));
    set.add(listener);
    return { unsubscribe: () => this.#listeners.get(type)?.delete(listener) };
  }

  off<K extends keyof ViewerEvents>(type: K, listener: Listener<K>): void {
    checkType(type);
    this.#listeners.get(type)?.delete(listener);
  }

  once<K extends keyof ViewerEvents>(type: K, signal?: AbortSignal): Promise<ViewerEvents[K]> {
    return new Promise((resolve, reject) => {
      const ended = AbortSignal.any(signal ? [signal, this.#end.signal] : [this.#end.signal]);
      if (ended.aborted) return reject(ended.reason);
      checkType(type);
      const abort = (): void => {
        subscription.unsubscribe();
        reject(ended.reason);
      };
      const subscription = this.on(type, (event) => {
        subscription.unsubscribe();
        ended.removeEventListener("abort", abort);
        resolve(event);
      });
      ended.addEventListener("abort", abort, { once: true });
    });
  }

  /** A listener that throws is reported and does not keep the others from hearing. */
  emit<K extends keyof ViewerEvents>(type: K, event: ViewerEvents[K]): void {
    const set = this.#listeners.get(type);
    if (type === "error" && !set?.size && isViewerError(event)) console.error(event);
    for (const listener of [...(set ?? [])]) {
      try {
        (listener as Listener<K>)(event);
      } catch (e) {
        reportError(e);
      }
    }
  }

  close(): void {
    this.#end.abort(disposedError("viewer"));
    this.#listeners.clear();
  }
}
