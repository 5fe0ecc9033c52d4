//! OME-XML in the description of the first image: how the images of one file or several are slices, channels and times (OME model 2016-06,
//! OME-TIFF specification). Of several images ("series") the first is read.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::chain::MOST_IMAGES;
use crate::format::length_unit::nm_per_unit;

/// Elements within elements: the model needs about ten.
const MOST_DEPTH: usize = 64;

/// An image as OME-XML describes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ome {
    /// The order of dimensions, fastest first: `XYZCT` and the like.
    order: String,
    /// Of x, y, z, channel, time.
    pub(super) size: [u64; 5],
    /// Nanometres of a voxel along x, y, z, where given.
    pub(super) voxel_nm: [Option<f64>; 3],
    planes: Vec<TiffData>,
    /// Of the file itself.
    uuid: Option<String>,
}

/// Which images are which planes.
#[derive(Clone, Debug, Default, PartialEq)]
struct TiffData {
    image: Option<u64>,
    count: Option<u64>,
    /// Of z, channel, time.
    first: [u64; 3],
    file: Option<String>,
    uuid: Option<String>,
}

/// Names of dimensions in the order of [`Ome::size`].
const DIMENSIONS: &str = "XYZCT";

/// Whether a description is OME-XML.
pub(super) fn is_ome(description: &str) -> bool {
    description.trim_end().ends_with("OME>")
}

impl Ome {
    /// Reads OME-XML.
    ///
    /// # Errors
    /// A clause about what is wrong with it.
    pub(super) fn parse(xml: &str) -> Result<Self, String> {
        let mut reader = Reader::from_str(xml);
        let mut ome = Self::default();
        let mut path: Vec<String> = Vec::new();
        let mut is_found = false;
        loop {
            let event = reader.read_event().map_err(|error| format!("its OME-XML cannot be read: {error}"))?;
            match event {
                Event::Eof => break,
                Event::DocType(_) => return Err("its OME-XML has a DOCTYPE, which is not read".to_owned()),
                Event::Start(element) => {
                    if path.len() >= MOST_DEPTH {
                        return Err(format!("its OME-XML is more than {MOST_DEPTH} elements deep"));
                    }
                    ome.begin(&element, is_found)?;
                    path.push(element.local_name().as_ref().to_owned());
                }
                Event::Empty(element) => {
                    ome.begin(&element, is_found)?;
                    is_found |= element.local_name().as_ref() == "Pixels";
                }
                Event::End(_) => is_found |= path.pop().is_some_and(|name| name == "Pixels"),
                Event::Text(text) if !is_found && path.last().is_some_and(|name| name == "UUID") => {
                    if let Some(last) = ome.planes.last_mut() {
                        last.uuid = Some(text.trim().to_owned());
                    }
                }
                _ => {}
            }
        }
        if !path.is_empty() {
            return Err("its OME-XML ends early".to_owned());
        }
        if ome.size == [0; 5] {
            return Err("its OME-XML describes no pixels".to_owned());
        }
        Ok(ome)
    }

