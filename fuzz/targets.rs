//! What is fuzzed: every decoder and every parser, by name, on bytes that may be anything. A target fails by panicking; an error is an answer.
//!
//! `cargo xtask fuzz` runs them; `tests/corpus.rs` replays the corpus.

use std::rc::Rc;

use bytes::Bytes;
use futures::future::{FutureExt, ready};
use neurolume::codec::compressed_segmentation::{self, Layout};
use neurolume::codec::pcodec::{self, NumberType};
use neurolume::codec::{blosc, bzip2, compresso, deflate, draco, gzip, jpeg, jxl, lz4, lzw, packbits, png, snappy, xz, zlib, zstd};
use neurolume::format::content::{AnnotationQuery, ContentQuery};
use neurolume::format::{self, ContentReader, RawLayout, Said, Selection, SourceFormat};
use neurolume::runtime::Cancel;
use neurolume::store::url::{Url, parse_source};
use neurolume::store::{MaybeBytes, MemoryStore, Provider, ReadOptions, ReadStore, StoreError, StoreFuture};
use neurolume::voxel::{DataType, VoxelBlock};

/// The longest that a decoder is asked for, bytes.
const MOST: usize = 1 << 16;

/// What takes bytes, and panics where something is wrong.
pub(crate) type Target = fn(&[u8]);

/// The targets by name.
pub(crate) const TARGETS: &[(&str, Target)] = &[
    ("blosc", |data| bounded(blosc::decode(data, MOST))),
    ("bzip2", |data| bounded(bzip2::decode(data, MOST))),
    ("compressed_segmentation", compressed_segmentation),
    ("compresso", compresso),
    ("deflate", |data| bounded(deflate::decode(data, MOST))),
    ("draco", |data| drop(draco::decode(data, MOST * 16))),
    ("gzip", |data| bounded(gzip::decode(data, MOST))),
    ("jpeg", |data| {
        with_sizes(data, |[pixels, channels, _, _], data| drop(jpeg::decode_channel(data, pixels * 16, 1 + u32::from(channels > 9) * 2, 0)))
    }),
    ("jxl", |data| {
        with_sizes(data, |[pixels, channels, _, _], data| drop(jxl::decode_channel(data, pixels * 16, 1 + size(channels) % 4, 0)))
    }),
    ("lz4", |data| with_sizes(data, |[low, high, _, _], data| drop(lz4::decode(data, low + 256 * high)))),
    ("lz4_java", |data| drop(lz4::decode_java(data, MOST))),
    ("lzw", |data| bounded(lzw::decode(data, MOST))),
    ("packbits", |data| bounded(packbits::decode(data, MOST))),
    ("pcodec", |data| {
        with_sizes(data, |[kind, low, high, _], data| drop(pcodec::decode(data, NUMBERS[kind % NUMBERS.len()], low + 256 * high)))
    }),
    ("png", |data| {
        with_sizes(data, |[pixels, channels, bytes, _], data| {
            let layout = png::Layout { pixels: pixels * 16, channels: 1 + size(channels) % 4, sample_bytes: 1 + bytes % 2 };
            drop(png::decode_channel(data, &layout, 0));
        });
    }),
    ("snappy", |data| bounded(snappy::decode(data, MOST))),
    ("xz", |data| bounded(xz::decode(data, MOST))),
    ("zlib", |data| bounded(zlib::decode(data, MOST))),
    ("zstd", |data| bounded(zstd::decode(data, MOST))),
    ("annotations", |data| contents(data, "", &ANNOTATIONS)),
    ("csv", |data| contents(data, "/table.csv", &[TABLE])),
    ("dm", |data| file(data, said(SourceFormat::Dm), "image.dm4")),
    ("image", |data| file(data, said(SourceFormat::Images), "image.png")),
    ("mesh", |data| contents(data, "", &[ContentQuery::Mesh { id: 1, level: 0 }, ContentQuery::Mesh { id: 77, level: 1 }])),
    ("n5", |data| folder(data, said(SourceFormat::N5), "attributes.json")),
    ("nifti", |data| file(data, said(SourceFormat::Nifti), "image.nii")),
    ("ome_zarr", |data| folder(data, said(SourceFormat::OmeZarr), ".zattrs")),
    ("parquet", |data| contents(data, "/table.parquet", &[TABLE])),
    ("precomputed", |data| folder(data, said(SourceFormat::Precomputed), "info")),
    ("raw", |data| with_sizes(data, raw)),
    ("segment_properties", |data| contents(data, "", &[ContentQuery::SegmentProperties])),
    ("skeleton", |data| contents(data, "", &[ContentQuery::Skeleton { id: 5 }])),
    ("source_address", source_address),
    ("tiff", |data| file(data, said(SourceFormat::Tiff), "image.tif")),
    ("wkw", |data| folder(data, said(SourceFormat::Wkw), "header.wkw")),
    ("zarr2", |data| folder(data, said(SourceFormat::Zarr), ".zarray")),
    ("zarr3", |data| folder(data, said(SourceFormat::Zarr), "zarr.json")),
];

