//! Levels that volumes lack: found, made by the workers that have nothing better to do, and taken into use.

use std::collections::VecDeque;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::engine::info::{MadeLevelsInfo, MadeLevelsState};
use crate::engine::source::{VolumeStatus, check_spec};
use crate::error::{ErrorCode, ViewerError};
use crate::format::{MadeLevels, RegionKey, VolumeSpec};
use crate::job::{Job, LevelsWork, Outcome};

use super::{Purpose, Shared};

/// Of files of this machine, levels are made unasked where what they are made of takes no more bytes than this.
const UNASKED_LOCAL_BYTES: u64 = 4 << 30;
/// The same of what comes over the network.
const UNASKED_REMOTE_BYTES: u64 = 256 << 20;

/// What a job was to do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Find,
    Begin,
    Region,
    Discard,
}

/// The levels that a volume lacks, and how far they are.
#[derive(Debug)]
pub(in crate::engine) struct LevelsOfVolume {
    found: MadeLevels,
    state: State,
    /// Regions that are not made.
    missing: VecDeque<RegionKey>,
    running: FxHashMap<u64, RegionKey>,
}

#[derive(Debug)]
enum State {
    Offered,
    Beginning,
    Making,
    /// What was made is being removed; `again`: and is wanted after all.
    Stopping {
        again: bool,
    },
    Made,
    Failed(ViewerError),
}

impl LevelsOfVolume {
    /// What is told of them.
    pub(in crate::engine) fn info(&self) -> MadeLevelsInfo {
        let left = if matches!(self.state, State::Stopping { .. }) {
            self.found.regions
        } else {
            (self.missing.len() + self.running.len()) as u64
        };
        #[expect(clippy::cast_precision_loss, reason = "a part of one")]
        let progress = 1.0 - left as f64 / self.found.regions.max(1) as f64;
        let (state, error) = match &self.state {
            State::Offered => (MadeLevelsState::Offered, None),
            State::Beginning | State::Making | State::Stopping { .. } => (MadeLevelsState::Making, None),
            State::Made => (MadeLevelsState::Made, None),
            State::Failed(error) => (MadeLevelsState::Failed, Some(error.clone())),
        };
        MadeLevelsInfo { state, progress, bytes: self.found.bytes, error }
    }
}

impl Shared {
    /// Asks what there is of the levels that an open volume lacks.
    pub(super) fn find_levels(&mut self, volume: u32) {
        let lacks = |volume: &crate::engine::source::Volume| matches!(&volume.status, VolumeStatus::Open(spec) if spec.lacks_levels());
        if self.limits.disk_bytes > 0 && self.volumes.get(&volume).is_some_and(lacks) {
            self.start_levels(volume, Step::Find, LevelsWork::Find);
        }
    }

    fn start_levels(&mut self, volume: u32, step: Step, work: LevelsWork) -> u64 {
        let job = self.pool.start(Job::Levels { volume, work }, None);
        self.purposes.insert(job, Purpose::Levels(volume, step));
        job
    }

    /// Begins to make the levels of a volume.
    ///
    /// # Errors
    /// Where there are none to be made.
    pub(in crate::engine) fn make_levels(&mut self, volume: u32) -> Result<(), ViewerError> {
        let budget = self.limits.disk_bytes;
        let levels = self.volumes.get_mut(&volume).and_then(|volume| volume.levels.as_mut());
        let finding = self.purposes.values().any(|purpose| matches!(purpose, Purpose::Levels(of, Step::Find) if *of == volume));
        let none = || match finding {
            true => ViewerError::new(ErrorCode::Unsupported, "it is not known yet which levels the layer lacks").retryable(),
            false => ViewerError::new(ErrorCode::Unsupported, "the layer lacks no levels that could be made")
                .with_remedy("Levels are made of large volumes, where the browser keeps files and limits.diskBytes is not 0."),
        };
        let levels = levels.ok_or_else(none)?;
        if let State::Stopping { again } = &mut levels.state {
            *again = true;
            return Ok(());
        }
        if matches!(levels.state, State::Offered | State::Failed(_)) {
            levels.state = State::Beginning;
            let work = LevelsWork::Begin { identity: levels.found.identity.clone(), bytes: levels.found.bytes, budget };
            self.start_levels(volume, Step::Begin, work);
            self.version += 1;
        }
        Ok(())
    }

