/**
 * What can be read that is no volume, and what comes of it. No code.
 *
 * Positions are nanometres, x, y, z of one after the other. Ids are bigint. Precomputed sources are the folder of an `info`.
 */
import type { SourceSpec, Vec3 } from "./types.js";

/** Values of one type under one name: an attribute of vertices, a property of annotations or segments, a column of a table. */
export interface Column {
  name: string;
  /** Values of one row, one after the other: 3 for a position or a colour, 1 for most. */
  components: number;
  values: Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | BigUint64Array | BigInt64Array | Float32Array | Float64Array | string[];
  /** The rows that hold nothing, ascending; their values are 0, NaN or empty. */
  missing: Uint32Array;
}

/** Annotations of a precomputed folder: one by its id, those related to a segment, or those that touch a box. */
export interface AnnotationRequest {
  kind: "annotations";
  source: SourceSpec;
  id?: bigint;
  /** A segment. */
  relatedTo?: bigint;
  /** By name; the first by default. */
  relationship?: string;
  /** Both corners included; everywhere by default. */
  boxNm?: { min: Vec3; max: Vec3 };
  /** No finer level of the spatial index is read once there are so many; a million by default. */
  most?: number;
}

/** What a property of annotations is, besides its values. */
export interface AnnotationProperty extends Column {
  description?: string;
  /** Whether the components are red, green, blue, and perhaps opacity. */
  isColor: boolean;
  /** Words that values stand for. */
  labels: { value: number; label: string }[];
}

/** Annotations of one shape, each once. */
export interface Annotations {
  shape: "point" | "line" | "box" | "ellipsoid" | "polyline";
  ids: BigUint64Array;
  /** 3 numbers of a point; 6 of a line (its ends), a box (lower and upper corner), an ellipsoid (centre and radii); 3 of every point of a polyline. */
  positionsNm: Float64Array;
  /** Where the points of each polyline begin, in points, and in the end how many there are; empty for other shapes. */
  starts: Uint32Array;
  properties: AnnotationProperty[];
  /** The relationships of the source. */
  relationships: string[];
  /** Of one annotation read by its id: the segments that it is related to, by relationship. */
  related: BigUint64Array[];
  boundsNm?: { min: Vec3; max: Vec3 };
  /** false: there are more, at finer levels. */
  complete: boolean;
}

/** The properties of all segments of a precomputed folder. */
export interface SegmentPropertiesRequest {
  kind: "segment-properties";
  source: SourceSpec;
}

/** Properties of segments; every list has one entry per id. */
export interface SegmentProperties {
  ids: BigUint64Array;
  labels?: string[];
  descriptions?: string[];
  columns: (Column & { description: string })[];
  tags: string[];
  /** By the order of the tags; empty where nothing is said. */
  tagDescriptions: string[];
  /** Where the tags of each segment begin in `tagsOf`, and in the end how many there are; empty without tags. */
  tagStarts: Uint32Array;
  /** Indices of `tags`. */
  tagsOf: Uint32Array;
}

/** The skeleton of one segment. */
export interface SkeletonRequest {
  kind: "skeleton";
  source: SourceSpec;
  id: bigint;
}

/** A skeleton. Attributes are as stored: a `radius` is in the unit of the source. */
export interface Skeleton {
  positionsNm: Float32Array;
  /** Indices of vertices, 2 per edge. */
  edges: Uint32Array;
  attributes: Column[];
}

/** The mesh of one segment. */
export interface MeshRequest {
  kind: "mesh";
  source: SourceSpec;
  id: bigint;
  /** 0 is the finest, and the default; one beyond the coarsest gives the coarsest. */
  level?: number;
}

/** A mesh at one of its levels. */
export interface Mesh {
  positionsNm: Float32Array;
  /** Indices of vertices, 3 per triangle. */
  triangles: Uint32Array;
  level: number;
  levels: number;
}

/** A CSV file, also gzip'd, or a Parquet file. */
export interface TableRequest {
  kind: "table";
  source: SourceSpec;
  /** By name; all by default. */
  columns?: string[];
}

/** A table. 64-bit integers are bigints, whatever their size. */
export interface Table {
  rows: number;
  columns: Column[];
  /** What the file holds and is not read: one sentence each. */
  leftOut: string[];
}

export type ContentRequest = AnnotationRequest | SegmentPropertiesRequest | SkeletonRequest | MeshRequest | TableRequest;

/** Reads what is no volume: through the same workers, requests and credentials as volumes. A segment that has no mesh or skeleton gives null. */
export interface ReadContent {
  (request: AnnotationRequest, options?: { signal?: AbortSignal }): Promise<Annotations>;
  (request: SegmentPropertiesRequest, options?: { signal?: AbortSignal }): Promise<SegmentProperties>;
  (request: SkeletonRequest, options?: { signal?: AbortSignal }): Promise<Skeleton | null>;
  (request: MeshRequest, options?: { signal?: AbortSignal }): Promise<Mesh | null>;
  (request: TableRequest, options?: { signal?: AbortSignal }): Promise<Table>;
}
