// Cells of a plane: parts within which each slice shows one brick, one kind of mark, or nothing.
//
// Where that brick lies and how it is read is found once per cell and not once per pixel, which then takes a tenth of the work
// of slice.wgsl; the picture is the same. src/render/cells.rs chooses the cells. The plane runs along axes of every volume.

//#include lib/slices.wgsl

// What a cell shows of a slice. Marks are drawn only by shaders composed for them.
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
    @location(12) plane: vec2<f32>,
//#each
    @location($) @interpolate(flat) walk_$: vec4<f32>,
    @location($ + 4) @interpolate(flat) span_$: vec4<f32>,
    @location($ + 8) @interpolate(flat) source_$: vec4<u32>,
//#end
}

@vertex
fn vs_cell(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> Cell {
    var cell: Cell;
    cell.plane = corner_of(rects[instance], vertex);
    cell.clip = panel.clip_from_plane * vec4(cell.plane, 0.0, 1.0);
    let first = panel.first_reading + (instance - panel.first_cell) * SLICE_COUNT;
//#each
    let reading_$ = readings[first + $];
    cell.walk_$ = reading_$.walk;
    cell.span_$ = reading_$.span;
//#if segmentation
    cell.source_$ = source_of(true, reading_$.source);
//#else
    cell.source_$ = source_of(false, reading_$.source);
//#end
//#end
    return cell;
}

// From what the buffer says of a brick to what fragments need.
fn source_of(segmentation: bool, source: vec4<u32>) -> vec4<u32> {
    if source.x < PAGE_FIRST_RECORD {
        return vec4(0u);
    }
    let record = records[source.x - PAGE_FIRST_RECORD];
    let across = stride_along((source.y >> 16u) & 255u, record);
    let bits = record.z & 255u;
    let equal = bits == 0u;
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

// Pixels on which no slice draws anything do not take part in depth.
@fragment
fn fs_cell(in: Cell) -> @location(0) vec4<f32> {
    var below = panel.background;
//#each
    below = blend(shade_$(in.plane, Reading(in.walk_$, in.span_$, in.source_$)), below);
//#end
    if !covered {
        discard;
    }
    return below;
}
//#each

fn shade_$(plane: vec2<f32>, reading: Reading) -> vec4<f32> {
    let shows = reading.span.z;
    let at = position_in(plane, reading);
//#if segmentation
    let index = bits_at(reading, voxel_in(at, reading));
    let entry = palette[reading.source.w + index];
    let painted = unpack4x8unorm(entry.z);
    covered = covered || select(shows != SHOWS_NOTHING, painted.a != 0.0, shows == SHOWS_BRICK);
    var alpha = painted.a * panel.slices[$].opacity;
//#if outline
    if painted.a != 0.0 {
        let step = panel.slices[$].outline_px * reading.walk.xz;
        let rim = differs(at + vec2(step.x, 0.0), reading, index, entry.xy) || differs(at - vec2(step.x, 0.0), reading, index, entry.xy)
            || differs(at + vec2(0.0, step.y), reading, index, entry.xy) || differs(at - vec2(0.0, step.y), reading, index, entry.xy);
        alpha = select(alpha, panel.slices[$].outline_opacity, rim);
    }
//#end
    let color = vec4(painted.rgb * alpha, alpha);
//#else
    covered = covered || shows != SHOWS_NOTHING;
//#if linear
    let value = linear_$(at, reading);
//#else
    let value = number_$(reading, voxel_in(at, reading));
//#end
    let color = image_color_$(panel.slices[$].color * window_$(value));
//#end
//#if marks
    var shown = select(vec4(0.0), color, shows == SHOWS_BRICK);
    shown = select(shown, loading_mark(plane, panel.slices[$].px_ratio, panel.slices[$].phase), shows == SHOWS_LOADING);
    shown = select(shown, failed_mark(plane, panel.slices[$].px_ratio), shows == SHOWS_FAILED);
//#if !segmentation
    let filled = panel.slices[$].color * window_$(panel.slices[$].fill);
    let marked = absent_mark(filled, plane, panel.slices[$].px_ratio);
    let absent = select(filled, marked, (panel.slices[$].flags & FLAG_OVERLAYS) != 0u);
    shown = select(shown, image_color_$(absent), shows == SHOWS_ABSENT);
//#end
    return shown;
//#else
    return color * shows;
//#end
}
//#if !segmentation

fn number_$(reading: Reading, voxel: u32) -> f32 {
    let raw = bits_at(reading, voxel);
//#if float
    return float_of(raw, panel.slices[$].window_low);
//#else
//#if signed
    let unused = 32u - (1u << ((reading.source.z >> 24u) & 7u));
    return f32(bitcast<i32>(raw << unused) >> unused);
//#else
    return f32(raw);
//#end
//#end
}
//#if linear

fn linear_$(at: vec2<f32>, reading: Reading) -> f32 {
    let centred = at - 0.5;
    let below = floor(centred);
    let weight = centred - below;
    let low = vec2<u32>(clamp(below, vec2(0.0), reading.span.xy));
    let high = vec2<u32>(clamp(below + 1.0, vec2(0.0), reading.span.xy));
    let value = bilinear_$(reading, low, high, weight, 0u);
//#if between
    let next = bilinear_$(reading, low, high, weight, reading.source.w);
    return value + reading.span.w * (next - value);
//#else
    return value;
//#end
}

fn bilinear_$(reading: Reading, low: vec2<u32>, high: vec2<u32>, weight: vec2<f32>, across: u32) -> f32 {
    let first = (reading.source.z & 0xffffffu) + across;
    let u = vec2(low.x, high.x) * (reading.source.y & 0xffffu) + first;
    let v = vec2(low.y, high.y) * (reading.source.y >> 16u);
    let upper = mix(number_$(reading, u.x + v.x), number_$(reading, u.y + v.x), weight.x);
    let lower = mix(number_$(reading, u.x + v.y), number_$(reading, u.y + v.y), weight.x);
    return mix(upper, lower, weight.y);
}
//#end
//#end
//#end

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
