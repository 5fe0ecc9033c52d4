//! Checksums of 32 bits that stand beside the bytes they are of.

/// A way to sum bytes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// Of zlib (RFC 1950).
    Adler32,
    /// Of zip and gzip (RFC 1952).
    Crc32,
    /// Castagnoli's polynomial (RFC 3720).
    Crc32c,
    /// As HDF5 has it: of words of two bytes, the first of which is the higher; an odd last byte is the higher of one.
    Fletcher32,
}

impl Checksum {
    /// Its name in metadata.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Adler32 => "adler32",
            Self::Crc32 => "crc32",
            Self::Crc32c => "crc32c",
            Self::Fletcher32 => "fletcher32",
        }
    }

    /// The sum of these bytes.
    #[must_use]
    pub fn of(self, bytes: &[u8]) -> u32 {
        match self {
            Self::Adler32 => adler32(bytes),
            Self::Crc32 => crc32fast::hash(bytes),
            Self::Crc32c => crc32c::crc32c(bytes),
            Self::Fletcher32 => fletcher32(bytes),
        }
    }
}

fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    /// So many bytes of 255 overflow neither sum.
    const BYTES: usize = 5552;
    let (mut low, mut high) = (1_u32, 0_u32);
    for part in bytes.chunks(BYTES) {
        for &byte in part {
            low += u32::from(byte);
            high += low;
        }
        low %= MODULUS;
        high %= MODULUS;
    }
    high << 16 | low
}

fn fletcher32(bytes: &[u8]) -> u32 {
    /// So many bytes, of 360 words, overflow neither sum.
    const BYTES: usize = 720;
    let fold = |sum: u32| (sum & 0xffff) + (sum >> 16);
    let (mut low, mut high) = (0_u32, 0_u32);
    for part in bytes.chunks(BYTES) {
        let (words, rest) = part.as_chunks();
        let last = rest.first().map(|&byte| u16::from(byte) << 8);
        for word in words.iter().map(|word| u16::from_be_bytes(*word)).chain(last) {
            low += u32::from(word);
            high += low;
        }
        (low, high) = (fold(low), fold(high));
    }
    fold(high) << 16 | fold(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_as_others_do() {
        use Checksum::{Adler32, Crc32, Crc32c, Fletcher32};
        // By zlib and numcodecs of Python.
        let expected = [
            (Adler32, 0x091e_01de, 0xb92c_a46b, 0x8788_0ff1),
            (Crc32, 0xcbf4_3926, 0xcf9b_8671, 0x6eba_c7e9),
            (Crc32c, 0xe306_9283, 0xeada_a176, 0x79b5_d0dc),
            (Fletcher32, 0x09df_09d5, 0x2751_8f03, 0xff00_ff00),
        ];
        let long: Vec<u8> = (0..100_000_u32).map(|n| (n.wrapping_mul(n) >> 7).to_le_bytes()[0]).collect();
        for (sum, of_check, of_long, of_ones) in expected {
            assert_eq!(sum.of(b"123456789"), of_check, "{sum:?}");
            assert_eq!(sum.of(&long), of_long, "{sum:?}");
            assert_eq!(sum.of(&[255; 65_537]), of_ones, "{sum:?}");
        }
        assert_eq!([Adler32, Crc32, Crc32c, Fletcher32].map(|sum| sum.of(b"")), [1, 0, 0, 0]);
    }
}
