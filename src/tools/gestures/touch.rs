//! Two fingers, and several taps.

use crate::geometry::{DVec2, PanelKind};

use super::input::PanelPlace;
use crate::tools::command::ViewCommand;

/// Fingers must turn this far before the picture does.
const TWIST_SLOP_RADIANS: f64 = 0.25;
/// Fingers nearer than this tell no reliable ratio or angle.
const LEAST_DISTANCE_PX: f64 = 16.0;

/// Two fingers on one panel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    middle: DVec2,
    /// From one finger to the other.
    span: DVec2,
    turned_radians: f64,
    twisting: bool,
}

impl Pair {
    pub(super) fn new(one: DVec2, other: DVec2) -> Self {
        Self { middle: (one + other) * 0.5, span: other - one, turned_radians: 0.0, twisting: false }
    }

    /// The fingers are here now. The points under them stay under them, but for a twist too small to be meant.
    pub(super) fn moved(&mut self, one: DVec2, other: DVec2, place: &PanelPlace) -> Vec<ViewCommand> {
        let panel = place.kind;
        let next = Self::new(one, other);
        let at = next.middle - place.corner;
        let by = next.middle - self.middle;
        let mut commands = Vec::new();
        if by != DVec2::ZERO {
            commands.push(ViewCommand::Pan { panel, by });
        }
        if self.span.length().min(next.span.length()) >= LEAST_DISTANCE_PX {
            let factor = self.span.length() / next.span.length();
            if factor != 1.0 {
                commands.push(ViewCommand::ZoomAt { panel, at, factor });
            }
            let radians = self.span.angle_to(next.span);
            self.turned_radians += radians;
            if self.twisting && radians != 0.0 {
                commands.push(ViewCommand::Roll { panel, at, radians });
            }
            self.twisting |= self.turned_radians.abs() > TWIST_SLOP_RADIANS;
        }
        self.middle = next.middle;
        self.span = next.span;
        commands
    }
}

/// Taps further apart than this begin anew, ms.
pub(super) const TAP_MILLIS: f64 = 350.0;
const TAP_PX: f64 = 30.0;

/// Counts taps at one place, `TIMES` of which are something of their own.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taps<const TIMES: u32> {
    last: Option<(DVec2, f64)>,
    count: u32,
}

impl<const TIMES: u32> Taps<TIMES> {
    /// Whether this tap is the last of them.
    pub(super) fn tap(&mut self, at: DVec2, now_millis: f64) -> bool {
        let follows = self.last.is_some_and(|(place, when)| now_millis - when < TAP_MILLIS && place.distance(at) < TAP_PX);
        self.count = if follows { self.count + 1 } else { 1 };
        self.last = Some((at, now_millis));
        let complete = self.count == TIMES;
        if complete {
            *self = Self::default();
        }
        complete
    }
}

/// Two fingers that may yet turn out to be a tap: down at about the same time, still, and up again soon.
#[derive(Clone, Copy, Debug)]
pub(super) struct PairTap {
    pub(super) panel: PanelKind,
    pub(super) middle: DVec2,
    pub(super) since_millis: f64,
}
