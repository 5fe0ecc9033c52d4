//! Requests that reading makes, and metadata and bytes that mean harm. Values are tested against other writers' files in
//! `tests/volumes.rs`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use futures::future::{FutureExt, join_all};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::format::{FormatError, Said, Selection, open};
use crate::runtime::{Cancel, CancelSource};
use crate::store::{MaybeBytes, MemoryStore, ReadOptions, ReadStore, StoreError, StoreFuture};

/// Serves one folder from memory, writes down what is asked, and answers each request only when polled a second time.
#[derive(Clone, Default)]
struct Recorder {
    store: MemoryStore,
    refused: Vec<&'static str>,
    log: Rc<RefCell<Vec<String>>>,
}

impl Recorder {
    fn note(&self, text: String) {
        self.log.borrow_mut().push(text);
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.borrow_mut())
    }
}

/// Pends once, so that requests made together overlap.
async fn later() {
    let mut is_first = true;
    std::future::poll_fn(|context| {
        if std::mem::take(&mut is_first) {
            context.waker().wake_by_ref();
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(())
    })
    .await;
}

impl Provider for Recorder {
    fn document<'a>(&'a self, url: &'a str, _cancel: &'a Cancel) -> StoreFuture<'a, MaybeBytes> {
        async move {
            later().await;
            let name =
                ["https://h/data.zarr/", "https://h/data/", "https://h/"].iter().find_map(|folder| url.strip_prefix(folder)).unwrap();
            self.note(name.to_owned());
            if self.refused.contains(&name) {
                return Err(StoreError::Forbidden { status: 403, url: url.to_owned() });
            }
            self.store.get(name, &ReadOptions { kind: crate::store::ResourceKind::Metadata, cancel: Cancel::never() }).await
        }
        .boxed_local()
    }

    fn store(&self, _url: &str) -> Result<Rc<dyn ReadStore>, StoreError> {
        Ok(Rc::new(self.clone()))
    }
}

impl ReadStore for Recorder {
    fn get<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        self.note(key.to_owned());
        self.store.get(key, options)
    }

    fn get_range<'a>(&'a self, key: &'a str, range: Range<u64>, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        async move {
            self.note(format!("{key} {}..{}", range.start, range.end));
            later().await;
            self.store.get_range(key, range, options).await
        }
        .boxed_local()
    }

    fn size<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, Option<u64>> {
        async move {
            self.note(format!("{key} size"));
            later().await;
            self.store.size(key, options).await
        }
        .boxed_local()
    }

    fn describe(&self, key: &str) -> String {
        key.to_owned()
    }
}

/// An array of 4×4×4 voxels, 16 bits, in shards of 4×4×4 with chunks of 2×2×2 and no compression.
fn sharded(index_location: &str) -> serde_json::Value {
    let bytes = json!({ "name": "bytes", "configuration": { "endian": "little" } });
    json!({
        "zarr_format": 3, "node_type": "array", "shape": [4, 4, 4], "data_type": "uint16", "fill_value": 7,
        "chunk_grid": { "name": "regular", "configuration": { "chunk_shape": [4, 4, 4] } },
        "chunk_key_encoding": { "name": "default", "configuration": { "separator": "/" } },
        "codecs": [{ "name": "sharding_indexed", "configuration": {
            "chunk_shape": [2, 2, 2], "codecs": [bytes], "index_codecs": [bytes, { "name": "crc32c" }], "index_location": index_location,
        } }],
        "attributes": {},
    })
}

/// A shard of that array: chunk `n` is full of `n`, chunk 5 absent.
fn shard(index_location: &str) -> Vec<u8> {
    let start = if index_location == "start" { 132 } else { 0 };
    let chunks: Vec<u8> = (0..8_u16).flat_map(|n| [n; 8]).flat_map(u16::to_le_bytes).collect();
    let entries = (0..8_u64).flat_map(|n| if n == 5 { [u64::MAX; 2] } else { [start + n * 16, 16] });
    let mut index: Vec<u8> = entries.flat_map(u64::to_le_bytes).collect();
    index.extend(crc32c::crc32c(&index).to_le_bytes());
    if start > 0 { [index, chunks].concat() } else { [chunks, index].concat() }
}

fn recorder(values: BTreeMap<&str, Vec<u8>>) -> Recorder {
    let mut recorder = Recorder::default();
    for (key, value) in values {
        recorder.store.insert(key, value);
    }
    recorder
}

