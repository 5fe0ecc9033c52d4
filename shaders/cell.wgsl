// Cells of a plane: parts within which each slice shows one brick, one kind of mark, or nothing.
//
// Where that brick lies and how it is read is found once per cell and not once per pixel, which then takes a tenth of the work
// of slice.wgsl; the picture is the same. src/render/cells.rs chooses the cells. The plane runs along axes of every volume.
// Slices are counted out, as in lib/slices.wgsl: an index would be read for each pixel.

//#include lib/slices.wgsl

// What a cell shows of a slice. Marks are drawn only by pipelines with FLAG_MARKS.
const SHOWS_NOTHING: f32 = 0.0;
const SHOWS_BRICK: f32 = 1.0;
const SHOWS_LOADING: f32 = 2.0;
const SHOWS_FAILED: f32 = 3.0;
const SHOWS_ABSENT: f32 = 4.0;

// How a cell reads a slice.
struct Reading {
    // The voxel position in the brick along the plane's u: u * x + y; along v: v * z + w.
    walk: vec4<f32>,
    // The brick's last voxel along u and v; what is shown; the weight of the next voxel across the plane.
    span: vec4<f32>,
    // In the buffer: the page entry, the volume's axes along u, v and across (8 bits each), the voxel across, how far the next is.
    // To fragments: the brick's first word (where all voxels are equal: the value); strides along u and v, 16 bits each; the
    // first voxel in the plane, 24 bits, with the binary logarithm of a voxel's bits and, in bit 31, whether all voxels are
    // equal; the brick's first palette entry or the stride to the next voxel across.
    source: vec4<u32>,
}

const EQUAL_BIT: u32 = 0x80000000u;

// For each cell of a plane, its slices one after the other.
@group(0) @binding(5) var<storage, read> readings: array<Reading>;

// Whether some slice draws something.
var<private> covered: bool;

struct Cell {
    @builtin(position) @invariant clip: vec4<f32>,
    @location(0) plane: vec2<f32>,
    @location(1) @interpolate(flat) walk_0: vec4<f32>,
    @location(2) @interpolate(flat) span_0: vec4<f32>,
    @location(3) @interpolate(flat) source_0: vec4<u32>,
    @location(4) @interpolate(flat) walk_1: vec4<f32>,
    @location(5) @interpolate(flat) span_1: vec4<f32>,
    @location(6) @interpolate(flat) source_1: vec4<u32>,
    @location(7) @interpolate(flat) walk_2: vec4<f32>,
    @location(8) @interpolate(flat) span_2: vec4<f32>,
    @location(9) @interpolate(flat) source_2: vec4<u32>,
    @location(10) @interpolate(flat) walk_3: vec4<f32>,
    @location(11) @interpolate(flat) span_3: vec4<f32>,
    @location(12) @interpolate(flat) source_3: vec4<u32>,
}

