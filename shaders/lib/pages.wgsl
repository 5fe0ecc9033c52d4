// Page tables: from a voxel of a level to the brick that holds it.

struct Level {
    origin: vec3<f32>,
    table_offset: u32,
    du: vec3<f32>,
    dv: vec3<f32>,
    box_min: vec3<f32>,
    // The last voxel that exists.
    box_last: vec3<f32>,
    chunk_shape: vec3<f32>,
    chunk_inverse: vec3<f32>,
    brick_shape: vec3<f32>,
    brick_inverse: vec3<f32>,
    bricks_per_chunk: vec3<f32>,
    table_shape: vec3<u32>,
}

@group(0) @binding(3) var<storage, read> table: array<u32>;
// The level looked at.
var<private> level: Level;

const PAGE_LOADING: u32 = 0u;
const PAGE_ABSENT: u32 = 1u;
const PAGE_FAILED: u32 = 2u;
const PAGE_NOTHING: u32 = 3u;
const PAGE_FIRST_RECORD: u32 = 4u;

struct Page {
    // The brick place in the table; may lie outside.
    place: vec3<f32>,
    // The voxel within its brick.
    local: vec3<f32>,
    // The lower corner of the chunk.
    chunk_min: vec3<f32>,
}

fn plane_position(plane: vec2<f32>) -> vec3<f32> {
    return level.origin + plane.x * level.du + plane.y * level.dv;
}

fn in_box(voxel: vec3<f32>) -> bool {
    return all(voxel >= level.box_min) && all(voxel <= level.box_last);
}

// Division of whole numbers by a product with the inverse: exact below 2^22, the half keeps it off the whole quotients.
fn page_of(voxel: vec3<f32>) -> Page {
    let chunk = floor((voxel + 0.5) * level.chunk_inverse);
    let chunk_min = chunk * level.chunk_shape;
    let in_chunk = voxel - chunk_min;
    let brick = floor((in_chunk + 0.5) * level.brick_inverse);
    return Page(chunk * level.bricks_per_chunk + brick, in_chunk - brick * level.brick_shape, chunk_min);
}

fn page_entry(place: vec3<f32>) -> u32 {
    if any(place < vec3(0.0)) || any(place >= vec3<f32>(level.table_shape)) {
        return PAGE_NOTHING;
    }
    let at = vec3<u32>(place);
    return table[level.table_offset + at.x + level.table_shape.x * (at.y + level.table_shape.y * at.z)];
}
