//! Every volume of `tests/data` with one of its files truncated, changed, lengthened or, where it is text, with an absurd number
//! in it: opening and reading end with voxels of the right shape or with an error that has a code, never with a panic, and take no
//! more memory than the data may ask for.
#![cfg(feature = "decode")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures::future::{FutureExt, ready};
use neurolume::error::{ErrorCode, ViewerError};
use neurolume::format::{ChunkSource, FormatError, Said, Selection};
use neurolume::runtime::Cancel;
use neurolume::store::{FileProvider, MaybeBytes, Provider, ReadOptions, ReadStore, StoreError, StoreFuture};
use neurolume::voxel::VoxelBlock;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use support::expected::Case;

/// What damaged chunks of intact metadata may take; the test data's own have some kilobytes. Of most codecs at most a third of a megabyte was
/// seen; bzip2 takes four bytes for each of the 900 000 of its largest block.
const MOST_CHUNK_BYTES: usize = 4 << 20;
/// The same for JPEG XL, whose decoder works in groups of 256×256 pixels however small the image is.
const MOST_JXL_BYTES: usize = 8 << 20;
/// What damaged metadata may take, which may ask for larger chunks than there are.
const MOST_BYTES: usize = 64 << 20;

/// Counts what is allocated. This binary has one test, so that nobody else is counted.
struct Counting;

static USED: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn count(layout: Layout, pointer: *mut u8) -> *mut u8 {
    if !pointer.is_null() {
        let used = USED.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(used, Ordering::Relaxed);
    }
    pointer
}

#[expect(unsafe_code, reason = "an allocator is unsafe by its trait; it passes everything on")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        count(layout, unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        count(layout, unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One way to spoil a file.
#[derive(Clone, Debug)]
enum Spoil {
    Truncate(Index),
    Change(Vec<(Index, u8)>),
    /// In the first bytes and the last, where lengths and indices lie.
    ChangeEnds(Vec<(usize, bool, u8)>),
    Insert(Index, u8, usize),
    /// Puts this in place of a number of a text.
    Number(Index, &'static str),
}

fn spoils() -> impl Strategy<Value = Spoil> {
    let numbers = ["-1", "0", "1e308", "4294967296", "18446744073709551615", "1.5", "null", "[]", "2147483647", "99999", "\"NaN\""];
    prop_oneof![
        2 => any::<Index>().prop_map(Spoil::Truncate),
        3 => vec((any::<Index>(), any::<u8>()), 1..8).prop_map(Spoil::Change),
        3 => vec((0_usize..64, any::<bool>(), any::<u8>()), 1..8).prop_map(Spoil::ChangeEnds),
        1 => (any::<Index>(), any::<u8>(), 1_usize..5000).prop_map(|(at, with, count)| Spoil::Insert(at, with, count)),
        4 => (any::<Index>(), prop::sample::select(numbers.to_vec())).prop_map(|(at, with)| Spoil::Number(at, with)),
    ]
}

impl Spoil {
    fn apply(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        if bytes.is_empty() {
            return bytes;
        }
        let len = bytes.len();
        match self {
            Self::Truncate(at) => bytes.truncate(at.index(len)),
            Self::Change(changes) => changes.iter().for_each(|(at, with)| bytes[at.index(len)] = *with),
            Self::ChangeEnds(changes) => {
                for (at, from_end, with) in changes {
                    let at = (*at).min(len - 1);
                    bytes[if *from_end { len - 1 - at } else { at }] = *with;
                }
            }
            Self::Insert(at, with, count) => {
                let at = at.index(len);
                bytes.splice(at..at, std::iter::repeat_n(*with, *count));
            }
            Self::Number(at, with) => {
                let starts: Vec<usize> =
                    (0..len).filter(|&i| bytes[i].is_ascii_digit() && (i == 0 || !bytes[i - 1].is_ascii_digit())).collect();
                if !starts.is_empty() {
                    let start = starts[at.index(starts.len())];
                    let end = (start..len).find(|&i| !bytes[i].is_ascii_digit()).unwrap_or(len);
                    bytes.splice(start..end, with.bytes());
                }
            }
        }
        bytes
    }
}

/// Files of this machine, one of which is spoiled.
#[derive(Clone)]
struct Spoiled {
    victim: String,
    bytes: Bytes,
}

impl Provider for Spoiled {
    fn document<'a>(&'a self, url: &'a str, cancel: &'a Cancel) -> StoreFuture<'a, MaybeBytes> {
        if url.trim_start_matches("file://") == self.victim {
            return ready(Ok(Some(self.bytes.clone()))).boxed_local();
        }
        FileProvider.document(url, cancel)
    }

    fn store(&self, url: &str) -> Result<Rc<dyn ReadStore>, StoreError> {
        Ok(Rc::new(SpoiledStore { inner: FileProvider.store(url)?, spoiled: self.clone() }))
    }
}

struct SpoiledStore {
    inner: Rc<dyn ReadStore>,
    spoiled: Spoiled,
}

impl SpoiledStore {
    fn bytes(&self, key: &str) -> Option<Bytes> {
        (self.describe(key).trim_start_matches("file://") == self.spoiled.victim).then(|| self.spoiled.bytes.clone())
    }
}

