//! Layers: what a user may say of them, checked, and how that becomes a style.

mod color;
mod options;

pub use color::{parse_color, write_color};
pub use options::{Blend, Contrast, Interpolation, LayerKind, LayerOptions, OptionsError, SegmentId, SourceOptions};
