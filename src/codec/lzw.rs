//! LZW as TIFF has it: most significant bit first, codes that grow one code early (TIFF 6.0, section 13).

use weezl::{BitOrder, LzwStatus, decode::Decoder};

use super::CodecError;

const CODEC: &str = "lzw";
/// What is asked of the decoder at a time.
const STEP_BYTES: usize = 1 << 16;

/// Decodes a stream into at most `max_len` bytes. It need not be ended by the code for that: some writers leave it out.
///
/// # Errors
/// [`CodecError::Corrupt`] where the stream is damaged, [`CodecError::WrongSize`] where more than `max_len` bytes would come out.
pub fn decode(mut bytes: &[u8], max_len: usize) -> Result<Vec<u8>, CodecError> {
    let mut decoder = Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
    let mut data = Vec::new();
    loop {
        let start = data.len();
        // One byte beyond the limit tells that there is more.
        data.resize(start + STEP_BYTES.min(max_len + 1 - start), 0);
        let result = decoder.decode_bytes(bytes, data.get_mut(start..).unwrap_or_default());
        data.truncate(start + result.consumed_out);
        bytes = bytes.get(result.consumed_in..).unwrap_or_default();
        if data.len() > max_len {
            return Err(CodecError::WrongSize { codec: CODEC, got: data.len() as u64, expected: max_len as u64 });
        }
        match result.status {
            Ok(LzwStatus::Done | LzwStatus::NoProgress) => return Ok(data),
            Ok(LzwStatus::Ok) => {}
            Err(error) => return Err(CodecError::Corrupt { codec: CODEC, reason: error.to_string() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use weezl::encode::Encoder;

    use super::*;

    /// The example of TIFF 6.0, section 13: 7 7 7 8 8 7 7 6 6 in the codes 256 7 258 8 8 258 6 6 257, of 9 bits.
    const EXAMPLE: [u8; 11] = [0x80, 0x01, 0xe0, 0x40, 0x80, 0x44, 0x08, 0x0c, 0x06, 0x80, 0x80];

    #[test]
    fn reads_the_example_of_the_specification() {
        assert_eq!(decode(&EXAMPLE, 9).unwrap(), [7, 7, 7, 8, 8, 7, 7, 6, 6]);
        assert_eq!(decode(&EXAMPLE[..9], 9).unwrap(), [7, 7, 7, 8, 8, 7, 7, 6, 6], "without the code for its end");
        assert_eq!(decode(&EXAMPLE[..8], 9).unwrap(), [7, 7, 7, 8, 8, 7, 7, 6], "cut short");
        assert!(matches!(decode(&EXAMPLE, 8), Err(CodecError::WrongSize { .. })));
        // A code that does not exist yet.
        assert!(matches!(decode(&[0x80, 0x01, 0xff, 0xff], 9), Err(CodecError::Corrupt { .. })));
    }

    proptest! {
        #[test]
        fn comes_back_whatever_its_length(data in proptest::collection::vec(0_u8..4, 0..200_000)) {
            let coded = Encoder::with_tiff_size_switch(BitOrder::Msb, 8).encode(&data).unwrap();
            prop_assert_eq!(decode(&coded, data.len()).unwrap(), data);
        }

        #[test]
        fn never_panics(noise in proptest::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>(), with in any::<u8>()) {
            let mut changed = EXAMPLE;
            changed[at.index(EXAMPLE.len())] = with;
            for bytes in [&noise[..], &changed] {
                if let Ok(data) = decode(bytes, 1000) {
                    prop_assert!(data.len() <= 1000);
                }
            }
        }
    }
}
