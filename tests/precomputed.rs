//! Precomputed volumes against bad input, and how their indices are read.
#![cfg(feature = "decode")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures::future::{FutureExt, join_all, ready};
use neurolume::error::{ErrorCode, ViewerError};
use neurolume::format::precomputed::{self, PrecomputedVolume};
use neurolume::format::{ChunkSource, FormatError, Selection};
use neurolume::runtime::{Cancel, CancelSource};
use neurolume::store::{MaybeBytes, MemoryStore, Provider, ReadOptions, ReadStore, ResourceKind, StoreError, StoreFuture};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Key, range (`None`: the whole) and kind of a read.
type Read = (String, Option<Range<u64>>, ResourceKind);

/// Files in memory below `https://data/`; reads are recorded, and wait while the gate is shut.
#[derive(Clone, Default)]
struct Memory {
    files: Rc<RefCell<BTreeMap<String, Bytes>>>,
    reads: Rc<RefCell<Vec<Read>>>,
    shut: Rc<Cell<bool>>,
    waiting: Rc<Cell<usize>>,
}

impl Memory {
    fn insert(&self, path: &str, bytes: impl Into<Bytes>) {
        self.files.borrow_mut().insert(format!("https://data/{path}"), bytes.into());
    }

    /// A folder of the test data, below `volume/`.
    fn with_folder(name: &str) -> Self {
        fn walk(memory: &Memory, folder: &std::path::Path, place: &str) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let place = format!("{place}/{}", path.file_name().unwrap().to_str().unwrap());
                if path.is_dir() { walk(memory, &path, &place) } else { memory.insert(&place, std::fs::read(&path).unwrap()) }
            }
        }
        let memory = Self::default();
        walk(&memory, &support::data_folder().join("precomputed").join(name), "volume");
        memory
    }

    fn open(&self, path: &str) -> Result<PrecomputedVolume, FormatError> {
        pollster::block_on(precomputed::open(Rc::new(self.clone()), &format!("https://data/{path}"), &Cancel::never()))
    }

    fn count(&self, kind: ResourceKind) -> usize {
        self.reads.borrow().iter().filter(|read| read.2 == kind).count()
    }
}

impl Provider for Memory {
    fn document<'a>(&'a self, url: &'a str, _cancel: &'a Cancel) -> StoreFuture<'a, MaybeBytes> {
        ready(Ok(self.files.borrow().get(url).cloned())).boxed_local()
    }

    fn store(&self, url: &str) -> Result<Rc<dyn ReadStore>, StoreError> {
        let mut inner = MemoryStore::default();
        for (path, bytes) in self.files.borrow().iter() {
            if let Some(key) = path.strip_prefix(&format!("{url}/")) {
                inner.insert(key, bytes.clone());
            }
        }
        Ok(Rc::new(Recorder { memory: self.clone(), inner }))
    }
}

struct Recorder {
    memory: Memory,
    inner: MemoryStore,
}

/// Waits while the gate is shut; dropped, it counts as ended.
struct Gate(Memory);

impl Gate {
    fn new(memory: &Memory) -> Self {
        memory.waiting.set(memory.waiting.get() + 1);
        Self(memory.clone())
    }
}

impl Future for Gate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<()> {
        if self.0.shut.get() { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.0.waiting.set(self.0.waiting.get() - 1);
    }
}

impl ReadStore for Recorder {
    fn get<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        self.memory.reads.borrow_mut().push((key.to_owned(), None, options.kind));
        let gate = Gate::new(&self.memory);
        async move {
            gate.await;
            self.inner.get(key, options).await
        }
        .boxed_local()
    }

    fn get_range<'a>(&'a self, key: &'a str, range: Range<u64>, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        self.memory.reads.borrow_mut().push((key.to_owned(), Some(range.clone()), options.kind));
        let gate = Gate::new(&self.memory);
        async move {
            gate.await;
            self.inner.get_range(key, range, options).await
        }
        .boxed_local()
    }

    fn size<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, Option<u64>> {
        self.inner.size(key, options)
    }

    fn describe(&self, key: &str) -> String {
        self.inner.describe(key)
    }
}

