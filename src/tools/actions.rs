//! The one registry: every action a person can take, declared once. Tool rail, menus, palette, help, remapping, `docs/keys.md`
//! and the tests are made from this list.
//!
//! Keys are Neuroglancer's where it has the action. Gestures are in the list so that help shows them; they have no effect of
//! their own and cannot be remapped.

use crate::geometry::PanelKind;
use crate::scene::panels::Layout;

use super::command::{PanelAxis, ViewCommand};

/// One action.
#[derive(Clone, Copy, Debug)]
pub struct Action {
    /// Its stable name: `group.verb`.
    pub id: &'static str,
    /// What it does, in words.
    pub label: &'static str,
    /// Under which heading it stands.
    pub group: &'static str,
    /// Its keys until a person changes them, canonical.
    pub keys: &'static [&'static str],
    /// A lucide icon.
    pub icon: Option<&'static str>,
    /// The views of the page that it belongs to; none is all.
    pub views: &'static [&'static str],
    /// When there is something to do.
    pub when: When,
    /// What it runs.
    pub effect: Effect,
}

/// What an action runs.
#[derive(Clone, Copy, Debug)]
pub enum Effect {
    /// A command.
    Command(ViewCommand),
    /// A command to the panel under the pointer.
    OfPanel(fn(PanelKind) -> ViewCommand),
    /// A command of the place of its key among its keys, from 0.
    Nth(fn(usize) -> ViewCommand),
    /// Something that the page does.
    Page,
    /// Nothing: the pointer does it.
    Gesture,
}

/// When an action has something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Always.
    Always,
    /// There are layers.
    Layers,
    /// There are image layers.
    Images,
    /// There are segmentation layers.
    Segmentations,
    /// Chunks or layers have failed.
    Failures,
}

/// What there is in a viewer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Situation {
    /// Image layers.
    pub images: usize,
    /// Segmentation layers.
    pub segmentations: usize,
    /// Failed chunks and layers.
    pub failures: usize,
}

impl When {
    /// Whether it is so.
    #[must_use]
    pub const fn holds(self, situation: &Situation) -> bool {
        match self {
            Self::Always => true,
            Self::Layers => situation.images + situation.segmentations > 0,
            Self::Images => situation.images > 0,
            Self::Segmentations => situation.segmentations > 0,
            Self::Failures => situation.failures > 0,
        }
    }
}

/// The radians of one key press.
const TURN: f64 = 0.1;

const fn action(group: &'static str, id: &'static str, label: &'static str, keys: &'static [&'static str], effect: Effect) -> Action {
    Action { id, label, group, keys, icon: None, views: &[], when: When::Always, effect }
}

impl Action {
    const fn icon(mut self, name: &'static str) -> Self {
        self.icon = Some(name);
        self
    }

    const fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }

    /// Its command, for the panel under the pointer and the nth of its keys; `None` for a gesture.
    #[must_use]
    pub fn command(&self, panel: PanelKind, nth: usize) -> Option<ViewCommand> {
        match self.effect {
            Effect::Command(command) => Some(command),
            Effect::OfPanel(of) => Some(of(panel)),
            Effect::Nth(of) => Some(of(nth)),
            Effect::Page => Some(ViewCommand::Page(self.id)),
            Effect::Gesture => None,
        }
    }

    /// Whether it is only told of here, and done by the pointer.
    #[must_use]
    pub const fn is_gesture(&self) -> bool {
        matches!(self.effect, Effect::Gesture)
    }
}

/// The action of this id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.id == id)
}

use Effect::{Command, Gesture, Nth, OfPanel, Page};

macro_rules! step {
    ($axis:ident, $voxels:expr) => {
        OfPanel(|panel| ViewCommand::Step { panel, axis: PanelAxis::$axis, voxels: $voxels })
    };
}

macro_rules! rotate {
    ($axis:ident, $radians:expr) => {
        OfPanel(|panel| ViewCommand::RotateAxis { panel, axis: PanelAxis::$axis, radians: $radians })
    };
}