const NUMBERS: [NumberType; 6] =
    [NumberType::Uint8, NumberType::Int16, NumberType::Uint32, NumberType::Int64, NumberType::Float32, NumberType::Float64];

fn size(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// What a decoder gives is no longer than it may be.
fn bounded<E>(result: Result<Vec<u8>, E>) {
    assert!(result.map_or(0, |data| data.len()) <= MOST, "longer than was allowed");
}

/// The first four bytes as sizes, and the rest.
fn with_sizes(data: &[u8], run: impl FnOnce([usize; 4], &[u8])) {
    if let Some((sizes, rest)) = data.split_first_chunk::<4>() {
        run(sizes.map(usize::from), rest);
    }
}

fn compressed_segmentation(data: &[u8]) {
    with_sizes(data, |[x, y, z, block], data| {
        let shape = [x, y, z].map(|n| 1 + size(n) % 24);
        let block_shape = [block % 9, block / 9 % 9, block / 81].map(|n| size(n) + 1);
        let layout = Layout { shape, block_shape, channels: 1 };
        drop(compressed_segmentation::decode_channel::<4>(data, &layout, 0));
        drop(compressed_segmentation::decode_channel::<8>(data, &layout, 0));
    });
}

fn compresso(data: &[u8]) {
    with_sizes(data, |[x, y, z, bytes], data| {
        let shape = [x, y, z].map(|n| 1 + size(n) % 24);
        match bytes % 4 {
            0 => drop(compresso::decode::<1>(data, shape)),
            1 => drop(compresso::decode::<2>(data, shape)),
            2 => drop(compresso::decode::<4>(data, shape)),
            _ => drop(compresso::decode::<8>(data, shape)),
        }
    });
}

fn source_address(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(source) = parse_source(text, Some("https://host/folder/page.html")) {
        let url = Url::parse(&source.url).expect("what was parsed once is parsed again");
        assert_eq!(url.to_string(), source.url, "an address in canonical form stays as it is");
        drop(url.request_url());
    }
}

/// A folder of two files: its metadata, so long as the first two bytes say, and a second that is found under every other name.
struct Folder {
    name: &'static str,
    files: MemoryStore,
}

const ADDRESS: &str = "https://host/volume";

fn said(format: SourceFormat) -> Said {
    Said { format: Some(format), ..Said::default() }
}

fn folder_of(data: &[u8], name: &'static str) -> Option<Rc<Folder>> {
    let (len, data) = data.split_first_chunk::<2>()?;
    let (metadata, rest) = data.split_at(usize::from(u16::from_le_bytes(*len)).min(data.len()));
    let mut files = MemoryStore::default();
    files.insert("metadata", metadata.to_vec());
    files.insert("rest", rest.to_vec());
    Some(Rc::new(Folder { name, files }))
}

fn folder(data: &[u8], said: Said, name: &'static str) {
    if let Some(folder) = folder_of(data, name) {
        read(folder, ADDRESS, &said);
    }
}

/// All of it is one file.
fn file(data: &[u8], said: Said, name: &str) {
    let mut files = MemoryStore::default();
    files.insert("rest", data.to_vec());
    read(Rc::new(Folder { name: "none", files }), &format!("{ADDRESS}/{name}"), &said);
}

fn raw([x, y, z, how]: [usize; 4], data: &[u8]) {
    let shape = [x, y, z].map(|n| n as u64);
    let data_type = DataType::ALL[how % DataType::ALL.len()];
    let layout = RawLayout { shape, data_type, channels: size(how / 100) + 1, little_endian: how % 2 == 0, header_bytes: how as u64 / 50 };
    file(data, Said { raw: Some(layout), ..said(SourceFormat::Raw) }, "image.raw");
}

const TABLE: ContentQuery = ContentQuery::Table { columns: None };
const ANNOTATIONS: [ContentQuery; 3] = [
    ContentQuery::Annotations(AnnotationQuery::Id(1)),
    ContentQuery::Annotations(AnnotationQuery::Related { relationship: None, id: 1 }),
    ContentQuery::Annotations(AnnotationQuery::Within { box_nm: None, most: 100 }),
];

/// A folder with an `info`, or a file, of what is no volume.
fn contents(data: &[u8], below: &str, queries: &[ContentQuery]) {
    let Some(folder) = folder_of(data, "info") else { return };
    let reader = ContentReader::new(folder);
    for query in queries {
        drop(pollster::block_on(reader.read(&format!("{ADDRESS}{below}"), query, &Cancel::never())));
    }
}

/// Opens a volume and reads its first chunks.
fn read(provider: Rc<Folder>, address: &str, said: &Said) {
    let Ok(source) = pollster::block_on(format::open(provider, address, said, &Cancel::never())) else { return };
    let spec = source.spec();
    for (number, level) in spec.levels.iter().enumerate().take(2) {
        let place = level.grid_box().min;
        let block_bytes = level.chunk_shape.iter().try_fold(spec.data_type.size_bytes(), |bytes, &n| bytes.checked_mul(n as usize));
        // Chunks as large as a dataset may have are not what is looked for.
        if level.grid_box().is_empty() || block_bytes.is_none_or(|bytes| bytes > MOST * 16) {
            continue;
        }
        if let Ok(Some(block)) = pollster::block_on(source.chunk(number, place, &Selection::default(), &Cancel::never())) {
            assert_eq!(block.shape.map(i64::from), level.chunk_box(place).shape(), "a chunk of another shape");
            assert_eq!(Some(block.data.len()), VoxelBlock::byte_len(spec.data_type, block.shape), "bytes of another shape");
        }
    }
}

impl Folder {
    fn key(&self, key: &str) -> &'static str {
        if key == self.name || key.ends_with(&format!("/{}", self.name)) { "metadata" } else { "rest" }
    }
}

