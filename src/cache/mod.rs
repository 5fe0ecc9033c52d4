//! Decoded bricks under a byte budget, and which of them are on the GPU. No IO, no GPU types.

pub mod residency;

mod bricks;

pub use bricks::BrickCache;
