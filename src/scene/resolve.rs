//! From a plan and what is at hand to what is wanted, what is to be uploaded, and the draw list.

use rustc_hash::FxHashMap;

use crate::chunk::{ChunkKey, LevelGrid, Priority, Rank, VisibleBrick};
use crate::geometry::DVec3;
use crate::voxel::BrickKey;

use super::draw::{LevelDraw, SliceDraw, page};
use super::plan::{LevelPlan, Plan, SceneLayer, brick_key, chunk_key};

/// Where a brick is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrickState {
    /// On the GPU, under this record.
    Resident(u32),
    /// In memory, to be uploaded.
    InMemory,
    /// Its chunk does not exist.
    Absent,
    /// Its chunk could not be had.
    Failed,
    /// Not here.
    Missing,
}

/// Tells where bricks are.
pub trait BrickLookup {
    /// The state of one brick for one layer. Asking counts as using.
    fn state(&mut self, layer: &SceneLayer, chunk: &ChunkKey, brick: &BrickKey) -> BrickState;

    /// Whether a brick would have to be fetched. Asking does not count as using: what only may come into view must not
    /// keep its place from what is.
    fn is_missing(&self, layer: &SceneLayer, chunk: &ChunkKey, brick: &BrickKey) -> bool;
}

/// How much of one layer is there, in chunks of the target level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ChunkCounts {
    /// In view.
    pub visible: usize,
    /// There.
    pub loaded: usize,
    /// Known not to exist.
    pub absent: usize,
    /// Could not be had.
    pub failed: usize,
}

/// A brick to be uploaded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UploadWant {
    /// The layer, by its place in the list of layers.
    pub layer: usize,
    /// The brick.
    pub key: BrickKey,
    /// The chunk that it came with.
    pub chunk: ChunkKey,
    /// Uploads go in this order.
    pub priority: Priority,
}

/// What a plan asks for, given what is at hand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Needs {
    /// Chunks to fetch.
    pub chunks: Vec<(ChunkKey, Priority)>,
    /// Bricks to upload, most urgent first.
    pub uploads: Vec<UploadWant>,
    /// Per layer.
    pub counts: Vec<ChunkCounts>,
}

/// What is needed for a plan.
#[must_use]
pub fn needs(plan: &Plan, layers: &[SceneLayer], lookup: &mut dyn BrickLookup) -> Needs {
    let mut needs = Needs { counts: vec![ChunkCounts::default(); layers.len()], ..Needs::default() };
    let mut chunk_states: Vec<FxHashMap<ChunkKey, BrickState>> = vec![FxHashMap::default(); layers.len()];
    for slice in &plan.slices {
        let (Some(layer), Some(view)) = (layers.get(slice.layer), plan.planes.get(slice.plane)) else { continue };
        let mut covered = false;
        for (index, level) in slice.levels.iter().enumerate() {
            let Some(rank) = level.rank else { continue };
            // A preview is only worth its bytes while the target is not there.
            if rank == Rank::Preview && covered {
                continue;
            }
            let mut complete = true;
            for brick in &level.set.bricks {
                let (chunk, key) = (chunk_key(layer, level.level, brick), brick_key(layer, level.level, brick));
                let priority = Priority { rank, distance_px: brick.distance_px + view.handicap_px };
                let state = lookup.state(layer, &chunk, &key);
                match state {
                    BrickState::Missing => needs.chunks.push((chunk, priority)),
                    BrickState::InMemory => needs.uploads.push(UploadWant { layer: slice.layer, key, chunk, priority }),
                    BrickState::Resident(_) | BrickState::Absent | BrickState::Failed => {}
                }
                complete &= state != BrickState::Missing;
                if index == 0
                    && let Some(states) = chunk_states.get_mut(slice.layer)
                {
                    // A chunk is there when all its bricks are, and has failed when one has.
                    let known = states.entry(chunk).or_insert(state);
                    if state == BrickState::Missing || (state == BrickState::Failed && *known != BrickState::Missing) {
                        *known = state;
                    }
                }
            }
            covered |= complete;
        }
    }
    for (counts, states) in needs.counts.iter_mut().zip(&chunk_states) {
        counts.visible = states.len();
        for state in states.values() {
            match state {
                BrickState::Resident(_) | BrickState::InMemory => counts.loaded += 1,
                BrickState::Absent => counts.absent += 1,
                BrickState::Failed => counts.failed += 1,
                BrickState::Missing => {}
            }
        }
    }
    needs.uploads.sort_by(|a, b| a.priority.rank.cmp(&b.priority.rank).then(a.priority.distance_px.total_cmp(&b.priority.distance_px)));
    let ahead = plan.prefetch.iter().filter(|it| layers.get(it.layer).is_some_and(|layer| lookup.is_missing(layer, &it.chunk, &it.brick)));
    needs.chunks.extend(ahead.map(|it| (it.chunk, it.priority)));
    needs
}

