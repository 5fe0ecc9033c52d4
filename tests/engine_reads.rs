//! Reads of voxels, and what is thrown away: the test plays the workers.
#![cfg(feature = "decode")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use neurolume::engine::{Limits, View};
use neurolume::error::{ErrorCode, ViewerError};
use neurolume::format::content::{Content, ContentQuery};
use neurolume::geometry::{DVec2, DVec3, VoxelBox};
use neurolume::job::{ContentJob, Job, Outcome, ToWorker};
use neurolume::scene::panels::Layout;
use proptest::prelude::*;
use support::fake_workers::{FakeWorkers, Started, volume};

fn cube(edge: i64) -> VoxelBox {
    VoxelBox::from_shape([0; 3], [edge; 3])
}

#[test]
fn a_read_outlasts_its_layer() {
    let spec = volume([64; 3], 1);
    let workers = FakeWorkers::new(Limits::default());
    let mut view = View::new(&workers.context);
    workers.open(&mut view, "image", "image", &spec);
    let mut answer = view.read_voxels("image", cube(64), 0, None, None).unwrap();
    let started = workers.started();
    assert_eq!(started.len(), 8);
    view.remove_layer("image").unwrap();
    assert!(workers.take().is_empty(), "nothing is cancelled or forgotten");
    for chunk in &started {
        workers.deliver(chunk, &spec);
    }
    let block = answer.try_recv().unwrap().unwrap().unwrap();
    assert_eq!((block.shape, block.data.first(), block.data.get(1)), ([64; 3], Some(&0), Some(&1)));
    let told = workers.take();
    assert!(told.iter().all(|(_, message)| matches!(message, ToWorker::Detach { .. })) && !told.is_empty(), "{told:?}");
    assert_eq!(workers.context.usage(), (0, 0, 0));
}

#[test]
fn reads_share_one_limit_and_those_given_up_do_not_count() {
    let spec = volume([2048; 3], 1);
    let workers = FakeWorkers::new(Limits::default());
    let mut view = View::new(&workers.context);
    workers.open(&mut view, "image", "image", &spec);
    // A GiB at once is the most; nothing is taken before that is known.
    let error = view.read_voxels("image", cube(2048), 0, None, None).unwrap_err();
    assert_eq!((error.code, error.retryable), (ErrorCode::OutOfMemory, false));
    // Half a GiB and a little, twice, most of it outside the volume.
    let half = VoxelBox::from_shape([2048; 3], [513, 1024, 1024]);
    let edge = VoxelBox { min: [2047, 2047, 2047], ..half };
    let waiting = view.read_voxels("image", edge, 0, None, None).unwrap();
    let error = view.read_voxels("image", half, 0, None, None).unwrap_err();
    assert_eq!((error.code, error.retryable), (ErrorCode::OutOfMemory, true), "{error}");
    assert!(view.read_voxels("image", cube(32), 0, None, None).is_ok());
    drop(waiting);
    let mut answer = view.read_voxels("image", half, 0, None, None).unwrap();
    assert!(answer.try_recv().unwrap().unwrap().is_ok(), "outside the volume nothing has to come");
}

#[derive(Clone, Debug)]
enum Step {
    Look([f64; 2]),
    Tick,
    /// A worker answers, be it a job that was cancelled.
    Answer(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => prop::array::uniform2(0.0_f64..2048.0).prop_map(Step::Look),
        2 => Just(Step::Tick),
        5 => any::<prop::sample::Index>().prop_map(Step::Answer),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Memory holds the bricks of the answers that were still wanted, and no others.
    #[test]
    fn the_answer_of_a_cancelled_request_is_never_kept(steps in prop::collection::vec(step(), 1..120)) {
        // What a brick of 32³ bytes takes, with its entry.
        const BRICK_BYTES: u64 = 32 * 32 * 32 + 128;
        let spec = volume([2048, 2048, 32], 1);
        let workers = FakeWorkers::new(Limits { max_concurrent_requests: 6, ..Limits::default() });
        let mut view = View::new(&workers.context);
        view.set_layout(Layout::Xy);
        view.resize(DVec2::splat(128.0), 1.0);
        workers.open(&mut view, "image", "image", &spec);
        let (mut now, mut held) = (0.0, BTreeSet::new());
        // Jobs that no worker has answered, and whether somebody waits for them.
        let mut jobs: BTreeMap<u64, (Started, bool)> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Look([x, y]) => {
                    let mut state = view.state().clone();
                    (state.position, state.cross_section_scale) = (DVec3::new(x, y, 16.0), 1.0);
                    view.set_state(state, [true; 2], now, 0.0);
                }
                Step::Tick => {
                    now += 16.0;
                    view.tick(now);
                }
                Step::Answer(which) => {
                    if jobs.is_empty() {
                        continue;
                    }
                    let id = *which.get(&jobs.keys().copied().collect::<Vec<_>>());
                    let (job, wanted) = jobs.remove(&id).unwrap();
                    workers.deliver(&job, &spec);
                    if wanted {
                        prop_assert!(held.insert(job.key()), "{:?} is fetched twice", job.key());
                    }
                }
            }
            for (at, message) in workers.take() {
                match message {
                    ToWorker::Start { id, job: Job::Chunk(chunk) } => {
                        jobs.insert(id, (Started { at, id, chunk }, true));
                    }
                    ToWorker::Cancel { id } => {
                        // A worker that has heard of it in time says nothing; here it has always just answered.
                        jobs.entry(id).and_modify(|(_, wanted)| *wanted = false);
                    }
                    _ => {}
                }
            }
            prop_assert!(jobs.values().filter(|(_, wanted)| *wanted).count() <= 6);
            prop_assert_eq!(workers.context.usage().1, held.len() as u64 * BRICK_BYTES);
        }
    }
}

fn skeleton_job() -> ContentJob {
    ContentJob { url: "https://localhost/skeletons".to_owned(), query: ContentQuery::Skeleton { id: 7 } }
}

#[test]
fn what_is_no_volume_comes_as_the_worker_gives_it() {
    let workers = FakeWorkers::new(Limits::default());
    let read = workers.context.read_content(skeleton_job());
    let [(at, ToWorker::Start { id, job })] = &workers.take()[..] else { panic!("one job is started") };
    assert_eq!(*job, Job::Content(skeleton_job()));
    workers.answer(*at, *id, Ok(Outcome::Content(Box::new(Content::Skeleton(None)))));
    assert_eq!(pollster::block_on(read.answer()).unwrap(), Content::Skeleton(None));
    let read = workers.context.read_content(skeleton_job());
    let [(at, ToWorker::Start { id, .. })] = &workers.take()[..] else { panic!("one job is started") };
    workers.answer(*at, *id, Err(ViewerError::new(ErrorCode::BadData, "it is damaged")));
    assert_eq!(pollster::block_on(read.answer()).unwrap_err().code, ErrorCode::BadData);
}

#[test]
fn a_read_that_is_dropped_is_cancelled() {
    let workers = FakeWorkers::new(Limits::default());
    let read = workers.context.read_content(skeleton_job());
    let [(at, ToWorker::Start { id, .. })] = &workers.take()[..] else { panic!("one job is started") };
    drop(read);
    assert!(matches!(&workers.take()[..], [(to, ToWorker::Cancel { id: cancelled })] if to == at && cancelled == id));
    let read = workers.context.read_content(skeleton_job());
    drop(workers);
    assert_eq!(pollster::block_on(read.answer()).unwrap_err().code, ErrorCode::Disposed);
}
