//! TIFF: files of one or more images, which are the slices of a volume.
//!
//! Source: TIFF 6.0, its technical notes 1 (trees of images), 2 (JPEG) and 3 (predictors of floats), BigTIFF; OME-TIFF; what ImageJ writes. Read are
//! strips and tiles of unsigned and signed integers of 8 to 64 bits and of floats of 32 and 64, stored as they are or by LZW, deflate,
//! `PackBits`, JPEG, Zstandard or LZMA. Channels are those of pixels (red, green, blue), or images in turn where OME-XML or ImageJ says so. Where 0
//! is white, values are turned round; of a palette the indices are read.
//!
//! Slices follow each other as images do, unless OME-XML or ImageJ says how. Smaller versions of them are further levels. A voxel's size is
//! OME-XML's, ImageJ's or that of the resolution, where that is no printer's; else 1 nm. What is not known of z is as x.

mod chain;
mod decode;
mod directory;
mod file;
mod files;
mod imagej;
mod ome;
mod page;
mod scale;
mod stack;

use std::rc::Rc;

use self::directory::{Directory, Tag};
use self::files::{Files, Tiff};
use self::imagej::ImageJ;
use self::ome::{Ome, is_ome};
use self::page::{Page, Shape};
use self::scale::{factor, pixel_nm};
use self::stack::{Places, Planes, TiffArray};
use super::super::arrays::{ArraySource, Level};
use super::super::{ChunkSource, FormatError, SourceFormat};
use crate::runtime::Cancel;
use crate::store::Provider;
use crate::store::url::Url;

/// The most levels.
const MOST_LEVELS: usize = 32;

/// Opens the TIFF file at an address.
///
/// # Errors
/// [`FormatError`] where it is wrong, unsupported or cannot be fetched.
pub(super) async fn open(provider: &Rc<dyn Provider>, url: &str, cancel: &Cancel) -> Result<Box<dyn ChunkSource>, FormatError> {
    let (folder, name) = Url::parse(url)?.split_name();
    let files = Files::new(Rc::clone(provider), folder, vec![name]);
    let first = First::read(&files, cancel).await?;
    let bad = |reason: String| first.tiff.file.bad(reason);
    let description = first.directory.description(&first.tiff.file, cancel).await?;
    if is_ome(&description) {
        let ome = Ome::parse(&description).map_err(bad)?;
        return open_ome(files, first, &ome, cancel).await;
    }
    if let Some(imagej) = ImageJ::parse(&description).map_err(bad)? {
        return open_imagej(files, first, &imagej, cancel).await;
    }
    let count = first.tiff.chain.count(&first.tiff.file, cancel).await?;
    let second = first.tiff.directory(1, cancel).await?;
    let is_pyramid = match &second {
        Some(second) => is_smaller(&first.tiff, second, cancel).await?,
        None => false,
    };
    let depth = if is_pyramid { 1 } else { count };
    let levels = if is_pyramid { chained_levels(&first, count, cancel).await? } else { tree_levels(&first, cancel).await? };
    let voxel_nm = first.voxel_nm(None, cancel).await?;
    open_levels(files, first, Planes::slices(depth), levels, voxel_nm, None, SourceFormat::Tiff)
}

/// Opens a file for each slice, whose first images are read.
///
/// # Errors
/// [`FormatError`] where the first file is wrong, unsupported or cannot be fetched.
pub(super) async fn open_sequence(
    provider: &Rc<dyn Provider>,
    folder: Url,
    names: Vec<String>,
    cancel: &Cancel,
) -> Result<Box<dyn ChunkSource>, FormatError> {
    let planes = Planes { channels: 1, depth: names.len() as u64, times: 1, places: Places::Files };
    let files = Files::new(Rc::clone(provider), folder, names);
    let first = First::read(&files, cancel).await?;
    let voxel_nm = first.voxel_nm(None, cancel).await?;
    open_levels(files, first, planes, Vec::new(), voxel_nm, None, SourceFormat::Images)
}

