//! The budget holds, ranges do not overlap, what is in use stays, and what was uploaded reads back as the brick.

use std::rc::Rc;

use proptest::prelude::*;

use super::{Entry, GpuBudget, KIND_SHIFT, PaletteColor, Residency, ResidencyError, Uploads, kind};
use crate::voxel::{Brick, BrickKey, DataType, VoxelBlock};

const BUDGET: GpuBudget = GpuBudget { heap_bytes: 2048, records: 12, palette_entries: 40 };

#[derive(Default)]
struct Memory {
    heap: Vec<u32>,
    records: Vec<Entry>,
    palette: Vec<Entry>,
}

fn put<T: Copy + Default>(to: &mut Vec<T>, start: u32, items: &[T], most: usize) {
    let start = start as usize;
    assert!(start + items.len() <= most, "written beyond the budget");
    to.resize(to.len().max(start + items.len()), T::default());
    to[start..start + items.len()].copy_from_slice(items);
}

impl Memory {
    fn apply(&mut self, uploads: &Uploads) {
        for (start, words) in &uploads.heap {
            let words: Vec<u32> = words.bytes().as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
            put(&mut self.heap, *start, &words, 512);
        }
        uploads.records.iter().for_each(|(start, records)| put(&mut self.records, *start, records, 12));
        uploads.palette.iter().for_each(|(start, entries)| put(&mut self.palette, *start, entries, 40));
    }

    /// The voxel by the definition of a record.
    fn read(&self, record: u32, [x, y, z]: [u32; 3]) -> (u32, u32) {
        let [first, strides, format, palette] = self.records[record as usize];
        let (bits, index) = (format & 255, x + y * (strides & 0xffff) + z * (strides >> 16));
        let raw = match bits {
            0 => first,
            32 => self.heap[(first + index) as usize],
            _ => (self.heap[(first + index * bits / 32) as usize] >> (index * bits % 32)) & ((1 << bits) - 1),
        };
        (raw, palette)
    }
}

fn key(n: u8) -> BrickKey {
    BrickKey { source: 0, level: 0, grid: [i32::from(n), 0, 0] }
}

fn color(id: u64) -> PaletteColor {
    PaletteColor { segment: id.wrapping_mul(3), rgba: id.to_le_bytes()[..4].try_into().unwrap() }
}

fn brick(seed: u64, labels: bool) -> Brick {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let shape = [next(9) + 1, next(5) + 1, next(4) + 1].map(|n| u32::try_from(n).unwrap());
    let types = [DataType::Uint8, DataType::Int8, DataType::Uint16, DataType::Int16, DataType::Uint32, DataType::Int32, DataType::Float32];
    let data_type = if labels { DataType::Uint64 } else { types[usize::try_from(next(7)).unwrap()] };
    let spread = [1, 2, 4, 12, 30][usize::try_from(next(5)).unwrap()];
    let voxels = shape.iter().product::<u32>();
    let mut data = Vec::new();
    for _ in 0..voxels {
        let id = next(spread).wrapping_mul(0x0101_0101_0101_0101);
        data.extend_from_slice(&id.to_le_bytes()[..data_type.size_bytes()]);
    }
    Brick::cut(&VoxelBlock { data_type, shape, data }, [0; 3], shape, labels)
}

