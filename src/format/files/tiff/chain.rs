//! Which directory of a file is the n-th. They form a chain, each of which tells where the next one lies.
//!
//! To walk a chain costs a request for every image of a large stack. Most stacks are written so that all images but the first are as far from
//! each other: where the first few are, the last one is where that leads to, and some between them are too, the others are found by
//! calculation. Each is then checked as it is read ([`Chain::follows`]).

use std::cell::{Cell, RefCell};

use rustc_hash::FxHashSet;

use super::directory::{Directory, Tag};
use super::file::{TiffFile, WINDOW_BYTES};
use crate::format::FormatError;
use crate::runtime::Cancel;

/// The most images of a file.
pub(super) const MOST_IMAGES: u64 = 1 << 20;
/// How many of the first directories must be as far from each other.
const ALIKE: usize = 4;
/// How many between the first and the last are looked at.
const PROBES: u64 = 5;
/// So many that others need not walk to them again.
const WORTH_KEEPING: usize = 32;
/// Directories that lie nearer to each other are read many at once …
const NEAR_BYTES: u64 = 32 << 10;
/// … in windows of this length.
const SPAN_BYTES: u64 = 256 << 10;

/// Where the directories of a file lie, as far as is known.
#[derive(Default)]
pub(super) struct Chain {
    /// Of the first images.
    walked: RefCell<Vec<u64>>,
    is_whole: Cell<bool>,
    /// Whether the distances were looked at.
    is_surveyed: Cell<bool>,
    regular: Cell<Option<Regular>>,
}

/// Directories at equal distances, but for the first.
#[derive(Clone, Copy, Debug)]
struct Regular {
    first: u64,
    second: u64,
    stride: u64,
    count: u64,
}

impl Regular {
    fn place(&self, index: u64) -> Option<u64> {
        match index {
            0 => Some(self.first),
            _ if index < self.count => self.second.checked_add(self.stride.checked_mul(index - 1)?),
            _ => None,
        }
    }
}

impl Chain {
    /// A chain that was walked by another.
    pub(super) fn of_known(known: &[u8]) -> Self {
        let steps: Vec<i64> = postcard::from_bytes(known).unwrap_or_default();
        let places = steps.iter().scan(0_u64, |place, step| {
            *place = place.checked_add_signed(*step)?;
            Some(*place)
        });
        let chain = Self { walked: RefCell::new(places.collect()), ..Self::default() };
        chain.is_whole.set(!chain.walked.borrow().is_empty());
        chain
    }

    /// What [`Chain::of_known`] makes this chain of; `None` where that is not worth while, for it is short, not walked or calculated.
    pub(super) fn known(&self) -> Option<Vec<u8>> {
        let walked = self.walked.borrow();
        if !self.is_whole.get() || walked.len() < WORTH_KEEPING {
            return None;
        }
        let before = std::iter::once(&0).chain(walked.iter());
        let steps: Vec<i64> = before.zip(walked.iter()).map(|(before, place)| place.wrapping_sub(*before).cast_signed()).collect();
        postcard::to_stdvec(&steps).ok()
    }

    /// Where the directory of an image lies; `None` past the last.
    pub(super) async fn place(&self, tiff: &TiffFile, index: u64, cancel: &Cancel) -> Result<Option<u64>, FormatError> {
        let wanted = usize::try_from(index).unwrap_or(usize::MAX);
        if self.regular.get().is_none() && wanted >= self.walked.borrow().len() {
            self.walk(tiff, wanted.saturating_add(1), cancel).await?;
        }
        Ok(self.regular.get().map_or_else(|| self.walked.borrow().get(wanted).copied(), |regular| regular.place(index)))
    }

    /// How many images there are.
    pub(super) async fn count(&self, tiff: &TiffFile, cancel: &Cancel) -> Result<u64, FormatError> {
        if self.regular.get().is_none() {
            self.walk(tiff, usize::MAX, cancel).await?;
        }
        Ok(self.regular.get().map_or_else(|| self.walked.borrow().len() as u64, |regular| regular.count))
    }

