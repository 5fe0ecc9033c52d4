//! Gliding from one view to another. Input cuts it short: the engine drops it and goes on from what was shown last.

use crate::geometry::ViewState;

/// The longest that a jump within the viewer glides, ms.
pub const JUMP_MILLIS: f64 = 150.0;

/// A way from one view to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Animation {
    from: ViewState,
    to: ViewState,
    start_millis: f64,
    duration_millis: f64,
}

impl Animation {
    /// Begins now. A duration of 0, as with reduced motion, is there at once.
    #[must_use]
    pub fn new(from: ViewState, to: ViewState, now_millis: f64, duration_millis: f64) -> Self {
        Self { from, to, start_millis: now_millis, duration_millis }
    }

    /// Where it leads.
    #[must_use]
    pub fn target(&self) -> &ViewState {
        &self.to
    }

    /// Whether the end is reached.
    #[must_use]
    pub fn is_over(&self, now_millis: f64) -> bool {
        // Also over for a duration that is not a number.
        let left = self.start_millis + self.duration_millis - now_millis;
        left.is_nan() || left <= 0.0
    }

    /// The view at this moment; exactly the target at the end.
    #[must_use]
    pub fn at(&self, now_millis: f64) -> ViewState {
        if self.is_over(now_millis) {
            return self.to.clone();
        }
        let linear = ((now_millis - self.start_millis) / self.duration_millis).clamp(0.0, 1.0);
        // Fast at first, so that the answer to a key shows in the next frame; gentle at the end.
        let t = 1.0 - (1.0 - linear).powi(3);
        between(&self.from, &self.to, t)
    }
}

/// The view a part `t` of the way. Scales go evenly in ratio, and the position with the slices' scale, so that a zoom about a
/// point keeps that point in its place all the way.
#[must_use]
pub fn between(from: &ViewState, to: &ViewState, t: f64) -> ViewState {
    let (start, end) = (from.cross_section_scale, to.cross_section_scale);
    let scale = ratio_between(start, end, t);
    let relative = end / start - 1.0;
    let way = if relative.abs() < 1e-6 { t } else { (scale / start - 1.0) / relative };
    ViewState {
        position: from.position.lerp(to.position, way),
        cross_section_scale: scale,
        cross_section_orientation: from.cross_section_orientation.slerp(to.cross_section_orientation, t).normalize(),
        projection_scale: ratio_between(from.projection_scale, to.projection_scale, t),
        projection_orientation: from.projection_orientation.slerp(to.projection_orientation, t).normalize(),
    }
}

fn ratio_between(start: f64, end: f64, t: f64) -> f64 {
    start * (end / start).powf(t)
}
