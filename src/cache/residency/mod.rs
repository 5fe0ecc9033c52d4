//! Which bricks are on the GPU, and where: one heap of words for every brick of every kind, a record per brick, a palette
//! entry per id of each label brick.
//!
//! Plain and synchronous: it decides places and collects what must be written; [`Residency::take_uploads`] hands that to
//! whoever owns the buffers. Invariants: never more than the budget; ranges of resident bricks do not overlap; a brick
//! touched in the current frame is never evicted.
//!
//! The heap grows with what frames show, not with all that was ever shown: bricks in memory are quickly written again.

mod encode;
mod error;
mod free_list;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::FxHashMap;

pub use encode::{ColorOf, HeapWords, KIND_SHIFT, kind};
pub use error::ResidencyError;
use free_list::FreeList;

use crate::voxel::{Brick, BrickKey};

/// The most that may be resident; each buffer is made no larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GpuBudget {
    /// Bytes of the voxel heap.
    pub heap_bytes: u64,
    /// Bricks.
    pub records: u32,
    /// Ids, summed over the label bricks.
    pub palette_entries: u32,
}

impl GpuBudget {
    /// A budget whose buffers take about this many bytes in all, and none more than `largest_buffer_bytes`.
    #[must_use]
    pub fn within(total_bytes: u64, largest_buffer_bytes: u64) -> Self {
        let entry_bytes = size_of::<[u32; 4]>() as u64;
        let side_bytes = (total_bytes / 16).min(largest_buffer_bytes);
        let entries = u32::try_from(side_bytes / entry_bytes).unwrap_or(u32::MAX);
        let heap_bytes = (total_bytes - 2 * side_bytes.min(total_bytes / 16)).min(largest_buffer_bytes).min(u64::from(u32::MAX) * 4) & !3;
        Self { heap_bytes, records: entries, palette_entries: entries }
    }
}

/// The colour of one id, and the id that it counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaletteColor {
    /// The segment that the id belongs to; outlines run between different segments.
    pub segment: u64,
    /// Red, green, blue, alpha; not premultiplied.
    pub rgba: [u8; 4],
}

/// Four words of a record (see [`kind`] and [`KIND_SHIFT`]) or of a palette entry (id low, id high, rgba8, 0).
pub type Entry = [u32; 4];

/// What must be written into the buffers, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uploads {
    /// Word offset and words.
    pub heap: Vec<(u32, HeapWords)>,
    /// First record and records.
    pub records: Vec<(u32, Vec<Entry>)>,
    /// First palette entry and palette entries.
    pub palette: Vec<(u32, Vec<Entry>)>,
}

impl Uploads {
    /// Whether nothing must be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty() && self.records.is_empty() && self.palette.is_empty()
    }
}

#[derive(Debug)]
struct Resident {
    record: u32,
    heap: (u32, u32),
    palette_start: u32,
    ids: Vec<u64>,
    used_in_frame: u64,
}

type Owner = (u32, BrickKey);

/// The bricks on the GPU, by layer and key.
#[derive(Debug)]
pub struct Residency {
    budget: GpuBudget,
    resident: FxHashMap<Owner, Resident>,
    owner_of: BTreeMap<u32, Owner>,
    /// Oldest use first.
    by_use: BTreeSet<(u64, u32)>,
    heap: FreeList,
    /// Words of the heap so far.
    heap_words: u32,
    record_slots: FreeList,
    palette_slots: FreeList,
    records: Vec<Entry>,
    palette: Vec<Entry>,
    heap_writes: BTreeMap<u32, HeapWords>,
    dirty_records: Vec<(u32, u32)>,
    dirty_palette: Vec<(u32, u32)>,
    used_words: u64,
    used_entries: u64,
}

impl Residency {
    /// Nothing resident, under this budget.
    #[must_use]
    pub fn new(budget: GpuBudget) -> Self {
        let first_words = FIRST_HEAP_WORDS.min(most_words(budget));
        Self {
            budget,
            resident: FxHashMap::default(),
            owner_of: BTreeMap::new(),
            by_use: BTreeSet::new(),
            heap: FreeList::new(first_words),
            heap_words: first_words,
            record_slots: FreeList::new(budget.records),
            palette_slots: FreeList::new(budget.palette_entries),
            records: Vec::new(),
            palette: Vec::new(),
            heap_writes: BTreeMap::new(),
            dirty_records: Vec::new(),
            dirty_palette: Vec::new(),
            used_words: 0,
            used_entries: 0,
        }
    }

