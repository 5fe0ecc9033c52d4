//! Damaged Parquet files: nothing panics, nothing takes memory that the file cannot fill.

use std::rc::Rc;

use proptest::prelude::*;

use super::super::TableFile;
use crate::format::FormatError;
use crate::format::content::Table;
use crate::runtime::Cancel;
use crate::store::{MemoryStore, ReadOptions, ResourceKind};

const FILES: [&[u8]; 3] = [
    include_bytes!("../../../../tests/data/contents/tables/snappy.parquet"),
    include_bytes!("../../../../tests/data/contents/tables/encodings.parquet"),
    include_bytes!("../../../../tests/data/contents/tables/zstd.parquet"),
];

fn read(bytes: &[u8]) -> Result<Table, FormatError> {
    let mut store = MemoryStore::default();
    store.insert("t", bytes.to_vec());
    let options = ReadOptions { kind: ResourceKind::Table, cancel: Cancel::never() };
    pollster::block_on(super::read(&TableFile { store: Rc::new(store), key: "t".to_owned(), options, url: "t".to_owned() }, None))
}

#[test]
fn a_file_that_is_cut_says_so() {
    for file in FILES {
        assert_eq!(read(file).unwrap().rows, 50);
        for len in (0..file.len()).step_by(7) {
            assert!(matches!(read(&file[..len]), Err(FormatError::BadData { .. })), "{len}");
        }
    }
}

proptest! {
    #[test]
    fn never_panics(which in 0_usize..FILES.len(), spoils in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), from_end in any::<bool>()) {
        let mut bytes = FILES[which].to_vec();
        // Half of the time in the footer, which is what says how much there is.
        let footer = bytes.len() - 4000;
        for (at, with) in spoils {
            let at = if from_end { footer + at.index(4000) } else { at.index(bytes.len()) };
            bytes[at] = with;
        }
        if let Ok(table) = read(&bytes) {
            for column in table.columns {
                prop_assert_eq!(column.values.len(), table.rows as usize * column.components as usize);
            }
        }
    }
}
