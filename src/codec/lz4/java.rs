//! The stream of `LZ4BlockOutputStream` of lz4-java, which Java's N5 writes: blocks, each with a header of its own.
//!
//! A header is "LZ4Block", a token (method in its upper four bits), the lengths of the block as stored and decoded, and the lower
//! 28 bits of the XXH32 of what is decoded, all little-endian. A block of no bytes ends the stream.

use twox_hash::XxHash32;

use super::corrupt;
use crate::CodecError;

const MAGIC: [u8; 8] = *b"LZ4Block";
const METHOD_STORED: u8 = 0x10;
const METHOD_LZ4: u8 = 0x20;
const SEED: u32 = 0x9747_b28c;
const CHECKSUM_BITS: u32 = 0x0fff_ffff;

struct Header {
    method: u8,
    stored_len: usize,
    len: usize,
    checksum: u32,
}

/// Decodes such a stream into at most `max_len` bytes; `None` where the bytes do not begin like one.
///
/// # Errors
/// [`CodecError::Corrupt`] where it is damaged, [`CodecError::WrongSize`] where more than `max_len` bytes would come out.
pub fn decode(bytes: &[u8], max_len: usize) -> Option<Result<Vec<u8>, CodecError>> {
    bytes.starts_with(&MAGIC).then(|| decode_blocks(bytes, max_len))
}

fn decode_blocks(mut bytes: &[u8], max_len: usize) -> Result<Vec<u8>, CodecError> {
    let mut data = Vec::new();
    loop {
        let header = read_header(&mut bytes)?;
        if header.len == 0 && header.stored_len == 0 {
            return Ok(data);
        }
        let end = data.len().saturating_add(header.len);
        if end > max_len {
            return Err(CodecError::WrongSize { codec: super::CODEC, got: end as u64, expected: max_len as u64 });
        }
        let stored = bytes
            .split_off(..header.stored_len)
            .ok_or_else(|| corrupt(format!("{} bytes are there of a block of {}", bytes.len(), header.stored_len)))?;
        let start = data.len();
        if header.method == METHOD_STORED {
            if header.len != header.stored_len {
                return Err(corrupt(format!("a stored block of {} bytes says that it holds {}", header.stored_len, header.len)));
            }
            data.extend_from_slice(stored);
        } else {
            let block = super::decode(stored, header.len)?;
            data.extend_from_slice(&block);
        }
        let checksum = XxHash32::oneshot(SEED, data.get(start..).unwrap_or_default()) & CHECKSUM_BITS;
        if checksum != header.checksum {
            return Err(corrupt(format!("the checksum of a block is {checksum:#x} instead of {:#x}", header.checksum)));
        }
    }
}

fn read_header(bytes: &mut &[u8]) -> Result<Header, CodecError> {
    let early = || corrupt("the stream ends before its last block");
    let (magic, rest) = bytes.split_first_chunk::<8>().ok_or_else(early)?;
    let (token, rest) = rest.split_first().ok_or_else(early)?;
    let (fields, rest) = rest.split_first_chunk::<12>().ok_or_else(early)?;
    let ([stored_len, len, checksum], _) = fields.as_chunks::<4>() else { return Err(early()) };
    if *magic != MAGIC {
        return Err(corrupt("a block does not begin with \"LZ4Block\""));
    }
    let method = token & 0xf0;
    if !matches!(method, METHOD_STORED | METHOD_LZ4) {
        return Err(CodecError::Unsupported { codec: super::CODEC, name: format!("the method {method:#x}") });
    }
    *bytes = rest;
    let [stored_len, len] = [stored_len, len].map(|len| u32::from_le_bytes(*len) as usize);
    Ok(Header { method, stored_len, len, checksum: u32::from_le_bytes(*checksum) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A block that lz4 1.9.4 compressed and one that is stored, with checksums by xxHash (Python's lz4 and xxhash).
    const STREAM: [u8; 82] = [
        0x4c, 0x5a, 0x34, 0x42, 0x6c, 0x6f, 0x63, 0x6b, 0x26, 0x10, 0x00, 0x00, 0x00, 0x23, 0x00, 0x00, 0x00, 0x80, 0xdc, 0x62, 0x08, 0x6f,
        0x76, 0x6f, 0x78, 0x65, 0x6c, 0x20, 0x06, 0x00, 0x05, 0x50, 0x76, 0x6f, 0x78, 0x65, 0x6c, 0x4c, 0x5a, 0x34, 0x42, 0x6c, 0x6f, 0x63,
        0x6b, 0x16, 0x03, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x22, 0xb2, 0x4c, 0x0d, 0x61, 0x62, 0x63, 0x4c, 0x5a, 0x34, 0x42, 0x6c,
        0x6f, 0x63, 0x6b, 0x16, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    ];
    const DATA: &[u8] = b"voxel voxel voxel voxel voxel voxelabc";

    #[test]
    fn reads_blocks_and_says_what_is_damaged() {
        assert_eq!(decode(&STREAM, DATA.len()).unwrap().unwrap(), DATA);
        assert!(matches!(decode(&STREAM, DATA.len() - 1), Some(Err(CodecError::WrongSize { expected: 37, .. }))));
        for len in MAGIC.len()..STREAM.len() {
            assert!(matches!(decode(&STREAM[..len], DATA.len()), Some(Err(CodecError::Corrupt { .. }))), "{len} bytes");
        }
        let mut wrong_checksum = STREAM;
        wrong_checksum[17] ^= 1;
        assert!(matches!(decode(&wrong_checksum, DATA.len()), Some(Err(CodecError::Corrupt { .. }))));
        assert!(decode(b"LZ4Bloc", 10).is_none());
    }

    proptest! {
        #[test]
        fn never_panics(changes in proptest::collection::vec((0..STREAM.len(), any::<u8>()), 1..5)) {
            let mut stream = STREAM;
            changes.into_iter().for_each(|(at, with)| stream[at] = with);
            if let Some(Ok(data)) = decode(&stream, 1000) {
                prop_assert!(data.len() <= 1000);
            }
        }
    }
}
