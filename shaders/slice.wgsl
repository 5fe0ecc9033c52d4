// The layers of a panel cut by a plane: one quad, whose fragments find each layer's voxel through the page tables and blend
// the layers themselves, in full precision.
//
// Every function has its twin of the same name in src/render/reference.

//#include lib/heap.wgsl
//#include lib/pages.wgsl
//#include lib/overlay.wgsl

struct Slice {
    color: vec3<f32>,
    opacity: f32,
    window_low: f32,
    // 1, or -1 where the window is reversed.
    window_sign: f32,
    window_width: f32,
    inverse_gamma: f32,
    fill: f32,
    outline_px: f32,
    outline_opacity: f32,
    phase: f32,
    px_ratio: f32,
    flags: u32,
    level_count: u32,
}

const MAX_SLICES: u32 = 4u;
const MAX_LEVELS: u32 = 4u;

// A plane and the slices in it; the levels of slice n begin at n * MAX_LEVELS.
struct Plane {
    clip_from_plane: mat4x4<f32>,
    plane_rect: vec4<f32>,
    // What the slices are blended over, premultiplied.
    background: vec4<f32>,
    slice_count: u32,
    slices: array<Slice, 4>,
    levels: array<Level, 16>,
}

@group(0) @binding(4) var<uniform> panel: Plane;

// The slice being drawn: a copy, as of the level.
var<private> slice: Slice;

fn take_slice(number: u32) {
    switch number {
        case 0u: { slice = panel.slices[0]; }
        case 1u: { slice = panel.slices[1]; }
        case 2u: { slice = panel.slices[2]; }
        default: { slice = panel.slices[3]; }
    }
}

fn take_level(number: u32) {
    switch number {
        case 0u: { level = panel.levels[0]; }
        case 1u: { level = panel.levels[1]; }
        case 2u: { level = panel.levels[2]; }
        case 3u: { level = panel.levels[3]; }
        case 4u: { level = panel.levels[4]; }
        case 5u: { level = panel.levels[5]; }
        case 6u: { level = panel.levels[6]; }
        case 7u: { level = panel.levels[7]; }
        case 8u: { level = panel.levels[8]; }
        case 9u: { level = panel.levels[9]; }
        case 10u: { level = panel.levels[10]; }
        case 11u: { level = panel.levels[11]; }
        case 12u: { level = panel.levels[12]; }
        case 13u: { level = panel.levels[13]; }
        case 14u: { level = panel.levels[14]; }
        default: { level = panel.levels[15]; }
    }
}

const FLAG_SEGMENTATION: u32 = 1u;
const FLAG_LINEAR: u32 = 2u;
const FLAG_INVERT: u32 = 4u;
const FLAG_ADDITIVE: u32 = 8u;
const FLAG_OVERLAYS: u32 = 16u;

struct Varying {
    @builtin(position) @invariant clip: vec4<f32>,
    @location(0) plane: vec2<f32>,
}

@vertex
fn vs_slice(@builtin(vertex_index) vertex: u32) -> Varying {
    let rect = panel.plane_rect;
    let plane = vec2(select(rect.x, rect.z, (vertex & 1u) != 0u), select(rect.y, rect.w, (vertex & 2u) != 0u));
    return Varying(panel.clip_from_plane * vec4(plane, 0.0, 1.0), plane);
}

@fragment
fn fs_slice(in: Varying) -> @location(0) vec4<f32> {
    var below = panel.background;
    for (var number = 0u; number < panel.slice_count; number += 1u) {
        take_slice(number);
        below = blend(shade(number, in.plane), below);
    }
    return below;
}

// Lets only pixels on which a slice draws something reach the depth buffer.
@fragment
fn fs_cover(in: Varying) -> @location(0) vec4<f32> {
    for (var number = 0u; number < panel.slice_count; number += 1u) {
        take_slice(number);
        if covers(number, in.plane) {
            return vec4(0.0);
        }
    }
    discard;
    return vec4(0.0);
}

// A premultiplied colour over another. Adding is covering with an alpha of 0.
fn blend(above: vec4<f32>, below: vec4<f32>) -> vec4<f32> {
    return min(above + below * (1.0 - above.a), vec4(1.0));
}

