//! Annotations: points, lines, boxes, ellipsoids and polylines with typed properties, by id, by related segment and by place.
//!
//! Source: `annotation.md` of Neuroglancer. Levels of the spatial index go from coarse to fine, and each annotation lies in one of them; a
//! line or box lies in every cell of its level that it touches, so that ids are told apart here. Cells are `i_j_k`, or keys of shards.

mod info;
mod record;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use futures::stream::{self, StreamExt};
use rustc_hash::FxHashSet;

use super::folder::{Folder, InfoSize};
use super::keyed::{Keyed, inflated};
use super::shard::Indices;
use super::volume::Stored;
use crate::format::FormatError;
use crate::format::content::{AnnotationQuery, Annotations};
use crate::format::sharding::compressed_morton;
use crate::runtime::Cancel;
use crate::store::{Provider, ResourceKind};

use info::{Info, Level, Part};
use record::Decoded;

/// The most bytes of the annotations of one cell or segment, and of all that one query reads.
const MOST_BYTES: usize = 256 << 20;
/// The most cells that one query reads.
const MOST_CELLS: usize = 1 << 14;
/// Cells that are read at one time.
const CELLS_AT_ONCE: usize = 16;

/// The annotations of one folder.
pub(in crate::format) struct AnnotationSource {
    info: Info,
    /// The address of the info, as it is shown.
    url: String,
    by_id: Option<Keyed>,
    /// By the order of the info.
    related: Vec<Keyed>,
    levels: Vec<Keyed>,
}

impl AnnotationSource {
    /// Opens the annotations whose `info` lies in the folder at `url`.
    ///
    /// # Errors
    /// [`FormatError::NotFound`] without `info`, [`FormatError::BadMetadata`] where it makes no sense, [`FormatError::Unsupported`] where it
    /// describes something else, or what is not known.
    pub(in crate::format) async fn open(provider: &Rc<dyn Provider>, url: &str, cancel: &Cancel) -> Result<Self, FormatError> {
        let folder = Folder::open(provider, url, InfoSize::Small, cancel).await?;
        let info = Info::parse(&folder.info, &folder.shown)?;
        let indices = Rc::new(Indices::default());
        let mut number = 0;
        let mut keyed = |part: &Part| -> Result<Keyed, FormatError> {
            let store = provider.store(&folder.url.join(&part.key)?.as_folder().to_string())?;
            number += 1;
            Ok(Keyed::new(store, part.sharding.clone(), number, &indices, ResourceKind::Annotation))
        };
        let by_id = info.by_id.as_ref().map(&mut keyed).transpose()?;
        let related = info.relationships.iter().map(|(_, part)| keyed(part)).collect::<Result<_, _>>()?;
        let levels = info.levels.iter().map(|level| keyed(&level.part)).collect::<Result<_, _>>()?;
        Ok(Self { info, url: folder.shown, by_id, related, levels })
    }

    /// Reads annotations.
    ///
    /// # Errors
    /// [`FormatError::Unsupported`] where the source has no such index; [`FormatError::BadData`] for damaged annotations.
    pub(in crate::format) async fn read(&self, query: &AnnotationQuery, cancel: &Cancel) -> Result<Annotations, FormatError> {
        match query {
            AnnotationQuery::Id(id) => self.one(*id, cancel).await,
            AnnotationQuery::Related { relationship, id } => self.related(relationship.as_deref(), *id, cancel).await,
            AnnotationQuery::Within { box_nm, most } => self.within(*box_nm, *most as usize, cancel).await,
        }
    }

    async fn one(&self, id: u64, cancel: &Cancel) -> Result<Annotations, FormatError> {
        let by_id = self.by_id.as_ref().ok_or_else(|| self.lacks("annotations by their ids", "by_id"))?;
        let mut decoded = Decoded::new(&self.info);
        if let Some(stored) = by_id.get(id, &id.to_string(), MOST_BYTES, cancel).await? {
            let stored = inflated(stored, MOST_BYTES)?;
            decoded.take_one(&self.info, id, &stored.bytes).map_err(|reason| bad(&stored, reason))?;
        }
        Ok(self.finish(decoded, None, true))
    }

    async fn related(&self, relationship: Option<&str>, id: u64, cancel: &Cancel) -> Result<Annotations, FormatError> {
        let names = self.info.relationships.iter().zip(&self.related);
        let found = { names }.find(|((name, _), _)| relationship.is_none_or(|wanted| wanted == name));
        let (_, keyed) = found.ok_or_else(|| self.lacks("annotations by a segment", relationship.unwrap_or("relationships")))?;
        let mut decoded = Decoded::new(&self.info);
        if let Some(stored) = keyed.get(id, &id.to_string(), MOST_BYTES, cancel).await? {
            self.take_many(&mut decoded, stored)?;
        }
        Ok(self.finish(decoded, None, true))
    }

