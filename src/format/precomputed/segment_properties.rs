//! Properties of segments, all in one `info`. Source: `segment_properties.md` of Neuroglancer.

use std::rc::Rc;

use serde_json::Value;

use super::folder::{Folder, InfoSize};
use crate::format::FormatError;
use crate::format::column::{Column, Values};
use crate::format::content::SegmentProperties;
use crate::format::object::Object;
use crate::runtime::Cancel;
use crate::store::Provider;
use crate::voxel::DataType;

/// The most bytes of the document: some million segments with a label each.
const MOST_BYTES: usize = 128 << 20;
/// The most tags.
const MOST_TAGS: usize = 1 << 16;

/// Reads the properties in the folder at `url`.
///
/// # Errors
/// [`FormatError::NotFound`] without `info`, [`FormatError::BadMetadata`] where it makes no sense, [`FormatError::Unsupported`] where it describes
/// something else, or a type of property that is not known.
pub(in crate::format) async fn read(provider: &Rc<dyn Provider>, url: &str, cancel: &Cancel) -> Result<SegmentProperties, FormatError> {
    let folder = Folder::open(provider, url, InfoSize::Large(MOST_BYTES), cancel).await?;
    parse(&folder.info, &folder.shown)
}

pub(super) fn parse(info: &Value, url: &str) -> Result<SegmentProperties, FormatError> {
    let info = Object { value: info, place: "", url };
    match info.text("@type")? {
        Some("neuroglancer_segment_properties") => {}
        Some(name) => return Err(info.unsupported("as segment properties, the type", name)),
        None => return Err(info.wrong("@type", None, "\"neuroglancer_segment_properties\"")),
    }
    let inline = info.get("inline").filter(|inline| inline.is_object());
    let inline = inline.ok_or_else(|| info.wrong("inline", info.get("inline"), "an object"))?;
    let inline = info.object(inline, "inline: ");
    let ids = list(&inline, "ids")?;
    let mut properties = SegmentProperties { ids: Vec::with_capacity(ids.len()), ..SegmentProperties::default() };
    for (number, id) in ids.iter().enumerate() {
        // Texts, because a double does not hold every id.
        let id = id.as_str().map_or_else(|| id.as_u64(), |text| text.trim().parse().ok());
        let id = id.ok_or_else(|| inline.bad(format_args!("\"ids\" holds at {number} no decimal number below 2⁶⁴")))?;
        properties.ids.push(id);
    }
    for (number, value) in list(&inline, "properties")?.iter().enumerate() {
        let place = format!("property {number}: ");
        add(&mut properties, &inline.object(value, &place))?;
    }
    Ok(properties)
}

fn list<'a>(object: &Object<'a>, name: &str) -> Result<&'a [Value], FormatError> {
    let value = object.get(name);
    value.and_then(Value::as_array).map(Vec::as_slice).ok_or_else(|| object.wrong(name, value, "a list"))
}

fn texts(object: &Object<'_>, name: &str) -> Result<Vec<String>, FormatError> {
    let text = |value: &Value| match value {
        // What a writer left empty.
        Value::Null => Some(String::new()),
        other => other.as_str().map(str::to_owned),
    };
    let texts: Option<Vec<String>> = list(object, name)?.iter().map(text).collect();
    texts.ok_or_else(|| object.bad(format_args!("\"{name}\" holds something else than texts")))
}

