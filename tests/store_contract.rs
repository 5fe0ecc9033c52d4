//! What every store promises, asked of each of them; and what stores over HTTP and their wrappers promise beyond.
#![cfg(all(feature = "decode", not(target_arch = "wasm32")))]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::io::Write as _;
use std::rc::Rc;

use neurolume::runtime::{Fault, ManualClock, MapFetch};
use neurolume::store::wrap::{CacheSpace, Cached, CoalescePolicy, Coalesced, Deduplicated, RetryPolicy, SpanCache};
use neurolume::store::{
    FileProvider, FileStore, HttpProvider, HttpStore, MemoryStore, Provider as _, ReadStore, ResourceKind, StoreError, StorePolicy,
};

#[path = "store_contract/coalesce.rs"]
mod coalesce;
#[path = "store_contract/http.rs"]
mod http;
#[path = "store_contract/provider.rs"]
mod provider;
#[path = "store_contract/support.rs"]
mod support;
#[path = "store_contract/wrap.rs"]
mod wrap;

use support::{client, drive, options, url};

const DIGITS: &[u8] = b"0123456789";
/// What each store holds.
const FILES: [(&str, &[u8]); 4] =
    [("digits", DIGITS), ("empty", b""), ("a/b/c.0-64_-5-35_17-41", b"deep"), ("odd +%20#?&=\u{e9}/x y", b"odd name")];

/// The promises. The clock is driven, never waited for.
fn keeps_the_contract(name: &str, store: &dyn ReadStore, clock: &ManualClock) {
    for kind in [ResourceKind::Metadata, ResourceKind::Index, ResourceKind::Chunk] {
        let options = options(kind);
        let get = |key: &str| drive(clock, store.get(key, &options));
        let range = |key: &str, start, end| drive(clock, store.get_range(key, std::ops::Range { start, end }, &options));
        let size = |key: &str| drive(clock, store.size(key, &options));

        for (key, bytes) in FILES {
            assert_eq!(get(key).unwrap().as_deref(), Some(bytes), "{name}: {key}");
            assert_eq!(size(key), Ok(Some(bytes.len() as u64)), "{name}: size of {key}");
            assert_eq!(range(key, 0, bytes.len() as u64).unwrap().as_deref(), Some(bytes), "{name}: all of {key}");
            assert!(store.describe(key).contains(key.split(['/', ' ']).next().unwrap()), "{name}: {}", store.describe(key));
        }
        for absent in ["nothing", "a", "a/b", "digits/x"] {
            assert_eq!(get(absent), Ok(None), "{name}: {absent}");
            assert_eq!(range(absent, 0, 3), Ok(None), "{name}: range of {absent}");
            assert_eq!(range(absent, 0, 0), Ok(None), "{name}: empty range of {absent}");
            assert_eq!(size(absent), Ok(None), "{name}: size of {absent}");
        }
        for (start, end) in [(0, 1), (3, 7), (9, 10), (0, 10), (2, 3)] {
            let expected = &DIGITS[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()];
            assert_eq!(range("digits", start, end).unwrap().as_deref(), Some(expected), "{name}: {start}..{end}");
        }
        for at in [0, 5, 10] {
            assert_eq!(range("digits", at, at).unwrap().as_deref(), Some(&[][..]), "{name}: empty range at {at}");
        }
        for (start, end) in [(5, 11), (10, 11), (11, 11), (20, 30), (7, 3), (0, 1 << 20), (10, 20)] {
            match range("digits", start, end) {
                Err(StoreError::RangeOutside { start: told_start, end: told_end, size: 10, .. }) => {
                    assert_eq!((told_start, told_end), (start, end), "{name}");
                }
                other => panic!("{name}: {start}..{end} gives {other:?}"),
            }
        }
    }
    let source = neurolume::runtime::CancelSource::new();
    source.cancel();
    let cancelled = neurolume::store::ReadOptions { kind: ResourceKind::Chunk, cancel: source.token() };
    assert_eq!(drive(clock, store.get("digits", &cancelled)), Err(StoreError::Cancelled), "{name}");
    assert_eq!(drive(clock, store.get_range("digits", 1..2, &cancelled)), Err(StoreError::Cancelled), "{name}");
    assert_eq!(
        drive(clock, store.get("digits", &options(ResourceKind::Chunk))).unwrap().as_deref(),
        Some(DIGITS),
        "{name}: after a cancel"
    );
}

fn memory() -> MemoryStore {
    let mut store = MemoryStore::default();
    FILES.into_iter().for_each(|(key, bytes)| store.insert(key, bytes));
    store
}

fn server(clock: &ManualClock) -> MapFetch {
    let server = MapFetch::new(clock.clone());
    for (key, bytes) in FILES {
        server.insert(url("https://host/root").join(key).unwrap().to_string(), bytes);
    }
    server
}

#[test]
fn memory_keeps_the_contract() {
    keeps_the_contract("memory", &memory(), &ManualClock::default());
}

#[test]
fn files_keep_the_contract_plain_and_packed() {
    for packed in [false, true] {
        let root = support::temporary_folder(if packed { "packed" } else { "plain" });
        for (key, bytes) in FILES {
            let path = root.join(key);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            if packed {
                let file = std::fs::File::create(format!("{}.gz", path.display())).unwrap();
                let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::default());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap();
            } else {
                std::fs::write(path, bytes).unwrap();
            }
        }
        let store = FileStore::new(root.to_str().unwrap()).unwrap();
        keeps_the_contract(if packed { "packed files" } else { "files" }, &store, &ManualClock::default());
        std::fs::remove_dir_all(root).unwrap();
    }
}

