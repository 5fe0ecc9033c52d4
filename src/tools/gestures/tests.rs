//! Gestures over panels of known places: what each does to the view.

use super::*;
use crate::tools::wheel::DeltaMode;

/// xy at the left, 3D at the right, 2 px between.
fn gestures() -> Gestures {
    let mut gestures = Gestures::default();
    let size = DVec2::new(199.0, 300.0);
    gestures.set_panels(vec![
        PanelPlace { kind: PanelKind::Xy, corner: DVec2::ZERO, size },
        PanelPlace { kind: PanelKind::Space, corner: DVec2::new(201.0, 0.0), size },
    ]);
    gestures
}

struct Hand {
    gestures: Gestures,
    now: f64,
    touch: bool,
    modifiers: Modifiers,
}

impl Hand {
    fn mouse() -> Self {
        Self { gestures: gestures(), now: 0.0, touch: false, modifiers: Modifiers::NONE }
    }

    fn touch() -> Self {
        Self { touch: true, ..Self::mouse() }
    }

    fn does(&mut self, kind: PointerKind, id: i32, x: f64, y: f64, buttons: u32) -> (Vec<ViewCommand>, bool) {
        self.now += 16.0;
        let mut out = Vec::new();
        let input = PointerInput { kind, id, touch: self.touch, at: DVec2::new(x, y), buttons, modifiers: self.modifiers };
        let handled = self.gestures.pointer(&input, self.now, &mut out);
        (out, handled)
    }

    fn down(&mut self, id: i32, x: f64, y: f64) -> Vec<ViewCommand> {
        self.does(PointerKind::Down, id, x, y, 1).0
    }

    fn to(&mut self, id: i32, x: f64, y: f64) -> Vec<ViewCommand> {
        self.does(PointerKind::Move, id, x, y, 1).0
    }

    fn up(&mut self, id: i32, x: f64, y: f64) -> Vec<ViewCommand> {
        self.does(PointerKind::Up, id, x, y, 0).0
    }

    fn wheel(&mut self, x: f64, delta: DVec2) -> (Vec<ViewCommand>, bool) {
        self.now += 500.0;
        let mut out = Vec::new();
        let input = WheelInput { at: DVec2::new(x, 50.0), delta, mode: DeltaMode::Pixel, modifiers: self.modifiers };
        let handled = self.gestures.wheel(&input, self.now, &mut out);
        (out, handled)
    }
}

const fn v(x: f64, y: f64) -> DVec2 {
    DVec2::new(x, y)
}

#[test]
fn the_pans_of_a_drag_add_up_to_its_way() {
    let mut hand = Hand::mouse();
    assert!(hand.does(PointerKind::Down, 1, 50.0, 60.0, 1).1);
    let mut way = DVec2::ZERO;
    for (x, y) in [(51.0, 60.0), (55.0, 66.0), (90.0, 40.0), (260.0, 20.0)] {
        for command in hand.to(1, x, y) {
            let ViewCommand::Pan { panel: PanelKind::Xy, by } = command else { panic!("{command:?}") };
            way += by;
        }
    }
    assert_eq!(way, v(210.0, -40.0), "also out of its own panel");
    let after = hand.up(1, 260.0, 20.0);
    assert_eq!(after, [ViewCommand::Hover { panel: PanelKind::Space, at: v(59.0, 20.0) }], "no click after a drag");
}

#[test]
fn shift_and_panel_choose_what_a_drag_does() {
    let mut hand = Hand::mouse();
    hand.down(1, 250.0, 60.0);
    assert_eq!(hand.to(1, 260.0, 65.0), [ViewCommand::Orbit { by: v(10.0, 5.0) }]);
    hand.up(1, 260.0, 65.0);
    hand.modifiers = Modifiers::SHIFT;
    hand.down(1, 250.0, 60.0);
    assert_eq!(hand.to(1, 260.0, 65.0), [ViewCommand::Pan { panel: PanelKind::Space, by: v(10.0, 5.0) }]);
    hand.up(1, 260.0, 65.0);
    hand.down(1, 50.0, 60.0);
    assert_eq!(hand.to(1, 60.0, 65.0), [ViewCommand::RotateSlice { panel: PanelKind::Xy, at: v(50.0, 60.0), by: v(10.0, 5.0) }]);
    hand.modifiers = Modifiers::NONE;
    assert_eq!(hand.to(1, 61.0, 65.0).len(), 1, "the drag stays what it began as");
    hand.up(1, 61.0, 65.0);
    hand.modifiers = Modifiers::CTRL;
    hand.down(1, 50.0, 60.0);
    assert!(hand.to(1, 90.0, 65.0).is_empty(), "reserved");
}

