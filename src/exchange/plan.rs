//! The levels of what is written, and the order of their chunks: pure numbers.
//!
//! Every level begins at the same corner, and a chunk covers whole chunks of the level before; so a walk that descends to the finest chunks
//! of one coarse chunk after the other completes each coarse chunk before it begins the next, and one chunk of each level is pending at most.

use super::ExportError;
use crate::format::per_axis::zip;

/// Voxels of a chunk, where the volume is as large.
const CHUNK_VOXELS: u64 = 1 << 18;
const EDGE: u32 = 64;
/// No volume of 64-bit edges can be halved more often.
const MOST_LEVELS: usize = 63;

/// One level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Level {
    /// How many voxels of the finest level it takes along x, y, z to make one of this.
    pub(super) factor: [u64; 3],
    /// How many of the level before: 1 or 2.
    pub(super) step: [u32; 3],
    /// Voxels.
    pub(super) shape: [u64; 3],
    /// Voxels of a chunk, never more than the level has.
    pub(super) chunk: [u32; 3],
}

impl Level {
    /// Chunks.
    pub(super) fn grid(&self) -> [u64; 3] {
        zip(self.shape, self.chunk, |voxels, edge| voxels.div_ceil(u64::from(edge.max(1))))
    }

    /// The first voxel of a chunk.
    pub(super) fn chunk_min(&self, at: [u64; 3]) -> [u64; 3] {
        zip(at, self.chunk, |place, edge| place * u64::from(edge))
    }

    /// Voxels of a chunk that exist.
    pub(super) fn chunk_shape(&self, at: [u64; 3]) -> [u32; 3] {
        let left = zip(self.shape, self.chunk_min(at), |voxels, min| voxels.saturating_sub(min));
        zip(left, self.chunk, |left, edge| u32::try_from(left).unwrap_or(u32::MAX).min(edge))
    }
}

/// All levels, finest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) levels: Vec<Level>,
}

impl Plan {
    /// Levels of a volume of this shape, until one fits a chunk, or as many as `levels`: only axes of which the voxels are finer than twice the
    /// finest are halved, so that voxels become as long as wide.
    ///
    /// # Errors
    /// [`ExportError::Invalid`] for a volume without voxels, no levels, or more than there can be.
    pub(super) fn new(shape: [u64; 3], voxel_size_nm: [f64; 3], levels: Option<u8>) -> Result<Self, ExportError> {
        if shape.contains(&0) {
            return Err(ExportError::Invalid { reason: format!("a box of {shape:?} voxels holds nothing to export") });
        }
        if levels == Some(0) {
            return Err(ExportError::Invalid { reason: "levels must be 1 or more, not 0".to_owned() });
        }
        let chunk = chunk_shape(shape);
        let finest = Level { factor: [1; 3], step: [1; 3], shape, chunk };
        let mut all = vec![finest];
        let mut last = finest;
        let wanted = levels.map_or(MOST_LEVELS, usize::from);
        while all.len() < wanted && (levels.is_some() || last.grid() != [1; 3]) {
            let step = step(last.shape, zip(voxel_size_nm, last.factor, |nm, factor| nm * as_f64(factor)));
            if step == [1; 3] {
                break;
            }
            let shape = zip(last.shape, step, |voxels, step| voxels.div_ceil(u64::from(step)));
            last = Level {
                factor: zip(last.factor, step, |factor, step| factor * u64::from(step)),
                step,
                shape,
                chunk: zip(chunk, shape, |edge, voxels| edge.min(u32::try_from(voxels).unwrap_or(u32::MAX))),
            };
            all.push(last);
        }
        if let Some(levels) = levels.filter(|levels| usize::from(*levels) > all.len()) {
            let most = all.len();
            return Err(ExportError::Invalid { reason: format!("{levels} levels are more than the {most} that {shape:?} voxels give") });
        }
        Ok(Self { levels: all })
    }

    pub(super) fn finest(&self) -> Option<&Level> {
        self.levels.first()
    }

    /// How many chunks the finest level has.
    pub(super) fn leaf_count(&self) -> u64 {
        self.finest().map_or(0, |level| level.grid().iter().product())
    }