    /// Stops making levels, and removes what was made of them.
    pub(in crate::engine) fn stop_levels(&mut self, volume: u32) {
        let Some(levels) = self.volumes.get_mut(&volume).and_then(|volume| volume.levels.as_mut()) else { return };
        if !matches!(levels.state, State::Beginning | State::Making) {
            return;
        }
        // Who begins writes no more than a line, and is not stopped: it would be unknown when it has ended.
        let begun = matches!(levels.state, State::Making);
        levels.state = State::Stopping { again: false };
        levels.running.clear();
        levels.missing.clear();
        if begun {
            self.cancel_levels(volume);
            self.start_levels(volume, Step::Discard, LevelsWork::Discard);
        }
        self.version += 1;
    }

    fn cancel_levels(&mut self, volume: u32) {
        let of_volume = |purpose: &Purpose| matches!(purpose, Purpose::Levels(of, Step::Begin | Step::Region) if *of == volume);
        let jobs: Vec<u64> = self.purposes.iter().filter(|(_, purpose)| of_volume(purpose)).map(|(job, _)| *job).collect();
        for job in jobs {
            self.purposes.remove(&job);
            self.pool.cancel(job);
        }
    }

    /// Gives regions to workers: never to all of them, and none while a view waits for chunks. A level waits for the one below it.
    pub(super) fn pump_levels(&mut self) {
        if self.queue.visible_in_flight() > 0 {
            return;
        }
        let most = self.pool.workers().saturating_sub(1).max(1);
        let mut volumes: Vec<u32> = self.volumes.keys().copied().collect();
        volumes.sort_unstable();
        let running = |volume: &crate::engine::source::Volume| volume.levels.as_ref().map_or(0, |levels| levels.running.len());
        let mut total: usize = self.volumes.values().map(running).sum();
        for volume in volumes {
            while total < most
                && let Some(region) = self.next_region(volume)
            {
                let job = self.start_levels(volume, Step::Region, LevelsWork::Region(region));
                if let Some(levels) = self.volumes.get_mut(&volume).and_then(|volume| volume.levels.as_mut()) {
                    levels.running.insert(job, region);
                }
                total += 1;
            }
        }
    }

    fn next_region(&mut self, volume: u32) -> Option<RegionKey> {
        let levels = self.volumes.get_mut(&volume)?.levels.as_mut().filter(|levels| matches!(levels.state, State::Making))?;
        let next = *levels.missing.front()?;
        if levels.running.values().any(|running| running.level != next.level) {
            return None;
        }
        levels.missing.pop_front()
    }

    pub(super) fn levels_done(&mut self, volume: u32, step: Step, job: u64, result: Result<Outcome, ViewerError>) {
        match (step, result) {
            (Step::Find, Ok(Outcome::Levels(Some(found)))) => self.levels_found(volume, *found),
            // What cannot be kept is not made: the volume shows as it is.
            (Step::Find, result) => {
                if let (Some(levels), Err(error)) = (self.levels_of(volume), result) {
                    levels.state = State::Failed(error);
                }
            }
            (Step::Discard, result) => {
                if let Ok(Outcome::Scratch { bytes }) = result {
                    self.disk_bytes = bytes;
                }
                self.find_levels_again(volume);
            }
            (Step::Begin, _) if matches!(self.levels_of(volume).map(|levels| &levels.state), Some(State::Stopping { .. })) => {
                self.start_levels(volume, Step::Discard, LevelsWork::Discard);
            }
            (Step::Begin, Ok(Outcome::Scratch { bytes })) => {
                self.disk_bytes = bytes;
                if let Some(levels) = self.levels_of(volume) {
                    levels.state = State::Making;
                }
                self.levels_progress(volume);
            }
            (Step::Region, Ok(Outcome::Scratch { bytes })) => {
                self.disk_bytes = self.disk_bytes.saturating_add(bytes);
                if let Some(levels) = self.levels_of(volume) {
                    levels.running.remove(&job);
                }
                self.levels_progress(volume);
            }
            (_, result) => {
                let error = result.err().unwrap_or_else(|| ViewerError::new(ErrorCode::Internal, "a worker answered another question"));
                if let Some(levels) = self.levels_of(volume) {
                    // What is under way is made again, with what failed.
                    let mut running: Vec<RegionKey> = levels.running.drain().map(|(_, region)| region).collect();
                    running.sort_unstable();
                    running.into_iter().rev().for_each(|region| levels.missing.push_front(region));
                    levels.state = State::Failed(error);
                }
                self.cancel_levels(volume);
            }
        }
    }