// The first level that has the voxel, which is left taken, or what is known where none has it.
struct Found {
    // The page entry: a record, absent, or what to mark: failed, loading, nothing.
    entry: u32,
    voxel: vec3<f32>,
    page: Page,
}

fn find(number: u32, plane: vec2<f32>) -> Found {
    var found: Found;
    found.entry = PAGE_NOTHING;
    for (var step = 0u; step < slice.level_count; step += 1u) {
        take_level(number * MAX_LEVELS + step);
        let voxel = floor(plane_position(plane));
        if !in_box(voxel) {
            // Outside the target level's box is outside the volume; a coarser box may be a little off.
            if step == 0u {
                break;
            }
            continue;
        }
        let page = page_of(voxel);
        let entry = page_entry(page.place);
        if entry >= PAGE_FIRST_RECORD || entry == PAGE_ABSENT {
            return Found(entry, voxel, page);
        }
        if entry == PAGE_FAILED || (entry == PAGE_LOADING && found.entry == PAGE_NOTHING) {
            found.entry = entry;
        }
    }
    return found;
}

fn shade(number: u32, plane: vec2<f32>) -> vec4<f32> {
    let flags = slice.flags;
    let found = find(number, plane);
    let segmentation = (flags & FLAG_SEGMENTATION) != 0u;
    if found.entry >= PAGE_FIRST_RECORD {
        if segmentation {
            return shade_segment(plane, found);
        }
        return shade_image(plane, found);
    }
    if found.entry == PAGE_ABSENT && !segmentation {
        return shade_image(plane, found);
    }
    if (flags & FLAG_OVERLAYS) != 0u {
        if found.entry == PAGE_FAILED {
            return failed_mark(plane, slice.px_ratio);
        }
        if found.entry == PAGE_LOADING && !segmentation {
            return loading_mark(plane, slice.px_ratio, slice.phase);
        }
    }
    return vec4(0.0);
}

fn covers(number: u32, plane: vec2<f32>) -> bool {
    let flags = slice.flags;
    let found = find(number, plane);
    let segmentation = (flags & FLAG_SEGMENTATION) != 0u;
    if segmentation && found.entry >= PAGE_FIRST_RECORD {
        return (palette[palette_index(found.entry, found.page.local)].z >> 24u) != 0u;
    }
    if found.entry >= PAGE_FIRST_RECORD || found.entry == PAGE_ABSENT {
        return !segmentation;
    }
    let marked = found.entry == PAGE_FAILED || (found.entry == PAGE_LOADING && !segmentation);
    return marked && (flags & FLAG_OVERLAYS) != 0u;
}

fn shade_image(plane: vec2<f32>, found: Found) -> vec4<f32> {
    let flags = slice.flags;
    var value: f32;
    if (flags & FLAG_LINEAR) != 0u {
        value = linear_value(plane, found);
    } else {
        value = entry_value(found.entry, found.page.local);
    }
    var color = slice.color * window(value);
    if found.entry == PAGE_ABSENT && (flags & FLAG_OVERLAYS) != 0u {
        color = absent_mark(color, plane, slice.px_ratio);
    }
    let opacity = slice.opacity;
    return vec4(color * opacity, select(opacity, 0.0, (flags & FLAG_ADDITIVE) != 0u));
}

// The value through the contrast window, gamma and inversion.
fn window(value: f32) -> f32 {
    let above = (value - slice.window_low) * slice.window_sign;
    let width = slice.window_width;
    var share = 0.0;
    if above > 0.0 {
        share = 1.0;
        if above < width {
            share = above / width;
            if slice.inverse_gamma != 1.0 {
                share = pow(share, slice.inverse_gamma);
            }
        }
    }
    return select(share, 1.0 - share, (slice.flags & FLAG_INVERT) != 0u);
}

// The value of a voxel of a brick that is resident or absent.
fn entry_value(entry: u32, local: vec3<f32>) -> f32 {
    if entry < PAGE_FIRST_RECORD {
        return slice.fill;
    }
    let record = records[entry - PAGE_FIRST_RECORD];
    return read_number(record, read_bits(record, voxel_index(record, local)), slice.window_low);
}

