//! Spans of files: which bytes are known or on their way, and a small memory of those that came.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use rustc_hash::FxHashMap;

use super::ByteLru;

/// Values over spans that do not overlap.
#[derive(Debug)]
pub(super) struct SpanMap<V> {
    /// By start: the end and the value.
    spans: BTreeMap<u64, (u64, V)>,
}

impl<V> Default for SpanMap<V> {
    fn default() -> Self {
        Self { spans: BTreeMap::new() }
    }
}

impl<V> SpanMap<V> {
    /// The spans that share bytes with `range`, in order.
    pub(super) fn overlapping<'a>(&'a self, range: &Range<u64>) -> Vec<(Range<u64>, &'a V)> {
        let start = range.start;
        // Spans do not overlap, so that their ends rise with their starts.
        let before = self.spans.range(..range.end).rev().take_while(|(_, (end, _))| *end > start);
        let mut found: Vec<_> = before.map(|(start, (end, value))| (*start..*end, value)).collect();
        found.reverse();
        found
    }

    /// Puts a span in where it overlaps none.
    pub(super) fn insert(&mut self, range: Range<u64>, value: V) -> bool {
        let is_free = !range.is_empty() && self.overlapping(&range).is_empty();
        if is_free {
            self.spans.insert(range.start, (range.end, value));
        }
        is_free
    }

    pub(super) fn remove(&mut self, start: u64) {
        self.spans.remove(&start);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }
}

/// A small memory of fetched spans, under a byte budget, shared between stores: what came along in the gap between two ranges is still there
/// when it is asked for.
#[derive(Debug)]
pub struct SpanCache {
    state: RefCell<State>,
}

#[derive(Debug)]
struct State {
    bytes: ByteLru<(String, u64), Bytes>,
    files: FxHashMap<String, SpanMap<()>>,
}

impl SpanCache {
    /// An empty memory. A budget of zero remembers nothing.
    #[must_use]
    pub fn new(budget_bytes: usize) -> Self {
        Self { state: RefCell::new(State { bytes: ByteLru::new(budget_bytes), files: FxHashMap::default() }) }
    }

    pub(super) fn insert(&self, file: &str, start: u64, bytes: &Bytes) {
        let state = &mut *self.state.borrow_mut();
        let range = start..start + bytes.len() as u64;
        if !state.files.entry(file.to_owned()).or_default().insert(range, ()) {
            return;
        }
        // The key is held by both maps, and the value may be a slice that keeps a little more than itself.
        let cost = bytes.len() + 2 * file.len() + 64;
        for (file, start) in state.bytes.insert((file.to_owned(), start), bytes.clone(), cost) {
            if let Some(spans) = state.files.get_mut(&file) {
                spans.remove(start);
                if spans.is_empty() {
                    state.files.remove(&file);
                }
            }
        }
    }

    /// The remembered spans that share bytes with `range`, in order.
    pub(super) fn overlapping(&self, file: &str, range: &Range<u64>) -> Vec<(Range<u64>, Bytes)> {
        let state = &mut *self.state.borrow_mut();
        let Some(spans) = state.files.get(file) else {
            return Vec::new();
        };
        let found = spans.overlapping(range).into_iter();
        found.filter_map(|(span, ())| Some((span.clone(), state.bytes.get(&(file.to_owned(), span.start))?))).collect()
    }
}
