//! Plans and what follows from them, on volumes and views at random. The lookup is a set that the test fills.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::chunk::{Queue, QueuePolicy, Ticket};
use crate::format::{LevelSpec, Sharding};
use crate::geometry::{DQuat, DVec2, VoxelBox};
use crate::scene::draw::SegmentationStyle;
use crate::scene::resolve::{BrickLookup, BrickState, needs};

/// Bricks by state; what is in none is missing.
#[derive(Default)]
struct Known(BTreeMap<BrickKey, BrickState>);

impl BrickLookup for Known {
    fn state(&mut self, _: &SceneLayer, _: &ChunkKey, brick: &BrickKey) -> BrickState {
        self.0.get(brick).copied().unwrap_or(BrickState::Missing)
    }

    fn is_missing(&self, _: &SceneLayer, _: &ChunkKey, brick: &BrickKey) -> bool {
        !self.0.contains_key(brick)
    }
}

fn layer(source: u32, shape: [i64; 3], chunk_shape: [u32; 3], levels: u32) -> SceneLayer {
    let level = |number: u32| {
        LevelGrid::new(&LevelSpec {
            voxel_size_nm: [f64::from(1 << number); 3],
            offset_nm: [0.0; 3],
            voxel_box: VoxelBox::from_shape([0; 3], shape.map(|n| (n >> number).max(1))),
            chunk_origin: [0; 3],
            chunk_shape,
            encoding: "raw".to_owned(),
            sharding: Sharding::None,
        })
    };
    SceneLayer {
        layer: source,
        source,
        levels: std::rc::Rc::new((0..levels).map(level).collect()),
        volume_from_world: DAffine3::IDENTITY,
        style: SliceStyle::Segmentation(SegmentationStyle { opacity: 1.0, outline_px: 0.0, outline_opacity: 0.0 }),
        bytes_per_voxel: 1.0,
    }
}

#[derive(Clone, Debug)]
struct Scene {
    layers: Vec<SceneLayer>,
    planes: Vec<PlaneView>,
    movement: DVec3,
}

prop_compose! {
    fn scene()(
        shapes in prop::collection::vec((prop::array::uniform3(1_i64..700), prop::array::uniform3(8_u32..80), 1_u32..5), 1..3),
        views in prop::collection::vec((prop::array::uniform3(-3.0_f64..3.0), prop::array::uniform3(-50.0_f64..700.0), 0.3_f64..6.0), 1..3),
        movement in prop::array::uniform3(-1.0_f64..1.0), moves in any::<bool>(),
    ) -> Scene {
        let layers = shapes.iter().zip(1..).map(|((shape, chunk, levels), source)| layer(source, *shape, *chunk, *levels)).collect();
        let planes = views.iter().enumerate().map(|(panel, (angles, at, scale))| {
            let turn = DQuat::from_euler(glam::EulerRot::XYZ, angles[0], angles[1], angles[2]);
            let plane = PixelPlane { origin: DVec3::from_array(*at), du: turn * DVec3::X * *scale, dv: turn * DVec3::Y * *scale, size: DVec2::new(120.0, 90.0) };
            PlaneView { panel, plane, clip_from_plane: DMat4::IDENTITY, handicap_px: 0.0 }
        });
        Scene { layers, planes: planes.collect(), movement: if moves { DVec3::from_array(movement) } else { DVec3::ZERO } }
    }
}

fn chunks(level: &LevelPlan) -> BTreeSet<[i32; 3]> {
    level.set.bricks.iter().map(|brick| brick.chunk).collect()
}

