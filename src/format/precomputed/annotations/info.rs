//! The `info` of annotations, read and checked. Source: `annotation.md` of Neuroglancer (`neuroglancer_annotations_v1`).

use serde_json::Value;

use crate::format::FormatError;
use crate::format::content::{AnnotationShape, PropertyMeaning};
use crate::format::length_unit::nm_per_unit;
use crate::format::object::Object;
use crate::format::precomputed::sharding::parse_sharding;
use crate::format::sharding::compressed_morton;
use crate::format::spec::PrecomputedSharding;
use crate::voxel::DataType;

const MOST_PROPERTIES: usize = 1 << 10;
const MOST_RELATIONSHIPS: usize = 64;
const MOST_LEVELS: usize = 64;
const MOST_GRID: i64 = (1 << 31) - 1;

/// What annotations lie in a folder, and where.
pub(super) struct Info {
    pub(super) shape: AnnotationShape,
    /// Which stored coordinate is x, y, z.
    pub(super) axes: [usize; 3],
    /// Of x, y, z: nm of one unit.
    pub(super) nm_per_unit: [f64; 3],
    /// x, y, z, nm.
    pub(super) bounds_nm: Option<[[f64; 3]; 2]>,
    pub(super) properties: Vec<Property>,
    pub(super) relationships: Vec<(String, Part)>,
    pub(super) by_id: Option<Part>,
    /// Coarsest first.
    pub(super) levels: Vec<Level>,
}

/// A folder of values by id.
pub(super) struct Part {
    pub(super) key: String,
    pub(super) sharding: Option<PrecomputedSharding>,
}

/// A level of the spatial index. Axes as stored.
pub(super) struct Level {
    pub(super) part: Part,
    /// In units from the lower bound.
    pub(super) chunk_size: [f64; 3],
    pub(super) grid_shape: [i64; 3],
}

/// A property and how it is stored.
pub(super) struct Property {
    pub(super) name: String,
    pub(super) data_type: DataType,
    pub(super) components: u32,
    pub(super) meaning: PropertyMeaning,
}

impl Info {
    pub(super) fn parse(document: &Value, url: &str) -> Result<Self, FormatError> {
        let info = Object { value: document, place: "", url };
        match info.text("@type")? {
            Some(name) if name.eq_ignore_ascii_case("neuroglancer_annotations_v1") => {}
            Some(name) => return Err(info.unsupported("as annotations, the type", name)),
            None => return Err(info.wrong("@type", None, "\"neuroglancer_annotations_v1\"")),
        }
        let shape = shape_of(&info)?;
        let (axes, nm_per_unit) = dimensions(&info)?;
        let stored_bounds = match (info.get("lower_bound"), info.get("upper_bound")) {
            (Some(_), Some(_)) => Some([numbers(&info, "lower_bound")?, numbers(&info, "upper_bound")?]),
            _ => None,
        };
        let bounds_nm = stored_bounds.map(|bounds| bounds.map(|corner| to_nm(axes, nm_per_unit, corner)));
        let properties = parse_list(&info, "properties", MOST_PROPERTIES, parse_property)?;
        let relationships = parse_list(&info, "relationships", MOST_RELATIONSHIPS, |relationship| {
            let name = relationship.text("id")?.ok_or_else(|| relationship.wrong("id", None, "a name"))?;
            Ok((name.to_owned(), parse_part(relationship)?))
        })?;
        let by_id = info.get("by_id").map(|value| parse_part(&info.object(value, "by_id: "))).transpose()?;
        let levels = parse_list(&info, "spatial", MOST_LEVELS, parse_level)?;
        if !levels.is_empty() && stored_bounds.is_none() {
            return Err(info.wrong("lower_bound", info.get("lower_bound"), "three numbers, and an \"upper_bound\" besides"));
        }
        Ok(Self { shape, axes, nm_per_unit, bounds_nm, properties, relationships, by_id, levels })
    }

    /// A stored position as x, y, z in nm.
    pub(super) fn to_nm(&self, stored: [f64; 3]) -> [f64; 3] {
        to_nm(self.axes, self.nm_per_unit, stored)
    }
}

fn to_nm(axes: [usize; 3], nm_per_unit: [f64; 3], stored: [f64; 3]) -> [f64; 3] {
    let at = |axis: usize| stored.get(axis).copied().unwrap_or(f64::NAN);
    let ([x, y, z], [nx, ny, nz]) = (axes, nm_per_unit);
    [at(x) * nx, at(y) * ny, at(z) * nz]
}

fn shape_of(info: &Object<'_>) -> Result<AnnotationShape, FormatError> {
    let name = info.text("annotation_type")?.ok_or_else(|| info.wrong("annotation_type", None, "a type of annotation"))?;
    // Lower case is written by most, upper case by some.
    match name.to_ascii_lowercase().as_str() {
        "point" => Ok(AnnotationShape::Point),
        "line" => Ok(AnnotationShape::Line),
        "axis_aligned_bounding_box" => Ok(AnnotationShape::Box),
        "ellipsoid" => Ok(AnnotationShape::Ellipsoid),
        "polyline" => Ok(AnnotationShape::Polyline),
        _ => Err(info.unsupported("the type of annotation", name)),
    }
}

