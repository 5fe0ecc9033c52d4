//! One dataset: from the place of a block to its voxels.

use std::rc::Rc;

use super::attributes::Dataset;
use super::block;
use crate::format::FormatError;
use crate::format::arrays::{ArrayFacts, ReadArray};
use crate::runtime::Cancel;
use crate::store::{ReadOptions, ReadStore, ResourceKind, StoreError};

/// A dataset and the store that holds its blocks. To others it is an array whose last dimension is the fastest: N5's dimensions, reversed.
pub(super) struct N5Array {
    dataset: Dataset,
    store: Rc<dyn ReadStore>,
}

impl N5Array {
    /// A dataset in the store rooted at its folder.
    pub(super) fn new(dataset: Dataset, store: Rc<dyn ReadStore>) -> Self {
        Self { dataset, store }
    }
}

/// The path of a block has a folder by dimension, the first first.
fn key(grid: &[u64]) -> String {
    grid.iter().rev().map(u64::to_string).collect::<Vec<_>>().join("/")
}

impl ReadArray for N5Array {
    fn facts(&self) -> ArrayFacts {
        ArrayFacts {
            shape: self.dataset.dimensions.iter().rev().copied().collect(),
            chunk_shape: self.dataset.chunk_shape().rev().collect(),
            chunks_per_file: None,
            data_type: self.dataset.data_type,
            fill_bits: 0,
            encoding: self.dataset.encoding.clone(),
        }
    }

    async fn chunk(&self, grid: &[u64], cancel: &Cancel) -> Result<Option<Vec<u8>>, FormatError> {
        let key = key(grid);
        let options = ReadOptions { kind: ResourceKind::Chunk, cancel: cancel.clone() };
        let Some(bytes) = self.store.get(&key, &options).await? else { return Ok(None) };
        if cancel.is_cancelled() {
            return Err(StoreError::Cancelled.into());
        }
        block::decode(&bytes, &self.dataset).map(Some).map_err(|error| FormatError::from_codec(error, &self.store.describe(&key)))
    }

    fn describe(&self, grid: &[u64]) -> String {
        self.store.describe(&key(grid))
    }
}
