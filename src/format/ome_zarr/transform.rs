//! Coordinate transformations: scales and translations, one after the other.

use serde_json::Value;

/// `world = scale * array + translation`, by dimension.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Transform {
    pub(super) scale: Vec<f64>,
    pub(super) translation: Vec<f64>,
}

/// The most steps of a list of transformations.
const MAX_STEPS: usize = 64;

impl Transform {
    /// Reads `coordinateTransformations`; the identity where there are none.
    pub(super) fn parse(list: Option<&Value>, dimensions: usize) -> Result<Self, String> {
        let mut all = Self { scale: vec![1.0; dimensions], translation: vec![0.0; dimensions] };
        let steps = match list {
            None | Some(Value::Null) => return Ok(all),
            Some(Value::Array(steps)) if steps.len() <= MAX_STEPS => steps,
            Some(_) => return Err("\"coordinateTransformations\" is not a short list".to_owned()),
        };
        for step in steps {
            let kind = step.get("type").and_then(Value::as_str).unwrap_or_default();
            match kind {
                "identity" => {}
                "scale" => {
                    let scale = numbers(step, kind, dimensions)?;
                    all = all.then(&Self { scale, translation: vec![0.0; dimensions] });
                }
                "translation" => {
                    let translation = numbers(step, kind, dimensions)?;
                    all = all.then(&Self { scale: vec![1.0; dimensions], translation });
                }
                other => return Err(format!("the coordinate transformation \"{other}\" is neither a scale nor a translation")),
            }
        }
        Ok(all)
    }

    /// This transformation, then another.
    pub(super) fn then(&self, next: &Self) -> Self {
        let scale = self.scale.iter().zip(&next.scale).map(|(a, b)| a * b).collect();
        let translation = self.translation.iter().zip(next.scale.iter().zip(&next.translation)).map(|(t, (scale, add))| t * scale + add);
        Self { scale, translation: translation.collect() }
    }
}

fn numbers(step: &Value, kind: &str, dimensions: usize) -> Result<Vec<f64>, String> {
    let list = step.get(kind).and_then(Value::as_array);
    let list = list.ok_or_else(|| format!("a coordinate transformation \"{kind}\" without its numbers"))?;
    let numbers: Vec<f64> = list.iter().filter_map(Value::as_f64).filter(|number| number.is_finite()).collect();
    if numbers.len() == dimensions && list.len() == dimensions {
        Ok(numbers)
    } else {
        Err(format!("a coordinate transformation \"{kind}\" of {} numbers for {dimensions} axes", list.len()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn composes_level_and_image() {
        let level = json!([{ "type": "scale", "scale": [2.0, 4.0] }, { "type": "translation", "translation": [1.0, 10.0] }]);
        let image = json!([{ "type": "scale", "scale": [0.5, 3.0] }, { "type": "translation", "translation": [7.0, 0.0] }]);
        let both = Transform::parse(Some(&level), 2).unwrap().then(&Transform::parse(Some(&image), 2).unwrap());
        assert_eq!(both, Transform { scale: vec![1.0, 12.0], translation: vec![7.5, 30.0] });
    }

    #[test]
    fn refuses_what_is_no_scale_or_translation() {
        for list in [json!([{ "type": "affine" }]), json!([{ "type": "scale", "scale": [1.0] }]), json!({}), json!([{ "type": "scale" }])] {
            assert!(Transform::parse(Some(&list), 2).is_err(), "{list}");
        }
    }
}
