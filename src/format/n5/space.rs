//! Where voxels lie: the levels that a group lists, the names of dimensions, the size of a voxel and where the first one is.

use serde_json::Value;

use super::MOST_LEVELS;
use crate::format::FormatError;
use crate::format::axes::AxisMap;
use crate::format::document::is_inside;
use crate::format::length_unit::nm_per_unit;
use crate::format::object::Object;

/// A level as its group lists it.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) path: String,
    /// Voxels of the finest level in one of this, by dimension.
    factors: Option<Vec<f64>>,
    transform: Option<Value>,
}

impl Listed {
    /// The level of this number, of which nothing is said.
    pub(super) fn numbered(number: usize) -> Self {
        Self { path: format!("s{number}"), ..Self::default() }
    }

    /// The levels that the attributes of a group list; `None` where they list none.
    pub(super) fn of_group(group: &Object<'_>) -> Result<Option<Vec<Self>>, FormatError> {
        let name = if group.get("scales").is_some() { "scales" } else { "downsamplingFactors" };
        let factors = match group.get(name) {
            None => None,
            Some(Value::Array(list)) if list.len() <= MOST_LEVELS => {
                let factors = list.iter().map(positive_numbers).collect::<Option<Vec<_>>>();
                Some(factors.ok_or_else(|| group.wrong(name, group.get(name), "a list of factors for each level"))?)
            }
            other => return Err(group.wrong(name, other, &format!("a list of at most {MOST_LEVELS} levels"))),
        };
        let datasets = group.get("multiscales").and_then(|multiscales| multiscales.get(0)?.get("datasets")?.as_array());
        let Some(datasets) = datasets.filter(|datasets| (1..=MOST_LEVELS).contains(&datasets.len())) else {
            let numbered = |(number, factors)| Self { factors: Some(factors), ..Self::numbered(number) };
            return Ok(factors.map(|factors| factors.into_iter().enumerate().map(numbered).collect()));
        };
        let mut factors = factors.filter(|factors| factors.len() == datasets.len()).unwrap_or_default().into_iter();
        let listed = datasets.iter().map(|dataset| {
            let path = dataset.get("path").and_then(Value::as_str).filter(|path| is_inside(path));
            let path = path.ok_or_else(|| group.bad("a level of \"multiscales\" has no \"path\" that leads into the group"))?;
            Ok(Self { path: path.to_owned(), factors: factors.next(), transform: dataset.get("transform").cloned() })
        });
        listed.collect::<Result<_, _>>().map(Some)
    }
}

/// What the levels of a volume have in common.
pub(super) struct Space {
    /// The last dimension is the fastest: N5's, reversed.
    pub(super) axes: AxisMap,
    /// As `axes`.
    pub(super) units: Vec<Option<String>>,
    /// Nanometres of a voxel of the finest level by dimension, in N5's order, where the group says so.
    resolution_nm: Option<Vec<f64>>,
    dimensions: usize,
}

impl Space {
    /// Reads the attributes of a group and of its first level of this many dimensions.
    pub(super) fn parse(group: &Object<'_>, first: &Object<'_>, dimensions: usize) -> Result<Self, FormatError> {
        let names = match texts(group, "axes", dimensions)? {
            None => texts(first, "axes", dimensions)?,
            names => names,
        };
        let units = match texts(group, "units", dimensions)? {
            None => texts(first, "units", dimensions)?,
            units => units,
        };
        let reversed = |list: Option<Vec<String>>| match list {
            Some(list) => list.into_iter().rev().map(Some).collect(),
            None => vec![None; dimensions],
        };
        let mut space = Self { axes: AxisMap::from_names(&reversed(names)), units: reversed(units), resolution_nm: None, dimensions };
        space.resolution_nm = space.resolution_nm(group)?;
        Ok(space)
    }

