//! A wheel turned into whole steps and zoom factors.
//!
//! Mice send one event per notch, of 50 to 240 CSS pixels by browser and system, or 3 lines; touchpads send a stream of few
//! pixels each. One event is never more than one step, and small ones add up.

/// What `deltaMode` says of a wheel event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeltaMode {
    /// CSS pixels.
    Pixel,
    /// Lines of text.
    Line,
    /// Pages.
    Page,
}

impl DeltaMode {
    /// The DOM's number.
    #[must_use]
    pub const fn from_dom(mode: u32) -> Self {
        match mode {
            1 => Self::Line,
            2 => Self::Page,
            _ => Self::Pixel,
        }
    }
}

/// Pixels of touchpad movement for one step.
const STEP_PX: f64 = 50.0;
/// Pixels for the first step after a pause: the slowest notch of a mouse with acceleration.
const FIRST_STEP_PX: f64 = 4.0;
/// A longer silence is a pause, ms.
const PAUSE_MILLIS: f64 = 250.0;
/// No single event zooms by more than this exponent.
const MOST_ZOOM: f64 = 1.6;

/// Adds up what a wheel sends.
#[derive(Clone, Copy, Debug)]
pub struct WheelSteps {
    gathered_px: f64,
    last_millis: f64,
    begun: bool,
}

impl Default for WheelSteps {
    fn default() -> Self {
        Self { gathered_px: 0.0, last_millis: f64::NEG_INFINITY, begun: false }
    }
}

impl WheelSteps {
    /// −1, 0 or 1: the sign of the wheel's movement when it makes a step.
    pub fn turn(&mut self, delta: f64, mode: DeltaMode, now_millis: f64) -> f64 {
        if !delta.is_finite() {
            return 0.0;
        }
        let px = match mode {
            DeltaMode::Pixel => delta,
            DeltaMode::Line | DeltaMode::Page => delta.signum() * STEP_PX * f64::from(u8::from(delta != 0.0)),
        };
        if now_millis - self.last_millis > PAUSE_MILLIS || px * self.gathered_px < 0.0 {
            self.gathered_px = 0.0;
            self.begun = false;
        }
        self.last_millis = now_millis;
        self.gathered_px += px;
        if self.gathered_px.abs() < if self.begun { STEP_PX } else { FIRST_STEP_PX } {
            return 0.0;
        }
        let step = self.gathered_px.signum();
        self.begun = true;
        self.gathered_px = if px.abs() >= STEP_PX { 0.0 } else { self.gathered_px % STEP_PX };
        step
    }
}

/// What a wheel movement multiplies the scale by: Neuroglancer's rates.
#[must_use]
pub fn zoom_factor(delta: f64, mode: DeltaMode) -> f64 {
    let exponent = match mode {
        DeltaMode::Pixel => delta / 200.0,
        DeltaMode::Line => delta / 10.0,
        DeltaMode::Page => delta,
    };
    if exponent.is_finite() { exponent.clamp(-MOST_ZOOM, MOST_ZOOM).exp() } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(events: &[(f64, f64)], mode: DeltaMode) -> f64 {
        let mut steps = WheelSteps::default();
        events.iter().map(|(delta, now)| steps.turn(*delta, mode, *now)).sum()
    }

    #[test]
    fn a_notch_is_a_step_whatever_its_pixels() {
        for notch in [53.0, 80.0, 100.0, 120.0, 240.0] {
            let fast: Vec<_> = (0..20).map(|i| (notch, f64::from(i) * 30.0)).collect();
            assert_eq!(total(&fast, DeltaMode::Pixel), 20.0, "{notch}");
        }
        let slow: Vec<_> = (0..5).map(|i| (-4.000_244, f64::from(i) * 400.0)).collect();
        assert_eq!(total(&slow, DeltaMode::Pixel), -5.0);
        assert_eq!(total(&[(3.0, 0.0), (3.0, 20.0), (-3.0, 40.0)], DeltaMode::Line), 1.0);
    }

    #[test]
    fn a_touchpad_steps_by_distance_and_turns_at_once() {
        let glide: Vec<_> = (0..100).map(|i| (5.0, f64::from(i) * 16.0)).collect();
        let steps = total(&glide, DeltaMode::Pixel);
        assert!((10.0..=11.0).contains(&steps), "{steps} steps for 500 px");
        let mut wheel = WheelSteps::default();
        assert_eq!(wheel.turn(6.0, DeltaMode::Pixel, 0.0), 1.0);
        assert_eq!(wheel.turn(6.0, DeltaMode::Pixel, 16.0), 0.0);
        assert_eq!(wheel.turn(-6.0, DeltaMode::Pixel, 32.0), -1.0);
        assert_eq!(wheel.turn(f64::NAN, DeltaMode::Pixel, 48.0), 0.0);
        assert_eq!(wheel.turn(0.0, DeltaMode::Line, 64.0), 0.0);
    }

    #[test]
    fn zoom_rates_are_the_tables() {
        assert!((zoom_factor(200.0, DeltaMode::Pixel) - std::f64::consts::E).abs() < 1e-12);
        assert!((zoom_factor(3.0, DeltaMode::Line) - 0.3f64.exp()).abs() < 1e-12);
        assert!((zoom_factor(-50.0, DeltaMode::Pixel) * zoom_factor(50.0, DeltaMode::Pixel) - 1.0).abs() < 1e-12);
        assert!(zoom_factor(1e9, DeltaMode::Pixel) < 5.0 && zoom_factor(f64::NAN, DeltaMode::Line) == 1.0);
    }
}
