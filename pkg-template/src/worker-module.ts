/** A module that workers can run: its file, fetched and compiled once, and workers that start while it is on its way. */
import { compile } from "./compile.js";

/** As many as a context has, unless its limits ask for one. */
const EARLY_WORKERS = 2;

export class WorkerModule {
  #url: URL;
  #begin: () => Worker;
  #fetching: Promise<void> | undefined;
  #compiled: WebAssembly.Module | undefined;
  #early = new Set<Worker>();

  /** `begin` starts a worker that waits for its module. */
  constructor(url: URL, begin: () => Worker) {
    this.#url = url;
    this.#begin = begin;
  }

  /** Gets the module. A failure is forgotten, so that one may retry. */
  fetch(): Promise<void> {
    this.#fetching ??= this.#fetch().catch((e: unknown) => {
      this.dispose();
      this.#fetching = undefined;
      throw e;
    });
    return this.#fetching;
  }

  /** A fresh worker that has been handed the module, which must have been fetched. */
  spawn(): Worker {
    const [waiting] = this.#early;
    if (waiting) {
      this.#early.delete(waiting);
      return waiting;
    }
    const worker = this.#begin();
    this.#hand(worker);
    return worker;
  }

  /** Ends the workers that nobody has. */
  dispose(): void {
    for (const worker of this.#early) worker.terminate();
    this.#early.clear();
  }

  async #fetch(): Promise<void> {
    for (let i = 0; i < EARLY_WORKERS; i += 1) {
      const worker = this.#begin();
      this.#early.add(worker);
      // One that cannot start is not handed out: the next that is made says why, to those who listen.
      const drop = (event: Event): void => {
        if (this.#early.delete(worker)) event.preventDefault();
      };
      worker.addEventListener("error", drop, { once: true });
    }
    this.#compiled = await compile(this.#url);
    this.#early.forEach((worker) => this.#hand(worker));
  }

  #hand(worker: Worker): void {
    worker.postMessage({ type: "init", module: this.#compiled });
  }
}