    /// The size of a voxel of a level and the lower corner of its first voxel, nm, along x, y, z.
    pub(super) fn place(&self, listed: &Listed, own: &Object<'_>, is_finest: bool) -> Result<([f64; 3], [f64; 3]), FormatError> {
        if let Some(transform) = own.get("transform").or(listed.transform.as_ref()) {
            return Self::transformed(&own.object(transform, "transform: "));
        }
        let own_factors = match own.get("downsamplingFactors") {
            None => None,
            Some(value) => Some(positive_numbers(value).ok_or_else(|| own.wrong("downsamplingFactors", Some(value), "positive numbers"))?),
        };
        let own_resolution = self.resolution_nm(own)?;
        let ones = || vec![1.0; self.dimensions];
        let sizes = match own_factors.or_else(|| listed.factors.clone()) {
            Some(factors) if factors.len() != self.dimensions => {
                return Err(own.bad(format_args!("{} factors of downsampling for {} dimensions", factors.len(), self.dimensions)));
            }
            Some(factors) => {
                let finest = self.resolution_nm.clone().or(own_resolution).unwrap_or_else(ones);
                finest.iter().zip(&factors).map(|(size, factor)| size * factor).collect()
            }
            None if is_finest => own_resolution.or_else(|| self.resolution_nm.clone()).unwrap_or_else(ones),
            None => own_resolution.ok_or_else(|| {
                own.bad("nothing says how large a voxel of this level is: downsamplingFactors, pixelResolution or transform expected")
            })?,
        };
        let sizes: Vec<f64> = sizes.into_iter().rev().collect();
        Ok((self.axes.space(&sizes, 1.0), [0.0; 3]))
    }

    /// `scale` and `translate` by the names of the axes, whatever their order. A translation names the centre of the first voxel.
    fn transformed(transform: &Object<'_>) -> Result<([f64; 3], [f64; 3]), FormatError> {
        let list = |name: &str| transform.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let number = |name: &str, at: usize, absent: f64| list(name).get(at).map_or(Some(absent), Value::as_f64).unwrap_or(f64::NAN);
        let place = |axis: &str| {
            let Some(at) = list("axes").iter().position(|name| name.as_str() == Some(axis)) else { return Ok((1.0, 0.0)) };
            let nm = nm(list("units").get(at).and_then(Value::as_str));
            let (scale, translate) = (number("scale", at, 1.0), number("translate", at, 0.0));
            let (size, offset) = (scale * nm, (translate - scale / 2.0) * nm);
            if size.is_normal() && size > 0.0 && offset.is_finite() {
                Ok((size, offset))
            } else {
                Err(transform.bad(format_args!("a voxel of {scale} at {translate} along {axis}")))
            }
        };
        let [(x, x0), (y, y0), (z, z0)] = [place("x")?, place("y")?, place("z")?];
        Ok(([x, y, z], [x0, y0, z0]))
    }

    /// Nanometres of a voxel by dimension that attributes say: `pixelResolution` or `resolution`.
    fn resolution_nm(&self, attributes: &Object<'_>) -> Result<Option<Vec<f64>>, FormatError> {
        let pixel = attributes.get("pixelResolution");
        let (name, value) = match pixel.map(|pixel| pixel.get("dimensions").unwrap_or(pixel)) {
            Some(value) => ("pixelResolution", Some(value)),
            None => ("resolution", attributes.get("resolution")),
        };
        let Some(value) = value else { return Ok(None) };
        let sizes = positive_numbers(value).filter(|sizes| sizes.len() == self.dimensions);
        let sizes = sizes.ok_or_else(|| attributes.wrong(name, Some(value), &format!("{} positive numbers", self.dimensions)))?;
        let unit = pixel.and_then(|pixel| pixel.get("unit")).and_then(Value::as_str);
        let units = self.units.iter().rev().map(|own| own.as_deref().or(unit));
        Ok(Some(sizes.into_iter().zip(units).map(|(size, unit)| size * nm(unit)).collect()))
    }
}

/// Nanometres of a unit. What is no unit of length, such as Fiji's "pixel" of images without one, counts as a nanometre.
fn nm(unit: Option<&str>) -> f64 {
    unit.and_then(nm_per_unit).unwrap_or(1.0)
}

fn positive_numbers(value: &Value) -> Option<Vec<f64>> {
    value.as_array()?.iter().map(|n| n.as_f64().filter(|n| n.is_normal() && *n > 0.0)).collect()
}

/// A text for each dimension.
fn texts(attributes: &Object<'_>, name: &str, dimensions: usize) -> Result<Option<Vec<String>>, FormatError> {
    let Some(value) = attributes.get(name) else { return Ok(None) };
    let list = value.as_array().filter(|list| list.len() == dimensions);
    let texts = list.and_then(|list| list.iter().map(|text| text.as_str().map(str::to_owned)).collect());
    texts.map(Some).ok_or_else(|| attributes.wrong(name, Some(value), &format!("{dimensions} texts")))
}
