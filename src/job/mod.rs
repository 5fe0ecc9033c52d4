//! What a worker does: [`Job`] → [`Outcome`]. The messages are known everywhere; running them is compiled only where bytes
//! are decoded (feature `decode`).

#[cfg(feature = "decode")]
mod documents;
#[cfg(feature = "export")]
mod export;
#[cfg(feature = "levels")]
mod levels;
mod message;
#[cfg(feature = "decode")]
mod runner;

#[cfg(feature = "export")]
pub use export::Post;
pub use message::{
    ChunkJob, ContentJob, Documents, ExportJob, FromWorker, Job, LevelsWork, OpenJob, Opened, Outcome, PlacedBrick, RequestKind, ToWorker,
};
#[cfg(feature = "decode")]
pub use runner::JobRunner;