impl Provider for Folder {
    fn document<'a>(&'a self, url: &'a str, _: &'a Cancel) -> StoreFuture<'a, MaybeBytes> {
        let is_metadata = url.strip_prefix(ADDRESS) == Some(&format!("/{}", self.name));
        // The metadata of a level, below those of a group.
        let is_other = [".zarray", "zarr.json", "attributes.json"].iter().any(|name| url.ends_with(name));
        let document = if is_metadata {
            "metadata"
        } else if is_other {
            "rest"
        } else {
            "none"
        };
        let options = ReadOptions { kind: neurolume::store::ResourceKind::Metadata, cancel: Cancel::never() };
        let bytes = self.files.get(document, &options).now_or_never();
        ready(bytes.unwrap_or(Ok(None))).boxed_local()
    }

    fn store(&self, _: &str) -> Result<Rc<dyn ReadStore>, StoreError> {
        Ok(Rc::new(Folder { name: self.name, files: self.files.clone() }))
    }
}

impl ReadStore for Folder {
    fn get<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        self.files.get(self.key(key), options)
    }

    fn get_range<'a>(&'a self, key: &'a str, range: std::ops::Range<u64>, options: &'a ReadOptions) -> StoreFuture<'a, Option<Bytes>> {
        self.files.get_range(self.key(key), range, options)
    }

    fn size<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, Option<u64>> {
        self.files.size(self.key(key), options)
    }

    fn describe(&self, key: &str) -> String {
        format!("{ADDRESS}/{key}")
    }
}
