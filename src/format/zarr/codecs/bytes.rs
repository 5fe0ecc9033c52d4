//! `bytes`: voxels of a fixed size, one after the other.

use std::num::NonZeroU64;

use serde::Deserialize;
use zarrs::array::{ArrayBytesRaw, BytesRepresentation, CodecError, CodecOptions, DataType, FillValue};

use super::{DecodeVoxels, Named, byte_len, voxel_size};

/// The order of the bytes of a voxel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Endian {
    Little,
    Big,
}

/// The codec `bytes`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(in crate::format::zarr) struct Bytes {
    /// `None` for voxels of one byte.
    #[serde(default)]
    endian: Option<Endian>,
}

impl Named for Bytes {
    fn name(&self) -> &'static str {
        "bytes"
    }
}

impl DecodeVoxels for Bytes {
    fn encoded_size(&self, shape: &[NonZeroU64], data_type: &DataType, _fill_value: &FillValue) -> Result<BytesRepresentation, CodecError> {
        let size = voxel_size(data_type)?;
        if size > 1 && self.endian.is_none() {
            return Err(CodecError::Other(format!("the codec \"bytes\" does not say the order of the {size} bytes of a voxel")));
        }
        byte_len(shape, size).map(BytesRepresentation::FixedSize)
    }

    fn decode_voxels<'a>(
        &self,
        mut bytes: ArrayBytesRaw<'a>,
        shape: &[NonZeroU64],
        data_type: &DataType,
        _fill_value: &FillValue,
        _options: &CodecOptions,
    ) -> Result<ArrayBytesRaw<'a>, CodecError> {
        let size = voxel_size(data_type)?;
        let expected = byte_len(shape, size)?;
        if bytes.len() as u64 != expected {
            return Err(CodecError::Other(format!("{} bytes come out instead of {expected}", bytes.len())));
        }
        if self.endian == Some(Endian::Big) && size > 1 {
            bytes.to_mut().chunks_exact_mut(size).for_each(<[u8]>::reverse);
        }
        Ok(bytes)
    }
}
