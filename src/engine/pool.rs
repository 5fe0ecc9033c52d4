//! Workers: which one does what, and what happens when one dies. Knows messages, not how they travel.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::error::{ErrorCode, ViewerError};
use crate::format::{Said, is_said_to_need_full_module};
use crate::job::{Documents, Job, OpenJob, Outcome, ToWorker};

/// One running worker. Dropping it ends the worker.
pub trait WorkerPort {
    /// Sends a message; the worker handles messages in order.
    fn send(&self, message: ToWorker);
}

/// Makes workers.
pub trait SpawnWorker {
    /// Starts a worker that runs this module. What it says, and that it died, must be reported with the same place and generation.
    fn spawn(&self, at: WorkerId, module: WorkerModule) -> Box<dyn WorkerPort>;

    /// The module that is there from the start.
    fn first_module(&self) -> WorkerModule;

    /// Gets the full module. [`Pool::full_module`] must be told when it is there or cannot be had, later than from inside of this.
    fn fetch_full_module(&self);
}

/// The code that a worker runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerModule {
    /// What most pages need: small, so that the first picture comes soon. It says so where a job is beyond it.
    Small,
    /// Everything.
    Full,
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
    module: WorkerModule,
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
    levels: Option<String>,
}

/// The workers and their jobs.
pub struct Pool {
    spawn: Box<dyn SpawnWorker>,
    policy: PoolPolicy,
    /// What workers are started with. Those that run another are replaced when they are idle, or when there is work and no other.
    module: WorkerModule,
    /// Jobs that wait for the full module. It has been asked for while there are any.
    waiting: Vec<u64>,
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
        let module = spawn.first_module();
        let start = |place| Self::start_worker(&*spawn, WorkerId { place, generation: 0 }, module);
        let places = (0..policy.workers.max(1)).map(start).collect();
        let (running, volumes) = (FxHashMap::default(), FxHashMap::default());
        Self { spawn, policy, module, waiting: Vec::new(), places, running, volumes, next_job: 1 }
    }

    fn start_worker(spawn: &dyn SpawnWorker, at: WorkerId, module: WorkerModule) -> Place {
        Place {
            port: Some(spawn.spawn(at, module)),
            module,
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
        let said_to_need_full = match &job {
            Job::Open { open, .. } => is_said_to_need_full_module(&open.url, &open.said),
            Job::Content(job) => job.query.needs_full_module(),
            Job::Export(_) => true,
            Job::Chunk(_) | Job::Document { .. } | Job::Levels { .. } | Job::ClearScratch => false,
        };
        let running = Running { job, place: 0, affinity, retried: false };
        if self.module == WorkerModule::Small && said_to_need_full {
            self.wait(id, running);
        } else {
            self.assign(id, running);
        }
        id
    }

    /// Keeps a job until the full module is there.
    fn wait(&mut self, id: u64, running: Running) {
        self.running.insert(id, running);
        self.waiting.push(id);
        if self.waiting.len() == 1 {
            self.spawn.fetch_full_module();
        }
    }

    /// The full module is there, or cannot be had. Returns the jobs that have failed for want of it.
    pub fn full_module(&mut self, fetched: Result<(), ViewerError>) -> Vec<(u64, ViewerError)> {
        // Jobs that were cancelled meanwhile are known no more.
        let waiting: Vec<_> = self.waiting.drain(..).filter_map(|id| Some((id, self.running.remove(&id)?))).collect();
        if let Err(error) = fetched {
            return waiting.into_iter().map(|(id, _)| (id, error.clone())).collect();
        }
        self.module = WorkerModule::Full;
        (0..self.places.len()).for_each(|place| self.replace_if_idle(place));
        waiting.into_iter().for_each(|(id, running)| self.assign(id, running));
        Vec::new()
    }

    fn assign(&mut self, id: u64, mut running: Running) {
        running.place = self.place_for(&running);
        let Some(place) = self.places.get_mut(running.place) else { return };
        let interrupted = if place.module == self.module { Vec::new() } else { self.replace(running.place) };
        let Some(place) = self.places.get_mut(running.place) else { return };
        if place.port.is_none() {
            *place = Self::start_worker(&*self.spawn, WorkerId { place: running.place, generation: place.generation }, self.module);
        }
        if let Some(number) = running.job.volume()
            && !place.volumes.contains(&number)
            && let Some(volume) = self.volumes.get(&number)
        {
            place.volumes.insert(number);
            let (open, documents, levels) = (volume.open.clone(), volume.documents.clone(), volume.levels.clone());
            place.send(ToWorker::Attach { volume: number, open, documents, levels });
        }
        place.jobs.insert(id);
        place.send(ToWorker::Start { id, job: running.job.clone() });
        self.running.insert(id, running);
        for (id, running) in interrupted {
            self.assign(id, running);
        }
    }

    /// The place for a job. Long jobs leave one worker to what is drawn, where there are two, and what is drawn goes where no long job is.
    fn place_for(&self, running: &Running) -> usize {
        let long: Vec<bool> = (0..self.places.len()).map(|place| self.has_long_job(place)).collect();
        let busy = long.iter().filter(|long| **long).count();
        // One more place with a long job, or one of those that have one already.
        let among_long = running.job.is_long() && busy > 0 && busy + 1 >= self.places.len();
        let avoided = |place: usize| {
            let is_long = long.get(place).copied().unwrap_or(false);
            (self.places.get(place).is_none_or(|worker| self.is_leaving(worker)), is_long != among_long)
        };
        let count = self.places.len() as u64;
        match running.affinity.and_then(|affinity| usize::try_from(affinity % count).ok()) {
            // The next place that will do, so that what is shared still comes together.
            Some(first) => (first..self.places.len()).chain(0..first).min_by_key(|&place| avoided(place)).unwrap_or(first),
            // The least busy.
            None => {
                let jobs = |place: usize| self.places.get(place).map_or(0, |worker| worker.jobs.len());
                (0..self.places.len()).min_by_key(|&place| (avoided(place), jobs(place))).unwrap_or(0)
            }
        }
    }

    fn has_long_job(&self, place: usize) -> bool {
        self.running.values().any(|running| running.place == place && running.job.is_long())
    }

    /// Sends the worker that has a job a message about it.
    pub fn tell(&self, id: u64, message: ToWorker) {
        if let Some(running) = self.running.get(&id)
            && let Some(place) = self.places.get(running.place)
        {
            place.send(message);
        }
    }

    /// Whether this worker has this job.
    #[must_use]
    pub fn has(&self, at: WorkerId, id: u64) -> bool {
        self.places.get(at.place).is_some_and(|place| place.generation == at.generation && place.jobs.contains(&id))
    }

    /// Drops a job; its answer, if one is on its way, will not be known here any more.
    pub fn cancel(&mut self, id: u64) {
        if let Some(running) = self.running.remove(&id)
            && let Some(place) = self.places.get_mut(running.place)
            && place.jobs.remove(&id)
        {
            place.send(ToWorker::Cancel { id });
            self.replace_if_idle(running.place);
        }
    }

    /// A worker has done with a job. Says whether the job has ended; the answer of a cancelled one is to be thrown away, and one that needs
    /// the full module goes on in another worker.
    pub fn finish(&mut self, from: WorkerId, id: u64, result: &Result<Outcome, ViewerError>, memory_bytes: u64) -> bool {
        let Some(place) = self.places.get_mut(from.place).filter(|place| place.generation == from.generation) else { return false };
        place.full = memory_bytes > self.policy.most_memory_bytes;
        let mut ended = place.jobs.remove(&id);
        if ended && let Some(running) = self.running.remove(&id) {
            match (&running.job, result) {
                (_, Ok(Outcome::NeedsFullModule)) if place.module == WorkerModule::Small => {
                    ended = false;
                    if self.module == WorkerModule::Small {
                        self.wait(id, running);
                    } else {
                        self.assign(id, running);
                    }
                }
                (Job::Open { volume, open, .. }, Ok(Outcome::Opened(opened))) => {
                    place.volumes.insert(*volume);
                    // The others need not find out again what it is: where a server refuses what is absent, every probe costs a request.
                    let said = Said { format: Some(opened.spec.format), ..open.said.clone() };
                    let open = OpenJob { said, ..open.clone() };
                    self.volumes.insert(*volume, Volume { open, documents: opened.documents.clone(), levels: None });
                }
                _ => {}
            }
        }
        self.replace_if_idle(from.place);
        ended
    }

    /// Sends a worker the answer to its question.
    pub fn answer(&self, to: WorkerId, message: ToWorker) {
        if let Some(place) = self.places.get(to.place).filter(|place| place.generation == to.generation) {
            place.send(message);
        }
    }

    /// Levels that were made of a volume are in this entry of scratch space: the workers that know the volume are told, the others as soon as they
    /// need it.
    pub fn set_levels(&mut self, volume: u32, entry: &str) {
        let Some(known) = self.volumes.get_mut(&volume) else { return };
        known.levels = Some(entry.to_owned());
        for place in self.places.iter().filter(|place| place.volumes.contains(&volume)) {
            let (open, documents, levels) = (known.open.clone(), known.documents.clone(), known.levels.clone());
            place.send(ToWorker::Attach { volume, open, documents, levels });
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
        if self.places.get(at.place).is_none_or(|place| place.generation != at.generation) {
            return Vec::new();
        }
        let mut failed = Vec::new();
        for (id, mut running) in self.replace(at.place) {
            if running.job.is_long() {
                // Half of what it wrote has been taken.
                let error = ViewerError::new(ErrorCode::Internal, format!("the worker that exported stopped ({reason})"))
                    .with_remedy("Export it again, perhaps a smaller box.");
                failed.push((id, error));
            } else if running.retried {
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

    /// How many workers there are.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.places.len()
    }

    /// How many jobs are running.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Whether a worker is to be replaced: too large, or of another module than is started now.
    fn is_leaving(&self, place: &Place) -> bool {
        place.full || place.module != self.module
    }

    fn replace_if_idle(&mut self, at: usize) {
        if self.places.get(at).is_some_and(|place| self.is_leaving(place) && place.jobs.is_empty()) {
            self.replace(at);
        }
    }

    /// Ends a worker and gives the jobs that it had, in order. The next work at its place starts another.
    fn replace(&mut self, at: usize) -> Vec<(u64, Running)> {
        let Some(place) = self.places.get_mut(at) else { return Vec::new() };
        let mut jobs: Vec<u64> = place.jobs.iter().copied().collect();
        jobs.sort_unstable();
        *place = Place {
            port: None,
            module: self.module,
            generation: place.generation.wrapping_add(1),
            volumes: FxHashSet::default(),
            jobs: FxHashSet::default(),
            full: false,
        };
        jobs.into_iter().filter_map(|id| Some((id, self.running.remove(&id)?))).collect()
    }
}

#[cfg(test)]
mod tests;
