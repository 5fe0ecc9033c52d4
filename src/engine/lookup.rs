//! Where bricks are, for the scene to ask.

use crate::chunk::ChunkKey;
use crate::scene::plan::SceneLayer;
use crate::scene::resolve::{BrickLookup, BrickState};
use crate::voxel::BrickKey;

use super::context::Shared;

/// Looks bricks up in a context, and counts them as used in this frame.
pub(super) struct Lookup<'a> {
    pub(super) shared: &'a mut Shared,
    pub(super) frame: u64,
}

impl BrickLookup for Lookup<'_> {
    fn state(&mut self, layer: &SceneLayer, chunk: &ChunkKey, brick: &BrickKey) -> BrickState {
        let in_memory = self.shared.bricks.get(brick).is_some();
        if let Some(record) = self.shared.residency.touch(layer.layer, *brick, self.frame) {
            return BrickState::Resident(record);
        }
        if in_memory {
            return BrickState::InMemory;
        }
        self.elsewhere(layer, chunk)
    }

    fn is_missing(&self, layer: &SceneLayer, chunk: &ChunkKey, brick: &BrickKey) -> bool {
        let is_here = self.shared.bricks.contains(brick) || self.shared.residency.lookup(layer.layer, *brick).is_some();
        !is_here && self.elsewhere(layer, chunk) == BrickState::Missing
    }
}

impl Lookup<'_> {
    /// The state of a brick that is neither resident nor in memory.
    fn elsewhere(&self, layer: &SceneLayer, chunk: &ChunkKey) -> BrickState {
        match self.shared.sources.get(&layer.source) {
            Some(source) if source.absent.contains(chunk) => BrickState::Absent,
            Some(source) if source.failed.contains_key(chunk) => BrickState::Failed,
            _ => BrickState::Missing,
        }
    }
}