// Between the eight nearest voxel centres. Beyond the box the edge voxel repeats; what is not there repeats the voxel of
// the brick under the pixel that is nearest to it.
fn linear_value(plane: vec2<f32>, found: Found) -> f32 {
    let centred = plane_position(plane) - 0.5;
    let below = floor(centred);
    let weight = centred - below;
    let low = clamp(below, level.box_min, level.box_last);
    let high = clamp(below + 1.0, level.box_min, level.box_last);

    let brick_min = found.voxel - found.page.local;
    let brick_last = min(min(brick_min + level.brick_shape, found.page.chunk_min + level.chunk_shape) - 1.0, level.box_last);
    if all(low >= brick_min) && all(high <= brick_last) {
        return linear_within(found.entry, low - brick_min, high - brick_min, weight);
    }
    let page_low = page_of(low);
    let page_high = page_of(high);
    var sum = 0.0;
    for (var corner = 0u; corner < 8u; corner += 1u) {
        let upper = (vec3(corner) & vec3(1u, 2u, 4u)) != vec3(0u);
        let factors = select(1.0 - weight, weight, upper);
        let factor = factors.x * factors.y * factors.z;
        if factor > 0.0 {
            var entry = page_entry(select(page_low.place, page_high.place, upper));
            var local = select(page_low.local, page_high.local, upper);
            if entry < PAGE_FIRST_RECORD && entry != PAGE_ABSENT {
                entry = found.entry;
                local = clamp(select(low, high, upper), brick_min, brick_last) - brick_min;
            }
            sum += factor * entry_value(entry, local);
        }
    }
    return sum;
}

fn linear_within(entry: u32, low: vec3<f32>, high: vec3<f32>, weight: vec3<f32>) -> f32 {
    if entry < PAGE_FIRST_RECORD {
        return slice.fill;
    }
    let record = records[entry - PAGE_FIRST_RECORD];
    let nan = slice.window_low;
    if (record.z & 255u) == 0u {
        return read_number(record, record.x, nan);
    }
    let first = vec3<u32>(low);
    let strides = vec3(1u, record.y & 0xffffu, record.y >> 16u);
    let start = dot(first, strides);
    let steps = (vec3<u32>(high) - first) * strides;
    var sum = 0.0;
    for (var corner = 0u; corner < 8u; corner += 1u) {
        let upper = (vec3(corner) & vec3(1u, 2u, 4u)) != vec3(0u);
        let factors = select(1.0 - weight, weight, upper);
        let factor = factors.x * factors.y * factors.z;
        // A slice through voxel centres has no weight across: half of the reads fall away.
        if factor > 0.0 {
            let index = start + dot(select(vec3(0u), steps, upper), vec3(1u));
            sum += factor * read_number(record, read_bits(record, index), nan);
        }
    }
    return sum;
}

fn palette_index(entry: u32, local: vec3<f32>) -> u32 {
    let record = records[entry - PAGE_FIRST_RECORD];
    if (record.z & 255u) == 0u {
        return record.w;
    }
    return record.w + read_bits(record, voxel_index(record, local));
}

fn shade_segment(plane: vec2<f32>, found: Found) -> vec4<f32> {
    let index = palette_index(found.entry, found.page.local);
    let entry = palette[index];
    let color = unpack4x8unorm(entry.z);
    if color.a == 0.0 {
        return vec4(0.0);
    }
    var alpha = color.a * slice.opacity;
    let px = slice.outline_px;
    if px > 0.0 {
        let segment = entry.xy;
        if differs(plane + vec2(px, 0.0), found, index, segment) || differs(plane - vec2(px, 0.0), found, index, segment)
            || differs(plane + vec2(0.0, px), found, index, segment) || differs(plane - vec2(0.0, px), found, index, segment) {
            alpha = slice.outline_opacity;
        }
    }
    return vec4(color.rgb * alpha, alpha);
}

// Whether another segment is at a neighbouring place of the plane; what is not there does not differ.
fn differs(plane: vec2<f32>, found: Found, index: u32, segment: vec2<u32>) -> bool {
    let voxel = floor(plane_position(plane));
    if all(voxel == found.voxel) || !in_box(voxel) {
        return false;
    }
    let page = page_of(voxel);
    var entry = found.entry;
    if any(page.place != found.page.place) {
        entry = page_entry(page.place);
        if entry < PAGE_FIRST_RECORD {
            return false;
        }
    }
    let other = palette_index(entry, page.local);
    return other != index && any(palette[other].xy != segment);
}