    fn levels_of(&mut self, volume: u32) -> Option<&mut LevelsOfVolume> {
        self.volumes.get_mut(&volume)?.levels.as_mut()
    }

    fn levels_found(&mut self, volume: u32, found: MadeLevels) {
        let most = if found.is_local { UNASKED_LOCAL_BYTES } else { UNASKED_REMOTE_BYTES };
        let unasked = found.source_bytes <= most && found.bytes <= self.limits.disk_bytes;
        let wanted = match self.levels_of(volume).map(|levels| &levels.state) {
            None => unasked,
            // Somebody has stopped them.
            Some(state) => matches!(state, State::Stopping { again: true }),
        };
        let is_made = found.missing.is_empty();
        let missing = found.missing.iter().copied().collect();
        self.pool.set_levels(volume, &found.entry);
        if let Some(known) = self.volumes.get_mut(&volume) {
            known.levels = Some(LevelsOfVolume { found, state: State::Offered, missing, running: FxHashMap::default() });
        }
        if is_made {
            self.levels_progress(volume);
        } else if wanted {
            // It is there: this was just set.
            let _there = self.make_levels(volume);
        }
    }

    /// After what was made is removed: what is missing is all, and nobody asked for it.
    fn find_levels_again(&mut self, volume: u32) {
        self.start_levels(volume, Step::Find, LevelsWork::Find);
    }

    /// Takes the levels into use once all regions are made.
    fn levels_progress(&mut self, volume: u32) {
        let Some(known) = self.volumes.get_mut(&volume) else { return };
        let (Some(levels), VolumeStatus::Open(spec)) = (&mut known.levels, &known.status) else { return };
        if !levels.missing.is_empty() || !levels.running.is_empty() {
            return;
        }
        if matches!(levels.state, State::Made) {
            return;
        }
        let mut grown = VolumeSpec::clone(spec);
        grown.levels.extend(levels.found.levels.iter().cloned());
        match check_spec(&grown) {
            Ok(()) => {
                known.status = VolumeStatus::Open(Rc::new(grown));
                levels.state = State::Made;
            }
            Err(error) => levels.state = State::Failed(error),
        }
    }

    /// Forgets all levels that were made, and removes them.
    pub(super) fn clear_levels(&mut self) {
        let with_levels: Vec<u32> = self.volumes.iter().filter(|(_, volume)| volume.levels.is_some()).map(|(id, _)| *id).collect();
        for volume in with_levels {
            self.cancel_levels(volume);
            let Some(known) = self.volumes.get_mut(&volume) else { continue };
            let Some(levels) = known.levels.take() else { continue };
            if let (State::Made, VolumeStatus::Open(spec)) = (levels.state, &known.status) {
                let mut plain = VolumeSpec::clone(spec);
                plain.levels.truncate(plain.levels.len().saturating_sub(levels.found.levels.len()).max(1));
                known.status = VolumeStatus::Open(Rc::new(plain));
            }
        }
        if self.limits.disk_bytes > 0 {
            let job = self.pool.start(Job::ClearScratch, None);
            self.purposes.insert(job, Purpose::ClearScratch);
        }
    }
}