fn add(properties: &mut SegmentProperties, property: &Object<'_>) -> Result<(), FormatError> {
    let name = property.text("id")?.ok_or_else(|| property.wrong("id", None, "a name"))?.to_owned();
    let kind = property.text("type")?.ok_or_else(|| property.wrong("type", None, "a type of property"))?;
    let values = list(property, "values")?;
    let (got, wanted) = (values.len(), properties.ids.len());
    if got != wanted {
        return Err(property.bad(format_args!("\"{name}\" has {got} values for {wanted} segments")));
    }
    let twice = || property.bad(format_args!("\"{name}\" is a second property of the type \"{kind}\""));
    match kind {
        "label" if properties.labels.is_some() => return Err(twice()),
        "description" if properties.descriptions.is_some() => return Err(twice()),
        "tags" if !properties.tag_starts.is_empty() => return Err(twice()),
        "label" => properties.labels = Some(texts(property, "values")?),
        "description" => properties.descriptions = Some(texts(property, "values")?),
        "tags" => add_tags(properties, property, values)?,
        "string" | "number" => {
            let values = if kind == "string" { Values::Text(texts(property, "values")?) } else { numbers(property, &name, values)? };
            properties.columns.push(Column { name, components: 1, values, missing: Vec::new() });
            properties.column_descriptions.push(property.text("description")?.unwrap_or_default().to_owned());
        }
        other => return Err(property.unsupported("the type of property", other)),
    }
    Ok(())
}

fn add_tags(properties: &mut SegmentProperties, property: &Object<'_>, values: &[Value]) -> Result<(), FormatError> {
    let tags = texts(property, "tags")?;
    if tags.len() > MOST_TAGS {
        return Err(property.bad(format_args!("there are {} tags, more than {MOST_TAGS}", tags.len())));
    }
    if property.get("tag_descriptions").is_some() {
        let descriptions = texts(property, "tag_descriptions")?;
        if descriptions.len() != tags.len() {
            return Err(property.bad(format_args!("there are {} descriptions of {} tags", descriptions.len(), tags.len())));
        }
        properties.tag_descriptions = descriptions;
    }
    let mut starts = vec![0];
    for (number, value) in values.iter().enumerate() {
        let wrong = || property.bad(format_args!("\"values\" holds at {number} no list of indices of the {} tags", tags.len()));
        for index in value.as_array().ok_or_else(wrong)? {
            let index = index.as_u64().filter(|&index| index < tags.len() as u64).and_then(|index| u32::try_from(index).ok());
            properties.tags_of.push(index.ok_or_else(wrong)?);
        }
        starts.push(u32::try_from(properties.tags_of.len()).map_err(|_| wrong())?);
    }
    (properties.tags, properties.tag_starts) = (tags, starts);
    Ok(())
}

fn numbers(property: &Object<'_>, name: &str, values: &[Value]) -> Result<Values, FormatError> {
    let data_type = property.text("data_type")?.ok_or_else(|| property.wrong("data_type", None, "a data type"))?;
    let known = DataType::from_name(data_type).filter(|known| !matches!(known, DataType::Int64 | DataType::Float64 | DataType::Uint64));
    let known = known.ok_or_else(|| property.unsupported("the data type of a property", data_type))?;
    let mut bytes = Vec::with_capacity(values.len() * known.size_bytes());
    for (number, value) in values.iter().enumerate() {
        let wrong = || property.bad(format_args!("\"{name}\" has at {number} the value {value} instead of a number of type {data_type}"));
        if known == DataType::Float32 {
            let value = value.as_f64().or_else(|| value.is_null().then_some(f64::NAN)).ok_or_else(wrong)?;
            #[expect(clippy::cast_possible_truncation, reason = "the column holds single precision")]
            bytes.extend((value as f32).to_le_bytes());
            continue;
        }
        let (least, most) = known.range();
        let in_range = value.as_f64().is_some_and(|n| n.fract() == 0.0 && (least..=most).contains(&n));
        #[expect(clippy::cast_possible_truncation, reason = "a whole number of at most 32 bits")]
        let whole = value.as_f64().filter(|_| in_range).map(|n| n as i64).ok_or_else(wrong)?;
        bytes.extend(whole.to_le_bytes().into_iter().take(known.size_bytes()));
    }
    let mut column = Values::empty(known);
    column.extend_from_le_bytes(&bytes);
    Ok(column)
}
