//! What is read that is no volume: annotations, segment properties, skeletons, meshes, tables. Plain values, known everywhere.
//!
//! Positions are nanometres, x, y, z of one after the other. What a stored record lacks is `None` or empty, never made up.

use serde::{Deserialize, Serialize};

use super::column::Column;

/// What to read of something that is no volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ContentQuery {
    /// Annotations of a precomputed folder.
    Annotations(AnnotationQuery),
    /// All properties of all segments of a precomputed folder.
    SegmentProperties,
    /// The skeleton of one segment.
    Skeleton {
        /// The segment.
        id: u64,
    },
    /// The mesh of one segment.
    Mesh {
        /// The segment.
        id: u64,
        /// 0 is the finest. One beyond the coarsest gives the coarsest.
        level: u32,
    },
    /// A CSV (also gzip'd) or Parquet file.
    Table {
        /// The columns that are wanted; `None`: all.
        columns: Option<Vec<String>>,
    },
}

impl ContentQuery {
    /// Whether only the full module of the workers reads it.
    #[must_use]
    pub fn needs_full_module(&self) -> bool {
        !matches!(self, Self::SegmentProperties)
    }
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// Annotations.
    Annotations(Annotations),
    /// Properties of segments.
    SegmentProperties(SegmentProperties),
    /// A skeleton; `None` where the segment has none.
    Skeleton(Option<Skeleton>),
    /// A mesh; `None` where the segment has none.
    Mesh(Option<Mesh>),
    /// A table.
    Table(Table),
}

/// Which annotations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AnnotationQuery {
    /// The one of this id, with what it is related to.
    Id(u64),
    /// Those related to a segment.
    Related {
        /// Which relationship; `None`: the first.
        relationship: Option<String>,
        /// The segment.
        id: u64,
    },
    /// Those that touch a box, from the coarsest level of the spatial index on.
    Within {
        /// Lower and upper corner, nm, both included; `None`: everywhere.
        box_nm: Option<[[f64; 3]; 2]>,
        /// No further level is read once there are so many.
        most: u32,
    },
}

/// The shape of every annotation of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnnotationShape {
    /// One position.
    Point,
    /// Its two ends.
    Line,
    /// Lower and upper corner.
    Box,
    /// Centre and radii.
    Ellipsoid,
    /// Any number of positions.
    Polyline,
}

/// Annotations of one shape, without duplicates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Annotations {
    /// The shape of them all.
    pub shape: AnnotationShape,
    /// One per annotation.
    pub ids: Vec<u64>,
    /// nm; 3 numbers of a point, 6 of a line, box or ellipsoid; 3 of every point of a polyline.
    pub positions_nm: Vec<f64>,
    /// Polylines: where each one's points begin in `positions_nm`, in points, and in the end how many there are. Of other shapes, empty.
    pub starts: Vec<u32>,
    /// A column per property, a row per annotation. `rgb` has 3 components, `rgba` 4.
    pub properties: Vec<Column>,
    /// What the properties mean, by their order.
    pub meanings: Vec<PropertyMeaning>,
    /// The names of the relationships that the source has.
    pub relationships: Vec<String>,
    /// The segments that a single annotation is related to, by relationship; of several annotations they are not stored.
    pub related: Vec<Vec<u64>>,
    /// Where annotations may lie, nm: lower and upper corner.
    pub bounds_nm: Option<[[f64; 3]; 2]>,
    /// Whether these are all that were asked for, and not the first levels of many.
    pub complete: bool,
}

/// What a property's values mean.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PropertyMeaning {
    /// For people.
    pub description: Option<String>,
    /// Whether the components are red, green, blue, and perhaps opacity.
    pub is_color: bool,
    /// Values that stand for words, and the words.
    pub labels: Vec<(f64, String)>,
}

/// The properties of segments, row by row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SegmentProperties {
    /// The segments.
    pub ids: Vec<u64>,
    /// Their labels, where there are any.
    pub labels: Option<Vec<String>>,
    /// Their descriptions, where there are any.
    pub descriptions: Option<Vec<String>>,
    /// Further texts and numbers.
    pub columns: Vec<Column>,
    /// What `columns` mean, by their order; empty where nothing is said.
    pub column_descriptions: Vec<String>,
    /// The tags there are.
    pub tags: Vec<String>,
    /// What the tags mean, by their order; empty where nothing is said.
    pub tag_descriptions: Vec<String>,
    /// Where each segment's tags begin in `tags_of`, and in the end how many there are; empty without tags.
    pub tag_starts: Vec<u32>,
    /// Indices of `tags`.
    pub tags_of: Vec<u32>,
}

/// The skeleton of one segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Skeleton {
    /// nm, 3 per vertex.
    pub positions_nm: Vec<f32>,
    /// Indices of vertices, 2 per edge.
    pub edges: Vec<u32>,
    /// A column per attribute, a row per vertex, as stored: a `radius` is in the unit of the source.
    pub attributes: Vec<Column>,
}

/// The mesh of one segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mesh {
    /// nm, 3 per vertex.
    pub positions_nm: Vec<f32>,
    /// Indices of vertices, 3 per triangle.
    pub triangles: Vec<u32>,
    /// The level that was read.
    pub level: u32,
    /// How many levels there are.
    pub levels: u32,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Rows.
    pub rows: u32,
    /// In the order of the file.
    pub columns: Vec<Column>,
    /// What is there and was not read, a sentence each.
    pub left_out: Vec<String>,
}
