//! Notices that a source changed, by looking at modification times twice a second.
//!
//! A few hundred files take a millisecond to look at, on every system and file system alike.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use crate::paths::root;

const WATCHED: [&str; 5] = ["src", "shaders", "pkg-template", "www", "Cargo.toml"];
const INTERVAL: Duration = Duration::from_millis(500);

/// The number of files and the newest time: changes when one is written, added or removed.
type State = (usize, Option<SystemTime>);

/// Calls `changed` after each change, for ever. A change that comes while it runs is seen afterwards.
pub(crate) fn watch(mut changed: impl FnMut()) -> ! {
    let mut seen = state();
    loop {
        sleep(INTERVAL);
        let now = state();
        if now != seen {
            seen = now;
            changed();
        }
    }
}

fn state() -> State {
    let mut state = (0, None);
    for path in WATCHED {
        add(&root().join(path), &mut state);
    }
    state
}

fn add(path: &Path, state: &mut State) {
    let Ok(meta) = fs::metadata(path) else { return };
    if meta.is_dir() {
        if path.ends_with("node_modules") {
            return;
        }
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            add(&entry.path(), state);
        }
    } else {
        state.0 += 1;
        state.1 = state.1.max(meta.modified().ok());
    }
}
