//! Bytes to bytes or arrays: pure functions, no IO. Every length that is read is checked before memory is taken.

mod error;

pub use error::CodecError;
