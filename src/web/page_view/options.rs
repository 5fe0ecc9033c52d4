//! The options that a viewer is made with.

use serde::Deserialize;

use crate::scene::panels::Layout;
use crate::tools::command::Controls;
use crate::web::view_state::ViewStatePatch;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ViewOptions {
    pub(super) view_state: Option<ViewStatePatch>,
    pub(super) layout: Option<Layout>,
    pub(super) controller: Option<ControllerOptions>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum ControllerOptions {
    All(bool),
    Some { pan: Option<bool>, zoom: Option<bool>, rotate: Option<bool>, keyboard: Option<bool> },
}

impl From<ControllerOptions> for Controls {
    fn from(options: ControllerOptions) -> Self {
        match options {
            ControllerOptions::All(all) => Self { pan: all, zoom: all, rotate: all, keyboard: all },
            ControllerOptions::Some { pan, zoom, rotate, keyboard } => Self {
                pan: pan.unwrap_or(true),
                zoom: zoom.unwrap_or(true),
                rotate: rotate.unwrap_or(true),
                keyboard: keyboard.unwrap_or(true),
            },
        }
    }
}