#[test]
fn a_small_wobble_is_a_click() {
    let mut hand = Hand::mouse();
    hand.down(1, 250.0, 60.0);
    assert!(hand.to(1, 251.0, 61.0).is_empty());
    let at = v(49.0, 60.0);
    assert_eq!(hand.up(1, 251.0, 61.0)[0], ViewCommand::Click { panel: PanelKind::Space, at });
    let (double, handled) = hand.does(PointerKind::DoubleClick, 0, 250.0, 60.0, 0);
    assert!(handled);
    assert_eq!(double, [ViewCommand::SelectAt { panel: PanelKind::Space, at }]);
    hand.modifiers = Modifiers::SHIFT;
    assert!(!hand.does(PointerKind::DoubleClick, 0, 250.0, 60.0, 0).1);
}

#[test]
fn right_click_centres_and_never_drags() {
    let mut hand = Hand::mouse();
    assert!(hand.does(PointerKind::Down, 1, 50.0, 60.0, 2).0.is_empty());
    let (commands, handled) = hand.does(PointerKind::ContextMenu, 0, 50.0, 60.0, 2);
    assert!(handled);
    assert_eq!(commands, [ViewCommand::CentreOn { panel: PanelKind::Xy, at: v(50.0, 60.0) }]);
    assert!(hand.does(PointerKind::Move, 1, 80.0, 60.0, 2).0.is_empty());
}

#[test]
fn hover_begins_and_ends_with_the_panels() {
    let mut hand = Hand::mouse();
    let hover = |panel, x| [ViewCommand::Hover { panel, at: v(x, 10.0) }];
    assert_eq!(hand.does(PointerKind::Move, 1, 10.0, 10.0, 0).0, hover(PanelKind::Xy, 10.0));
    assert_eq!(hand.gestures.panel_for_keys(), PanelKind::Xy);
    assert_eq!(hand.does(PointerKind::Move, 1, 200.0, 10.0, 0).0, [ViewCommand::HoverEnd], "between the panels");
    assert!(hand.does(PointerKind::Move, 1, 199.5, 10.0, 0).0.is_empty(), "told once");
    assert_eq!(hand.does(PointerKind::Move, 1, 301.0, 10.0, 0).0, hover(PanelKind::Space, 100.0));
    assert_eq!(hand.gestures.panel_for_keys(), PanelKind::Space);
    assert_eq!(hand.does(PointerKind::Leave, 1, 500.0, 10.0, 0).0, [ViewCommand::HoverEnd]);
    assert_eq!(hand.gestures.panel_for_keys(), PanelKind::Xy, "the first one");
}

#[test]
fn a_release_that_went_elsewhere_ends_the_drag() {
    let mut hand = Hand::mouse();
    hand.down(1, 50.0, 60.0);
    hand.to(1, 80.0, 60.0);
    let commands = hand.does(PointerKind::Move, 1, 90.0, 60.0, 0).0;
    assert_eq!(commands, [ViewCommand::Hover { panel: PanelKind::Xy, at: v(90.0, 60.0) }]);
    assert!(!hand.gestures.is_dragging());
    hand.down(1, 50.0, 60.0);
    hand.does(PointerKind::Cancel, 1, 50.0, 60.0, 0);
    assert!(hand.up(1, 50.0, 60.0).is_empty(), "no click after a cancel");
}