/// All places of the finest level.
fn places(volume: &PrecomputedVolume) -> Vec<[i64; 3]> {
    let max = volume.spec().levels[0].grid_box().max;
    (0..max[2]).flat_map(|z| (0..max[1]).flat_map(move |y| (0..max[0]).map(move |x| [x, y, z]))).collect()
}

#[test]
fn each_index_is_read_once() {
    // Two shards of four minishards, neither encoded.
    let memory = Memory::with_folder("sharded-6-murmurhash3-0-2-1-raw-raw");
    let volume = memory.open("volume").unwrap();
    let selection = Selection::default();
    let cancel = Cancel::never();
    let read_all = || join_all(places(&volume).into_iter().map(|place| volume.chunk(0, place, &selection, &cancel)));
    let chunks = pollster::block_on(read_all());
    assert!(chunks.iter().all(Result::is_ok));
    let index_reads = memory.count(ResourceKind::Index);
    assert_eq!(index_reads, 2 + 2 * 4, "{:?}", memory.reads.borrow());
    pollster::block_on(read_all());
    assert_eq!(memory.count(ResourceKind::Index), index_reads, "kept");
    let present = chunks.iter().filter(|chunk| matches!(chunk, Ok(Some(_)))).count();
    assert_eq!(memory.count(ResourceKind::Chunk), 2 * present, "chunks that are absent are not asked for");
}

#[test]
fn cancelling_one_request_leaves_the_others_their_index() {
    let memory = Memory::with_folder("sharded-0-identity-0-0-0-raw-raw");
    let volume = memory.open("volume").unwrap();
    let selection = Selection::default();
    let mut context = Context::from_waker(Waker::noop());
    let (source, never) = (CancelSource::new(), Cancel::never());
    let cancel = source.token();
    memory.shut.set(true);
    let mut first = volume.chunk(0, [1, 0, 0], &selection, &cancel);
    let mut second = volume.chunk(0, [2, 0, 0], &selection, &never);
    assert!(first.poll_unpin(&mut context).is_pending() && second.poll_unpin(&mut context).is_pending());
    assert_eq!(memory.reads.borrow().len(), 1);
    source.cancel();
    assert!(matches!(first.poll_unpin(&mut context), Poll::Ready(Err(FormatError::Store(StoreError::Cancelled)))));
    memory.shut.set(false);
    assert!(matches!(second.poll_unpin(&mut context), Poll::Ready(Ok(Some(_)))));
    assert_eq!(memory.count(ResourceKind::Index), 2, "one shard index, one minishard index");
}

#[test]
fn an_index_that_nobody_waits_for_is_given_up() {
    let memory = Memory::with_folder("sharded-0-identity-0-0-0-raw-raw");
    let volume = memory.open("volume").unwrap();
    let (selection, never) = (Selection::default(), Cancel::never());
    let mut context = Context::from_waker(Waker::noop());
    memory.shut.set(true);
    let mut request = volume.chunk(0, [1, 0, 0], &selection, &never);
    assert!(request.poll_unpin(&mut context).is_pending());
    assert_eq!(memory.waiting.get(), 1);
    drop(request);
    assert_eq!(memory.waiting.get(), 0);
    memory.shut.set(false);
    assert!(pollster::block_on(volume.chunk(0, [1, 0, 0], &selection, &never)).unwrap().is_some());
}

fn read_all(volume: &PrecomputedVolume) -> Vec<Result<bool, FormatError>> {
    let read = |place| pollster::block_on(volume.chunk(0, place, &Selection::default(), &Cancel::never()));
    places(volume).into_iter().map(|place| read(place).map(|chunk| chunk.is_some())).collect()
}

