//! Stream, draw and annotate volumes of electron microscopy in a web page, with no server.
//!
//! Data flows one way: `store → codec → format → voxel bricks → cache → scene → render`. What goes back is values,
//! never calls. `docs/architecture.md` names what each module owns and what it may use; `tests/architecture.rs` checks it.

pub mod cache;
pub mod chunk;
pub mod engine;
pub mod error;
pub mod exchange;
pub mod format;
pub mod geometry;
pub mod job;
#[cfg(feature = "phantom")]
pub mod phantom;
pub mod render;
pub mod runtime;
pub mod scene;
pub mod store;
pub mod tools;
pub mod voxel;
#[cfg(target_arch = "wasm32")]
pub mod web;

#[cfg(feature = "decode")]
pub use neurolume_codec as codec;
