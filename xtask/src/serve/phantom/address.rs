//! What a path asks for: which volume, which of its files.

use super::pyramid::{self, Place};
use super::shards::SHARDING;
use crate::neuroglancer::{CHUNK, Kind, Scale, chunk_name, key};

/// Voxels along an axis.
const MIN_EDGE: usize = 64;
const MAX_EDGE: usize = 131_072;

/// A file of a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) seed: u64,
    /// Voxels along x, y, z.
    pub(super) size: [usize; 3],
    pub(super) kind: Kind,
    pub(super) sharded: bool,
    pub(super) file: File,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum File {
    Info,
    Chunk(Place),
    /// A shard of a level, by number.
    Shard {
        level: usize,
        number: u64,
    },
}

/// Why a path has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It names a volume that cannot be, and this sentence says what could.
    NoSuchVolume(String),
    NoSuchFile,
}

impl Address {
    /// Reads `SEED/EDGE/KIND/info` or `SEED/EDGE/KIND/KEY/CHUNK`, and of sharded volumes `SEED/EDGE/sharded/KIND/info` or
    /// `SEED/EDGE/sharded/KIND/KEY/SHARD`.
    pub(super) fn parse(path: &str) -> Result<Self, Refusal> {
        let mut parts = path.split('/');
        let mut next = || parts.next().ok_or(Refusal::NoSuchFile);
        let (seed, size) = (parse_seed(next()?)?, parse_size(next()?)?);
        let (sharded, kind) = match next()? {
            "sharded" => (true, next()?),
            kind => (false, kind),
        };
        let kind = match kind {
            "image" => Kind::Image,
            "segmentation" => Kind::Segmentation,
            _ => return Err(Refusal::NoSuchFile),
        };
        let file = match next()? {
            "info" => File::Info,
            folder if sharded => find_shard(size, folder, next()?).ok_or(Refusal::NoSuchFile)?,
            folder => File::Chunk(find_chunk(size, folder, next()?).ok_or(Refusal::NoSuchFile)?),
        };
        if parts.next().is_some() { Err(Refusal::NoSuchFile) } else { Ok(Self { seed, size, kind, sharded, file }) }
    }
}

fn parse_seed(text: &str) -> Result<u64, Refusal> {
    text.parse().map_err(|_| Refusal::NoSuchVolume(format!("the seed {text:?} is not a whole number from 0 to {}", u64::MAX)))
}

/// `N`, or `XxYxZ`.
fn parse_size(text: &str) -> Result<[usize; 3], Refusal> {
    let edge = |text: &str| text.parse().ok().filter(|edge| (MIN_EDGE..=MAX_EDGE).contains(edge));
    let edges: Option<Vec<usize>> = text.split('x').map(edge).collect();
    match edges.as_deref() {
        Some(&[edge]) => Ok([edge; 3]),
        Some(&[x, y, z]) => Ok([x, y, z]),
        _ => Err(Refusal::NoSuchVolume(format!(
            "the size {text:?} is not one or three numbers of voxels from {MIN_EDGE} to {MAX_EDGE}, as 4096 or 8192x8192x1024"
        ))),
    }
}

/// The chunk that a name stands for, if it is one of the grid's.
fn find_chunk(size: [usize; 3], folder: &str, name: &str) -> Option<Place> {
    let (level, scale) = find_level(size, folder)?;
    let mut starts = name.split('_').map(|range| range.split('-').next()?.parse::<usize>().ok());
    let mut start = || starts.next().flatten();
    let min = [start()?, start()?, start()?];
    if (0..3).any(|a| min[a] >= scale.size[a] || !min[a].is_multiple_of(CHUNK)) {
        return None;
    }
    let max = [0, 1, 2].map(|a| (min[a] + CHUNK).min(scale.size[a]));
    (chunk_name(min, max) == name).then(|| Place { level, min, shape: [0, 1, 2].map(|a| max[a] - min[a]) })
}

fn find_shard(size: [usize; 3], folder: &str, name: &str) -> Option<File> {
    let (level, _) = find_level(size, folder)?;
    let number = u64::from_str_radix(name.strip_suffix(".shard")?, 16).ok()?;
    (number >> SHARDING.shard_bits == 0 && SHARDING.file_name(number) == name).then_some(File::Shard { level, number })
}

fn find_level(size: [usize; 3], folder: &str) -> Option<(usize, Scale)> {
    pyramid::scales(size).into_iter().enumerate().find(|(_, scale)| key(scale.voxel_nm) == folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(path: &str) -> Result<Place, Refusal> {
        match Address::parse(path)?.file {
            File::Chunk(place) => Ok(place),
            File::Info | File::Shard { .. } => panic!("{path} is not a chunk"),
        }
    }

    #[test]
    fn a_chunk_at_the_end_is_shorter() {
        let place = chunk("1/100x200x64/image/8_8_8/64-100_128-192_0-64");
        assert_eq!(place, Ok(Place { level: 0, min: [64, 128, 0], shape: [36, 64, 64] }));
        let place = chunk("1/100x200x64/segmentation/16_16_16/0-50_64-100_0-32");
        assert_eq!(place, Ok(Place { level: 1, min: [0, 64, 0], shape: [50, 36, 32] }));
    }

    #[test]
    fn names_of_no_chunk_are_not_found() {
        for name in [
            "8_8_8/128-192_0-64_0-64",
            "8_8_8/0-64_0-64_0-100",
            "8_8_8/1-65_0-64_0-64",
            "8_8_8/+0-64_0-64_0-64",
            "8_8_8/00-64_0-64_0-64",
            "8_8_8/0-64_0-64",
            "8_8_8/0-64_0-64_0-64_0-64",
            "8_8_8/0-64_0-64_0-64/",
            "8_8_8/99999999999999999999-64_0-64_0-64",
            "8_8_8/",
            "9_9_9/0-64_0-64_0-64",
            "",
        ] {
            assert_eq!(chunk(&format!("1/128/image/{name}")), Err(Refusal::NoSuchFile), "{name}");
        }
        assert_eq!(Address::parse("1/128/mesh/info"), Err(Refusal::NoSuchFile));
        assert_eq!(Address::parse("1/128"), Err(Refusal::NoSuchFile));
    }

    #[test]
    fn volumes_that_cannot_be_are_refused() {
        for volume in ["a/64", "-1/64", "18446744073709551616/64", "1/63", "1/131073", "1/64x64", "1/64x64x64x64", "1/64x64x", "1/", "/64"]
        {
            assert!(matches!(Address::parse(&format!("{volume}/image/info")), Err(Refusal::NoSuchVolume(_))), "{volume}");
        }
        let largest = Address::parse("18446744073709551615/131072/image/info").map(|address| (address.seed, address.size));
        assert_eq!(largest, Ok((u64::MAX, [131_072; 3])));
    }
}
