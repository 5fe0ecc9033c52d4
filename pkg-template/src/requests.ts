/** Ties promises of the engine to AbortSignals and to the end of what made them. */
import { asViewerError, disposedError } from "./errors.js";

let last = 0;

export class Requests {
  #open = new Map<number, (reason: unknown) => void>();
  #calls = new Set<Promise<unknown>>();
  #abort: (request: number) => void;
  #of: "viewer" | "context";

  /** `abort` tells the engine to give a request up; `of` whose requests they are. */
  constructor(abort: (request: number) => void, of: "viewer" | "context" = "viewer") {
    this.#abort = abort;
    this.#of = of;
  }

  /** Runs a call that takes a request's number. Aborting rejects at once with the signal's own reason. */
  run<T>(signal: AbortSignal | undefined, call: (request: number) => Promise<T>): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const request = ++last;
    return new Promise<T>((resolve, reject) => {
      const end = (): void => {
        this.#open.delete(request);
        signal?.removeEventListener("abort", onAbort);
      };
      const onAbort = (): void => {
        end();
        // The engine begins a call with the next microtask: aborted within the task that asked, it would not know of it yet.
        queueMicrotask(() => this.#abort(request));
        reject(signal?.reason);
      };
      this.#open.set(request, (reason) => {
        end();
        reject(reason);
      });
      signal?.addEventListener("abort", onAbort, { once: true });
      const called = attempt(() => call(request)).then(resolve, (e: unknown) => reject(asViewerError(e)));
      this.#calls.add(called);
      void called.finally(() => {
        this.#calls.delete(called);
        end();
      });
    });
  }

  /** Rejects everything that waits. Resolves when the engine, told to give up, has done so. */
  async close(): Promise<void> {
    for (const reject of [...this.#open.values()]) reject(disposedError(this.#of));
    await Promise.all(this.#calls);
  }
}

/** What the call throws at once is a rejection too. */
async function attempt<T>(call: () => Promise<T>): Promise<T> {
  return await call();
}
