//! What is known of levels that were made of a volume, or can be: to be told wherever volumes are known.

use serde::{Deserialize, Serialize};

use super::{LevelSpec, VolumeSpec};

/// A volume whose coarsest level holds no more voxels than this needs no coarser one: it is drawn and read quickly as it is.
const FEW_VOXELS: u64 = 1 << 24;

/// Names a region of a made level: what one job makes, and one file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RegionKey {
    /// Among the levels that are made, from 0, the finest.
    pub level: u32,
    /// Of the channels and places along the other axes, in order.
    pub selection: u32,
    /// Its place among the regions of its level.
    pub grid: [i64; 3],
}

/// The levels that a volume lacks, and how far they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MadeLevels {
    /// Their entry in scratch space.
    pub entry: String,
    /// What the volume is, for who finds the entry later to know whether it still is.
    pub identity: String,
    /// What they are, finest first.
    pub levels: Vec<LevelSpec>,
    /// The regions that are not made yet, in an order in which they can be.
    pub missing: Vec<RegionKey>,
    /// How many regions there are.
    pub regions: u64,
    /// Bytes of their voxels.
    pub bytes: u64,
    /// Bytes of the voxels that they are made of.
    pub source_bytes: u64,
    /// Whether these are files of this machine.
    pub is_local: bool,
}

impl VolumeSpec {
    /// Whether its coarsest level is so large that it needs coarser ones.
    #[must_use]
    pub fn lacks_levels(&self) -> bool {
        self.levels.last().is_some_and(|level| level.voxel_box.volume() > FEW_VOXELS)
    }
}
