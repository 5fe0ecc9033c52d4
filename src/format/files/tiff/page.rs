//! One image: its size, type and encoding, and where its strips or tiles lie (TIFF 6.0; BigTIFF; technical notes 1 to 3).

use bytes::Bytes;

use super::directory::{Directory, Tag};
use super::file::{Order, TiffFile};
use crate::format::FormatError;
use crate::format::limits::MAX_CHUNK_BYTES;
use crate::format::memo::SizeBytes;
use crate::runtime::Cancel;
use crate::voxel::DataType;

/// The most channels of a pixel.
const MOST_SAMPLES: u64 = 1024;

/// What all images of a stack have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Channels.
    pub(super) samples: u32,
    /// Whether each channel is stored by itself.
    pub(super) planar: bool,
    pub(super) data_type: DataType,
}

impl std::fmt::Display for Shape {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { width, height, samples, planar, data_type } = self;
        let planes = if *planar { ", each by itself" } else { "" };
        write!(formatter, "{width} × {height} {}", data_type.name())?;
        if *samples > 1 { write!(formatter, " of {samples} channels{planes}") } else { Ok(()) }
    }
}

/// How strips and tiles are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Lzw,
    /// With the tables that the image's own lack, and whether three channels are luma and chroma.
    Jpeg {
        tables: Bytes,
        is_ycbcr: bool,
    },
    Deflate,
    PackBits,
    Zstd,
    Xz,
}

impl Compression {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::None => "raw",
            Self::Lzw => "lzw",
            Self::Jpeg { .. } => "jpeg",
            Self::Deflate => "deflate",
            Self::PackBits => "packbits",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
        }
    }
}

/// What was done to samples before they were compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Predictor {
    None,
    /// The difference to the pixel before.
    Horizontal,
    /// Bytes of a row of floats by their significance, and the differences of these.
    Float,
}

/// An image.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) shape: Shape,
    pub(super) order: Order,
    pub(super) compression: Compression,
    pub(super) predictor: Predictor,
    /// Whether 0 is white.
    pub(super) is_inverted: bool,
    pub(super) is_tiled: bool,
    /// Pixels of a tile, or of a strip that is not the last, along x and y.
    pub(super) unit: [u32; 2],
    /// Where each strip or tile lies and how long it is; those of the second channel follow those of the first where each is stored by itself.
    pub(super) places: Vec<(u64, u64)>,
    /// Where the directories of smaller versions lie.
    pub(super) smaller: Vec<u64>,
}

impl SizeBytes for Page {
    fn size_bytes(&self) -> usize {
        size_of::<Self>() + 16 * self.places.len() + 8 * self.smaller.len()
    }
}

