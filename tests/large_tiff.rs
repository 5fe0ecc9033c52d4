//! TIFF stacks of several gigabytes, most of which are zeros that nobody stores: opened and read with few requests of few bytes.
#![cfg(feature = "files")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use bytes::Bytes;
use futures::future::{FutureExt, ready};
use neurolume::format::{ChunkSource, FormatError, Said, Selection};
use neurolume::job::{ChunkJob, Documents, Job, JobRunner, OpenJob, Outcome};
use neurolume::runtime::Cancel;
use neurolume::store::{MaybeBytes, Provider, ReadOptions, ReadStore, StoreError, StoreFuture};

const WIDTH: u64 = 1000;
const HEIGHT: u64 = 500;
const PIXELS: u64 = WIDTH * HEIGHT;
const IMAGES: u64 = 10_000;

/// A file of zeros but for some parts, and what was read of it.
#[derive(Clone, Default)]
struct Sparse {
    parts: Rc<BTreeMap<u64, Vec<u8>>>,
    size: u64,
    reads: Rc<RefCell<Vec<Range<u64>>>>,
}

impl Sparse {
    fn new(parts: BTreeMap<u64, Vec<u8>>, size: u64) -> Self {
        Self { parts: Rc::new(parts), size, reads: Rc::default() }
    }

    fn bytes(&self, range: Range<u64>) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(range.end - range.start).unwrap()];
        // No part is longer than this.
        for (start, part) in self.parts.range(range.start.saturating_sub(1 << 12)..range.end) {
            for (at, byte) in (*start..).zip(part) {
                if range.contains(&at) {
                    bytes[usize::try_from(at - range.start).unwrap()] = *byte;
                }
            }
        }
        bytes
    }

    fn open(&self) -> Result<Box<dyn ChunkSource>, FormatError> {
        pollster::block_on(neurolume::format::open(Rc::new(self.clone()), "https://h/stack.tif", &Said::default(), &Cancel::never()))
    }

    /// Requests and bytes since the last call.
    fn traffic(&self) -> (usize, u64) {
        let reads = self.reads.take();
        (reads.len(), reads.iter().map(|range| range.end - range.start).sum())
    }
}

impl Provider for Sparse {
    fn document<'a>(&'a self, _: &'a str, _: &'a Cancel) -> StoreFuture<'a, MaybeBytes> {
        ready(Ok(None)).boxed_local()
    }

    fn store(&self, _: &str) -> Result<Rc<dyn ReadStore>, StoreError> {
        Ok(Rc::new(self.clone()))
    }
}

impl ReadStore for Sparse {
    fn get<'a>(&'a self, _: &'a str, _: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        panic!("the file is read whole")
    }

    fn get_range<'a>(&'a self, _: &'a str, range: Range<u64>, _: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        assert!(range.start <= range.end && range.end <= self.size);
        self.reads.borrow_mut().push(range.clone());
        ready(Ok(Some(Bytes::from(self.bytes(range))))).boxed_local()
    }

    fn size<'a>(&'a self, _: &'a str, _: &'a ReadOptions) -> StoreFuture<'a, Option<u64>> {
        ready(Ok(Some(self.size))).boxed_local()
    }

    fn describe(&self, key: &str) -> String {
        key.to_owned()
    }
}

/// The directory of an image of bytes in one strip, as BigTIFF (or classic) has it.
fn directory(is_big: bool, pixels: u64, next: u64, description: Option<(u64, u64)>) -> Vec<u8> {
    let mut fields = vec![(256_u16, 4_u16, 1, WIDTH), (257, 4, 1, HEIGHT), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)];
    if let Some((len, at)) = description {
        fields.push((270, 2, len, at));
    }
    fields.extend([(273, if is_big { 16 } else { 4 }, 1, pixels), (278, 4, 1, HEIGHT), (279, 4, 1, PIXELS)]);
    let mut bytes =
        if is_big { (fields.len() as u64).to_le_bytes().to_vec() } else { u16::try_from(fields.len()).unwrap().to_le_bytes().to_vec() };
    let places = if is_big { 8 } else { 4 };
    for (tag, kind, count, value) in fields {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(&count.to_le_bytes()[..places]);
        bytes.extend(&value.to_le_bytes()[..places]);
    }
    bytes.extend(&next.to_le_bytes()[..places]);
    bytes
}

const DIRECTORY_BYTES: u64 = 8 + 8 * 20 + 8;

fn header(first: u64) -> Vec<u8> {
    [&b"II\x2b\0\x08\0\0\0"[..], &first.to_le_bytes()].concat()
}

/// Images one after the other, a directory after each, `gap(k)` bytes after the k-th. The middle pixel of an image is its number.
fn stack(images: u64, gap: impl Fn(u64) -> u64) -> Sparse {
    let mut parts = BTreeMap::new();
    let mut at = 16;
    let mut places = Vec::new();
    for image in 0..images {
        places.push(at);
        at += PIXELS + DIRECTORY_BYTES + gap(image);
    }
    parts.insert(0, header(places[0] + PIXELS));
    for (image, pixels) in places.iter().enumerate() {
        let next = places.get(image + 1).map_or(0, |next| next + PIXELS);
        parts.insert(pixels + PIXELS, directory(true, *pixels, next, None));
        parts.insert(pixels + PIXELS / 2, vec![u8::try_from(image % 251).unwrap()]);
    }
    Sparse::new(parts, at)
}