#[test]
fn the_wheel_steps_or_zooms() {
    let mut hand = Hand::mouse();
    let step = |panel, voxels| ViewCommand::Step { panel, axis: PanelAxis::Depth, voxels };
    assert_eq!(hand.wheel(50.0, v(0.0, 100.0)), (vec![step(PanelKind::Xy, -1.0)], true));
    assert_eq!(hand.wheel(250.0, v(0.0, -100.0)), (vec![step(PanelKind::Space, 1.0)], true));
    hand.modifiers = Modifiers::SHIFT;
    assert_eq!(hand.wheel(50.0, v(-100.0, 0.0)), (vec![step(PanelKind::Xy, 10.0)], true), "sideways with shift");
    hand.modifiers = Modifiers::CTRL;
    let (commands, _) = hand.wheel(250.0, v(0.0, 200.0));
    let [ViewCommand::ZoomAt { panel: PanelKind::Space, at, factor }] = commands[..] else { panic!("{commands:?}") };
    assert!(at == v(49.0, 50.0) && (factor - std::f64::consts::E).abs() < 1e-12);
    assert_eq!(hand.wheel(200.0, v(0.0, 200.0)), (Vec::new(), false), "between the panels");
    hand.modifiers = Modifiers::ALT;
    assert_eq!(hand.wheel(50.0, v(0.0, 200.0)), (Vec::new(), false));
}

#[test]
fn what_may_not_be_done_is_left_to_the_host_page() {
    let mut hand = Hand::mouse();
    hand.gestures.set_controls(Controls { pan: false, zoom: true, rotate: true, keyboard: true });
    assert_eq!(hand.wheel(50.0, v(0.0, 100.0)), (Vec::new(), false), "the page scrolls");
    assert_eq!(hand.wheel(50.0, v(0.0, 1.0)), (Vec::new(), false));
    hand.down(1, 50.0, 60.0);
    assert!(hand.to(1, 80.0, 60.0).is_empty());
}

#[test]
fn one_finger_steps_through_slices_and_orbits_in_space() {
    let mut hand = Hand::touch();
    hand.down(7, 50.0, 60.0);
    assert!(hand.to(7, 50.0, 70.0).is_empty(), "the first pixels only begin the drag");
    let mut voxels = 0.0;
    for y in [73.0, 76.0, 90.0, 110.0, 150.0] {
        for command in hand.to(7, 50.0, y) {
            let ViewCommand::Step { axis: PanelAxis::Depth, voxels: step, .. } = command else { panic!("{command:?}") };
            voxels += step;
        }
    }
    assert_eq!(voxels, 10.0, "80 px");
    hand.up(7, 50.0, 150.0);
    hand.down(8, 250.0, 60.0);
    hand.to(8, 260.0, 60.0);
    assert_eq!(hand.to(8, 265.0, 62.0), [ViewCommand::Orbit { by: v(5.0, 2.0) }]);
}

#[test]
fn two_fingers_pan_and_zoom_and_leave_nothing_behind() {
    let mut hand = Hand::touch();
    hand.down(1, 50.0, 100.0);
    hand.down(2, 90.0, 100.0);
    assert_eq!(
        hand.to(2, 130.0, 100.0),
        [
            ViewCommand::Pan { panel: PanelKind::Xy, by: v(20.0, 0.0) },
            ViewCommand::ZoomAt { panel: PanelKind::Xy, at: v(90.0, 100.0), factor: 0.5 }
        ]
    );
    hand.up(2, 130.0, 100.0);
    assert!(hand.to(1, 80.0, 180.0).is_empty(), "the finger that stays does not step through slices");
    assert!(hand.up(1, 80.0, 180.0).is_empty(), "and is no tap");
}

