//! What can be wrong with encoded bytes.

/// Bytes that do not decode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The bytes break the format's rules or end too early.
    #[error("{codec}: {reason}")]
    Corrupt {
        /// The codec.
        codec: &'static str,
        /// One clause with the numbers.
        reason: String,
    },
    /// The decoded size is not the one expected.
    #[error("{codec}: {got} bytes come out instead of {expected}")]
    WrongSize {
        /// The codec.
        codec: &'static str,
        /// What came out (or would).
        got: u64,
        /// What the metadata promises.
        expected: u64,
    },
    /// A variant of the codec that is not supported.
    #[error("{codec}: {name} is not supported")]
    Unsupported {
        /// The codec.
        codec: &'static str,
        /// The variant.
        name: String,
    },
    /// A variant that only the full module of the workers decodes.
    #[error("{codec}: the full module is needed")]
    NeedsFullModule {
        /// The codec.
        codec: &'static str,
    },
}
