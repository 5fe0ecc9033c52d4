//! Documents, and what a provider's stores share.

use std::rc::Rc;

use neurolume::runtime::{Cancel, CancelSource, Fault, ManualClock, MapFetch};
use neurolume::store::{FileProvider, HttpProvider, Provider, ResourceKind, StoreError, StorePolicy};

use crate::support::{Tasks, drive, options, temporary_folder};

fn setup() -> (ManualClock, MapFetch, HttpProvider) {
    let clock = ManualClock::default();
    let server = MapFetch::new(clock.clone());
    server.insert("https://h/vol/info", b"{}".as_slice());
    server.insert("https://h/vol/8_8_8/shard", (0_u8..100).collect::<Vec<_>>());
    server.set_latency(20.0);
    let provider = provider(&server, &clock);
    (clock, server, provider)
}

fn provider(server: &MapFetch, clock: &ManualClock) -> HttpProvider {
    HttpProvider::new(Rc::new(server.clone()), Rc::new(clock.clone()), None, StorePolicy::default()).unwrap()
}

#[test]
fn a_document_is_read_as_it_is_now() {
    let (clock, server, provider) = setup();
    let read = |url: &str| drive(&clock, provider.document(url, &Cancel::never()));
    assert_eq!(read("https://h/vol/zarr.json"), Ok(None));
    server.insert("https://h/vol/zarr.json", b"[]".as_slice());
    assert_eq!(read("https://h/vol/zarr.json").unwrap().as_deref(), Some(&b"[]"[..]));
    server.fail_next("https://h/vol/info", Fault::Status(403));
    assert!(matches!(read("https://h/vol/info"), Err(StoreError::Forbidden { .. })));
    assert_eq!(read("https://h/vol/info").unwrap().as_deref(), Some(&b"{}"[..]));
}

#[test]
fn concurrent_readers_of_a_document_share_it_and_may_give_up() {
    let (clock, server, provider) = setup();
    let mut tasks = Tasks::new(&clock);
    let source = CancelSource::new();
    let waiters = [(source.token(), "https://h/vol/info"), (Cancel::never(), "HTTPS://H/vol/x/../info")].map(|(cancel, url)| {
        let provider = provider.clone();
        tasks.spawn(async move { provider.document(url, &cancel).await })
    });
    tasks.pass(10.0);
    source.cancel();
    tasks.pass(10.0);
    assert_eq!(waiters[0].take(), Some(Err(StoreError::Cancelled)));
    assert!(waiters[1].take().unwrap().unwrap().is_some());
    assert_eq!(server.log().len(), 1);
}

#[test]
fn stores_of_one_root_share_what_they_know() {
    let (clock, server, provider) = setup();
    let stores = [provider.store("https://h/vol/8_8_8").unwrap(), provider.store("https://h/vol/8_8_8/").unwrap()];
    for store in &stores {
        let index = drive(&clock, store.get_range("shard", 10..20, &options(ResourceKind::Index)));
        assert_eq!(index.unwrap().unwrap()[0], 10);
        assert_eq!(drive(&clock, store.size("shard", &options(ResourceKind::Index))), Ok(Some(100)));
    }
    assert_eq!(server.log().len(), 2, "one range, one head");
    let traffic = provider.traffic();
    assert_eq!((traffic.requests, traffic.bytes), (2, 10));
}

#[test]
fn what_nobody_reads_any_more_is_read_anew() {
    let (clock, server, provider) = setup();
    let index = || {
        let store = provider.store("https://h/vol/8_8_8").unwrap();
        drive(&clock, store.get_range("shard", 10..12, &options(ResourceKind::Index))).unwrap().unwrap()
    };
    assert_eq!(*index(), [10, 11]);
    server.insert("https://h/vol/8_8_8/shard", vec![7_u8; 100]);
    assert_eq!(*index(), [7, 7], "the store of before has gone, and what it knew with it");
}

#[test]
fn buckets_are_asked_by_their_rules() {
    let (clock, server, provider) = setup();
    server.insert("https://storage.googleapis.com/storage/v1/b/bucket/o/vol%2Finfo?alt=media", b"gs".as_slice());
    server.insert("https://bucket.s3.eu-west-1.amazonaws.com/vol/info", b"s3".as_slice());
    for (url, body) in [("gs://bucket/vol", b"gs"), ("s3://bucket/vol?region=eu-west-1", b"s3")] {
        let store = provider.store(url).unwrap();
        assert_eq!(drive(&clock, store.get("info", &options(ResourceKind::Metadata))).unwrap().as_deref(), Some(&body[..]), "{url}");
    }
}

#[test]
fn addresses_that_cannot_be_fetched_are_refused_at_once() {
    let (clock, server, provider) = setup();
    for url in ["ftp://h/x", "", "/data/x", "s3://b/x?region=..", "https://user:pw@h/"] {
        assert!(matches!(provider.store(url).err(), Some(StoreError::BadUrl { .. })), "{url}");
        assert!(matches!(drive(&clock, provider.document(url, &Cancel::never())), Err(StoreError::BadUrl { .. })), "{url}");
    }
    assert!(server.log().is_empty());
}

#[test]
fn files_are_provided_by_path() {
    let root = temporary_folder("provider");
    std::fs::write(root.join("info"), "{}").unwrap();
    let (clock, provider) = (ManualClock::default(), FileProvider);
    let path = root.to_str().unwrap();
    for base in [path.to_owned(), format!("file://{path}")] {
        let address = neurolume::store::url::join(&base, "info").unwrap();
        let document = drive(&clock, provider.document(&address, &Cancel::never()));
        assert_eq!(document.unwrap().as_deref(), Some(&b"{}"[..]));
        let store = provider.store(&base).unwrap();
        assert!(drive(&clock, store.get("info", &options(ResourceKind::Metadata))).unwrap().is_some());
        assert!(drive(&clock, store.get("../../../../../../../../x", &options(ResourceKind::Metadata))).is_err());
    }
    assert!(provider.store("https://h/x").is_err());
    std::fs::remove_dir_all(root).unwrap();
}

/// The real layout of cloud-volume: every chunk lies there as `NAME.gz`.
#[test]
fn packed_files_of_real_data_are_read_by_their_name() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures/seg/pinky40-compresso");
    let Ok(root) = root.canonicalize() else {
        eprintln!("SKIPPED: the fixtures are not beside the project");
        return;
    };
    let (clock, provider) = (ManualClock::default(), FileProvider);
    let store = provider.store(root.to_str().unwrap()).unwrap();
    assert!(drive(&clock, store.get("info", &options(ResourceKind::Metadata))).unwrap().unwrap().starts_with(b"{"));
    let folder = std::fs::read_dir(root.join("32_32_40")).unwrap();
    let mut chunks = 0;
    for entry in folder {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let key = format!("32_32_40/{}", name.strip_suffix(".gz").unwrap_or(&name));
        let chunk = drive(&clock, store.get(&key, &options(ResourceKind::Chunk))).unwrap().unwrap();
        // Compresso's magic number.
        assert_eq!(&chunk[..4], b"cpso", "{key}");
        assert_eq!(drive(&clock, store.size(&key, &options(ResourceKind::Chunk))), Ok(Some(chunk.len() as u64)));
        chunks += 1;
    }
    assert!(chunks > 0);
}