    /// Takes up what an element says. `is_found`: the first image has been read.
    fn begin(&mut self, element: &BytesStart<'_>, is_found: bool) -> Result<(), String> {
        let attributes = Attributes::of(element)?;
        match element.local_name().as_ref() {
            "OME" => self.uuid = attributes.text("UUID"),
            "BinaryOnly" => {
                return Err(format!(
                    "its OME-XML is in another file, {:?}, which is not read",
                    attributes.text("MetadataFile").unwrap_or_default()
                ));
            }
            "Pixels" if !is_found => self.pixels(&attributes)?,
            "TiffData" if !is_found => {
                let number = |name: &str| attributes.number(name);
                self.planes.push(TiffData {
                    image: number("IFD")?,
                    count: number("PlaneCount")?,
                    first: [number("FirstZ")?.unwrap_or(0), number("FirstC")?.unwrap_or(0), number("FirstT")?.unwrap_or(0)],
                    ..TiffData::default()
                });
            }
            "UUID" if !is_found => {
                if let Some(last) = self.planes.last_mut() {
                    last.file = attributes.text("FileName");
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn pixels(&mut self, attributes: &Attributes) -> Result<(), String> {
        self.order = attributes.text("DimensionOrder").unwrap_or_default();
        let mut letters: Vec<char> = self.order.chars().collect();
        letters.sort_unstable();
        if letters != ['C', 'T', 'X', 'Y', 'Z'] || !self.order.starts_with("XY") {
            return Err(format!("OME-XML's DimensionOrder is \"{}\" instead of XYZCT or another order of these letters", self.order));
        }
        for (size, name) in self.size.iter_mut().zip(DIMENSIONS.chars()) {
            let name = format!("Size{name}");
            let number = attributes.number(&name)?.filter(|n| (1..=i32::MAX as u64).contains(n));
            *size = number
                .ok_or_else(|| format!("OME-XML's {name} is {:?} instead of 1 or more", attributes.text(&name).unwrap_or_default()))?;
        }
        for (nm, name) in self.voxel_nm.iter_mut().zip(DIMENSIONS.chars()) {
            let size = attributes.text(&format!("PhysicalSize{name}")).and_then(|text| text.parse::<f64>().ok());
            let unit = attributes.text(&format!("PhysicalSize{name}Unit")).unwrap_or_else(|| "\u{b5}m".to_owned());
            *nm = size.zip(nm_per_unit(&unit)).map(|(size, nm)| size * nm).filter(|nm| nm.is_normal() && *nm > 0.0);
        }
        Ok(())
    }

    /// The names of the files, the own one first, and the file and image of each plane: channels fastest, then slices, then times. A pixel of an
    /// image has `samples` channels.
    ///
    /// # Errors
    /// A clause about numbers that do not fit together.
    #[expect(clippy::type_complexity, reason = "the two belong together, and nobody else needs them")]
    pub(super) fn places(&self, own: &str, samples: u64) -> Result<(Vec<String>, Vec<Option<(usize, u64)>>), String> {
        let [_, _, depth, channels, times] = self.size;
        if channels % samples != 0 {
            return Err(format!("OME-XML's SizeC is {channels}, where a pixel has {samples} channels"));
        }
        let sizes = [depth, channels / samples, times];
        let count = sizes.iter().try_fold(1_u64, |count, size| count.checked_mul(*size)).filter(|count| *count <= MOST_IMAGES);
        let count = count.ok_or_else(|| {
            format!("OME-XML tells of {depth} × {channels} × {times} slices, channels and times; {MOST_IMAGES} images are read")
        })?;
        let mut names = vec![own.to_owned()];
        let mut places = vec![None; usize::try_from(count).unwrap_or(0)];
        let everything = [TiffData::default()];
        let listed = if self.planes.is_empty() { &everything[..] } else { &self.planes };
        let mut total = 0_u64;
        for data in listed {
            let file = match &data.file {
                Some(name) if name != own && (data.uuid.is_none() || data.uuid != self.uuid) => number_of(name, &mut names)?,
                _ => 0,
            };
            let first = self
                .index(data.first, sizes)
                .ok_or_else(|| format!("OME-XML's TiffData begins at the plane {:?} of {sizes:?}", data.first))?;
            let planes = data.count.or(data.image.map(|_| 1)).unwrap_or(count - first);
            if planes > count - first {
                return Err(format!("OME-XML's TiffData holds {planes} planes from {first} on, where there are {count}"));
            }
            total += planes;
            if total > 2 * MOST_IMAGES {
                return Err(format!("OME-XML's TiffData tells more than twice of {count} planes"));
            }
            for step in 0..planes {
                let [z, c, t] = self.plane(first + step, sizes);
                let at = c + sizes[1] * (z + depth * t);
                let image = data.image.unwrap_or(0).checked_add(step).ok_or("OME-XML's IFD is too large")?;
                if let Some(place) = usize::try_from(at).ok().and_then(|at| places.get_mut(at)) {
                    *place = Some((file, image));
                }
            }
        }
        Ok((names, places))
    }

    /// The dimensions beside x and y, fastest first, as places in a list of z, channel, time.
    fn others(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        self.order.chars().filter_map(|letter| "ZCT".find(letter))
    }

    /// The number of a plane, in the order of dimensions. `None` outside.
    fn index(&self, at: [u64; 3], sizes: [u64; 3]) -> Option<u64> {
        self.others().rev().try_fold(0, |index, axis| {
            let (at, size) = (*at.get(axis)?, *sizes.get(axis)?);
            (at < size).then_some(index * size + at)
        })
    }

    /// The z, channel and time of the plane of a number.
    fn plane(&self, mut index: u64, sizes: [u64; 3]) -> [u64; 3] {
        let mut at = [0; 3];
        for axis in self.others() {
            if let (Some(at), Some(size)) = (at.get_mut(axis), sizes.get(axis)) {
                *at = index % size;
                index /= size;
            }
        }
        at
    }
}

/// The number of a file, which may be new.
fn number_of(name: &str, names: &mut Vec<String>) -> Result<usize, String> {
    if let Some(known) = names.iter().rposition(|known| known == name) {
        return Ok(known);
    }
    if name.is_empty() || name.contains(['/', '\\', ':']) || name.starts_with("..") {
        return Err(format!("OME-XML's TiffData is in the file \"{name}\", which is no name of a file beside this one"));
    }
    names.push(name.to_owned());
    Ok(names.len() - 1)
}

/// The attributes of an element.
struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn of(element: &BytesStart<'_>) -> Result<Self, String> {
        let bad = |error: &dyn std::fmt::Display| format!("an attribute of its OME-XML cannot be read: {error}");
        let mut list = Vec::new();
        for attribute in element.attributes() {
            let attribute = attribute.map_err(|error| bad(&error))?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| bad(&error))?;
            list.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
        }
        Ok(Self(list))
    }

    fn text(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }

    fn number(&self, name: &str) -> Result<Option<u64>, String> {
        let Some((_, text)) = self.0.iter().find(|(key, _)| key == name) else { return Ok(None) };
        text.trim().parse().map(Some).map_err(|_| format!("OME-XML's {name} is \"{text}\" instead of a whole number"))
    }
}

#[cfg(test)]
#[path = "ome_tests.rs"]
mod tests;
