//! A part of the sample as OME-Zarr 0.5 (Zarr v3): image and a label image, sharded, gzip, indices with crc32c.
//! Sources: ngff.openmicroscopy.org/0.5, zarr-specs v3 (core, sharding_indexed, gzip, crc32c).

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::precomputed::voxel_nm;
use super::pyramid::Pyramid;
use super::{LEVELS, put};
use crate::neuroglancer::shard::gzip;
use crate::volume::Volume;

const SHARD: usize = 96;
const CHUNK: usize = 32;

/// Writes the image as a group, with its labels below it.
pub(super) fn write(dir: &Path, pyramid: &Pyramid) -> Result<()> {
    group(dir, &json!({ "version": "0.5", "multiscales": [multiscale("neuropil")] }))?;
    let labels = dir.join("labels");
    group(&labels, &json!({ "version": "0.5", "labels": ["neurons"] }))?;
    let neurons = labels.join("neurons");
    let image_label = json!({ "source": { "image": "../../" } });
    group(&neurons, &json!({ "version": "0.5", "multiscales": [multiscale("neurons")], "image-label": image_label }))?;
    for level in 0..LEVELS {
        array(&dir.join(level.to_string()), &pyramid.image[level], "uint8", |v| vec![v])?;
        array(&neurons.join(level.to_string()), &pyramid.labels[level], "uint64", |v| v.to_le_bytes().to_vec())?;
    }
    Ok(())
}

fn group(dir: &Path, ome: &Value) -> Result<()> {
    let metadata = json!({ "zarr_format": 3, "node_type": "group", "attributes": { "ome": ome } });
    put(&dir.join("zarr.json"), &serde_json::to_vec_pretty(&metadata)?)
}

/// Positions are of voxel centres, so a coarser level is shifted by half of what its voxels have grown.
fn multiscale(name: &str) -> Value {
    let axis = |name: &str| json!({ "name": name, "type": "space", "unit": "nanometer" });
    let datasets: Vec<Value> = (0..LEVELS)
        .map(|level| {
            let shift = (voxel_nm(level) - voxel_nm(0)) / 2.0;
            let transforms =
                json!([{ "type": "scale", "scale": ([voxel_nm(level); 3]) }, { "type": "translation", "translation": ([shift; 3]) }]);
            json!({ "path": level.to_string(), "coordinateTransformations": transforms })
        })
        .collect();
    json!({ "name": name, "axes": [axis("z"), axis("y"), axis("x")], "datasets": datasets })
}

/// An array of axes z, y, x, which is x fastest as it lies in memory.
fn array<T: Copy + Default + PartialEq>(dir: &Path, volume: &Volume<T>, data_type: &str, bytes: impl Fn(T) -> Vec<u8>) -> Result<()> {
    let [w, h, d] = volume.shape;
    let bytes_codec =
        if data_type == "uint8" { json!({ "name": "bytes" }) } else { json!({ "name": "bytes", "configuration": { "endian": "little" } }) };
    let metadata = json!({
        "zarr_format": 3,
        "node_type": "array",
        "shape": [d, h, w],
        "data_type": data_type,
        "chunk_grid": { "name": "regular", "configuration": { "chunk_shape": ([SHARD; 3]) } },
        "chunk_key_encoding": { "name": "default", "configuration": { "separator": "/" } },
        "fill_value": 0,
        "codecs": [{
            "name": "sharding_indexed",
            "configuration": {
                "chunk_shape": ([CHUNK; 3]),
                "codecs": [bytes_codec, { "name": "gzip", "configuration": { "level": 6 } }],
                "index_codecs": [{ "name": "bytes", "configuration": { "endian": "little" } }, { "name": "crc32c" }],
                "index_location": "end",
            },
        }],
        "dimension_names": ["z", "y", "x"],
        "attributes": {},
    });
    put(&dir.join("zarr.json"), &serde_json::to_vec_pretty(&metadata)?)?;
    let shards = [w, h, d].map(|n| n.div_ceil(SHARD));
    for z in 0..shards[2] {
        for y in 0..shards[1] {
            for x in 0..shards[0] {
                let file = dir.join("c").join(z.to_string()).join(y.to_string()).join(x.to_string());
                put(&file, &shard(volume, [x * SHARD, y * SHARD, z * SHARD], &bytes)?)?;
            }
        }
    }
    Ok(())
}

/// The chunks of a shard, z slowest, then where each lies; a chunk outside the volume or of zeros is absent.
fn shard<T: Copy + Default + PartialEq>(volume: &Volume<T>, min: [usize; 3], bytes: impl Fn(T) -> Vec<u8>) -> Result<Vec<u8>> {
    let per_axis = SHARD / CHUNK;
    let (mut file, mut index) = (Vec::new(), Vec::new());
    for i in 0..per_axis * per_axis * per_axis {
        let cell = [i % per_axis, i / per_axis % per_axis, i / (per_axis * per_axis)];
        let at = [0, 1, 2].map(|a| min[a] + cell[a] * CHUNK);
        let mut place = [u64::MAX; 2];
        if (0..3).all(|a| at[a] < volume.shape[a]) {
            let mut chunk = Volume::new([CHUNK; 3]);
            chunk.paste([0; 3], &volume.cut(at, [CHUNK; 3]));
            if chunk.voxels.iter().any(|&v| v != T::default()) {
                let raw: Vec<u8> = chunk.voxels.iter().flat_map(|&v| bytes(v)).collect();
                let encoded = gzip(&raw)?;
                place = [u64::try_from(file.len())?, u64::try_from(encoded.len())?];
                file.extend(encoded);
            }
        }
        index.extend(place.iter().flat_map(|v| v.to_le_bytes()));
    }
    let checksum = crc32c::crc32c(&index);
    file.extend(index);
    file.extend(checksum.to_le_bytes());
    Ok(file)
}
