//! What is no volume, as JavaScript asks for it and gets it: plain objects of typed arrays; ids are bigints.

use std::rc::Rc;

use futures::channel::oneshot;
use futures::future::{Either, select};
use js_sys::{
    Array, BigInt64Array, BigUint64Array, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Object, Reflect, Uint8Array,
    Uint16Array, Uint32Array,
};
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use crate::error::{ErrorCode, ViewerError};
use crate::format::column::{Column, Values};
use crate::format::content::{AnnotationQuery, AnnotationShape, Annotations, Content, ContentQuery, SegmentProperties};
use crate::job::ContentJob;
use crate::scene::layer::SourceOptions;
use crate::store::url::at_s3_service;

use super::convert::{error_to_js, from_js};
use super::page_context::PageContext;

/// How many annotations are enough, unless said otherwise.
const MOST_ANNOTATIONS: u32 = 1_000_000;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Annotations,
    SegmentProperties,
    Skeleton,
    Mesh,
    Table,
}

#[derive(Deserialize)]
struct BoxNm {
    min: [f64; 3],
    max: [f64; 3],
}

/// All that any kind may say; the package's TypeScript lets through only what belongs together.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    kind: Kind,
    id: Option<u64>,
    related_to: Option<u64>,
    relationship: Option<String>,
    box_nm: Option<BoxNm>,
    most: Option<u32>,
    level: Option<u32>,
    columns: Option<Vec<String>>,
}

impl Request {
    fn query(self) -> Result<ContentQuery, ViewerError> {
        let id = self.id.ok_or_else(|| ViewerError::new(ErrorCode::InvalidOptions, "the read needs an id, a bigint"));
        Ok(match self.kind {
            Kind::SegmentProperties => ContentQuery::SegmentProperties,
            Kind::Skeleton => ContentQuery::Skeleton { id: id? },
            Kind::Mesh => ContentQuery::Mesh { id: id?, level: self.level.unwrap_or(0) },
            Kind::Table => ContentQuery::Table { columns: self.columns },
            Kind::Annotations => ContentQuery::Annotations(match (id, self.related_to) {
                (Ok(id), _) => AnnotationQuery::Id(id),
                (_, Some(id)) => AnnotationQuery::Related { relationship: self.relationship, id },
                _ => AnnotationQuery::Within {
                    box_nm: self.box_nm.map(|wanted| [wanted.min, wanted.max]),
                    most: self.most.unwrap_or(MOST_ANNOTATIONS),
                },
            }),
        })
    }
}

#[wasm_bindgen]
impl PageContext {
    /// Reads what is no volume. `request` names the read for [`PageContext::abort_read`]. Rejects where the read cannot be understood, or with
    /// why it could not be made.
    pub fn read(&self, request: u32, what: JsValue) -> js_sys::Promise {
        // The context may be freed meanwhile.
        let inner = Rc::clone(&self.inner);
        future_to_promise(async move {
            let source: SourceOptions = from_js(&Reflect::get(&what, &"source".into())?)?;
            let query = from_js::<Request>(&what)?.query().map_err(|error| error_to_js(&error))?;
            let (endpoint, path_style) = source.s3_service();
            let job = ContentJob { url: at_s3_service(source.url(), endpoint, path_style), query };
            let (abort, aborted) = oneshot::channel();
            inner.reads.borrow_mut().insert(request, abort);
            let reading = inner.engine.read_content(job);
            let content = match select(Box::pin(reading.answer()), aborted).await {
                Either::Left((answer, _)) => answer,
                Either::Right(_) => Err(ViewerError::new(ErrorCode::Disposed, "the context was disposed or the read was aborted")),
            };
            inner.reads.borrow_mut().remove(&request);
            content_to_js(&content.map_err(|error| error_to_js(&error))?)
        })
    }

    /// Gives a read up.
    #[wasm_bindgen(js_name = abortRead)]
    pub fn abort_read(&self, request: u32) {
        self.inner.reads.borrow_mut().remove(&request);
    }
}

fn content_to_js(content: &Content) -> Result<JsValue, JsValue> {
    match content {
        Content::Annotations(annotations) => annotations_to_js(annotations),
        Content::SegmentProperties(properties) => properties_to_js(properties),
        Content::Skeleton(None) | Content::Mesh(None) => Ok(JsValue::NULL),
        Content::Skeleton(Some(skeleton)) => object([
            ("positionsNm", Float32Array::from(&skeleton.positions_nm[..]).into()),
            ("edges", Uint32Array::from(&skeleton.edges[..]).into()),
            ("attributes", columns_to_js(&skeleton.attributes)?.into()),
        ]),
        Content::Mesh(Some(mesh)) => object([
            ("positionsNm", Float32Array::from(&mesh.positions_nm[..]).into()),
            ("triangles", Uint32Array::from(&mesh.triangles[..]).into()),
            ("level", mesh.level.into()),
            ("levels", mesh.levels.into()),
        ]),
        Content::Table(table) => object([
            ("rows", table.rows.into()),
            ("columns", columns_to_js(&table.columns)?.into()),
            ("leftOut", texts(&table.left_out).into()),
        ]),
    }
}

