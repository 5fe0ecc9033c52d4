/** Listeners by event type. */
import { disposedError, isViewerError } from "./errors.js";
import type { Subscription, ViewerEvents } from "./types.js";

type Listener<K extends keyof ViewerEvents> = (event: ViewerEvents[K]) => void;

export class Emitter {
  #listeners = new Map<keyof ViewerEvents, Set<(event: never) => void>>();
  /** Aborted when the viewer goes, so that nothing waits for ever. */
  #end = new AbortController();

  on<K extends keyof ViewerEvents>(type: K, listener: Listener<K>): Subscription {
    let set = this.#listeners.get(type);
    if (!set) this.#listeners.set(type, (set = new Set()));
    set.add(listener);
    return { unsubscribe: () => this.off(type, listener) };
  }

  off<K extends keyof ViewerEvents>(type: K, listener: Listener<K>): void {
    this.#listeners.get(type)?.delete(listener);
  }

  once<K extends keyof ViewerEvents>(type: K, signal?: AbortSignal): Promise<ViewerEvents[K]> {
    return new Promise((resolve, reject) => {
      const ended = AbortSignal.any(signal ? [signal, this.#end.signal] : [this.#end.signal]);
      if (ended.aborted) return reject(ended.reason);
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