#[test]
#[cfg(feature = "zip")]
fn archives_keep_the_contract_in_files_and_over_http() {
    let clock = ManualClock::default();
    for name in ["contract-stored.zip", "contract-deflated.zip"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/zip").join(name);
        let store = FileProvider.store(&format!("{}|zip:", path.display())).unwrap();
        keeps_the_contract(name, &*store, &clock);

        let server = server(&clock);
        server.insert("https://host/archive.zip", std::fs::read(&path).unwrap());
        let provider = HttpProvider::new(Rc::new(server), Rc::new(clock.clone()), None, StorePolicy::default()).unwrap();
        let store = provider.store("https://host/archive.zip?token=1|zip:").unwrap();
        assert_eq!(drive(&clock, store.get("digits", &options(ResourceKind::Chunk))), Ok(None), "no archive there: nothing in it");
        let store = provider.store("https://host/archive.zip|zip:").unwrap();
        keeps_the_contract(name, &*store, &clock);
        let below = provider.store("https://host/archive.zip|zip:/a/b/").unwrap();
        assert_eq!(drive(&clock, below.get("c.0-64_-5-35_17-41", &options(ResourceKind::Chunk))).unwrap().as_deref(), Some(&b"deep"[..]));
        assert!(matches!(drive(&clock, below.get("../../../digits", &options(ResourceKind::Chunk))), Err(StoreError::BadUrl { .. })));
    }
}

/// An archive of one's own chunks asks for its directory once, and for neighbours together.
#[test]
#[cfg(feature = "zip")]
fn an_archive_is_read_by_ranges() {
    let clock = ManualClock::default();
    let server = server(&clock);
    let bytes = std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/zip/contract-stored.zip")).unwrap();
    server.insert("https://host/archive.zip", bytes);
    let provider = HttpProvider::new(Rc::new(server.clone()), Rc::new(clock.clone()), None, StorePolicy::default()).unwrap();
    let store = provider.store("https://host/archive.zip|zip:").unwrap();
    let options = options(ResourceKind::Chunk);
    for (key, bytes) in FILES {
        assert_eq!(drive(&clock, store.get(key, &options)).unwrap().as_deref(), Some(bytes), "{key}");
    }
    // The length, the end with the directory, and each file; files that lie in what came along cost nothing.
    let asked = server.log().len();
    assert!(asked <= 2 + FILES.len(), "{asked} requests");
    support::assert_only_closed_ranges(&server);
}

#[test]
fn http_keeps_the_contract_whatever_the_server_hides() {
    let servers: [(&str, &[Fault]); 8] = [
        ("http", &[]),
        ("http that refuses HEAD", &[Fault::NoHead]),
        ("http without lengths", &[Fault::HideContentLength]),
        ("http without Content-Range", &[Fault::HideContentRange]),
        ("http that ignores ranges", &[Fault::IgnoreRange]),
        ("http that ignores ranges and refuses HEAD", &[Fault::IgnoreRange, Fault::NoHead]),
        ("http that ignores ranges and hides lengths", &[Fault::IgnoreRange, Fault::HideContentLength]),
        ("http that refuses HEAD and hides lengths", &[Fault::NoHead, Fault::HideContentLength]),
    ];
    for (name, faults) in servers {
        let clock = ManualClock::default();
        let server = server(&clock);
        faults.iter().for_each(|fault| server.fail_always("https://", *fault));
        let store = HttpStore::new(url("https://host/root"), client(&server, &clock, RetryPolicy::once()));
        keeps_the_contract(name, &store, &clock);
        support::assert_only_closed_ranges(&server);
    }
}

#[test]
fn http_keeps_the_contract_on_a_slow_and_flaky_server() {
    let clock = ManualClock::default();
    let server = server(&clock);
    server.set_latency(80.0);
    for (key, _) in FILES {
        let url = url("https://host/root").join(key).unwrap().to_string();
        [Fault::Status(503), Fault::Network, Fault::RetryAfter(429, 2)].into_iter().for_each(|fault| server.fail_next(&url, fault));
    }
    let store = HttpStore::new(url("https://host/root"), client(&server, &clock, RetryPolicy::default()));
    keeps_the_contract("flaky http", &store, &clock);
}

#[test]
fn wrappers_keep_the_contract() {
    let clock = ManualClock::default();
    let inner = || Rc::new(memory()) as Rc<dyn ReadStore>;
    keeps_the_contract("deduplicated", &Deduplicated::new(inner()), &clock);
    keeps_the_contract("cached", &Cached::new(inner(), CacheSpace::new(1 << 20), "r".to_owned()), &clock);
    keeps_the_contract("cached in no space", &Cached::new(inner(), CacheSpace::new(0), "r".to_owned()), &clock);
    for (gap, span_bytes) in [(0, 0), (3, 0), (3, 500), (100, 1 << 20)] {
        let policy = CoalescePolicy::new(gap, 8, 1.0).unwrap();
        let spans = Rc::new(SpanCache::new(span_bytes));
        let store = Coalesced::new(inner(), Rc::new(clock.clone()), policy, spans, "r".to_owned());
        keeps_the_contract("coalesced", &store, &clock);
    }
}

#[test]
fn the_whole_stack_keeps_the_contract() {
    let clock = ManualClock::default();
    let server = server(&clock);
    server.set_latency(10.0);
    let provider = HttpProvider::new(Rc::new(server.clone()), Rc::new(clock.clone()), None, StorePolicy::default()).unwrap();
    let store = provider.store("https://host/root").unwrap();
    keeps_the_contract("stack", &*store, &clock);
    support::assert_only_closed_ranges(&server);
}
