//! The `transform` of skeletons and meshes: from stored coordinates to nm.

use crate::format::FormatError;
use crate::format::object::Object;

/// 3×4, row by row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Transform([[f64; 4]; 3]);

impl Transform {
    pub(super) const IDENTITY: Self = Self([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]);

    /// The one of an info; left out, nothing is changed.
    pub(super) fn parse(info: &Object<'_>) -> Result<Self, FormatError> {
        let Some(value) = info.get("transform") else { return Ok(Self::IDENTITY) };
        let numbers: Option<Vec<f64>> =
            value.as_array().and_then(|list| list.iter().map(|n| n.as_f64().filter(|n| n.is_finite())).collect());
        match numbers.as_deref().map(|numbers| numbers.as_chunks::<4>()) {
            Some(([x, y, z], [])) => Ok(Self([*x, *y, *z])),
            _ => Err(info.wrong("transform", Some(value), "12 numbers, 3×4 row by row")),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "positions are kept in single precision, as they are stored")]
    pub(super) fn apply(&self, [x, y, z]: [f64; 3]) -> [f32; 3] {
        self.0.map(|[a, b, c, d]| (a * x + b * y + c * z + d) as f32)
    }
}
