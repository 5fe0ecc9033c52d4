//! Opened volumes and the sources made from them: who uses them, and when they go.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::engine::source::{Source, Volume, VolumeStatus};
use crate::format::{Selection, VolumeSpec};
use crate::job::{Documents, Job, OpenJob};

use super::{Purpose, Shared};

impl Shared {
    /// Opens a volume, or gives the number of one that is open already. A failed one is tried again.
    /// `documents`: what is known already of what opening reads.
    pub(in crate::engine) fn open_volume(&mut self, open: OpenJob, documents: Documents) -> u32 {
        let known = self.volumes.iter_mut().find(|(_, volume)| volume.open == open && !matches!(volume.status, VolumeStatus::Failed(_)));
        if let Some((id, volume)) = known {
            volume.users += 1;
            return *id;
        }
        let id = self.new_id();
        self.volumes.insert(id, Volume { open: open.clone(), status: VolumeStatus::Opening, users: 1, levels: None });
        let job = self.pool.start(Job::Open { volume: id, open, documents }, None);
        self.purposes.insert(job, Purpose::Open(id));
        id
    }

    /// One user of a volume less.
    pub(in crate::engine) fn close_volume(&mut self, id: u32) {
        let Some(volume) = self.volumes.get_mut(&id) else { return };
        volume.users -= 1;
        if volume.users > 0 {
            return;
        }
        self.volumes.remove(&id);
        let opening: Vec<u64> = self
            .purposes
            .iter()
            .filter(|(_, purpose)| matches!(purpose, Purpose::Open(volume) | Purpose::Levels(volume, _) if *volume == id))
            .map(|(job, _)| *job)
            .collect();
        for job in opening {
            self.purposes.remove(&job);
            self.pool.cancel(job);
        }
        self.pool.detach(id);
    }

    /// The source for a selection of an open volume; made when new. It is a user of the volume.
    pub(in crate::engine) fn use_source(&mut self, volume: u32, spec: &Rc<VolumeSpec>, selection: &Selection, as_labels: bool) -> u32 {
        let known = self.sources.iter_mut().find(|(_, source)| {
            source.volume == volume && source.selection == *selection && source.as_labels == as_labels && Rc::ptr_eq(&source.spec, spec)
        });
        if let Some((id, source)) = known {
            source.users += 1;
            return *id;
        }
        if let Some(volume) = self.volumes.get_mut(&volume) {
            // A read may outlast the layer that opened the volume.
            volume.users += 1;
        }
        let id = self.new_id();
        let grids = Rc::new(spec.levels.iter().map(crate::chunk::LevelGrid::new).collect());
        let source = Source {
            volume,
            selection: selection.clone(),
            as_labels,
            spec: Rc::clone(spec),
            grids,
            users: 1,
            absent: rustc_hash::FxHashSet::default(),
            failed: FxHashMap::default(),
        };
        self.sources.insert(id, source);
        id
    }

    /// A source whose volume has other coarse levels now. Its bricks stay.
    pub(in crate::engine) fn replace_levels(&mut self, source: u32, spec: &Rc<VolumeSpec>) {
        if let Some(source) = self.sources.get_mut(&source) {
            source.spec = Rc::clone(spec);
            source.grids = Rc::new(spec.levels.iter().map(crate::chunk::LevelGrid::new).collect());
            self.version += 1;
        }
    }

    /// What is known of the levels that a volume lacks.
    pub(in crate::engine) fn levels_info(&self, volume: u32) -> Option<crate::engine::info::MadeLevelsInfo> {
        self.volumes.get(&volume)?.levels.as_ref().map(super::LevelsOfVolume::info)
    }

    /// One user of a source less.
    pub(in crate::engine) fn release_source(&mut self, id: u32) {
        let Some(source) = self.sources.get_mut(&id) else { return };
        source.users -= 1;
        if source.users == 0 {
            let volume = source.volume;
            self.sources.remove(&id);
            self.bricks.remove_source(id);
            self.close_volume(volume);
        }
    }

    /// Lets failed chunks of a source be asked for again.
    pub(in crate::engine) fn retry_failed(&mut self, source: u32) {
        if let Some(source) = self.sources.get_mut(&source) {
            source.failed.clear();
            self.version += 1;
        }
    }
}