/// The first image of the first file.
struct First {
    tiff: Rc<Tiff>,
    directory: Directory,
    page: Page,
}

impl First {
    async fn read(files: &Files, cancel: &Cancel) -> Result<Self, FormatError> {
        let tiff = files.tiff(0, cancel).await?;
        let directory = tiff.directory(0, cancel).await?.ok_or_else(|| tiff.file.bad("it holds no image"))?;
        let page = Page::read(&tiff.file, &directory, cancel).await?;
        Ok(Self { tiff, directory, page })
    }

    /// Nanometres of a voxel along x and y, by the image's resolution.
    async fn voxel_nm(&self, unit_nm: Option<f64>, cancel: &Cancel) -> Result<[Option<f64>; 3], FormatError> {
        let pixel = pixel_nm(&self.tiff, &self.directory, unit_nm, cancel).await?;
        Ok([pixel.map(|[x, _]| x), pixel.map(|[_, y]| y), None])
    }
}

/// A further level: what its images look like, and where they are: that version of each image, or that image of the file.
struct Smaller {
    page: Page,
    version: Option<usize>,
    image: Option<u64>,
}

async fn open_ome(files: Files, first: First, ome: &Ome, cancel: &Cancel) -> Result<Box<dyn ChunkSource>, FormatError> {
    let bad = |reason: String| first.tiff.file.bad(reason);
    let Shape { width, height, samples, .. } = first.page.shape;
    let [size_x, size_y, depth, channels, times] = ome.size;
    if [size_x, size_y] != [u64::from(width), u64::from(height)] {
        return Err(bad(format!("OME-XML tells of {size_x} × {size_y} pixels, the first image is of {width} × {height}")));
    }
    let own = files.names().first().cloned().unwrap_or_default();
    let (names, places) = ome.places(&own, samples.into()).map_err(bad)?;
    let planes = Planes { channels: channels / u64::from(samples), depth, times, places: Places::Listed(places) };
    let levels = tree_levels(&first, cancel).await?;
    open_levels(files.with_names(names), first, planes, levels, ome.voxel_nm, None, SourceFormat::Tiff)
}

async fn open_imagej(files: Files, first: First, imagej: &ImageJ, cancel: &Cancel) -> Result<Box<dyn ChunkSource>, FormatError> {
    let images = imagej.images().unwrap_or(u64::MAX);
    let shape = first.page.shape;
    let image_bytes = u64::from(shape.width) * u64::from(shape.height) * first.page.pixel_bytes() as u64;
    // ImageJ writes pixels in one run, whatever the directories say, of which there is only one in a large file.
    let is_run = first.page.run().is_some_and(|start| {
        let end = image_bytes.checked_mul(images).and_then(|len| len.checked_add(start));
        let next = first.directory.next;
        end.is_some_and(|end| end <= first.tiff.file.file.size_bytes && (next == 0 || next >= end || next < start))
    });
    let run = (images > 1 && is_run).then_some(image_bytes);
    if run.is_none() {
        let found = first.tiff.chain.count(&first.tiff.file, cancel).await?;
        if found < images {
            return Err(first.tiff.file.bad(format!("ImageJ's description tells of {images} images, of which {found} are there")));
        }
    }
    let ImageJ { channels, slices, frames, .. } = *imagej;
    let planes = Planes { channels, depth: slices, times: frames, places: Places::Counted([1, channels, channels * slices]) };
    // Of a unit that is no length, such as "pixel", the resolution says nothing.
    let [x, y, _] = if imagej.unit_nm.is_some() { first.voxel_nm(imagej.unit_nm, cancel).await? } else { [None; 3] };
    let voxel_nm = [x, y, imagej.unit_nm.zip(imagej.spacing).map(|(unit, spacing)| unit * spacing)];
    open_levels(files, first, planes, Vec::new(), voxel_nm, run, SourceFormat::Tiff)
}