    async fn within(&self, box_nm: Option<[[f64; 3]; 2]>, most: usize, cancel: &Cancel) -> Result<Annotations, FormatError> {
        if self.levels.is_empty() {
            return Err(self.lacks("annotations by their place", "spatial"));
        }
        let mut decoded = Decoded::new(&self.info);
        let (mut cells_left, mut bytes_left) = (MOST_CELLS, MOST_BYTES);
        for (level, keyed) in self.info.levels.iter().zip(&self.levels) {
            let cells = self.cells(level, box_nm);
            let count = cells.iter().map(|[from, to]| usize::try_from(to - from).unwrap_or(0)).fold(1, usize::saturating_mul);
            if count > cells_left || decoded.ids.len() >= most {
                return Ok(self.finish(decoded, box_nm, false));
            }
            cells_left -= count;
            let [x, y, z] = cells.map(|[from, to]| from..to);
            let places = z.flat_map(|z| {
                y.clone().flat_map({
                    let x = x.clone();
                    move |y| x.clone().map(move |x| [x, y, z])
                })
            });
            let reads = places.map(|place| {
                let [x, y, z] = place;
                let key = compressed_morton(place, level.grid_shape);
                async move { keyed.get(key.unwrap_or(u64::MAX), &format!("{x}_{y}_{z}"), MOST_BYTES, cancel).await }
            });
            let mut reads = stream::iter(reads).buffered(CELLS_AT_ONCE);
            while let Some(stored) = reads.next().await {
                let Some(stored) = stored? else { continue };
                let len = stored.bytes.len();
                bytes_left = bytes_left.checked_sub(len).ok_or_else(|| {
                    let reason =
                        format!("the annotations of the box take more than {MOST_BYTES} bytes: ask for a smaller box, or for fewer");
                    FormatError::BadData { reason, url: self.url.clone() }
                })?;
                self.take_many(&mut decoded, stored)?;
            }
        }
        Ok(self.finish(decoded, box_nm, true))
    }

    /// The cells of a level that touch a box: first and one after the last, along each stored axis.
    fn cells(&self, level: &Level, box_nm: Option<[[f64; 3]; 2]>) -> [[i64; 2]; 3] {
        let all = level.grid_shape.map(|cells| [0, cells]);
        let (Some(wanted), Some([lower, _])) = (box_nm, self.info.bounds_nm) else { return all };
        let mut cells = all;
        for (xyz, &stored) in self.info.axes.iter().enumerate() {
            let get = |corner: [f64; 3]| corner.get(xyz).copied().unwrap_or(f64::NAN);
            let (Some(own), Some(size)) = (cells.get_mut(stored), level.chunk_size.get(stored)) else { continue };
            let cell_nm = size * self.info.nm_per_unit.get(xyz).copied().unwrap_or(1.0);
            let [from, to] = wanted.map(|corner| ((get(corner) - get(lower)) / cell_nm).floor());
            let [_, count] = *own;
            #[expect(clippy::cast_possible_truncation, reason = "a number out of range becomes the nearest that is in it")]
            let clip = |cell: f64| (cell as i64).clamp(0, count);
            // On the border of two cells, either may hold it.
            *own = [clip(from - 1.0).min(count - 1), clip(to + 1.0).max(1)];
            let [from, to] = own;
            *to = (*to).max(*from + 1);
        }
        cells
    }

    fn take_many(&self, decoded: &mut Decoded, stored: Stored) -> Result<(), FormatError> {
        let stored = inflated(stored, MOST_BYTES)?;
        decoded.take_many(&self.info, &stored.bytes).map_err(|reason| bad(&stored, reason))
    }

    /// The annotations, each once, that touch the box.
    fn finish(&self, decoded: Decoded, box_nm: Option<[[f64; 3]; 2]>, complete: bool) -> Annotations {
        let mut seen = FxHashSet::default();
        let rows = decoded.ids.iter().zip(decoded.boxes(self.info.shape)).enumerate();
        let touches = |[lower, upper]: [[f64; 3]; 2], [from, to]: [[f64; 3]; 2]| {
            lower.iter().zip(to).all(|(lower, to)| *lower <= to) && upper.iter().zip(from).all(|(upper, from)| *upper >= from)
        };
        let keep = rows.filter(|(_, (id, own))| box_nm.is_none_or(|wanted| touches(*own, wanted)) && seen.insert(**id));
        let keep: Vec<usize> = keep.map(|(row, _)| row).collect();
        decoded.finish(&self.info, &keep, complete)
    }

    fn lacks(&self, what: &str, member: &str) -> FormatError {
        FormatError::BadMetadata { reason: format!("{what} cannot be found: there is no \"{member}\""), url: self.url.clone() }
    }
}

fn bad(stored: &Stored, reason: String) -> FormatError {
    FormatError::BadData { reason, url: stored.url.clone() }
}
