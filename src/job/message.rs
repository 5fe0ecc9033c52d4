//! The messages between the page and its workers. Each crosses as one run of bytes (postcard).

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::error::ViewerError;
use crate::exchange::{Progress, VolumeExport};
use crate::format::content::{Content, ContentQuery};
use crate::format::{MadeLevels, RegionKey, Said, Selection, VolumeSpec};
use crate::store::{RequestPatch, Traffic};
use crate::voxel::Brick;

/// Metadata documents by URL; `None` for one that is known to be absent.
pub type Documents = BTreeMap<String, Option<Bytes>>;

/// From the page to a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToWorker {
    /// The first message.
    Configure {
        /// Whether the page has a request hook, to be asked before anything is fetched.
        asks_page: bool,
    },
    /// Do this, and answer with [`FromWorker::Done`].
    Start {
        /// Names the job in answers and cancellations.
        id: u64,
        /// What to do.
        job: Job,
    },
    /// Know this volume, from documents that another worker has read.
    Attach {
        /// The volume's number.
        volume: u32,
        /// How it was opened.
        open: OpenJob,
        /// The documents that were read then.
        documents: Documents,
        /// The entry of scratch space that holds levels made of it.
        levels: Option<String>,
    },
    /// Forget this volume.
    Detach {
        /// The volume's number.
        volume: u32,
    },
    /// Nobody waits for this job any more; no answer is needed.
    Cancel {
        /// The job.
        id: u64,
    },
    /// The page has dealt with one [`FromWorker::Piece`].
    More {
        /// The job.
        id: u64,
    },
    /// The answer to [`FromWorker::NeedsRequest`].
    Request {
        /// Which question.
        id: u64,
        /// What the page's hook made of the request, or why it gave none.
        patch: Result<RequestPatch, ViewerError>,
    },
}

/// From a worker to the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FromWorker {
    /// A job has ended.
    Done {
        /// The job.
        id: u64,
        /// What came of it.
        result: Result<Outcome, ViewerError>,
        /// What the worker's memory has grown to, bytes.
        memory_bytes: u64,
        /// What went over the network since the last such message.
        traffic: Traffic,
    },
    /// A part of what a job writes, in order. Few go ahead of [`ToWorker::More`].
    Piece {
        /// The job.
        id: u64,
        /// The next bytes, perhaps none.
        bytes: Bytes,
        /// How far it is.
        progress: Progress,
    },
    /// The page's request hook has to say how to ask for a URL.
    NeedsRequest {
        /// Names the question.
        id: u64,
        /// The URL as the rules make it.
        url: String,
        /// The number under which the page keeps what the request is signed with.
        credentials: Option<u32>,
        /// What is asked for.
        kind: RequestKind,
    },
}

impl FromWorker {
    /// The message as one run of bytes, in memory that need not grow for its voxels. `None` where it cannot be written.
    #[must_use]
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let bricks = match self {
            Self::Done { result: Ok(Outcome::Chunk(Some(bricks))), .. } => bricks.as_slice(),
            _ => &[],
        };
        let piece = if let Self::Piece { bytes, .. } = self { bytes.len() } else { 0 };
        let around = 64 * (1 + bricks.len()) + piece;
        let room = around + bricks.iter().map(|placed| placed.brick.size_bytes()).sum::<usize>();
        postcard::to_extend(self, Vec::with_capacity(room)).ok()
    }
}

/// What a request is for, as the hook is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequestKind {
    /// Metadata.
    Metadata,
    /// A chunk or an index of chunks.
    Chunk,
    /// A mesh or its manifest.
    Mesh,
    /// A skeleton.
    Skeleton,
    /// Annotations.
    Annotation,
    /// A table, or the properties of segments.
    Table,
}

/// One piece of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Job {
    /// Read a volume's metadata.
    Open {
        /// The number it gets.
        volume: u32,
        /// Where and how.
        open: OpenJob,
        /// What is known already of what opening reads.
        documents: Documents,
    },
    /// Fetch, decode and cut one chunk.
    Chunk(ChunkJob),
    /// Read a document that says something of a dataset, as volumes' metadata are read.
    Document {
        /// Its address.
        url: String,
    },
    /// Read something that is no volume.
    Content(ContentJob),
    /// Write a volume as files, in [`FromWorker::Piece`]s.
    Export(Box<ExportJob>),
    /// Work on the levels that a volume lacks.
    Levels {
        /// The volume's number.
        volume: u32,
        /// What to do.
        work: LevelsWork,
    },
    /// Remove all that scratch space holds.
    ClearScratch,
}

impl Job {
    /// The open volume that it reads.
    #[must_use]
    pub fn volume(&self) -> Option<u32> {
        match self {
            Self::Open { .. } | Self::Document { .. } | Self::Content(_) | Self::ClearScratch => None,
            Self::Levels { volume, .. } => Some(*volume),
            Self::Chunk(job) => Some(job.volume),
            Self::Export(job) => Some(job.volume),
        }
    }

    /// Whether it computes for long, while others wait for what is drawn.
    #[must_use]
    pub fn is_long(&self) -> bool {
        matches!(self, Self::Export(_))
    }
}

/// What to do about the levels that a volume lacks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum LevelsWork {
    /// Find out what there is of them.
    Find,
    /// Make room for them, and say what they are made of.
    Begin {
        /// As it was found.
        identity: String,
        /// What they will take on disk at most, bytes.
        bytes: u64,
        /// What all entries may take, bytes.
        budget: u64,
    },
    /// Make a region.
    Region(RegionKey),
    /// Remove what was made.
    Discard,
}

/// What to read that is no volume, and where it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContentJob {
    /// The address as the user gave it.
    pub url: String,
    /// What is wanted of it.
    pub query: ContentQuery,
}

/// Where a volume is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenJob {
    /// The address as the user gave it.
    pub url: String,
    /// What the user says of it.
    pub said: Said,
    /// Whether its voxels are labels.
    pub labels: bool,
}

/// Which chunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkJob {
    /// The volume's number.
    pub volume: u32,
    /// 0 is the finest.
    pub level: u8,
    /// The chunk's place.
    pub grid: [i32; 3],
    /// Which channel and place along other axes.
    pub selection: Selection,
    /// Whether bricks are palette-compressed.
    pub as_labels: bool,
}

/// What of a volume is to be written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExportJob {
    /// The volume's number.
    pub volume: u32,
    /// Which channel and place along other axes.
    pub selection: Selection,
    /// The box, the levels and the format.
    pub export: VolumeExport,
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// The volume is known.
    Opened(Box<Opened>),
    /// The chunk's bricks; `None` where the chunk is absent.
    Chunk(Option<Vec<PlacedBrick>>),
    /// The document; `None` where there is none.
    Document(Option<Bytes>),
    /// What was read.
    Content(Box<Content>),
    /// All pieces have been sent.
    Exported,
    /// The levels that the volume lacks; `None` where it lacks none, or more than can be made.
    Levels(Option<Box<MadeLevels>>),
    /// So many bytes were written to scratch space, or are held by it beside the volume's own entry.
    Scratch {
        /// How many.
        bytes: u64,
    },
    /// Nothing: it is for a worker that runs the full module.
    NeedsFullModule,
}

/// A volume that was opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// What it is.
    pub spec: VolumeSpec,
    /// What was read, for the other workers.
    pub documents: Documents,
}

/// A brick and its place in its chunk, in bricks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlacedBrick {
    /// From the chunk's first brick.
    pub place: [u32; 3],
    /// The brick.
    pub brick: Brick,
}
