//! Parquet files: the footer, then the chunks of the columns that are wanted, by ranges.
//!
//! Read are flat columns, and lists that are of one length in all rows that have one, such as positions. Packed with nothing, Snappy, gzip, Zstandard or
//! LZ4; plain, by dictionary, as differences, or split by bytes. What else there is, is left out and named.

mod encoding;
mod pages;
mod schema;
#[cfg(test)]
mod tests;
mod thrift;

use bytes::Bytes;
use futures::stream::{self, StreamExt};

use super::{MOST_TABLE_BYTES, TableFile};
use crate::format::FormatError;
use crate::format::column::{Column, Values};
use crate::format::content::Table;

use encoding::Cell;
use pages::{Rows, Trouble};
use schema::{Chunk, Leaf, Physical, Schema};

/// What every file begins and ends with.
pub(super) const MAGIC: &[u8] = b"PAR1";
/// The length of the footer and the magic number.
const TAIL_BYTES: u64 = 8;
/// What is read of the end at first: more than most footers take.
const FIRST_BYTES: u64 = 64 << 10;
const MOST_FOOTER_BYTES: u64 = 16 << 20;
/// Chunks of columns that are read at one time.
const CHUNKS_AT_ONCE: usize = 8;

pub(super) async fn read(file: &TableFile, wanted: Option<&[String]>) -> Result<Table, FormatError> {
    let schema = Schema::parse(&footer(file).await?).map_err(|reason| file.bad(reason))?;
    let is_wanted = |name: &str| wanted.is_none_or(|wanted| wanted.iter().any(|one| one == name));
    let left_out = schema.left_out.iter().filter(|(name, _)| is_wanted(name)).map(|(_, sentence)| sentence.clone()).collect();
    let mut table = Table { rows: schema.rows, columns: Vec::new(), left_out };
    let mut budget = MOST_TABLE_BYTES;
    for leaf in schema.leaves.iter().filter(|leaf| is_wanted(&leaf.name)) {
        let chunks: Vec<&Chunk> = schema.groups.iter().filter_map(|group| group.get(leaf.number)).collect();
        let read = match leaf.physical {
            Physical::Bool => read_column(file, leaf, &chunks, &mut budget, Values::Uint8).await,
            Physical::Int32 { signed: true } => read_column(file, leaf, &chunks, &mut budget, Values::Int32).await,
            Physical::Int32 { signed: false } => {
                read_column(file, leaf, &chunks, &mut budget, |values: Vec<i32>| {
                    Values::Uint32(values.into_iter().map(i32::cast_unsigned).collect())
                })
                .await
            }
            Physical::Int64 { signed: true } => read_column(file, leaf, &chunks, &mut budget, Values::Int64).await,
            Physical::Int64 { signed: false } => {
                read_column(file, leaf, &chunks, &mut budget, |values: Vec<i64>| {
                    Values::Uint64(values.into_iter().map(i64::cast_unsigned).collect())
                })
                .await
            }
            Physical::Float => read_column(file, leaf, &chunks, &mut budget, Values::Float32).await,
            Physical::Double => read_column(file, leaf, &chunks, &mut budget, Values::Float64).await,
            Physical::Text => read_column(file, leaf, &chunks, &mut budget, Values::Text).await,
        };
        match read? {
            Ok((column, rows)) if rows == schema.rows => table.columns.push(column),
            Ok((_, rows)) => return Err(file.bad(format!("\"{}\" has {rows} rows of {}", leaf.name, schema.rows))),
            Err(Trouble::LeftOut(what)) => table.left_out.push(format!("The column \"{}\" {what} and is not read.", leaf.name)),
            Err(Trouble::Bad(reason)) => return Err(file.bad(format!("\"{}\": {reason}", leaf.name))),
        }
    }
    Ok(table)
}

async fn read_column<T: Cell>(
    file: &TableFile,
    leaf: &Leaf,
    chunks: &[&Chunk],
    budget: &mut usize,
    values: impl FnOnce(Vec<T>) -> Values,
) -> Result<Result<(Column, u32), Trouble>, FormatError> {
    let mut rows = Rows::<T>::new(leaf);
    let reads = chunks.iter().map(|chunk| async move { (*chunk, file.range(chunk.start..chunk.start + chunk.len).await) });
    let mut reads = stream::iter(reads).buffered(CHUNKS_AT_ONCE);
    while let Some((chunk, bytes)) = reads.next().await {
        if let Err(trouble) = rows.take_chunk(leaf, chunk, &bytes?, budget) {
            return Ok(Err(trouble));
        }
    }
    let components = u32::try_from(rows.components.max(1)).unwrap_or(u32::MAX);
    if rows.components == 0 {
        // No row has a list.
        rows.values = vec![T::nothing(); rows.count as usize];
    }
    let column = Column { name: leaf.name.clone(), components, values: values(rows.values), missing: rows.missing };
    Ok(Ok((column, rows.count)))
}

/// The metadata at the end of the file.
async fn footer(file: &TableFile) -> Result<Bytes, FormatError> {
    let size = file.store.size(&file.key, &file.options).await?.ok_or_else(|| file.absent())?;
    let first = size.min(FIRST_BYTES);
    let mut end = file.range(size - first..size).await?;
    let tail = end.len().checked_sub(8).and_then(|at| end.get(at..)).and_then(|tail| tail.as_chunks::<4>().0.as_array::<2>());
    let Some([len, magic]) = tail else { return Err(file.bad("it is too short for a Parquet file".to_owned())) };
    if magic.as_slice() == b"PARE" {
        return Err(file.bad("its footer is encrypted".to_owned()));
    }
    if magic.as_slice() != MAGIC {
        return Err(file.bad("it does not end with \"PAR1\"".to_owned()));
    }
    let len = u64::from(u32::from_le_bytes(*len));
    if len > MOST_FOOTER_BYTES || len + TAIL_BYTES > size {
        return Err(file.bad(format!("its footer of {len} bytes does not fit a file of {size}, or is larger than {MOST_FOOTER_BYTES}")));
    }
    if len + TAIL_BYTES > first {
        return file.range(size - TAIL_BYTES - len..size - TAIL_BYTES).await;
    }
    let at = usize::try_from(first - TAIL_BYTES - len).unwrap_or(0);
    end.truncate(end.len() - 8);
    Ok(end.split_off(at))
}
