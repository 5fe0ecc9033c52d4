//! Hatches and the loading shimmer: the twin of `shaders/lib/overlay.wgsl`.

fn fract(n: f64) -> f64 {
    n - n.floor()
}

/// 1 on the strokes of a 45 degree hatch, 0 between.
fn stripe(along: f64, px_ratio: f64) -> f64 {
    let spacing = 8.0 * px_ratio;
    let across = (fract(along * std::f64::consts::FRAC_1_SQRT_2 / spacing) - 0.5).abs() * spacing;
    (0.5 * px_ratio + 0.5 - across).clamp(0.0, 1.0)
}

pub(super) fn absent_mark(color: [f64; 3], [u, v]: [f64; 2], px_ratio: f64) -> [f64; 3] {
    let part = 0.14 * stripe(u + v, px_ratio);
    color.map(|channel| channel * (1.0 - part) + 0.5 * part)
}

pub(super) fn failed_mark([u, v]: [f64; 2], px_ratio: f64) -> [f64; 4] {
    let alpha = 0.05 + 0.3 * stripe(u - v, px_ratio);
    [alpha, 0.62 * alpha, 0.42 * alpha, alpha]
}

pub(super) fn loading_mark([u, v]: [f64; 2], px_ratio: f64, phase: f64) -> [f64; 4] {
    let wave = (fract((u + 0.5 * v) / (420.0 * px_ratio) - phase) * 2.0 - 1.0).abs();
    [0.03 + 0.04 * wave * wave * (3.0 - 2.0 * wave); 4]
}
