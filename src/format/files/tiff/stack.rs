//! A stack of images as an array of voxels: which image a slice is, and how a chunk of it is put together from strips and tiles.

use std::rc::Rc;

use futures::future::{FutureExt, try_join_all};

use super::decode::decode;
use super::files::{Files, PageKey, Placed};
use super::page::Page;
use crate::format::FormatError;
use crate::format::arrays::{ArrayFacts, ReadArray};
use crate::format::axes::{AxisMap, Role};
use crate::format::files::rows::{Rect, copy_common};
use crate::format::memo::{Memo, SHARED_CHUNKS_BYTES};
use crate::runtime::Cancel;
use crate::store::{ReadOptions, ResourceKind, StoreError};

/// About how many bytes a chunk of whole rows has.
const CHUNK_BYTES: usize = 1 << 20;
/// Larger strips and tiles are decoded once for several chunks …
const MOST_CHUNK_BYTES: usize = 4 << 20;
/// … of this edge.
const CHUNK_EDGE: u32 = 512;

/// Where the image of each slice is.
#[derive(Clone, Debug)]
pub(super) struct Planes {
    /// Images that are channels of one slice.
    pub(super) channels: u64,
    /// Slices.
    pub(super) depth: u64,
    /// Places along time.
    pub(super) times: u64,
    pub(super) places: Places,
}

/// How images are found.
#[derive(Clone, Debug)]
pub(super) enum Places {
    /// One after the other in the first file, so many images from a channel, slice or time to the next.
    Counted([u64; 3]),
    /// A file for each slice, whose first image it is; some may be absent.
    Files,
    /// File and image of each, channels fastest, then slices; `None` where none was stored.
    Listed(Vec<Option<(usize, u64)>>),
}

impl Planes {
    /// Slices in the order of the images of one file.
    pub(super) fn slices(depth: u64) -> Self {
        Self { channels: 1, depth, times: 1, places: Places::Counted([1; 3]) }
    }

    fn place(&self, channel: u64, slice: u64, time: u64) -> Option<(usize, u64)> {
        match &self.places {
            Places::Counted([of_channel, of_slice, of_time]) => Some((0, channel * of_channel + slice * of_slice + time * of_time)),
            Places::Files => Some((usize::try_from(slice).ok()?, 0)),
            Places::Listed(places) => {
                let index = channel + self.channels * (slice + self.depth * time);
                *places.get(usize::try_from(index).ok()?)?
            }
        }
    }
}

/// One level of a stack. Its dimensions are time, where there are several, z, y, x and the channel.
pub(super) struct TiffArray {
    files: Rc<Files>,
    planes: Rc<Planes>,
    /// What all its images look like.
    like: Page,
    /// Which smaller version of each image it is.
    smaller: Option<usize>,
    /// Where all images follow each other in one run of bytes: how many bytes each has.
    run: Option<u64>,
    /// Pixels of a chunk along x and y.
    chunk: [u32; 2],
    /// Strips and tiles that several chunks are cut from, by image and number.
    units: Memo<(PageKey, usize), Vec<u8>>,
}

impl TiffArray {
    /// The images of a level, of which one is given.
    pub(super) fn new(files: Rc<Files>, planes: Rc<Planes>, like: Page, smaller: Option<usize>) -> Self {
        let chunk = chunk_of(&like);
        Self { files, planes, like, smaller, run: None, chunk, units: Memo::new(SHARED_CHUNKS_BYTES) }
    }

    /// The same of images that follow each other in one run of bytes.
    pub(super) fn in_a_run(mut self, image_bytes: u64) -> Self {
        self.run = Some(image_bytes);
        self
    }

    /// The roles of its dimensions.
    pub(super) fn axes(&self) -> AxisMap {
        let mut roles = vec![Role::Space(2), Role::Space(1), Role::Space(0), Role::Channel];
        if self.planes.times > 1 {
            roles.insert(0, Role::Other("t".to_owned()));
        }
        AxisMap { roles }
    }

    /// By dimension.
    fn listed(&self, time: u64, [z, y, x, c]: [u64; 4]) -> Vec<u64> {
        if self.planes.times > 1 { vec![time, z, y, x, c] } else { vec![z, y, x, c] }
    }

    /// Channels of an image that a chunk holds.
    fn together(&self) -> u64 {
        if self.like.shape.planar { 1 } else { u64::from(self.like.shape.samples) }
    }

    /// Which image a chunk is of, which of its channels where each is stored by itself, and which pixels.
    fn place(&self, grid: &[u64]) -> Option<(PageKey, u64, Rect)> {
        let (time, rest) = match *grid {
            [z, y, x, c] => (0, [z, y, x, c]),
            [t, z, y, x, c] => (t, [z, y, x, c]),
            _ => return None,
        };
        let [z, y, x, c] = rest;
        let samples = u64::from(self.like.shape.samples);
        let (channel, plane) = if self.like.shape.planar { (c / samples, c % samples) } else { (c, 0) };
        let (file, image) = self.planes.place(channel, z, time)?;
        let [width, height] = self.chunk.map(u64::from);
        Some((PageKey { file, image, smaller: self.smaller }, plane, Rect { x: x * width, y: y * height, width, height }))
    }

