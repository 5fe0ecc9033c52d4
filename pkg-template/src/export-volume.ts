/** Exports of layers: what the engine writes goes into a stream, or is kept in a Blob. */
import type { EngineView } from "./engine.js";
import { ViewerError } from "./errors.js";
import type { Requests } from "./requests.js";
import type { ExportFormat, ExportOptions } from "./types.js";
import { checkExportOptions, invalid } from "./validate.js";

const TYPES: Record<ExportFormat, string> = { "ome-zarr": "application/zip", precomputed: "application/zip", npy: "application/octet-stream" };
/** So many bytes are put into one Blob, which a browser may keep on disk. */
const BLOB_BYTES = 64 << 20;

/** Where bytes go. */
interface Target {
  write(bytes: Uint8Array<ArrayBuffer>): void | Promise<void>;
  end(): Blob | Promise<void>;
  abort(reason: unknown): void;
}

export async function exportVolume(view: EngineView, requests: Requests, layerId: string, format: ExportFormat, options: ExportOptions): Promise<Blob | void> {
  checkExportOptions(options);
  if (!Object.hasOwn(TYPES, format)) throw invalid(`The format must be one of ${Object.keys(TYPES).join(", ")}, not ${JSON.stringify(format)}.`);
  const { to, signal, onProgress, ...rest } = options;
  signal?.throwIfAborted();
  const given = Object.fromEntries(Object.entries({ ...rest, format }).filter(([, value]) => value !== undefined));
  const target = to ? intoStream(to) : intoBlob(TYPES[format]);
  try {
    await requests.run(signal, (request) =>
      view.exportVolume(request, layerId, given, async (bytes, done, total) => {
        if (bytes.length > 0) await target.write(bytes);
        onProgress?.(done, total);
      }),
    );
    return await target.end();
  } catch (e) {
    target.abort(e);
    throw e;
  }
}

function intoBlob(type: string): Target {
  const blobs: Blob[] = [];
  let parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const pack = (): void => {
    blobs.push(new Blob(parts));
    [parts, bytes] = [[], 0];
  };
  return {
    write(part) {
      parts.push(part);
      bytes += part.length;
      if (bytes >= BLOB_BYTES) pack();
    },
    end() {
      pack();
      return new Blob(blobs, { type });
    },
    abort() {},
  };
}

function intoStream(stream: WritableStream<Uint8Array>): Target {
  const writer = stream.getWriter();
  const failed = (e: unknown): never => {
    throw new ViewerError("storage", `The export could not be written: ${e instanceof Error ? e.message : String(e)}`, { cause: e, remedy: "Look whether there is room, then export again." });
  };
  return {
    write: (bytes) => writer.write(bytes).catch(failed),
    end: () => writer.close().catch(failed),
    abort(reason) {
      // It hears of it after what it is writing, which may take for ever. One that has failed cannot be told.
      writer.abort(reason).catch(() => {});
    },
  };
}
