//! Limits of stores, as values that are checked when made.

/// A limit that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} must be {rule}")]
pub struct PolicyError {
    name: &'static str,
    rule: &'static str,
}

pub(super) fn check(holds: bool, name: &'static str, rule: &'static str) -> Result<(), PolicyError> {
    if holds { Ok(()) } else { Err(PolicyError { name, rule }) }
}

/// How long an answer of each kind may be, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeLimits {
    metadata: u64,
    index: u64,
    chunk: u64,
    whole_file: u64,
}

impl SizeLimits {
    /// Limits for metadata documents, indices and chunks, and for a file that is read whole because its server ignores ranges.
    ///
    /// # Errors
    /// A limit of zero.
    pub fn new(metadata: u64, index: u64, chunk: u64, whole_file: u64) -> Result<Self, PolicyError> {
        check(metadata.min(index).min(chunk).min(whole_file) > 0, "a size limit", "at least 1 byte")?;
        Ok(Self { metadata, index, chunk, whole_file })
    }

    /// The limit for one kind.
    #[must_use]
    pub fn of(&self, kind: super::ResourceKind) -> u64 {
        match kind {
            super::ResourceKind::Metadata => self.metadata,
            super::ResourceKind::Index => self.index,
            _ => self.chunk,
        }
    }

    /// The limit for a file that is read whole because its server ignores ranges.
    #[must_use]
    pub fn whole_file(&self) -> u64 {
        self.whole_file
    }
}

impl Default for SizeLimits {
    /// 16 MiB, 64 MiB, 256 MiB, and 64 MiB for a whole file.
    fn default() -> Self {
        Self { metadata: 16 << 20, index: 64 << 20, chunk: 256 << 20, whole_file: 64 << 20 }
    }
}