fn annotations_to_js(annotations: &Annotations) -> Result<JsValue, JsValue> {
    let shape = match annotations.shape {
        AnnotationShape::Point => "point",
        AnnotationShape::Line => "line",
        AnnotationShape::Box => "box",
        AnnotationShape::Ellipsoid => "ellipsoid",
        AnnotationShape::Polyline => "polyline",
    };
    let properties = Array::new();
    for (column, meaning) in annotations.properties.iter().zip(&annotations.meanings) {
        let labels = Array::new();
        for (value, label) in &meaning.labels {
            labels.push(&object([("value", (*value).into()), ("label", label.into())])?);
        }
        let property = column_to_js(column)?;
        for (key, value) in
            [("description", text(meaning.description.as_ref())), ("isColor", meaning.is_color.into()), ("labels", labels.into())]
        {
            Reflect::set(&property, &key.into(), &value)?;
        }
        properties.push(&property);
    }
    let vector = |corner: &[f64; 3]| corner.iter().map(|n| JsValue::from(*n)).collect::<Array>();
    let bounds = match &annotations.bounds_nm {
        Some([min, max]) => object([("min", vector(min).into()), ("max", vector(max).into())])?,
        None => JsValue::UNDEFINED,
    };
    let related: Array = annotations.related.iter().map(|ids| BigUint64Array::from(&ids[..])).collect();
    object([
        ("shape", shape.into()),
        ("ids", BigUint64Array::from(&annotations.ids[..]).into()),
        ("positionsNm", Float64Array::from(&annotations.positions_nm[..]).into()),
        ("starts", Uint32Array::from(&annotations.starts[..]).into()),
        ("properties", properties.into()),
        ("relationships", texts(&annotations.relationships).into()),
        ("related", related.into()),
        ("boundsNm", bounds),
        ("complete", annotations.complete.into()),
    ])
}

fn properties_to_js(properties: &SegmentProperties) -> Result<JsValue, JsValue> {
    let columns = columns_to_js(&properties.columns)?;
    for (column, description) in columns.iter().zip(&properties.column_descriptions) {
        Reflect::set(&column, &"description".into(), &description.into())?;
    }
    let optional = |list: Option<&Vec<String>>| list.map_or(JsValue::UNDEFINED, |list| texts(list).into());
    object([
        ("ids", BigUint64Array::from(&properties.ids[..]).into()),
        ("labels", optional(properties.labels.as_ref())),
        ("descriptions", optional(properties.descriptions.as_ref())),
        ("columns", columns.into()),
        ("tags", texts(&properties.tags).into()),
        ("tagDescriptions", texts(&properties.tag_descriptions).into()),
        ("tagStarts", Uint32Array::from(&properties.tag_starts[..]).into()),
        ("tagsOf", Uint32Array::from(&properties.tags_of[..]).into()),
    ])
}

fn columns_to_js(columns: &[Column]) -> Result<Array, JsValue> {
    columns.iter().map(column_to_js).collect()
}

fn column_to_js(column: &Column) -> Result<JsValue, JsValue> {
    let values: JsValue = match &column.values {
        Values::Uint8(values) => Uint8Array::from(&values[..]).into(),
        Values::Int8(values) => Int8Array::from(&values[..]).into(),
        Values::Uint16(values) => Uint16Array::from(&values[..]).into(),
        Values::Int16(values) => Int16Array::from(&values[..]).into(),
        Values::Uint32(values) => Uint32Array::from(&values[..]).into(),
        Values::Int32(values) => Int32Array::from(&values[..]).into(),
        Values::Uint64(values) => BigUint64Array::from(&values[..]).into(),
        Values::Int64(values) => BigInt64Array::from(&values[..]).into(),
        Values::Float32(values) => Float32Array::from(&values[..]).into(),
        Values::Float64(values) => Float64Array::from(&values[..]).into(),
        Values::Text(values) => texts(values).into(),
    };
    object([
        ("name", (&column.name).into()),
        ("components", column.components.into()),
        ("values", values),
        ("missing", Uint32Array::from(&column.missing[..]).into()),
    ])
}

fn texts(list: &[String]) -> Array {
    list.iter().map(JsValue::from).collect()
}

fn text(text: Option<&String>) -> JsValue {
    text.map_or(JsValue::UNDEFINED, JsValue::from)
}

fn object<const N: usize>(fields: [(&str, JsValue); N]) -> Result<JsValue, JsValue> {
    let object = Object::new();
    for (key, value) in &fields {
        Reflect::set(&object, &(*key).into(), value)?;
    }
    Ok(object.into())
}
