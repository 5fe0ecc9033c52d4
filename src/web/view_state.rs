//! The view state as JavaScript writes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::View;
use crate::error::{ErrorCode, ViewerError};
use crate::geometry::{DQuat, DVec3, ViewState};

/// A whole view state.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ViewStateJs {
    position: [f64; 3],
    cross_section_scale: f64,
    cross_section_orientation: [f64; 4],
    projection_scale: f64,
    projection_orientation: [f64; 4],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    other_axes: BTreeMap<String, u64>,
}

impl ViewStateJs {
    /// The state of a view.
    #[must_use]
    pub fn of(view: &View) -> Self {
        let state = view.state();
        Self {
            position: state.position.to_array(),
            cross_section_scale: state.cross_section_scale,
            cross_section_orientation: state.cross_section_orientation.to_array(),
            projection_scale: state.projection_scale,
            projection_orientation: state.projection_orientation.to_array(),
            other_axes: view.other_axes().clone(),
        }
    }
}

/// A part of a view state.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ViewStatePatch {
    position: Option<[f64; 3]>,
    cross_section_scale: Option<f64>,
    cross_section_orientation: Option<[f64; 4]>,
    projection_scale: Option<f64>,
    projection_orientation: Option<[f64; 4]>,
    other_axes: Option<BTreeMap<String, u64>>,
}

impl ViewStatePatch {
    /// A whole state, in which axes that are not named are at their beginning.
    #[must_use]
    pub fn whole(self) -> Self {
        Self { other_axes: Some(self.other_axes.unwrap_or_default()), ..self }
    }

    /// Looks there. Gives the number of the move.
    ///
    /// # Errors
    /// Numbers that make no sense; then nothing has changed.
    pub fn apply(self, view: &mut View, now_millis: f64, duration_millis: f64) -> Result<u32, ViewerError> {
        let (state, placed) = self.patched(view)?;
        if let Some(other_axes) = self.other_axes {
            view.set_other_axes(other_axes)?;
        }
        Ok(view.set_state(state, placed, now_millis, duration_millis))
    }

    /// The view's state with the patch's parts, and whether position and scale are among them.
    ///
    /// # Errors
    /// Numbers that make no sense.
    pub fn patched(&self, view: &View) -> Result<(ViewState, [bool; 2]), ViewerError> {
        let wrong = |key: &str, wanted: &str| {
            ViewerError::new(ErrorCode::InvalidOptions, format!("viewState.{key} is not {wanted}")).with_detail("key", key)
        };
        let mut state = view.state().clone();
        let placed = [self.position.is_some(), self.cross_section_scale.is_some() || self.projection_scale.is_some()];
        if let Some(position) = self.position {
            state.position = DVec3::from_array(position);
            if !state.position.is_finite() {
                return Err(wrong("position", "three finite numbers"));
            }
        }
        let scale = |key: &str, value: Option<f64>, now: f64| match value {
            Some(value) if !(value.is_finite() && value > 0.0) => Err(wrong(key, "a positive number")),
            value => Ok(value.unwrap_or(now)),
        };
        state.cross_section_scale = scale("crossSectionScale", self.cross_section_scale, state.cross_section_scale)?;
        state.projection_scale = scale("projectionScale", self.projection_scale, state.projection_scale)?;
        let turn = |key: &str, value: Option<[f64; 4]>, now: DQuat| {
            let Some(value) = value else { return Ok(now) };
            let turn = DQuat::from_array(value);
            if !turn.is_finite() || turn.length() < 1e-6 {
                return Err(wrong(key, "a quaternion [x, y, z, w]"));
            }
            Ok(turn.normalize())
        };
        state.cross_section_orientation = turn("crossSectionOrientation", self.cross_section_orientation, state.cross_section_orientation)?;
        state.projection_orientation = turn("projectionOrientation", self.projection_orientation, state.projection_orientation)?;
        Ok((state, placed))
    }
}
