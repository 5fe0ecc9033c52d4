//! What metadata tell beside what voxels are read with, and documents that lie beside volumes.
#![cfg(feature = "zarr")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::rc::Rc;

use neurolume::engine::{Limits, View};
use neurolume::format::{self, OtherAxis, Said};
use neurolume::job::{Job, JobRunner, ToWorker};
use neurolume::runtime::Cancel;
use neurolume::scene::layer::SourceOptions;
use neurolume::store::FileProvider;
use support::fake_workers::FakeWorkers;

fn url(path: &str) -> String {
    support::data_folder().join(path).to_str().unwrap().to_owned()
}

#[test]
fn levels_have_addresses_and_zarr_its_version() {
    // By how each format names the folders of its levels; of precomputed volumes, by the keys in "info".
    for (path, zarr_format, levels) in [
        ("ome/0.4-levels", Some(2), &["/0", "/1", "/2"][..]),
        ("ome/0.5-levels", Some(3), &["/0", "/1", "/2"]),
        ("zarr/v2-gzip", Some(2), &[""]),
        ("zarr/v3-gzip", Some(3), &[""]),
        ("wkw/dataset/segmentation", None, &["/1", "/2-2-1"]),
        ("precomputed/raw-uint8", None, &["/8_8_40"]),
    ] {
        let source = pollster::block_on(format::open(Rc::new(FileProvider), &url(path), &Said::default(), &Cancel::never())).unwrap();
        let notes = &source.spec().notes;
        assert_eq!(notes.zarr_format, zarr_format, "{path}");
        assert_eq!(notes.level_urls.len(), source.spec().levels.len(), "{path}");
        for (told, level) in notes.level_urls.iter().zip(levels) {
            assert!(told.ends_with(&format!("{path}{level}")), "{path}: {told}");
        }
    }
}

#[test]
fn places_along_time_are_as_far_apart_as_the_metadata_say() {
    for path in ["ome/0.4-time", "ome/0.5-time"] {
        let source = pollster::block_on(format::open(Rc::new(FileProvider), &url(path), &Said::default(), &Cancel::never())).unwrap();
        let time = OtherAxis { name: "t".to_owned(), size: 3, unit: Some("second".to_owned()), spacing: Some(0.5) };
        assert_eq!(source.spec().other_axes, [time], "{path}");
    }
}

/// What a worker reads of a document in a folder, as a page asks for it.
fn read(workers: &FakeWorkers, folder: &str) -> Option<bytes::Bytes> {
    let mut view = View::new(&workers.context);
    let mut answer = view.read_document(&SourceOptions::Url(folder.to_owned()), "datasource-properties.json").unwrap();
    for (at, message) in workers.take() {
        if let ToWorker::Start { id, job: job @ Job::Document { .. } } = message {
            workers.answer(at, id, pollster::block_on(JobRunner::new(Rc::new(FileProvider)).run(id, job)));
        }
    }
    answer.try_recv().unwrap().expect("an answer").unwrap()
}

#[test]
fn a_document_in_a_folder_is_read_by_a_worker() {
    let workers = FakeWorkers::new(Limits::default());
    let wanted = std::fs::read(support::data_folder().join("wkw/dataset/datasource-properties.json")).unwrap();
    assert_eq!(read(&workers, &url("wkw/dataset")).as_deref(), Some(&wanted[..]));
    assert_eq!(read(&workers, &url("zarr/v2-gzip")), None);
    assert!(View::new(&workers.context).read_document(&SourceOptions::Url("no address".to_owned()), "a").is_err());
}

#[test]
fn a_document_that_nobody_waits_for_is_given_up() {
    let workers = FakeWorkers::new(Limits::default());
    let mut view = View::new(&workers.context);
    let source = SourceOptions::Url("https://localhost/a".to_owned());
    drop(view.read_document(&source, "a.json").unwrap());
    let _answer = view.read_document(&source, "b.json").unwrap();
    let messages: Vec<ToWorker> = workers.take().into_iter().map(|(_, message)| message).collect();
    let started: Vec<&str> = messages
        .iter()
        .filter_map(|message| if let ToWorker::Start { job: Job::Document { url }, .. } = message { Some(url.as_str()) } else { None })
        .collect();
    assert_eq!(started, ["https://localhost/a/a.json", "https://localhost/a/b.json"]);
    assert_eq!(messages.iter().filter(|message| matches!(message, ToWorker::Cancel { .. })).count(), 1);
}
