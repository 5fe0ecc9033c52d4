//! An opened volume: which file or part of a shard a chunk lies in, and its voxels.

use std::rc::Rc;

use bytes::Bytes;
use futures::future::{FutureExt, LocalBoxFuture};

use crate::codec::CodecError;
use crate::format::sharding::compressed_morton;
use crate::format::spec::{LevelSpec, Selection, Sharding, SourceFormat, VolumeSpec};
use crate::format::{ChunkSource, FormatError};
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
    levels: Vec<Level>,
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
        for (number, scale) in info.scales.into_iter().enumerate() {
            // A key is a path, which may climb out of the folder, or an address of its own.
            let root = if scale.key.contains("://") { super::parse_url(&scale.key)? } else { folder.join(&scale.key)?.as_folder() };
            let store = provider.store(&root.to_string())?;
            let shards = match &scale.level.sharding {
                Sharding::Precomputed(sharding) => {
                    Some(Rc::new(ShardReader::new(number, Rc::clone(&store), sharding.clone(), Rc::clone(&indices))))
                }
                _ => None,
            };
            levels.push(Level { store, encoding: scale.encoding, shards });
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
        };
        Ok(Self { spec, levels })
    }

    async fn read_chunk(
        &self,
        level: usize,
        grid: [i64; 3],
        selection: &Selection,
        cancel: &Cancel,
    ) -> Result<Option<VoxelBlock>, FormatError> {
        let (Some(spec), Some(Level { store, encoding, shards })) = (self.spec.levels.get(level), self.levels.get(level)) else {
            return Ok(None);
        };
        if !spec.grid_box().contains(grid) {
            return Ok(None);
        }
        let chunk_box = spec.chunk_box(grid);
        if selection.channel >= self.spec.channels {
            let name = format!("{} of {}", selection.channel, self.spec.channels);
            return Err(FormatError::Unsupported { what: "the channel", name, url: store.describe(&chunk_name(&chunk_box)) });
        }
        let layout = ChunkLayout {
            encoding: *encoding,
            data_type: self.spec.data_type,
            channels: self.spec.channels,
            shape: chunk_box.shape().map(|n| u32::try_from(n).unwrap_or(u32::MAX)),
        };
        let found = match shards {
            None => read_file(&**store, &chunk_box, cancel).await?,
            Some(shards) => match key_of(spec, grid) {
                Some(key) => shards.read(key, layout.most_stored_bytes(), cancel).await?,
                None => None,
            },
        };
        let Some((bytes, name)) = found else {
            return Ok(None);
        };
        if cancel.is_cancelled() {
            return Err(StoreError::Cancelled.into());
        }
        layout.decode(bytes, selection.channel).map(Some).map_err(|error| from_codec(error, &name))
    }
}

impl ChunkSource for PrecomputedVolume {
    fn spec(&self) -> &VolumeSpec {
        &self.spec
    }

    fn chunk<'a>(
        &'a self,
        level: usize,
        grid: [i64; 3],
        selection: &'a Selection,
        cancel: &'a Cancel,
    ) -> LocalBoxFuture<'a, Result<Option<VoxelBlock>, FormatError>> {
        self.read_chunk(level, grid, selection, cancel).boxed_local()
    }
}

/// A chunk's bytes and where they came from.
pub(super) type Found = Option<(Bytes, String)>;

async fn read_file(store: &dyn ReadStore, chunk_box: &VoxelBox, cancel: &Cancel) -> Result<Found, FormatError> {
    let name = chunk_name(chunk_box);
    let options = ReadOptions { kind: ResourceKind::Chunk, cancel: cancel.clone() };
    Ok(store.get(&name, &options).await?.map(|bytes| (bytes, store.describe(&name))))
}

/// The name of a chunk's file: its voxels, `voxel_offset` included.
fn chunk_name(chunk_box: &VoxelBox) -> String {
    let [x, y, z]: [String; 3] = std::array::from_fn(|axis| format!("{}-{}", chunk_box.min[axis], chunk_box.max[axis]));
    format!("{x}_{y}_{z}")
}

fn key_of(spec: &LevelSpec, grid: [i64; 3]) -> Option<u64> {
    compressed_morton(grid, spec.grid_box().shape())
}

pub(super) fn from_codec(error: CodecError, url: &str) -> FormatError {
    match error {
        CodecError::Unsupported { codec, name } => {
            FormatError::Unsupported { what: "the codec", name: format!("{codec}: {name}"), url: url.to_owned() }
        }
        error => FormatError::BadData { reason: error.to_string(), url: url.to_owned() },
    }
}