    /// The record of a brick of a layer, if resident.
    #[must_use]
    pub fn lookup(&self, layer: u32, key: BrickKey) -> Option<u32> {
        self.resident.get(&(layer, key)).map(|resident| resident.record)
    }

    /// The record of a brick of a layer, if resident, which is now in use by `frame` and stays for as long as that lasts.
    pub fn touch(&mut self, layer: u32, key: BrickKey, frame: u64) -> Option<u32> {
        let resident = self.resident.get_mut(&(layer, key))?;
        if resident.used_in_frame != frame {
            self.by_use.remove(&(resident.used_in_frame, resident.record));
            self.by_use.insert((frame, resident.record));
            resident.used_in_frame = frame;
        }
        Some(resident.record)
    }

    /// Makes a brick resident, in use by `frame`, and gives its record. `colors` makes it a label brick, `None` an image
    /// brick. Bricks that no layer used in `frame` make room, the longest unused first. A brick already there is replaced.
    ///
    /// # Errors
    ///
    /// [`ResidencyError::Full`] where all others are in use by `frame`; the others where the brick itself is at fault.
    pub fn insert(
        &mut self,
        layer: u32,
        key: BrickKey,
        brick: &Rc<Brick>,
        colors: Option<ColorOf<'_>>,
        frame: u64,
    ) -> Result<u32, ResidencyError> {
        self.remove(layer, key);
        let encoded = encode::encode(brick, colors.is_some())?;
        let too_large = |_| ResidencyError::TooLarge { shape: brick.shape };
        let heap_words = u32::try_from(encoded.words.bytes().len() / 4).map_err(too_large)?;
        let palette_entries = u32::try_from(encoded.ids.len()).map_err(too_large)?;
        if u64::from(heap_words) * 4 > self.budget.heap_bytes || palette_entries > self.budget.palette_entries {
            return Err(ResidencyError::TooLarge { shape: brick.shape });
        }
        let heap_start = self.make_heap_room(frame, heap_words);
        let palette_start = self.make_room(frame, |this| this.palette_slots.take(palette_entries));
        let record = self.make_room(frame, |this| this.record_slots.take(1));
        let (Some(heap_start), Some(palette_start), Some(record)) = (heap_start, palette_start, record) else {
            heap_start.inspect(|&start| self.heap.give_back(start, heap_words));
            palette_start.inspect(|&start| self.palette_slots.give_back(start, palette_entries));
            record.inspect(|&start| self.record_slots.give_back(start, 1));
            return Err(ResidencyError::Full { heap_words, palette_entries });
        };

        let first = if heap_words == 0 { encoded.value } else { heap_start };
        write(&mut self.records, &mut self.dirty_records, record, [[first, encoded.strides, encoded.format, palette_start]].into_iter());
        if let Some(colors) = colors {
            let entries = encoded.ids.iter().map(|&id| palette_entry(colors(id)));
            write(&mut self.palette, &mut self.dirty_palette, palette_start, entries);
        }
        if heap_words > 0 {
            self.heap_writes.insert(heap_start, encoded.words);
        }
        self.used_words += u64::from(heap_words);
        self.used_entries += u64::from(palette_entries);
        let resident = Resident { record, heap: (heap_start, heap_words), palette_start, ids: encoded.ids, used_in_frame: frame };
        self.resident.insert((layer, key), resident);
        self.owner_of.insert(record, (layer, key));
        self.by_use.insert((frame, record));
        Ok(record)
    }

    /// Forgets a brick.
    pub fn remove(&mut self, layer: u32, key: BrickKey) {
        let Some(gone) = self.resident.remove(&(layer, key)) else { return };
        let (heap_start, heap_words) = gone.heap;
        let palette_entries = u32::try_from(gone.ids.len()).unwrap_or(0);
        self.owner_of.remove(&gone.record);
        self.by_use.remove(&(gone.used_in_frame, gone.record));
        if heap_words > 0 {
            self.heap_writes.remove(&heap_start);
        }
        self.heap.give_back(heap_start, heap_words);
        self.palette_slots.give_back(gone.palette_start, palette_entries);
        self.record_slots.give_back(gone.record, 1);
        self.used_words -= u64::from(heap_words);
        self.used_entries -= u64::from(palette_entries);
    }

    /// Forgets the bricks of a layer.
    pub fn remove_layer(&mut self, layer: u32) {
        let keys: Vec<BrickKey> = self.resident.keys().filter(|(owner, _)| *owner == layer).map(|(_, key)| *key).collect();
        for key in keys {
            self.remove(layer, key);
        }
    }

    /// Forgets everything, as after the loss of the device.
    pub fn clear(&mut self) {
        *self = Self::new(self.budget);
    }

