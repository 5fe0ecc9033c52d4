//! Voxel, nanometre and screen spaces: boxes, affine maps, cameras and planes. No IO, no drawing.
//!
//! World unit is the nanometre, axes x, y, z. Voxel `v` covers `[v, v + 1)`. Matrices and maps read
//! `target_from_source`, so that `world_from_voxel * point_in_voxel` composes by eye.

mod plane;
mod view_state;
mod voxel_box;

pub use glam::{DAffine3, DMat3, DMat4, DQuat, DVec2, DVec3};
pub use plane::PixelPlane;
pub use view_state::{PanelKind, ViewState};
pub use voxel_box::VoxelBox;
