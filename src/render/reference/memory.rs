//! The buffers of resident bricks, in ordinary memory: the twin of `shaders/lib/heap.wgsl`.

use crate::cache::residency::{Entry, KIND_SHIFT, Uploads, kind};

/// What the GPU would hold after the uploads so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    heap: Vec<u32>,
    records: Vec<Entry>,
    palette: Vec<Entry>,
}

impl Memory {
    /// Writes what became resident.
    pub fn apply(&mut self, uploads: &Uploads) {
        for (start, words) in &uploads.heap {
            let words: Vec<u32> = words.bytes().as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
            write(&mut self.heap, *start, &words);
        }
        uploads.records.iter().for_each(|(start, records)| write(&mut self.records, *start, records));
        uploads.palette.iter().for_each(|(start, entries)| write(&mut self.palette, *start, entries));
    }

    /// The record of this number; zeros where there is none.
    pub(super) fn record(&self, record: u32) -> Entry {
        self.records.get(record as usize).copied().unwrap_or_default()
    }

    /// The segment and the colour (0 to 1) of a palette entry.
    pub(super) fn palette(&self, index: u32) -> (u64, [f64; 4]) {
        let [low, high, rgba, _] = self.palette.get(index as usize).copied().unwrap_or_default();
        (u64::from(low) | (u64::from(high) << 32), rgba.to_le_bytes().map(|channel| f64::from(channel) / 255.0))
    }

    pub(super) fn read_bits(&self, record: Entry, index: u32) -> u32 {
        let bits = record[2] & 255;
        if bits == 0 {
            return record[0];
        }
        let at = u64::from(index) * u64::from(bits);
        let word = usize::try_from(u64::from(record[0]) + at / 32).ok().and_then(|at| self.heap.get(at)).copied().unwrap_or_default();
        (word >> (at % 32)) & (u32::MAX >> (32 - bits))
    }

    /// The number that bits of a brick are; `nan` stands for not-a-number.
    pub(super) fn read_number(record: Entry, raw: u32, nan: f64) -> f64 {
        let bits = record[2] & 255;
        match record[2] >> KIND_SHIFT {
            kind::SIGNED => {
                let unused = (32 - bits) % 32;
                f64::from((raw << unused).cast_signed() >> unused)
            }
            kind::FLOAT => {
                let value = f64::from(f32::from_bits(raw));
                let largest = f64::from(crate::render::layout::LARGEST);
                if value.is_nan() { nan } else { value.clamp(-largest, largest) }
            }
            _ => f64::from(raw),
        }
    }
}

/// The number of a voxel within its brick.
pub(super) fn voxel_index(record: Entry, local: [i64; 3]) -> u32 {
    let [x, y, z] = local.map(|n| u32::try_from(n).unwrap_or(0));
    x + y * (record[1] & 0xffff) + z * (record[1] >> 16)
}

fn write<T: Copy + Default>(to: &mut Vec<T>, start: u32, items: &[T]) {
    let start = start as usize;
    if to.len() < start + items.len() {
        to.resize(start + items.len(), T::default());
    }
    to.iter_mut().skip(start).zip(items).for_each(|(to, item)| *to = *item);
}
