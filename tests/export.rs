//! Volumes written as files and read again: by the readers of this crate here; `tests/oracle/exports.py` has others read what
//! the last test writes.
#![cfg(feature = "export")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use futures::future::{FutureExt, LocalBoxFuture, ready};
use neurolume::error::{ErrorCode, ViewerError};
use neurolume::exchange::{ExportError, ExportFormat, OmeVersion, Progress, Sink, VolumeExport, export};
use neurolume::format::{
    ChunkSource, FormatError, LevelSpec, Notes, Said, Selection, Sharding, SourceFormat, VolumeKind, VolumeSpec, open,
};
use neurolume::geometry::VoxelBox;
use neurolume::runtime::Cancel;
use neurolume::store::FileProvider;
use neurolume::voxel::{DataType, VoxelBlock};

/// A volume whose voxels follow from their place: see `values` of `tests/oracle/exports.py`, which has the same rules.
struct Formula {
    spec: VolumeSpec,
    as_labels: bool,
}

impl Formula {
    fn new(data_type: DataType, as_labels: bool, voxel_box: VoxelBox) -> Rc<Self> {
        let level = LevelSpec {
            voxel_size_nm: [4.0, 4.0, 12.5],
            offset_nm: [0.0; 3],
            voxel_box,
            chunk_origin: voxel_box.min,
            chunk_shape: [50, 33, 20],
            encoding: "none".to_owned(),
            sharding: Sharding::None,
        };
        let spec = VolumeSpec {
            format: SourceFormat::Zarr,
            data_type,
            kind: None,
            channels: 1,
            other_axes: Vec::new(),
            fill_bits: 0,
            levels: vec![level],
            orientation: None,
            notes: Notes::default(),
        };
        Rc::new(Self { spec, as_labels })
    }

    fn bits(&self, [x, y, z]: [i64; 3]) -> u64 {
        if self.as_labels {
            let cell = x.div_euclid(9) * 31 + y.div_euclid(7) * 17 + z.div_euclid(5) * 7;
            return match cell.rem_euclid(11) {
                0 => 0,
                n if self.spec.data_type == DataType::Uint64 => n.unsigned_abs() * 1_000_000_000_039,
                n => n.unsigned_abs() * 23,
            };
        }
        let value = (x * 7 + y * 13 + z * 29 + x * y % 31).rem_euclid(200);
        match self.spec.data_type {
            DataType::Float32 => u64::from((value as f32 / 8.0).to_bits()),
            DataType::Float64 => (value as f64 / 8.0).to_bits(),
            DataType::Int16 => u64::from((value as i16 * 50 - 5000).cast_unsigned()),
            DataType::Uint16 => value.unsigned_abs() * 300,
            _ => value.unsigned_abs(),
        }
    }

    /// Chunks that do not exist: they read as 0.
    fn is_absent(grid: [i64; 3]) -> bool {
        (grid[0] + grid[1] + grid[2]).rem_euclid(5) == 4
    }

    /// What a box must hold, zero-extended.
    fn expected(&self, voxels: VoxelBox) -> Vec<u64> {
        let level = &self.spec.levels[0];
        let mut values = Vec::new();
        for z in voxels.min[2]..voxels.max[2] {
            for y in voxels.min[1]..voxels.max[1] {
                for x in voxels.min[0]..voxels.max[0] {
                    let voxel = [x, y, z];
                    let chunk =
                        std::array::from_fn(|axis| (voxel[axis] - level.chunk_origin[axis]).div_euclid(i64::from(level.chunk_shape[axis])));
                    let exists = level.voxel_box.contains(voxel) && !Self::is_absent(chunk);
                    values.push(if exists { self.bits(voxel) } else { 0 });
                }
            }
        }
        values
    }
}

impl ChunkSource for Formula {
    fn spec(&self) -> &VolumeSpec {
        &self.spec
    }