/// The slice of this number has its number in its middle.
fn check_slice(source: &dyn ChunkSource, z: i64) {
    let spec = &source.spec().levels[0];
    assert_eq!(spec.chunk_shape, [1000, 500, 1]);
    let chunk = pollster::block_on(source.chunk(0, [0, 0, z], &Selection::default(), &Cancel::never())).unwrap().unwrap();
    assert_eq!(chunk.bits([0, 250, 0]), Some(u64::try_from(z).unwrap() % 251), "slice {z}");
}

#[test]
fn a_regular_stack_is_not_walked() {
    for gap in [0, 8, 4000] {
        let file = stack(IMAGES, |_| gap);
        assert!(file.size > 5_000_000_000);
        let source = file.open().unwrap();
        assert_eq!(source.spec().levels[0].voxel_box.max, [1000, 500, 10_000]);
        let (requests, bytes) = file.traffic();
        assert!(requests <= 16 && bytes <= 80 << 10, "{requests} requests of {bytes} bytes");
        for z in [0, 1, 5000, 9998, 9999] {
            check_slice(&*source, z);
            let (requests, bytes) = file.traffic();
            assert!(requests <= 2 && bytes <= PIXELS + (4 << 10), "{requests} requests of {bytes} bytes for slice {z}");
        }
    }
}

#[test]
fn an_irregular_stack_is_walked_with_few_bytes() {
    let images = 300;
    let file = stack(images, |image| image % 7);
    let source = file.open().unwrap();
    assert_eq!(source.spec().levels[0].voxel_box.max[2], 300);
    let (requests, bytes) = file.traffic();
    assert!(requests <= 320 && bytes <= 320 * (4 << 10), "{requests} requests of {bytes} bytes");
    check_slice(&*source, 299);
}

#[test]
fn a_chain_that_one_worker_walked_no_other_walks() {
    let files = stack(300, |image| image % 7);
    let open = || OpenJob { url: "https://h/stack.tif".to_owned(), ..OpenJob::default() };
    let [first, second] = [(); 2].map(|()| JobRunner::new(Rc::new(files.clone())));
    let opened = pollster::block_on(first.run(1, Job::Open { volume: 1, open: open(), documents: Documents::new() })).unwrap();
    let Outcome::Opened(opened) = opened else { panic!("{opened:?}") };
    files.traffic();
    second.attach(1, open(), opened.documents, None);
    let chunk = ChunkJob { volume: 1, level: 0, grid: [0, 0, 299], selection: Selection::default(), as_labels: false };
    let got = pollster::block_on(second.run(2, Job::Chunk(chunk))).unwrap();
    assert!(matches!(got, Outcome::Chunk(Some(_))));
    let (requests, _) = files.traffic();
    assert!(requests <= 5, "{requests} requests");
}

#[test]
fn a_stack_that_is_regular_but_for_one_image_is_not_taken_for_regular() {
    // Beyond the odd one, all are as far from each other, but from another start; the one before it leads elsewhere than calculated.
    let file = stack(40, |image| if image == 37 { 100 } else { 8 });
    let source = file.open().unwrap();
    assert_eq!(source.spec().levels[0].voxel_box.max[2], 40);
    for z in 0..40 {
        check_slice(&*source, z);
    }
}

#[test]
fn directories_at_the_end_are_read_together() {
    let start = 16 + IMAGES * PIXELS;
    let mut parts = BTreeMap::from([(0, header(start))]);
    for image in 0..IMAGES {
        // Of varying length, so that they are walked.
        let at = |image: u64| start + image * 200 + image % 3;
        let next = if image + 1 < IMAGES { at(image + 1) } else { 0 };
        parts.insert(at(image), directory(true, 16 + image * PIXELS, next, None));
        parts.insert(16 + image * PIXELS + PIXELS / 2, vec![u8::try_from(image % 251).unwrap()]);
    }
    let file = Sparse::new(parts, start + IMAGES * 200 + 8);
    let source = file.open().unwrap();
    assert_eq!(source.spec().levels[0].voxel_box.max[2], 10_000);
    let (requests, bytes) = file.traffic();
    assert!(requests <= 20 && bytes <= 3 << 20, "{requests} requests of {bytes} bytes");
    check_slice(&*source, 9999);
}

#[test]
fn a_stack_of_imagejs_has_one_directory() {
    let text = format!("ImageJ=1.53t\nimages={IMAGES}\nslices={IMAGES}\nunit=nm\nspacing=40.0\nloop=false\n\0");
    let (at, pixels) = (8 + 2 + 9 * 12 + 4, 512);
    let directory = directory(false, pixels, 0, Some((text.len() as u64, at)));
    let mut parts = BTreeMap::from([(0, b"II*\0\x08\0\0\0".to_vec()), (8, directory), (at, text.into_bytes())]);
    for image in 0..IMAGES {
        parts.insert(pixels + image * PIXELS + PIXELS / 2, vec![u8::try_from(image % 251).unwrap()]);
    }
    let file = Sparse::new(parts, pixels + IMAGES * PIXELS);
    let source = file.open().unwrap();
    let level = &source.spec().levels[0];
    assert_eq!((level.voxel_box.max, level.voxel_size_nm), ([1000, 500, 10_000], [40.0; 3]));
    let (requests, bytes) = file.traffic();
    assert!(requests <= 2 && bytes <= 8 << 10, "{requests} requests of {bytes} bytes");
    check_slice(&*source, 9999);
}
