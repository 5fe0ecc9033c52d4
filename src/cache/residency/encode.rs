//! Bricks as words of the heap, and the record that says how to read them.
//!
//! A record is four words: where the brick's words begin (or, where every voxel is the same, the value itself), the strides
//! along y (low half) and z (high half) in voxels, the format, and the first palette entry of a label brick. The format is
//! the bits of one voxel in the low byte (0: every voxel is the same) and the kind above it.

use std::rc::Rc;

use super::{PaletteColor, ResidencyError};
use crate::voxel::{Brick, BrickVoxels, DataType, VoxelBlock};

/// The kinds of the format word.
pub mod kind {
    /// Unsigned integers.
    pub const UNSIGNED: u32 = 0;
    /// Signed integers, two's complement.
    pub const SIGNED: u32 = 1;
    /// 32-bit floats.
    pub const FLOAT: u32 = 2;
    /// Indices into the brick's palette.
    pub const LABELS: u32 = 3;
}

/// The place of the kind in the format word.
pub const KIND_SHIFT: u32 = 8;

/// What goes into the heap: the brick's own memory wherever that is laid out as the heap is, so that nothing is copied for the upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeapWords {
    /// The voxels of this brick; no words where all of them are the same.
    Brick(Rc<Brick>),
    /// Words made from a brick.
    Made(Vec<u32>),
}

impl HeapWords {
    /// Little-endian words.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Made(words) => bytemuck::cast_slice(words),
            Self::Brick(brick) => match &brick.voxels {
                BrickVoxels::Uniform(_) => &[],
                BrickVoxels::Dense(data) => data,
                BrickVoxels::Palette(palette) => bytemuck::cast_slice(&palette.words),
            },
        }
    }
}

/// A brick made ready: what to put where once the places are known.
#[derive(Debug)]
pub(super) struct Encoded {
    /// Words for the heap; none where every voxel is the same.
    pub(super) words: HeapWords,
    /// The value of the first word of the record where there are no heap words.
    pub(super) value: u32,
    /// The second word of the record.
    pub(super) strides: u32,
    /// The third word of the record.
    pub(super) format: u32,
    /// The ids of a label brick in the order of its palette; empty for images.
    pub(super) ids: Vec<u64>,
}

/// A function that gives an id's colour.
pub type ColorOf<'a> = &'a dyn Fn(u64) -> PaletteColor;

pub(super) fn encode(brick: &Rc<Brick>, as_labels: bool) -> Result<Encoded, ResidencyError> {
    let [width, height, depth] = brick.shape;
    let malformed = || ResidencyError::Malformed { shape: brick.shape, data_type: brick.data_type, bytes: brick.size_bytes() };
    let too_large = ResidencyError::TooLarge { shape: brick.shape };
    let stride_y = u16::try_from(width).map_err(|_| too_large)?;
    let stride_z = width.checked_mul(height).and_then(|n| u16::try_from(n).ok()).ok_or(too_large)?;
    let voxels = u32::from(stride_z).checked_mul(depth).filter(|&n| n <= 1 << 20).ok_or(too_large)?;
    if voxels == 0 {
        return Err(malformed());
    }
    let strides = u32::from(stride_y) | (u32::from(stride_z) << 16);
    let encoded = |words, value, bits: u32, kind: u32, ids| Encoded { words, value, strides, format: bits | (kind << KIND_SHIFT), ids };
    if as_labels {
        return match &brick.voxels {
            BrickVoxels::Uniform(id) => Ok(encoded(HeapWords::Brick(Rc::clone(brick)), 0, 0, kind::LABELS, vec![*id])),
            BrickVoxels::Palette(palette) => {
                let bits = u32::from(palette.bits);
                if !matches!(bits, 1 | 2 | 4 | 8 | 16) || palette.ids.is_empty() || palette.words.len() < words_for(voxels, bits) {
                    return Err(malformed());
                }
                Ok(encoded(HeapWords::Brick(Rc::clone(brick)), 0, bits, kind::LABELS, palette.ids.clone()))
            }
            BrickVoxels::Dense(data) => {
                let block = VoxelBlock { data_type: brick.data_type, shape: brick.shape, data: data.clone() };
                if VoxelBlock::byte_len(block.data_type, block.shape) != Some(data.len()) {
                    return Err(malformed());
                }
                encode(&Rc::new(Brick::cut(&block, [0; 3], brick.shape, true)), true)
            }
        };
    }
    let (bits, kind) = number_format(brick.data_type);
    match &brick.voxels {
        BrickVoxels::Uniform(value) => {
            Ok(encoded(HeapWords::Brick(Rc::clone(brick)), number_bits(brick.data_type, *value, true), 0, kind, Vec::new()))
        }
        BrickVoxels::Dense(data) if brick.data_type.size_bytes() <= 4 => {
            if VoxelBlock::byte_len(brick.data_type, brick.shape) != Some(data.len()) {
                return Err(malformed());
            }
            if data.len().is_multiple_of(4) {
                return Ok(encoded(HeapWords::Brick(Rc::clone(brick)), 0, bits, kind, Vec::new()));
            }
            let (whole, rest) = data.as_chunks::<4>();
            let mut words: Vec<u32> = whole.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
            words.push(rest.iter().rev().fold(0, |word, &byte| (word << 8) | u32::from(byte)));
            Ok(encoded(HeapWords::Made(words), 0, bits, kind, Vec::new()))
        }
        // Eight-byte numbers become floats, and ids are drawn as the numbers they are.
        BrickVoxels::Dense(_) | BrickVoxels::Palette(_) => {
            let mut words = vec![0_u32; words_for(voxels, bits)];
            let mut index = 0;
            for z in 0..depth {
                for y in 0..height {
                    for x in 0..width {
                        let value = brick.bits([x, y, z]).ok_or_else(malformed)?;
                        if let Some(word) = words.get_mut((index * bits / 32) as usize) {
                            *word |= number_bits(brick.data_type, value, false) << (index * bits % 32);
                        }
                        index += 1;
                    }
                }
            }
            Ok(encoded(HeapWords::Made(words), 0, bits, kind, Vec::new()))
        }
    }
}

fn words_for(voxels: u32, bits: u32) -> usize {
    (voxels * bits).div_ceil(32) as usize
}

/// Bits and kind of the numbers of an image brick.
fn number_format(data_type: DataType) -> (u32, u32) {
    match data_type {
        DataType::Uint8 => (8, kind::UNSIGNED),
        DataType::Int8 => (8, kind::SIGNED),
        DataType::Uint16 => (16, kind::UNSIGNED),
        DataType::Int16 => (16, kind::SIGNED),
        DataType::Uint32 => (32, kind::UNSIGNED),
        DataType::Int32 => (32, kind::SIGNED),
        DataType::Float32 | DataType::Uint64 | DataType::Int64 | DataType::Float64 => (32, kind::FLOAT),
    }
}

/// The bits under which a number is kept; sign-extended to 32 bits where it stands alone.
#[expect(clippy::cast_possible_truncation, reason = "drawing needs no more than single precision; narrower integers fit their words")]
fn number_bits(data_type: DataType, bits: u64, alone: bool) -> u32 {
    match data_type {
        DataType::Uint64 | DataType::Int64 | DataType::Float64 => (data_type.number(bits) as f32).to_bits(),
        DataType::Int8 if alone => i32::from(bits as u8 as i8).cast_unsigned(),
        DataType::Int16 if alone => i32::from(bits as u16 as i16).cast_unsigned(),
        _ => bits as u32,
    }
}