fn check(memory: &Memory, record: u32, brick: &Brick, labels: bool, recolored: bool) {
    let format = memory.records[record as usize][2];
    for z in 0..brick.shape[2] {
        for y in 0..brick.shape[1] {
            for x in 0..brick.shape[0] {
                let (raw, palette) = memory.read(record, [x, y, z]);
                let expected = brick.bits([x, y, z]).unwrap();
                if labels {
                    assert_eq!(format >> KIND_SHIFT, kind::LABELS);
                    let entry = memory.palette[(palette + if format & 255 == 0 { 0 } else { raw }) as usize];
                    let expected = color(expected);
                    let rgba = if recolored { [1, 2, 3, 4] } else { expected.rgba };
                    assert_eq!(u64::from(entry[0]) | u64::from(entry[1]) << 32, expected.segment);
                    assert_eq!(entry[2].to_le_bytes(), rgba);
                } else {
                    // A value that stands alone is sign-extended; the low bytes are the voxel either way.
                    let mask = u64::MAX >> (64 - 8 * brick.data_type.size_bytes());
                    assert_eq!(u64::from(raw) & mask, expected);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_resident_reads_back_and_stays_within_the_budget(steps in prop::collection::vec((0_u8..24, any::<bool>(), 0_u8..8), 1..120)) {
        let mut residency = Residency::new(BUDGET);
        let mut memory = Memory::default();
        let mut frame = 1;
        let mut recolored = false;
        for (n, labels, action) in steps {
            let layer = u32::from(labels);
            let name = key(n);
            match action {
                0 => frame += 1,
                1 => residency.remove(layer, name),
                2 => memory.apply(&residency.take_uploads()),
                3 => {
                    recolored = true;
                    residency.recolor(1, &|id| PaletteColor { rgba: [1, 2, 3, 4], ..color(id) });
                }
                _ => {
                    let touched: Vec<_> = (0..24).flat_map(|n| [(0, key(n)), (1, key(n))])
                        .filter(|&owner| owner != (layer, name) && residency.resident.get(&owner).is_some_and(|r| r.used_in_frame == frame)).collect();
                    let paint = |id| if recolored { PaletteColor { rgba: [1, 2, 3, 4], ..color(id) } } else { color(id) };
                    let colors: Option<super::ColorOf<'_>> = if labels { Some(&paint) } else { None };
                    match residency.insert(layer, name, &Rc::new(brick(u64::from(n), labels)), colors, frame) {
                        Ok(record) => prop_assert_eq!(residency.lookup(layer, name), Some(record)),
                        Err(error) => prop_assert!(!matches!(error, ResidencyError::Malformed { .. }), "{}", error),
                    }
                    for (layer, key) in touched {
                        prop_assert!(residency.lookup(layer, key).is_some(), "a brick in use was evicted");
                    }
                }
            }
            prop_assert!(residency.used_bytes() <= BUDGET.heap_bytes + 16 * u64::from(BUDGET.records + BUDGET.palette_entries));
        }
        memory.apply(&residency.take_uploads());
        for n in 0..24 {
            for labels in [false, true] {
                if let Some(record) = residency.lookup(u32::from(labels), key(n)) {
                    check(&memory, record, &brick(u64::from(n), labels), labels, recolored);
                }
            }
        }
        residency.remove_layer(0);
        residency.remove_layer(1);
        prop_assert_eq!(residency.used_bytes(), 0);
        prop_assert_eq!(residency.heap.take(512), Some(0));
        prop_assert_eq!(residency.palette_slots.take(40), Some(0));
        prop_assert_eq!(residency.record_slots.take(12), Some(0));
    }
}

#[test]
fn the_longest_unused_goes_first_and_what_is_in_use_never() {
    let whole = |value: u8| {
        let data = (0..32 * 32).map(|n: u32| n.to_le_bytes()[0] ^ value).collect();
        Rc::new(Brick::cut(&VoxelBlock { data_type: DataType::Uint8, shape: [32, 32, 1], data }, [0; 3], [32, 32, 1], false))
    };
    let mut residency = Residency::new(BUDGET);
    residency.insert(0, key(0), &whole(0), None, 1).unwrap();
    residency.insert(0, key(1), &whole(1), None, 2).unwrap();
    residency.touch(0, key(0), 3);
    residency.insert(0, key(2), &whole(2), None, 3).unwrap();
    assert!(residency.lookup(0, key(1)).is_none());
    assert!(residency.lookup(0, key(0)).is_some());
    assert_eq!(residency.insert(0, key(3), &whole(3), None, 3), Err(ResidencyError::Full { heap_words: 256, palette_entries: 0 }));
    assert_eq!(residency.len(), 2);
}

#[test]
fn the_heap_grows_with_what_a_frame_shows_and_not_with_what_was_shown() {
    const MEBIBYTE: usize = 1 << 20;
    let whole = |value: u8| {
        let data = (0..MEBIBYTE).map(|n| n.to_le_bytes()[0] ^ value).collect();
        Rc::new(Brick { shape: [256, 64, 64], data_type: DataType::Uint8, voxels: crate::voxel::BrickVoxels::Dense(data) })
    };
    let mut residency = Residency::new(GpuBudget { heap_bytes: 64 << 20, records: 100, palette_entries: 100 });
    let mut end_bytes = |bricks_per_frame: u8| {
        let mut end = 0;
        for frame in 1..10 {
            for n in 0..bricks_per_frame {
                residency
                    .insert(
                        0,
                        BrickKey { source: 0, level: bricks_per_frame, grid: [frame, i32::from(n), 0] },
                        &whole(n),
                        None,
                        20 * u64::from(frame.unsigned_abs()) + 1000 * u64::from(bricks_per_frame),
                    )
                    .unwrap();
            }
            end = residency
                .take_uploads()
                .heap
                .iter()
                .map(|(start, words)| *start as usize * 4 + words.bytes().len())
                .max()
                .unwrap_or(0)
                .max(end);
        }
        end
    };
    assert_eq!(end_bytes(3), 8 * MEBIBYTE, "what was shown before goes, and the first eight mebibytes suffice");
    assert_eq!(end_bytes(10), 12 * MEBIBYTE, "longer by half");
}

/// Each of two views that draw in turns shows more than half of the heap.
#[test]
fn two_views_do_not_take_each_others_bricks() {
    let brick = |value: u8| {
        let data = (0..1_usize << 20).map(|n| n.to_le_bytes()[0] ^ value).collect();
        Rc::new(Brick { shape: [256, 64, 64], data_type: DataType::Uint8, voxels: crate::voxel::BrickVoxels::Dense(data) })
    };
    let mut residency = Residency::new(GpuBudget { heap_bytes: 64 << 20, records: 100, palette_entries: 100 });
    let mut written = 0;
    for frame in 1..21 {
        let view = u32::from(frame % 2 == 0);
        for n in 0..6 {
            if residency.touch(view, key(n), frame).is_none() {
                residency.insert(view, key(n), &brick(n), None, frame).unwrap();
                written += 1;
            }
        }
    }
    assert_eq!(written, 12, "each brick is written once");
}

#[test]
fn a_brick_that_lies_about_its_voxels_is_refused() {
    let lying = Rc::new(Brick { shape: [4, 4, 4], data_type: DataType::Uint16, voxels: crate::voxel::BrickVoxels::Dense(vec![0; 5]) });
    let mut residency = Residency::new(BUDGET);
    assert!(matches!(residency.insert(0, key(0), &lying, None, 1), Err(ResidencyError::Malformed { bytes: 5, .. })));
    assert!(matches!(residency.insert(0, key(0), &lying, Some(&color), 1), Err(ResidencyError::Malformed { bytes: 5, .. })));
    let huge = Rc::new(Brick { shape: [70_000, 1, 1], data_type: DataType::Uint8, voxels: crate::voxel::BrickVoxels::Uniform(0) });
    assert!(matches!(residency.insert(0, key(0), &huge, None, 1), Err(ResidencyError::TooLarge { .. })));
}
