//! What can go wrong between metadata, bytes and voxels.

#[cfg(feature = "decode")]
use crate::codec::CodecError;
use crate::error::{ErrorCode, ViewerError};
use crate::store::StoreError;

/// A volume that could not be opened, or a chunk that could not be read. URLs come last in the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Bytes could not be fetched.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No metadata of a known format is at the address.
    #[error("no volume was found (there is no info, zarr.json, .zarray, .zattrs, attributes.json or header.wkw that describes one): {url}")]
    NotFound {
        /// The address.
        url: String,
    },
    /// There is no such file.
    #[error("there is no such file: {url}")]
    NoFile {
        /// Its address.
        url: String,
    },
    /// Metadata that cannot be understood or makes no sense.
    #[error("the metadata is wrong: {reason}: {url}")]
    BadMetadata {
        /// One clause, lower case.
        reason: String,
        /// The document.
        url: String,
    },
    /// A chunk whose bytes are damaged.
    #[error("a chunk is damaged: {reason}: {url}")]
    BadData {
        /// One clause, lower case.
        reason: String,
        /// The file.
        url: String,
    },
    /// A codec, data type or layout that is not supported.
    #[error("{what} \"{name}\" is not supported: {url}")]
    Unsupported {
        /// "the codec", "the data type" …
        what: &'static str,
        /// Its name in the metadata.
        name: String,
        /// The document.
        url: String,
    },
    /// A raw file without a layout, or with one that does not fit it.
    #[error("the raw file cannot be read: {reason}: {url}")]
    BadLayout {
        /// One clause, lower case.
        reason: String,
        /// The file.
        url: String,
    },
    /// A file of a format that others read.
    #[error("{name} files are not supported: {url}")]
    Foreign {
        /// What the format is called.
        name: &'static str,
        /// What converts it, as the object of "with".
        converter: &'static str,
        /// The file.
        url: String,
    },
    /// Levels that were made of a volume, of which a file is damaged or gone.
    #[error("the levels made of the volume are damaged: {reason}: {file}")]
    DamagedLevels {
        /// One clause, lower case.
        reason: String,
        /// The file in the browser's storage.
        file: String,
    },
    /// Something that only the full module of the workers reads.
    #[error("the full module is needed: {url}")]
    NeedsFullModule {
        /// The address.
        url: String,
    },
}

#[cfg(feature = "decode")]
impl FormatError {
    /// What a decoder says of the file at `url`.
    pub(super) fn from_codec(error: CodecError, url: &str) -> Self {
        let url = url.to_owned();
        match error {
            CodecError::Unsupported { codec, name } => Self::Unsupported { what: "the codec", name: format!("{codec}: {name}"), url },
            CodecError::NeedsFullModule { .. } => Self::NeedsFullModule { url },
            error => Self::BadData { reason: error.to_string(), url },
        }
    }
}

impl FormatError {
    fn url(&self) -> Option<&str> {
        match self {
            Self::Store(_) | Self::DamagedLevels { .. } => None,
            Self::NotFound { url }
            | Self::NoFile { url }
            | Self::BadMetadata { url, .. }
            | Self::BadData { url, .. }
            | Self::Unsupported { url, .. }
            | Self::BadLayout { url, .. }
            | Self::Foreign { url, .. }
            | Self::NeedsFullModule { url } => Some(url),
        }
    }
}

impl From<FormatError> for ViewerError {
    fn from(error: FormatError) -> Self {
        let text = error.to_string();
        // Queries carry tokens, which belong into no message.
        let shown = |url: &str| crate::store::url::Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.describe());
        let message = error.url().map_or_else(|| text.clone(), |url| text.replace(url, &shown(url)));
        let (viewer_error, url) = match error {
            FormatError::Store(store) => return store.into(),
            FormatError::NotFound { url } => (
                Self::new(ErrorCode::NotFound, message)
                    .with_remedy("Give the folder that holds info, zarr.json, .zattrs, .zarray, attributes.json or header.wkw."),
                url,
            ),
            FormatError::NoFile { url } => (Self::new(ErrorCode::NotFound, message).with_remedy("Check the address."), url),
            FormatError::BadMetadata { url, .. } => {
                (Self::new(ErrorCode::BadMetadata, message).with_remedy("Mend the metadata file, or ask who wrote the dataset."), url)
            }
            FormatError::BadData { url, .. } => {
                (Self::new(ErrorCode::BadData, message).with_remedy("Write the chunk again, or ask who keeps the dataset."), url)
            }
            FormatError::Unsupported { name, url, .. } => (
                Self::new(ErrorCode::Unsupported, message)
                    .with_remedy("Convert the dataset to a supported codec and data type.")
                    .with_detail("name", name),
                url,
            ),
            FormatError::BadLayout { url, .. } => (
                Self::new(ErrorCode::InvalidOptions, message)
                    .with_remedy("Give the source a \"raw\" layout (shape, dataType, channels, littleEndian, headerBytes) that takes just the bytes of the file."),
                url,
            ),
            FormatError::Foreign { name, converter, url } => {
                (Self::new(ErrorCode::Unsupported, message).with_remedy(format!("Convert it with {converter}.")).with_detail("name", name), url)
            }
            FormatError::DamagedLevels { .. } => {
                return Self::new(ErrorCode::Storage, message).with_remedy("Load the page again: what is damaged is made again.");
            }
            // Not for users: the pool starts a worker that has it.
            FormatError::NeedsFullModule { url } => (Self::new(ErrorCode::Internal, message), url),
        };
        viewer_error.with_detail("url", shown(&url))
    }
}
