//! An opened volume: which file or part of a shard a chunk lies in, and its voxels.

use std::rc::Rc;

use bytes::Bytes;
use futures::future::FutureExt;

use crate::format::memo::{Memo, SHARED_CHUNKS_BYTES, SizeBytes};
use crate::format::per_axis::zip;
use crate::format::sharding::compressed_morton;
use crate::format::spec::{LevelSpec, Notes, Selection, Sharding, SourceFormat, VolumeSpec};
use crate::format::{FormatError, ReadChunk};
use crate::geometry::VoxelBox;
use crate::runtime::Cancel;
use crate::store::url::Url;
use crate::store::{Provider, ReadOptions, ReadStore, ResourceKind, StoreError};
use crate::voxel::VoxelBlock;

use super::decode::ChunkLayout;
use super::info::{Encoding, Info};
use super::shard::{Indices, ShardReader};

/// A precomputed volume.
pub struct PrecomputedVolume {
    spec: VolumeSpec,
    levels: Vec<Rc<Level>>,
    /// Chunks of several channels, by level and place: the next channel finds them here.
    chunks: Memo<(usize, [i64; 3]), Stored>,
}

impl std::fmt::Debug for PrecomputedVolume {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PrecomputedVolume").field("spec", &self.spec).finish_non_exhaustive()
    }
}

/// How chunks of a level are read.
struct Level {
    /// Rooted at the scale's folder.
    store: Rc<dyn ReadStore>,
    encoding: Encoding,
    shards: Option<Rc<ShardReader>>,
}

impl PrecomputedVolume {
    pub(super) fn new(provider: &dyn Provider, folder: &Url, info: Info) -> Result<Self, FormatError> {
        let indices = Rc::new(Indices::default());
        let mut levels = Vec::with_capacity(info.scales.len());
        let mut specs = Vec::with_capacity(info.scales.len());
        let mut level_urls = Vec::with_capacity(info.scales.len());
        for (number, scale) in info.scales.into_iter().enumerate() {
            // A key is a path, which may climb out of the folder, or an address of its own.
            let root = if scale.key.contains("://") { super::parse_url(&scale.key)? } else { folder.join(&scale.key)?.as_folder() };
            let store = provider.store(&root.to_string())?;
            level_urls.push(root.to_string());
            let shards = match &scale.level.sharding {
                Sharding::Precomputed(sharding) => {
                    Some(Rc::new(ShardReader::new(number, Rc::clone(&store), sharding.clone(), Rc::clone(&indices), ResourceKind::Chunk)))
                }
                _ => None,
            };
            levels.push(Rc::new(Level { store, encoding: scale.encoding, shards }));
            specs.push(scale.level);
        }
        let spec = VolumeSpec {
            format: SourceFormat::Precomputed,
            data_type: info.data_type,
            kind: info.kind,
            channels: info.channels,
            other_axes: Vec::new(),
            fill_bits: 0,
            levels: specs,
            notes: Notes { level_urls, ..Notes::default() },
            orientation: None,
        };
        Ok(Self { spec, levels, chunks: Memo::new(SHARED_CHUNKS_BYTES) })
    }
}

impl ReadChunk for PrecomputedVolume {
    fn spec(&self) -> &VolumeSpec {
        &self.spec
    }

    async fn read(
        &self,
        level: usize,
        spec: &LevelSpec,
        grid: [i64; 3],
        selection: &Selection,
        cancel: &Cancel,
    ) -> Result<Option<VoxelBlock>, FormatError> {
        let Some(reader) = self.levels.get(level) else {
            return Ok(None);
        };
        let chunk_box = spec.chunk_box(grid);
        let name = chunk_name(&chunk_box);
        if selection.channel >= self.spec.channels {
            let channel = format!("{} of {}", selection.channel, self.spec.channels);
            return Err(FormatError::Unsupported { what: "the channel", name: channel, url: reader.store.describe(&name) });
        }
        let layout = ChunkLayout {
            encoding: reader.encoding,
            data_type: self.spec.data_type,
            channels: self.spec.channels,
            shape: chunk_box.shape().map(|n| u32::try_from(n).unwrap_or(u32::MAX)),
        };
        let (key, most_bytes) = (compressed_morton(grid, spec.grid_box().shape()), layout.most_stored_bytes());
        let stored = if self.spec.channels == 1 {
            reader.stored(&name, key, most_bytes, cancel).await?.map(Rc::new)
        } else {
            let read = || {
                let reader = Rc::clone(reader);
                async move { Ok(reader.stored(&name, key, most_bytes, &Cancel::never()).await?.map(Rc::new)) }.boxed_local()
            };
            self.chunks.get((level, grid), cancel, read).await?
        };
        let Some(stored) = stored else {
            return Ok(None);
        };
        if cancel.is_cancelled() {
            return Err(StoreError::Cancelled.into());
        }
        layout.decode(stored.bytes.clone(), selection.channel).map(Some).map_err(|error| FormatError::from_codec(error, &stored.url))
    }
}

/// A chunk's bytes and where they came from.
pub(super) struct Stored {
    pub(super) bytes: Bytes,
    pub(super) url: String,
}

impl SizeBytes for Stored {
    fn size_bytes(&self) -> usize {
        self.bytes.len() + self.url.len()
    }
}

impl Level {
    /// The bytes of a chunk, all its channels. `key` is its code in a sharded level.
    async fn stored(&self, name: &str, key: Option<u64>, most_bytes: usize, cancel: &Cancel) -> Result<Option<Stored>, FormatError> {
        match (&self.shards, key) {
            (Some(shards), Some(key)) => shards.read(key, most_bytes, cancel).await,
            (Some(_), None) => Ok(None),
            (None, _) => {
                let options = ReadOptions { kind: ResourceKind::Chunk, cancel: cancel.clone() };
                Ok(self.store.get(name, &options).await?.map(|bytes| Stored { bytes, url: self.store.describe(name) }))
            }
        }
    }
}

/// The name of a chunk's file: its voxels, `voxel_offset` included.
fn chunk_name(chunk_box: &VoxelBox) -> String {
    let [x, y, z] = zip(chunk_box.min, chunk_box.max, |min, max| format!("{min}-{max}"));
    format!("{x}_{y}_{z}")
}
