//! Archives that are damaged: they end with bytes, absence or an error, never with a panic, and take no more memory than they say.

use std::path::Path;
use std::rc::Rc;

use proptest::prelude::*;
use proptest::sample::Index;

use super::{ZipArchive, ZipStore};
use crate::runtime::Cancel;
use crate::store::{MemoryStore, ReadOptions, ReadStore, ResourceKind, SizeLimits, StoreError};

fn archive(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/zip").join(name)).unwrap()
}

fn store(bytes: Vec<u8>) -> ZipStore {
    let mut file = MemoryStore::default();
    file.insert("a.zip", bytes);
    ZipStore::new(Rc::new(ZipArchive::new(Rc::new(file), "a.zip".to_owned(), SizeLimits::default())), String::new())
}

fn read(store: &ZipStore, key: &str) -> Result<Option<bytes::Bytes>, StoreError> {
    let options = ReadOptions { kind: ResourceKind::Chunk, cancel: Cancel::never() };
    futures::executor::block_on(store.get(key, &options))
}

fn read_part(store: &ZipStore, key: &str, start: u64, end: u64) -> Result<Option<bytes::Bytes>, StoreError> {
    let options = ReadOptions { kind: ResourceKind::Chunk, cancel: Cancel::never() };
    futures::executor::block_on(store.get_range(key, start..end, &options))
}

proptest! {
    #[test]
    fn damage_never_panics(
        name in prop::sample::select(vec!["contract-stored.zip", "contract-deflated.zip", "zip64.zip"]),
        cut in prop::option::of(any::<Index>()),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..6),
        ends in prop::collection::vec((0_usize..120, any::<u8>()), 0..6),
        start in 0_u64..12,
        len in 0_u64..12,
    ) {
        let mut bytes = archive(name);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        // Where the end record and the directory lie.
        let size = bytes.len();
        for (back, value) in ends {
            bytes[size - 1 - back] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(size));
        }
        let store = store(bytes);
        for key in ["digits", "empty", "a/b/c.0-64_-5-35_17-41", "zarr.json", "c/0/0/0", "nothing"] {
            if let Ok(Some(bytes)) = read(&store, key) {
                prop_assert!(bytes.len() < 1 << 20);
            }
            if let Ok(Some(bytes)) = read_part(&store, key, start, start + len) {
                prop_assert_eq!(bytes.len() as u64, len);
            }
        }
    }

    #[test]
    fn any_bytes_may_be_taken_for_an_archive(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _whatever = read(&store(bytes), "digits");
    }
}
