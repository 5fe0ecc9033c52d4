//! The queue against a model that only remembers who wants what.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

fn key(n: i32) -> ChunkKey {
    ChunkKey { source: 1, level: 0, grid: [n, 0, 0] }
}

#[derive(Clone, Debug)]
enum Step {
    /// A ticket states all that it wants: chunk, rank, distance.
    Want(u64, Vec<(i32, usize, u8)>),
    /// Chunks are started as far as there is room.
    Start,
    /// One of those under way has come.
    Finish(prop::sample::Index),
}

const RANKS: [Rank; 4] = [Rank::Preview, Rank::Visible, Rank::Read, Rank::Prefetch];

fn step() -> impl Strategy<Value = Step> {
    let wants = prop::collection::vec((0..40_i32, 0..RANKS.len(), 0..20_u8), 0..30);
    prop_oneof![
        2 => (0..3_u64, wants).prop_map(|(ticket, wants)| Step::Want(ticket, wants)),
        3 => Just(Step::Start),
        3 => any::<prop::sample::Index>().prop_map(Step::Finish),
    ]
}

/// Rank and distance, so that the lesser goes first.
type Place = (Rank, u8);

/// Who wants what, and what is under way.
#[derive(Default)]
struct Model {
    wants: BTreeMap<u64, Vec<(i32, usize, u8)>>,
    under_way: BTreeSet<i32>,
}

impl Model {
    /// The best place of every wanted chunk.
    fn places(&self) -> BTreeMap<i32, Place> {
        let mut places = BTreeMap::new();
        for (n, rank, distance) in self.wants.values().flatten() {
            let place = (RANKS[*rank], *distance);
            let best = places.entry(*n).or_insert(place);
            *best = place.min(*best);
        }
        places
    }

    fn prefetches(&self, places: &BTreeMap<i32, Place>) -> usize {
        self.under_way.iter().filter(|n| places[n].0 == Rank::Prefetch).count()
    }
}

