//! What an address says about the format at it, before anything is fetched.

#[cfg(feature = "decode")]
use super::FormatError;
use super::numbered::Numbered;
use super::{Said, SourceFormat};
use crate::store::url::{SourceUrl, parse_source};

/// Whether a source is of a format that only the full module of the workers reads, by what is said of it or by what it is called: right
/// nearly always, and known at once.
#[must_use]
pub fn is_said_to_need_full_module(url: &str, said: &Said) -> bool {
    let Ok(SourceUrl { url, format: name }) = parse_source(url, None) else { return false };
    if url.contains("|zip:") {
        return true;
    }
    let format = match (format_said(said), name) {
        (Some(format), _) => Some(format),
        (None, Some(name)) => format_named(&name),
        (None, None) => format_called(&url),
    };
    format.is_some_and(|format| format != SourceFormat::Precomputed)
}

/// The format that is said beside an address. A layout is one of raw files, and only images are named.
pub(super) fn format_said(said: &Said) -> Option<SourceFormat> {
    let by_images = (!said.images.is_empty()).then_some(SourceFormat::Images);
    said.format.or_else(|| said.raw.as_ref().map(|_| SourceFormat::Raw)).or(by_images)
}

/// The format of this name, as it stands around an address.
pub(super) fn format_named(name: &str) -> Option<SourceFormat> {
    match name {
        "precomputed" => Some(SourceFormat::Precomputed),
        "zarr" | "zarr2" | "zarr3" | "ome-zarr" => Some(SourceFormat::Zarr),
        "n5" => Some(SourceFormat::N5),
        "wkw" => Some(SourceFormat::Wkw),
        "nifti" => Some(SourceFormat::Nifti),
        "tiff" | "ome-tiff" => Some(SourceFormat::Tiff),
        "images" => Some(SourceFormat::Images),
        "raw" => Some(SourceFormat::Raw),
        "dm" => Some(SourceFormat::Dm),
        _ => None,
    }
}

/// The format of a file by the ending of its name.
fn format_of_file(name: &str) -> Option<SourceFormat> {
    let name = name.to_ascii_lowercase();
    let ending = name.strip_suffix(".gz").unwrap_or(&name).rsplit_once('.')?.1;
    match ending {
        "nii" => Some(SourceFormat::Nifti),
        _ if name.ends_with(".gz") => None,
        "tif" | "tiff" | "btf" => Some(SourceFormat::Tiff),
        "png" | "jpg" | "jpeg" => Some(SourceFormat::Images),
        "dm3" | "dm4" => Some(SourceFormat::Dm),
        "raw" => Some(SourceFormat::Raw),
        _ => None,
    }
}

/// Why a file is not read that is called like one of a format that others read; `None` for other names.
#[cfg(feature = "decode")]
pub(super) fn foreign(url: &str) -> Option<FormatError> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let ending = path.rsplit('/').next()?.rsplit_once('.')?.1.to_ascii_lowercase();
    let (bioformats, python) = ("bioformats2raw, which writes OME-Zarr", "h5py and zarr in Python, which write it as Zarr");
    let (name, converter) = match ending.as_str() {
        "czi" => ("CZI (ZEISS)", bioformats),
        "lif" => ("LIF (Leica)", bioformats),
        "lsm" => ("LSM (ZEISS)", bioformats),
        "nd2" => ("ND2 (Nikon)", bioformats),
        "oir" | "oib" | "oif" => ("Olympus FluoView", bioformats),
        "vsi" | "ets" => ("VSI (Olympus)", bioformats),
        "ims" => ("Imaris", bioformats),
        "mrc" | "rec" | "map" => ("MRC", bioformats),
        "h5" | "hdf5" | "hdf" | "nwb" => ("HDF5", python),
        "mat" => ("MATLAB", python),
        _ => return None,
    };
    Some(FormatError::Foreign { name, converter, url: url.to_owned() })
}

/// The format that a part of the path says by its ending, the innermost first.
pub(super) fn format_called(url: &str) -> Option<SourceFormat> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    if let Some(name) = path.rsplit('/').next() {
        if Numbered::parse(name).is_some() {
            return Some(SourceFormat::Images);
        }
        if let Some(format) = format_of_file(name) {
            return Some(format);
        }
    }
    path.rsplit('/').find_map(|part| match part.rsplit_once('.')?.1 {
        "zarr" | "zr" => Some(SourceFormat::Zarr),
        "n5" => Some(SourceFormat::N5),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::RawLayout;
    use crate::voxel::DataType;

    fn said(format: Option<SourceFormat>) -> Said {
        Said { format, ..Said::default() }
    }

    #[test]
    fn an_address_or_what_is_said_of_it_tells_the_format() {
        for full in [
            "https://h/a.zarr",
            "https://h/a.zarr/0?key=1",
            "zarr://https://h/a",
            "gs://b/a|zarr3:",
            "s3://b/a.zr/",
            "https://h/a.n5/volumes/raw",
            "n5://https://h/a",
            "gs://b/a|n5:",
            "wkw://https://h/a",
            "https://h/a|wkw:color/1",
            "https://h/a/brain.nii.gz",
            "gs://b/stack.ome.tif?key=1",
            "https://h/a.DM4",
        ] {
            assert!(is_said_to_need_full_module(full, &said(None)), "{full}");
            assert!(!is_said_to_need_full_module(full, &said(Some(SourceFormat::Precomputed))), "{full}");
        }
        for other in ["https://h/a", "https://h/zarr/a", "precomputed://https://h/a.zarr", "gs://b/a.zarr|neuroglancer-precomputed:", ""] {
            assert!(!is_said_to_need_full_module(other, &said(None)), "{other}");
        }
        for format in [SourceFormat::OmeZarr, SourceFormat::N5, SourceFormat::Wkw] {
            assert!(is_said_to_need_full_module("https://h/a", &said(Some(format))));
        }
        let raw = RawLayout { shape: [1; 3], data_type: DataType::Uint8, channels: 1, little_endian: true, header_bytes: 0 };
        assert!(is_said_to_need_full_module("https://h/a", &Said { raw: Some(raw), ..Said::default() }));
    }

    #[test]
    fn a_file_is_what_its_ending_says_and_a_folder_is_not() {
        assert_eq!(format_called("https://h/a.zarr/b.TIFF?x=.nii"), Some(SourceFormat::Tiff));
        assert_eq!(format_called("https://h/a.nii.gz"), Some(SourceFormat::Nifti));
        assert_eq!(format_called("https://h/a.tif.gz"), None);
        assert_eq!(format_called("https://h/a_%7B000..123%7D.tif"), Some(SourceFormat::Images));
        assert_eq!(format_called("https://h/a.png/b"), None);
    }

    #[cfg(feature = "decode")]
    #[test]
    fn files_that_others_read_are_refused_by_name() {
        let name = |url| match foreign(url) {
            Some(FormatError::Foreign { name, .. }) => Some(name),
            _ => None,
        };
        assert_eq!(name("https://h/a.zarr/scan.CZI?key=1"), Some("CZI (ZEISS)"));
        assert_eq!(name("https://h/b.h5"), Some("HDF5"));
        assert_eq!(name("https://h/b.h5/0"), None);
        assert_eq!(name("https://h/czi"), None);
    }

    #[test]
    fn the_innermost_ending_counts() {
        assert_eq!(format_called("https://h/a.zarr/b.n5/raw"), Some(SourceFormat::N5));
        assert_eq!(format_called("https://h/a.n5/b.zarr"), Some(SourceFormat::Zarr));
        assert_eq!(format_called("https://h/zarr/n5"), None);
    }
}
