//! `sharding_indexed`: many chunks in one file, found through an index at its start or its end.
//!
//! Source: Zarr v3 sharding codec, version 1.0. A [`ShardLayout`] says where the index and the chunks of a shard lie; fetching
//! is done elsewhere. [`ShardCodec`] decodes a shard that is at hand as a whole: one that lies within a chunk of another.
#![cfg_attr(
    target_arch = "wasm32",
    expect(clippy::arc_with_non_send_sync, reason = "zarrs asks for Arc, and has no Send codecs on wasm32")
)]

use std::borrow::Cow;
use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use zarrs::array::{
    ArrayBytesRaw, ArrayToBytesCodecTraits, BytesRepresentation, CodecChain, CodecError, CodecOptions, DataType, FillValue, data_type,
};
use zarrs::metadata::v3::MetadataV3;
use zarrs::plugin::PluginCreateError;

use super::codecs::{DecodeVoxels, Named, byte_len, voxel_size};
use crate::format::boxes::{advance, paste};
use crate::format::limits::{MAX_CHUNK_BYTES, MAX_CHUNKS_PER_SHARD};
use crate::format::memo::SizeBytes;

/// The index entry of a chunk that is absent holds this twice.
const ABSENT: u64 = u64::MAX;

/// The configuration of the codec, as it is in the metadata.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ShardConfig {
    pub(super) chunk_shape: Vec<NonZeroU64>,
    pub(super) codecs: Vec<MetadataV3>,
    pub(super) index_codecs: Vec<MetadataV3>,
    #[serde(default)]
    pub(super) index_location: IndexLocation,
}

impl ShardConfig {
    /// The configuration in the metadata of a codec `sharding_indexed`.
    pub(super) fn from_metadata(metadata: &MetadataV3) -> Result<Self, String> {
        metadata.to_typed_configuration().map_err(|error| format!("the codec \"sharding_indexed\": {error}"))
    }
}

/// Where in its file the index of a shard lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum IndexLocation {
    Start,
    #[default]
    End,
}

/// Where each chunk of a shard lies in its file; `None` where it is absent.
#[derive(Debug)]
pub(super) struct ShardIndex {
    entries: Vec<[u64; 2]>,
}

impl SizeBytes for (ShardIndex, Option<u64>) {
    fn size_bytes(&self) -> usize {
        size_of_val(self.0.entries.as_slice())
    }
}

/// How shards of one shape are laid out.
#[derive(Debug)]
pub(super) struct ShardLayout {
    /// Voxels of a chunk.
    pub(super) chunk_shape: Vec<NonZeroU64>,
    /// Chunks of a shard along each dimension.
    pub(super) chunks: Vec<NonZeroU64>,
    /// How a chunk is encoded.
    pub(super) codecs: Arc<CodecChain>,
    pub(super) index_location: IndexLocation,
    /// Bytes of the encoded index.
    pub(super) index_len: u64,
    index_codecs: Arc<CodecChain>,
    index_shape: Vec<NonZeroU64>,
}

impl ShardLayout {
    /// The layout of shards of this shape.
    pub(super) fn new(codec: &ShardCodec, shard_shape: &[NonZeroU64]) -> Result<Self, String> {
        let chunk_shape = codec.chunk_shape.clone();
        if chunk_shape.len() != shard_shape.len() {
            return Err(format!("a chunk of {} dimensions does not fit a shard of {}", chunk_shape.len(), shard_shape.len()));
        }
        let chunks = shard_shape
            .iter()
            .zip(&chunk_shape)
            .map(|(shard, chunk)| NonZeroU64::new(shard.get() / chunk.get()).filter(|_| shard.get() % chunk.get() == 0))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| format!("chunks of {chunk_shape:?} voxels do not fill a shard of {shard_shape:?}"))?;
        let count = chunks.iter().try_fold(1_u64, |count, n| count.checked_mul(n.get())).unwrap_or(u64::MAX);
        if count > MAX_CHUNKS_PER_SHARD {
            return Err(format!("a shard of {count} chunks has more than {MAX_CHUNKS_PER_SHARD}"));
        }
        let index_shape: Vec<_> = chunks.iter().copied().chain(NonZeroU64::new(2)).collect();
        let representation = codec.index_codecs.encoded_representation(&index_shape, &data_type::uint64(), &FillValue::from(ABSENT));
        let BytesRepresentation::FixedSize(index_len) = representation.map_err(|error| format!("the shard index: {error}"))? else {
            return Err("the codecs of the shard index do not give it a fixed length".to_owned());
        };
        Ok(Self {
            chunk_shape,
            chunks,
            codecs: Arc::clone(&codec.codecs),
            index_location: codec.index_location,
            index_len,
            index_codecs: Arc::clone(&codec.index_codecs),
            index_shape,
        })
    }

    /// Decodes the bytes of an index.
    pub(super) fn decode_index(&self, bytes: &[u8], options: &CodecOptions) -> Result<ShardIndex, String> {
        let decoded = self
            .index_codecs
            .decode(Cow::Borrowed(bytes), &self.index_shape, &data_type::uint64(), &FillValue::from(ABSENT), options)
            .map_err(|error| format!("the shard index: {error}"))?;
        let bytes = decoded.into_fixed().map_err(|error| error.to_string())?;
        let (words, _) = bytes.as_chunks::<8>();
        let (entries, _) = words.as_chunks::<2>();
        Ok(ShardIndex { entries: entries.iter().map(|pair| pair.map(u64::from_le_bytes)).collect() })
    }

    /// The byte range of a chunk; `None` where it is absent. `at` is its place in the shard, `file_len` the length where known.
    pub(super) fn chunk_range(&self, index: &ShardIndex, at: &[u64], file_len: Option<u64>) -> Result<Option<Range<u64>>, String> {
        let number = at.iter().zip(&self.chunks).fold(0_u64, |number, (at, n)| number * n.get() + at);
        let entry = usize::try_from(number).ok().and_then(|number| index.entries.get(number));
        let &[offset, len] = entry.ok_or_else(|| format!("the shard index has no entry {number}"))?;
        if [offset, len] == [ABSENT; 2] {
            return Ok(None);
        }
        let end = offset.checked_add(len).filter(|&end| file_len.is_none_or(|file_len| end <= file_len));
        let end = end.ok_or_else(|| {
            let file_len = file_len.map_or_else(String::new, |file_len| format!(" of {file_len} bytes"));
            format!("the shard index puts chunk {at:?} at byte {offset} with {len} bytes, outside its file{file_len}")
        })?;
        // A chunk that compresses badly is a little longer than its voxels, never this much.
        if len > MAX_CHUNK_BYTES * 2 {
            return Err(format!("the shard index gives chunk {at:?} {len} bytes"));
        }
        Ok(Some(offset..end))
    }

    /// The byte range of the index in a file of this length.
    pub(super) fn index_range(&self, file_len: u64) -> Result<Range<u64>, String> {
        let start = file_len
            .checked_sub(self.index_len)
            .ok_or_else(|| format!("a shard of {file_len} bytes is shorter than its index of {}", self.index_len))?;
        Ok(match self.index_location {
            IndexLocation::Start => 0..self.index_len,
            IndexLocation::End => start..file_len,
        })
    }
}

