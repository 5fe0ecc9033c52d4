//! Levels made of volumes that lack them: against analysis, through scratch space that forgets, fails and lies.
#![cfg(all(feature = "levels", not(target_arch = "wasm32")))]
#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test fails by panicking; its volumes are small"
)]

use std::cell::Cell;
use std::rc::Rc;

use futures::future::{FutureExt, LocalBoxFuture, ready};
use neurolume::format::levels::WithLevels;
use neurolume::format::{ChunkSource, FormatError, LevelSpec, Notes, OtherAxis, Selection, Sharding, SourceFormat, VolumeSpec};
use neurolume::geometry::VoxelBox;
use neurolume::runtime::{Cancel, CancelSource};
use neurolume::store::StoreError;
use neurolume::store::scratch::{MemoryScratch, Scratch, make_room, used_bytes};
use neurolume::voxel::{DataType, VoxelBlock, downsample};
use pollster::block_on;

/// Even along every axis for four levels, so that a mean is that of whole cells; chunks do not meet its faces.
const SHAPE: [i64; 3] = [320, 272, 208];
const MIN: [i64; 3] = [5, -7, 2];

/// A volume of 16-bit numbers, or of labels: linear in x, y and z, so that the mean of a box is the value at its middle.
struct Slope {
    spec: VolumeSpec,
    reads: Rc<Cell<usize>>,
}

impl Slope {
    fn new(data_type: DataType, chunk_shape: [u32; 3]) -> Self {
        let level = LevelSpec {
            voxel_size_nm: [4.0, 4.0, 8.0],
            offset_nm: [0.0; 3],
            voxel_box: VoxelBox::from_shape(MIN, SHAPE),
            chunk_origin: [0; 3],
            chunk_shape,
            encoding: "raw".to_owned(),
            sharding: Sharding::None,
        };
        let spec = VolumeSpec {
            format: SourceFormat::Zarr,
            data_type,
            kind: None,
            channels: 2,
            other_axes: Vec::new(),
            fill_bits: 0,
            levels: vec![level],
            orientation: None,
            notes: Notes::default(),
        };
        Self { spec, reads: Rc::default() }
    }

    /// The value at a place, which may lie between voxels. Steps of 32 leave halves of four levels whole.
    fn value(at: [f64; 3], channel: u32) -> f64 {
        32.0 * at[0] + 64.0 * at[1] + 16.0 * at[2] + 8000.0 * f64::from(channel)
    }

    /// Slabs across x, 48 voxels thick.
    fn label(x: i64) -> u64 {
        x.div_euclid(48) as u64 + (1 << 60)
    }
}

impl ChunkSource for Slope {
    fn spec(&self) -> &VolumeSpec {
        &self.spec
    }

    fn chunk<'a>(
        &'a self,
        level: usize,
        grid: [i64; 3],
        selection: &'a Selection,
        cancel: &'a Cancel,
    ) -> LocalBoxFuture<'a, Result<Option<VoxelBlock>, FormatError>> {
        if cancel.is_cancelled() {
            return ready(Err(StoreError::Cancelled.into())).boxed_local();
        }
        self.reads.set(self.reads.get() + 1);
        let chunk = self.spec.levels[level].chunk_box(grid);
        let mut data = Vec::new();
        for z in chunk.min[2]..chunk.max[2] {
            for y in chunk.min[1]..chunk.max[1] {
                for x in chunk.min[0]..chunk.max[0] {
                    let from_corner = [x - MIN[0], y - MIN[1], z - MIN[2]].map(|n| n as f64);
                    match self.spec.data_type {
                        DataType::Uint64 => data.extend_from_slice(&Self::label(x - MIN[0]).to_le_bytes()),
                        _ => data.extend_from_slice(&(Self::value(from_corner, selection.channel) as u16).to_le_bytes()),
                    }
                }
            }
        }
        let block = VoxelBlock { data_type: self.spec.data_type, shape: chunk.shape().map(|n| n as u32), data };
        ready(Ok(Some(block))).boxed_local()
    }
}

fn with_levels(source: Slope, scratch: &MemoryScratch) -> WithLevels {
    let labels = source.spec.data_type == DataType::Uint64;
    block_on(WithLevels::new(Rc::new(source), Rc::new(scratch.clone()), "entry", labels)).unwrap()
}

fn make_all(levels: &WithLevels) {
    block_on(levels.begin("it")).unwrap();
    for region in block_on(levels.missing("it")).unwrap() {
        block_on(levels.make(region, &Cancel::never())).unwrap();
    }
}