impl Page {
    /// Reads an image.
    pub(super) async fn read(tiff: &TiffFile, directory: &Directory, cancel: &Cancel) -> Result<Self, FormatError> {
        let number = |tag, default| directory.number(tiff, tag, default, cancel);
        let bad = |tag, value, expected: &str| directory.wrong(tiff, tag, &[value], expected);
        let [width, height] = {
            let [width, height] = [number(Tag::ImageWidth, 0).await?, number(Tag::ImageLength, 0).await?];
            [
                pixels(width).ok_or_else(|| bad(Tag::ImageWidth, width, "1 to 2147483647 pixels"))?,
                pixels(height).ok_or_else(|| bad(Tag::ImageLength, height, "1 to 2147483647 pixels"))?,
            ]
        };
        let samples = number(Tag::SamplesPerPixel, 1).await?;
        let in_range = u32::try_from(samples).ok().filter(|n| (1..=MOST_SAMPLES).contains(&u64::from(*n)));
        let samples = in_range.ok_or_else(|| bad(Tag::SamplesPerPixel, samples, &format!("1 to {MOST_SAMPLES} channels")))?;
        let planar = match number(Tag::PlanarConfiguration, 1).await? {
            1 => false,
            2 => samples > 1,
            other => return Err(bad(Tag::PlanarConfiguration, other, "1 or 2")),
        };
        match number(Tag::ImageDepth, 1).await? {
            1 => {}
            depth => return Err(tiff.unsupported("the image depth", depth.to_string())),
        }
        match number(Tag::FillOrder, 1).await? {
            1 => {}
            order => return Err(tiff.unsupported("the fill order", order.to_string())),
        }
        let data_type = data_type(tiff, directory, cancel).await?;
        let shape = Shape { width, height, samples, planar, data_type };
        let compression = number(Tag::Compression, 1).await?;
        let photometric = number(Tag::PhotometricInterpretation, 1).await?;
        let is_inverted = check_colours(tiff, photometric, compression, data_type)?;
        let compression = match compression {
            1 => Compression::None,
            5 => Compression::Lzw,
            7 => {
                let tables = directory.opaque(tiff, Tag::JPEGTables, cancel).await?.unwrap_or_default();
                // A slice would keep all that was read with it.
                Compression::Jpeg { tables: Bytes::copy_from_slice(&tables), is_ycbcr: photometric == 6 }
            }
            8 | 32946 => Compression::Deflate,
            32773 => Compression::PackBits,
            34925 => Compression::Xz,
            50000 => Compression::Zstd,
            other => return Err(tiff.unsupported("the compression", compression_name(other))),
        };
        let predictor = match (number(Tag::Predictor, 1).await?, &compression) {
            // It says nothing of these.
            (_, Compression::Jpeg { .. } | Compression::PackBits | Compression::None) | (1, _) => Predictor::None,
            (2, _) => Predictor::Horizontal,
            (3, _) if matches!(data_type, DataType::Float32 | DataType::Float64) => Predictor::Float,
            (other, _) => return Err(tiff.unsupported("the predictor", format!("{other} of {}", data_type.name()))),
        };
        let smaller = directory.numbers(tiff, Tag::SubIFDs, cancel).await?.unwrap_or_default();
        let mut page = Self {
            shape,
            order: tiff.order,
            compression,
            predictor,
            is_inverted,
            is_tiled: directory.has(Tag::TileWidth),
            unit: [width, height],
            places: Vec::new(),
            smaller,
        };
        page.find_units(tiff, directory, cancel).await?;
        Ok(page)
    }

    /// Reads how large strips or tiles are, and where they lie.
    async fn find_units(&mut self, tiff: &TiffFile, directory: &Directory, cancel: &Cancel) -> Result<(), FormatError> {
        let Shape { width, height, samples, planar, data_type } = self.shape;
        let number = |tag, default| directory.number(tiff, tag, default, cancel);
        let [offsets, lengths] = if self.is_tiled {
            let [unit_width, unit_height] = [number(Tag::TileWidth, 0).await?, number(Tag::TileLength, 0).await?];
            let bad = |tag, value| directory.wrong(tiff, tag, &[value], "1 to 2147483647 pixels");
            self.unit = [
                pixels(unit_width).ok_or_else(|| bad(Tag::TileWidth, unit_width))?,
                pixels(unit_height).ok_or_else(|| bad(Tag::TileLength, unit_height))?,
            ];
            [Tag::TileOffsets, Tag::TileByteCounts]
        } else {
            let rows = number(Tag::RowsPerStrip, u64::from(height)).await?;
            let rows = if rows == 0 { height } else { u32::try_from(rows).unwrap_or(height).min(height) };
            self.unit = [width, rows];
            [Tag::StripOffsets, Tag::StripByteCounts]
        };
        if !self.is_plain() && self.unit_bytes().is_none_or(|len| len as u64 > MAX_CHUNK_BYTES) {
            let kind = if self.is_tiled { "a tile" } else { "a strip" };
            return Err(tiff.unsupported(kind, format!("{:?} pixels of {samples} × {}", self.unit, data_type.name())));
        }
        let [across, down] = self.units();
        let planes = if planar { u64::from(samples) } else { 1 };
        let count = u64::from(across) * u64::from(down) * planes;
        let places = directory.numbers(tiff, offsets, cancel).await?.unwrap_or_default();
        let mut counts = directory.numbers(tiff, lengths, cancel).await?.unwrap_or_default();
        if counts.is_empty() && self.compression == Compression::None {
            // Old programs leave them out; they follow from the shape.
            counts = vec![self.unit_bytes().unwrap_or(0) as u64; places.len()];
        }
        if (places.len() as u64) < count || (counts.len() as u64) < count {
            let least = places.len().min(counts.len());
            return Err(directory.bad(tiff, format!("there are {least} {offsets:?} and {lengths:?} for {count} strips or tiles")));
        }
        self.places = places.into_iter().zip(counts).take(usize::try_from(count).unwrap_or(usize::MAX)).collect();
        Ok(())
    }

