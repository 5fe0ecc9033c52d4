//! Everything in `tests/data/contents.json`, and of the fixtures where present, read natively: annotations, segment properties, skeletons, meshes and
//! tables are what other implementations wrote or read; what is broken fails with its code.
#![cfg(feature = "objects")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;
use std::rc::Rc;

use neurolume::error::ViewerError;
use neurolume::format::column::{Column, Values};
use neurolume::format::content::{
    AnnotationQuery, AnnotationShape, Annotations, Content, ContentQuery, Mesh, SegmentProperties, Skeleton, Table,
};
use neurolume::format::{ContentReader, FormatError};
use neurolume::runtime::Cancel;
use neurolume::store::FileProvider;
use serde_json::{Value, json};

#[test]
fn own_contents_read_exactly() {
    check_all(&support::data_folder(), "contents.json");
}

#[test]
fn fixtures_read_exactly() {
    let Some(folder) = support::fixtures_folder() else { return };
    check_all(&folder, "fixture_contents.json");
}

fn check_all(folder: &Path, list: &str) {
    let text = std::fs::read_to_string(support::data_folder().join(list)).unwrap();
    let list: Value = serde_json::from_str(&text).unwrap();
    let cases = list["cases"].as_array().unwrap();
    assert!(!cases.is_empty(), "nothing is checked");
    let reader = ContentReader::new(Rc::new(FileProvider));
    let mut failures = Vec::new();
    for case in cases {
        let url = folder.join(case["path"].as_str().unwrap());
        let read = pollster::block_on(reader.read(url.to_str().unwrap(), &query(&case["read"]), &Cancel::never()));
        if let Err(reason) = check(case, read) {
            failures.push(format!("{}: {reason}", case["name"]));
        }
    }
    assert!(failures.is_empty(), "{} of {} fail:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

fn query(read: &Value) -> ContentQuery {
    let id = |name: &str| read[name].as_str().map(|id| id.parse().unwrap());
    let corner = |value: &Value| serde_json::from_value(value.clone()).unwrap();
    match read["kind"].as_str().unwrap() {
        "segment-properties" => ContentQuery::SegmentProperties,
        "skeleton" => ContentQuery::Skeleton { id: id("id").unwrap() },
        "mesh" => ContentQuery::Mesh { id: id("id").unwrap(), level: read["level"].as_u64().unwrap_or(0).try_into().unwrap() },
        "table" => ContentQuery::Table { columns: serde_json::from_value(read["columns"].clone()).unwrap() },
        _ => ContentQuery::Annotations(match (id("id"), id("relatedTo")) {
            (Some(id), _) => AnnotationQuery::Id(id),
            (_, Some(id)) => AnnotationQuery::Related { relationship: read["relationship"].as_str().map(str::to_owned), id },
            _ => AnnotationQuery::Within {
                box_nm: read.get("boxNm").map(|wanted| [corner(&wanted["min"]), corner(&wanted["max"])]),
                most: read["most"].as_u64().map_or(1_000_000, |most| most.try_into().unwrap()),
            },
        }),
    }
}

fn check(case: &Value, read: Result<Content, FormatError>) -> Result<(), String> {
    if let Some(wanted) = case.get("error") {
        let Err(error) = read else { return Err("it reads".to_owned()) };
        let error = ViewerError::from(error);
        same("code", &json!(error.code), &wanted["code"])?;
        let mut words = wanted["mentions"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
        return words
            .find(|word| !error.message.contains(word))
            .map_or(Ok(()), |word| Err(format!("\"{}\" does not say {word}", error.message)));
    }
    let (name, got) = match read.map_err(|error| error.to_string())? {
        Content::Annotations(annotations) => ("annotations", of_annotations(&annotations)),
        Content::SegmentProperties(properties) => ("segmentProperties", of_segment_properties(&properties)),
        Content::Skeleton(skeleton) => ("skeleton", skeleton.map_or(Value::Null, |skeleton| of_skeleton(&skeleton))),
        Content::Mesh(mesh) => ("mesh", mesh.map_or(Value::Null, |mesh| of_mesh(&mesh))),
        Content::Table(table) => ("table", of_table(&table)),
    };
    same(name, &got, case.get(name).ok_or_else(|| format!("it is read as {name}"))?)
}

/// What is wanted must be there, and nothing else of lists; numbers may differ in the seventh digit.
fn same(place: &str, got: &Value, wanted: &Value) -> Result<(), String> {
    let differs = || Err(format!("{place}: {} instead of {}", short(got), short(wanted)));
    match (got, wanted) {
        (Value::Object(got), Value::Object(wanted)) => {
            wanted.iter().try_for_each(|(key, value)| same(&format!("{place}.{key}"), got.get(key).unwrap_or(&Value::Null), value))
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            ours.iter().zip(theirs).enumerate().try_for_each(|(at, (ours, theirs))| same(&format!("{place}[{at}]"), ours, theirs))
        }
        (Value::Number(ours), Value::Number(theirs)) => {
            let (ours, theirs) = (ours.as_f64().unwrap(), theirs.as_f64().unwrap());
            if (ours - theirs).abs() <= 2e-6 * theirs.abs().max(1.0) { Ok(()) } else { differs() }
        }
        _ if got == wanted => Ok(()),
        _ => differs(),
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(200).collect()
}

fn of_annotations(annotations: &Annotations) -> Value {
    let mut rows: Vec<usize> = (0..annotations.ids.len()).collect();
    rows.sort_by_key(|row| annotations.ids[*row]);
    let points = |row: usize| match annotations.shape {
        AnnotationShape::Point => row..row + 1,
        AnnotationShape::Polyline => annotations.starts[row] as usize..annotations.starts[row + 1] as usize,
        _ => row * 2..row * 2 + 2,
    };
    let position = |row: usize| &annotations.positions_nm[points(row).start * 3..points(row).end * 3];
    let properties = annotations.properties.iter().map(|column| {
        let cells = cells(column);
        let each = column.components as usize;
        (column.name.clone(), rows.iter().map(|row| Value::from(&cells[row * each..(row + 1) * each])).collect())
    });
    let sums: Vec<f64> = (0..3).map(|axis| annotations.positions_nm.iter().skip(axis).step_by(3).sum()).collect();
    json!({
        "shape": annotations.shape,
        "count": rows.len(),
        "sumsNm": sums,
        "ids": rows.iter().map(|row| annotations.ids[*row].to_string()).collect::<Vec<_>>(),
        "positionsNm": rows.iter().map(|row| position(*row)).collect::<Vec<_>>(),
        "properties": properties.collect::<serde_json::Map<_, _>>(),
        "related": annotations.related.iter().map(|ids| ids.iter().map(u64::to_string).collect::<Vec<_>>()).collect::<Vec<_>>(),
        "complete": annotations.complete,
    })
}

fn of_segment_properties(properties: &SegmentProperties) -> Value {
    let tags = properties.tag_starts.windows(2).map(|ends| {
        properties.tags_of[ends[0] as usize..ends[1] as usize].iter().map(|tag| properties.tags[*tag as usize].clone()).collect::<Vec<_>>()
    });
    json!({
        "ids": properties.ids.iter().map(u64::to_string).collect::<Vec<_>>(),
        "labels": properties.labels,
        "descriptions": properties.descriptions,
        "columns": columns(&properties.columns),
        "tags": tags.collect::<Vec<_>>(),
    })
}

fn of_skeleton(skeleton: &Skeleton) -> Value {
    let at = |vertex: u32| &skeleton.positions_nm[vertex as usize * 3..vertex as usize * 3 + 3];
    let length =
        |edge: &[u32]| at(edge[0]).iter().zip(at(edge[1])).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>().sqrt();
    let attributes = skeleton.attributes.iter().map(|column| {
        let sum: f64 = cells(column).iter().map(|cell| cell.as_f64().unwrap()).sum();
        (column.name.clone(), json!({ "components": column.components, "sum": sum }))
    });
    json!({
        "vertices": skeleton.positions_nm.len() / 3,
        "edges": skeleton.edges.len() / 2,
        "cableNm": skeleton.edges.chunks(2).map(length).sum::<f64>(),
        "boundsNm": bounds(&skeleton.positions_nm),
        "attributes": attributes.collect::<serde_json::Map<_, _>>(),
    })
}

fn of_mesh(mesh: &Mesh) -> Value {
    let at = |vertex: u32| -> [f64; 3] { std::array::from_fn(|axis| f64::from(mesh.positions_nm[vertex as usize * 3 + axis])) };
    let area = |triangle: &[u32]| {
        let [a, b, c] = [at(triangle[0]), at(triangle[1]), at(triangle[2])].map(neurolume::geometry::DVec3::from);
        (b - a).cross(c - a).length() / 2.0
    };
    json!({
        "vertices": mesh.positions_nm.len() / 3,
        "triangles": mesh.triangles.len() / 3,
        "areaNm2": mesh.triangles.chunks(3).map(area).sum::<f64>(),
        "boundsNm": bounds(&mesh.positions_nm),
        "level": mesh.level,
        "levels": mesh.levels,
    })
}

fn bounds(positions: &[f32]) -> [[f32; 3]; 2] {
    let fold = |start, pick: fn(f32, f32) -> f32| {
        std::array::from_fn(|axis| positions.iter().skip(axis).step_by(3).fold(start, |a, b| pick(a, *b)))
    };
    [fold(f32::INFINITY, f32::min), fold(f32::NEG_INFINITY, f32::max)]
}

/// Of `leftOut`, the names alone are compared.
fn of_table(table: &Table) -> Value {
    let name = |sentence: &String| sentence.split('"').nth(1).unwrap().to_owned();
    json!({ "rows": table.rows, "columns": columns(&table.columns), "leftOut": table.left_out.iter().map(name).collect::<Vec<_>>() })
}

fn columns(columns: &[Column]) -> Value {
    let column = |column: &Column| {
        let facts =
            json!({ "type": type_of(&column.values), "components": column.components, "values": cells(column), "missing": column.missing });
        (column.name.clone(), facts)
    };
    Value::Object(columns.iter().map(column).collect())
}

fn type_of(values: &Values) -> &'static str {
    match values {
        Values::Uint8(_) => "uint8",
        Values::Int8(_) => "int8",
        Values::Uint16(_) => "uint16",
        Values::Int16(_) => "int16",
        Values::Uint32(_) => "uint32",
        Values::Int32(_) => "int32",
        Values::Uint64(_) => "uint64",
        Values::Int64(_) => "int64",
        Values::Float32(_) => "float32",
        Values::Float64(_) => "float64",
        Values::Text(_) => "text",
    }
}

/// As the list of cases writes values: what a double may not hold is a text.
fn cells(column: &Column) -> Vec<Value> {
    const EXACT: u64 = 1 << 53;
    let float = |n: f64| if n.is_finite() { json!(n) } else { json!("NaN") };
    match &column.values {
        Values::Uint8(values) => values.iter().map(|n| json!(n)).collect(),
        Values::Int8(values) => values.iter().map(|n| json!(n)).collect(),
        Values::Uint16(values) => values.iter().map(|n| json!(n)).collect(),
        Values::Int16(values) => values.iter().map(|n| json!(n)).collect(),
        Values::Uint32(values) => values.iter().map(|n| json!(n)).collect(),
        Values::Int32(values) => values.iter().map(|n| json!(n)).collect(),
        Values::Uint64(values) => values.iter().map(|n| if *n > EXACT { json!(n.to_string()) } else { json!(n) }).collect(),
        Values::Int64(values) => values.iter().map(|n| if n.unsigned_abs() > EXACT { json!(n.to_string()) } else { json!(n) }).collect(),
        Values::Float32(values) => values.iter().map(|n| float(f64::from(*n))).collect(),
        Values::Float64(values) => values.iter().map(|n| float(*n)).collect(),
        Values::Text(values) => values.iter().map(|text| json!(text)).collect(),
    }
}