/// Every voxel of every made level, by its place, level and channel.
fn each_voxel(levels: &WithLevels, channels: &[u32], mut check: impl FnMut(u32, &LevelSpec, [i64; 3], u32, u64)) {
    for (number, level) in levels.spec().levels.iter().enumerate().skip(1) {
        let grid = level.grid_box();
        for &channel in channels {
            let selection = Selection { channel, ..Selection::default() };
            for z in grid.min[2]..grid.max[2] {
                for y in grid.min[1]..grid.max[1] {
                    for x in grid.min[0]..grid.max[0] {
                        let chunk_box = level.chunk_box([x, y, z]);
                        let chunk = block_on(levels.chunk(number, [x, y, z], &selection, &Cancel::never())).unwrap().unwrap();
                        assert_eq!(chunk.shape.map(i64::from), chunk_box.shape());
                        for (index, at) in voxels(&chunk_box).enumerate() {
                            let size = chunk.data_type.size_bytes();
                            let bits = chunk.data[index * size..(index + 1) * size]
                                .iter()
                                .rev()
                                .fold(0, |bits, &byte| bits << 8 | u64::from(byte));
                            check(number as u32, level, at, channel, bits);
                        }
                    }
                }
            }
        }
    }
}

fn voxels(of: &VoxelBox) -> impl Iterator<Item = [i64; 3]> + use<> {
    let [xs, ys, zs] = [0, 1, 2].map(|axis| of.min[axis]..of.max[axis]);
    zs.flat_map(move |z| {
        ys.clone().flat_map({
            let xs = xs.clone();
            move |y| xs.clone().map(move |x| [x, y, z])
        })
    })
}

#[test]
fn every_voxel_is_the_mean_of_what_it_covers_whatever_the_chunks() {
    for chunk_shape in [[64, 64, 64], [320, 272, 1], [33, 50, 17]] {
        let scratch = MemoryScratch::new(1 << 30);
        let source = Slope::new(DataType::Uint16, chunk_shape);
        let reads = Rc::clone(&source.reads);
        let chunks = source.spec.levels[0].grid_box().volume() as usize;
        let levels = with_levels(source, &scratch);
        make_all(&levels);
        assert_eq!(levels.spec().levels.len(), 4, "{:?}", levels.spec().levels);
        // Each chunk once for each channel, and once more where two regions meet in it.
        let meet_within_chunks = chunk_shape[2] > 1;
        assert!(
            reads.get() == 2 * chunks || meet_within_chunks && reads.get() <= 4 * chunks,
            "{chunk_shape:?}: {} of {chunks}",
            reads.get()
        );
        each_voxel(&levels, &[0, 1], |_, level, at, channel, bits| {
            let size: [f64; 3] = std::array::from_fn(|axis| level.voxel_size_nm[axis] / [4.0, 4.0, 8.0][axis]);
            let middle = std::array::from_fn(|axis| (at[axis] as f64 + 0.5) * size[axis] - 0.5);
            assert_eq!(bits as f64, Slope::value(middle, channel), "{at:?} of {size:?} voxels");
        });
    }
}

#[test]
fn every_label_is_the_one_that_occurs_most() {
    let scratch = MemoryScratch::new(1 << 30);
    let levels = with_levels(Slope::new(DataType::Uint64, [64, 64, 64]), &scratch);
    make_all(&levels);
    each_voxel(&levels, &[0], |_, level, at, _, bits| {
        // Slabs of 48 voxels are whole in voxels of up to 16.
        let size = (level.voxel_size_nm[0] / 4.0) as i64;
        assert_eq!(bits, Slope::label(at[0] * size), "{at:?} of {size} voxels");
    });
    // What repeats itself is packed.
    assert!(block_on(used_bytes(&scratch)).unwrap() < levels.size().1 / 10);
}

#[test]
fn what_was_made_is_found_again_and_what_is_missing_or_damaged_is_made_again() {
    let scratch = MemoryScratch::new(1 << 30);
    let levels = with_levels(Slope::new(DataType::Uint16, [64; 3]), &scratch);
    let all = block_on(levels.missing("it")).unwrap();
    assert_eq!(all, levels.regions());
    assert_eq!(all.len() as u64, levels.size().0);
    block_on(levels.begin("it")).unwrap();
    let last = *all.last().unwrap();
    for region in &all[..all.len() - 1] {
        block_on(levels.make(*region, &Cancel::never())).unwrap();
    }
    let again = with_levels(Slope::new(DataType::Uint16, [64; 3]), &scratch);
    assert_eq!(block_on(again.missing("it")).unwrap(), [last], "it goes on where it stopped");
    block_on(again.make(last, &Cancel::never())).unwrap();
    assert_eq!(block_on(again.missing("it")).unwrap(), []);

    // A file that was not written to its end, and one whose end is not its own.
    let name = "0-1-0-0-0";
    let size = block_on(scratch.size("entry", name)).unwrap().unwrap();
    let whole = block_on(scratch.read("entry", name, 0..size)).unwrap().unwrap();
    block_on(scratch.write("entry", name, 0, &whole[..whole.len() - 3])).unwrap();
    let cut = block_on(again.missing("it")).unwrap();
    assert_eq!(cut.iter().map(|region| (region.level, region.selection, region.grid)).collect::<Vec<_>>(), [(0, 1, [0; 3])]);
    let mut damaged = whole.to_vec();
    damaged[100] ^= 1;
    block_on(scratch.write("entry", name, 0, &damaged)).unwrap();
    let selection = Selection { channel: 1, ..Selection::default() };
    let error = block_on(again.chunk(1, [0; 3], &selection, &Cancel::never())).unwrap_err();
    assert!(matches!(&error, FormatError::DamagedLevels { .. }), "{error}");
    assert!(error.to_string().contains("checksum"), "{error}");
    assert_eq!(block_on(again.missing("it")).unwrap(), cut, "what was found damaged is made again");

    // Another volume at the same place: nothing of it is of use, and nothing of it stays.
    assert_eq!(block_on(again.missing("another")).unwrap(), all);
    assert_eq!(block_on(scratch.files("entry")).unwrap(), []);
}

