//! The axes of a multiscale image.

use serde_json::{Map, Value};

use super::transform::Transform;
use crate::format::axes::{AxisMap, Role};
use crate::format::length_unit::nm_per_unit;

/// The order of axes before they had to be named.
const UNNAMED: [&str; 5] = ["t", "c", "z", "y", "x"];

/// What the dimensions of the arrays are.
#[derive(Debug)]
pub(super) struct Axes {
    pub(super) map: AxisMap,
    /// By dimension.
    pub(super) units: Vec<Option<String>>,
}

impl Axes {
    /// Reads `axes` of a multiscale image whose arrays have this many dimensions.
    pub(super) fn parse(image: &Map<String, Value>, dimensions: usize) -> Result<Self, String> {
        let axes: Vec<Value> = match image.get("axes") {
            Some(Value::Array(axes)) => axes.clone(),
            Some(_) => return Err("\"axes\" is not a list".to_owned()),
            None if dimensions == UNNAMED.len() => UNNAMED.map(Value::from).to_vec(),
            None => return Err("\"multiscales\" has no \"axes\"".to_owned()),
        };
        if axes.len() != dimensions {
            return Err(format!("{} axes for arrays of {dimensions} dimensions", axes.len()));
        }
        let text = |axis: &Value, key: &str| axis.get(key).and_then(Value::as_str).map(str::to_owned);
        let mut roles = Vec::with_capacity(axes.len());
        for axis in &axes {
            let name = axis.as_str().map(str::to_owned).or_else(|| text(axis, "name")).ok_or("an axis has no name")?;
            let kind = text(axis, "type");
            let role = match (name.as_str(), kind.as_deref()) {
                (_, Some("channel")) | ("c", None) => Role::Channel,
                ("x", _) => Role::Space(0),
                ("y", _) => Role::Space(1),
                ("z", _) => Role::Space(2),
                _ => Role::Other(name),
            };
            if roles.contains(&role) {
                return Err(format!("there are two axes like {axis}"));
            }
            roles.push(role);
        }
        if !roles.iter().any(|role| matches!(role, Role::Space(_))) {
            return Err("no axis is called x, y or z".to_owned());
        }
        let units = axes.iter().map(|axis| text(axis, "unit")).collect();
        Ok(Self { map: AxisMap { roles }, units })
    }

    /// From one place to the next along each dimension that is no axis of space. A scale of 1 without a unit says nothing.
    pub(super) fn spacing(&self, transform: &Transform) -> Vec<Option<f64>> {
        let said = self.units.iter().zip(&transform.scale);
        said.map(|(unit, &scale)| {
            (scale.is_finite() && scale > 0.0 && (unit.is_some() || (scale - 1.0).abs() > f64::EPSILON)).then_some(scale)
        })
        .collect()
    }

    /// The size of a voxel and the lower corner of voxel 0, nm, along x, y, z.
    ///
    /// A translation names the centre of voxel 0, so its corner lies half a voxel below.
    pub(super) fn place(&self, transform: &Transform) -> Result<([f64; 3], [f64; 3]), String> {
        let mut size_nm = [1.0; 3];
        let mut offset_nm = [0.0; 3];
        let steps = transform.scale.iter().zip(&transform.translation);
        for ((role, unit), (scale, translation)) in self.map.roles.iter().zip(&self.units).zip(steps) {
            let Role::Space(axis) = role else {
                continue;
            };
            let nm = match unit {
                Some(unit) => nm_per_unit(unit).ok_or_else(|| format!("the unit of length \"{unit}\" is unknown"))?,
                None => 1.0,
            };
            let (size, offset) = (scale * nm, (translation - scale / 2.0) * nm);
            if !(size.is_finite() && size > 0.0 && offset.is_finite()) {
                return Err(format!("a voxel of {scale} at {translation}"));
            }
            if let (Some(to_size), Some(to_offset)) = (size_nm.get_mut(*axis), offset_nm.get_mut(*axis)) {
                (*to_size, *to_offset) = (size, offset);
            }
        }
        Ok((size_nm, offset_nm))
    }
}