#[test]
fn shards_that_lie_are_bad_data() {
    // One shard of one minishard: 16 bytes of index, then chunks, then the minishard index of 24 bytes per chunk.
    let memory = Memory::with_folder("sharded-0-identity-0-0-0-raw-raw");
    let shard = support::data_folder().join("precomputed/sharded-0-identity-0-0-0-raw-raw/8_8_40/0.shard");
    let shard = std::fs::read(shard).unwrap();
    let words = |words: [u64; 2]| words.map(u64::to_le_bytes).concat();
    for (what, head) in [
        ("ends before it begins", words([100, 40])),
        ("lies outside", words([1 << 40, (1 << 40) + 48])),
        ("is huge", words([0, 1 << 50])),
        ("overflows", words([u64::MAX - 24, u64::MAX])),
        ("is no whole number of entries", words([0, 25])),
    ] {
        let mut bytes = shard.clone();
        bytes[..16].copy_from_slice(&head);
        memory.insert("volume/8_8_40/0.shard", bytes);
        for chunk in read_all(&memory.open("volume").unwrap()) {
            let error = ViewerError::from(chunk.expect_err(what));
            assert_eq!(error.code, ErrorCode::BadData, "{what}: {}", error.message);
        }
    }
    for len in [0, 7, 16, 17, shard.len() / 2, shard.len() - 1] {
        memory.insert("volume/8_8_40/0.shard", shard[..len].to_vec());
        for chunk in read_all(&memory.open("volume").unwrap()) {
            assert_eq!(ViewerError::from(chunk.expect_err("truncated")).code, ErrorCode::BadData);
        }
    }
    memory.insert("volume/8_8_40/0.shard", vec![0; 16]);
    assert!(read_all(&memory.open("volume").unwrap()).into_iter().all(|chunk| chunk == Ok(false)), "an empty minishard");
}

/// A sound `info` to change.
fn info() -> Value {
    json!({
        "@type": "neuroglancer_multiscale_volume", "type": "segmentation", "data_type": "uint64", "num_channels": 1,
        "scales": [{
            "key": "a", "size": [20, 20, 20], "voxel_offset": [-3, 0, 5], "chunk_sizes": [[8, 8, 8]], "resolution": [4, 4, 40.5],
            "encoding": "compressed_segmentation", "compressed_segmentation_block_size": [8, 8, 8],
            "sharding": {
                "@type": "neuroglancer_uint64_sharded_v1", "hash": "identity", "preshift_bits": 0, "minishard_bits": 1, "shard_bits": 1,
            },
        }],
    })
}

fn open_info(info: &Value) -> Result<PrecomputedVolume, FormatError> {
    let memory = Memory::default();
    memory.insert("volume/info", info.to_string());
    memory.open("volume")
}

