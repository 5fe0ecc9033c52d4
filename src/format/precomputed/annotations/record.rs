//! Annotations as bytes. Source: `annotation.md` of Neuroglancer: geometry as 32-bit floats; properties by their alignment of 4, 2, 1 bytes,
//! those of one alignment in the order of the `info`; up to 3 bytes until the next multiple of 4. Little endian.

use crate::format::column::{Column, Values};
use crate::format::content::{AnnotationShape, Annotations};

use super::info::Info;

/// The most relations of one annotation.
const MOST_RELATED: usize = 1 << 20;

/// What is read of many records.
pub(super) struct Decoded {
    pub(super) ids: Vec<u64>,
    /// nm.
    pub(super) positions_nm: Vec<f64>,
    /// Points of each.
    pub(super) points: Vec<u32>,
    /// By the order of the info.
    pub(super) properties: Vec<Values>,
    pub(super) related: Vec<Vec<u64>>,
}

impl Decoded {
    pub(super) fn new(info: &Info) -> Self {
        Self {
            ids: Vec::new(),
            positions_nm: Vec::new(),
            points: Vec::new(),
            properties: info.properties.iter().map(|property| Values::empty(property.data_type)).collect(),
            related: Vec::new(),
        }
    }

    /// The number of annotations; the annotations; their ids.
    ///
    /// # Errors
    /// One clause that says what is wrong.
    pub(super) fn take_many(&mut self, info: &Info, bytes: &[u8]) -> Result<(), String> {
        let mut input = bytes;
        let count = take(&mut input).map(u64::from_le_bytes).ok_or("it ends before the number of annotations")?;
        // An annotation of no point and no property takes its id.
        let count = usize::try_from(count).ok().filter(|count| *count <= bytes.len() / 8);
        let count = count.ok_or_else(|| format!("{} bytes cannot hold the annotations that it counts", bytes.len()))?;
        for number in 0..count {
            self.take_record(info, &mut input).map_err(|reason| format!("annotation {number} of {count}: {reason}"))?;
        }
        if input.len() != count * 8 {
            return Err(format!("{} bytes are left for the ids of {count} annotations", input.len()));
        }
        self.ids.extend(input.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes)));
        Ok(())
    }

    /// One annotation and what it is related to.
    ///
    /// # Errors
    /// One clause that says what is wrong.
    pub(super) fn take_one(&mut self, info: &Info, id: u64, bytes: &[u8]) -> Result<(), String> {
        let mut input = bytes;
        self.take_record(info, &mut input)?;
        for (name, _) in &info.relationships {
            let early = || format!("it ends within the segments of \"{name}\"");
            let count = take(&mut input).map(u32::from_le_bytes).ok_or_else(early)? as usize;
            if count > MOST_RELATED {
                return Err(format!("it counts {count} segments of \"{name}\", more than {MOST_RELATED}"));
            }
            let ids = input.split_off(..count * 8).ok_or_else(early)?;
            self.related.push(ids.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect());
        }
        if !input.is_empty() {
            return Err(format!("{} bytes are left over", input.len()));
        }
        self.ids.push(id);
        Ok(())
    }

    fn take_record(&mut self, info: &Info, input: &mut &[u8]) -> Result<(), String> {
        const EARLY: &str = "it ends too early";
        let points = match info.shape {
            AnnotationShape::Point => 1,
            AnnotationShape::Line | AnnotationShape::Box | AnnotationShape::Ellipsoid => 2,
            AnnotationShape::Polyline => u32::from_le_bytes(take(input).ok_or(EARLY)?),
        };
        let geometry = (points as usize).checked_mul(12).and_then(|len| input.split_off(..len)).ok_or(EARLY)?;
        let before = self.positions_nm.len();
        for point in geometry.as_chunks::<4>().0.as_chunks::<3>().0 {
            let stored = point.map(|bytes| f64::from(f32::from_le_bytes(bytes)));
            self.positions_nm.extend(info.to_nm(stored));
        }
        if info.shape == AnnotationShape::Box
            && let Some(([first, second], _)) =
                self.positions_nm.get_mut(before..).and_then(|corners| corners.as_chunks_mut::<3>().0.split_first_chunk_mut::<2>())
        {
            // Any two opposite corners are stored.
            for (a, b) in first.iter_mut().zip(second) {
                (*a, *b) = (a.min(*b), a.max(*b));
            }
        }
        self.points.push(points);
        let mut len = 0;
        for alignment in [4, 2, 1] {
            for (property, values) in info.properties.iter().zip(&mut self.properties) {
                if property.data_type.size_bytes() == alignment {
                    let bytes = input.split_off(..alignment * property.components as usize).ok_or(EARLY)?;
                    len += bytes.len();
                    values.extend_from_le_bytes(bytes);
                }
            }
        }
        input.split_off(..len.next_multiple_of(4) - len).ok_or(EARLY)?;
        Ok(())
    }

    /// Keeps the rows of these numbers.
    pub(super) fn finish(self, info: &Info, keep: &[usize], complete: bool) -> Annotations {
        let mut positions_nm = Vec::new();
        let mut starts = Vec::new();
        let mut firsts = Vec::with_capacity(self.points.len());
        let mut total = 0;
        for &points in &self.points {
            firsts.push(total);
            total += points as usize * 3;
        }
        let is_polyline = info.shape == AnnotationShape::Polyline;
        let mut count = 0_u32;
        for &row in keep {
            let (first, points) = (firsts.get(row).copied().unwrap_or(0), self.points.get(row).copied().unwrap_or(0));
            if is_polyline {
                starts.push(count);
                count = count.saturating_add(points);
            }
            positions_nm.extend_from_slice(self.positions_nm.get(first..first + points as usize * 3).unwrap_or_default());
        }
        if is_polyline {
            starts.push(count);
        }
        let properties = info.properties.iter().zip(self.properties).map(|(property, mut values)| {
            values.keep_rows(keep, property.components as usize);
            Column { name: property.name.clone(), components: property.components, values, missing: Vec::new() }
        });
        Annotations {
            shape: info.shape,
            ids: keep.iter().filter_map(|&row| self.ids.get(row).copied()).collect(),
            positions_nm,
            starts,
            properties: properties.collect(),
            meanings: info.properties.iter().map(|property| property.meaning.clone()).collect(),
            relationships: info.relationships.iter().map(|(name, _)| name.clone()).collect(),
            related: self.related,
            bounds_nm: info.bounds_nm,
            complete,
        }
    }

    /// Lower and upper corner of what each annotation takes up, nm.
    pub(super) fn boxes(&self, shape: AnnotationShape) -> impl Iterator<Item = [[f64; 3]; 2]> {
        let mut rest = self.positions_nm.as_chunks::<3>().0;
        self.points.iter().map(move |&points| {
            let own = rest.split_off(..points as usize).unwrap_or_default();
            if let (AnnotationShape::Ellipsoid, [centre, radii]) = (shape, own) {
                let at = |sign: f64| {
                    let mut corner = *centre;
                    corner.iter_mut().zip(radii).for_each(|(n, radius)| *n += sign * radius);
                    corner
                };
                return [at(-1.0), at(1.0)];
            }
            let fold = |start: f64, pick: fn(f64, f64) -> f64| {
                own.iter().fold([start; 3], |mut corner, point| {
                    corner.iter_mut().zip(point).for_each(|(n, other)| *n = pick(*n, *other));
                    corner
                })
            };
            [fold(f64::INFINITY, f64::min), fold(f64::NEG_INFINITY, f64::max)]
        })
    }
}

fn take<const N: usize>(input: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = input.split_first_chunk()?;
    *input = rest;
    Some(*head)
}
