//! Workers: which one does what, and what happens when one dies. Knows messages, not how they travel.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::error::{ErrorCode, ViewerError};
use crate::job::{Documents, Job, OpenJob, Outcome, ToWorker};

/// One running worker. Dropping it ends the worker.
pub trait WorkerPort {
    /// Sends a message; the worker handles messages in order.
    fn send(&self, message: ToWorker);
}

/// Makes workers.
pub trait SpawnWorker {
    /// Starts a worker. What it says, and that it died, must be reported with the same place and generation.
    fn spawn(&self, at: WorkerId) -> Box<dyn WorkerPort>;
}

/// One life of one place in the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WorkerId {
    /// The place, from 0.
    pub place: usize,
    /// How many workers have been at this place before.
    pub generation: u32,
}

/// How many workers there are and how large each may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolPolicy {
    /// Workers.
    pub workers: usize,
    /// A worker whose memory has grown beyond this is replaced when it is idle: wasm memory never shrinks.
    pub most_memory_bytes: u64,
}

impl Default for PoolPolicy {
    fn default() -> Self {
        Self { workers: 2, most_memory_bytes: 512 << 20 }
    }
}

struct Place {
    /// None after a worker's end, until there is work: a worker that cannot start is not started for ever.
    port: Option<Box<dyn WorkerPort>>,
    generation: u32,
    /// Volumes that this worker knows.
    volumes: FxHashSet<u32>,
    jobs: FxHashSet<u64>,
    /// Too large: gets no new jobs while others can take them, and is replaced when idle.
    full: bool,
}

impl Place {
    fn send(&self, message: ToWorker) {
        if let Some(port) = &self.port {
            port.send(message);
        }
    }
}

struct Running {
    job: Job,
    place: usize,
    affinity: Option<u64>,
    retried: bool,
}

struct Volume {
    open: OpenJob,
    documents: Documents,
}

/// The workers and their jobs.
pub struct Pool {
    spawn: Box<dyn SpawnWorker>,
    policy: PoolPolicy,
    places: Vec<Place>,
    running: FxHashMap<u64, Running>,
    volumes: FxHashMap<u32, Volume>,
    next_job: u64,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Pool").field("policy", &self.policy).field("running", &self.running.len()).finish_non_exhaustive()
    }
}

impl Pool {
    /// Starts the workers.
    #[must_use]
    pub fn new(policy: PoolPolicy, spawn: Box<dyn SpawnWorker>) -> Self {
        let places = (0..policy.workers.max(1)).map(|place| Self::start_worker(&*spawn, WorkerId { place, generation: 0 })).collect();
        Self { spawn, policy, places, running: FxHashMap::default(), volumes: FxHashMap::default(), next_job: 1 }
    }

    fn start_worker(spawn: &dyn SpawnWorker, at: WorkerId) -> Place {
        Place {
            port: Some(spawn.spawn(at)),
            generation: at.generation,
            volumes: FxHashSet::default(),
            jobs: FxHashSet::default(),
            full: false,
        }
    }

    /// Gives a job to a worker and returns its number. Jobs of equal `affinity` go to the same worker, which keeps what they share.
    pub fn start(&mut self, job: Job, affinity: Option<u64>) -> u64 {
        let id = self.next_job;
        self.next_job += 1;
        self.assign(id, Running { job, place: 0, affinity, retried: false });
        id
    }

    fn assign(&mut self, id: u64, mut running: Running) {
        let count = self.places.len() as u64;
        running.place = match running.affinity.and_then(|affinity| usize::try_from(affinity % count).ok()) {
            // The next place that is not to be replaced, so that what is shared still comes together.
            Some(first) => {
                let mut places = (first..self.places.len()).chain(0..first);
                places.find(|&place| self.places.get(place).is_some_and(|worker| !worker.full)).unwrap_or(first)
            }
            // The least busy, first those that are not to be replaced.
            None => (0..self.places.len())
                .min_by_key(|&place| self.places.get(place).map(|worker| (worker.full, worker.jobs.len())))
                .unwrap_or(0),
        };
        let Some(place) = self.places.get_mut(running.place) else { return };
        if place.port.is_none() {
            *place = Self::start_worker(&*self.spawn, WorkerId { place: running.place, generation: place.generation });
        }
        if let Job::Chunk(chunk) = &running.job
            && !place.volumes.contains(&chunk.volume)
            && let Some(volume) = self.volumes.get(&chunk.volume)
        {
            place.volumes.insert(chunk.volume);
            place.send(ToWorker::Attach { volume: chunk.volume, open: volume.open.clone(), documents: volume.documents.clone() });
        }
        place.jobs.insert(id);
        place.send(ToWorker::Start { id, job: running.job.clone() });
        self.running.insert(id, running);
    }

    /// Drops a job; its answer, if one is on its way, will not be known here any more.
    pub fn cancel(&mut self, id: u64) {
        if let Some(running) = self.running.remove(&id)
            && let Some(place) = self.places.get_mut(running.place)
        {
            place.jobs.remove(&id);
            place.send(ToWorker::Cancel { id });
            self.replace_if_full(running.place);
        }
    }