/// Every action.
pub static ACTIONS: &[Action] = &[
    action("Move", "move.left", "One voxel left", &["arrowleft"], step!(Right, -1.0)).icon("arrow-left"),
    action("Move", "move.right", "One voxel right", &["arrowright"], step!(Right, 1.0)).icon("arrow-right"),
    action("Move", "move.up", "One voxel up", &["arrowup"], step!(Down, -1.0)).icon("arrow-up"),
    action("Move", "move.down", "One voxel down", &["arrowdown"], step!(Down, 1.0)).icon("arrow-down"),
    action("Move", "move.back", "Previous slice", &[","], step!(Depth, -1.0)).icon("chevron-left"),
    action("Move", "move.forward", "Next slice", &["."], step!(Depth, 1.0)).icon("chevron-right"),
    action("Move", "move.previous", "Back along time or another axis", &["["], Command(ViewCommand::StepOther { places: -1 }))
        .icon("chevrons-left")
        .when(When::Layers),
    action("Move", "move.next", "On along time or another axis", &["]"], Command(ViewCommand::StepOther { places: 1 }))
        .icon("chevrons-right")
        .when(When::Layers),
    action("Move", "gesture.pan", "Move in the slice; in 3D, turn the view", &["drag"], Gesture).icon("move"),
    action("Move", "gesture.centre", "Centre on the place under the pointer", &["rightclick", "hold 1 s"], Gesture).icon("crosshair"),
    action("Move", "gesture.step", "Next or previous slice", &["wheel", "drag 1 finger"], Gesture).icon("layers"),
    action("Move", "gesture.step10", "Ten slices on or back", &["shift+wheel"], Gesture).icon("layers"),
    action("Move", "gesture.pan-touch", "Move, by touch", &["drag 2 fingers"], Gesture).icon("move"),
    action("Rotate", "rotate.up", "Tilt up", &["shift+arrowup"], rotate!(Right, TURN)).icon("rotate-3d"),
    action("Rotate", "rotate.down", "Tilt down", &["shift+arrowdown"], rotate!(Right, -TURN)).icon("rotate-3d"),
    action("Rotate", "rotate.left", "Tilt left", &["shift+arrowleft"], rotate!(Down, -TURN)).icon("rotate-3d"),
    action("Rotate", "rotate.right", "Tilt right", &["shift+arrowright"], rotate!(Down, TURN)).icon("rotate-3d"),
    action("Rotate", "rotate.counterclockwise", "Turn the picture counterclockwise", &["e"], rotate!(Depth, TURN)).icon("rotate-ccw"),
    action("Rotate", "rotate.clockwise", "Turn the picture clockwise", &["r"], rotate!(Depth, -TURN)).icon("rotate-cw"),
    action("Rotate", "rotate.snap", "Snap to the axes", &["z"], OfPanel(|panel| ViewCommand::SnapToAxes { panel })).icon("axis-3d"),
    action("Rotate", "gesture.rotate", "Tilt the slice; in 3D, move", &["shift+drag"], Gesture).icon("rotate-3d"),
    action("Rotate", "gesture.snap-touch", "Snap to the axes, by touch", &["triple tap 2 fingers"], Gesture).icon("axis-3d"),
    action("Rotate", "gesture.twist", "Turn the picture, by touch", &["twist"], Gesture).icon("rotate-cw"),
    action("Zoom", "zoom.in", "Zoom in", &["ctrl+=", "ctrl+plus"], OfPanel(|panel| ViewCommand::Zoom { panel, factor: 0.5 }))
        .icon("zoom-in"),
    action("Zoom", "zoom.out", "Zoom out", &["ctrl+-"], OfPanel(|panel| ViewCommand::Zoom { panel, factor: 2.0 })).icon("zoom-out"),
    action("Zoom", "zoom.fit", "Show all data", &["home"], Command(ViewCommand::ZoomToFit)).icon("scan").when(When::Layers),
    action("Zoom", "gesture.zoom", "Zoom at the pointer", &["ctrl+wheel", "pinch"], Gesture).icon("zoom-in"),
    action("Layout", "layout.toggle", "Four panels or one", &["space"], Command(ViewCommand::ToggleLayout)).icon("layout-grid"),
    action(
        "Layout",
        "layout.maximize",
        "Only the panel under the pointer",
        &["shift+space"],
        OfPanel(|panel| ViewCommand::MaximizePanel { panel }),
    )
    .icon("maximize"),
    action("Layout", "layout.4panel", "Four panels", &[], Command(ViewCommand::SetLayout(Layout::Four))).icon("layout-grid"),
    action("Layout", "layout.xy", "Only xy", &[], Command(ViewCommand::SetLayout(Layout::Xy))).icon("square"),
    action("Layout", "layout.xz", "Only xz", &[], Command(ViewCommand::SetLayout(Layout::Xz))).icon("square"),
    action("Layout", "layout.yz", "Only yz", &[], Command(ViewCommand::SetLayout(Layout::Yz))).icon("square"),
    action("Layout", "layout.3d", "Only 3D", &[], Command(ViewCommand::SetLayout(Layout::Space))).icon("box"),
    action("Layout", "layout.xy-3d", "xy and 3D", &[], Command(ViewCommand::SetLayout(Layout::XySpace))).icon("columns-2"),
    action("Show", "show.axis-lines", "Axis lines", &["a"], Command(ViewCommand::ToggleAxisLines)).icon("crosshair"),
    action("Show", "show.scale-bar", "Scale bars", &["b"], Command(ViewCommand::ToggleScaleBar)).icon("ruler"),
    action("Show", "show.bounds", "Box around the data", &["v"], Command(ViewCommand::ToggleBounds)).icon("box"),
    action("Show", "show.slices", "Slices in 3D", &["s"], Command(ViewCommand::ToggleSlicesInSpace)).icon("layers"),
    action("Show", "show.orthographic", "Parallel or perspective 3D", &["o"], Command(ViewCommand::ToggleOrthographic)).icon("cuboid"),
    action("Layers", "layer.toggle", "Show or hide a layer", &["1", "2", "3", "4", "5", "6", "7", "8", "9"], Nth(ViewCommand::ToggleLayer))
        .icon("eye")
        .when(When::Layers),
    action("Layers", "contrast.auto", "Contrast from what is seen", &[], Command(ViewCommand::AutoContrast))
        .icon("contrast")
        .when(When::Images),
    action("Layers", "chunks.retry", "Request failed chunks again", &[], Command(ViewCommand::RetryFailed))
        .icon("refresh-cw")
        .when(When::Failures),
    action("Layers", "layer.export", "Export a layer", &["ctrl+shift+e"], Page).icon("download").when(When::Layers),
    action("Segments", "gesture.select", "Select or deselect a segment", &["dblclick", "double tap"], Gesture).icon("mouse-pointer-click"),
    action("Segments", "segments.recolor", "New segment colours", &["l"], Command(ViewCommand::Recolor))
        .icon("palette")
        .when(When::Segmentations),
    action("Segments", "segments.clear", "Deselect all segments", &["x"], Command(ViewCommand::ClearSegments))
        .icon("eraser")
        .when(When::Segmentations),
    action("Page", "dataset.open", "Open a dataset", &["ctrl+o", "n"], Page).icon("folder-open"),
    action("Page", "dataset.settings", "Dataset settings", &["ctrl+,"], Page).icon("settings").when(When::Layers),
    action("Page", "palette.show", "Find an action", &["ctrl+p"], Page).icon("search"),
    action("Page", "position.focus", "Go to a position", &["g"], Page).icon("locate"),
    action("Page", "share.copy", "Copy a link to this view", &["ctrl+shift+l"], Page).icon("link"),
    action("Page", "share.neuroglancer", "Copy as a Neuroglancer link", &[], Page).icon("link"),
    action("Page", "screenshot.save", "Save a picture", &["ctrl+shift+s"], Page).icon("camera"),
    action("Page", "dock.toggle", "Show or hide the layers", &["ctrl+b"], Page).icon("panel-right"),
    action("Page", "theme.toggle", "Dark or light", &["alt+t"], Page).icon("moon"),
    action("Page", "help.show", "Keys and help", &["h", "?"], Page).icon("circle-question-mark"),
];

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::super::key::canonical;
    use super::*;

    #[test]
    fn no_two_actions_share_an_id_or_a_key() {
        let mut ids = HashSet::new();
        let mut keys = HashMap::new();
        for action in ACTIONS {
            assert!(ids.insert(action.id), "{} twice", action.id);
            assert!(!action.label.is_empty() && !action.group.is_empty() && action.icon.is_some(), "{}", action.id);
            for key in action.keys {
                if let Some(other) = keys.insert(*key, action.id) {
                    panic!("{key} is of {other} and of {}", action.id);
                }
            }
        }
    }

    #[test]
    fn keys_are_canonical_and_every_action_runs() {
        for action in ACTIONS {
            if action.is_gesture() {
                assert!(action.id.starts_with("gesture.") && !action.keys.is_empty());
                assert_eq!(action.command(PanelKind::Xy, 0), None);
            } else {
                for key in action.keys {
                    assert_eq!(canonical(key).as_deref(), Some(*key), "{}", action.id);
                }
                assert!(action.command(PanelKind::Xy, 0).is_some());
            }
        }
        assert_eq!(by_id("layer.toggle").and_then(|a| a.command(PanelKind::Xy, 4)), Some(ViewCommand::ToggleLayer(4)));
        assert_eq!(by_id("help.show").and_then(|a| a.command(PanelKind::Xy, 0)), Some(ViewCommand::Page("help.show")));
        assert!(by_id("nothing").is_none());
    }

    /// The table of the viewer whose users' hands are to be at home here.
    #[test]
    fn neuroglancers_keys_do_what_they_do_there() {
        let panel = PanelKind::Xz;
        let step = |axis, voxels| ViewCommand::Step { panel, axis, voxels };
        let turn = |axis, radians| ViewCommand::RotateAxis { panel, axis, radians };
        for (key, expected) in [
            ("arrowleft", step(PanelAxis::Right, -1.0)),
            ("arrowup", step(PanelAxis::Down, -1.0)),
            (",", step(PanelAxis::Depth, -1.0)),
            (".", step(PanelAxis::Depth, 1.0)),
            ("[", ViewCommand::StepOther { places: -1 }),
            ("]", ViewCommand::StepOther { places: 1 }),
            ("shift+arrowdown", turn(PanelAxis::Right, -0.1)),
            ("shift+arrowup", turn(PanelAxis::Right, 0.1)),
            ("shift+arrowleft", turn(PanelAxis::Down, -0.1)),
            ("e", turn(PanelAxis::Depth, 0.1)),
            ("r", turn(PanelAxis::Depth, -0.1)),
            ("z", ViewCommand::SnapToAxes { panel }),
            ("ctrl+=", ViewCommand::Zoom { panel, factor: 0.5 }),
            ("ctrl+-", ViewCommand::Zoom { panel, factor: 2.0 }),
            ("l", ViewCommand::Recolor),
            ("x", ViewCommand::ClearSegments),
            ("s", ViewCommand::ToggleSlicesInSpace),
            ("b", ViewCommand::ToggleScaleBar),
            ("v", ViewCommand::ToggleBounds),
            ("a", ViewCommand::ToggleAxisLines),
            ("o", ViewCommand::ToggleOrthographic),
            ("space", ViewCommand::ToggleLayout),
            ("n", ViewCommand::Page("dataset.open")),
            ("h", ViewCommand::Page("help.show")),
        ] {
            let action = ACTIONS.iter().find(|action| action.keys.contains(&key));
            assert_eq!(action.and_then(|action| action.command(panel, 0)), Some(expected), "{key}");
        }
    }
}
