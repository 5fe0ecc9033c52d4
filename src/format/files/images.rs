//! Files of one image each, which are the slices of a volume: PNG, JPEG, TIFF. The first one says what all are like. A slice whose file is
//! absent reads as absent.
//!
//! Which files is said beside the address (`images`), or by a name that counts ([`Numbered`]); one file alone is one slice. PNG and JPEG are decoded
//! whole, once for all chunks of a slice, by one worker. Nothing is known of a voxel's size but what TIFF says: it counts as 1 nm.

use std::rc::Rc;

use bytes::Bytes;
use futures::future::FutureExt;

use super::rows::{Rect, copy_common};
use super::tiff;
use crate::codec::{CodecError, jpeg, png};
use crate::format::arrays::{ArrayFacts, ArraySource, Level, ReadArray};
use crate::format::axes::{AxisMap, Role};
use crate::format::limits::MAX_CHUNK_BYTES;
use crate::format::memo::{Fetched, Memo, SHARED_CHUNKS_BYTES};
use crate::format::numbered::Numbered;
use crate::format::{ChunkSource, FormatError, Said, SourceFormat};
use crate::runtime::Cancel;
use crate::store::url::Url;
use crate::store::{Provider, ReadOptions, ReadStore, ResourceKind, StoreError};
use crate::voxel::DataType;

/// Pixels of a chunk along x and y.
const CHUNK_EDGE: u32 = 512;
/// Where the header of an image lies, but for some with a long profile of colours or a preview before it.
const HEAD_BYTES: u64 = 64 << 10;

/// Opens the images at an address, of which the names may be said.
///
/// # Errors
/// [`FormatError`] where the first one is wrong, unsupported or cannot be fetched, or where there are too many.
pub(super) async fn open(
    provider: &Rc<dyn Provider>,
    url: &str,
    said: &Said,
    cancel: &Cancel,
) -> Result<Box<dyn ChunkSource>, FormatError> {
    let address = Url::parse(url)?;
    let (folder, names) = if said.images.is_empty() {
        let (folder, name) = address.split_name();
        let names = match Numbered::parse(&name) {
            Some(numbered) => numbered.names().map_err(|reason| FormatError::BadMetadata { reason, url: address.describe() })?,
            None => vec![name],
        };
        (folder, names)
    } else {
        (address, said.images.clone())
    };
    let first = names.first().map_or("", String::as_str);
    if Kind::of_name(first) == Some(Kind::Tiff) {
        return tiff::open_sequence(provider, folder, names, cancel).await;
    }
    let store = provider.store(&folder.to_string())?;
    let image = read_first(&*store, first, cancel).await?;
    if image.bytes().is_none_or(|bytes| bytes as u64 > MAX_CHUNK_BYTES) {
        return Err(FormatError::Unsupported { what: "an image", name: image.to_string(), url: store.describe(first) });
    }
    let url = folder.describe();
    let slices = Rc::new(Slices { store, names, image });
    let axes = AxisMap { roles: vec![Role::Space(2), Role::Space(1), Role::Space(0), Role::Channel] };
    let array = ImagesArray { slices, decoded: Memo::new(SHARED_CHUNKS_BYTES) };
    let level = Level { array, voxel_size_nm: [1.0; 3], offset_nm: [0.0; 3], first: [0; 3], url };
    Ok(Box::new(ArraySource::new(SourceFormat::Images, None, axes, &[], vec![level])?))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Png,
    Jpeg,
    Tiff,
}

impl Kind {
    fn of_name(name: &str) -> Option<Self> {
        match name.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
            "png" => Some(Self::Png),
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "tif" | "tiff" | "btf" => Some(Self::Tiff),
            _ => None,
        }
    }
}

/// What the first image is like: by its beginning, or by all of it where that is not enough.
async fn read_first(store: &dyn ReadStore, name: &str, cancel: &Cancel) -> Result<Image, FormatError> {
    let absent = || FormatError::NoFile { url: store.describe(name) };
    let options = |kind| ReadOptions { kind, cancel: cancel.clone() };
    let index = options(ResourceKind::Index);
    let size = store.size(name, &index).await?.ok_or_else(absent)?;
    let head = store.get_range(name, 0..size.min(HEAD_BYTES), &index).await?.ok_or_else(absent)?;
    let mut image = Image::read(&head);
    if image.is_err() && size > HEAD_BYTES {
        image = Image::read(&store.get(name, &options(ResourceKind::Chunk)).await?.ok_or_else(absent)?);
    }
    image.map_err(|error| FormatError::from_codec(error, &store.describe(name)))
}

/// What an image is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Image {
    kind: Kind,
    width: u32,
    height: u32,
    channels: u32,
    data_type: DataType,
}