@vertex
fn vs_cell(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> Cell {
    var cell: Cell;
    cell.plane = corner_of(rects[instance], vertex);
    cell.clip = panel.clip_from_plane * vec4(cell.plane, 0.0, 1.0);
    let first = panel.first_reading + (instance - panel.first_cell) * SLICE_COUNT;
    if SLICE_COUNT > 0u {
        let reading = readings[first];
        cell.walk_0 = reading.walk;
        cell.span_0 = reading.span;
        cell.source_0 = source_of(KIND_0, reading.source);
    }
    if SLICE_COUNT > 1u {
        let reading = readings[first + 1u];
        cell.walk_1 = reading.walk;
        cell.span_1 = reading.span;
        cell.source_1 = source_of(KIND_1, reading.source);
    }
    if SLICE_COUNT > 2u {
        let reading = readings[first + 2u];
        cell.walk_2 = reading.walk;
        cell.span_2 = reading.span;
        cell.source_2 = source_of(KIND_2, reading.source);
    }
    if SLICE_COUNT > 3u {
        let reading = readings[first + 3u];
        cell.walk_3 = reading.walk;
        cell.span_3 = reading.span;
        cell.source_3 = source_of(KIND_3, reading.source);
    }
    return cell;
}

// From what the buffer says of a brick to what fragments need.
fn source_of(kind: u32, source: vec4<u32>) -> vec4<u32> {
    if source.x < PAGE_FIRST_RECORD {
        return vec4(0u);
    }
    let record = records[source.x - PAGE_FIRST_RECORD];
    let across = stride_along((source.y >> 16u) & 255u, record);
    let bits = record.z & 255u;
    let equal = bits == 0u;
    let segmentation = (kind & FLAG_SEGMENTATION) != 0u;
    return vec4(
        // The palette index of a brick of one segment is 0.
        select(record.x, 0u, segmentation && equal),
        stride_along(source.y & 255u, record) | (stride_along((source.y >> 8u) & 255u, record) << 16u),
        (source.z * across) | select(firstTrailingBit(bits) << 24u, (5u << 24u) | EQUAL_BIT, equal),
        select(source.w * across, record.w, segmentation),
    );
}

fn stride_along(axis: u32, record: vec4<u32>) -> u32 {
    return select(select(record.y >> 16u, record.y & 0xffffu, axis == 1u), 1u, axis == 0u);
}

@fragment
fn fs_cell(in: Cell) -> @location(0) vec4<f32> {
    return composite(in);
}

fn composite(in: Cell) -> vec4<f32> {
    var below = panel.background;
    if SLICE_COUNT > 0u {
        slice = panel.slices[0];
        below = blend(shade(KIND_0, in.plane, Reading(in.walk_0, in.span_0, in.source_0)), below);
    }
    if SLICE_COUNT > 1u {
        slice = panel.slices[1];
        below = blend(shade(KIND_1, in.plane, Reading(in.walk_1, in.span_1, in.source_1)), below);
    }
    if SLICE_COUNT > 2u {
        slice = panel.slices[2];
        below = blend(shade(KIND_2, in.plane, Reading(in.walk_2, in.span_2, in.source_2)), below);
    }
    if SLICE_COUNT > 3u {
        slice = panel.slices[3];
        below = blend(shade(KIND_3, in.plane, Reading(in.walk_3, in.span_3, in.source_3)), below);
    }
    return below;
}

// The same where a slice draws something, and nothing elsewhere: what is drawn takes part in depth.
@fragment
fn fs_nearest_cell(in: Cell) -> @location(0) vec4<f32> {
    let color = composite(in);
    if !covered {
        discard;
    }
    return color;
}

fn shade(kind: u32, plane: vec2<f32>, reading: Reading) -> vec4<f32> {
    let segmentation = (kind & FLAG_SEGMENTATION) != 0u;
    covered = covered || (reading.span.z != SHOWS_NOTHING && !(segmentation && reading.span.z == SHOWS_BRICK));
    var color: vec4<f32>;
    if segmentation {
        color = shade_segment(kind, plane, reading);
    } else {
        color = shade_image(kind, plane, reading);
    }
    if (kind & FLAG_MARKS) == 0u {
        return color * reading.span.z;
    }
    let shows = reading.span.z;
    color = select(vec4(0.0), color, shows == SHOWS_BRICK);
    color = select(color, loading_mark(plane, slice.px_ratio, slice.phase), shows == SHOWS_LOADING);
    color = select(color, failed_mark(plane, slice.px_ratio), shows == SHOWS_FAILED);
    if !segmentation {
        let filled = slice.color * window(kind, slice.fill);
        let marked = absent_mark(filled, plane, slice.px_ratio);
        let absent = select(filled, marked, (slice.flags & FLAG_OVERLAYS) != 0u);
        color = select(color, image_color(absent), shows == SHOWS_ABSENT);
    }
    return color;
}

fn image_color(color: vec3<f32>) -> vec4<f32> {
    let opacity = slice.opacity;
    return vec4(color * opacity, select(opacity, 0.0, (slice.flags & FLAG_ADDITIVE) != 0u));
}

fn shade_image(kind: u32, plane: vec2<f32>, reading: Reading) -> vec4<f32> {
    let at = position_in(plane, reading);
    var value: f32;
    if (kind & FLAG_LINEAR) != 0u {
        value = linear_value(kind, at, reading);
    } else {
        value = number_at(kind, reading, voxel_in(at, reading));
    }
    return image_color(slice.color * window(kind, value));
}

fn linear_value(kind: u32, at: vec2<f32>, reading: Reading) -> f32 {
    let centred = at - 0.5;
    let below = floor(centred);
    let weight = centred - below;
    let low = vec2<u32>(clamp(below, vec2(0.0), reading.span.xy));
    let high = vec2<u32>(clamp(below + 1.0, vec2(0.0), reading.span.xy));
    var value = bilinear(kind, reading, low, high, weight, 0u);
    if (kind & FLAG_BETWEEN) != 0u {
        let next = bilinear(kind, reading, low, high, weight, reading.source.w);
        value += reading.span.w * (next - value);
    }
    return value;
}

fn bilinear(kind: u32, reading: Reading, low: vec2<u32>, high: vec2<u32>, weight: vec2<f32>, across: u32) -> f32 {
    let first = (reading.source.z & 0xffffffu) + across;
    let u = vec2(low.x, high.x) * (reading.source.y & 0xffffu) + first;
    let v = vec2(low.y, high.y) * (reading.source.y >> 16u);
    let upper = mix(number_at(kind, reading, u.x + v.x), number_at(kind, reading, u.y + v.x), weight.x);
    let lower = mix(number_at(kind, reading, u.x + v.y), number_at(kind, reading, u.y + v.y), weight.x);
    return mix(upper, lower, weight.y);
}

fn shade_segment(kind: u32, plane: vec2<f32>, reading: Reading) -> vec4<f32> {
    let at = position_in(plane, reading);
    let index = bits_at(reading, voxel_in(at, reading));
    let entry = palette[reading.source.w + index];
    let color = unpack4x8unorm(entry.z);
    covered = covered || (color.a != 0.0 && reading.span.z == SHOWS_BRICK);
    var alpha = color.a * slice.opacity;
    if (kind & FLAG_OUTLINE) != 0u && color.a != 0.0 {
        let step = slice.outline_px * reading.walk.xz;
        let rim = differs(at + vec2(step.x, 0.0), reading, index, entry.xy) || differs(at - vec2(step.x, 0.0), reading, index, entry.xy)
            || differs(at + vec2(0.0, step.y), reading, index, entry.xy) || differs(at - vec2(0.0, step.y), reading, index, entry.xy);
        alpha = select(alpha, slice.outline_opacity, rim);
    }
    return vec4(color.rgb * alpha, alpha);
}

// Whether another segment is at a place of the same brick.
fn differs(at: vec2<f32>, reading: Reading, index: u32, segment: vec2<u32>) -> bool {
    let other = bits_at(reading, voxel_in(at, reading));
    if other == index {
        return false;
    }
    return any(palette[reading.source.w + other].xy != segment);
}

// The voxel position of a place of the plane, from the brick's corner.
fn position_in(plane: vec2<f32>, reading: Reading) -> vec2<f32> {
    return plane * reading.walk.xz + reading.walk.yw;
}

// The number of the voxel at a position. Beside the brick by a rounding is in it.
fn voxel_in(at: vec2<f32>, reading: Reading) -> u32 {
    let voxel = vec2<u32>(clamp(at, vec2(0.0), reading.span.xy));
    return (reading.source.z & 0xffffffu) + voxel.x * (reading.source.y & 0xffffu) + voxel.y * (reading.source.y >> 16u);
}

fn bits_at(reading: Reading, voxel: u32) -> u32 {
    let shift = (reading.source.z >> 24u) & 7u;
    let at = voxel << shift;
    let word = heap[reading.source.x + (at >> 5u)];
    let bits = (word >> (at & 31u)) & (0xffffffffu >> (32u - (1u << shift)));
    return select(bits, reading.source.x, (reading.source.z & EQUAL_BIT) != 0u);
}

fn number_at(kind: u32, reading: Reading, voxel: u32) -> f32 {
    let raw = bits_at(reading, voxel);
    if (kind & FLAG_FLOAT) != 0u {
        return float_of(raw, slice.window_low);
    }
    if (kind & FLAG_SIGNED) != 0u {
        let unused = 32u - (1u << ((reading.source.z >> 24u) & 7u));
        return f32(bitcast<i32>(raw << unused) >> unused);
    }
    return f32(raw);
}
