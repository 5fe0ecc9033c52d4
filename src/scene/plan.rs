//! What a view needs to see: for each panel, plane and layer, which levels and which of their bricks.
//!
//! A plan follows from the view and the layers alone; it stays until one of them changes, however much data arrives.

use smallvec::SmallVec;

use crate::chunk::{ChunkKey, LevelGrid, Priority, Rank, VisibleBrick, VisibleSet, choose_level, visible_bricks};
use crate::geometry::{DAffine3, DMat4, DVec3, PixelPlane};
use crate::voxel::BrickKey;

use super::draw::SliceStyle;

/// A layer that is shown.
#[derive(Clone, Debug)]
pub struct SceneLayer {
    /// The layer's number in the residency.
    pub layer: u32,
    /// The source of its bricks.
    pub source: u32,
    /// The levels of the source, finest first.
    pub levels: std::rc::Rc<Vec<LevelGrid>>,
    /// From the world to the volume's own nm.
    pub volume_from_world: DAffine3,
    /// How it looks.
    pub style: SliceStyle,
    /// Roughly what a voxel takes on the GPU, bytes.
    pub bytes_per_voxel: f64,
}

/// A plane to be drawn in a panel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaneView {
    /// Which panel, by its place in the list of panels.
    pub panel: usize,
    /// The plane, world nm.
    pub plane: PixelPlane,
    /// Plane coordinates (u, v, 0, 1) to the panel's clip space.
    pub clip_from_plane: DMat4,
    /// Planes of equal rank are worked on nearest to their middle first; a plane with a handicap comes later by as many pixels.
    pub handicap_px: f64,
}

/// What a plan may ask for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlanPolicy {
    /// Chunks of one level in one plane; beyond it a coarser level is taken.
    pub most_chunks: usize,
    /// Page table words of one level in one plane.
    pub most_places: u64,
    /// Bytes of all target levels together: beyond it, coarser levels are taken.
    pub most_gpu_bytes: f64,
    /// How many levels coarser than the target the first picture is.
    pub preview_levels: usize,
}

impl Default for PlanPolicy {
    fn default() -> Self {
        Self { most_chunks: 16_384, most_places: 1 << 21, most_gpu_bytes: 256e6, preview_levels: 3 }
    }
}

/// One level of one layer in one plane.
#[derive(Clone, Debug)]
pub struct LevelPlan {
    /// 0 is the finest.
    pub level: usize,
    /// The plane in this level's voxels.
    pub plane: PixelPlane,
    /// The bricks that the plane cuts.
    pub set: VisibleSet,
    /// Why its chunks are asked for; `None`: only what happens to be there is drawn.
    pub rank: Option<Rank>,
}

/// One layer in one plane: the target level first, then coarser ones.
#[derive(Clone, Debug)]
pub struct SlicePlan {
    /// The plane, by its place in [`Plan::planes`].
    pub plane: usize,
    /// The layer, by its place in the list of layers.
    pub layer: usize,
    /// The target first.
    pub levels: SmallVec<[LevelPlan; 4]>,
}

/// What a view needs.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The planes.
    pub planes: Vec<PlaneView>,
    /// In drawing order: by plane, then by layer.
    pub slices: Vec<SlicePlan>,
    /// What is perhaps soon needed.
    pub prefetch: Vec<AheadBrick>,
}

/// A brick that comes into view if the view moves on as it does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AheadBrick {
    /// The layer, by its place in the list of layers.
    pub layer: usize,
    /// The chunk to fetch it with.
    pub chunk: ChunkKey,
    /// The brick.
    pub brick: BrickKey,
    /// Always of rank [`Rank::Prefetch`].
    pub priority: Priority,
}

/// The horizon of prefetching: a view that moves on like this for so long will need it.
const PREFETCH_MILLIS: f64 = 700.0;

impl Plan {
    /// Plans these planes and layers. `movement` is the view's velocity, world nm per millisecond.
    #[must_use]
    pub fn new(planes: Vec<PlaneView>, layers: &[SceneLayer], movement: DVec3, policy: &PlanPolicy) -> Self {
        let deepest = layers.iter().map(|layer| layer.levels.len()).max().unwrap_or(0);
        let mut slices = Vec::new();
        // Where the targets together would not fit on the GPU, all go coarser by one, and so on.
        for coarser in 0..deepest.max(1) {
            slices = planes
                .iter()
                .enumerate()
                .flat_map(|(plane, view)| {
                    layers.iter().enumerate().filter_map(move |(layer, it)| slice(plane, view, layer, it, coarser, policy))
                })
                .collect();
            if target_bytes(&slices, layers) <= policy.most_gpu_bytes {
                break;
            }
        }
        let mut plan = Self { planes, slices, prefetch: Vec::new() };
        if movement.length_squared() > 0.0 {
            plan.prefetch = plan.ahead(layers, movement * PREFETCH_MILLIS, policy);
        }
        plan
    }