    fn chunk<'a>(
        &'a self,
        level: usize,
        grid: [i64; 3],
        _: &'a Selection,
        _: &'a Cancel,
    ) -> LocalBoxFuture<'a, Result<Option<VoxelBlock>, FormatError>> {
        if Self::is_absent(grid) {
            return ready(Ok(None)).boxed_local();
        }
        let voxels = self.spec.levels[level].chunk_box(grid);
        let shape = voxels.shape().map(|n| u32::try_from(n).unwrap());
        let mut block = VoxelBlock::filled(self.spec.data_type, shape, 0).unwrap();
        let size = self.spec.data_type.size_bytes();
        let mut places = block.data.chunks_exact_mut(size);
        for z in voxels.min[2]..voxels.max[2] {
            for y in voxels.min[1]..voxels.max[1] {
                for x in voxels.min[0]..voxels.max[0] {
                    places.next().unwrap().copy_from_slice(&self.bits([x, y, z]).to_le_bytes()[..size]);
                }
            }
        }
        ready(Ok(Some(block))).boxed_local()
    }
}

/// Keeps what is written.
#[derive(Default)]
struct Kept {
    bytes: RefCell<Vec<u8>>,
    progress: RefCell<Vec<Progress>>,
    largest: RefCell<usize>,
}

impl Sink for Kept {
    fn put(&self, bytes: Vec<u8>, progress: Progress) -> LocalBoxFuture<'_, Result<(), ExportError>> {
        let mut largest = self.largest.borrow_mut();
        *largest = bytes.len().max(*largest);
        self.bytes.borrow_mut().extend(bytes);
        self.progress.borrow_mut().push(progress);
        ready(Ok(())).boxed_local()
    }
}

fn request(source: &Formula, format: ExportFormat) -> VolumeExport {
    let level = &source.spec.levels[0];
    VolumeExport {
        format,
        ome_version: OmeVersion::default(),
        name: "formula".to_owned(),
        level: 0,
        voxels: level.voxel_box,
        levels: None,
        as_labels: source.as_labels,
        voxel_size_nm: level.voxel_size_nm,
        offset_nm: level.offset_nm,
    }
}

fn write(source: &Rc<Formula>, request: &VolumeExport) -> Result<Kept, ExportError> {
    let kept = Kept::default();
    pollster::block_on(export(Rc::clone(source) as Rc<_>, Selection::default(), request, &kept, &Cancel::never()))?;
    Ok(kept)
}

/// A file that goes with the test.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("neurolume-export-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }

    fn open(&self, adapters: &str) -> Result<Box<dyn ChunkSource>, FormatError> {
        let url = format!("{}{adapters}", self.0.to_str().unwrap());
        pollster::block_on(open(Rc::new(FileProvider), &url, &Said::default(), &Cancel::never()))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}

fn values(block: &VoxelBlock) -> Vec<u64> {
    let extend = |voxel: &[u8]| voxel.iter().rev().fold(0, |bits, &byte| bits << 8 | u64::from(byte));
    block.data.chunks_exact(block.data_type.size_bytes()).map(extend).collect()
}

const OFFSET_BOX: VoxelBox = VoxelBox { min: [-16, 32, 8], max: [150, 190, 100] };

#[test]
fn what_is_written_is_read_again() {
    let cases = [
        (DataType::Uint8, false),
        (DataType::Uint16, false),
        (DataType::Int16, false),
        (DataType::Float32, false),
        (DataType::Uint8, true),
        (DataType::Uint32, true),
        (DataType::Uint64, true),
    ];
    for (data_type, as_labels) in cases {
        let source = Formula::new(data_type, as_labels, OFFSET_BOX);
        for (format, ome_version) in [
            (ExportFormat::OmeZarr, OmeVersion::V05),
            (ExportFormat::OmeZarr, OmeVersion::V04),
            (ExportFormat::Precomputed, OmeVersion::V05),
        ] {
            let name = format!("{} {as_labels} {format:?} {ome_version:?}", data_type.name());
            let kept = write(&source, &VolumeExport { ome_version, ..request(&source, format) }).unwrap();
            let last = *kept.progress.borrow().last().unwrap();
            assert_eq!((last.done, last.total), (18, 18), "{name}");
            let file = Temporary::new(&format!("{}.zip", name.replace(' ', "-")), &kept.bytes.borrow());
            let read = file.open("|zip:").unwrap();
            let spec = read.spec();
            assert_eq!(spec.data_type, data_type, "{name}");
            if as_labels {
                assert_eq!(spec.kind, Some(VolumeKind::Segmentation), "{name}");
            }
            assert_eq!(spec.levels.len(), 3, "{name}");
            assert_eq!(spec.levels[1].voxel_size_nm, [8.0, 8.0, 12.5]);
            assert_eq!(spec.levels[2].voxel_size_nm, [16.0, 16.0, 25.0]);
            // All levels begin at one corner.
            for level in &spec.levels {
                for axis in 0..3 {
                    let corner = level.offset_nm[axis] + level.voxel_box.min[axis] as f64 * level.voxel_size_nm[axis];
                    let expected = OFFSET_BOX.min[axis] as f64 * [4.0, 4.0, 12.5][axis];
                    assert!((corner - expected).abs() < 1e-9, "{name}: {corner} instead of {expected}");
                }
            }
            let finest = support::read_level(&*read, 0, &Selection::default()).unwrap();
            assert!(values(&finest.block) == source.expected(OFFSET_BOX), "{name}: other voxels");
        }
    }
}