    /// A job has ended. Says whether it was still running here; the answer of a cancelled job is to be thrown away.
    pub fn finish(&mut self, from: WorkerId, id: u64, result: &Result<Outcome, ViewerError>, memory_bytes: u64) -> bool {
        let Some(place) = self.places.get_mut(from.place).filter(|place| place.generation == from.generation) else { return false };
        place.full = memory_bytes > self.policy.most_memory_bytes;
        let known = place.jobs.remove(&id);
        if known
            && let Some(running) = self.running.remove(&id)
            && let (Job::Open { volume, open }, Ok(Outcome::Opened(opened))) = (running.job, result)
        {
            place.volumes.insert(volume);
            // The others need not find out again what it is: where a server refuses what is absent, every probe costs a request.
            let open = OpenJob { format: Some(opened.spec.format), ..open };
            self.volumes.insert(volume, Volume { open, documents: opened.documents.clone() });
        }
        self.replace_if_full(from.place);
        known
    }

    /// Sends a worker the answer to its question.
    pub fn answer(&self, to: WorkerId, message: ToWorker) {
        if let Some(place) = self.places.get(to.place).filter(|place| place.generation == to.generation) {
            place.send(message);
        }
    }

    /// Forgets a volume everywhere.
    pub fn detach(&mut self, volume: u32) {
        self.volumes.remove(&volume);
        for place in &mut self.places {
            if place.volumes.remove(&volume) {
                place.send(ToWorker::Detach { volume });
            }
        }
    }

    /// A worker died: another takes its place, and its jobs are tried once more. Returns the jobs that had been tried
    /// twice; they have failed.
    pub fn crashed(&mut self, at: WorkerId, reason: &str) -> Vec<(u64, ViewerError)> {
        let Some(place) = self.places.get_mut(at.place).filter(|place| place.generation == at.generation) else { return Vec::new() };
        let mut jobs: Vec<u64> = place.jobs.iter().copied().collect();
        jobs.sort_unstable();
        self.replace(at.place);
        let mut failed = Vec::new();
        for id in jobs {
            let Some(mut running) = self.running.remove(&id) else { continue };
            if running.retried {
                let error = ViewerError::new(ErrorCode::Internal, format!("a worker stopped twice at the same work ({reason})"))
                    .with_remedy("Reload the page; if it happens again, report the dataset.");
                failed.push((id, error));
            } else {
                running.retried = true;
                self.assign(id, running);
            }
        }
        failed
    }

    /// How many jobs are running.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running.len()
    }

    fn replace_if_full(&mut self, at: usize) {
        if self.places.get(at).is_some_and(|place| place.full && place.jobs.is_empty()) {
            self.replace(at);
        }
    }

    /// Ends a worker. The next work at its place starts another.
    fn replace(&mut self, at: usize) {
        if let Some(place) = self.places.get_mut(at) {
            *place = Place {
                port: None,
                generation: place.generation.wrapping_add(1),
                volumes: FxHashSet::default(),
                jobs: FxHashSet::default(),
                full: false,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Selection, SourceFormat, VolumeSpec};
    use crate::job::{ChunkJob, Opened};
    use crate::voxel::DataType;
    use std::cell::RefCell;
    use std::rc::Rc;

    type Sent = Rc<RefCell<Vec<(WorkerId, ToWorker)>>>;

    struct Recorder(Sent);
    struct RecorderPort(WorkerId, Sent);

    impl SpawnWorker for Recorder {
        fn spawn(&self, at: WorkerId) -> Box<dyn WorkerPort> {
            Box::new(RecorderPort(at, Rc::clone(&self.0)))
        }
    }

    impl WorkerPort for RecorderPort {
        fn send(&self, message: ToWorker) {
            self.1.borrow_mut().push((self.0, message));
        }
    }

    fn pool(workers: usize) -> (Pool, Sent) {
        let sent = Sent::default();
        let policy = PoolPolicy { workers, most_memory_bytes: 1000 };
        (Pool::new(policy, Box::new(Recorder(Rc::clone(&sent)))), sent)
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
        let open = OpenJob { url: "https://localhost/volume".to_owned(), format: None };
        let id = pool.start(Job::Open { volume: 1, open }, None);
        let spec = VolumeSpec {
            format: SourceFormat::Zarr,
            data_type: DataType::Uint8,
            kind: None,
            channels: 1,
            other_axes: Vec::new(),
            fill_bits: 0,
            levels: Vec::new(),
        };
        let opened = Outcome::Opened(Box::new(Opened { spec, documents: Documents::new() }));
        assert!(pool.finish(WorkerId { place: 0, generation: 0 }, id, &Ok(opened), 0));
        pool.start(chunk(0), Some(1));
        let sent = sent.borrow();
        let attached =
            sent.iter().find_map(|(at, message)| if let ToWorker::Attach { open, .. } = message { Some((at.place, open)) } else { None });
        assert_eq!(attached.map(|(place, open)| (place, open.format)), Some((1, Some(SourceFormat::Zarr))));
    }

    #[test]
    fn the_answer_of_a_cancelled_job_is_thrown_away() {
        let (mut pool, sent) = pool(1);
        let id = pool.start(chunk(0), None);
        pool.cancel(id);
        assert!(matches!(sent.borrow().last(), Some((_, ToWorker::Cancel { id: sent_id })) if *sent_id == id));
        assert!(!pool.finish(WorkerId { place: 0, generation: 0 }, id, &Ok(Outcome::Chunk(None)), 0));
    }
}
