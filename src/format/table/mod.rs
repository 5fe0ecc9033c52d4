//! Tables: CSV, also gzip'd, and Parquet, into typed columns.

mod csv;
mod parquet;

use std::ops::Range;
use std::rc::Rc;

use bytes::Bytes;

use super::FormatError;
use super::content::Table;
use crate::codec::gzip;
use crate::runtime::Cancel;
use crate::store::url::Url;
use crate::store::{Provider, ReadOptions, ReadStore, ResourceKind};

/// The most bytes of a CSV file, unpacked.
const MOST_CSV_BYTES: usize = 512 << 20;
/// What the columns of a table may take in memory.
const MOST_TABLE_BYTES: usize = 1 << 30;

/// Reads the table at `url`, or some of its columns. The ending of its name says what it is; where that says nothing, its first bytes.
///
/// # Errors
/// [`FormatError::NotFound`] where there is none, [`FormatError::BadData`] where it is damaged or larger than memory.
pub(super) async fn read(
    provider: &Rc<dyn Provider>,
    url: &str,
    columns: Option<&[String]>,
    cancel: &Cancel,
) -> Result<Table, FormatError> {
    let (folder, key) = Url::parse(url)?.split_name();
    let store = provider.store(&folder.to_string())?;
    let file =
        TableFile { url: store.describe(&key), store, key, options: ReadOptions { kind: ResourceKind::Table, cancel: cancel.clone() } };
    let table = if file.is_parquet().await? {
        parquet::read(&file, columns).await?
    } else {
        let bytes = file.store.get(&file.key, &file.options).await?.ok_or_else(|| file.absent())?;
        let inflated;
        let text: &[u8] = if gzip::is_gzip(&bytes) {
            inflated = gzip::decode(&bytes, MOST_CSV_BYTES).map_err(|error| FormatError::from_codec(error, &file.url))?;
            &inflated
        } else {
            &bytes
        };
        csv::parse(text, columns).map_err(|reason| file.bad(reason))?
    };
    let missing = columns.and_then(|wanted| wanted.iter().find(|name| !table.columns.iter().any(|column| column.name == **name)));
    match missing {
        Some(name) => Err(FormatError::BadMetadata { reason: format!("the table has no column \"{name}\" that is read"), url: file.url }),
        None => Ok(table),
    }
}

/// A file that holds a table.
struct TableFile {
    store: Rc<dyn ReadStore>,
    key: String,
    options: ReadOptions,
    /// For errors.
    url: String,
}

impl TableFile {
    async fn is_parquet(&self) -> Result<bool, FormatError> {
        let name = self.key.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("parquet" | "pq") => Ok(true),
            Some("csv" | "tsv" | "txt" | "gz") => Ok(false),
            _ => {
                let size = self.store.size(&self.key, &self.options).await?.ok_or_else(|| self.absent())?;
                let magic = parquet::MAGIC.len() as u64;
                Ok(size >= magic && self.range(0..magic).await? == parquet::MAGIC)
            }
        }
    }

    async fn range(&self, range: Range<u64>) -> Result<Bytes, FormatError> {
        self.store.get_range(&self.key, range, &self.options).await?.ok_or_else(|| self.absent())
    }

    fn absent(&self) -> FormatError {
        FormatError::NotFound { url: self.url.clone() }
    }

    fn bad(&self, reason: String) -> FormatError {
        FormatError::BadData { reason, url: self.url.clone() }
    }
}
