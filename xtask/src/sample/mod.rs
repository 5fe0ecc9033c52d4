//! The sample: a procedural neuropil written as Neuroglancer precomputed volumes and as OME-Zarr 0.5.
//!
//! Owns which part of the phantom is written and in which formats. The formats are encoded here from their
//! specifications, so that the sample also tests the readers of the crate; none of its code is used but the phantom.

mod ome_zarr;
mod precomputed;
mod pyramid;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use neurolume::phantom::{Phantom, PhantomParams};
use serde_json::json;

use crate::files::{folders_fingerprint, stamped};
use crate::paths::root;
use crate::step::{done, step};

/// Edges of the precomputed volume, voxels of 8 nm.
const VOLUME: [usize; 3] = [512, 512, 512];
/// Edges of the part that is written as OME-Zarr too; it starts at the same voxel.
const PART: [usize; 3] = [192, 192, 192];
const LEVELS: usize = 4;
const VOXEL_NM: f64 = 8.0;
const SEED: u64 = 1;

/// Writes the sample unless it is there as this version writes it.
///
/// # Errors
/// A file that cannot be written.
pub(crate) fn ensure(dir: &Path) -> Result<()> {
    // What is written follows from the sources of the phantom and of the writers.
    let sources = ["src/phantom", "xtask/src/sample", "xtask/src/neuroglancer"].map(|folder| root().join(folder));
    let stamp = folders_fingerprint(&sources.each_ref().map(std::path::PathBuf::as_path))?;
    if stamped(&dir.join(".stamp"), &stamp) {
        done("the sample is there");
        return Ok(());
    }
    step("write the sample", || write(dir, &stamp))
}

/// Writes the sample and `index.json`, which lists it as `data/index.json` lists a served folder.
///
/// # Errors
/// A file that cannot be written.
fn write(dir: &Path, stamp: &str) -> Result<()> {
    if dir.exists() {
        fs::remove_dir_all(dir).with_context(|| format!("cannot clear {}", dir.display()))?;
    }
    let phantom = Phantom::new(PhantomParams { seed: SEED, voxel_size_nm: [VOXEL_NM; 3] })?;
    let pyramid = precomputed::write(dir, &phantom)?;
    ome_zarr::write(&dir.join("neuropil.zarr"), &pyramid)?;
    let layer = |name: &str, path: &str, kind: &str, format: &str| json!({ "name": name, "url": format!("sample/{path}"), "type": kind, "kind": format });
    let index = json!([
        {
            "name": "neuropil",
            "path": "sample",
            "layers": [layer("image", "image", "image", "precomputed"), layer("neurons", "segmentation", "segmentation", "precomputed")],
        },
        {
            "name": "neuropil, OME-Zarr",
            "path": "sample/neuropil.zarr",
            "layers": [layer("image", "neuropil.zarr", "image", "zarr"), layer("neurons", "neuropil.zarr/labels/neurons", "segmentation", "zarr")],
        },
    ]);
    put(&dir.join("index.json"), &serde_json::to_vec_pretty(&index)?)?;
    put(&dir.join(".stamp"), stamp.as_bytes())
}

/// Writes a file and the folders above it.
fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    /// For a look with other readers: `SAMPLE_DIR=DIR cargo test -p xtask sample -- --ignored --nocapture`.
    #[test]
    #[ignore = "writes some 50 MB where it is told to"]
    fn writes_the_sample() {
        let dir = PathBuf::from(std::env::var_os("SAMPLE_DIR").unwrap());
        super::ensure(&dir).unwrap();
        assert!(dir.join("index.json").exists());
    }
}
