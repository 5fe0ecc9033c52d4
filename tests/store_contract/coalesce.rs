//! Near ranges: exact bytes, no byte twice, few requests.

use std::ops::Range;
use std::rc::Rc;

use bytes::Bytes;
use neurolume::runtime::{CancelSource, ManualClock, MapFetch};
use neurolume::store::wrap::{CoalescePolicy, Coalesced, RetryPolicy, SpanCache};
use neurolume::store::{HttpStore, ReadOptions, ReadStore as _, ResourceKind, StoreError};
use proptest::prelude::*;

use crate::support::{Done, Tasks, client, url};

const LENGTH: u64 = 1_000;

struct Setup {
    server: MapFetch,
    store: Rc<Coalesced>,
    tasks: Tasks,
}

fn byte_at(at: u64) -> u8 {
    u8::try_from(at * 37 % 251).unwrap()
}

fn setup(gap: u64, max_span: u64, span_bytes: usize, latency: f64) -> Setup {
    let clock = ManualClock::default();
    let server = MapFetch::new(clock.clone());
    server.insert("https://h/file", (0..LENGTH).map(byte_at).collect::<Vec<_>>());
    server.set_latency(latency);
    let http = Rc::new(HttpStore::new(url("https://h"), client(&server, &clock, RetryPolicy::once())));
    let policy = CoalescePolicy::new(gap, max_span, 2.0).unwrap();
    let spans = Rc::new(SpanCache::new(span_bytes));
    let store = Rc::new(Coalesced::new(http, Rc::new(clock.clone()), policy, spans, "https://h".to_owned()));
    Setup { server, store, tasks: Tasks::new(&clock) }
}

type Reading = Done<Result<Option<Bytes>, StoreError>>;

impl Setup {
    fn read(&self, range: Range<u64>) -> Reading {
        self.read_until(range, &CancelSource::new())
    }

    fn read_until(&self, range: Range<u64>, source: &CancelSource) -> Reading {
        let (store, asked) = (Rc::clone(&self.store), ReadOptions { kind: ResourceKind::Chunk, cancel: source.token() });
        self.tasks.spawn(async move { store.get_range("file", range, &asked).await })
    }

    fn sent(&self) -> Vec<Range<u64>> {
        self.server.log().into_iter().filter_map(|exchange| exchange.sent).collect()
    }
}

fn expect(reading: &Reading, range: Range<u64>) {
    let expected: Vec<u8> = range.map(byte_at).collect();
    assert_eq!(reading.take().expect("it has ended").unwrap().as_deref(), Some(&expected[..]));
}

#[test]
fn near_ranges_are_read_together_and_gaps_are_kept() {
    let mut setup = setup(10, 100, 1_000, 50.0);
    let readings = [0..10, 15..20, 30..40, 70..80, 75..90].map(|range| (setup.read(range.clone()), range));
    setup.tasks.pass(100.0);
    readings.iter().for_each(|(reading, range)| expect(reading, range.clone()));
    assert_eq!(setup.sent(), [0..40, 70..90]);
    // The gap came along: it is not asked for again.
    let gap = setup.read(8..33);
    setup.tasks.settle();
    expect(&gap, 8..33);
    // Only what is missing between known bytes is fetched.
    let bridge = setup.read(35..95);
    setup.tasks.pass(100.0);
    expect(&bridge, 35..95);
    assert_eq!(setup.sent()[2..], [40..70, 90..95]);
}

#[test]
fn a_request_is_no_longer_than_the_policy_says_unless_ranges_overlap() {
    let mut setup = setup(10, 50, 10_000, 50.0);
    let readings: Vec<_> = (0..10).map(|index| setup.read(index * 20..index * 20 + 15)).collect();
    let overlapping = [setup.read(500..600), setup.read(590..700)];
    setup.tasks.pass(100.0);
    readings.iter().zip(0..).for_each(|(reading, index)| expect(reading, index * 20..index * 20 + 15));
    expect(&overlapping[0], 500..600);
    assert_eq!(setup.sent(), [0..35, 40..75, 80..115, 120..155, 160..195, 500..700]);
}

#[test]
fn bytes_on_their_way_are_waited_for() {
    let mut setup = setup(0, 1_000, 10_000, 50.0);
    let first = setup.read(100..200);
    setup.tasks.pass(20.0);
    let second = setup.read(150..250);
    setup.tasks.pass(100.0);
    expect(&first, 100..200);
    expect(&second, 150..250);
    assert_eq!(setup.sent(), [100..200, 200..250]);
}