proptest! {
    /// Never more under way than allowed, the best first, and no room left empty while something may go.
    #[test]
    fn the_best_goes_first_and_budgets_hold(
        most_in_flight in 1_usize..9, most_prefetch in 0_usize..4, steps in prop::collection::vec(step(), 1..60), sharded: bool,
    ) {
        let mut queue = Queue::new(QueuePolicy { most_in_flight, most_prefetch });
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Want(ticket, wants) => {
                    let stated = wants.iter().map(|&(n, rank, distance)| (key(n), Priority { rank: RANKS[rank], distance_px: f64::from(distance) }));
                    let cancelled: BTreeSet<i32> = queue.set_wants(Ticket(ticket), stated).iter().map(|key| key.grid[0]).collect();
                    model.wants.insert(ticket, wants);
                    let places = model.places();
                    let dropped: BTreeSet<i32> = model.under_way.iter().copied().filter(|n| !places.contains_key(n)).collect();
                    prop_assert_eq!(&cancelled, &dropped, "what nobody wants any more is cancelled, and nothing else");
                    model.under_way.retain(|n| !dropped.contains(n));
                }
                Step::Start => {
                    let places = model.places();
                    while let Some(started) = queue.start_next() {
                        let n = started.grid[0];
                        let best = places.iter().filter(|(n, _)| !model.under_way.contains(n)).map(|(_, place)| *place).min();
                        prop_assert_eq!(Some(places[&n]), best);
                        prop_assert!(model.under_way.insert(n), "{} is started twice", n);
                        prop_assert!(model.under_way.len() <= most_in_flight);
                        prop_assert!(places[&n].0 != Rank::Prefetch || model.prefetches(&places) <= most_prefetch);
                        for beside in if sharded { queue.start_beside(&started) } else { Vec::new() } {
                            let other = beside.grid[0];
                            prop_assert_eq!((other / 2, places[&other].0), (n / 2, places[&n].0), "a neighbour that is as urgent");
                            prop_assert!(model.under_way.insert(other), "{} is started twice", other);
                            prop_assert!(model.under_way.len() < most_in_flight + 8 && places[&other].0 != Rank::Prefetch);
                        }
                    }
                    let waiting: Vec<Place> = places.iter().filter(|(n, _)| !model.under_way.contains(n)).map(|(_, place)| *place).collect();
                    let may_go = |place: &Place| place.0 != Rank::Prefetch || model.prefetches(&places) < most_prefetch;
                    prop_assert!(model.under_way.len() >= most_in_flight || !waiting.iter().any(may_go), "room is left for {:?}", waiting);
                }
                Step::Finish(which) => {
                    if model.under_way.is_empty() {
                        continue;
                    }
                    let n = *which.get(&model.under_way.iter().copied().collect::<Vec<_>>());
                    prop_assert!(queue.finish(&key(n)));
                    prop_assert!(!queue.finish(&key(n)), "an answer counts once");
                    model.under_way.remove(&n);
                    for wants in model.wants.values_mut() {
                        wants.retain(|(wanted, ..)| *wanted != n);
                    }
                }
            }
            prop_assert_eq!(queue.in_flight(), model.under_way.len());
            prop_assert_eq!(queue.waiting() + queue.in_flight(), model.places().len());
        }
    }

    /// However the answers come, a chunk on screen is started after no more of them than there are chunks on screen before
    /// it, though what is fetched ahead was there first.
    #[test]
    fn nothing_on_screen_starves(
        most_in_flight in 2_usize..9, visible in 1_i32..60, ahead in 0_i32..60, order in prop::collection::vec(any::<prop::sample::Index>(), 200),
    ) {
        let most_prefetch = most_in_flight / 4;
        let mut queue = Queue::new(QueuePolicy { most_in_flight, most_prefetch });
        let prefetch: Vec<_> = (100..100 + ahead).map(|n| (key(n), Priority { rank: Rank::Prefetch, distance_px: 0.0 })).collect();
        queue.set_wants(Ticket(1), prefetch.clone());
        let mut under_way = Vec::new();
        while let Some(started) = queue.start_next() {
            under_way.push(started.grid[0]);
        }
        let on_screen = (0..visible).map(|n| (key(n), Priority { rank: Rank::Visible, distance_px: f64::from(n) }));
        queue.set_wants(Ticket(1), prefetch.into_iter().chain(on_screen));
        let (mut answers, mut next) = (0_usize, 0);
        for which in order {
            while let Some(started) = queue.start_next() {
                let n = started.grid[0];
                if n < visible {
                    prop_assert_eq!(n, next, "nearest first");
                    let before = usize::try_from(n).unwrap() + 1;
                    // What was fetched ahead may hold its share of the places, and no more.
                    prop_assert!(answers <= before.saturating_sub(most_in_flight - most_prefetch), "{} after {} answers", n, answers);
                    next += 1;
                }
                under_way.push(n);
            }
            if under_way.is_empty() {
                break;
            }
            // The worst case: answers for what is ahead, if any, come last.
            let on_screen: Vec<usize> = (0..under_way.len()).filter(|&at| under_way[at] < visible).collect();
            let at = if on_screen.is_empty() { which.index(under_way.len()) } else { *which.get(&on_screen) };
            queue.finish(&key(under_way.swap_remove(at)));
            answers += 1;
        }
        prop_assert_eq!(next, visible);
    }
}

#[test]
fn neighbours_in_a_file_are_started_together() {
    let mut queue = Queue::new(QueuePolicy { most_in_flight: 2, most_prefetch: 1 });
    let at = |x, y, z| ChunkKey { source: 1, level: 0, grid: [x, y, z] };
    let visible = |distance_px| Priority { rank: Rank::Visible, distance_px };
    let plane = (-2..2).flat_map(|x| (-2..2).map(move |y| (x, y)));
    let wants = plane.map(|(x, y)| (at(x, y, 3), visible(f64::from((x + 1).pow(2) + (y + 1).pow(2)))));
    queue.set_wants(Ticket(1), wants.chain([(at(-1, -1, 2), Priority { rank: Rank::Preview, distance_px: 9.0 })]));
    assert_eq!(queue.start_next(), Some(at(-1, -1, 2)));
    assert_eq!(queue.start_beside(&at(-1, -1, 2)), [], "none that is less urgent");
    assert_eq!(queue.start_next(), Some(at(-1, -1, 3)));
    assert_eq!(queue.start_beside(&at(-1, -1, 3)), [at(-2, -2, 3), at(-1, -2, 3), at(-2, -1, 3)]);
    assert_eq!((queue.in_flight(), queue.start_next()), (5, None), "a request more would be too many");
}
