//! How much went over the network.

use serde::{Deserialize, Serialize};

/// What went over the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// HTTP requests, each attempt counted; preflights and what a browser's own cache answers cannot be told apart.
    pub requests: u64,
    /// Bytes of bodies, unpacked.
    pub bytes: u64,
}