#[test]
fn a_level_is_made_of_the_one_before() {
    for as_labels in [false, true] {
        let source = Formula::new(DataType::Uint16, as_labels, OFFSET_BOX);
        let kept = write(&source, &request(&source, ExportFormat::OmeZarr)).unwrap();
        let file = Temporary::new(&format!("levels-{as_labels}.zip"), &kept.bytes.borrow());
        let read = file.open("|zip:").unwrap();
        let level = |number| support::read_level(&*read, number, &Selection::default()).unwrap().block;
        for (number, factors) in [(1, [2, 2, 1]), (2, [2, 2, 2])] {
            let expected = neurolume::voxel::downsample(&level(number - 1), factors, as_labels).unwrap();
            assert!(level(number) == expected, "level {number}, labels: {as_labels}");
        }
    }
}

#[test]
fn a_box_is_written_where_it_lies() {
    let source = Formula::new(DataType::Uint64, true, OFFSET_BOX);
    let voxels = VoxelBox { min: [3, 41, 13], max: [90, 130, 60] };
    let request = |format| VolumeExport { voxels, levels: Some(2), ..request(&source, format) };
    let kept = write(&source, &request(ExportFormat::OmeZarr)).unwrap();
    let file = Temporary::new("box-ome.zip", &kept.bytes.borrow());
    let read = file.open("|zip:").unwrap();
    assert_eq!(read.spec().levels[0].offset_nm, [12.0, 164.0, 162.5]);
    let level = support::read_level(&*read, 0, &Selection::default()).unwrap();
    assert!(values(&level.block) == source.expected(voxels));

    // Precomputed levels begin at whole voxels of their own.
    let kept = write(&source, &request(ExportFormat::Precomputed)).unwrap();
    let file = Temporary::new("box-precomputed.zip", &kept.bytes.borrow());
    let read = file.open("|zip:").unwrap();
    let grown = VoxelBox { min: [2, 40, 13], ..voxels };
    assert_eq!(read.spec().levels[0].voxel_box, grown);
    assert_eq!(read.spec().levels[1].voxel_box.min, [1, 20, 13]);
    let level = support::read_level(&*read, 0, &Selection::default()).unwrap();
    assert!(values(&level.block) == source.expected(grown));
}

#[test]
fn an_npy_holds_the_voxels_in_order() {
    let source = Formula::new(DataType::Float64, false, OFFSET_BOX);
    let voxels = VoxelBox { min: [-7, 40, 11], max: [80, 100, 77] };
    let kept = write(&source, &VolumeExport { voxels, ..request(&source, ExportFormat::Npy) }).unwrap();
    let bytes = kept.bytes.borrow();
    let header = bytes[..128].to_vec();
    assert!(String::from_utf8_lossy(&header).contains("'shape': (66, 60, 87)"), "{}", String::from_utf8_lossy(&header));
    let block = VoxelBlock { data_type: DataType::Float64, shape: [87, 60, 66], data: bytes[128..].to_vec() };
    assert!(values(&block) == source.expected(voxels));
    let last = *kept.progress.borrow().last().unwrap();
    assert_eq!((last.done, last.total), (66, 66));
}

