//! `shuffle`: byte 0 of every element, then byte 1 and so on; what does not fill an element stays at the end.

use std::borrow::Cow;

use serde::Deserialize;
use zarrs::array::{ArrayBytesRaw, BytesRepresentation, CodecError};

use super::{DecodeBytes, Named};
use crate::codec::shuffle;

/// The codec `shuffle` of numcodecs.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(in crate::format::zarr) struct Shuffle {
    /// Bytes of an element.
    #[serde(rename = "elementsize", default = "usual_size")]
    element_size: std::num::NonZeroU32,
}

const fn usual_size() -> std::num::NonZeroU32 {
    std::num::NonZeroU32::MIN.saturating_add(3)
}

impl Named for Shuffle {
    fn name(&self) -> &'static str {
        "shuffle"
    }
}

impl DecodeBytes for Shuffle {
    fn encoded_size(&self, decoded: &BytesRepresentation) -> BytesRepresentation {
        *decoded
    }

    fn decode_bytes<'a>(&self, encoded: ArrayBytesRaw<'a>, _decoded: &BytesRepresentation) -> Result<ArrayBytesRaw<'a>, CodecError> {
        let mut data = vec![0; encoded.len()];
        shuffle::undo_bytes(self.element_size.get() as usize, &encoded, &mut data);
        Ok(Cow::Owned(data))
    }
}