#[test]
fn the_picture_turns_only_after_a_clear_twist() {
    let mut hand = Hand::touch();
    hand.down(1, 50.0, 100.0);
    hand.down(2, 150.0, 100.0);
    let rolls = |hand: &mut Hand, degrees: f64| -> f64 {
        let way = DVec2::from_angle(degrees.to_radians()) * 100.0;
        let commands = hand.to(2, 50.0 + way.x, 100.0 + way.y);
        commands.iter().map(|c| if let ViewCommand::Roll { radians, .. } = c { *radians } else { 0.0 }).sum()
    };
    assert_eq!(rolls(&mut hand, 8.0), 0.0);
    assert_eq!(rolls(&mut hand, 15.0), 0.0);
    assert!((rolls(&mut hand, 25.0) - 10.0_f64.to_radians()).abs() < 1e-9, "y points down: this is clockwise");
    assert!((rolls(&mut hand, 20.0) + 5.0_f64.to_radians()).abs() < 1e-9, "and back, without slop");
}

#[test]
fn taps_and_holds() {
    let mut hand = Hand::touch();
    let at = v(50.0, 60.0);
    let panel = PanelKind::Xy;
    hand.down(1, 50.0, 60.0);
    assert_eq!(hand.up(1, 50.0, 60.0), [ViewCommand::Hover { panel, at }, ViewCommand::Click { panel, at }]);
    hand.down(2, 53.0, 60.0);
    assert_eq!(hand.up(2, 53.0, 60.0), [ViewCommand::SelectAt { panel, at: v(53.0, 60.0) }]);
    assert!(!hand.does(PointerKind::DoubleClick, 0, 50.0, 60.0, 0).1, "counted once");

    hand.now += 1000.0;
    hand.down(3, 50.0, 60.0);
    let deadline = hand.gestures.deadline_millis().unwrap();
    let mut out = Vec::new();
    hand.gestures.tick(deadline - 1.0, &mut out);
    assert!(out.is_empty());
    assert!(hand.does(PointerKind::ContextMenu, 0, 50.0, 60.0, 0).1, "no menu under the finger");
    hand.gestures.tick(deadline, &mut out);
    assert_eq!(out, [ViewCommand::CentreOn { panel, at }]);
    assert_eq!(hand.gestures.deadline_millis(), None);
    hand.gestures.tick(deadline + 5000.0, &mut out);
    assert_eq!(out.len(), 1);
    assert!(hand.to(3, 100.0, 60.0).is_empty() && hand.up(3, 100.0, 60.0).is_empty());
}

/// One tap of two fingers, the second a little later; what it asks for.
fn tap_of_two(hand: &mut Hand, by: f64) -> Vec<ViewCommand> {
    let mut out = hand.down(1, 50.0, 100.0);
    out.extend(hand.down(2, 110.0, 100.0));
    out.extend(hand.to(2, 110.0 + by, 100.0));
    out.extend(hand.up(1, 50.0, 100.0));
    out.extend(hand.up(2, 110.0 + by, 100.0));
    out
}

#[test]
fn three_taps_of_two_fingers_snap_to_the_axes() {
    let mut hand = Hand::touch();
    let snap = [ViewCommand::SnapToAxes { panel: PanelKind::Xy }];
    for _ in 0..2 {
        assert!(tap_of_two(&mut hand, 0.0).is_empty());
        assert!(tap_of_two(&mut hand, 0.0).is_empty());
        assert_eq!(tap_of_two(&mut hand, 0.0), snap);
    }
    // A pause, a movement, a long press or a third finger is no tap.
    for _ in 0..3 {
        assert!(tap_of_two(&mut hand, 0.0).is_empty());
        hand.now += 1000.0;
    }
    for _ in 0..3 {
        assert!(!tap_of_two(&mut hand, 20.0).contains(&snap[0]));
    }
    for _ in 0..3 {
        hand.down(1, 50.0, 100.0);
        hand.down(2, 110.0, 100.0);
        hand.now += 400.0;
        hand.up(2, 110.0, 100.0);
        assert!(hand.up(1, 50.0, 100.0).is_empty());
    }
    for _ in 0..3 {
        hand.down(1, 50.0, 100.0);
        hand.down(2, 110.0, 100.0);
        hand.down(3, 80.0, 60.0);
        hand.up(2, 110.0, 100.0);
        hand.up(3, 80.0, 60.0);
        assert!(hand.up(1, 50.0, 100.0).is_empty());
    }
}
