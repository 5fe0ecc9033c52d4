//! Jobs find their workers, and workers are replaced, without a browser.

use super::*;
use crate::format::{Notes, Selection, SourceFormat, VolumeSpec};
use crate::job::{ChunkJob, Opened};
use crate::voxel::DataType;
use std::cell::RefCell;
use std::rc::Rc;

type Sent = Rc<RefCell<Vec<(WorkerId, ToWorker)>>>;

/// Records what is sent, and which workers run which module. What fetches the full module counts how often.
struct Recorder(Sent, Rc<RefCell<Modules>>);
struct RecorderPort(WorkerId, Sent);

#[derive(Default)]
struct Modules {
    fetches: usize,
    spawned: Vec<(WorkerId, WorkerModule)>,
}

impl SpawnWorker for Recorder {
    fn spawn(&self, at: WorkerId, module: WorkerModule) -> Box<dyn WorkerPort> {
        self.1.borrow_mut().spawned.push((at, module));
        Box::new(RecorderPort(at, Rc::clone(&self.0)))
    }

    fn first_module(&self) -> WorkerModule {
        WorkerModule::Small
    }

    fn fetch_full_module(&self) {
        self.1.borrow_mut().fetches += 1;
    }
}

impl WorkerPort for RecorderPort {
    fn send(&self, message: ToWorker) {
        self.1.borrow_mut().push((self.0, message));
    }
}

fn pool(workers: usize) -> (Pool, Sent) {
    let (pool, sent, _) = pool_of_modules(workers);
    (pool, sent)
}

fn pool_of_modules(workers: usize) -> (Pool, Sent, Rc<RefCell<Modules>>) {
    let (sent, modules) = (Sent::default(), Rc::default());
    let policy = PoolPolicy { workers, most_memory_bytes: 1000 };
    (Pool::new(policy, Box::new(Recorder(Rc::clone(&sent), Rc::clone(&modules)))), sent, modules)
}

fn open(volume: u32, url: &str) -> Job {
    Job::Open { volume, open: OpenJob { url: url.to_owned(), ..OpenJob::default() }, documents: Documents::new() }
}

fn at(place: usize, generation: u32) -> WorkerId {
    WorkerId { place, generation }
}

fn chunk(x: i32) -> Job {
    Job::Chunk(ChunkJob { volume: 1, level: 0, grid: [x, 0, 0], selection: Selection::default(), as_labels: false })
}

fn started(sent: &Sent) -> Vec<(WorkerId, u64)> {
    sent.borrow()
        .iter()
        .filter_map(|(at, message)| if let ToWorker::Start { id, .. } = message { Some((*at, *id)) } else { None })
        .collect()
}

#[test]
fn spreads_work_and_keeps_a_shard_at_one_worker() {
    let (mut pool, sent) = pool(3);
    for x in 0..3 {
        pool.start(chunk(x), None);
    }
    let places: Vec<usize> = started(&sent).iter().map(|(at, _)| at.place).collect();
    assert_eq!(places, [0, 1, 2]);
    sent.borrow_mut().clear();
    for x in 0..5 {
        pool.start(chunk(x), Some(7));
    }
    assert!(started(&sent).iter().all(|(at, _)| at.place == 1), "7 mod 3");
}

#[test]
fn a_crash_is_tried_once_more_and_then_reported() {
    let (mut pool, sent) = pool(1);
    let id = pool.start(chunk(0), None);
    let first = WorkerId { place: 0, generation: 0 };
    assert!(pool.crashed(first, "unreachable").is_empty());
    let second = WorkerId { place: 0, generation: 1 };
    assert_eq!(started(&sent), [(first, id), (second, id)]);
    assert!(!pool.finish(first, id, &Ok(Outcome::Chunk(None)), 0), "a dead worker's last words do not count");
    let failed = pool.crashed(second, "unreachable");
    assert_eq!(failed.iter().map(|(id, error)| (*id, error.code)).collect::<Vec<_>>(), [(id, ErrorCode::Internal)]);
    assert_eq!(pool.running(), 0);
}

#[test]
fn a_worker_that_cannot_start_is_not_started_for_ever() {
    let (mut pool, sent) = pool(1);
    assert!(pool.crashed(WorkerId { place: 0, generation: 0 }, "no script").is_empty());
    assert!(sent.borrow().is_empty(), "nothing is started without work");
    let id = pool.start(chunk(0), None);
    assert!(pool.crashed(WorkerId { place: 0, generation: 1 }, "no script").is_empty());
    let failed = pool.crashed(WorkerId { place: 0, generation: 2 }, "no script");
    assert_eq!(failed.len(), 1);
    assert!(failed[0].1.message.contains("no script"));
    assert_eq!(started(&sent).len(), 2, "{id}: once, and once more");
}

#[test]
fn a_worker_that_grew_too_large_is_replaced_when_idle() {
    let (mut pool, sent) = pool(1);
    let worker = WorkerId { place: 0, generation: 0 };
    let (a, b) = (pool.start(chunk(0), None), pool.start(chunk(1), None));
    assert!(pool.finish(worker, a, &Ok(Outcome::Chunk(None)), 2000));
    assert!(pool.finish(worker, b, &Ok(Outcome::Chunk(None)), 2000));
    let c = pool.start(chunk(2), None);
    assert_eq!(started(&sent).last(), Some(&(WorkerId { place: 0, generation: 1 }, c)));
}

#[test]
fn a_full_worker_gets_no_more_work_of_its_shards() {
    let (mut pool, sent) = pool(3);
    let at = WorkerId { place: 1, generation: 0 };
    let (first, _second) = (pool.start(chunk(0), Some(7)), pool.start(chunk(1), Some(7)));
    assert!(pool.finish(at, first, &Ok(Outcome::Chunk(None)), 2000));
    sent.borrow_mut().clear();
    for x in 2..5 {
        pool.start(chunk(x), Some(7));
    }
    assert!(started(&sent).iter().all(|(at, _)| at.place == 2), "{:?}", started(&sent));
}

