// Straight lines of even width with soft edges: a quad per line, coverage from the distance in pixels.
//
// What it draws has its twin, function by function, in src/render/reference.

struct Line {
    start: vec4<f32>,
    end: vec4<f32>,
    color: vec4<f32>,
    // x, y, width, height of the panel in pixels of the target.
    panel: vec4<f32>,
    width_px: f32,
    // 1 where slices in front hide it, 0 where nothing does.
    depth_scale: f32,
}

@group(0) @binding(0) var<storage, read> lines: array<Line>;

// A line in a slice is drawn over it.
const NEARER: f32 = 2e-5;

struct Varying {
    @builtin(position) clip: vec4<f32>,
    @location(0) @interpolate(flat) ends_px: vec4<f32>,
    @location(1) @interpolate(flat) line: u32,
}

// The part of a line in front of the near plane: its ends as x, y in pixels of the target and depth.
struct Visible {
    start: vec3<f32>,
    end: vec3<f32>,
    any: bool,
}

fn visible_part(line: u32) -> Visible {
    var start = lines[line].start;
    var end = lines[line].end;
    let start_ahead = min(start.z, start.w - 1e-6);
    let end_ahead = min(end.z, end.w - 1e-6);
    if start_ahead < 0.0 && end_ahead < 0.0 {
        return Visible(vec3(0.0), vec3(0.0), false);
    }
    if start_ahead < 0.0 {
        start = mix(start, end, start_ahead / (start_ahead - end_ahead));
    } else if end_ahead < 0.0 {
        end = mix(end, start, end_ahead / (end_ahead - start_ahead));
    }
    return Visible(pixel_of(line, start), pixel_of(line, end), true);
}

fn pixel_of(line: u32, clip: vec4<f32>) -> vec3<f32> {
    let panel = lines[line].panel;
    let unit = clip.xyz / max(clip.w, 1e-6);
    return vec3(panel.xy + (unit.xy * vec2(0.5, -0.5) + 0.5) * panel.zw, unit.z);
}

@vertex
fn vs_line(@builtin(vertex_index) vertex: u32, @builtin(instance_index) line: u32) -> Varying {
    let part = visible_part(line);
    if !part.any {
        return Varying(vec4(0.0, 0.0, 2.0, 1.0), vec4(0.0), line);
    }
    let span = part.end.xy - part.start.xy;
    let length_px = length(span);
    var along = vec2(1.0, 0.0);
    if length_px > 1e-6 {
        along = span / length_px;
    }
    let across = vec2(-along.y, along.x) * (0.5 * lines[line].width_px + 1.0);
    let at_end = (vertex & 1u) != 0u;
    let end = select(part.start, part.end, at_end);
    let px = end.xy + select(-along, along, at_end) + select(-across, across, (vertex & 2u) != 0u);
    let panel = lines[line].panel;
    let unit = ((px - panel.xy) / panel.zw - 0.5) * vec2(2.0, -2.0);
    return Varying(vec4(unit, max(end.z - NEARER, 0.0) * lines[line].depth_scale, 1.0), vec4(part.start.xy, part.end.xy), line);
}

@fragment
fn fs_line(in: Varying) -> @location(0) vec4<f32> {
    let color = lines[in.line].color;
    let alpha = color.a * coverage(in.clip.xy, in.ends_px, lines[in.line].width_px);
    return vec4(color.rgb * alpha, alpha);
}

// How much of the pixel around a point the line covers.
fn coverage(px: vec2<f32>, ends_px: vec4<f32>, width_px: f32) -> f32 {
    let span = ends_px.zw - ends_px.xy;
    let length_px = length(span);
    if length_px <= 1e-6 {
        return 0.0;
    }
    let along = span / length_px;
    let from_start = px - ends_px.xy;
    let distance_along = dot(from_start, along);
    let distance_across = abs(from_start.y * along.x - from_start.x * along.y);
    let inside_across = clamp(0.5 * width_px + 0.5 - distance_across, 0.0, 1.0);
    let inside_along = clamp(min(distance_along, length_px - distance_along) + 0.5, 0.0, 1.0);
    return min(inside_across, min(width_px, 1.0)) * inside_along;
}