#[test]
fn a_range_outside_the_file_does_not_harm_its_neighbours() {
    let mut setup = setup(100, 1_000, 10_000, 50.0);
    let good = setup.read(LENGTH - 50..LENGTH - 20);
    let bad = setup.read(LENGTH - 10..LENGTH + 10);
    setup.tasks.pass(500.0);
    expect(&good, LENGTH - 50..LENGTH - 20);
    let error = bad.take().unwrap().unwrap_err();
    assert!(matches!(error, StoreError::RangeOutside { start: 990, end: 1_010, size: 1_000, .. }), "{error:?}");
}

#[test]
fn a_reader_that_gives_up_takes_its_range_along() {
    let mut setup = setup(10, 1_000, 10_000, 50.0);
    let (kept, gone, alone) = (CancelSource::new(), CancelSource::new(), CancelSource::new());
    let first = setup.read_until(0..10, &kept);
    let second = setup.read_until(15..25, &gone);
    setup.tasks.settle();
    gone.cancel();
    setup.tasks.pass(10.0);
    assert_eq!(second.take(), Some(Err(StoreError::Cancelled)));
    assert_eq!(setup.sent(), std::slice::from_ref(&(0..10)), "what nobody waits for is not fetched");
    // The only reader of an exchange aborts it.
    let third = setup.read_until(500..510, &alone);
    setup.tasks.pass(10.0);
    alone.cancel();
    setup.tasks.settle();
    assert_eq!(third.take(), Some(Err(StoreError::Cancelled)));
    assert_eq!(setup.server.aborted(), 1);
    setup.tasks.pass(100.0);
    expect(&first, 0..10);
    // And leaves nothing behind.
    let again = setup.read(500..510);
    setup.tasks.pass(100.0);
    expect(&again, 500..510);
}

#[test]
fn one_of_two_readers_of_a_span_may_give_up() {
    let mut setup = setup(10, 1_000, 10_000, 50.0);
    let source = CancelSource::new();
    let gone = setup.read_until(0..10, &source);
    let stays = setup.read(12..20);
    setup.tasks.pass(20.0);
    source.cancel();
    setup.tasks.pass(100.0);
    assert_eq!(gone.take(), Some(Err(StoreError::Cancelled)));
    expect(&stays, 12..20);
    assert_eq!((setup.sent().as_slice(), setup.server.aborted()), (std::slice::from_ref(&(0..20)), 0));
}

fn range() -> impl Strategy<Value = Range<u64>> {
    (0..LENGTH, 1_u64..120).prop_map(|(start, length)| start..(start + length).min(LENGTH))
}

proptest! {
    /// Whatever is asked, whenever: exact bytes, no byte sent twice, not more requests than ranges with the gaps between what is known.
    #[test]
    fn no_byte_is_sent_twice(
        steps in prop::collection::vec((range(), 0_u32..80), 1..40),
        gap in 0_u64..40, max_span in 0_u64..300, latency in 0_u32..60,
    ) {
        let mut setup = setup(gap, max_span, 1 << 20, f64::from(latency));
        let mut readings = Vec::new();
        for (range, wait) in steps {
            readings.push((setup.read(range.clone()), range));
            setup.tasks.pass(f64::from(wait) / 8.0);
        }
        setup.tasks.pass(1_000.0);
        for (reading, range) in &readings {
            expect(reading, range.clone());
        }
        let mut times = vec![0; usize::try_from(LENGTH).unwrap()];
        for sent in setup.sent() {
            sent.for_each(|at| times[usize::try_from(at).unwrap()] += 1);
        }
        prop_assert!(times.iter().all(|times| *times <= 1));
        // Each range adds at most two ends, and each request but a bridge between two known spans starts or ends at one.
        prop_assert!(setup.server.log().len() <= 2 * readings.len());
    }

    /// A memory of any size, and readers that give up, change nothing about the bytes; nothing hangs.
    #[test]
    fn bytes_are_exact_with_little_memory_and_cancels(
        steps in prop::collection::vec((range(), 0_u32..80, any::<bool>()), 1..40),
        gap in 0_u64..40, span_bytes in 0_usize..600, latency in 0_u32..60,
    ) {
        let mut setup = setup(gap, 200, span_bytes, f64::from(latency));
        let mut readings = Vec::new();
        for (range, wait, gives_up) in steps {
            let source = CancelSource::new();
            readings.push((setup.read_until(range.clone(), &source), range, gives_up));
            setup.tasks.pass(f64::from(wait) / 8.0);
            if gives_up {
                source.cancel();
            }
        }
        setup.tasks.pass(2_000.0);
        for (reading, range, gives_up) in &readings {
            let ended = reading.borrow().clone().expect("it has ended");
            match ended {
                Err(StoreError::Cancelled) => prop_assert!(gives_up),
                _ => expect(reading, range.clone()),
            }
        }
    }
}