fn open_data(recorder: &Recorder, url: &str) -> Result<Box<dyn ChunkSource>, FormatError> {
    pollster::block_on(open(Rc::new(recorder.clone()), url, &Said::default(), &Cancel::never()))
}

#[test]
fn reads_an_index_once_for_all_who_ask() {
    for (location, index_reads) in [("end", vec!["c/0/0/0 size", "c/0/0/0 128..260"]), ("start", vec!["c/0/0/0 0..132"])] {
        let recorder =
            recorder([("zarr.json", sharded(location).to_string().into_bytes()), ("c/0/0/0", shard(location))].into_iter().collect());
        let source = open_data(&recorder, "https://h/data.zarr").unwrap();
        recorder.taken();
        let (selection, never) = (Selection::default(), Cancel::never());
        let given_up = CancelSource::new();
        let token = given_up.token();
        let blocks = pollster::block_on(async {
            // Who gives up takes nothing from the others.
            let cancelled = source.chunk(0, [0, 0, 0], &selection, &token);
            let reads = join_all((0..8).map(|n| source.chunk(0, [n % 2, n / 2 % 2, n / 4], &selection, &never)));
            let cancel = async { given_up.cancel() };
            let (cancelled, blocks, ()) = futures::join!(cancelled, reads, cancel);
            assert_eq!(cancelled, Err(StoreError::Cancelled.into()));
            blocks
        });
        for (n, block) in blocks.into_iter().enumerate() {
            let bits = block.unwrap().map(|block| block.bits([1, 1, 1]).unwrap());
            assert_eq!(bits, (n != 5).then_some(n as u64), "chunk {n}");
        }
        let log = recorder.taken();
        let index_requests: Vec<_> = log.iter().filter(|entry| index_reads.contains(&entry.as_str())).collect();
        assert_eq!(index_requests, index_reads, "{log:?}");
        assert_eq!(log.len(), index_reads.len() + 7, "{log:?}");
        assert_eq!(source.spec().fill_bits, 7);
    }
}

#[test]
fn stops_reading_an_index_that_nobody_waits_for() {
    let recorder = recorder([("zarr.json", sharded("end").to_string().into_bytes()), ("c/0/0/0", shard("end"))].into_iter().collect());
    let source = open_data(&recorder, "https://h/data.zarr").unwrap();
    recorder.taken();
    let (selection, cancel) = (Selection::default(), CancelSource::new());
    let token = cancel.token();
    cancel.cancel();
    assert_eq!(pollster::block_on(source.chunk(0, [0, 0, 0], &selection, &token)), Err(StoreError::Cancelled.into()));
    assert!(!recorder.taken().iter().any(|entry| entry.contains("..")));
    assert!(pollster::block_on(source.chunk(0, [0, 0, 0], &selection, &Cancel::never())).unwrap().is_some());
}

#[test]
fn finds_the_format_with_few_requests() {
    let array = sharded("end").to_string().into_bytes();
    let named = recorder([("zarr.json", array.clone())].into_iter().collect());
    open_data(&named, "https://h/data.zarr").unwrap();
    assert_eq!(named.taken(), ["zarr.json", ".zarray", ".zattrs"]);
    open_data(&named, "https://h/data").unwrap();
    assert_eq!(named.taken(), ["info", "zarr.json", ".zarray", ".zattrs"]);
    for url in ["zarr://https://h/data", "https://h/|zarr3:data"] {
        open_data(&named, url).unwrap();
        assert_eq!(named.taken(), ["zarr.json", ".zarray", ".zattrs"], "{url}");
    }
    assert!(matches!(open_data(&named, "deepzoom://https://h/data"), Err(FormatError::Unsupported { what: "the format", .. })));
    assert!(named.taken().is_empty());
    // A site that answers every path with its page, a bucket that forbids what is absent: what is there counts.
    let page = recorder([("info", b"<!doctype html>".to_vec()), ("zarr.json", array)].into_iter().collect());
    assert!(open_data(&page, "https://h/data").is_ok());
    let forbidden = Recorder { refused: vec!["info", ".zarray"], ..named };
    assert!(open_data(&forbidden, "https://h/data").is_ok());
}

