//! What ImageJ writes into the description of a stack: lines of `name=value` (ImageJ's `FileInfo` and `TiffDecoder`).

use crate::format::length_unit::nm_per_unit;

/// How the images of a file are slices, channels and times, and how far apart they are.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ImageJ {
    /// The fastest.
    pub(super) channels: u64,
    pub(super) slices: u64,
    /// The slowest.
    pub(super) frames: u64,
    /// Nanometres of the unit that distances and resolutions are in.
    pub(super) unit_nm: Option<f64>,
    /// From a slice to the next, in that unit.
    pub(super) spacing: Option<f64>,
}

impl ImageJ {
    /// Reads a description; `None` where it is none of ImageJ's.
    ///
    /// # Errors
    /// A clause about numbers that do not fit together.
    pub(super) fn parse(description: &str) -> Result<Option<Self>, String> {
        if !description.starts_with("ImageJ=") {
            return Ok(None);
        }
        let value = |name: &str| {
            description.lines().find_map(|line| line.split_once('=').filter(|(key, _)| *key == name)).map(|(_, value)| value.trim())
        };
        let count = |name: &str| -> Result<Option<u64>, String> {
            let Some(text) = value(name) else { return Ok(None) };
            let number = text.parse().ok().filter(|n| (1..=super::chain::MOST_IMAGES).contains(n));
            number.map(Some).ok_or_else(|| format!("ImageJ's \"{name}\" is \"{text}\" instead of a number of images"))
        };
        let images = count("images")?.unwrap_or(1);
        let [channels, slices, frames] = ["channels", "slices", "frames"].map(count);
        let (channels, slices, frames) = (channels?.unwrap_or(1), slices?, frames?);
        // Older versions write a number of images alone.
        let slices = slices.unwrap_or_else(|| if frames.is_some() || channels > 1 { 1 } else { images });
        let found = Self {
            channels,
            slices,
            frames: frames.unwrap_or(1),
            unit_nm: value("unit").and_then(unit_nm),
            spacing: value("spacing").and_then(distance),
        };
        if found.images() != Some(images) {
            let Self { channels, slices, frames, .. } = found;
            return Err(format!(
                "ImageJ's description tells of {images} images, and of {channels} channels × {slices} slices × {frames} frames"
            ));
        }
        Ok(Some(found))
    }

    /// How many images there are. `None` where they are too many to count.
    pub(super) fn images(&self) -> Option<u64> {
        self.channels.checked_mul(self.slices)?.checked_mul(self.frames)
    }
}

/// A distance; some macros write it negative.
fn distance(text: &str) -> Option<f64> {
    text.parse().ok().map(f64::abs).filter(|distance| distance.is_normal())
}

fn unit_nm(text: &str) -> Option<f64> {
    // ImageJ escapes what is not ASCII.
    let text = text.replace("\\u00B5", "\u{b5}").replace("\\u00b5", "\u{b5}");
    let text = text.trim();
    nm_per_unit(text).or_else(|| nm_per_unit(text.strip_suffix('s')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_tell_how_images_follow_each_other() {
        let parse = |text: &str| ImageJ::parse(text).unwrap().unwrap();
        let stack = parse("ImageJ=1.53c\nimages=60\nslices=60\nunit=nm\nspacing=-25.0\nloop=false\n");
        assert_eq!((stack.channels, stack.slices, stack.frames, stack.unit_nm, stack.spacing), (1, 60, 1, Some(1.0), Some(25.0)));
        let hyper = parse("ImageJ=1.53c\nimages=24\nchannels=2\nslices=3\nframes=4\nhyperstack=true\nunit=\\u00B5m\n");
        assert_eq!((hyper.channels, hyper.slices, hyper.frames, hyper.unit_nm, hyper.spacing), (2, 3, 4, Some(1e3), None));
        assert_eq!(parse("ImageJ=1.11a\nimages=7\nunit=microns").slices, 7);
        assert_eq!(parse("ImageJ=1.11a\nimages=7\nunit=microns").unit_nm, Some(1e3));
        assert_eq!(parse("ImageJ=1.53c\nunit=pixel\n").unit_nm, None);
        assert_eq!(ImageJ::parse("{\"shape\": [2]}"), Ok(None));
    }

    #[test]
    fn numbers_that_do_not_fit_together_are_told_of() {
        for text in [
            "ImageJ=1\nimages=0",
            "ImageJ=1\nimages=-3",
            "ImageJ=1\nimages=x",
            "ImageJ=1\nimages=5\nslices=4",
            "ImageJ=1\nimages=99999999999999999999",
        ] {
            assert!(ImageJ::parse(text).is_err(), "{text}");
        }
        let most = "ImageJ=1\nchannels=1000000\nslices=1000000\nframes=1000000\n";
        assert!(ImageJ::parse(most).is_err());
    }
}