#[test]
fn says_what_cannot_be_written() {
    let source = Formula::new(DataType::Float64, false, OFFSET_BOX);
    let refused = |change: &dyn Fn(&mut VolumeExport), format| {
        let mut request = request(&source, format);
        change(&mut request);
        ViewerError::from(write(&source, &request).map(|_| ()).unwrap_err())
    };
    let error = refused(&|_| {}, ExportFormat::Precomputed);
    assert_eq!((error.code, error.message.as_str()), (ErrorCode::Unsupported, "precomputed has no voxels of float64"));
    let elsewhere = VoxelBox { min: [500; 3], max: [600; 3] };
    let error = refused(&|request| request.voxels = elsewhere, ExportFormat::OmeZarr);
    assert_eq!(error.code, ErrorCode::InvalidOptions);
    assert!(error.message.contains("[500, 500, 500]"), "{error}");
    let error = refused(&|request| request.level = 3, ExportFormat::OmeZarr);
    assert_eq!((error.code, error.message.as_str()), (ErrorCode::InvalidOptions, "there is no level 3"));
    let error = refused(&|request| request.levels = Some(40), ExportFormat::OmeZarr);
    assert!(error.message.contains("40 levels"), "{error}");
    let error = refused(&|request| request.levels = Some(2), ExportFormat::Npy);
    assert_eq!(error.message, "an npy file holds one level");
}

/// A thing in one corner of a volume of a terabyte costs its own chunks and one of each level.
#[test]
fn what_is_written_grows_with_what_is_there() {
    let edge = 1 << 12;
    let mut source = Formula::new(DataType::Uint64, true, VoxelBox::from_shape([0; 3], [edge; 3]));
    let level = &mut Rc::get_mut(&mut source).unwrap().spec.levels[0];
    (level.chunk_shape, level.voxel_size_nm) = ([1 << 10; 3], [8.0; 3]);
    let request = request(&source, ExportFormat::OmeZarr);
    let kept = Kept::default();
    pollster::block_on(export(Rc::new(Sparse(source)) as Rc<_>, Selection::default(), &request, &kept, &Cancel::never())).unwrap();
    assert_eq!(kept.progress.borrow().last().unwrap().total, 1 << 18);
    assert!(kept.bytes.borrow().len() < 20_000, "{} bytes", kept.bytes.borrow().len());
}

/// All chunks are absent but one.
struct Sparse(Rc<Formula>);

impl ChunkSource for Sparse {
    fn spec(&self) -> &VolumeSpec {
        self.0.spec()
    }

    fn chunk<'a>(
        &'a self,
        _: usize,
        grid: [i64; 3],
        _: &'a Selection,
        _: &'a Cancel,
    ) -> LocalBoxFuture<'a, Result<Option<VoxelBlock>, FormatError>> {
        let block = (grid == [3, 0, 0]).then(|| VoxelBlock::filled(DataType::Uint64, [8, 8, 8], 9).unwrap());
        ready(Ok(block)).boxed_local()
    }
}

/// `EXPORT_DIR=DIR cargo test --test export -- --ignored`, then `tests/oracle/exports.py DIR`.
#[test]
#[ignore = "writes files for other readers where it is told to"]
fn writes_exports() {
    let folder = PathBuf::from(std::env::var_os("EXPORT_DIR").unwrap());
    std::fs::create_dir_all(&folder).unwrap();
    let voxels = VoxelBox { min: [3, 41, 13], max: [140, 170, 90] };
    let mut list = Vec::new();
    for (data_type, as_labels) in [
        (DataType::Uint8, false),
        (DataType::Uint16, false),
        (DataType::Int16, false),
        (DataType::Float32, false),
        (DataType::Float64, false),
        (DataType::Uint8, true),
        (DataType::Uint32, true),
        (DataType::Uint64, true),
    ] {
        let source = Formula::new(data_type, as_labels, OFFSET_BOX);
        for (format, ome_version, ending) in [
            (ExportFormat::OmeZarr, OmeVersion::V05, "ome-0.5.zip"),
            (ExportFormat::OmeZarr, OmeVersion::V04, "ome-0.4.zip"),
            (ExportFormat::Precomputed, OmeVersion::V05, "precomputed.zip"),
            (ExportFormat::Npy, OmeVersion::V05, "npy"),
        ] {
            let request = VolumeExport { ome_version, voxels, ..request(&source, format) };
            let Ok(kept) = write(&source, &request) else {
                assert_eq!((data_type, format), (DataType::Float64, ExportFormat::Precomputed));
                continue;
            };
            let kind = if as_labels { "labels" } else { "image" };
            let file = format!("{}-{kind}.{ending}", data_type.name());
            put(&folder.join(&file), &kept.bytes.borrow());
            list.push(
                serde_json::json!({ "file": file, "format": format, "version": ome_version, "dataType": data_type, "labels": as_labels }),
            );
        }
    }
    put(&folder.join("list.json"), &serde_json::to_vec(&list).unwrap());
}

fn put(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}
