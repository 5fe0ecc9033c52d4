//! The header of 16 bytes that every file begins with, and that `header.wkw` is.

use crate::format::FormatError;
use crate::format::limits::{MAX_CHUNK_BYTES, MAX_CHUNKS_PER_SHARD};
use crate::voxel::DataType;

/// Bytes of a header.
pub(super) const HEADER_BYTES: usize = 16;
/// The first bytes of a header are the same in all files of a folder; the others say where the first block begins.
pub(super) const COMMON_BYTES: usize = 8;
const VERSION: u8 = 1;

/// How the files of a folder are laid out.
#[derive(Clone, Debug)]
pub(super) struct Header {
    /// As stored.
    pub(super) common: [u8; COMMON_BYTES],
    /// Voxels along each edge of a block.
    pub(super) block_edge: u64,
    /// Blocks along each edge of a file.
    pub(super) file_edge: u64,
    pub(super) compression: Compression,
    pub(super) data_type: DataType,
    pub(super) channels: u64,
}

/// How blocks are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Raw,
    /// By a fast encoder.
    Lz4,
    /// By a thorough one; it decodes alike.
    Lz4Hc,
}

impl Compression {
    /// For people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Lz4 => "lz4",
            Self::Lz4Hc => "lz4hc",
        }
    }
}

impl Header {
    /// Reads `header.wkw`.
    pub(super) fn parse(bytes: &[u8], url: &str) -> Result<Self, FormatError> {
        let bad = |reason: String| FormatError::BadMetadata { reason, url: url.to_owned() };
        let unsupported = |what: &'static str, name: String| FormatError::Unsupported { what, name, url: url.to_owned() };
        let whole: &[u8; HEADER_BYTES] =
            bytes.first_chunk().ok_or_else(|| bad(format!("{} bytes are too few for a header", bytes.len())))?;
        let (common, _) = whole.split_first_chunk::<COMMON_BYTES>().ok_or_else(|| bad("it ends too early".to_owned()))?;
        let &[b'W', b'K', b'W', version, edges, compression, data_type, voxel_bytes] = common else {
            return Err(bad("it does not begin with \"WKW\"".to_owned()));
        };
        if version != VERSION {
            return Err(unsupported("the WKW version", version.to_string()));
        }
        let compression = match compression {
            1 => Compression::Raw,
            2 => Compression::Lz4,
            3 => Compression::Lz4Hc,
            other => return Err(unsupported("the WKW block type", other.to_string())),
        };
        let data_type = match data_type {
            1 => DataType::Uint8,
            2 => DataType::Uint16,
            3 => DataType::Uint32,
            4 => DataType::Uint64,
            5 => DataType::Float32,
            6 => DataType::Float64,
            7 => DataType::Int8,
            8 => DataType::Int16,
            9 => DataType::Int32,
            10 => DataType::Int64,
            other => return Err(unsupported("the WKW voxel type", other.to_string())),
        };
        let voxel_bytes = usize::from(voxel_bytes);
        let channels = voxel_bytes / data_type.size_bytes();
        if channels == 0 || channels * data_type.size_bytes() != voxel_bytes {
            return Err(bad(format!("voxels of {voxel_bytes} bytes hold no whole number of {}", data_type.name())));
        }
        let header = Self {
            common: *common,
            block_edge: 1 << (edges & 15),
            file_edge: 1 << (edges >> 4),
            compression,
            data_type,
            channels: channels as u64,
        };
        if header.block_bytes() > MAX_CHUNK_BYTES {
            return Err(bad(format!(
                "a block of {}³ voxels of {voxel_bytes} bytes has more than {MAX_CHUNK_BYTES} bytes",
                header.block_edge
            )));
        }
        if header.blocks() > MAX_CHUNKS_PER_SHARD {
            return Err(bad(format!("a file of {}³ blocks has more than {MAX_CHUNKS_PER_SHARD}", header.file_edge)));
        }
        Ok(header)
    }

    /// Blocks of a file. An edge has at most 2¹⁵.
    pub(super) fn blocks(&self) -> u64 {
        self.file_edge.pow(3)
    }

    /// Bytes of a decoded block.
    pub(super) fn block_bytes(&self) -> u64 {
        self.block_edge.pow(3) * self.channels * self.data_type.size_bytes() as u64
    }
}
