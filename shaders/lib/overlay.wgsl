// What stands for voxels that are not drawn: hatches and the loading shimmer, as premultiplied colours.

// 1 on the strokes of a 45 degree hatch, 0 between. `along` is the distance across the strokes times the root of two.
fn stripe(along: f32, px_ratio: f32) -> f32 {
    let spacing = 8.0 * px_ratio;
    let across = abs(fract(along * 0.70710678 / spacing) - 0.5) * spacing;
    return clamp(0.5 * px_ratio + 0.5 - across, 0.0, 1.0);
}

// An absent brick shows its fill value; the strokes lean to the middle grey, so that they show on any of them.
fn absent_mark(color: vec3<f32>, plane: vec2<f32>, px_ratio: f32) -> vec3<f32> {
    return mix(color, vec3(0.5), 0.14 * stripe(plane.x + plane.y, px_ratio));
}

fn failed_mark(plane: vec2<f32>, px_ratio: f32) -> vec4<f32> {
    let alpha = 0.05 + 0.3 * stripe(plane.x - plane.y, px_ratio);
    return vec4(vec3(1.0, 0.62, 0.42) * alpha, alpha);
}

// A slow, wide wave of light; `phase` goes from 0 to 1 in one period.
fn loading_mark(plane: vec2<f32>, px_ratio: f32, phase: f32) -> vec4<f32> {
    let wave = abs(fract((plane.x + 0.5 * plane.y) / (420.0 * px_ratio) - phase) * 2.0 - 1.0);
    let alpha = 0.03 + 0.04 * wave * wave * (3.0 - 2.0 * wave);
    return vec4(vec3(alpha), alpha);
}