/// The slices of each panel, and the page tables that they point into. `mark_loading`: whether what is on its way is to be
/// told from what is not wanted.
#[must_use]
pub fn slices(
    plan: &Plan,
    layers: &[SceneLayer],
    panels: usize,
    mark_loading: bool,
    lookup: &mut dyn BrickLookup,
) -> (Vec<Vec<SliceDraw>>, Vec<u32>) {
    let mut by_panel = vec![Vec::new(); panels];
    let mut table = Vec::new();
    for slice in &plan.slices {
        let (Some(layer), Some(view)) = (layers.get(slice.layer), plan.planes.get(slice.plane)) else { continue };
        let Some(draws) = by_panel.get_mut(view.panel) else { continue };
        let mut levels = smallvec::SmallVec::new();
        for level in &slice.levels {
            let Some(grid) = layer.levels.get(level.level) else { continue };
            let Some((draw, complete)) = level_draw(grid, level, layer, mark_loading, &mut table, lookup) else { continue };
            levels.push(draw);
            // What is wholly there needs nothing to stand in for it.
            if complete {
                break;
            }
        }
        #[expect(clippy::cast_possible_truncation, reason = "panels have far fewer than 2^24 pixels")]
        draws.push(SliceDraw {
            clip_from_plane: view.clip_from_plane.as_mat4(),
            plane_rect: [0.0, 0.0, view.plane.size.x as f32, view.plane.size.y as f32],
            levels,
            style: layer.style,
        });
    }
    (by_panel, table)
}

/// Writes one level's page table. Also says whether every brick in view is drawn from it.
fn level_draw(
    grid: &LevelGrid,
    level: &LevelPlan,
    layer: &SceneLayer,
    mark_loading: bool,
    table: &mut Vec<u32>,
    lookup: &mut dyn BrickLookup,
) -> Option<(LevelDraw, bool)> {
    if level.set.bricks.is_empty() {
        return None;
    }
    let [low, high] = level.set.chunk_range;
    let per_chunk = grid.bricks_per_chunk;
    let table_shape: [u32; 3] = std::array::from_fn(|axis| (high[axis] - low[axis] + 1).unsigned_abs() * per_chunk[axis]);
    let table_offset = u32::try_from(table.len()).ok()?;
    let places = table_shape.iter().map(|&n| n as usize).product::<usize>();
    table.resize(table.len() + places, page::NOTHING);
    let first_brick: [i32; 3] = std::array::from_fn(|axis| low[axis] * per_chunk[axis].cast_signed());
    let mut complete = true;
    let mut any = false;
    for brick in &level.set.bricks {
        let word = match lookup.state(layer, &chunk_key(layer, level.level, brick), &brick_key(layer, level.level, brick)) {
            BrickState::Resident(record) => page::resident(record),
            BrickState::Absent => page::ABSENT,
            BrickState::Failed => page::FAILED,
            BrickState::InMemory | BrickState::Missing if mark_loading && level.rank.is_some() => page::LOADING,
            BrickState::InMemory | BrickState::Missing => page::NOTHING,
        };
        complete &= word >= page::FIRST_RECORD || word == page::ABSENT;
        // The target's table tells where the volume is, whatever is there.
        any |= word != page::NOTHING || level.rank == Some(Rank::Visible);
        if let Some(place) = place_of(brick, first_brick, table_shape)
            && let Some(entry) = table.get_mut(table_offset as usize + place)
        {
            *entry = word;
        }
    }
    if !any {
        table.truncate(table_offset as usize);
        return None;
    }
    let base = grid.chunk_min(low);
    let relative = |voxel: [i64; 3]| -> [i32; 3] { std::array::from_fn(|axis| clamp_i32(voxel[axis] - base[axis])) };
    #[expect(clippy::cast_precision_loss, reason = "relative to the base the numbers are small")]
    let draw = LevelDraw {
        base_voxel: base,
        origin: std::array::from_fn(|axis| in_its_voxel(level.plane.origin[axis] - base[axis] as f64)),
        du: straightened(level.plane.du),
        dv: straightened(level.plane.dv),
        box_min: relative(grid.voxel_box.min),
        box_max: relative(grid.voxel_box.max),
        chunk_shape: grid.chunk_shape,
        brick_shape: grid.brick_shape,
        bricks_per_chunk: per_chunk,
        table_shape,
        table_offset,
    };
    Some((draw, complete))
}

/// A position in single precision, in the same voxel: what was planned is what is drawn.
#[expect(clippy::cast_possible_truncation, reason = "as the shader reads it")]
fn in_its_voxel(position: f64) -> f32 {
    let (rounded, voxel) = (position as f32, position.floor() as f32);
    if rounded < voxel {
        voxel
    } else if rounded >= voxel + 1.0 {
        (voxel + 1.0).next_down()
    } else {
        rounded
    }
}

/// A direction that a rotation by a right angle has left a hair beside an axis lies along it: planes along axes are drawn faster.
#[expect(clippy::cast_possible_truncation, reason = "as the shader reads it")]
fn straightened(direction: DVec3) -> [f32; 3] {
    let negligible = direction.abs().max_element() * 1e-9;
    direction.to_array().map(|n| if n.abs() <= negligible { 0.0 } else { n }).map(|n| n as f32)
}

fn place_of(brick: &VisibleBrick, first: [i32; 3], shape: [u32; 3]) -> Option<usize> {
    let mut at = [0_usize; 3];
    for axis in 0..3 {
        let place = u32::try_from(brick.brick[axis] - first[axis]).ok().filter(|&place| place < shape[axis])?;
        at[axis] = place as usize;
    }
    Some(at[0] + shape[0] as usize * (at[1] + shape[1] as usize * at[2]))
}

fn clamp_i32(n: i64) -> i32 {
    i32::try_from(n).unwrap_or(if n < 0 { i32::MIN } else { i32::MAX })
}
