//! Exports under way: what a worker writes, piece by piece, to whoever asked.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::stream::StreamExt;
use serde::Deserialize;

use super::context::{Context, Shared};
use crate::error::ViewerError;
use crate::exchange::{ExportFormat, OmeVersion, Progress};
use crate::geometry::VoxelBox;
use crate::job::{ExportJob, Job, ToWorker};

/// What is to be exported of a layer, as the public API names it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportOptions {
    /// The files.
    pub format: ExportFormat,
    /// Of OME-Zarr.
    #[serde(default)]
    pub ome_version: OmeVersion,
    /// The level of the layer that is the finest written.
    #[serde(default)]
    pub level: u8,
    /// Voxels of that level; left out, all.
    #[serde(rename = "box")]
    pub voxels: Option<VoxelBox>,
    /// How many levels.
    pub levels: Option<u8>,
    /// The channel; left out, the one that is shown.
    pub channel: Option<u32>,
    /// The place along other axes; left out, the one that is shown.
    pub at: Option<BTreeMap<String, u64>>,
}

/// A part of what is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The next bytes, perhaps none.
    pub bytes: Bytes,
    /// How far the export is.
    pub progress: Progress,
}

/// What the context keeps of an export.
#[derive(Debug)]
pub(super) struct OpenExport {
    source: u32,
    pieces: UnboundedSender<Result<Piece, ViewerError>>,
}

/// An export under way. Dropping it gives it up.
#[derive(Debug)]
pub struct Exporting {
    context: Context,
    job: u64,
    pieces: UnboundedReceiver<Result<Piece, ViewerError>>,
    /// Whether a piece has been given out: who asks for the next has dealt with it.
    given: bool,
}

impl Exporting {
    /// The next piece; `None` when all is written. Few are written ahead of this.
    ///
    /// # Errors
    /// Why it cannot be written; then nothing more comes.
    pub async fn next(&mut self) -> Option<Result<Piece, ViewerError>> {
        if std::mem::take(&mut self.given) {
            self.context.shared.borrow().pool.tell(self.job, ToWorker::More { id: self.job });
        }
        let piece = self.pieces.next().await;
        self.given = piece.is_some();
        piece
    }
}

impl Drop for Exporting {
    fn drop(&mut self) {
        if let Ok(mut shared) = self.context.shared.try_borrow_mut() {
            shared.end_export(self.job, None);
        }
    }
}

impl Context {
    /// Begins an export from a source that it then owns.
    pub(super) fn export(&self, source: u32, job: ExportJob) -> Exporting {
        let (sender, pieces) = unbounded();
        let mut shared = self.shared.borrow_mut();
        let job = shared.pool.start(Job::Export(Box::new(job)), None);
        shared.exports.insert(job, OpenExport { source, pieces: sender });
        Exporting { context: self.clone(), job, pieces, given: false }
    }
}

impl Shared {
    /// Takes in a piece of a job.
    pub(super) fn take_piece(&self, job: u64, piece: Piece) {
        if let Some(export) = self.exports.get(&job) {
            // Whoever asked may have gone.
            let _gone = export.pieces.unbounded_send(Ok(piece));
        }
    }

    /// Ends an export, if it is there, perhaps with an error.
    pub(super) fn end_export(&mut self, job: u64, error: Option<ViewerError>) {
        let Some(export) = self.exports.remove(&job) else { return };
        if let Some(error) = error {
            let _gone = export.pieces.unbounded_send(Err(error));
        }
        self.pool.cancel(job);
        self.release_source(export.source);
    }
}