    /// The chunks of the finest level in the order of the walk.
    pub(super) fn leaves(&self) -> impl Iterator<Item = [u64; 3]> + '_ {
        let top = self.levels.len() - 1;
        let grid = self.levels.last().map_or([0; 3], Level::grid);
        places([0; 3], grid).flat_map(move |at| Descent { plan: self, waiting: vec![(top, at)] })
    }

    /// The chunk of the next level that a chunk is part of.
    pub(super) fn parent(&self, level: usize, at: [u64; 3]) -> [u64; 3] {
        self.levels.get(level + 1).map_or([0; 3], |next| zip(at, next.step, |place, step| place / u64::from(step)))
    }

    /// Whether a chunk is the last of its parent in the order of the walk.
    pub(super) fn is_last(&self, level: usize, at: [u64; 3]) -> bool {
        let children = self.children(level + 1, self.parent(level, at));
        zip(at, children.1, |place, end| place + 1 == end) == [true; 3]
    }

    /// The first chunk of the level before that is part of a chunk, and one past the last.
    fn children(&self, level: usize, at: [u64; 3]) -> ([u64; 3], [u64; 3]) {
        let (Some(this), Some(finer)) = (self.levels.get(level), level.checked_sub(1).and_then(|finer| self.levels.get(finer))) else {
            return ([0; 3], [0; 3]);
        };
        let min = zip(at, this.step, |place, step| place * u64::from(step));
        let end = zip(min, this.step, |min, step| min + u64::from(step));
        (min, zip(end, finer.grid(), u64::min))
    }
}

/// What of a coarse chunk is still to be walked; the next last.
struct Descent<'a> {
    plan: &'a Plan,
    waiting: Vec<(usize, [u64; 3])>,
}

impl Iterator for Descent<'_> {
    type Item = [u64; 3];

    fn next(&mut self) -> Option<[u64; 3]> {
        loop {
            let (level, at) = self.waiting.pop()?;
            if level == 0 {
                return Some(at);
            }
            let (min, end) = self.plan.children(level, at);
            let first = self.waiting.len();
            self.waiting.extend(places(min, end).map(|at| (level - 1, at)));
            self.waiting.get_mut(first..)?.reverse();
        }
    }
}

/// All places from `min` to `end`, x fastest.
fn places(min: [u64; 3], end: [u64; 3]) -> impl Iterator<Item = [u64; 3]> {
    let [x, y, z] = [min[0]..end[0], min[1]..end[1], min[2]..end[2]];
    z.flat_map(move |z| {
        let x = x.clone();
        y.clone().flat_map(move |y| x.clone().map(move |x| [x, y, z]))
    })
}

/// Edges of chunks: 64, or all of a shorter axis, which lets the others grow: a flat image does not shatter into flat bits.
fn chunk_shape(shape: [u64; 3]) -> [u32; 3] {
    let clipped = |edges: [u32; 3]| zip(edges, shape, |edge, voxels| edge.min(u32::try_from(voxels).unwrap_or(u32::MAX)));
    let mut edges = [EDGE; 3];
    loop {
        let chunk = clipped(edges);
        let voxels = chunk.iter().fold(1_u64, |product, &n| product * u64::from(n));
        // All axes that may grow grow together, as long as that is not too much.
        let grown = zip(edges, shape, |edge, voxels| if u64::from(edge) < voxels { edge * 2 } else { edge });
        let after = clipped(grown).iter().fold(1_u64, |product, &n| product * u64::from(n));
        if grown == edges || voxels >= CHUNK_VOXELS || after > CHUNK_VOXELS {
            return chunk;
        }
        edges = grown;
    }
}

/// By how much each axis of a level is halved.
fn step(shape: [u64; 3], voxel_size_nm: [f64; 3]) -> [u32; 3] {
    let divisible = shape.map(|voxels| voxels > 1);
    let sizes = zip(voxel_size_nm, divisible, |nm, divisible| if divisible { nm } else { f64::INFINITY });
    let finest = sizes.iter().copied().fold(f64::INFINITY, f64::min);
    zip(sizes, divisible, |nm, divisible| if divisible && nm < 2.0 * finest { 2 } else { 1 })
}