    /// How many strips or tiles lie beside each other along x and y.
    pub(super) fn units(&self) -> [u32; 2] {
        let [width, height] = self.unit;
        [self.shape.width.div_ceil(width.max(1)), self.shape.height.div_ceil(height.max(1))]
    }

    /// Bytes of a pixel: of one channel where each is stored by itself.
    pub(super) fn pixel_bytes(&self) -> usize {
        let samples = if self.shape.planar { 1 } else { self.shape.samples as usize };
        samples * self.shape.data_type.size_bytes()
    }

    /// Decoded bytes of a tile, or of a strip that is not the last. `None` where that does not fit memory.
    pub(super) fn unit_bytes(&self) -> Option<usize> {
        let [width, height] = self.unit.map(|n| usize::try_from(n).ok());
        width?.checked_mul(height?)?.checked_mul(self.pixel_bytes())
    }

    /// Whether any row can be read by itself.
    pub(super) fn is_plain(&self) -> bool {
        self.compression == Compression::None
    }

    /// Whether it is stored in one run of bytes from its first pixel to its last, and where that begins.
    pub(super) fn run(&self) -> Option<u64> {
        let whole = self.shape.width as u64 * u64::from(self.shape.height) * self.pixel_bytes() as u64;
        let (first, _) = *self.places.first()?;
        let mut end = first;
        for (at, len) in &self.places {
            (*at == end).then_some(())?;
            end = at.checked_add(*len)?;
        }
        (self.is_plain() && !self.is_tiled && !self.shape.planar && end - first >= whole).then_some(first)
    }
}

fn pixels(number: u64) -> Option<u32> {
    u32::try_from(number).ok().filter(|n| (1..=i32::MAX as u32).contains(n))
}

async fn data_type(tiff: &TiffFile, directory: &Directory, cancel: &Cancel) -> Result<DataType, FormatError> {
    let bits = directory.of_samples(tiff, Tag::BitsPerSample, 1, cancel).await?;
    let format = directory.of_samples(tiff, Tag::SampleFormat, 1, cancel).await?;
    let kind = match format {
        // 4 is "undefined", which is taken as 1.
        1 | 4 => "uint",
        2 => "int",
        3 => "float",
        5 | 6 => "complex",
        other => return Err(directory.wrong(tiff, Tag::SampleFormat, &[other], "1 to 6")),
    };
    let name = format!("{kind}{bits}");
    DataType::from_name(&name).ok_or_else(|| tiff.unsupported("the data type", name))
}

/// Whether colours are such that channels can be shown as they are; says whether 0 is white.
fn check_colours(tiff: &TiffFile, photometric: u64, compression: u64, data_type: DataType) -> Result<bool, FormatError> {
    let is_unsigned = matches!(data_type, DataType::Uint8 | DataType::Uint16 | DataType::Uint32 | DataType::Uint64);
    let name = match photometric {
        0 if is_unsigned => return Ok(true),
        // Of a palette the indices: they are labels, or grey values that some program coloured.
        1..=3 => return Ok(false),
        6 if compression == 7 => return Ok(false),
        0 => return Err(tiff.unsupported("the photometric interpretation", format!("white is zero, of {}", data_type.name()))),
        4 => "a mask",
        5 => "CMYK",
        6 => "YCbCr",
        8..=10 => "CIE L*a*b*",
        32803 | 34892 => "raw of a camera",
        other => return Err(tiff.unsupported("the photometric interpretation", other.to_string())),
    };
    Err(tiff.unsupported("the photometric interpretation", name))
}

fn compression_name(number: u64) -> String {
    let name = match number {
        2..=4 => "CCITT fax",
        6 => "old-style JPEG",
        32809 => "ThunderScan",
        33003..=33005 | 34712 => "JPEG 2000",
        34887 => "LERC",
        50001 => "WebP",
        50002 | 52546 => "JPEG XL",
        _ => return number.to_string(),
    };
    format!("{name} ({number})")
}
