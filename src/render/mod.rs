//! Draws a [`crate::scene::draw::DrawList`]: layouts that Rust and WGSL share, the shaders' sources, their twins on the CPU,
//! and (feature `gpu`) the executor. Decides nothing about what is drawn.

mod cells;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod layout;
pub mod reference;
pub mod shader;
