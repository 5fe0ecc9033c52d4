//! Runs everything: a [`Context`] owns budgets, workers, caches and opened volumes; a [`View`] owns layers and a view state.
//!
//! Both are driven from outside: messages come in, ticks come in, and plain values go out (messages to workers, draw lists,
//! events). Nothing here knows a browser, a GPU or a timer.

mod auto_contrast;
mod context;
mod export;
mod info;
mod layer;
mod limits;
mod lookup;
mod pool;
mod read;
mod source;
mod view;

pub use auto_contrast::Histogram;
pub use context::{ContentRead, Context, PageRequest};
pub use export::{ExportOptions, Exporting, Piece};
pub use info::{FailureInfo, LayerInfo, LayerState, LevelInfo, PanelInfo, PickInfo, PickValue, ScaleBar, Stats, VoxelValue};
pub use limits::{Limits, LimitsPatch};
pub use pool::{Pool, PoolPolicy, SpawnWorker, WorkerId, WorkerModule, WorkerPort};
pub use view::{FrameReport, View, ViewEvent};
