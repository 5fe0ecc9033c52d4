//! Which documents are asked for to find out what a volume is, of servers that answer oddly.
#![cfg(feature = "decode")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures::future::FutureExt;
use neurolume::engine::{Limits, View};
use neurolume::error::ErrorCode;
use neurolume::format::{self, SourceFormat};
use neurolume::geometry::VoxelBox;
use neurolume::job::{Documents, FromWorker, JobRunner, ToWorker};
use neurolume::runtime::Cancel;
use neurolume::store::{FileProvider, MaybeBytes, Provider, ReadStore, StoreError, StoreFuture, Traffic};
use support::fake_workers::FakeWorkers;

/// What a server says of a document that is not there.
#[derive(Clone, Copy)]
enum Absent {
    Refused,
    Says(&'static [u8]),
}

/// Files, behind a server that does not say that a document is absent; it counts what it is asked for.
struct Odd {
    absent: Absent,
    asked: Rc<RefCell<Vec<String>>>,
}

impl Provider for Odd {
    fn document<'a>(&'a self, url: &'a str, cancel: &'a Cancel) -> StoreFuture<'a, MaybeBytes> {
        self.asked.borrow_mut().push(url.to_owned());
        async move {
            match (FileProvider.document(url, cancel).await?, self.absent) {
                (Some(bytes), _) => Ok(Some(bytes)),
                (None, Absent::Refused) => Err(StoreError::Forbidden { status: 403, url: url.to_owned() }),
                (None, Absent::Says(bytes)) if url.ends_with("/info") => Ok(Some(bytes.into())),
                (None, Absent::Says(_)) => Ok(None),
            }
        }
        .boxed_local()
    }

    fn store(&self, url: &str) -> Result<Rc<dyn ReadStore>, StoreError> {
        FileProvider.store(url)
    }
}

fn volume() -> String {
    support::data_folder().join("ome/0.5-levels").to_str().unwrap().to_owned()
}

#[test]
fn something_else_that_is_called_info_does_not_hide_a_volume() {
    for says in [&b"just some notes"[..], b"<html></html>", b"[1, 2]", b"", b"\xff\xfe"] {
        let provider = Rc::new(Odd { absent: Absent::Says(says), asked: Rc::default() });
        let opened = pollster::block_on(format::open(provider.clone(), &volume(), &neurolume::format::Said::default(), &Cancel::never()));
        assert_eq!(opened.unwrap().spec().format, SourceFormat::OmeZarr, "{says:?}");
        // Alone, it is what is wrong.
        let nothing = support::data_folder().join("ome").to_str().unwrap().to_owned();
        let error =
            pollster::block_on(format::open(provider, &nothing, &neurolume::format::Said::default(), &Cancel::never())).err().unwrap();
        assert_eq!(neurolume::error::ViewerError::from(error).code, ErrorCode::BadMetadata, "{says:?}");
    }
}

#[test]
fn what_one_worker_was_refused_no_other_asks_for() {
    let posted = FakeWorkers::new(Limits { workers: 3, ..Limits::default() });
    let asked: Vec<Rc<RefCell<Vec<String>>>> = (0..3).map(|_| Rc::default()).collect();
    let runner = |asked: &Rc<RefCell<Vec<String>>>| JobRunner::new(Rc::new(Odd { absent: Absent::Refused, asked: Rc::clone(asked) }));
    let runners: Vec<JobRunner> = asked.iter().map(runner).collect();
    let done = Cell::new([0; 3]);
    let work = || {
        loop {
            let messages = posted.take();
            if messages.is_empty() {
                return;
            }
            for (at, message) in messages {
                match message {
                    ToWorker::Start { id, job } => {
                        let result = pollster::block_on(runners[at.place].run(id, job));
                        assert!(result.is_ok(), "{result:?}");
                        let mut count = done.get();
                        count[at.place] += 1;
                        done.set(count);
                        posted.context.on_message(at, FromWorker::Done { id, result, memory_bytes: 0, traffic: Traffic::default() });
                    }
                    ToWorker::Attach { volume, open, documents, levels } => runners[at.place].attach(volume, open, documents, levels),
                    _ => {}
                }
            }
        }
    };
    let mut view = View::new(&posted.context);
    let options = serde_json::json!({ "id": "image", "type": "image", "source": volume() });
    let _answer = view.add_layer(serde_json::from_value(options).unwrap(), None, Documents::new()).unwrap();
    work();
    view.settle();
    let first: usize = asked.iter().map(|asked| asked.borrow().len()).sum();
    assert!(first > 0);
    let levels = view.layer_info("image").unwrap().levels;
    let mut answer =
        view.read_voxels("image", VoxelBox { min: levels[0].voxel_box.min, max: levels[0].voxel_box.max }, 0, None, None).unwrap();
    work();
    assert!(answer.try_recv().unwrap().unwrap().is_ok());
    assert!(done.get().iter().filter(|count| **count > 0).count() > 1, "several workers had work: {:?}", done.get());
    let all: usize = asked.iter().map(|asked| asked.borrow().len()).sum();
    assert_eq!(all, first, "{asked:?}");
}

/// The names, below the volume's folder, of the documents that opening it asks for.
fn asked_for(path: &str) -> Vec<String> {
    let asked = Rc::<RefCell<Vec<String>>>::default();
    let provider = Rc::new(Odd { absent: Absent::Says(b"just some notes"), asked: Rc::clone(&asked) });
    let folder = support::data_folder().join(path).to_str().unwrap().to_owned();
    pollster::block_on(format::open(provider, &folder, &neurolume::format::Said::default(), &Cancel::never())).unwrap();
    let asked = asked.borrow();
    asked.iter().map(|url| url.split_once(&format!("{folder}/")).map_or(url.as_str(), |(_, name)| name).to_owned()).collect()
}

#[test]
fn rare_formats_cost_nothing_where_a_common_one_is_found() {
    assert_eq!(asked_for("zarr/v2-raw"), ["info", "zarr.json", ".zarray", ".zattrs"]);
}

#[test]
fn what_is_called_n5_is_first_taken_at_its_word() {
    let asked = asked_for("n5/levels-labels.n5/volumes/labels");
    assert_eq!(asked[..2], ["attributes.json", "s0/attributes.json"]);
    assert!(asked.iter().all(|name| name.ends_with("attributes.json")), "{asked:?}");
    assert!(asked_for("n5/raw").contains(&"zarr.json".to_owned()), "it could be anything");
}

#[test]
fn where_what_is_absent_is_forbidden_every_format_is_found() {
    for (path, format) in [
        ("precomputed/raw-uint8", SourceFormat::Precomputed),
        ("zarr/v2-raw", SourceFormat::Zarr),
        ("n5/raw", SourceFormat::N5),
        ("n5/levels-own", SourceFormat::N5),
        ("wkw/uint8", SourceFormat::Wkw),
        ("wkw/dataset/color", SourceFormat::Wkw),
        ("wkw/dataset/color/2-2-1", SourceFormat::Wkw),
    ] {
        let provider = Rc::new(Odd { absent: Absent::Refused, asked: Rc::default() });
        let folder = support::data_folder().join(path).to_str().unwrap().to_owned();
        let opened = pollster::block_on(format::open(provider, &folder, &neurolume::format::Said::default(), &Cancel::never()));
        assert_eq!(opened.map(|source| source.spec().format).map_err(|error| error.to_string()), Ok(format), "{path}");
    }
}
