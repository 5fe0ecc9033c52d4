//! Page tables in whole numbers: the twin of `shaders/lib/pages.wgsl`.

use crate::scene::draw::{DrawList, LevelDraw, page};

/// Where a voxel is: its brick's place, the voxel within the brick, the chunk's lower corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) place: [i64; 3],
    pub(super) local: [i64; 3],
    pub(super) chunk_min: [i64; 3],
}

pub(super) fn plane_position(level: &LevelDraw, [u, v]: [f64; 2]) -> [f64; 3] {
    std::array::from_fn(|axis| f64::from(level.origin[axis]) + u * f64::from(level.du[axis]) + v * f64::from(level.dv[axis]))
}

/// The voxel that holds a position.
#[expect(clippy::cast_possible_truncation, reason = "positions in view are small; what is not lies outside every box")]
pub(super) fn voxel_at(position: [f64; 3]) -> [i64; 3] {
    position.map(|n| n.floor() as i64)
}

pub(super) fn in_box(level: &LevelDraw, voxel: [i64; 3]) -> bool {
    (0..3).all(|axis| (i64::from(level.box_min[axis])..i64::from(level.box_max[axis])).contains(&voxel[axis]))
}

pub(super) fn page_of(level: &LevelDraw, voxel: [i64; 3]) -> Page {
    let [chunk_shape, brick_shape, per_chunk] =
        [level.chunk_shape, level.brick_shape, level.bricks_per_chunk].map(|shape| shape.map(|n| i64::from(n.max(1))));
    let chunk: [i64; 3] = std::array::from_fn(|axis| voxel[axis].div_euclid(chunk_shape[axis]));
    let in_chunk: [i64; 3] = std::array::from_fn(|axis| voxel[axis].rem_euclid(chunk_shape[axis]));
    Page {
        place: std::array::from_fn(|axis| chunk[axis] * per_chunk[axis] + in_chunk[axis] / brick_shape[axis]),
        local: std::array::from_fn(|axis| in_chunk[axis] % brick_shape[axis]),
        chunk_min: std::array::from_fn(|axis| chunk[axis] * chunk_shape[axis]),
    }
}

pub(super) fn page_entry(list: &DrawList, level: &LevelDraw, place: [i64; 3]) -> u32 {
    let shape = level.table_shape.map(i64::from);
    let inside = (0..3).all(|axis| (0..shape[axis]).contains(&place[axis]));
    let index = i64::from(level.table_offset) + place[0] + shape[0] * (place[1] + shape[1] * place[2]);
    usize::try_from(index).ok().filter(|_| inside).and_then(|index| list.table.get(index)).copied().unwrap_or(page::NOTHING)
}