#[test]
fn infos_that_make_no_sense_are_refused() {
    assert!(open_info(&info()).is_ok());
    let scale = |name: &str| format!("/scales/0/{name}");
    let sharding = |name: &str| format!("/scales/0/sharding/{name}");
    let bad = ErrorCode::BadMetadata;
    let unsupported = ErrorCode::Unsupported;
    for (at, value, code, word) in [
        ("/@type".to_owned(), json!("neuroglancer_skeletons"), unsupported, "skeletons"),
        ("/@type".to_owned(), json!("neuroglancer_multilod_draco"), unsupported, "meshes"),
        ("/@type".to_owned(), json!("neuroglancer_annotations_v1"), unsupported, "annotations"),
        ("/data_type".to_owned(), json!("complex64"), unsupported, "complex64"),
        ("/data_type".to_owned(), json!(3), bad, "data_type"),
        ("/data_type".to_owned(), json!("uint8"), bad, "uint8"),
        ("/num_channels".to_owned(), json!(0), bad, "num_channels"),
        ("/num_channels".to_owned(), json!(1e300), bad, "num_channels"),
        ("/scales".to_owned(), json!([]), bad, "no scale"),
        ("/scales".to_owned(), json!(vec![Value::Null; 1000]), bad, "1000"),
        ("/scales/0".to_owned(), json!(7), bad, "scale 0"),
        (scale("hidden"), json!(true), bad, "no scale"),
        (scale("key"), Value::Null, bad, "key"),
        (scale("size"), json!([20, 20]), bad, "size"),
        (scale("size"), json!([20, -20, 20]), bad, "size"),
        (scale("size"), json!([20, 0, 20]), bad, "size"),
        (scale("size"), json!([1e18, 20, 20]), bad, "size"),
        (scale("size"), json!([20.5, 20, 20]), bad, "size"),
        (scale("voxel_offset"), json!([1e18, 0, 0]), bad, "voxel_offset"),
        (scale("resolution"), json!([4, 0, 40]), bad, "resolution"),
        (scale("resolution"), json!([4, "4", 40]), bad, "resolution"),
        (scale("chunk_sizes"), json!([]), bad, "chunk_sizes"),
        (scale("chunk_sizes"), json!([[8, 8, 0]]), bad, "chunk_sizes"),
        (scale("chunk_sizes"), json!([[8, 8, 8], [4, 4, 4]]), bad, "2 chunk sizes"),
        (scale("encoding"), json!("crackle"), unsupported, "crackle"),
        (scale("compressed_segmentation_block_size"), Value::Null, bad, "block_size"),
        (scale("compressed_segmentation_block_size"), json!([8, 8, -8]), bad, "block_size"),
        (sharding("@type"), json!("zip"), unsupported, "zip"),
        (sharding("hash"), json!("md5"), unsupported, "md5"),
        (sharding("minishard_bits"), json!(33), bad, "minishard_bits"),
        (sharding("shard_bits"), json!(64), bad, "shard_bits"),
        (sharding("data_encoding"), json!("zstd"), unsupported, "zstd"),
    ] {
        let mut info = info();
        let (parent, name) = at.rsplit_once('/').unwrap();
        let parent = info.pointer_mut(parent).unwrap();
        match parent {
            Value::Array(list) => list[name.parse::<usize>().unwrap()] = value,
            parent => parent[name] = value,
        }
        let error = ViewerError::from(open_info(&info).expect_err(&at));
        assert_eq!(error.code, code, "{at}: {}", error.message);
        assert!(error.message.contains(word), "{at}: {}", error.message);
    }
    let mut huge = info();
    huge["scales"][0]["size"] = json!([2_000_000_000_u32, 2_000_000_000_u32, 2_000_000_000_u32]);
    assert!(ViewerError::from(open_info(&huge).unwrap_err()).message.contains("64 bits"));
    huge["scales"][0]["chunk_sizes"] = json!([[100_000, 100_000, 100_000]]);
    assert!(ViewerError::from(open_info(&huge).unwrap_err()).message.contains("larger than"));
}

#[test]
fn documents_that_are_no_info_are_refused() {
    let memory = Memory::default();
    assert!(matches!(memory.open("volume"), Err(FormatError::NotFound { .. })));
    for (document, word) in [
        (&b"<!DOCTYPE html><html></html>"[..], "HTML page"),
        (b"\n <html>", "HTML page"),
        (b"", "not JSON"),
        (b"{\"scales\":", "not JSON"),
        (b"[1]", "not an object"),
        (b"\x1f\x8b\x08not gzip", "gzip"),
        (b"{\"redirect\": 7}", "redirect"),
        (b"{\"redirect\": \".\"}", "redirects more than"),
    ] {
        memory.insert("volume/info", document);
        let error = ViewerError::from(memory.open("volume").unwrap_err());
        assert_eq!(error.code, ErrorCode::BadMetadata, "{}", error.message);
        assert!(error.message.contains(word), "{}", error.message);
    }
}

#[test]
fn gzip_without_a_word_about_it_is_inflated() {
    use std::io::Write;
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    for name in ["raw-uint16", "jpeg", "cseg-u64", "raw-channels"] {
        let plain = Memory::with_folder(name);
        let memory = Memory::with_folder(name);
        memory.files.borrow_mut().values_mut().for_each(|bytes| *bytes = gzip(bytes).into());
        let (wanted, volume) = (plain.open("volume").unwrap(), memory.open("volume").unwrap());
        for place in places(&wanted) {
            let read = |volume: &PrecomputedVolume| pollster::block_on(volume.chunk(0, place, &Selection::default(), &Cancel::never()));
            assert_eq!(read(&volume).unwrap(), read(&wanted).unwrap(), "{name} {place:?}");
        }
    }
}

