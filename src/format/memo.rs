//! Reads that are made once however many ask, and kept for a while under a byte budget: indices of shards, and chunks that several channels share.
//!
//! Absence is kept, failures are not. Who gives up does not disturb the others; when all have given up, the read is dropped, and so ended.

use std::cell::RefCell;
use std::hash::Hash;
use std::rc::Rc;

use futures::future::{FutureExt, LocalBoxFuture};

use super::FormatError;
use crate::runtime::Cancel;
use crate::store::wrap::{ByteLru, Merge, or_cancelled};
use crate::voxel::VoxelBlock;

/// What a read gives: `None` where there is nothing.
pub(crate) type Fetched<V> = Result<Option<Rc<V>>, FormatError>;

/// What a volume keeps of chunks that hold several channels, in each worker.
pub(crate) const SHARED_CHUNKS_BYTES: usize = 128 << 20;
/// What an entry costs beside its value.
const ENTRY_BYTES: usize = 128;

/// Bytes that a value keeps in memory.
pub(crate) trait SizeBytes {
    fn size_bytes(&self) -> usize;
}

impl SizeBytes for Vec<u8> {
    fn size_bytes(&self) -> usize {
        self.len()
    }
}

impl SizeBytes for VoxelBlock {
    fn size_bytes(&self) -> usize {
        self.data.len()
    }
}

/// Values by key.
pub(crate) struct Memo<K, V> {
    kept: Rc<RefCell<ByteLru<K, Option<Rc<V>>>>>,
    reads: Merge<K, Fetched<V>>,
}

impl<K: Clone + Eq + Hash + 'static, V: SizeBytes + 'static> Memo<K, V> {
    pub(crate) fn new(budget_bytes: usize) -> Self {
        Self { kept: Rc::new(RefCell::new(ByteLru::new(budget_bytes))), reads: Merge::new() }
    }

    /// The value of a key: kept, on its way, or read by `read`, which may outlive the one who asked first and therefore must not listen to their
    /// `cancel`.
    pub(crate) async fn get(&self, key: K, cancel: &Cancel, read: impl FnOnce() -> LocalBoxFuture<'static, Fetched<V>>) -> Fetched<V> {
        let known = self.kept.borrow_mut().get(&key);
        if let Some(value) = known {
            return Ok(value);
        }
        let reading = self.reads.join(key.clone(), || {
            let (kept, read) = (Rc::clone(&self.kept), read());
            async move {
                let fetched = read.await;
                if let Ok(value) = &fetched {
                    let bytes = ENTRY_BYTES + value.as_ref().map_or(0, |value| value.size_bytes());
                    kept.borrow_mut().insert(key, value.clone(), bytes);
                }
                fetched
            }
            .boxed_local()
        });
        or_cancelled(cancel, reading).await
    }
}
