/** The one kind of error that leaves this package. */

/** Stable: match on these, not on messages. */
export type ViewerErrorCode =
  | "unsupported"
  | "invalid-options"
  | "not-found"
  | "forbidden"
  | "cors"
  | "network"
  | "timeout"
  | "bad-metadata"
  | "bad-data"
  | "out-of-memory"
  | "device-lost"
  | "storage-full"
  | "storage"
  | "read-only"
  | "disposed"
  | "internal";

/** What happened (`message`), what to do (`remedy`), and facts for programs (`detail`). */
export class ViewerError extends Error {
  readonly code: ViewerErrorCode;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  readonly remedy?: string;
  readonly detail?: Readonly<Record<string, unknown>>;

  constructor(
    code: ViewerErrorCode,
    message: string,
    more: { retryable?: boolean; remedy?: string; detail?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = "ViewerError";
    this.code = code;
    this.retryable = more.retryable ?? false;
    if (more.remedy !== undefined) this.remedy = more.remedy;
    if (more.detail !== undefined) this.detail = more.detail;
  }
}

/** Whether `e` is a ViewerError, of one of the codes if any are given. */
export function isViewerError<C extends ViewerErrorCode>(e: unknown, ...codes: C[]): e is ViewerError & { code: C } {
  return e instanceof ViewerError && (codes.length === 0 || (codes as ViewerErrorCode[]).includes(e.code));
}

type PlainError = Pick<ViewerError, "code" | "message" | "retryable" | "remedy" | "detail">;

function isPlainError(e: unknown): e is PlainError {
  return typeof e === "object" && e !== null && "message" in e && "retryable" in e && "code" in e && typeof e.code === "string";
}

/** A ViewerError from whatever was thrown: the engine throws plain objects, a trap throws a RuntimeError. */
export function asViewerError(e: unknown): ViewerError {
  if (e instanceof ViewerError) return e;
  if (isPlainError(e)) return new ViewerError(e.code, e.message.replace(/^[a-z]/, (first) => first.toUpperCase()), e);
  const message = e instanceof Error ? e.message : String(e);
  return new ViewerError("internal", `The viewer met a defect of its own: ${message}`, {
    remedy: "Reload the page; if it happens again, report it with what you did.",
    cause: e,
  });
}

/** Calls into the engine, turning what it throws into a ViewerError. */
export function guarded<T>(call: () => T): T {
  try {
    return call();
  } catch (e) {
    throw asViewerError(e);
  }
}

/** The error of everything called too late. */
export function disposedError(what: string): ViewerError {
  return new ViewerError("disposed", `This ${what} has been disposed.`);
}
