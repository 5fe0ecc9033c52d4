//! From a chunk's bytes to the voxels of one channel.

use bytes::Bytes;

#[cfg(feature = "compresso")]
use crate::codec::compresso;
#[cfg(feature = "jxl")]
use crate::codec::jxl;
#[cfg(feature = "png")]
use crate::codec::png;
use crate::codec::{CodecError, compressed_segmentation, gzip, jpeg};
use crate::voxel::{DataType, VoxelBlock};

use super::info::Encoding;

/// What the metadata says of a chunk.
#[derive(Clone, Copy)]
pub(super) struct ChunkLayout {
    pub(super) encoding: Encoding,
    pub(super) data_type: DataType,
    pub(super) channels: u32,
    /// Voxels along x, y, z: the chunk clipped to the volume.
    pub(super) shape: [u32; 3],
}

impl ChunkLayout {
    /// Bytes of one decoded channel.
    fn channel_bytes(&self) -> usize {
        VoxelBlock::byte_len(self.data_type, self.shape).unwrap_or(usize::MAX)
    }

    /// More bytes than any chunk of this layout takes when it is stored: for lengths that come from an index.
    ///
    /// Raw chunks have one length. An image of noise is hardly larger than its pixels. Compressed segmentation of tiny
    /// blocks, or of blocks that are padded, is several times larger than its voxels.
    pub(super) fn most_stored_bytes(&self) -> usize {
        const FACTOR: usize = 4;
        const SLACK_BYTES: usize = 4 << 20;
        self.channel_bytes().saturating_mul(self.channels as usize).saturating_mul(FACTOR).saturating_add(SLACK_BYTES)
    }

    /// Decodes one channel. The layout has been bounded when the volume was opened.
    pub(super) fn decode(&self, bytes: Bytes, channel: u32) -> Result<VoxelBlock, CodecError> {
        let data = match self.encoding {
            Encoding::Raw => self.raw(bytes, channel)?,
            Encoding::Jpeg => jpeg::decode_channel(&self.inflated(bytes)?, self.channel_bytes(), self.channels, channel)?,
            #[cfg(feature = "png")]
            Encoding::Png => {
                let sample_bytes = self.data_type.size_bytes();
                let layout = png::Layout { pixels: self.channel_bytes() / sample_bytes, channels: self.channels, sample_bytes };
                png::decode_channel(&self.inflated(bytes)?, &layout, channel)?
            }
            #[cfg(feature = "jxl")]
            Encoding::Jxl => jxl::decode_channel(&self.inflated(bytes)?, self.channel_bytes(), self.channels, channel)?,
            Encoding::CompressedSegmentation { block_shape } => {
                let bytes = self.inflated(bytes)?;
                let layout = compressed_segmentation::Layout { shape: self.shape, block_shape, channels: self.channels };
                if self.data_type == DataType::Uint64 {
                    compressed_segmentation::decode_channel::<8>(&bytes, &layout, channel)?
                } else {
                    compressed_segmentation::decode_channel::<4>(&bytes, &layout, channel)?
                }
            }
            #[cfg(feature = "compresso")]
            Encoding::Compresso => {
                let bytes = self.inflated(bytes)?;
                match self.data_type.size_bytes() {
                    1 => compresso::decode::<1>(&bytes, self.shape)?,
                    2 => compresso::decode::<2>(&bytes, self.shape)?,
                    4 => compresso::decode::<4>(&bytes, self.shape)?,
                    _ => compresso::decode::<8>(&bytes, self.shape)?,
                }
            }
            // Volumes that need another module do not open.
            #[cfg(not(all(feature = "png", feature = "jxl", feature = "compresso")))]
            _ => return Err(CodecError::NeedsFullModule { codec: "precomputed" }),
        };
        Ok(VoxelBlock { data_type: self.data_type, shape: self.shape, data })
    }

    /// The channels of a raw chunk follow each other.
    fn raw(&self, bytes: Bytes, channel: u32) -> Result<Vec<u8>, CodecError> {
        let channel_bytes = self.channel_bytes();
        let expected = channel_bytes.saturating_mul(self.channels as usize);
        let bytes = if bytes.len() == expected { bytes } else { self.inflated(bytes)? };
        let wrong_size = CodecError::WrongSize { codec: "raw", got: bytes.len() as u64, expected: expected as u64 };
        if bytes.len() != expected {
            return Err(wrong_size);
        }
        if self.channels == 1 {
            return Ok(bytes.into());
        }
        bytes.chunks_exact(channel_bytes).nth(channel as usize).map(<[u8]>::to_vec).ok_or(wrong_size)
    }

    fn inflated(&self, bytes: Bytes) -> Result<Bytes, CodecError> {
        if gzip::is_gzip(&bytes) { Ok(gzip::decode(&bytes, self.most_stored_bytes())?.into()) } else { Ok(bytes) }
    }
}