    fn ahead(&self, layers: &[SceneLayer], shift: DVec3, policy: &PlanPolicy) -> Vec<AheadBrick> {
        let mut bricks = Vec::new();
        for slice in &self.slices {
            let (Some(target), Some(layer), Some(view)) = (slice.levels.first(), layers.get(slice.layer), self.planes.get(slice.plane))
            else {
                continue;
            };
            let Some(grid) = layer.levels.get(target.level) else { continue };
            let mut plane = view.plane;
            plane.origin += shift;
            let plane = plane.transformed(&(grid.voxel_from_nm * layer.volume_from_world));
            let set = visible_bricks(grid, &plane, layer.style.is_linear(), policy.most_chunks).unwrap_or_default();
            bricks.extend(set.bricks.iter().map(|brick| AheadBrick {
                layer: slice.layer,
                chunk: chunk_key(layer, target.level, brick),
                brick: brick_key(layer, target.level, brick),
                priority: Priority { rank: Rank::Prefetch, distance_px: brick.distance_px + view.handicap_px },
            }));
        }
        bricks
    }
}

/// The key of a visible brick's chunk.
#[must_use]
pub fn chunk_key(layer: &SceneLayer, level: usize, brick: &VisibleBrick) -> ChunkKey {
    ChunkKey { source: layer.source, level: level_number(level), grid: brick.chunk }
}

/// The key of a visible brick.
#[must_use]
pub fn brick_key(layer: &SceneLayer, level: usize, brick: &VisibleBrick) -> BrickKey {
    BrickKey { source: layer.source, level: level_number(level), grid: brick.brick }
}

/// Volumes of more than 255 levels are refused when they are opened.
fn level_number(level: usize) -> u8 {
    u8::try_from(level).unwrap_or(u8::MAX)
}

fn slice(plane: usize, view: &PlaneView, layer_index: usize, layer: &SceneLayer, coarser: usize, policy: &PlanPolicy) -> Option<SlicePlan> {
    let last = layer.levels.len().checked_sub(1)?;
    let chosen = (choose_level(&layer.levels, &view.plane, &layer.volume_from_world) + coarser).min(last);
    let cut = |level: usize| {
        let grid = layer.levels.get(level)?;
        let in_voxels = view.plane.transformed(&(grid.voxel_from_nm * layer.volume_from_world));
        let set = visible_bricks(grid, &in_voxels, layer.style.is_linear(), policy.most_chunks)?;
        (places(grid, &set) <= policy.most_places).then_some((in_voxels, set))
    };
    let mut levels = SmallVec::new();
    for level in chosen..=last {
        let Some((plane, set)) = cut(level) else { continue };
        let rank = match levels.first() {
            None => Some(Rank::Visible),
            Some(LevelPlan { level: target, .. }) if level == (target + policy.preview_levels).min(last) => Some(Rank::Preview),
            Some(_) => None,
        };
        levels.push(LevelPlan { level, plane, set, rank });
    }
    (!levels.is_empty()).then_some(SlicePlan { plane, layer: layer_index, levels })
}

/// Brick places of the box of chunks around a set.
fn places(grid: &LevelGrid, set: &VisibleSet) -> u64 {
    if set.bricks.is_empty() {
        return 0;
    }
    let [low, high] = set.chunk_range;
    (0..3).fold(1, |product: u64, axis| {
        let chunks = i64::from(high[axis]) - i64::from(low[axis]) + 1;
        product.saturating_mul(chunks.unsigned_abs()).saturating_mul(u64::from(grid.bricks_per_chunk[axis]))
    })
}

fn target_bytes(slices: &[SlicePlan], layers: &[SceneLayer]) -> f64 {
    slices
        .iter()
        .filter_map(|slice| {
            let (layer, target) = (layers.get(slice.layer)?, slice.levels.first()?);
            let brick: f64 = layer.levels.get(target.level)?.brick_shape.map(f64::from).iter().product();
            Some(brick * layer.bytes_per_voxel * target.set.bricks.len() as f64)
        })
        .sum()
}

#[cfg(test)]
mod tests;