/// A v2 image of `levels` levels, each of one voxel fewer than the one before, and a copy of all its documents.
fn consolidated(levels: u64) -> Recorder {
    let array = |level: u64| json!({ "zarr_format": 2, "shape": [9 - level], "chunks": [9], "dtype": "|u1", "order": "C", "fill_value": 0, "filters": null, "compressor": null });
    let datasets: Vec<_> = (0..levels)
        .map(|level| json!({ "path": level.to_string(), "coordinateTransformations": [{ "type": "scale", "scale": [level + 1] }] }))
        .collect();
    let attributes = json!({ "multiscales": [{ "version": "0.4", "axes": [{ "name": "x", "type": "space" }], "datasets": datasets }] });
    let mut metadata = serde_json::Map::from_iter([(".zattrs".to_owned(), attributes.clone())]);
    let mut recorder = Recorder::default();
    recorder.store.insert(".zattrs", attributes.to_string().into_bytes());
    for level in 0..levels {
        metadata.insert(format!("{level}/.zarray"), array(level));
        recorder.store.insert(format!("{level}/.zarray"), array(level).to_string().into_bytes());
    }
    recorder.store.insert(".zmetadata", json!({ "zarr_consolidated_format": 1, "metadata": metadata }).to_string().into_bytes());
    recorder
}

#[test]
fn one_document_stands_for_many_levels() {
    let probes = ["zarr.json", ".zarray", ".zattrs"];
    let asked = |recorder: &Recorder| {
        let source = open_data(recorder, "https://h/data.zarr").unwrap();
        let widths: Vec<i64> = source.spec().levels.iter().map(|level| level.voxel_box.max[0]).collect();
        assert_eq!(widths, (0..widths.len() as i64).map(|level| 9 - level).collect::<Vec<_>>());
        recorder.taken().split_off(probes.len())
    };
    let own = |levels: u64| (0..levels).map(|level| format!("{level}/.zarray")).collect::<Vec<_>>();
    assert_eq!(asked(&consolidated(3)), own(3));
    assert_eq!(asked(&consolidated(8)), [".zmetadata"]);
    let change = |from: &str, to: &str| {
        let mut recorder = consolidated(8);
        let options = ReadOptions { kind: crate::store::ResourceKind::Metadata, cancel: Cancel::never() };
        let copy = pollster::block_on(recorder.store.get(".zmetadata", &options)).unwrap().unwrap();
        let copy = String::from_utf8(copy.to_vec()).unwrap().replace(from, to);
        recorder.store.insert(".zmetadata", copy.into_bytes());
        recorder
    };
    // Of other attributes than the group's, so older or newer; a level that it lacks; one that makes no sense; one that is no JSON.
    assert_eq!(asked(&change("0.4", "0.3")), [vec![".zmetadata".to_owned()], own(8)].concat());
    assert_eq!(asked(&change("5/.zarray", "9/.zarray")), [".zmetadata", "5/.zarray"]);
    assert_eq!(asked(&change("\"shape\":[4]", "\"shape\":[-4]")), [".zmetadata", "5/.zarray"]);
    assert_eq!(asked(&change("}", "")), [vec![".zmetadata".to_owned()], own(8)].concat());
}

#[test]
fn says_why_nothing_opens() {
    let empty = recorder(BTreeMap::new());
    let Err(FormatError::NotFound { url }) = open_data(&empty, "https://h/data") else { panic!("an empty folder opens") };
    assert_eq!(url, "https://h/data");
    let forbidden = Recorder { refused: vec!["info", "zarr.json"], ..empty };
    assert!(matches!(open_data(&forbidden, "https://h/data"), Err(FormatError::Store(StoreError::Forbidden { status: 403, .. }))));
    let page = recorder([("info", b"\n<html>".to_vec())].into_iter().collect());
    let Err(error) = open_data(&page, "https://h/data") else { panic!("a page opens") };
    assert!(error.to_string().contains("HTML"), "{error}");
}

/// Replaces the value at a place of the document, counted through it.
fn replace(value: &mut serde_json::Value, place: &mut usize, with: &serde_json::Value) {
    if *place == 0 {
        *value = with.clone();
        *place = usize::MAX;
        return;
    }
    *place -= 1;
    let children: Vec<&mut serde_json::Value> = match value {
        serde_json::Value::Array(list) => list.iter_mut().collect(),
        serde_json::Value::Object(members) => members.values_mut().collect(),
        _ => return,
    };
    for child in children {
        replace(child, place, with);
        if *place == usize::MAX {
            return;
        }
    }
}

