// The layers of a panel cut by a plane: rectangles, whose fragments find each layer's voxel through the page tables and blend
// the layers themselves, in full precision.
//
// What it draws has its twin, function by function, in src/render/reference. Parts of a plane that need less are drawn by
// cell.wgsl.

//#include lib/slices.wgsl

// Whether some slice draws something.
var<private> covered: bool;

struct Varying {
    @builtin(position) @invariant clip: vec4<f32>,
    @location(0) plane: vec2<f32>,
}

@vertex
fn vs_slice(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> Varying {
    let plane = corner_of(rects[instance], vertex);
    return Varying(panel.clip_from_plane * vec4(plane, 0.0, 1.0), plane);
}

@fragment
fn fs_background(in: Varying) -> @location(0) vec4<f32> {
    return panel.background;
}

// Pixels on which no slice draws anything do not take part in depth.
@fragment
fn fs_slice(in: Varying) -> @location(0) vec4<f32> {
    let color = composite(in.plane);
    if !covered {
        discard;
    }
    return color;
}

// The same where depth has been found before.
@fragment
fn fs_nearest_slice(in: Varying) -> @location(0) vec4<f32> {
    return composite(in.plane);
}

// Lets only pixels on which a slice draws something reach the depth buffer.
@fragment
fn fs_cover(in: Varying) -> @location(0) vec4<f32> {
    var found = false;
//#each
    found = found || covers_$(in.plane);
//#end
    if !found {
        discard;
    }
    return vec4(0.0);
}

fn composite(plane: vec2<f32>) -> vec4<f32> {
    var below = panel.background;
//#each
    below = blend(shade_$(plane), below);
//#end
    return below;
}
//#each

fn shade_$(plane: vec2<f32>) -> vec4<f32> {
    let found = find($, plane);
//#if segmentation
    if found.entry >= PAGE_FIRST_RECORD {
        return shade_segment_$(plane, found);
    }
//#else
    if found.entry >= PAGE_FIRST_RECORD || found.entry == PAGE_ABSENT {
        covered = true;
        return shade_image_$(plane, found);
    }
//#end
    if (panel.slices[$].flags & FLAG_OVERLAYS) != 0u {
        if found.entry == PAGE_FAILED {
            covered = true;
            return failed_mark(plane, panel.slices[$].px_ratio);
        }
        if found.entry == PAGE_LOADING {
            covered = true;
            return loading_mark(plane, panel.slices[$].px_ratio, panel.slices[$].phase);
        }
    }
    return vec4(0.0);
}

fn covers_$(plane: vec2<f32>) -> bool {
    let found = find($, plane);
//#if segmentation
    if found.entry >= PAGE_FIRST_RECORD {
        return (palette[palette_index(found.entry, found.page.local)].z >> 24u) != 0u;
    }
//#else
    if found.entry >= PAGE_FIRST_RECORD || found.entry == PAGE_ABSENT {
        return true;
    }
//#end
    let marked = found.entry == PAGE_FAILED || found.entry == PAGE_LOADING;
    return marked && (panel.slices[$].flags & FLAG_OVERLAYS) != 0u;
}
//#if segmentation

fn shade_segment_$(plane: vec2<f32>, found: Found) -> vec4<f32> {
    let index = palette_index(found.entry, found.page.local);
    let entry = palette[index];
    let color = unpack4x8unorm(entry.z);
    if color.a == 0.0 {
        return vec4(0.0);
    }
    covered = true;
    var alpha = color.a * panel.slices[$].opacity;
//#if outline
    var step = vec2(panel.slices[$].outline_px, 0.0);
    for (var neighbour = 0u; neighbour < 4u; neighbour += 1u) {
        if differs(plane + step, found, index, entry.xy) {
            alpha = panel.slices[$].outline_opacity;
            break;
        }
        step = vec2(-step.y, step.x);
    }
//#end
    return vec4(color.rgb * alpha, alpha);
}
//#else

fn shade_image_$(plane: vec2<f32>, found: Found) -> vec4<f32> {
    let filling = Filling(panel.slices[$].fill, panel.slices[$].window_low);
//#if linear
    let value = linear_value(filling, plane, found);
//#else
    let value = entry_value(filling, found.entry, found.page.local);
//#end
    var color = panel.slices[$].color * window_$(value);
    if found.entry == PAGE_ABSENT && (panel.slices[$].flags & FLAG_OVERLAYS) != 0u {
        color = absent_mark(color, plane, panel.slices[$].px_ratio);
    }
    return image_color_$(color);
}
//#end
//#end

// What stands for the voxels of an absent brick, and for not-a-number.
struct Filling {
    fill: f32,
    nan: f32,
}

// The value of a voxel of a brick that is resident or absent.
fn entry_value(filling: Filling, entry: u32, local: vec3<f32>) -> f32 {
    if entry < PAGE_FIRST_RECORD {
        return filling.fill;
    }
    let record = records[entry - PAGE_FIRST_RECORD];
    return read_number(record, read_bits(record, voxel_index(record, local)), filling.nan);
}

// Between the eight nearest voxel centres. Beyond the box the edge voxel repeats; what is not there repeats the voxel of
// the brick under the pixel that is nearest to it.
fn linear_value(filling: Filling, plane: vec2<f32>, found: Found) -> f32 {
    let centred = plane_position(plane) - 0.5;
    let below = floor(centred);
    let weight = centred - below;
    let low = clamp(below, level.box_min, level.box_last);
    let high = clamp(below + 1.0, level.box_min, level.box_last);

    let brick_min = found.voxel - found.page.local;
    let brick_last = min(min(brick_min + level.brick_shape, found.page.chunk_min + level.chunk_shape) - 1.0, level.box_last);
    if all(low >= brick_min) && all(high <= brick_last) {
        return linear_within(filling, found.entry, low - brick_min, high - brick_min, weight);
    }
    let page_low = page_of(low);
    let page_high = page_of(high);
    let walk = corners(weight);
    var sum = 0.0;
    for (var corner = 0u; corner < walk.count; corner += 1u) {
        let upper = (vec3(corner) & walk.bits) != vec3(0u);
        let factor = corner_factor(upper, weight);
        if factor > 0.0 {
            var entry = page_entry(select(page_low.place, page_high.place, upper));
            var local = select(page_low.local, page_high.local, upper);
            if entry < PAGE_FIRST_RECORD && entry != PAGE_ABSENT {
                entry = found.entry;
                local = clamp(select(low, high, upper), brick_min, brick_last) - brick_min;
            }
            sum += factor * entry_value(filling, entry, local);
        }
    }
    return sum;
}

// Which corners of a cube of voxel centres have a weight: the bit of the corner's number that is each axis, and how many to
// count. A slice through voxel centres has no weight across, and half of the corners fall away.
struct Corners {
    bits: vec3<u32>,
    count: u32,
}

fn corners(weight: vec3<f32>) -> Corners {
    if weight.z == 0.0 {
        return Corners(vec3(1u, 2u, 4u), 4u);
    }
    if weight.y == 0.0 {
        return Corners(vec3(1u, 4u, 2u), 4u);
    }
    if weight.x == 0.0 {
        return Corners(vec3(4u, 1u, 2u), 4u);
    }
    return Corners(vec3(1u, 2u, 4u), 8u);
}

// What a corner counts: `upper` says on which side of each axis it lies.
fn corner_factor(upper: vec3<bool>, weight: vec3<f32>) -> f32 {
    let factors = select(1.0 - weight, weight, upper);
    return factors.x * factors.y * factors.z;
}

fn linear_within(filling: Filling, entry: u32, low: vec3<f32>, high: vec3<f32>, weight: vec3<f32>) -> f32 {
    if entry < PAGE_FIRST_RECORD {
        return filling.fill;
    }
    let record = records[entry - PAGE_FIRST_RECORD];
    if (record.z & 255u) == 0u {
        return read_number(record, record.x, filling.nan);
    }
    let first = vec3<u32>(low);
    let strides = vec3(1u, record.y & 0xffffu, record.y >> 16u);
    let start = dot(first, strides);
    let steps = (vec3<u32>(high) - first) * strides;
    let walk = corners(weight);
    var sum = 0.0;
    for (var corner = 0u; corner < walk.count; corner += 1u) {
        let upper = (vec3(corner) & walk.bits) != vec3(0u);
        let factor = corner_factor(upper, weight);
        if factor > 0.0 {
            let index = start + dot(select(vec3(0u), steps, upper), vec3(1u));
            sum += factor * read_number(record, read_bits(record, index), filling.nan);
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
