//! The type of one voxel.

use serde::{Deserialize, Serialize};

/// The type of one voxel, named as in Zarr and precomputed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say all there is")]
pub enum DataType {
    Uint8,
    Int8,
    Uint16,
    Int16,
    Uint32,
    Int32,
    Uint64,
    Int64,
    Float32,
    Float64,
}

impl DataType {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Uint8,
        Self::Int8,
        Self::Uint16,
        Self::Int16,
        Self::Uint32,
        Self::Int32,
        Self::Uint64,
        Self::Int64,
        Self::Float32,
        Self::Float64,
    ];

    /// Bytes of one voxel.
    #[must_use]
    pub const fn size_bytes(self) -> usize {
        match self {
            Self::Uint8 | Self::Int8 => 1,
            Self::Uint16 | Self::Int16 => 2,
            Self::Uint32 | Self::Int32 | Self::Float32 => 4,
            Self::Uint64 | Self::Int64 | Self::Float64 => 8,
        }
    }

    /// The name in Zarr v3 and precomputed metadata.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uint8 => "uint8",
            Self::Int8 => "int8",
            Self::Uint16 => "uint16",
            Self::Int16 => "int16",
            Self::Uint32 => "uint32",
            Self::Int32 => "int32",
            Self::Uint64 => "uint64",
            Self::Int64 => "int64",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
        }
    }

    /// The type of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|data_type| data_type.name() == name)
    }

    /// The value of a voxel, from its little-endian bytes zero-extended to 64 bits.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_possible_wrap,
        reason = "the bits of the narrower type are what is wanted"
    )]
    pub fn number(self, bits: u64) -> f64 {
        match self {
            Self::Uint8 | Self::Uint16 | Self::Uint32 | Self::Uint64 => bits as f64,
            Self::Int8 => f64::from(bits as u8 as i8),
            Self::Int16 => f64::from(bits as u16 as i16),
            Self::Int32 => f64::from(bits as u32 as i32),
            Self::Int64 => bits as i64 as f64,
            Self::Float32 => f64::from(f32::from_bits(bits as u32)),
            Self::Float64 => f64::from_bits(bits),
        }
    }

    /// The least and greatest value of an integer type; 0 and 1 for floats, which have no range of their own.
    #[must_use]
    pub const fn range(self) -> (f64, f64) {
        match self {
            Self::Uint8 => (0.0, 255.0),
            Self::Int8 => (-128.0, 127.0),
            Self::Uint16 => (0.0, 65_535.0),
            Self::Int16 => (-32_768.0, 32_767.0),
            Self::Uint32 => (0.0, 4_294_967_295.0),
            Self::Int32 => (-2_147_483_648.0, 2_147_483_647.0),
            Self::Uint64 => (0.0, 18_446_744_073_709_551_615.0),
            Self::Int64 => (-9_223_372_036_854_775_808.0, 9_223_372_036_854_775_807.0),
            Self::Float32 | Self::Float64 => (0.0, 1.0),
        }
    }
}