/// Decodes a whole shard.
#[derive(Debug)]
pub(super) struct ShardCodec {
    chunk_shape: Vec<NonZeroU64>,
    codecs: Arc<CodecChain>,
    index_codecs: Arc<CodecChain>,
    index_location: IndexLocation,
}

impl ShardCodec {
    pub(super) fn from_metadata(metadata: &MetadataV3) -> Result<Self, PluginCreateError> {
        let config = ShardConfig::from_metadata(metadata)?;
        Ok(Self {
            chunk_shape: config.chunk_shape,
            codecs: Arc::new(CodecChain::from_metadata(&config.codecs)?),
            index_codecs: Arc::new(CodecChain::from_metadata(&config.index_codecs)?),
            index_location: config.index_location,
        })
    }

    fn decode_all(
        &self,
        shard: &[u8],
        shard_shape: &[NonZeroU64],
        data_type: &DataType,
        fill_value: &FillValue,
        options: &CodecOptions,
    ) -> Result<Vec<u8>, String> {
        let layout = ShardLayout::new(self, shard_shape)?;
        let voxel_size = voxel_size(data_type).map_err(|error| error.to_string())?;
        let len = byte_len(shard_shape, voxel_size).map_err(|error| error.to_string())?;
        let len = usize::try_from(len).map_err(|error| error.to_string())?;
        let slice = |range: Range<u64>| shard.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?);
        let file_len = shard.len() as u64;
        let index = slice(layout.index_range(file_len)?).ok_or("the index lies outside the shard")?;
        let index = layout.decode_index(index, options)?;
        let mut data: Vec<u8> = fill_value.as_ne_bytes().iter().copied().cycle().take(len).collect();
        let mut at = vec![0; layout.chunks.len()];
        loop {
            if let Some(range) = layout.chunk_range(&index, &at, Some(file_len))? {
                let bytes = slice(range).ok_or("a chunk lies outside the shard")?;
                let chunk = layout.codecs.decode(Cow::Borrowed(bytes), &layout.chunk_shape, data_type, fill_value, options);
                let chunk = chunk.and_then(|chunk| Ok(chunk.into_fixed()?)).map_err(|error| error.to_string())?;
                paste(&chunk, &layout.chunk_shape, &mut data, shard_shape, &at, voxel_size).ok_or("a chunk does not fit its shard")?;
            }
            if !advance(&mut at, &layout.chunks) {
                return Ok(data);
            }
        }
    }
}

impl Named for ShardCodec {
    fn name(&self) -> &'static str {
        "sharding_indexed"
    }
}

impl DecodeVoxels for ShardCodec {
    fn encoded_size(&self, shape: &[NonZeroU64], data_type: &DataType, fill_value: &FillValue) -> Result<BytesRepresentation, CodecError> {
        ShardLayout::new(self, shape).map_err(CodecError::Other)?;
        self.codecs.encoded_representation(&self.chunk_shape, data_type, fill_value)?;
        byte_len(shape, voxel_size(data_type)?)?;
        Ok(BytesRepresentation::BoundedSize(MAX_CHUNK_BYTES))
    }

    fn decode_voxels<'a>(
        &self,
        bytes: ArrayBytesRaw<'a>,
        shape: &[NonZeroU64],
        data_type: &DataType,
        fill_value: &FillValue,
        options: &CodecOptions,
    ) -> Result<ArrayBytesRaw<'a>, CodecError> {
        self.decode_all(&bytes, shape, data_type, fill_value, options).map(Cow::Owned).map_err(CodecError::Other)
    }
}
