// The slices of a plane: what each looks like, and which brick it shows at a place.

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

// Shaders are composed for what they draw (src/render/shader.rs): software adapters run every branch of a shader for every
// pixel, and take long to compile one that they will not run. `//#each` to `//#end` stands there once for each slice, with its
// number for `$`; `//#if` asks for the slice's kind, or for the number of levels.

// The flags of a slice that shaders look at.
const FLAG_INVERT: u32 = 16u;
const FLAG_ADDITIVE: u32 = 32u;
const FLAG_OVERLAYS: u32 = 64u;

// A plane and the slices in it; the levels of slice n begin at n * MAX_LEVELS.
struct Plane {
    clip_from_plane: mat4x4<f32>,
    // What the slices are blended over, premultiplied.
    background: vec4<f32>,
    slice_count: u32,
    first_cell: u32,
    first_reading: u32,
    slices: array<Slice, 4>,
    levels: array<Level, 16>,
}

// The parts of planes that are drawn: u0, v0, u1, v1.
@group(0) @binding(4) var<storage, read> rects: array<vec4<f32>>;
@group(0) @binding(6) var<uniform> panel: Plane;

// A corner of a part of the plane.
fn corner_of(rect: vec4<f32>, vertex: u32) -> vec2<f32> {
    return vec2(select(rect.x, rect.z, (vertex & 1u) != 0u), select(rect.y, rect.w, (vertex & 2u) != 0u));
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
    // Whether coarser levels need not be asked.
    done: bool,
}

fn find(number: u32, plane: vec2<f32>) -> Found {
    var found: Found;
    found.entry = PAGE_NOTHING;
    found = ask(found, number, 0u, plane);
//#if levels > 1
    if !found.done {
        found = ask(found, number, 1u, plane);
    }
//#end
//#if levels > 2
    if !found.done {
        found = ask(found, number, 2u, plane);
    }
    if !found.done {
        found = ask(found, number, 3u, plane);
    }
//#end
    return found;
}

fn ask(before: Found, number: u32, step: u32, plane: vec2<f32>) -> Found {
    level = panel.levels[number * MAX_LEVELS + step];
    let voxel = floor(plane_position(plane));
    // Places that a slice of fewer levels does not have hold an empty box.
    if !in_box(voxel) {
        var outside = before;
        // Outside the target level's box is outside the volume; a coarser box may be a little off.
        outside.done = step == 0u;
        return outside;
    }
    let page = page_of(voxel);
    let entry = page_entry(page.place);
    let there = entry >= PAGE_FIRST_RECORD || entry == PAGE_ABSENT;
    let worse = entry == PAGE_FAILED || (entry == PAGE_LOADING && before.entry == PAGE_NOTHING);
    return Found(select(before.entry, entry, there || worse), voxel, page, there);
}

//#each
//#if !segmentation

// The value through the contrast window, gamma and inversion.
fn window_$(value: f32) -> f32 {
    let above = (value - panel.slices[$].window_low) * panel.slices[$].window_sign;
    let width = panel.slices[$].window_width;
    var share = select(1.0, above / width, above < width);
//#if gamma
    share = pow(max(share, 0.0), panel.slices[$].inverse_gamma);
//#end
    share = select(0.0, share, above > 0.0);
    return select(share, 1.0 - share, (panel.slices[$].flags & FLAG_INVERT) != 0u);
}

fn image_color_$(color: vec3<f32>) -> vec4<f32> {
    let opacity = panel.slices[$].opacity;
    return vec4(color * opacity, select(opacity, 0.0, (panel.slices[$].flags & FLAG_ADDITIVE) != 0u));
}
//#end
//#end
