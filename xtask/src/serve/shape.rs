//! A slow network on this machine: a delay before each answer, and so many bytes per second over all connections.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What the network is like. The default is as fast as the machine.
#[derive(Debug)]
pub(super) struct Shape {
    latency: Duration,
    /// Zero: no limit.
    per_byte: f64,
    /// When the line has sent what was given to it so far.
    free_at: Mutex<Instant>,
}

impl Shape {
    /// `megabits` per second; zero stands for no limit.
    pub(super) fn new(latency_millis: u64, megabits: f64) -> Self {
        let per_byte = if megabits > 0.0 { 8.0 / (megabits * 1e6) } else { 0.0 };
        Self { latency: Duration::from_millis(latency_millis), per_byte, free_at: Mutex::new(Instant::now()) }
    }

    /// Waits as long as a request takes there and its answer back.
    pub(super) fn delay(&self) {
        if !self.latency.is_zero() {
            thread::sleep(self.latency);
        }
    }

    /// Waits until the line has sent so many bytes more.
    pub(super) fn pass(&self, bytes: usize) {
        if self.per_byte <= 0.0 {
            return;
        }
        let sent_at = {
            let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
            *free_at = (*free_at).max(Instant::now()) + Duration::from_secs_f64(self.per_byte * bytes as f64);
            *free_at
        };
        thread::sleep(sent_at.saturating_duration_since(Instant::now()));
    }
}
