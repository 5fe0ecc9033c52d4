//! Which chunks a view needs, and in what order they are asked for: plain synchronous functions, no IO, no time.

mod grid;
mod level_choice;
mod queue;
mod visible;

pub use grid::LevelGrid;
pub use level_choice::choose_level;
pub use queue::{ChunkKey, Priority, Queue, QueuePolicy, Rank, Ticket};
pub use visible::{VisibleBrick, VisibleSet, visible_bricks};
