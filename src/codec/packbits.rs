//! `PackBits`: runs of bytes (TIFF 6.0, section 9).

use super::CodecError;

const CODEC: &str = "packbits";

/// Unpacks runs into at most `max_len` bytes.
///
/// # Errors
/// [`CodecError::Corrupt`] where a run is cut short, [`CodecError::WrongSize`] where more than `max_len` bytes would come out.
pub fn decode(mut bytes: &[u8], max_len: usize) -> Result<Vec<u8>, CodecError> {
    let early = || CodecError::Corrupt { codec: CODEC, reason: "a run is cut short".to_owned() };
    let mut data = Vec::with_capacity(max_len.min(bytes.len().saturating_mul(2)));
    while let Some(&head) = bytes.split_off_first() {
        match head.cast_signed() {
            -128 => {}
            count @ 0.. => data.extend_from_slice(bytes.split_off(..usize::from(count.unsigned_abs()) + 1).ok_or_else(early)?),
            count => {
                let value = *bytes.split_off_first().ok_or_else(early)?;
                data.resize(data.len() + usize::from(count.unsigned_abs()) + 1, value);
            }
        }
        if data.len() > max_len {
            return Err(CodecError::WrongSize { codec: CODEC, got: data.len() as u64, expected: max_len as u64 });
        }
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn unpacks_the_example_of_the_specification() {
        // Apple's technical note 1023, with a byte to be left out before it.
        let packed = [0x80, 0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7, 0xaa];
        let data = [
            0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0x22, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
            0xaa, 0xaa, 0xaa,
        ];
        assert_eq!(decode(&packed, data.len()).unwrap(), data);
        assert!(matches!(decode(&packed, data.len() - 1), Err(CodecError::WrongSize { .. })));
        assert!(matches!(decode(&packed[..packed.len() - 1], data.len()), Err(CodecError::Corrupt { .. })));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(data) = decode(&bytes, 1000) {
                prop_assert!(data.len() <= 1000);
            }
        }
    }
}
