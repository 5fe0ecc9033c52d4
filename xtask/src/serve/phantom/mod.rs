//! Volumes that are made while they are looked at: `/phantom/SEED/EDGE/image` and `/phantom/SEED/EDGE/segmentation` are
//! Neuroglancer precomputed volumes of the procedural neuropil, of any size.
//!
//! Owns what such a path is answered with; [`address`] reads it, [`pyramid`] says which levels there are, [`chunks`] makes
//! and keeps chunks. Each chunk is a file: to know where a chunk lies in a shard, all before it would have to be made.

mod address;
mod chunks;
mod pyramid;

use std::env;
use std::fs;

use self::address::{Address, File, Refusal};
use self::chunks::Chunks;
use super::content::etag;
use super::http::{Request, Response};
use crate::neuroglancer::{self, Kind};

/// All volumes, since they share what is made.
#[derive(Debug)]
pub(super) struct Phantoms {
    chunks: Chunks,
    /// What is served changes with this program alone.
    tag: Option<String>,
}

impl Default for Phantoms {
    fn default() -> Self {
        let program = env::current_exe().and_then(fs::metadata);
        Self { chunks: Chunks::default(), tag: program.ok().map(|meta| etag(&meta)) }
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
                let info = neuroglancer::info(kind, &pyramid::scales(address.size));
                (info.to_string().into_bytes(), "application/json")
            }
            (File::Chunk(place), kind) => match (self.chunks.get(address.seed, place), kind) {
                (Ok(chunk), Kind::Image) => (chunk.image.clone(), "image/jpeg"),
                (Ok(chunk), Kind::Segmentation) => (chunk.labels.clone(), "application/octet-stream"),
                (Err(error), _) => return Response::error(500, &format!("this chunk cannot be made: {error:#}")),
            },
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

#[cfg(test)]
mod tests;