proptest! {
    /// No level of a plane takes more chunks or page table words than allowed, and the targets together no more bytes,
    /// unless there is nothing coarser.
    #[test]
    fn budgets_are_never_exceeded(scene in scene(), most_chunks in 1_usize..200, most_places in 1_u64..3000, most_gpu_bytes in 1e3_f64..1e7) {
        let policy = PlanPolicy { most_chunks, most_places, most_gpu_bytes, preview_levels: 2 };
        let plan = Plan::new(scene.planes, &scene.layers, scene.movement, &policy);
        let (mut bytes, mut coarsest) = (0.0, true);
        for slice in &plan.slices {
            let layer = &scene.layers[slice.layer];
            for level in &slice.levels {
                let found = chunks(level);
                prop_assert!(found.len() <= most_chunks);
                let span = |axis: usize| {
                    let along = || found.iter().map(move |chunk| i64::from(chunk[axis]));
                    along().max().zip(along().min()).map_or(0, |(max, min)| max - min + 1)
                };
                let per_chunk = layer.levels[level.level].bricks_per_chunk;
                let places: u64 = (0..3).map(|axis| span(axis).unsigned_abs() * u64::from(per_chunk[axis])).product();
                prop_assert!(places <= most_places);
            }
            let target = &slice.levels[0];
            let brick: f64 = layer.levels[target.level].brick_shape.map(f64::from).iter().product();
            bytes += brick * target.set.bricks.len() as f64;
            coarsest &= slice.levels.len() == 1;
        }
        prop_assert!(bytes <= most_gpu_bytes || coarsest, "{} bytes", bytes);
    }

    /// All of the target that is missing is asked for, nothing that is known is, and what is ahead comes last.
    #[test]
    fn exactly_what_is_missing_is_asked_for(scene in scene(), states in prop::collection::vec(0_usize..6, 64)) {
        let plan = Plan::new(scene.planes, &scene.layers, scene.movement, &PlanPolicy::default());
        let mut known = Known::default();
        let all = plan.slices.iter().flat_map(|slice| {
            let layer = &scene.layers[slice.layer];
            slice.levels.iter().flat_map(move |level| level.set.bricks.iter().map(move |brick| brick_key(layer, level.level, brick)))
        });
        let ahead: Vec<BrickKey> = plan.prefetch.iter().map(|it| it.brick).collect();
        for (at, key) in all.chain(ahead).enumerate() {
            let of = [BrickState::Resident(0), BrickState::InMemory, BrickState::Absent, BrickState::Failed];
            if let Some(state) = of.get(states[at % states.len()]) {
                known.0.entry(key).or_insert(*state);
            }
        }
        let wanted = needs(&plan, &scene.layers, &mut known);
        let mut missing = BTreeSet::new();
        for slice in &plan.slices {
            let layer = &scene.layers[slice.layer];
            let target = &slice.levels[0];
            for brick in target.set.bricks.iter().filter(|brick| !known.0.contains_key(&brick_key(layer, target.level, brick))) {
                missing.insert(chunk_key(layer, target.level, brick));
            }
        }
        let of_rank = |rank: Rank| wanted.chunks.iter().filter(move |(_, priority)| priority.rank == rank).map(|(key, _)| *key);
        prop_assert_eq!(of_rank(Rank::Visible).collect::<BTreeSet<_>>(), missing);
        let missing_ahead: BTreeSet<ChunkKey> = plan.prefetch.iter().filter(|it| !known.0.contains_key(&it.brick)).map(|it| it.chunk).collect();
        prop_assert_eq!(of_rank(Rank::Prefetch).collect::<BTreeSet<_>>(), missing_ahead);
        prop_assert!(of_rank(Rank::Read).next().is_none());
        prop_assert!(scene.movement != DVec3::ZERO || of_rank(Rank::Prefetch).next().is_none(), "nothing lies ahead of a view at rest");
        let places = |rank: Rank| wanted.uploads.iter().position(move |want| want.priority.rank == rank);
        prop_assert!(places(Rank::Visible).is_none_or(|first| wanted.uploads.iter().skip(first).all(|want| want.priority.rank != Rank::Preview)));
    }

    /// From an empty cache, whatever order answers come in: previews before targets, each nearest first, and after as many
    /// answers as there are chunks to see, all is there.
    #[test]
    fn all_in_view_comes_previews_first(scene in scene(), most_in_flight in 1_usize..9, order in prop::collection::vec(any::<prop::sample::Index>(), 16)) {
        let plan = Plan::new(scene.planes, &scene.layers, scene.movement, &PlanPolicy::default());
        let mut known = Known::default();
        let mut queue = Queue::new(QueuePolicy { most_in_flight, most_prefetch: most_in_flight / 4 });
        let in_view: BTreeSet<ChunkKey> = needs(&plan, &scene.layers, &mut known).chunks.iter().filter(|(_, priority)| priority.rank <= Rank::Visible).map(|(key, _)| *key).collect();
        let (mut under_way, mut answers, mut asked) = (Vec::new(), 0, BTreeSet::new());
        loop {
            let wanted = needs(&plan, &scene.layers, &mut known);
            let mut best: BTreeMap<ChunkKey, Priority> = BTreeMap::new();
            for (key, priority) in &wanted.chunks {
                let known = best.entry(*key).or_insert(*priority);
                if (priority.rank, priority.distance_px) < (known.rank, known.distance_px) {
                    *known = *priority;
                }
            }
            let cancelled = queue.set_wants(Ticket(1), wanted.chunks.iter().copied());
            under_way.retain(|key| !cancelled.contains(key));
            let mut last: Option<(Rank, f64)> = None;
            while let Some(key) = queue.start_next() {
                let place = (best[&key].rank, best[&key].distance_px);
                prop_assert!(last.is_none_or(|last| last <= place), "{:?} after {:?}", place, last);
                prop_assert!(asked.insert(key), "{:?} is asked for twice", key);
                last = Some(place);
                under_way.push(key);
            }
            if !best.values().any(|priority| priority.rank <= Rank::Visible) {
                break;
            }
            prop_assert!(!under_way.is_empty(), "something is wanted and nothing is under way");
            let key = under_way.swap_remove(order[answers % order.len()].index(under_way.len()));
            prop_assert!(queue.finish(&key));
            answers += 1;
            prop_assert!(answers <= in_view.len() + plan.prefetch.len(), "it takes more answers than there are chunks");
            let grid = &scene.layers.iter().find(|layer| layer.source == key.source).unwrap().levels[usize::from(key.level)];
            for brick in grid.bricks_of_chunk(key.grid) {
                known.0.insert(BrickKey { source: key.source, level: key.level, grid: brick }, BrickState::InMemory);
            }
        }
        let counts = needs(&plan, &scene.layers, &mut known).counts;
        prop_assert!(counts.iter().all(|counts| counts.loaded == counts.visible));
    }
}
