//! How much a dataset may ask for. Data beyond this is refused when it is opened.

/// Dimensions of an array.
pub(crate) const MAX_DIMENSIONS: usize = 16;
/// Voxels along one dimension: indices stay exact in a double.
pub(crate) const MAX_EXTENT: u64 = 1 << 53;
/// Decoded bytes of a chunk: what a worker can hold several times over.
pub(crate) const MAX_CHUNK_BYTES: u64 = 1 << 29;
/// Chunks in a shard: their index then has at most 64 MiB.
pub(crate) const MAX_CHUNKS_PER_SHARD: u64 = 1 << 22;
/// Codecs in a chain, and chains within chains.
pub(crate) const MAX_CODECS: usize = 32;
/// Bytes of decoded shard indices that an array keeps: one of the longest, at least.
pub(crate) const INDEX_CACHE_BYTES: usize = 72 << 20;