/// Where x, y and z lie among the stored coordinates, and the nm of one unit of each. The order of members counts.
fn dimensions(info: &Object<'_>) -> Result<([usize; 3], [f64; 3]), FormatError> {
    let wrong = || info.wrong("dimensions", info.get("dimensions"), "three lengths, such as \"x\": [8e-9, \"m\"]");
    let dimensions = info.get("dimensions").and_then(Value::as_object).ok_or_else(wrong)?;
    if dimensions.len() != 3 {
        return Err(info.unsupported("the number of dimensions of annotations", dimensions.len().to_string()));
    }
    let mut sizes = [0.0; 3];
    for ((name, value), size) in dimensions.iter().zip(&mut sizes) {
        let Some([scale, unit]) = value.as_array().map(Vec::as_slice) else { return Err(wrong()) };
        let scale = scale.as_f64().filter(|scale| scale.is_finite() && *scale > 0.0).ok_or_else(wrong)?;
        let unit = unit.as_str().ok_or_else(wrong)?;
        // Where no unit is given, nm is as good as any.
        let nm = if unit.is_empty() { Some(1.0) } else { nm_per_unit(unit) };
        *size = scale * nm.ok_or_else(|| info.unsupported("the unit of a dimension", format!("{name}: {unit}")))?;
    }
    let at = |name: &str| dimensions.keys().position(|key| key.eq_ignore_ascii_case(name));
    let axes = match (at("x"), at("y"), at("z")) {
        (Some(x), Some(y), Some(z)) => [x, y, z],
        _ => [0, 1, 2],
    };
    Ok((axes, axes.map(|axis| sizes.get(axis).copied().unwrap_or(1.0))))
}

/// Three finite numbers.
fn numbers(object: &Object<'_>, name: &str) -> Result<[f64; 3], FormatError> {
    let value = object.get(name);
    let list = value.and_then(Value::as_array).map(Vec::as_slice);
    let number = |value: &Value| value.as_f64().filter(|n| n.is_finite());
    match list {
        Some([x, y, z]) => number(x).zip(number(y)).zip(number(z)).map(|((x, y), z)| [x, y, z]),
        _ => None,
    }
    .ok_or_else(|| object.wrong(name, value, "three numbers"))
}

/// The objects of a list that may be left out.
fn parse_list<T>(
    info: &Object<'_>,
    name: &str,
    most: usize,
    parse: impl Fn(&Object<'_>) -> Result<T, FormatError>,
) -> Result<Vec<T>, FormatError> {
    let Some(value) = info.get(name) else { return Ok(Vec::new()) };
    let list = value.as_array().filter(|list| list.len() <= most);
    let list = list.ok_or_else(|| info.wrong(name, Some(value), &format!("a list of at most {most}")))?;
    let item = |(number, value): (usize, &Value)| parse(&info.object(value, &format!("\"{name}\" {number}: ")));
    list.iter().enumerate().map(item).collect()
}

fn parse_part(part: &Object<'_>) -> Result<Part, FormatError> {
    let key = part.text("key")?.ok_or_else(|| part.wrong("key", None, "the name of a folder"))?.to_owned();
    let sharding = part.get("sharding").map(|value| parse_sharding(part, value)).transpose()?;
    Ok(Part { key, sharding })
}

fn parse_level(level: &Object<'_>) -> Result<Level, FormatError> {
    let part = parse_part(level)?;
    let shape = level.get("grid_shape").ok_or_else(|| level.wrong("grid_shape", None, "three sizes in cells"))?;
    let grid_shape = level.three_integers("grid_shape", shape, 1, MOST_GRID)?;
    if part.sharding.is_some() && compressed_morton([0; 3], grid_shape).is_none() {
        return Err(level.bad(format_args!("a grid of {grid_shape:?} cells needs keys of more than 64 bits")));
    }
    Ok(Level { part, chunk_size: level.three_sizes("chunk_size")?, grid_shape })
}

fn parse_property(property: &Object<'_>) -> Result<Property, FormatError> {
    let name = property.text("id")?.ok_or_else(|| property.wrong("id", None, "a name"))?.to_owned();
    let kind = property.text("type")?.ok_or_else(|| property.wrong("type", None, "a type of property"))?;
    let (data_type, components) = match kind {
        "rgb" => (DataType::Uint8, 3),
        "rgba" => (DataType::Uint8, 4),
        "bool" => (DataType::Uint8, 1),
        other => match DataType::from_name(other) {
            Some(known) if known.size_bytes() <= 4 => (known, 1),
            _ => return Err(property.unsupported("the type of a property", format!("{name}: {other}"))),
        },
    };
    let description = property.text("description")?.map(str::to_owned);
    let labels = parse_labels(property)?;
    Ok(Property { name, data_type, components, meaning: PropertyMeaning { description, is_color: components > 1, labels } })
}

fn parse_labels(property: &Object<'_>) -> Result<Vec<(f64, String)>, FormatError> {
    let list = |name| property.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let (values, labels) = (list("enum_values"), list("enum_labels"));
    if values.len() != labels.len() {
        return Err(property.bad(format_args!("there are {} \"enum_values\" and {} \"enum_labels\"", values.len(), labels.len())));
    }
    let pairs = values.iter().zip(labels).map(|(value, label)| Some((value.as_f64()?, label.as_str()?.to_owned())));
    pairs.collect::<Option<_>>().ok_or_else(|| property.bad("\"enum_values\" are not numbers, or \"enum_labels\" not texts"))
}
