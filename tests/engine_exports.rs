//! Exports as the engine runs them: the test plays the workers.
#![cfg(feature = "decode")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use bytes::Bytes;
use futures::future::FutureExt;
use neurolume::engine::{ExportOptions, Exporting, Limits, Piece, View, WorkerId};
use neurolume::error::{ErrorCode, ViewerError};
use neurolume::exchange::Progress;
use neurolume::geometry::{DVec2, VoxelBox};
use neurolume::job::{ExportJob, FromWorker, Job, Outcome, ToWorker};
use neurolume::scene::panels::Layout;
use support::fake_workers::{FakeWorkers, volume};

fn options(json: serde_json::Value) -> ExportOptions {
    serde_json::from_value(json).unwrap()
}

/// Where the export was started, as what, and what it is to do.
fn started(workers: &FakeWorkers) -> (WorkerId, u64, ExportJob) {
    let found = workers.take().into_iter().find_map(|(at, message)| match message {
        ToWorker::Start { id, job: Job::Export(job) } => Some((at, id, *job)),
        _ => None,
    });
    found.unwrap()
}

fn piece(workers: &FakeWorkers, (at, id, _): &(WorkerId, u64, ExportJob), bytes: &'static [u8], done: u64) {
    let progress = Progress { done, total: 2 };
    workers.context.on_message(*at, FromWorker::Piece { id: *id, bytes: Bytes::from_static(bytes), progress });
}

fn next(export: &mut Exporting) -> Option<Option<Result<Piece, ViewerError>>> {
    export.next().now_or_never()
}

fn setup(workers: u32) -> (FakeWorkers, View) {
    let workers = FakeWorkers::new(Limits { workers, ..Limits::default() });
    let mut view = View::new(&workers.context);
    workers.open(&mut view, "labels", "segmentation", &volume([200, 100, 64], 2));
    workers.take();
    (workers, view)
}

#[test]
fn pieces_come_in_order_and_the_worker_hears_that_they_are_dealt_with() {
    let (workers, mut view) = setup(2);
    let voxels = VoxelBox { min: [1, 2, 3], max: [40, 50, 60] };
    let json = serde_json::json!({ "format": "precomputed", "box": voxels, "levels": 2, "level": 1 });
    let mut export = view.export_volume("labels", options(json)).unwrap();
    let job = started(&workers);
    assert_eq!((job.2.export.voxels, job.2.export.level, job.2.export.levels), (voxels, 1, Some(2)));
    assert!(job.2.export.as_labels && job.2.export.voxel_size_nm == [2.0; 3] && job.2.export.name == "labels");
    assert!(next(&mut export).is_none());
    piece(&workers, &job, b"one", 1);
    piece(&workers, &job, b"two", 2);
    let first = next(&mut export).unwrap().unwrap().unwrap();
    assert_eq!((&first.bytes[..], first.progress.done), (&b"one"[..], 1));
    assert!(workers.take().is_empty(), "the first is only dealt with when the next is asked for");
    assert_eq!(&next(&mut export).unwrap().unwrap().unwrap().bytes[..], b"two");
    assert!(matches!(workers.take()[..], [(at, ToWorker::More { id })] if (at, id) == (job.0, job.1)));
    // The layer goes; what is under way goes on.
    view.remove_layer("labels").unwrap();
    assert!(workers.take().is_empty());
    workers.answer(job.0, job.1, Ok(Outcome::Exported));
    assert!(next(&mut export).unwrap().is_none());
    assert!(workers.take().iter().any(|(_, message)| matches!(message, ToWorker::Detach { .. })), "the volume is held no longer");
}

#[test]
fn what_nobody_waits_for_is_cancelled() {
    let (workers, mut view) = setup(2);
    let export = view.export_volume("labels", options(serde_json::json!({ "format": "ome-zarr" }))).unwrap();
    let job = started(&workers);
    assert_eq!(job.2.export.voxels.max, [200, 100, 64]);
    drop(export);
    assert!(matches!(workers.take()[..], [(at, ToWorker::Cancel { id })] if (at, id) == (job.0, job.1)));
    // What crosses the cancellation interests nobody.
    piece(&workers, &job, b"late", 1);
    workers.answer(job.0, job.1, Ok(Outcome::Exported));
}

#[test]
fn a_failure_and_a_dead_worker_end_it() {
    let (workers, mut view) = setup(2);
    let start = |view: &mut View| view.export_volume("labels", options(serde_json::json!({ "format": "npy" }))).unwrap();
    let mut export = start(&mut view);
    let job = started(&workers);
    workers.answer(job.0, job.1, Err(ViewerError::new(ErrorCode::BadData, "a chunk is damaged")));
    assert_eq!(next(&mut export).unwrap().unwrap().unwrap_err().code, ErrorCode::BadData);
    assert!(next(&mut export).unwrap().is_none());

    let mut export = start(&mut view);
    let job = started(&workers);
    piece(&workers, &job, b"half", 1);
    workers.context.on_crash(job.0, "out of memory");
    assert!(next(&mut export).unwrap().unwrap().is_ok());
    let error = next(&mut export).unwrap().unwrap().unwrap_err();
    assert_eq!(error.message, "the worker that exported stopped (out of memory)");
    let again = workers.take().into_iter().any(|(_, message)| matches!(message, ToWorker::Start { .. }));
    assert!(!again, "half of it has been taken: it cannot begin again");
}

#[test]
fn exports_leave_a_worker_to_what_is_drawn() {
    let (workers, mut view) = setup(3);
    let mut export = || {
        let export = view.export_volume("labels", options(serde_json::json!({ "format": "ome-zarr" }))).unwrap();
        (export, started(&workers).0.place)
    };
    let ((_first, one), (_second, two), (_third, three)) = (export(), export(), export());
    assert_ne!(one, two);
    assert!(three == one || three == two, "the last worker is left alone");
    view.set_layout(Layout::Xy);
    view.resize(DVec2::splat(400.0), 1.0);
    view.tick(0.0);
    let places: Vec<usize> = workers.started().iter().map(|chunk| chunk.at.place).collect();
    assert!(!places.is_empty() && places.iter().all(|place| *place != one && *place != two), "{places:?} beside {one} and {two}");
}

#[test]
fn says_what_cannot_be_exported() {
    let (workers, mut view) = setup(2);
    let mut refused = |id: &str, json| view.export_volume(id, options(json)).unwrap_err();
    assert_eq!(refused("nothing", serde_json::json!({ "format": "npy" })).message, "there is no layer \"nothing\"");
    assert_eq!(
        refused("labels", serde_json::json!({ "format": "npy", "level": 2 })).message,
        "there is no level 2: the layer has 2 from 0"
    );
    let error = refused("labels", serde_json::json!({ "format": "npy", "channel": 1 }));
    assert_eq!(error.message, "channel 1 does not exist: there are 1 from 0");
    assert!(workers.take().is_empty());
    assert!(serde_json::from_value::<ExportOptions>(serde_json::json!({ "format": "npy", "boxes": 1 })).is_err());
    assert!(serde_json::from_value::<ExportOptions>(serde_json::json!({ "format": "wkw" })).is_err());
}