    /// The image of this key.
    async fn page(&self, key: PageKey, cancel: &Cancel) -> Result<Rc<Placed>, FormatError> {
        let Some(bytes) = self.run else { return self.files.page(key, self.like.shape, cancel).await };
        let tiff = self.files.tiff(key.file, cancel).await?;
        let before = key.image * bytes;
        let mut page = self.like.clone();
        page.places.iter_mut().for_each(|(at, _)| *at += before);
        Ok(Rc::new(Placed { tiff, page }))
    }

    /// What of a strip or tile lies in a rectangle: the pixels that come out, of the rectangle that is given back. `None` where it was not stored.
    async fn unit(
        &self,
        placed: &Rc<Placed>,
        key: PageKey,
        unit: &Unit,
        wanted: &Rect,
        cancel: &Cancel,
    ) -> Result<Option<(Rect, Rc<Vec<u8>>)>, FormatError> {
        let page = &placed.page;
        if (unit.at, unit.len) == (0, 0) {
            return Ok(None);
        }
        if page.is_plain() {
            // Any rows of it can be read by themselves.
            let common = unit.stored.common(wanted);
            let rows = Rect { y: common.y, height: common.height, ..unit.stored };
            let row_bytes = unit.stored.width * page.pixel_bytes() as u64;
            let [from, to] = [rows.y - unit.stored.y, rows.y - unit.stored.y + rows.height].map(|row| row * row_bytes);
            if to > unit.len {
                return Err(unit.bad(placed, key, format!("{} bytes instead of {}", unit.len, unit.stored.height * row_bytes)));
            }
            let start = unit.at.checked_add(from).ok_or_else(|| unit.bad(placed, key, format!("it lies at byte {}", unit.at)))?;
            let data = read_unit(placed, unit, key, start, to - from, rows.height, cancel).await?;
            return Ok(Some((rows, Rc::new(data))));
        }
        // An encoder that makes so much more of its input stores it as it is.
        let most = (page.unit_bytes().unwrap_or(0) as u64).saturating_mul(4).saturating_add(1 << 20);
        if unit.len > most {
            return Err(unit.bad(placed, key, format!("{} bytes, more than {most}", unit.len)));
        }
        if !self.is_cut() {
            let data = read_unit(placed, unit, key, unit.at, unit.len, unit.stored.height, cancel).await?;
            return Ok(Some((unit.stored, Rc::new(data))));
        }
        let read = || {
            let (placed, unit) = (Rc::clone(placed), *unit);
            async move {
                let data = read_unit(&placed, &unit, key, unit.at, unit.len, unit.stored.height, &Cancel::never()).await?;
                Ok(Some(Rc::new(data)))
            }
            .boxed_local()
        };
        let data = self.units.get((key, unit.number), cancel, read).await?;
        Ok(data.map(|data| (unit.stored, data)))
    }

    /// Whether several chunks are cut from a strip or tile.
    fn is_cut(&self) -> bool {
        let [width, height] = self.chunk;
        let [unit_width, unit_height] = self.like.unit;
        !self.like.is_plain() && (width < unit_width || height < unit_height)
    }
}

/// A strip or tile of an image.
#[derive(Clone, Copy, Debug)]
struct Unit {
    number: usize,
    at: u64,
    len: u64,
    /// The pixels that it stores: those of a tile may lie beyond the image.
    stored: Rect,
}

impl Unit {
    fn bad(&self, placed: &Placed, key: PageKey, reason: impl std::fmt::Display) -> FormatError {
        let kind = if placed.page.is_tiled { "tile" } else { "strip" };
        let reason = format!("{kind} {} of image {}: {reason}", self.number, key.image);
        FormatError::BadData { reason, url: placed.tiff.file.file.url.clone() }
    }
}

/// The strips or tiles of a channel that hold pixels of a rectangle.
fn units_in(page: &Page, plane: u64, wanted: &Rect) -> Vec<Unit> {
    let [across, down] = page.units().map(u64::from);
    let [width, height] = page.unit.map(u64::from);
    let image = Rect { x: 0, y: 0, width: page.shape.width.into(), height: page.shape.height.into() };
    let common = wanted.common(&image);
    let mut units = Vec::new();
    if common.is_empty() {
        return units;
    }
    for row in common.y / height..(common.y + common.height).div_ceil(height).min(down) {
        for column in common.x / width..(common.x + common.width).div_ceil(width).min(across) {
            let number = usize::try_from((plane * down + row) * across + column).unwrap_or(usize::MAX);
            let stored = Rect { x: column * width, y: row * height, width, height };
            let stored = if page.is_tiled { stored } else { stored.common(&image) };
            let (at, len) = page.places.get(number).copied().unwrap_or_default();
            units.push(Unit { number, at, len, stored });
        }
    }
    units
}