#[expect(clippy::cast_precision_loss, reason = "powers of two are exact, and voxels of a volume are fewer than 2^53")]
pub(super) fn as_f64(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn shapes(plan: &Plan) -> Vec<[u64; 3]> {
        plan.levels.iter().map(|level| level.shape).collect()
    }

    #[test]
    fn voxels_become_as_long_as_wide() {
        let plan = Plan::new([1000, 600, 100], [4.0, 4.0, 40.0], None).unwrap();
        // 4 × 4 × 40, 8 × 8 × 40, 16 × 16 × 40, 32 × 32 × 40, 64 × 64 × 80.
        assert_eq!(shapes(&plan), [[1000, 600, 100], [500, 300, 100], [250, 150, 100], [125, 75, 100], [63, 38, 50]]);
        assert_eq!(plan.levels.last().unwrap().factor, [16, 16, 2]);
    }

    #[test]
    fn an_image_is_not_halved_across() {
        let plan = Plan::new([4000, 3000, 1], [8.0; 3], None).unwrap();
        assert_eq!(plan.levels[0].chunk, [512, 512, 1]);
        assert_eq!(plan.levels.iter().map(|level| level.step).collect::<Vec<_>>(), [[1, 1, 1], [2, 2, 1], [2, 2, 1], [2, 2, 1]]);
        assert_eq!(shapes(&plan).last(), Some(&[500, 375, 1]));
    }

    #[test]
    fn as_many_levels_as_asked_for() {
        assert_eq!(Plan::new([500; 3], [1.0; 3], Some(1)).unwrap().levels.len(), 1);
        assert_eq!(shapes(&Plan::new([64, 4, 1], [1.0; 3], Some(3)).unwrap()), [[64, 4, 1], [32, 2, 1], [16, 1, 1]]);
        let error = Plan::new([4, 4, 4], [1.0; 3], Some(9)).unwrap_err().to_string();
        assert!(error.contains("9 levels") && error.contains("the 3 "), "{error}");
        assert!(Plan::new([4, 0, 4], [1.0; 3], None).is_err() && Plan::new([4; 3], [1.0; 3], Some(0)).is_err());
    }

    proptest! {
        /// Every chunk of every level is completed once, and never are two of a level begun.
        #[test]
        fn one_chunk_of_a_level_is_pending(shape in prop::array::uniform3(1_u64..900), size in prop::array::uniform3(1_u8..9)) {
            let plan = Plan::new(shape, size.map(f64::from), None).unwrap();
            let mut begun: Vec<Option<[u64; 3]>> = vec![None; plan.levels.len()];
            let mut done: Vec<BTreeSet<[u64; 3]>> = vec![BTreeSet::new(); plan.levels.len()];
            for leaf in plan.leaves() {
                let mut at = leaf;
                for level in 0..plan.levels.len() {
                    prop_assert!(done[level].insert(at), "{at:?} of level {level} twice");
                    if level + 1 == plan.levels.len() {
                        break;
                    }
                    let parent = plan.parent(level, at);
                    prop_assert!(begun[level + 1].is_none_or(|begun| begun == parent));
                    begun[level + 1] = Some(parent);
                    if !plan.is_last(level, at) {
                        break;
                    }
                    begun[level + 1] = None;
                    at = parent;
                }
            }
            for (level, done) in plan.levels.iter().zip(&done) {
                prop_assert_eq!(done.len() as u64, level.grid().iter().product::<u64>());
            }
            prop_assert!(begun.iter().all(Option::is_none));
            prop_assert_eq!(done[0].len() as u64, plan.leaf_count());
        }

        /// A chunk of one level makes a part of one chunk of the next, and whole voxels of it.
        #[test]
        fn chunks_nest(shape in prop::array::uniform3(1_u64..900), size in prop::array::uniform3(1_u8..9)) {
            let plan = Plan::new(shape, size.map(f64::from), None).unwrap();
            for pair in plan.levels.windows(2) {
                for axis in 0..3 {
                    let (finer, coarser) = (&pair[0], &pair[1]);
                    let single = finer.grid()[axis] == 1;
                    prop_assert!(single || finer.chunk[axis].is_multiple_of(coarser.step[axis]));
                    prop_assert!(single || finer.chunk[axis] == coarser.chunk[axis] || coarser.grid()[axis] == 1);
                }
            }
        }
    }
}