#[test]
fn hidden_scales_are_left_out_and_the_finest_comes_first() {
    let memory = Memory::default();
    let mut info = info();
    let scale = info["scales"][0].clone();
    let resolutions = [json!([16, 16, 40]), json!([4, 4, 40]), json!([8, 8, 40])];
    info["scales"] = resolutions
        .iter()
        .map(|resolution| {
            let mut scale = scale.clone();
            scale["resolution"] = resolution.clone();
            scale["hidden"] = json!(resolution[0] == 8);
            scale
        })
        .collect();
    memory.insert("volume/info", info.to_string());
    let volume = memory.open("volume").unwrap();
    let sizes: Vec<_> = volume.spec().levels.iter().map(|level| level.voxel_size_nm[0]).collect();
    assert_eq!(sizes, [4.0, 16.0]);
}

#[test]
fn places_outside_the_grid_are_absent_and_channels_outside_are_refused() {
    let memory = Memory::with_folder("raw-uint8");
    let volume = memory.open("volume").unwrap();
    let read = |level, place, channel| {
        let selection = Selection { channel, ..Selection::default() };
        pollster::block_on(volume.chunk(level, place, &selection, &Cancel::never()))
    };
    for place in [[-1, 0, 0], [0, 99, 0], [i64::MAX, 0, 0], [0, 0, i64::MIN]] {
        assert_eq!(read(0, place, 0), Ok(None));
    }
    assert_eq!(read(9, [0, 0, 0], 0), Ok(None));
    assert!(matches!(read(0, [0, 0, 0], 1), Err(FormatError::Unsupported { .. })));
}

proptest! {
    #[test]
    fn any_shard_is_borne(noise in vec(any::<u8>(), 0..200), head in vec(0_u64..200, 2..20), which in 0_usize..3) {
        let name = ["sharded-0-identity-0-0-0-raw-raw", "sharded-1-identity-0-1-0-gzip-raw", "sharded-5-murmurhash3-0-0-0-gzip-gzip"][which];
        let memory = Memory::with_folder(name);
        let bytes: Vec<u8> = head.into_iter().flat_map(u64::to_le_bytes).chain(noise).collect();
        memory.insert("volume/8_8_40/0.shard", bytes);
        _ = read_all(&memory.open("volume").unwrap());
    }

    #[test]
    fn any_info_is_borne(at in any::<prop::sample::Index>(), with in prop_oneof![
        Just(Value::Null), Just(json!([])), Just(json!({})), Just(json!("text")), any::<i64>().prop_map(|n| json!(n)),
        any::<u64>().prop_map(|n| json!(n)), any::<f64>().prop_map(|n| json!(n)), prop::array::uniform3(any::<i32>()).prop_map(|n| json!(n)),
        prop::array::uniform3(1_u32..40).prop_map(|n| json!([n])),
    ]) {
        let mut info = info();
        let mut pointers = Vec::new();
        list_pointers(&info, "", &mut pointers);
        *info.pointer_mut(&pointers[at.index(pointers.len())]).unwrap() = with;
        if let Ok(volume) = open_info(&info) {
            let spec = volume.spec();
            prop_assert!(spec.levels.iter().all(|level| !level.voxel_box.is_empty()));
            _ = pollster::block_on(volume.chunk(0, [0, 0, 0], &Selection::default(), &Cancel::never()));
        }
    }
}

fn list_pointers(value: &Value, place: &str, into: &mut Vec<String>) {
    into.push(place.to_owned());
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(i, value)| (i.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    children.into_iter().for_each(|(name, value)| list_pointers(value, &format!("{place}/{name}"), into));
}