#[test]
fn other_workers_are_told_the_format_that_was_found() {
    let (mut pool, sent) = pool(2);
    let open = OpenJob { url: "https://localhost/volume".to_owned(), ..OpenJob::default() };
    let id = pool.start(Job::Open { volume: 1, open, documents: Documents::new() }, None);
    let spec = VolumeSpec {
        format: SourceFormat::Zarr,
        data_type: DataType::Uint8,
        kind: None,
        channels: 1,
        other_axes: Vec::new(),
        fill_bits: 0,
        levels: Vec::new(),
        notes: Notes::default(),
        orientation: None,
    };
    let opened = Outcome::Opened(Box::new(Opened { spec, documents: Documents::new() }));
    assert!(pool.finish(WorkerId { place: 0, generation: 0 }, id, &Ok(opened), 0));
    pool.start(chunk(0), Some(1));
    let sent = sent.borrow();
    let attached =
        sent.iter().find_map(|(at, message)| if let ToWorker::Attach { open, .. } = message { Some((at.place, open)) } else { None });
    assert_eq!(attached.map(|(place, open)| (place, open.said.format)), Some((1, Some(SourceFormat::Zarr))));
}

#[test]
fn the_answer_of_a_cancelled_job_is_thrown_away() {
    let (mut pool, sent) = pool(1);
    let id = pool.start(chunk(0), None);
    pool.cancel(id);
    assert!(matches!(sent.borrow().last(), Some((_, ToWorker::Cancel { id: sent_id })) if *sent_id == id));
    assert!(!pool.finish(WorkerId { place: 0, generation: 0 }, id, &Ok(Outcome::Chunk(None)), 0));
}

#[test]
fn what_needs_the_full_module_waits_for_it_while_the_rest_goes_on() {
    let (mut pool, sent, modules) = pool_of_modules(2);
    let (zarr, busy) = (pool.start(open(1, "https://localhost/a"), None), pool.start(chunk(0), None));
    assert!(!pool.finish(at(0, 0), zarr, &Ok(Outcome::NeedsFullModule), 0), "it has not ended");
    let other = pool.start(open(2, "https://localhost/b"), None);
    assert!(!pool.finish(at(0, 0), other, &Ok(Outcome::NeedsFullModule), 0));
    assert_eq!(modules.borrow().fetches, 1);
    let precomputed = pool.start(chunk(1), None);
    assert!(pool.finish(at(0, 0), precomputed, &Ok(Outcome::Chunk(None)), 0), "the small module works meanwhile");
    sent.borrow_mut().clear();

    assert!(pool.full_module(Ok(())).is_empty());
    assert_eq!(started(&sent), [(at(0, 1), zarr), (at(0, 1), other)], "the idle worker was replaced, the busy one not yet");
    assert!(pool.finish(at(1, 0), busy, &Ok(Outcome::Chunk(None)), 0), "what the busy one did counts");
    let next = pool.start(chunk(2), None);
    assert_eq!(started(&sent).last(), Some(&(at(1, 1), next)));
    let full: Vec<WorkerId> =
        modules.borrow().spawned.iter().filter(|(_, module)| *module == WorkerModule::Full).map(|(at, _)| *at).collect();
    assert_eq!(full, [at(0, 1), at(1, 1)]);
}

#[test]
fn where_every_worker_is_busy_the_least_busy_one_is_replaced_and_loses_nothing() {
    let (mut pool, sent, _) = pool_of_modules(2);
    let jobs: Vec<u64> = (0..3).map(|x| pool.start(chunk(x), None)).collect();
    let zarr = pool.start(open(1, "https://localhost/a.zarr"), None);
    sent.borrow_mut().clear();
    pool.full_module(Ok(()));
    assert_eq!(started(&sent), [(at(1, 1), zarr), (at(1, 1), jobs[1])]);
    assert_eq!(pool.running(), 4);
    // A replacement is no crash: the first crash after it is not the second.
    assert!(pool.crashed(at(1, 1), "unreachable").is_empty());
    let late = pool.start(chunk(4), None);
    assert!(!pool.finish(at(0, 0), late, &Ok(Outcome::NeedsFullModule), 0), "no job of that worker");
    assert!(!pool.finish(at(0, 0), jobs[0], &Ok(Outcome::NeedsFullModule), 0));
    assert!(started(&sent).iter().any(|(to, id)| *id == jobs[0] && to.place == 1), "at once where the module is there");
}

#[test]
fn what_is_said_to_need_full_module_asks_for_the_full_module_at_once() {
    let (mut pool, sent, modules) = pool_of_modules(1);
    let zarr = pool.start(open(1, "https://localhost/a.zarr"), None);
    let given_up = pool.start(open(2, "zarr://https://localhost/b"), None);
    assert_eq!((modules.borrow().fetches, started(&sent)), (1, Vec::new()));
    pool.cancel(given_up);
    let failed = pool.full_module(Err(ViewerError::new(ErrorCode::NotFound, "no file")));
    assert_eq!(failed.iter().map(|(id, error)| (*id, error.code)).collect::<Vec<_>>(), [(zarr, ErrorCode::NotFound)]);
    assert_eq!(pool.running(), 0);
    let again = pool.start(open(3, "https://localhost/a.zarr"), None);
    assert_eq!(modules.borrow().fetches, 2, "a failure is not for ever");
    assert!(pool.full_module(Ok(())).is_empty());
    assert_eq!(started(&sent), [(at(0, 1), again)]);
}