impl Image {
    /// Reads the header of an image, whatever it is called.
    fn read(bytes: &[u8]) -> Result<Self, CodecError> {
        if bytes.starts_with(&[0xff, 0xd8]) {
            let jpeg::Size { width, height, channels } = jpeg::size(bytes)?;
            return Ok(Self { kind: Kind::Jpeg, width, height, channels, data_type: DataType::Uint8 });
        }
        let png::Size { width, height, channels, sample_bytes } = png::size(bytes)?;
        let data_type = if sample_bytes == 2 { DataType::Uint16 } else { DataType::Uint8 };
        Ok(Self { kind: Kind::Png, width, height, channels, data_type })
    }

    fn pixel_bytes(&self) -> usize {
        self.channels as usize * self.data_type.size_bytes()
    }

    fn rect(&self) -> Rect {
        Rect { x: 0, y: 0, width: self.width.into(), height: self.height.into() }
    }

    fn bytes(&self) -> Option<usize> {
        self.rect().bytes(self.pixel_bytes())
    }

    /// All channels of each pixel in turn, little-endian.
    fn decode(&self, bytes: &[u8]) -> Result<Vec<u8>, CodecError> {
        let pixels = self.width as usize * self.height as usize;
        match self.kind {
            Kind::Jpeg => jpeg::decode(bytes, pixels, self.channels),
            _ => png::decode(bytes, &png::Layout { pixels, channels: self.channels, sample_bytes: self.data_type.size_bytes() }),
        }
    }
}

impl std::fmt::Display for Image {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, width, height, channels, data_type } = self;
        write!(formatter, "{kind:?} of {width} × {height} × {channels} {}", data_type.name())
    }
}

/// The files, and what each has to be like.
struct Slices {
    store: Rc<dyn ReadStore>,
    names: Vec<String>,
    image: Image,
}

impl Slices {
    fn name(&self, slice: u64) -> Option<&str> {
        usize::try_from(slice).ok().and_then(|slice| self.names.get(slice)).map(String::as_str)
    }

    async fn read(&self, slice: u64) -> Fetched<Vec<u8>> {
        let Some(name) = self.name(slice) else { return Ok(None) };
        let options = ReadOptions { kind: ResourceKind::Chunk, cancel: Cancel::never() };
        let Some(bytes) = self.store.get(name, &options).await? else { return Ok(None) };
        self.decode(&bytes).map(|data| Some(Rc::new(data))).map_err(|error| FormatError::from_codec(error, &self.store.describe(name)))
    }

    fn decode(&self, bytes: &Bytes) -> Result<Vec<u8>, CodecError> {
        let found = Image::read(bytes)?;
        if found != self.image {
            let reason = format!("the slice is a {found}, the first one a {}", self.image);
            return Err(CodecError::Corrupt { codec: "image", reason });
        }
        found.decode(bytes)
    }
}

/// Slices as an array. Its dimensions are z, y, x and the channel.
struct ImagesArray {
    slices: Rc<Slices>,
    /// Slices, whole.
    decoded: Memo<u64, Vec<u8>>,
}

impl ReadArray for ImagesArray {
    fn facts(&self) -> ArrayFacts {
        let Image { kind, width, height, channels, data_type } = self.slices.image;
        let [width, height, channels] = [width, height, channels].map(u64::from);
        let edge = u64::from(CHUNK_EDGE);
        ArrayFacts {
            shape: vec![self.slices.names.len() as u64, height, width, channels],
            chunk_shape: vec![1, edge.min(height), edge.min(width), channels],
            chunks_per_file: Some(vec![1, height.div_ceil(edge), width.div_ceil(edge), 1]),
            data_type,
            fill_bits: 0,
            encoding: if kind == Kind::Jpeg { "jpeg" } else { "png" }.to_owned(),
        }
    }

    async fn chunk(&self, grid: &[u64], cancel: &Cancel) -> Result<Option<Vec<u8>>, FormatError> {
        let &[slice, row, column, _] = grid else { return Ok(None) };
        let read = || {
            let slices = Rc::clone(&self.slices);
            async move { slices.read(slice).await }.boxed_local()
        };
        let Some(whole) = self.decoded.get(slice, cancel, read).await? else { return Ok(None) };
        if cancel.is_cancelled() {
            return Err(StoreError::Cancelled.into());
        }
        let image = self.slices.image;
        let [width, height] = [image.width, image.height].map(|extent| u64::from(CHUNK_EDGE.min(extent)));
        let wanted = Rect { x: column * width, y: row * height, width, height };
        let bad = || FormatError::BadData { reason: "it holds too few pixels".to_owned(), url: self.describe(grid) };
        let mut data = vec![0; wanted.bytes(image.pixel_bytes()).ok_or_else(bad)?];
        copy_common(&whole, &image.rect(), &mut data, &wanted, image.pixel_bytes()).ok_or_else(bad)?;
        Ok(Some(data))
    }

    fn describe(&self, grid: &[u64]) -> String {
        self.slices.store.describe(grid.first().and_then(|slice| self.slices.name(*slice)).unwrap_or_default())
    }
}