#[test]
fn a_cancelled_region_is_not_written_and_a_full_disk_leaves_what_was_there() {
    let scratch = MemoryScratch::new(3 << 20);
    let levels = with_levels(Slope::new(DataType::Uint16, [64; 3]), &scratch);
    let region = levels.regions()[0];
    let source = CancelSource::new();
    source.cancel();
    let cancelled = block_on(levels.make(region, &source.token())).unwrap_err();
    assert_eq!(cancelled, FormatError::Store(StoreError::Cancelled));
    assert_eq!(block_on(scratch.files("entry")).unwrap(), []);

    block_on(levels.begin("it")).unwrap();
    let full = block_on(levels.make(region, &Cancel::never())).unwrap_err();
    assert!(matches!(full, FormatError::Store(StoreError::Quota { .. })), "{full}");
    assert_eq!(block_on(levels.missing("it")).unwrap(), levels.regions());
    block_on(levels.discard()).unwrap();
    assert_eq!(block_on(used_bytes(&scratch)).unwrap(), 0);
}

#[test]
fn places_along_other_axes_have_regions_of_their_own() {
    let mut source = Slope::new(DataType::Uint16, [64; 3]);
    source.spec.other_axes = vec![OtherAxis { name: "t".to_owned(), size: 3, unit: None, spacing: None }];
    let scratch = MemoryScratch::new(1 << 30);
    let levels = with_levels(source, &scratch);
    assert_eq!(levels.regions().len() as u64, levels.size().0);
    let of = |at: u64, channel| Selection { channel, at: [("t".to_owned(), at)].into_iter().collect() };
    // Channel 1 at time 2 is the last of six.
    let region = *levels.regions().iter().find(|region| region.level == 0 && region.selection == 5).unwrap();
    block_on(levels.begin("it")).unwrap();
    block_on(levels.make(region, &Cancel::never())).unwrap();
    assert!(block_on(levels.chunk(1, [0; 3], &of(2, 1), &Cancel::never())).unwrap().is_some());
    assert!(block_on(levels.chunk(1, [0; 3], &of(1, 1), &Cancel::never())).is_err());
}

#[test]
fn the_longest_unused_goes_first_and_what_is_held_stays() {
    let scratch = MemoryScratch::new(1000);
    let holds: Vec<_> = ["old", "held", "new"]
        .map(|name| {
            block_on(scratch.write(name, "a", 0, &[0; 100])).unwrap();
            block_on(scratch.hold(name)).unwrap()
        })
        .into_iter()
        .collect();
    let [old, held, new] = <[_; 3]>::try_from(holds).unwrap();
    drop((old, new));
    assert_eq!(block_on(make_room(&scratch, "mine", 150, 350)).unwrap(), 200);
    let names = || block_on(scratch.entries()).unwrap().into_iter().map(|entry| entry.name).collect::<Vec<_>>();
    assert_eq!(names(), ["held", "new"]);
    assert_eq!(block_on(make_room(&scratch, "mine", 260, 350)), Err(StoreError::ScratchFull { need: 260, budget: 350, held: 100 }));
    assert_eq!(names(), ["held"]);
    assert_eq!(block_on(make_room(&scratch, "mine", 351, 350)), Err(StoreError::ScratchFull { need: 351, budget: 350, held: 0 }));
    drop(held);
    assert_eq!(block_on(make_room(&scratch, "mine", 260, 350)).unwrap(), 0);
}

#[test]
fn means_are_those_of_tensorstore() {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Case {
        data_type: DataType,
        shape: [u32; 3],
        factors: [u32; 3],
        voxels: String,
        mean_shape: [u32; 3],
        mean: String,
    }
    let bytes = |hex: &str| -> Vec<u8> { (0..hex.len() / 2).map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).unwrap()).collect() };
    let text = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/downsample.json")).unwrap();
    let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
    assert_eq!(cases.len(), 30);
    for case in cases {
        let block = VoxelBlock { data_type: case.data_type, shape: case.shape, data: bytes(&case.voxels) };
        let mean = VoxelBlock { data_type: case.data_type, shape: case.mean_shape, data: bytes(&case.mean) };
        assert_eq!(downsample(&block, case.factors, false), Some(mean), "{:?} by {:?}", case.data_type, case.factors);
    }
}
