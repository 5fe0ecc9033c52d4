//! The engine driven natively: views, queue, workers (here in the test's own thread), bricks and reads, without browser or GPU.
#![cfg(feature = "decode")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::Path;
use std::rc::Rc;

use neurolume::engine::{Context, Limits, SpawnWorker, View, ViewEvent, WorkerId, WorkerModule, WorkerPort};
use neurolume::error::{ErrorCode, ViewerError};
use neurolume::geometry::{DVec2, VoxelBox};
use neurolume::job::{Documents, FromWorker, Job, JobRunner, ToWorker};
use neurolume::scene::layer::{Contrast, LayerOptions};
use neurolume::store::{FileProvider, Provider, Traffic};
use neurolume::tools::command::ViewCommand;
use neurolume::voxel::VoxelBlock;
use support::expected::{self, Case};
use support::recorder::Recorder;

type Posted = Rc<RefCell<VecDeque<(WorkerId, ToWorker)>>>;

struct Inline(Posted);
struct InlinePort(WorkerId, Posted);

impl SpawnWorker for Inline {
    fn spawn(&self, at: WorkerId, _: WorkerModule) -> Box<dyn WorkerPort> {
        Box::new(InlinePort(at, Rc::clone(&self.0)))
    }

    fn first_module(&self) -> WorkerModule {
        WorkerModule::Full
    }

    fn fetch_full_module(&self) {}
}

impl WorkerPort for InlinePort {
    fn send(&self, message: ToWorker) {
        // Through bytes and back, as between page and worker.
        let bytes = postcard::to_stdvec(&message).unwrap();
        self.1.borrow_mut().push_back((self.0, postcard::from_bytes(&bytes).unwrap()));
    }
}

/// A context whose workers do their work when the test says so.
struct Bench {
    context: Context,
    posted: Posted,
    runners: Vec<JobRunner>,
}

impl Bench {
    fn new(limits: Limits) -> Self {
        Self::reading(limits, Rc::new(FileProvider))
    }

    fn reading(limits: Limits, provider: Rc<dyn Provider>) -> Self {
        let posted = Posted::default();
        let context = Context::new(limits, Box::new(Inline(Rc::clone(&posted))));
        let runners = (0..limits.workers).map(|_| JobRunner::new(Rc::clone(&provider))).collect();
        Self { context, posted, runners }
    }

    /// Works off all messages.
    fn work(&self) {
        loop {
            let next = self.posted.borrow_mut().pop_front();
            let Some((at, message)) = next else { return };
            let runner = &self.runners[at.place];
            match message {
                ToWorker::Start { id, job } => {
                    let result = pollster::block_on(runner.run(id, job));
                    let done = FromWorker::Done { id, result, memory_bytes: 0, traffic: Traffic::default() };
                    let bytes = postcard::to_stdvec(&done).unwrap();
                    self.context.on_message(at, postcard::from_bytes(&bytes).unwrap());
                }
                ToWorker::Attach { volume, open, documents, levels } => runner.attach(volume, open, documents, levels),
                ToWorker::Detach { volume } => runner.detach(volume),
                ToWorker::Cancel { id } => runner.cancel(id),
                ToWorker::More { id } => runner.more(id),
                ToWorker::Configure { .. } | ToWorker::Request { .. } => {}
            }
        }
    }

    fn open(&self, view: &mut View, id: &str, kind: &str, path: &Path, channel: u32) -> Result<(), ViewerError> {
        self.open_source(view, id, kind, path.to_str().unwrap().into(), channel)
    }

    /// Opens a case's volume, with what has to be said of a raw file.
    fn open_case(&self, view: &mut View, id: &str, case: &Case, folder: &Path, channel: u32) -> Result<(), ViewerError> {
        let source = serde_json::json!({ "url": folder.join(&case.path).to_str().unwrap(), "raw": case.raw });
        self.open_source(view, id, kind_of(case), source, channel)
    }

    fn open_source(&self, view: &mut View, id: &str, kind: &str, source: serde_json::Value, channel: u32) -> Result<(), ViewerError> {
        let mut options = serde_json::json!({ "id": id, "type": kind, "source": source });
        if kind == "image" {
            options["channel"] = channel.into();
        }
        let options: LayerOptions = serde_json::from_value(options).unwrap();
        let mut answer = view.add_layer(options, None, Documents::new())?;
        self.work();
        view.settle();
        answer.try_recv().unwrap().expect("the metadata has been read").map(|_| ())
    }

