//! Checksums beside the bytes they are of: crc32c at their end, as v3 has it; adler32, crc32, crc32c and fletcher32 as numcodecs has them, the
//! first two at the start unless the metadata say otherwise.

use std::borrow::Cow;

use serde::Deserialize;
use zarrs::array::{ArrayBytesRaw, BytesRepresentation, CodecError};
use zarrs::metadata::v3::MetadataV3;
use zarrs::plugin::PluginCreateError;

use super::{DecodeBytes, Named, short_name};
use crate::codec::checksum::Checksum;

const SUM_BYTES: usize = 4;

/// Bytes with a checksum, which is verified.
#[derive(Clone, Copy, Debug)]
pub(in crate::format::zarr) struct Checked {
    checksum: Checksum,
    place: Place,
}

/// Where the checksum stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Place {
    Start,
    End,
}

#[derive(Default, Deserialize)]
struct Config {
    location: Option<Place>,
}

impl Checked {
    /// Whether this is the name of a checksum.
    pub(in crate::format::zarr) fn is_named(name: &str) -> bool {
        checksum(name).is_some()
    }

    /// The codec that metadata describe.
    pub(in crate::format::zarr) fn from_metadata(metadata: &MetadataV3) -> Result<Self, PluginCreateError> {
        let checksum = checksum(metadata.name()).ok_or("the codec is not supported")?;
        let config: Config = metadata.to_typed_configuration()?;
        let usual = if matches!(checksum, Checksum::Adler32 | Checksum::Crc32) { Place::Start } else { Place::End };
        Ok(Self { checksum, place: config.location.unwrap_or(usual) })
    }
}

fn checksum(name: &str) -> Option<Checksum> {
    let all = [Checksum::Adler32, Checksum::Crc32, Checksum::Crc32c, Checksum::Fletcher32];
    all.into_iter().find(|checksum| checksum.name() == short_name(name))
}

impl Named for Checked {
    fn name(&self) -> &'static str {
        self.checksum.name()
    }
}

impl DecodeBytes for Checked {
    fn encoded_size(&self, decoded: &BytesRepresentation) -> BytesRepresentation {
        let longer = |len: u64| len.saturating_add(SUM_BYTES as u64);
        match *decoded {
            BytesRepresentation::FixedSize(len) => BytesRepresentation::FixedSize(longer(len)),
            BytesRepresentation::BoundedSize(len) => BytesRepresentation::BoundedSize(longer(len)),
            BytesRepresentation::UnboundedSize => BytesRepresentation::UnboundedSize,
        }
    }

    fn decode_bytes<'a>(&self, encoded: ArrayBytesRaw<'a>, _decoded: &BytesRepresentation) -> Result<ArrayBytesRaw<'a>, CodecError> {
        let name = self.name();
        let parts = match self.place {
            Place::Start => encoded.split_first_chunk::<SUM_BYTES>(),
            Place::End => encoded.split_last_chunk::<SUM_BYTES>().map(|(bytes, sum)| (sum, bytes)),
        };
        let (sum, bytes) = parts.ok_or_else(|| CodecError::Other(format!("{name}: {} bytes have no room for it", encoded.len())))?;
        if self.checksum.of(bytes) != u32::from_le_bytes(*sum) {
            return Err(CodecError::Other(format!("{name}: the checksum does not match the bytes")));
        }
        Ok(match encoded {
            Cow::Borrowed(encoded) => Cow::Borrowed(
                match self.place {
                    Place::Start => encoded.get(SUM_BYTES..),
                    Place::End => encoded.get(..encoded.len() - SUM_BYTES),
                }
                .unwrap_or_default(),
            ),
            Cow::Owned(mut encoded) => {
                match self.place {
                    Place::Start => drop(encoded.drain(..SUM_BYTES)),
                    Place::End => encoded.truncate(encoded.len() - SUM_BYTES),
                }
                Cow::Owned(encoded)
            }
        })
    }
}
