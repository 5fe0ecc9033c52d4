/**
 * neurolume: volumes of electron microscopy, streamed over HTTP and drawn with WebGPU in a web page.
 *
 * Start at {@link createViewer}.
 */
export type * from "./content-types.js";
export { createContext } from "./context.js";
export { stateFromDatasource, type FromDatasource } from "./datasource.js";
export { idFromJson, idToJson, parseDatasource } from "./datasource-json.js";
export { isViewerError, ViewerError, type ViewerErrorCode } from "./errors.js";
export { isNeuroglancer, neuroglancerUrl, stateFromNeuroglancer, type FromNeuroglancer } from "./neuroglancer.js";
export { searchSegments } from "./segment-search.js";
export { stateFromUrl } from "./share.js";
export { checkSupport } from "./support.js";
export type * from "./types.js";
export { createViewer } from "./viewer.js";
