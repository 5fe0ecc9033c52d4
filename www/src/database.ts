/** A table of the browser's own database, as promises. It knows nothing of what it keeps but that each has an `id`. */

const NAME = "neurolume-library";
/** Raise it where the form of what is kept changes, and change what is there in `onupgradeneeded`. */
const VERSION = 1;

export class Table<T extends { id: string }> {
  #name: string;
  #opening: Promise<IDBDatabase> | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** Rejects where the browser keeps nothing, as in some private windows. */
  all(): Promise<T[]> {
    return this.#do("readonly", (store) => store.getAll() as IDBRequest<T[]>);
  }

  /** Writes all of them or none. */
  async put(...rows: T[]): Promise<void> {
    await this.#do("readwrite", (store) => rows.map((row) => store.put(row)).at(-1));
  }

  async remove(id: string): Promise<void> {
    await this.#do("readwrite", (store) => store.delete(id));
  }

  async #do<R>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<R> | undefined): Promise<R> {
    const database = await this.#open();
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(this.#name, mode, { durability: "strict" });
      const request = work(transaction.objectStore(this.#name));
      transaction.addEventListener("complete", () => resolve(request?.result as R));
      transaction.addEventListener("abort", () => reject(transaction.error ?? new Error("The browser has stopped writing.")));
    });
  }

  #open(): Promise<IDBDatabase> {
    this.#opening ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(NAME, VERSION);
      request.addEventListener("upgradeneeded", () => request.result.createObjectStore(this.#name, { keyPath: "id" }));
      request.addEventListener("error", () => reject(request.error));
      request.addEventListener("success", () => {
        const database = request.result;
        // A newer page wants to change its form: it goes first.
        database.addEventListener("versionchange", () => this.#close(database));
        database.addEventListener("close", () => (this.#opening = undefined));
        resolve(database);
      });
    });
    this.#opening.catch(() => (this.#opening = undefined));
    return this.#opening;
  }

  #close(database: IDBDatabase): void {
    database.close();
    this.#opening = undefined;
  }
}
