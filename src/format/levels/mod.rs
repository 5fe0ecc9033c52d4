//! Levels that a volume lacks: made of its coarsest one, region by region, and kept in scratch space.
//!
//! A region is a box of chunks of one level, made at once and kept as one file; what it is made of is read through the same source. It is known
//! from the volume's specification which levels there are to be and where each region lies, so that whoever opens the volume reads what another has
//! made.

#[expect(clippy::indexing_slicing, reason = "arrays of the three axes; what files hold is read without")]
mod make;
#[expect(clippy::indexing_slicing, reason = "arrays of the three axes; what files hold is read without")]
mod plan;
mod region;
#[expect(clippy::indexing_slicing, reason = "arrays of the three axes; what files hold is read without")]
mod source;

pub use plan::{MadeLevel, plan};
pub use source::WithLevels;