    fn read(&self, view: &mut View, id: &str, voxels: VoxelBox, level: usize) -> Result<VoxelBlock, ViewerError> {
        let mut answer = view.read_voxels(id, voxels, level, None, None)?;
        self.work();
        answer.try_recv().unwrap().expect("the chunks have come")
    }
}

fn kind_of(case: &Case) -> &'static str {
    // An image layer shows numbers up to 32 bits; ids of 64 bits are segments.
    if case.data_type == "uint64" || (case.kind == "segmentation" && case.data_type.starts_with("uint")) { "segmentation" } else { "image" }
}

fn check_reads(folder: &Path, file: &Path) {
    let Some(expected) = expected::read(file) else {
        eprintln!("SKIPPED: no {}", file.display());
        return;
    };
    let bench = Bench::new(Limits::default());
    let mut failures = Vec::new();
    for case in &expected.cases {
        let mut view = View::new(&bench.context);
        for (number, level) in case.levels.iter().enumerate() {
            for values in &level.values {
                // Labels of several channels are read through their selection in the tests of volumes.
                if kind_of(case) == "segmentation" && values.channel > 0 || values.at.values().any(|&at| at > 0) {
                    continue;
                }
                let id = format!("{number}-{}", values.channel);
                let result = bench
                    .open_case(&mut view, &id, case, folder, values.channel)
                    .and_then(|()| bench.read(&mut view, &id, level.voxel_box, number));
                let block = match result {
                    Ok(block) => block,
                    Err(error) => {
                        failures.push(format!("{}: {error}", case.name));
                        continue;
                    }
                };
                let array = &expected.arrays[&values.array];
                if let Some(wanted) = array.bytes(folder) {
                    let off = block.data.iter().zip(&wanted).filter(|(got, wanted)| got.abs_diff(**wanted) > case.tolerance).count();
                    if block.data.len() != wanted.len() || off > 0 {
                        failures.push(format!("{}: level {number}: {off} bytes differ", case.name));
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn reads_give_the_known_values_of_every_own_volume() {
    let folder = support::data_folder();
    check_reads(&folder, &folder.join("expected.json"));
}

#[test]
fn reads_give_the_known_values_of_every_fixture() {
    let Some(folder) = support::fixtures_folder() else { return };
    check_reads(&folder, &support::data_folder().join("fixtures.json"));
}

/// A view of one volume of several levels, as large as a small window.
fn small_view(bench: &Bench) -> View {
    let mut view = View::new(&bench.context);
    view.resize(DVec2::new(400.0, 300.0), 1.0);
    let folder = support::data_folder();
    let expected = expected::read(&folder.join("expected.json")).unwrap();
    let case = expected.cases.iter().find(|case| case.levels.len() > 1 && kind_of(case) == "image").unwrap();
    bench.open(&mut view, "image", "image", &folder.join(&case.path), 0).unwrap();
    view
}

#[test]
fn a_view_becomes_idle_once_all_in_view_is_there() {
    let bench = Bench::new(Limits::default());
    let mut view = small_view(&bench);
    let mut idle = view.idle();
    let first = view.tick(0.0);
    assert!(first.draw.is_none() && first.again, "the first frame waits for data");
    let first = view.tick(200.0);
    assert!(first.draw.is_some() && first.again, "but not for ever: it shows that it is loading");
    assert_eq!(idle.try_recv(), Ok(None));
    for frame in 1..10 {
        bench.work();
        view.tick(200.0 + f64::from(frame) * 16.0);
    }
    assert_eq!(idle.try_recv(), Ok(Some(())));
    let counts = view.layer_info("image").unwrap().chunks;
    assert!(counts.visible > 0 && counts.loaded + counts.absent == counts.visible, "{counts:?}");
    assert!(view.tick(1000.0).draw.is_none(), "nothing changed: nothing is drawn");
}

#[test]
fn the_first_frame_comes_with_the_first_data() {
    let bench = Bench::new(Limits::default());
    let mut view = small_view(&bench);
    assert!(view.tick(0.0).draw.is_none());
    bench.work();
    assert!(view.tick(16.0).draw.is_some());
    // Nothing is on its way: nothing to wait for.
    let mut empty = View::new(&bench.context);
    empty.resize(DVec2::splat(100.0), 1.0);
    assert!(empty.tick(0.0).draw.is_some());
}

#[test]
fn budgets_hold_while_a_view_moves() {
    let limits = Limits { cpu_bytes: 1 << 20, gpu_bytes: 1 << 20, ..Limits::default() };
    let bench = Bench::new(limits);
    let mut view = small_view(&bench);
    for frame in 0..60 {
        let mut state = view.state().clone();
        state.position.z += 17.0;
        state.cross_section_scale *= if frame % 7 < 3 { 1.3 } else { 0.8 };
        view.set_state(state, [true; 2], f64::from(frame) * 16.0, 0.0);
        view.tick(f64::from(frame) * 16.0);
        bench.work();
        let (gpu, cpu, _) = bench.context.usage();
        assert!(gpu <= limits.gpu_bytes && cpu <= limits.cpu_bytes, "{gpu} and {cpu} bytes");
    }
}

#[test]
fn what_scrolls_out_of_view_is_cancelled_and_never_kept() {
    let bench = Bench::new(Limits::default());
    let mut view = small_view(&bench);
    view.tick(0.0);
    let mut state = view.state().clone();
    state.position.x += 1e9;
    view.set_state(state, [true; 2], 16.0, 0.0);
    view.tick(16.0);
    assert_eq!(view.stats().in_flight, 0, "nothing in view is wanted");
    let started = bench.posted.borrow().iter().filter(|(_, message)| matches!(message, ToWorker::Start { .. })).count();
    let cancelled = bench.posted.borrow().iter().filter(|(_, message)| matches!(message, ToWorker::Cancel { .. })).count();
    assert!(started > 0 && started == cancelled, "{started} started, {cancelled} cancelled");
    bench.work();
    assert_eq!(bench.context.usage().1, 0, "an answer that crossed its cancellation is thrown away");
}

#[test]
fn wrong_options_name_their_key_and_change_nothing() {
    let bench = Bench::new(Limits::default());
    let mut view = small_view(&bench);
    for (json, key) in [
        (serde_json::json!({ "opacity": 2.0 }), "opacity"),
        (serde_json::json!({ "selected": ["1"] }), "selected"),
        (serde_json::json!({ "color": "red" }), "color"),
        (serde_json::json!({ "channel": 99 }), "channel"),
        (serde_json::json!({ "transform": [1.0, 2.0] }), "transform"),
    ] {
        let before = view.layers();
        let error = view.update_layer("image", patch(json)).unwrap_err();
        assert_eq!((error.code, error.detail.get("key").map(String::as_str)), (ErrorCode::InvalidOptions, Some(key)), "{error}");
        assert_eq!(view.layers(), before);
    }
    assert_eq!(view.remove_layer("nothing").unwrap_err().code, ErrorCode::InvalidOptions);
}

/// Ticks until all in view is there.
fn complete(bench: &Bench, view: &mut View) {
    for frame in 0..10 {
        view.tick(f64::from(frame) * 16.0);
        bench.work();
    }
}

fn patch(json: serde_json::Value) -> LayerOptions {
    serde_json::from_value(json).unwrap()
}

#[test]
fn automatic_contrast_stays_a_word_and_its_window_follows_the_data() {
    let bench = Bench::new(Limits::default());
    let mut view = small_view(&bench);
    complete(&bench, &mut view);
    let found = view.layer_info("image").unwrap().window.unwrap();
    view.update_layer("image", patch(serde_json::json!({ "contrast": [1.0, 2.0] }))).unwrap();
    assert_eq!(view.layer_info("image").unwrap().window, Some([1.0, 2.0]));
    view.update_layer("image", patch(serde_json::json!({ "contrast": "auto" }))).unwrap();
    complete(&bench, &mut view);
    assert_eq!(view.layers()[0].contrast, Some(Contrast::AUTO));
    assert_eq!(serde_json::to_value(&view.layers()[0]).unwrap()["contrast"], "auto");
    assert_eq!(view.layer_info("image").unwrap().window, Some(found), "the window is found again");
}

#[test]
fn a_saved_view_that_does_not_fit_changes_nothing() {
    let bench = Bench::new(Limits::default());
    let mut view = small_view(&bench);
    let before = view.layers();
    let mut saved = before.clone();
    saved[0].channel = Some(99);
    assert_eq!(view.restore(saved).unwrap_err().code, ErrorCode::InvalidOptions);
    assert_eq!(view.layers(), before);
    view.restore(before.clone()).unwrap();
    assert_eq!(view.layers(), before);
}

#[test]
fn changed_options_are_told_once_and_only_where_something_changed() {
    let bench = Bench::new(Limits::default());
    let mut view = small_view(&bench);
    let told = |view: &mut View| view.drain_events().into_iter().filter(|event| *event == ViewEvent::Layers).count();
    told(&mut view);
    for opacity in [0.25, 0.5] {
        view.update_layer("image", patch(serde_json::json!({ "opacity": opacity }))).unwrap();
    }
    assert_eq!(told(&mut view), 1);
    view.update_layer("image", patch(serde_json::json!({ "opacity": 0.5 }))).unwrap();
    assert_eq!(told(&mut view), 0);
}

#[test]
fn a_source_may_name_its_s3_service() {
    let bench = Bench::new(Limits::default());
    let mut view = View::new(&bench.context);
    let mut add = |url: &str, format: &str| {
        let source = serde_json::json!({ "url": url, "format": format, "endpoint": "http://localhost:9000", "pathStyle": false });
        view.add_layer(patch(serde_json::json!({ "id": url, "type": "image", "source": source })), None, Documents::new())
    };
    let _answer = add("s3://bucket/vol", "zarr").unwrap();
    assert_eq!(add("https://bucket/vol", "zarr").unwrap_err().code, ErrorCode::InvalidOptions);
    let posted = bench.posted.borrow();
    let Some((_, ToWorker::Start { job: Job::Open { open, .. }, .. })) = posted.front() else { panic!("{posted:?}") };
    let child = neurolume::store::url::join(&open.url, "zarr.json").unwrap();
    assert_eq!(neurolume::store::url::Url::parse(&child).unwrap().request_url().unwrap(), "http://bucket.localhost:9000/vol/zarr.json");
    drop(posted);
    // What is saved opens the same again.
    let saved = serde_json::to_value(&view.layers()[0]).unwrap();
    assert_eq!(saved["source"]["endpoint"], "http://localhost:9000");
    assert_eq!(patch(saved), view.layers()[0]);
}

#[test]
fn brackets_go_along_time_and_stop_at_its_ends() {
    let bench = Bench::new(Limits::default());
    let mut view = View::new(&bench.context);
    bench.open(&mut view, "image", "image", &support::data_folder().join("ome/0.4-time"), 0).unwrap();
    let mut go = |places| {
        view.dispatch(&ViewCommand::StepOther { places }, 0.0, false);
        view.other_axes().get("t").copied().unwrap_or(0)
    };
    // Three places.
    assert_eq!([go(-1), go(1), go(1), go(1), go(-1)], [0, 1, 2, 2, 1]);
}

#[test]
fn no_byte_is_read_twice_for_a_view_of_all_channels() {
    let folder = support::data_folder();
    let expected = expected::read(&folder.join("expected.json")).unwrap();
    let mut several = 0;
    // The directories of TIFF files lie among their images, and are read in windows; an image of a sequence is read to tell what all are.
    let cases =
        expected.cases.iter().filter(|case| case.channels > 1 && kind_of(case) == "image" && !matches!(&*case.format, "tiff" | "images"));
    for case in cases {
        let recorder = Recorder::default();
        let bench = Bench::reading(Limits { workers: 3, ..Limits::default() }, Rc::new(recorder.clone()));
        let mut view = View::new(&bench.context);
        view.resize(DVec2::new(400.0, 300.0), 1.0);
        for channel in 0..case.channels {
            bench.open_case(&mut view, &format!("{channel}"), case, &folder, channel).unwrap();
            // Each channel is asked for when the one before has come, as by somebody who adds layers one by one.
            complete(&bench, &mut view);
        }
        assert!(view.layers().iter().all(|layer| view.layer_info(layer.id.as_ref().unwrap()).unwrap().chunks.loaded > 0), "{}", case.name);
        assert!(recorder.count() > 1 && recorder.repeats().is_empty(), "{}: {:?}", case.name, recorder.repeats());
        several += 1;
    }
    assert!(several >= 10, "only {several} volumes of several channels");
}
