// Resident bricks: the heap of words, the records that say how to read them, the palettes of label bricks.

@group(0) @binding(0) var<storage, read> heap: array<u32>;
@group(0) @binding(1) var<storage, read> records: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> palette: array<vec4<u32>>;

const KIND_SHIFT: u32 = 8u;
const KIND_UNSIGNED: u32 = 0u;
const KIND_SIGNED: u32 = 1u;
const KIND_FLOAT: u32 = 2u;
const KIND_LABELS: u32 = 3u;

// Stands for the infinities and everything beyond: differences of two such values stay finite.
const LARGEST: f32 = 1e38;

// The number of a voxel within its brick.
fn voxel_index(record: vec4<u32>, local: vec3<f32>) -> u32 {
    let at = vec3<u32>(local);
    return at.x + at.y * (record.y & 0xffffu) + at.z * (record.y >> 16u);
}

// The bits of a voxel; of 0 bits per voxel, the value that all voxels share.
fn read_bits(record: vec4<u32>, index: u32) -> u32 {
    let bits = record.z & 255u;
    if bits == 0u {
        return record.x;
    }
    let at = index * bits;
    let word = heap[record.x + (at >> 5u)];
    return (word >> (at & 31u)) & (0xffffffffu >> (32u - bits));
}

// The number that those bits are. Not-a-number reads as `nan`, told by its bits: WGSL may assume that there is none.
fn read_number(record: vec4<u32>, raw: u32, nan: f32) -> f32 {
    switch record.z >> KIND_SHIFT {
        case KIND_SIGNED: {
            let unused = (32u - (record.z & 255u)) & 31u;
            return f32(bitcast<i32>(raw << unused) >> unused);
        }
        case KIND_FLOAT: {
            return float_of(raw, nan);
        }
        default: {
            return f32(raw);
        }
    }
}

fn float_of(raw: u32, nan: f32) -> f32 {
    let magnitude = raw & 0x7fffffffu;
    if magnitude > 0x7f800000u {
        return nan;
    }
    if magnitude >= bitcast<u32>(LARGEST) {
        return select(LARGEST, -LARGEST, raw != magnitude);
    }
    return bitcast<f32>(raw);
}