    /// Gives the ids of a layer's resident label bricks new colours.
    pub fn recolor(&mut self, layer: u32, colors: ColorOf<'_>) {
        for ((owner, _), resident) in &self.resident {
            if *owner == layer && !resident.ids.is_empty() {
                let entries = resident.ids.iter().map(|&id| palette_entry(colors(id)));
                write(&mut self.palette, &mut self.dirty_palette, resident.palette_start, entries);
            }
        }
    }

    /// What must be written into the buffers before the next frame.
    pub fn take_uploads(&mut self) -> Uploads {
        Uploads {
            heap: std::mem::take(&mut self.heap_writes).into_iter().collect(),
            records: take_dirty(&self.records, &mut self.dirty_records),
            palette: take_dirty(&self.palette, &mut self.dirty_palette),
        }
    }

    /// Bytes that resident bricks take in the buffers.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        let entry_bytes = size_of::<Entry>() as u64;
        self.used_words * 4 + (self.used_entries + self.resident.len() as u64) * entry_bytes
    }

    /// How many bricks are resident.
    #[must_use]
    pub fn len(&self) -> usize {
        self.resident.len()
    }

    /// Whether no brick is resident.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.resident.is_empty()
    }

    /// The budget.
    #[must_use]
    pub fn budget(&self) -> GpuBudget {
        self.budget
    }

    /// Takes a range of the heap, which grows where nothing more may go but what another view has just drawn.
    fn make_heap_room(&mut self, frame: u64, words: u32) -> Option<u32> {
        loop {
            let start = self.make_room(frame.saturating_sub(RECENT_FRAMES), |this| this.heap.take(words));
            if start.is_some() {
                return start;
            }
            if !self.grow_heap(words) {
                return self.make_room(frame, |this| this.heap.take(words));
            }
        }
    }

    /// Makes the heap longer by half, at least by `words`; `false`: the budget does not allow for more.
    fn grow_heap(&mut self, words: u32) -> bool {
        let new = (self.heap_words.saturating_add((self.heap_words / 2).max(words))).min(most_words(self.budget));
        if new == self.heap_words {
            return false;
        }
        self.heap.grow(self.heap_words, new);
        self.heap_words = new;
        true
    }

    /// Takes a range, evicting until there is one; `None` where nothing more may go.
    fn make_room(&mut self, frame: u64, mut take: impl FnMut(&mut Self) -> Option<u32>) -> Option<u32> {
        loop {
            if let Some(start) = take(self) {
                return Some(start);
            }
            let &(used_in_frame, record) = self.by_use.first()?;
            if used_in_frame >= frame {
                return None;
            }
            let &(layer, key) = self.owner_of.get(&record)?;
            self.remove(layer, key);
        }
    }
}

/// The heap begins with so many words, which is 8 MiB: a view without filtering on a small canvas.
const FIRST_HEAP_WORDS: u32 = 2 << 20;

/// Views draw in turns, each with frames of its own: what was used so recently is likely to be in view of another one.
const RECENT_FRAMES: u64 = 16;

fn most_words(budget: GpuBudget) -> u32 {
    u32::try_from(budget.heap_bytes / 4).unwrap_or(u32::MAX)
}

fn palette_entry(color: PaletteColor) -> Entry {
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of the id")]
    let [low, high] = [color.segment as u32, (color.segment >> 32) as u32];
    [low, high, u32::from_le_bytes(color.rgba), 0]
}

fn write(entries: &mut Vec<Entry>, dirty: &mut Vec<(u32, u32)>, start: u32, new: impl ExactSizeIterator<Item = Entry>) {
    let (first, len) = (start as usize, new.len());
    if entries.len() < first + len {
        entries.resize(first + len, [0; 4]);
    }
    entries.iter_mut().skip(first).zip(new).for_each(|(entry, new)| *entry = new);
    dirty.push((start, u32::try_from(len).unwrap_or(0)));
}

fn take_dirty(entries: &[Entry], dirty: &mut Vec<(u32, u32)>) -> Vec<(u32, Vec<Entry>)> {
    let mut ranges = std::mem::take(dirty);
    ranges.sort_unstable();
    let mut joined: Vec<(u32, u32)> = Vec::new();
    for (start, len) in ranges {
        match joined.last_mut() {
            Some((last_start, last_len)) if start <= *last_start + *last_len => *last_len = (*last_len).max(start + len - *last_start),
            _ => joined.push((start, len)),
        }
    }
    joined.into_iter().filter_map(|(start, len)| Some((start, entries.get(start as usize..(start + len) as usize)?.to_vec()))).collect()
}

#[cfg(test)]
mod tests;
