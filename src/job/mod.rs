//! What a worker does: [`Job`] → [`Outcome`]. The messages are known everywhere; running them is compiled only where bytes
//! are decoded (feature `decode`).

#[cfg(feature = "decode")]
mod documents;
#[cfg(feature = "levels")]
mod levels;
mod message;
#[cfg(feature = "decode")]
mod runner;

pub use message::{ChunkJob, Documents, FromWorker, Job, LevelsWork, OpenJob, Opened, Outcome, PlacedBrick, RequestKind, ToWorker};
#[cfg(feature = "decode")]
pub use runner::JobRunner;
