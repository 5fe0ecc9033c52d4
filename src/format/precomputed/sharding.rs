//! The `sharding` member of an `info`: of a scale, of skeletons, meshes and parts of annotations. Source: `sharded.md` of Neuroglancer.

use serde_json::Value;

use crate::format::FormatError;
use crate::format::object::Object;
use crate::format::spec::PrecomputedSharding;

pub(super) fn parse_sharding(scale: &Object<'_>, value: &Value) -> Result<PrecomputedSharding, FormatError> {
    let place = format!("{}sharding: ", scale.place);
    let sharding = Object { value, place: &place, url: scale.url };
    match sharding.text("@type")? {
        Some("neuroglancer_uint64_sharded_v1") => {}
        Some(name) => return Err(sharding.unsupported("the sharding", name)),
        None => return Err(sharding.wrong("@type", None, "\"neuroglancer_uint64_sharded_v1\"")),
    }
    let bits = |name: &str, most: u32| -> Result<u32, FormatError> {
        if sharding.get(name).is_none() {
            return Err(sharding.wrong(name, None, "a number of bits"));
        }
        Ok(u32::try_from(sharding.integer(name, 0, 0, i64::from(most))?).unwrap_or(0))
    };
    let gzip = |name: &str| match sharding.text(name)? {
        None | Some("raw") => Ok(false),
        Some("gzip") => Ok(true),
        Some(other) => Err(sharding.unsupported("the encoding of a shard", other)),
    };
    let murmur = match sharding.text("hash")? {
        Some("identity") => false,
        Some("murmurhash3_x86_128") => true,
        Some(other) => return Err(sharding.unsupported("the hash of shards", other)),
        None => return Err(sharding.wrong("hash", None, "\"identity\" or \"murmurhash3_x86_128\"")),
    };
    let minishard_bits = bits("minishard_bits", 32)?;
    Ok(PrecomputedSharding {
        preshift_bits: bits("preshift_bits", 64)?,
        murmur,
        minishard_bits,
        shard_bits: bits("shard_bits", 64 - minishard_bits)?,
        gzip_index: gzip("minishard_index_encoding")?,
        gzip_data: gzip("data_encoding")?,
    })
}