/// Whether an image is a smaller version of another.
async fn is_smaller(tiff: &Tiff, directory: &Directory, cancel: &Cancel) -> Result<bool, FormatError> {
    Ok(directory.number(&tiff.file, Tag::NewSubfileType, 0, cancel).await? & 1 == 1)
}

/// Smaller versions that the first image has below it; other things may lie there too.
async fn tree_levels(first: &First, cancel: &Cancel) -> Result<Vec<Smaller>, FormatError> {
    let mut levels: Vec<Smaller> = Vec::new();
    for (number, at) in first.page.smaller.iter().enumerate().take(MOST_LEVELS) {
        let page = first.tiff.page_at(*at, cancel).await?;
        let above = levels.last().map_or(first.page.shape, |level| level.page.shape);
        if is_below(page.shape, above) {
            levels.push(Smaller { page, version: Some(number), image: None });
        }
    }
    Ok(levels)
}

/// Smaller versions that follow the one image of a file.
async fn chained_levels(first: &First, count: u64, cancel: &Cancel) -> Result<Vec<Smaller>, FormatError> {
    if count > MOST_LEVELS as u64 {
        return Err(first.tiff.file.unsupported("a stack of images and smaller versions of them", format!("{count} images")));
    }
    let mut levels: Vec<Smaller> = Vec::new();
    for image in 1..count {
        let Some(directory) = first.tiff.directory(image, cancel).await? else { break };
        if !is_smaller(&first.tiff, &directory, cancel).await? {
            return Err(first.tiff.file.unsupported("a stack of images and smaller versions of them", format!("{count} images")));
        }
        let page = Page::read(&first.tiff.file, &directory, cancel).await?;
        let above = levels.last().map_or(first.page.shape, |level| level.page.shape);
        if is_below(page.shape, above) {
            levels.push(Smaller { page, version: None, image: Some(image) });
        }
    }
    Ok(levels)
}

/// Whether an image of this shape can be the level after one of that.
fn is_below(shape: Shape, above: Shape) -> bool {
    let is_alike = Shape { width: above.width, height: above.height, ..shape } == above;
    is_alike && shape.width <= above.width && shape.height <= above.height && (shape.width, shape.height) != (above.width, above.height)
}

/// A volume of these levels, the finest of which is that of the first image.
fn open_levels(
    files: Files,
    first: First,
    planes: Planes,
    smaller: Vec<Smaller>,
    voxel_nm: [Option<f64>; 3],
    run: Option<u64>,
    format: SourceFormat,
) -> Result<Box<dyn ChunkSource>, FormatError> {
    let [x, y, z] = voxel_nm;
    let x = x.or(y).or(z).unwrap_or(1.0);
    let (y, z) = (y.unwrap_or(x), z.unwrap_or(x));
    let url = first.tiff.file.file.url.clone();
    files.keep_chain(&first.tiff);
    let files = Rc::new(files);
    let planes = Rc::new(planes);
    let finest = first.page.shape;
    let mut array = TiffArray::new(Rc::clone(&files), Rc::clone(&planes), first.page, None);
    if let Some(image_bytes) = run {
        array = array.in_a_run(image_bytes);
    }
    let axes = array.axes();
    let level = |array, voxel_size_nm| Level { array, voxel_size_nm, offset_nm: [0.0; 3], first: [0; 3], url: url.clone() };
    let mut levels = vec![level(array, [x, y, z])];
    for Smaller { page, version, image } in smaller {
        let planes = match image {
            Some(image) => Rc::new(Planes { places: Places::Listed(vec![Some((0, image))]), ..(*planes).clone() }),
            None => Rc::clone(&planes),
        };
        let size = [x * factor(finest.width, page.shape.width), y * factor(finest.height, page.shape.height), z];
        levels.push(level(TiffArray::new(Rc::clone(&files), planes, page, version), size));
    }
    Ok(Box::new(ArraySource::new(format, None, axes, &[], levels)?))
}
