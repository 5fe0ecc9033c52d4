//! Volumes that are made while they are looked at: `/phantom/SEED/EDGE/image` and `/phantom/SEED/EDGE/segmentation` are
//! Neuroglancer precomputed volumes of the procedural neuropil, of any size; `/phantom/SEED/EDGE/sharded/…` are the same in shards.
//!
//! Owns what such a path is answered with; [`address`] reads it, [`pyramid`] says which levels there are, [`chunks`] and [`shards`] make
//! and keep what is in them.

mod address;
mod chunks;
mod made;
mod pyramid;
mod shards;

use std::env;
use std::fs;

use self::address::{Address, File, Refusal};
use self::chunks::Chunks;
use self::shards::{SHARDING, Shards};
use super::content::etag;
use super::http::{Request, Response};
use super::range::{self, Ranged};
use crate::neuroglancer::{self, Kind};

/// All volumes, since they share what is made.
#[derive(Debug)]
pub(super) struct Phantoms {
    chunks: Chunks,
    shards: Shards,
    /// What is served changes with this program alone.
    tag: Option<String>,
}

impl Default for Phantoms {
    fn default() -> Self {
        let program = env::current_exe().and_then(fs::metadata);
        Self { chunks: Chunks::default(), shards: Shards::default(), tag: program.ok().map(|meta| etag(&meta)) }
    }
}

impl Phantoms {
    /// Answers the path after `/phantom/`.
    pub(super) fn answer(&self, path: &str, request: &Request) -> Response {
        let address = match Address::parse(path) {
            Ok(address) => address,
            Err(Refusal::NoSuchVolume(why)) => return Response::error(400, &why),
            Err(Refusal::NoSuchFile) => return Response::error(404, "no such file"),
        };
        if self.tag.as_deref().is_some_and(|tag| request.header("If-None-Match") == Some(tag)) {
            return self.tagged(Response::new(304, Vec::new()));
        }
        let (body, mime) = match (address.file, address.kind) {
            (File::Info, kind) => {
                let mut scales = pyramid::scales(address.size);
                let sharding = address.sharded.then(|| SHARDING.specification());
                scales.iter_mut().for_each(|scale| scale.sharding.clone_from(&sharding));
                let info = neuroglancer::info(kind, &scales);
                (info.to_string().into_bytes(), "application/json")
            }
            (File::Chunk(place), kind) => match (self.chunks.get(address.seed, place), kind) {
                (Ok(chunk), Kind::Image) => (chunk.image.clone(), "image/jpeg"),
                (Ok(chunk), Kind::Segmentation) => (chunk.labels.clone(), "application/octet-stream"),
                (Err(error), _) => return Response::error(500, &format!("this chunk cannot be made: {error:#}")),
            },
            (File::Shard { level, number }, _) => {
                return match self.shards.get(&self.chunks, &address, level, number) {
                    Ok(shard) if shard.is_empty() => Response::error(404, "no such file"),
                    Ok(shard) => self.tagged(part(&shard, request)),
                    Err(error) => Response::error(500, &format!("this shard cannot be made: {error:#}")),
                };
            }
        };
        self.tagged(Response::new(200, body).with("Content-Type", mime))
    }

    fn tagged(&self, response: Response) -> Response {
        let response = response.with("Cache-Control", "no-cache");
        match &self.tag {
            Some(tag) => response.with("ETag", tag.as_str()),
            None => response,
        }
    }
}

/// What is asked for of a file.
fn part(file: &[u8], request: &Request) -> Response {
    let len = file.len();
    let cut =
        |start: u64, end: u64| Some((usize::try_from(start).ok()?, file.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)?));
    match range::parse(request.header("Range"), len as u64) {
        Ranged::Part { start, end } if let Some((start, bytes)) = cut(start, end) => {
            let range = format!("bytes {start}-{}/{len}", start + bytes.len() - 1);
            let response = Response { range: Some((start as u64, (start + bytes.len()) as u64)), ..Response::new(206, bytes.to_vec()) };
            response.with("Content-Range", range)
        }
        Ranged::Part { .. } | Ranged::Unsatisfiable => {
            return Response::error(416, "the range lies outside the file").with("Content-Range", format!("bytes */{len}"));
        }
        Ranged::Whole => Response::new(200, file.to_vec()),
    }
    .with("Content-Type", "application/octet-stream")
    .with("Accept-Ranges", "bytes")
}

#[cfg(test)]
mod tests;
