/** Fetches and compiles one wasm file of the package. */
import { ViewerError } from "./errors.js";

export async function compile(url: URL): Promise<WebAssembly.Module> {
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
