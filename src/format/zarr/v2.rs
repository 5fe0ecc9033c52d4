//! Zarr v2 metadata as the equivalent v3 metadata, so that there is one way from metadata to voxels.
//!
//! Source: Zarr v2 specification, `.zarray`; codec ids as numcodecs names them.

use serde_json::{Map, Value, json};

use super::metadata::Fault;

/// The `zarr.json` that means the same as this `.zarray` with this `.zattrs`.
pub(super) fn to_v3(zarray: &Map<String, Value>, attributes: Map<String, Value>) -> Result<Value, Fault> {
    if zarray.get("zarr_format").and_then(Value::as_u64) != Some(2) {
        return Err(Fault::Bad("\"zarr_format\" is not 2".to_owned()));
    }
    let get = |key: &str| zarray.get(key).ok_or_else(|| Fault::Bad(format!("\"{key}\" is missing")));
    let shape = get("shape")?;
    let (data_type, is_big_endian) = data_type(get("dtype")?)?;
    let mut codecs = Vec::new();
    match get("order")?.as_str() {
        Some("C") => {}
        Some("F") => {
            let dimensions = shape.as_array().map_or(0, Vec::len);
            codecs.push(json!({ "name": "transpose", "configuration": { "order": (0..dimensions).rev().collect::<Vec<_>>() } }));
        }
        _ => return Err(Fault::Bad("\"order\" is neither \"C\" nor \"F\"".to_owned())),
    }
    // Filters are undone last, so they come first.
    let filters = zarray.get("filters").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let others = filters.iter().chain([get("compressor")?]).filter(|codec| !codec.is_null()).map(codec_to_v3);
    let others = others.collect::<Result<Vec<_>, _>>()?;
    // pcodec takes voxels as they are: it stands where v3 has the order of their bytes.
    if others.first().and_then(|codec| codec.get("name")).and_then(Value::as_str) != Some("pcodec") {
        codecs.push(json!({ "name": "bytes", "configuration": { "endian": if is_big_endian { "big" } else { "little" } } }));
    }
    codecs.extend(others);
    Ok(json!({
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": data_type,
        "chunk_grid": { "name": "regular", "configuration": { "chunk_shape": get("chunks")? } },
        "chunk_key_encoding": {
            "name": "v2",
            "configuration": { "separator": zarray.get("dimension_separator").unwrap_or(&json!(".")) },
        },
        "fill_value": fill_value(get("fill_value")?, data_type),
        "codecs": codecs,
        "attributes": attributes,
    }))
}

/// The v3 name of a NumPy data type, and whether its bytes are big-endian.
fn data_type(dtype: &Value) -> Result<(&'static str, bool), Fault> {
    let unsupported = |name: &str| Fault::Unsupported { what: "the data type", name: name.to_owned() };
    let Some(text) = dtype.as_str() else {
        return Err(unsupported(&format!("structured {dtype}")));
    };
    let kind = text.trim_start_matches(['<', '>', '|', '=']);
    let name = match kind {
        "b1" => "bool",
        "u1" => "uint8",
        "i1" => "int8",
        "u2" => "uint16",
        "i2" => "int16",
        "u4" => "uint32",
        "i4" => "int32",
        "u8" => "uint64",
        "i8" => "int64",
        "f4" => "float32",
        "f8" => "float64",
        _ => return Err(unsupported(&numpy_name(kind).map_or_else(|| text.to_owned(), |name| format!("{name} ({text})")))),
    };
    Ok((name, text.starts_with('>')))
}

/// What people call a NumPy data type that is not supported.
fn numpy_name(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "f2" => "float16",
        "c8" => "complex64",
        "c16" => "complex128",
        _ => match kind.chars().next()? {
            'S' | 'U' | 'a' => "string",
            'O' => "object",
            'V' => "raw",
            'M' => "datetime64",
            'm' => "timedelta64",
            _ => return None,
        },
    })
}

/// A fill value that v3 allows: v2 has `null` for "any", and writers put `0.0` into arrays of integers.
fn fill_value(value: &Value, data_type: &str) -> Value {
    if value.is_null() {
        return json!(0);
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole numbers below 2⁵³ are exact")]
    match value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 9e15) {
        Some(number) if value.is_f64() && data_type != "float32" => json!(number as i64),
        _ => value.clone(),
    }
}

/// A numcodecs configuration as a v3 codec: its `id` is the name, the rest the configuration.
fn codec_to_v3(codec: &Value) -> Result<Value, Fault> {
    let bad = || Fault::Bad(format!("a codec without an \"id\": {codec}"));
    let mut configuration = codec.as_object().ok_or_else(bad)?.clone();
    let id = configuration.remove("id");
    let name = id.as_ref().and_then(Value::as_str).ok_or_else(bad)?;
    // A checksum as a filter is numcodecs' own, which may stand at the start.
    let name = if name == "crc32c" { "numcodecs.crc32c" } else { name };
    Ok(json!({ "name": name, "configuration": configuration }))
}