    /// Whether the directory of an image leads to that of the next one, where this was calculated.
    pub(super) fn follows(&self, index: u64, next: u64) -> bool {
        self.regular.get().is_none_or(|regular| regular.place(index + 1).unwrap_or(0) == next)
    }

    /// Follows the chain until so many directories are known, or all of them.
    async fn walk(&self, tiff: &TiffFile, wanted: usize, cancel: &Cancel) -> Result<(), FormatError> {
        // Others may walk at the same time: what they find is the same.
        let mut places = self.walked.borrow().clone();
        let mut seen: FxHashSet<u64> = places.iter().copied().collect();
        while !self.is_whole.get() && places.len() < wanted {
            if places.len() == ALIKE && !self.is_surveyed.get() {
                self.keep(&places);
                self.regular.set(survey(tiff, &places, cancel).await?);
                self.is_surveyed.set(true);
            }
            if self.regular.get().is_some() {
                return Ok(());
            }
            let next = match places.as_slice() {
                [] => tiff.first,
                [.., before, last] if last.checked_sub(*before).is_some_and(|gap| gap <= NEAR_BYTES) => {
                    Directory::read(tiff, *last, SPAN_BYTES, cancel).await?.next
                }
                [.., last] => Directory::read(tiff, *last, WINDOW_BYTES, cancel).await?.next,
            };
            if next == 0 {
                self.is_whole.set(true);
            } else if !seen.insert(next) {
                return Err(tiff.bad(format!("its chain of images leads back to the one at byte {next}")));
            } else if places.len() as u64 >= MOST_IMAGES {
                return Err(tiff.unsupported("a number of images", format!("more than {MOST_IMAGES}")));
            } else {
                places.push(next);
            }
        }
        self.keep(&places);
        Ok(())
    }

    fn keep(&self, places: &[u64]) {
        let mut walked = self.walked.borrow_mut();
        if let Some(more) = places.get(walked.len()..) {
            walked.extend_from_slice(more);
        }
    }
}

/// Looks whether directories lie at equal distances, of which the first [`ALIKE`] are known.
async fn survey(tiff: &TiffFile, places: &[u64], cancel: &Cancel) -> Result<Option<Regular>, FormatError> {
    let &[first, second, third, fourth] = places else { return Ok(None) };
    let stride = match third.checked_sub(second) {
        Some(stride) if stride > 0 && fourth.checked_sub(third) == Some(stride) => stride,
        _ => return Ok(None),
    };
    let like = Directory::read(tiff, second, WINDOW_BYTES, cancel).await?;
    // The last one begins less than a distance before the end, or a little earlier where something follows its pixels.
    let furthest = (tiff.file.size_bytes - second.min(tiff.file.size_bytes)) / stride;
    for steps in [furthest, furthest.saturating_sub(1)] {
        let found = Regular { first, second, stride, count: steps.saturating_add(2) };
        if steps < 3 || found.count > MOST_IMAGES {
            continue;
        }
        let probes = (1..=PROBES).map(|probe| 1 + steps * probe / PROBES).rev();
        let mut fits = true;
        for index in probes {
            fits = fits && is_link(tiff, &found, index, &like, cancel).await?;
        }
        if fits {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Whether a directory lies where this one of a regular chain should, leads to the next and is of an image of the same size.
async fn is_link(tiff: &TiffFile, chain: &Regular, index: u64, like: &Directory, cancel: &Cancel) -> Result<bool, FormatError> {
    let Some(at) = chain.place(index) else { return Ok(false) };
    let read = Directory::read(tiff, at, WINDOW_BYTES, cancel).await;
    let directory = match read {
        Ok(directory) => directory,
        // There lies something else.
        Err(FormatError::BadMetadata { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    let next = chain.place(index + 1).unwrap_or(0);
    Ok(directory.len() == like.len()
        && directory.next == next
        && directory.same(like, Tag::ImageWidth)
        && directory.same(like, Tag::ImageLength))
}
