//! The ids of voxels: those between boundaries by region, in the order in which regions are met along x, y, z; then those on
//! boundaries, each from a neighbour or from a list.

use super::{CodecError, corrupt, word};

/// A voxel between boundaries that has no id yet.
pub(super) const OPEN: u8 = 0;
/// A voxel between boundaries that has its id.
const FILLED: u8 = 1;
/// A voxel on a boundary.
pub(super) const BOUNDARY: u8 = 2;

/// In the list of boundary voxels: the neighbour before or after along x, y, z, by number, has the id.
const NEIGHBOURS: u64 = 6;
/// In the list of boundary voxels: the id comes next. What is greater is an id, greater by this and one.
const ID_FOLLOWS: u64 = NEIGHBOURS;

/// The voxels of a chunk, x fastest.
pub(super) struct Ids<'a, const N: usize> {
    /// Voxels along x, y, z; their product fits 32 bits.
    pub(super) shape: [usize; 3],
    /// Whether regions reach from slice to slice along z.
    pub(super) joins_slices: bool,
    /// As many as there are voxels.
    pub(super) states: &'a mut [u8],
    /// As many as there are voxels.
    pub(super) ids: &'a mut [[u8; N]],
}

impl<const N: usize> Ids<'_, N> {
    /// Gives each region its id.
    pub(super) fn fill_regions(&mut self, ids: &[[u8; N]]) -> Result<(), CodecError> {
        let mut of_regions = ids.iter();
        let mut seeds = Vec::new();
        let mut from = 0;
        while let Some(next) = self.states.get(from..).and_then(|rest| rest.iter().position(|&state| state == OPEN)) {
            from += next;
            let id = *of_regions.next().ok_or_else(|| corrupt(format!("there are more regions than the {} ids", ids.len())))?;
            seeds.push(from);
            while let Some(seed) = seeds.pop() {
                // Taken by another seed of the same row.
                if self.states.get(seed) == Some(&OPEN) {
                    self.fill_row(seed, id, &mut seeds).ok_or_else(|| corrupt("a region outside the chunk"))?;
                }
            }
        }
        match of_regions.len() {
            0 => Ok(()),
            left => Err(corrupt(format!("{} regions instead of {}", ids.len() - left, ids.len()))),
        }
    }

    /// Fills the open voxels around one along its row, and finds one in each stretch of open voxels beside them.
    fn fill_row(&mut self, seed: usize, id: [u8; N], seeds: &mut Vec<usize>) -> Option<()> {
        let [width, height, depth] = self.shape;
        let start = seed - seed % width;
        let (before, after) = self.states.get(start..start + width)?.split_at_checked(seed - start)?;
        let first = start + before.iter().rposition(|&state| state != OPEN).map_or(0, |at| at + 1);
        let end = seed + after.iter().position(|&state| state != OPEN).unwrap_or(after.len());
        self.states.get_mut(first..end)?.fill(FILLED);
        self.ids.get_mut(first..end)?.fill(id);
        let (y, z, slice) = (start / width % height, start / width / height, width * height);
        let steps = [(y > 0, 0, width), (y + 1 < height, width, 0)];
        let across = [(self.joins_slices && z > 0, 0, slice), (self.joins_slices && z + 1 < depth, slice, 0)];
        for (_, up, down) in steps.into_iter().chain(across).filter(|(exists, ..)| *exists) {
            let (from, to) = (first + up - down, end + up - down);
            let mut was_open = false;
            for (at, &state) in (from..to).zip(self.states.get(from..to)?) {
                if state == OPEN && !was_open {
                    seeds.push(at);
                }
                was_open = state == OPEN;
            }
        }
        Some(())
    }

    /// Gives each voxel on a boundary its id: that of the voxel before it along x, y (or z where regions reach along it) where that is on
    /// none, else what the list says next.
    pub(super) fn fill_boundaries(&mut self, list: &[[u8; N]]) -> Result<(), CodecError> {
        let [width, height, _] = self.shape;
        let known: &[u64] = if self.joins_slices { &[0, 2, 4] } else { &[0, 2] };
        let mut rest = list.iter();
        let mut at = 0;
        while let Some(next) = self.states.get(at..).and_then(|rest| rest.iter().position(|&state| state == BOUNDARY)) {
            at += next;
            let place = [at % width, at / width % height, at / width / height];
            let is_between = |number: &u64| self.neighbour(place, *number).is_some_and(|at| self.states.get(at) == Some(&FILLED));
            let code = known.iter().copied().find(is_between);
            let mut listed =
                || rest.next().copied().ok_or_else(|| corrupt(format!("the list of {} boundary voxels is too short", list.len())));
            let id = match code.map_or_else(|| listed().map(|code| word(&code)), Ok)? {
                number @ 0..NEIGHBOURS => {
                    let neighbour = self.neighbour(place, number).and_then(|at| self.ids.get(at));
                    *neighbour.ok_or_else(|| corrupt(format!("neighbour {number} of voxel {place:?} lies outside the chunk")))?
                }
                ID_FOLLOWS => listed()?,
                id => (id - ID_FOLLOWS - 1).to_le_bytes().first_chunk().copied().unwrap_or([0; N]),
            };
            if let Some(to) = self.ids.get_mut(at) {
                *to = id;
            }
            at += 1;
        }
        match rest.len() {
            0 => Ok(()),
            left => Err(corrupt(format!("{left} of {} boundary voxels are left over", list.len()))),
        }
    }

    /// The voxel before (even numbers) or after another along x, y, z; `None` outside the chunk.
    fn neighbour(&self, [x, y, z]: [usize; 3], number: u64) -> Option<usize> {
        let [width, height, depth] = self.shape;
        let [x, y, z] = match number {
            0 => [x.checked_sub(1)?, y, z],
            1 => [x + 1, y, z],
            2 => [x, y.checked_sub(1)?, z],
            3 => [x, y + 1, z],
            4 => [x, y, z.checked_sub(1)?],
            _ => [x, y, z + 1],
        };
        (x < width && y < height && z < depth).then(|| x + width * (y + height * z))
    }
}
