//! How large voxels are: what the resolution of an image says, and how much smaller a smaller version is.

use super::directory::{Directory, Tag};
use super::files::Tiff;
use crate::format::FormatError;
use crate::runtime::Cancel;

/// What programs say that know of no microscope: 72, 96, 300 or 600 dots an inch. A pixel so large is one of a printer or scanner.
const LARGEST_NM: f64 = 20e3;

/// Nanometres of a pixel along x and y, by the fields for it, which are in pixels a unit: `unit_nm` where the image does not name one itself.
/// `None` where nothing is said that a microscope would.
pub(super) async fn pixel_nm(
    tiff: &Tiff,
    directory: &Directory,
    unit_nm: Option<f64>,
    cancel: &Cancel,
) -> Result<Option<[f64; 2]>, FormatError> {
    let unit = match (unit_nm, directory.number(&tiff.file, Tag::ResolutionUnit, 2, cancel).await?) {
        (Some(nm), _) => nm,
        (None, 2) => 2.54e7,
        (None, 3) => 1e7,
        (None, _) => return Ok(None),
    };
    let x = directory.fraction(&tiff.file, Tag::XResolution, cancel).await?;
    let y = directory.fraction(&tiff.file, Tag::YResolution, cancel).await?;
    let size = x.or(y).zip(y.or(x)).map(|(x, y)| [unit / x, unit / y]);
    Ok(size.filter(|size| size.iter().all(|nm| nm.is_normal() && (unit_nm.is_some() || *nm < LARGEST_NM))))
}

/// How many pixels of the finest level one of a smaller version is: a whole number, where the size is one rounded down or up.
pub(super) fn factor(finest: u32, smaller: u32) -> f64 {
    let ratio = f64::from(finest) / f64::from(smaller);
    let whole = ratio.round();
    let exact = f64::from(finest) / whole;
    if f64::from(smaller) == exact.floor() || f64::from(smaller) == exact.ceil() { whole } else { ratio }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_were_rounded_have_whole_factors() {
        assert_eq!([factor(1001, 500), factor(1001, 501), factor(1000, 250), factor(7, 7), factor(1, 1)], [2.0, 2.0, 4.0, 1.0, 1.0]);
        assert_eq!(factor(1000, 400), 2.5);
    }
}
