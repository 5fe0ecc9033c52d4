//! Columns: many values of one type under one name. Attributes of vertices, properties of annotations and segments, columns of tables.

use serde::{Deserialize, Serialize};

use crate::voxel::DataType;

/// A value per row, or [`Column::components`] of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its name where it came from.
    pub name: String,
    /// Values of one row, one after the other: 3 for a position or a colour, 1 for most.
    pub components: u32,
    /// `components` values per row.
    pub values: Values,
    /// The rows that hold nothing, ascending; their values are 0, NaN or empty.
    pub missing: Vec<u32>,
}

/// Values of one type. Ids stay integers: none goes through a double.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say all there is")]
pub enum Values {
    Uint8(Vec<u8>),
    Int8(Vec<i8>),
    Uint16(Vec<u16>),
    Int16(Vec<i16>),
    Uint32(Vec<u32>),
    Int32(Vec<i32>),
    Uint64(Vec<u64>),
    Int64(Vec<i64>),
    Float32(Vec<f32>),
    Float64(Vec<f64>),
    Text(Vec<String>),
}

/// The same for values of every type.
macro_rules! each {
    ($of:expr, $values:ident => $do:expr) => {
        match $of {
            Self::Uint8($values) => $do,
            Self::Int8($values) => $do,
            Self::Uint16($values) => $do,
            Self::Int16($values) => $do,
            Self::Uint32($values) => $do,
            Self::Int32($values) => $do,
            Self::Uint64($values) => $do,
            Self::Int64($values) => $do,
            Self::Float32($values) => $do,
            Self::Float64($values) => $do,
            Self::Text($values) => $do,
        }
    };
}

impl Values {
    /// No values yet, of this type.
    #[must_use]
    pub fn empty(data_type: DataType) -> Self {
        match data_type {
            DataType::Uint8 => Self::Uint8(Vec::new()),
            DataType::Int8 => Self::Int8(Vec::new()),
            DataType::Uint16 => Self::Uint16(Vec::new()),
            DataType::Int16 => Self::Int16(Vec::new()),
            DataType::Uint32 => Self::Uint32(Vec::new()),
            DataType::Int32 => Self::Int32(Vec::new()),
            DataType::Uint64 => Self::Uint64(Vec::new()),
            DataType::Int64 => Self::Int64(Vec::new()),
            DataType::Float32 => Self::Float32(Vec::new()),
            DataType::Float64 => Self::Float64(Vec::new()),
        }
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        each!(self, values => values.len())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends the values whose little-endian bytes these are; texts take none.
    #[cfg(feature = "decode")]
    pub(super) fn extend_from_le_bytes(&mut self, bytes: &[u8]) {
        match self {
            Self::Uint8(values) => values.extend_from_slice(bytes),
            Self::Int8(values) => values.extend(bytes.iter().map(|byte| byte.cast_signed())),
            Self::Uint16(values) => values.extend(bytes.as_chunks().0.iter().map(|bytes| u16::from_le_bytes(*bytes))),
            Self::Int16(values) => values.extend(bytes.as_chunks().0.iter().map(|bytes| i16::from_le_bytes(*bytes))),
            Self::Uint32(values) => values.extend(bytes.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes))),
            Self::Int32(values) => values.extend(bytes.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes))),
            Self::Uint64(values) => values.extend(bytes.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes))),
            Self::Int64(values) => values.extend(bytes.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes))),
            Self::Float32(values) => values.extend(bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes))),
            Self::Float64(values) => values.extend(bytes.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes))),
            Self::Text(_) => {}
        }
    }

    /// Keeps the rows of these numbers, ascending, of so many values each.
    #[cfg(feature = "objects")]
    pub(super) fn keep_rows(&mut self, rows: &[usize], components: usize) {
        each!(self, values => {
            let mut wanted = rows.iter().peekable();
            let mut at = 0;
            values.retain(|_| {
                let row = at / components.max(1);
                at += 1;
                while wanted.next_if(|next| **next < row).is_some() {}
                wanted.peek() == Some(&&row)
            });
        });
    }
}
