//! Volumes that are one file are read by ranges: opening one of many gigabytes reads its header, a chunk is one read, no byte is read twice.
#![cfg(feature = "files")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use neurolume::error::{ErrorCode, ViewerError};
use neurolume::format::{ChunkSource, RawLayout, Said, Selection};
use neurolume::runtime::Cancel;
use neurolume::voxel::DataType;
use support::recorder::Recorder;

/// A file that goes with the test, of which only what is written takes room.
struct Sparse(PathBuf);

impl Sparse {
    fn new(name: &str, parts: &[(u64, &[u8])], len: u64) -> Self {
        let path = std::env::temp_dir().join(format!("neurolume-{}-{name}", std::process::id()));
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&path).unwrap();
        file.set_len(len).unwrap();
        for (at, bytes) in parts {
            file.write_all_at(bytes, *at).unwrap();
        }
        Self(path)
    }
}

impl Drop for Sparse {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}

fn open(path: &Path, said: &Said) -> (Recorder, Box<dyn ChunkSource>) {
    let recorder = Recorder::default();
    let cancel = Cancel::never();
    let opening = neurolume::format::open(Rc::new(recorder.clone()), path.to_str().unwrap(), said, &cancel);
    let source = pollster::block_on(opening).unwrap();
    (recorder, source)
}

/// 2048 × 2048 × 600 voxels of 16 bits.
const HUGE: [u16; 3] = [2048, 2048, 600];
const HUGE_LEN: u64 = 352 + 2 * 2048 * 2048 * 600;

#[test]
fn a_file_of_gigabytes_opens_with_its_header_and_a_chunk_is_one_read() {
    let mut header = std::fs::read(support::data_folder().join("files/uint16.nii")).unwrap();
    header.truncate(352);
    for (axis, size) in HUGE.into_iter().enumerate() {
        header[42 + 2 * axis..44 + 2 * axis].copy_from_slice(&size.to_le_bytes());
    }
    let last = [2047_u64, 2047, 599];
    let at = 352 + 2 * (last[0] + 2048 * (last[1] + 2048 * last[2]));
    let file = Sparse::new("huge.nii", &[(0, &header), (at, &[0x34, 0x12])], HUGE_LEN);
    let (recorder, source) = open(&file.0, &Said::default());
    assert!(recorder.bytes() <= 540, "{} bytes to open", recorder.bytes());
    let level = &source.spec().levels[0];
    assert_eq!(level.voxel_box.max, HUGE.map(i64::from));
    let before = (recorder.count(), recorder.bytes());
    let place = level.grid_box().max.map(|n| n - 1);
    let chunk = pollster::block_on(source.chunk(0, place, &Selection::default(), &Cancel::never())).unwrap().unwrap();
    assert_eq!(chunk.bits(chunk.shape.map(|n| n - 1)), Some(0x1234));
    assert_eq!(chunk.data.iter().filter(|&&byte| byte != 0).count(), 2);
    assert_eq!(recorder.count() - before.0, 1);
    assert!(recorder.bytes() - before.1 <= 64 << 10, "{} bytes of a chunk", recorder.bytes() - before.1);
}

#[test]
fn a_microscope_file_of_gigabytes_opens_with_its_tags() {
    // The voxels, 280 bytes of 16-bit numbers, become two gigabytes of doubles: their place is where the array says its type and length.
    let path = support::data_folder().join("files/stack.dm4");
    let whole = std::fs::read(path).unwrap();
    let be = |numbers: &[u64]| numbers.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
    let find = |part: &[u8]| whole.windows(part.len()).position(|window| window == part).unwrap();
    let array = find(&be(&[3, 20, 2, 140]));
    let (start, end) = (array + 32, array + 32 + 280);
    let mut head = whole[..start].to_vec();
    head[array + 24..].copy_from_slice(&(1_u64 << 30).to_be_bytes());
    let mut tail = whole[end..].to_vec();
    // The sizes are three values of type 5, one after the other.
    let sizes: Vec<usize> = (0..tail.len() - 24).filter(|&at| tail[at..].starts_with(&be(&[1, 5]))).collect();
    let dimensions: Vec<usize> =
        sizes.into_iter().map(|at| at + 16).filter(|&at| [7, 5, 4].contains(&tail[at]) && tail[at + 1..at + 4] == [0; 3]).collect();
    for (at, size) in dimensions.iter().zip([1_u32 << 10, 1 << 10, 1 << 10]) {
        tail[*at..at + 4].copy_from_slice(&size.to_le_bytes());
    }
    let tail_at = start as u64 + (2 << 30);
    let file = Sparse::new("huge.dm4", &[(0, &head), (tail_at, &tail)], tail_at + tail.len() as u64);
    let (recorder, source) = open(&file.0, &Said::default());
    assert_eq!(source.spec().levels[0].voxel_box.max, [1 << 10; 3]);
    assert!(recorder.bytes() <= 192 << 10, "{} bytes to open", recorder.bytes());
}

#[test]
fn a_layout_of_no_voxel_is_refused() {
    let path = support::data_folder().join("bad/raw-140.raw");
    let layout = RawLayout { shape: [7, 5, 4], data_type: DataType::Uint8, channels: 1, little_endian: true, header_bytes: 0 };
    for raw in [RawLayout { shape: [7, 0, 4], ..layout.clone() }, RawLayout { channels: 0, ..layout }] {
        let (said, cancel) = (Said { raw: Some(raw), ..Said::default() }, Cancel::never());
        let opening = neurolume::format::open(Rc::new(Recorder::default()), path.to_str().unwrap(), &said, &cancel);
        let error = ViewerError::from(pollster::block_on(opening).err().unwrap());
        assert_eq!(error.code, ErrorCode::InvalidOptions);
        assert!(error.message.contains("holds no voxel"), "{error}");
    }
}

#[test]
fn no_byte_of_a_file_is_read_twice() {
    let shape = [300_u64, 257, 5];
    let value = |at: u64| u16::try_from(at * 40_503 % 65_521).unwrap();
    let bytes: Vec<u8> = (0..shape.iter().product()).flat_map(|at| value(at).to_be_bytes()).collect();
    let file = Sparse::new("whole.bin", &[(100, &bytes)], 100 + bytes.len() as u64);
    let raw = RawLayout { shape, data_type: DataType::Uint16, channels: 1, little_endian: false, header_bytes: 100 };
    let (recorder, source) = open(&file.0, &Said { raw: Some(raw), ..Said::default() });
    assert_eq!(recorder.bytes(), 0, "a raw file has no header to read");
    let level = support::read_level(&*source, 0, &Selection::default()).unwrap();
    assert!(level.block.data.chunks_exact(2).zip(0..).all(|(voxel, at)| voxel == value(at).to_le_bytes()));
    assert_eq!(recorder.repeats(), []);
    assert_eq!(recorder.bytes(), bytes.len() as u64);
    assert_eq!(recorder.count() as u64, source.spec().levels[0].grid_box().volume());
}
