//! `pcodec`: voxels as numbers of their type.

use std::borrow::Cow;
use std::num::NonZeroU64;

use zarrs::array::{ArrayBytesRaw, BytesRepresentation, CodecError, CodecOptions, DataType, FillValue};

use super::{DecodeVoxels, Named, byte_len, voxel_size, worst_case};
use crate::codec::pcodec::{self, NumberType};
use crate::format::zarr::registry;
use crate::voxel;

/// The codec `pcodec`.
#[derive(Clone, Copy, Debug)]
pub(in crate::format::zarr) struct Pcodec;

impl Named for Pcodec {
    fn name(&self) -> &'static str {
        "pcodec"
    }
}

impl DecodeVoxels for Pcodec {
    fn encoded_size(&self, shape: &[NonZeroU64], data_type: &DataType, _fill_value: &FillValue) -> Result<BytesRepresentation, CodecError> {
        byte_len(shape, voxel_size(data_type)?).map(worst_case)
    }

    fn decode_voxels<'a>(
        &self,
        bytes: ArrayBytesRaw<'a>,
        shape: &[NonZeroU64],
        data_type: &DataType,
        _fill_value: &FillValue,
        _options: &CodecOptions,
    ) -> Result<ArrayBytesRaw<'a>, CodecError> {
        let number_type = match registry::voxel_type(data_type) {
            Some(voxel::DataType::Uint8) => NumberType::Uint8,
            Some(voxel::DataType::Int8) => NumberType::Int8,
            Some(voxel::DataType::Uint16) => NumberType::Uint16,
            Some(voxel::DataType::Int16) => NumberType::Int16,
            Some(voxel::DataType::Uint32) => NumberType::Uint32,
            Some(voxel::DataType::Int32) => NumberType::Int32,
            Some(voxel::DataType::Uint64) => NumberType::Uint64,
            Some(voxel::DataType::Int64) => NumberType::Int64,
            Some(voxel::DataType::Float32) => NumberType::Float32,
            Some(voxel::DataType::Float64) => NumberType::Float64,
            None => return Err(CodecError::Other("pcodec: numbers of this type are not supported".to_owned())),
        };
        let count = byte_len(shape, 1).ok().and_then(|count| usize::try_from(count).ok());
        let count = count.ok_or_else(|| CodecError::Other("pcodec: there are more voxels than fit memory".to_owned()))?;
        pcodec::decode(&bytes, number_type, count).map(Cow::Owned).map_err(|error| CodecError::Other(error.to_string()))
    }
}