fn hostile() -> impl Strategy<Value = serde_json::Value> {
    prop::sample::select(vec![
        json!(null),
        json!(-1),
        json!(0),
        json!(1),
        json!(3),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(1_u64 << 53),
        json!(u64::from(u32::MAX)),
        json!("transpose"),
        json!("end"),
        json!(""),
        json!([]),
        json!({}),
        json!([1]),
        json!([u64::MAX, u64::MAX, u64::MAX]),
        json!([2, 1, 0]),
        json!([0, 0, 9]),
        json!({ "name": "sharding_indexed" }),
        json!({ "name": "gzip" }),
        json!({ "name": "transpose", "configuration": { "order": [7, 7] } }),
        json!([[[[]]]]),
    ])
}

fn try_all(recorder: &Recorder) {
    let Ok(source) = open_data(recorder, "https://h/data") else {
        return;
    };
    for place in [[0, 0, 0], [1, 1, 1], [-1, 0, 0], [i64::MAX, 0, 0]] {
        _ = pollster::block_on(source.chunk(0, place, &Selection::default(), &Cancel::never()));
    }
}

proptest! {
    #[test]
    fn no_metadata_panics(changes in prop::collection::vec((0usize..60, hostile()), 1..4), at_start in any::<bool>()) {
        let location = if at_start { "start" } else { "end" };
        let mut document = sharded(location);
        for (mut place, with) in changes {
            replace(&mut document, &mut place, &with);
        }
        try_all(&recorder([("zarr.json", document.to_string().into_bytes()), ("c/0/0/0", shard(location))].into_iter().collect()));
    }

    #[test]
    fn no_v2_metadata_panics(changes in prop::collection::vec((0usize..40, hostile()), 1..4)) {
        let mut document = json!({
            "zarr_format": 2, "shape": [4, 4, 4], "chunks": [2, 2, 2], "dtype": ">u2", "order": "F", "fill_value": 0,
            "filters": null, "compressor": { "id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1, "blocksize": 0 },
        });
        for (mut place, with) in changes {
            replace(&mut document, &mut place, &with);
        }
        try_all(&recorder([(".zarray", document.to_string().into_bytes()), ("0.0.0", vec![0; 16])].into_iter().collect()));
    }

    #[test]
    fn no_image_panics(changes in prop::collection::vec((0usize..60, hostile()), 1..4)) {
        let mut document = json!({ "zarr_format": 3, "node_type": "group", "attributes": { "ome": { "version": "0.5", "multiscales": [{
            "axes": [{ "name": "z", "type": "space" }, { "name": "y", "type": "space" }, { "name": "x", "type": "space", "unit": "meter" }],
            "datasets": [{ "path": "0", "coordinateTransformations": [
                { "type": "scale", "scale": [4, 2, 2] }, { "type": "translation", "translation": [1, 1, 1] },
            ] }],
            "coordinateTransformations": [{ "type": "scale", "scale": [1, 1, 1] }],
        }] } } });
        for (mut place, with) in changes {
            replace(&mut document, &mut place, &with);
        }
        let array = sharded("end").to_string().into_bytes();
        try_all(&recorder([("zarr.json", document.to_string().into_bytes()), ("0/zarr.json", array)].into_iter().collect()));
    }

    #[test]
    fn no_shard_panics(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8), len in 0usize..300, nested in any::<bool>()) {
        let mut document = sharded("end");
        // Without its checksum the index reaches the code that uses it; before another codec the shard is decoded whole.
        document["codecs"][0]["configuration"]["index_codecs"] = json!([{ "name": "bytes", "configuration": { "endian": "little" } }]);
        let mut bytes = shard("end");
        bytes.truncate(bytes.len() - 4);
        for (at, with) in changes {
            let at = at.index(bytes.len());
            bytes[at] = with;
        }
        bytes.truncate(len);
        if nested {
            document["codecs"] = json!([{ "name": "transpose", "configuration": { "order": [0, 1, 2] } }, document["codecs"][0]]);
        }
        try_all(&recorder([("zarr.json", document.to_string().into_bytes()), ("c/0/0/0", bytes)].into_iter().collect()));
    }
}