async fn read_unit(
    placed: &Placed,
    unit: &Unit,
    key: PageKey,
    at: u64,
    len: u64,
    rows: u64,
    cancel: &Cancel,
) -> Result<Vec<u8>, FormatError> {
    let file = &placed.tiff.file.file;
    let end = at.checked_add(len).ok_or_else(|| unit.bad(placed, key, format!("{len} bytes at {at}")))?;
    let options = ReadOptions { kind: ResourceKind::Chunk, cancel: cancel.clone() };
    let bytes = file.store.get_range(&file.key, at..end, &options).await?;
    let bytes = bytes.ok_or_else(|| FormatError::NoFile { url: file.url.clone() })?;
    if cancel.is_cancelled() {
        return Err(StoreError::Cancelled.into());
    }
    decode(&placed.page, &bytes, u32::try_from(rows).unwrap_or(0)).map_err(|error| match FormatError::from_codec(error, &file.url) {
        FormatError::BadData { reason, .. } => unit.bad(placed, key, reason),
        other => other,
    })
}

/// Pixels of a chunk along x and y: a tile, or strips together; where nothing is compressed, rows together.
fn chunk_of(page: &Page) -> [u32; 2] {
    let [width, height] = page.unit;
    let all_rows = page.shape.height;
    let row_bytes = (width as usize).saturating_mul(page.pixel_bytes()).max(1);
    let unit_bytes = page.unit_bytes().unwrap_or(usize::MAX);
    let rows = |bytes: usize| u32::try_from((CHUNK_BYTES / bytes.max(1)).max(1)).unwrap_or(u32::MAX);
    if page.is_tiled && unit_bytes <= MOST_CHUNK_BYTES {
        [width, height]
    } else if page.is_plain() && !page.is_tiled {
        [width, rows(row_bytes).min(all_rows)]
    } else if unit_bytes <= MOST_CHUNK_BYTES {
        [width, rows(unit_bytes).saturating_mul(height).min(all_rows)]
    } else {
        [CHUNK_EDGE.min(width), CHUNK_EDGE.min(height)]
    }
}

impl ReadArray for TiffArray {
    fn facts(&self) -> ArrayFacts {
        let shape = self.like.shape;
        let [width, height] = self.chunk.map(u64::from);
        let across = |extent: u32, edge: u64| u64::from(extent).div_ceil(edge);
        let together = self.together();
        let chunks = self.is_cut().then(|| self.listed(1, [1, across(shape.height, height), across(shape.width, width), 1]));
        ArrayFacts {
            shape: self.listed(
                self.planes.times,
                [self.planes.depth, shape.height.into(), shape.width.into(), self.planes.channels * u64::from(shape.samples)],
            ),
            chunk_shape: self.listed(1, [1, height, width, together]),
            // So that one worker decodes what all of them are cut from.
            chunks_per_file: chunks,
            data_type: shape.data_type,
            fill_bits: 0,
            encoding: self.like.compression.name().to_owned(),
        }
    }

    async fn chunk(&self, grid: &[u64], cancel: &Cancel) -> Result<Option<Vec<u8>>, FormatError> {
        let Some((key, plane, wanted)) = self.place(grid) else { return Ok(None) };
        let placed = match self.page(key, cancel).await {
            Err(FormatError::NoFile { .. }) if matches!(self.planes.places, Places::Files) => return Ok(None),
            placed => placed?,
        };
        let units = units_in(&placed.page, plane, &wanted);
        let parts = try_join_all(units.iter().map(|unit| self.unit(&placed, key, unit, &wanted, cancel))).await?;
        let mut parts: Vec<_> = parts.into_iter().flatten().collect();
        if let [(rect, _)] = parts.as_slice()
            && *rect == wanted
        {
            return Ok(parts.pop().map(|(_, data)| Rc::try_unwrap(data).unwrap_or_else(|shared| shared.to_vec())));
        }
        if parts.is_empty() {
            return Ok(None);
        }
        let pixel_bytes = placed.page.pixel_bytes();
        let bad = || FormatError::BadData { reason: format!("a chunk of {wanted:?} does not fit memory"), url: self.describe(grid) };
        let mut data = vec![0; wanted.bytes(pixel_bytes).ok_or_else(bad)?];
        for (rect, part) in &parts {
            copy_common(part, rect, &mut data, &wanted, pixel_bytes).ok_or_else(bad)?;
        }
        Ok(Some(data))
    }

    fn describe(&self, grid: &[u64]) -> String {
        self.files.describe(self.place(grid).map_or(0, |(key, ..)| key.file))
    }
}
