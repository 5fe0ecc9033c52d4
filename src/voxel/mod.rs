//! Voxels in memory: data types, blocks, bricks, palettes. No IO.
//!
//! Every array is x fastest, then y, then z, little-endian.

mod block;
mod brick;
mod cut;
mod data_type;
mod downsample;
mod partition;
mod paste;
mod pod_bytes;

pub use block::VoxelBlock;
pub use brick::{Brick, BrickKey, BrickVoxels, Palette};
pub use data_type::DataType;
pub use downsample::downsample;
pub use partition::brick_shape;
pub use paste::paste;