impl ReadStore for SpoiledStore {
    fn get<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        self.bytes(key).map_or_else(|| self.inner.get(key, options), |bytes| ready(Ok(Some(bytes))).boxed_local())
    }

    fn get_range<'a>(&'a self, key: &'a str, range: Range<u64>, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        let Some(bytes) = self.bytes(key) else { return self.inner.get_range(key, range, options) };
        let size = bytes.len() as u64;
        let is_inside = range.start <= range.end && range.end <= size;
        let outside = || StoreError::RangeOutside { start: range.start, end: range.end, size, url: self.describe(key) };
        let part = is_inside.then(|| bytes.slice(range.start as usize..range.end as usize));
        ready(part.map(Some).ok_or_else(outside)).boxed_local()
    }

    fn size<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, Option<u64>> {
        self.bytes(key).map_or_else(|| self.inner.size(key, options), |bytes| ready(Ok(Some(bytes.len() as u64))).boxed_local())
    }

    fn describe(&self, key: &str) -> String {
        self.inner.describe(key)
    }
}

/// A volume's files: metadata, and the others.
struct Volume {
    path: String,
    said: Said,
    files: [Vec<PathBuf>; 2],
}

fn volumes() -> Vec<Volume> {
    let folder = support::data_folder();
    let expected = support::expected::read(&folder.join("expected.json")).unwrap();
    let volume = |case: &Case| {
        let folder = folder.join(&case.path);
        let mut files = [Vec::new(), Vec::new()];
        collect(&folder, &mut files);
        if folder.is_file() {
            // All of it may say how large the volume is.
            files = [vec![folder.clone()], Vec::new()];
        } else if case.path.contains("..") {
            // Files by a name that counts: each says how large it is.
            collect(folder.parent().unwrap(), &mut files);
            files.swap(0, 1);
        }
        let said = Said { raw: case.raw.clone(), ..Said::default() };
        Volume { path: folder.to_str().unwrap().to_owned(), said, files }
    };
    expected.cases.iter().map(volume).collect()
}

fn collect(folder: &Path, files: &mut [Vec<PathBuf>; 2]) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, files);
        } else {
            let is_metadata =
                ["info", "zarr.json", ".zarray", ".zattrs", ".zgroup", "attributes.json", "header.wkw", "datasource-properties.json"]
                    .iter()
                    .any(|name| path.ends_with(name));
            files[usize::from(!is_metadata)].push(path);
        }
    }
}

fn has_code(error: FormatError) -> Result<(), TestCaseError> {
    let error = ViewerError::from(error);
    prop_assert!(!matches!(error.code, ErrorCode::Internal | ErrorCode::Disposed), "{error}");
    Ok(())
}

fn read(source: &dyn ChunkSource) -> Result<(), TestCaseError> {
    let spec = source.spec();
    for (number, level) in spec.levels.iter().enumerate().take(2) {
        let grid = level.grid_box();
        if grid.is_empty() {
            continue;
        }
        let last = grid.max.map(|n| n - 1);
        for (place, channel) in [(grid.min, 0), (last, spec.channels - 1), ([last[0], grid.min[1], grid.min[2]], 0)] {
            let selection = Selection { channel, ..Selection::default() };
            match pollster::block_on(source.chunk(number, place, &selection, &Cancel::never())) {
                Ok(None) => {}
                Ok(Some(block)) => {
                    prop_assert_eq!(block.shape.map(i64::from), level.chunk_box(place).shape());
                    prop_assert_eq!(Some(block.data.len()), VoxelBlock::byte_len(spec.data_type, block.shape));
                }
                Err(error) => has_code(error)?,
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_volume_with_a_spoiled_file_is_borne(volume in any::<Index>(), is_chunk in any::<bool>(), file in any::<Index>(), spoil in spoils()) {
        thread_local!(static VOLUMES: Vec<Volume> = volumes());
        VOLUMES.with(|volumes| {
            let volume = &volumes[volume.index(volumes.len())];
            let files = &volume.files[usize::from(is_chunk)];
            if files.is_empty() {
                return Ok(());
            }
            let path = &files[file.index(files.len())];
            let original = std::fs::read(path).unwrap();
            let victim = path.to_str().unwrap();
            let packed = victim.ends_with(".gz") && victim != volume.path;
            let original = if packed { neurolume::codec::gzip::decode(&original, 1 << 20).unwrap() } else { original };
            let provider = Spoiled { victim: if packed { victim.trim_end_matches(".gz") } else { victim }.to_owned(), bytes: spoil.apply(original).into() };
            let before = USED.load(Ordering::Relaxed);
            PEAK.store(before, Ordering::Relaxed);
            match pollster::block_on(neurolume::format::open(Rc::new(provider), &volume.path, &volume.said, &Cancel::never())) {
                Ok(source) => read(&*source)?,
                Err(error) => has_code(error)?,
            }
            let peak = PEAK.load(Ordering::Relaxed) - before;
            let most = match is_chunk {
                false => MOST_BYTES,
                true if volume.path.contains("/jxl-") => MOST_JXL_BYTES,
                true => MOST_CHUNK_BYTES,
            };
            prop_assert!(peak <= most, "{peak} bytes for {victim}");
            Ok(())
        })?;
    }
}
