//! `cargo xtask fuzz`: runs the targets of `fuzz/targets.rs` with cargo-fuzz, begun from the corpus that is kept and from the test data, and
//! keeps a small corpus of what reaches most.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::paths::{cargo, root};
use crate::step::{output, run, step};

/// cargo-fuzz as it was tried.
const VERSION: &str = "0.13.2";
/// The most that is kept of a corpus: files, the smallest first, and bytes of each.
const KEPT_FILES: usize = 48;
const KEPT_BYTES: u64 = 2048;
/// The longest input that is tried.
const MOST_BYTES: u64 = 8192;

/// What the inputs of a target are made of.
enum Seeds {
    /// Files of the folders of `tests/data` that begin with one of these, without so many first bytes, after these.
    Streams(&'static [&'static str], usize, &'static [u8]),
    /// Folders that begin with one of these: the document of this name, after its length, and a chunk.
    Folders(&'static [&'static str], &'static str),
    /// Files whose path begins with one of these, after so many zeros.
    Files(&'static [&'static str], usize),
    /// Texts.
    Texts(&'static [&'static str]),
}
use Seeds::{Files, Folders, Streams, Texts};

/// The header of a three-dimensional N5 block.
const N5: usize = 16;

const TARGETS: &[(&str, Seeds)] = &[
    ("blosc", Streams(&["zarr/v2-blosc"], 0, &[])),
    ("bzip2", Streams(&["zarr/v2-bz2"], 0, &[])),
    ("compressed_segmentation", Streams(&["precomputed/cseg"], 0, &[15, 12, 9, 70])),
    ("compresso", Streams(&["precomputed/compresso"], 0, &[15, 12, 9, 3])),
    ("deflate", Streams(&["zarr/v2-zlib"], 2, &[])),
    ("gzip", Streams(&["zarr/v2-gzip"], 0, &[])),
    ("jpeg", Streams(&["precomputed/jpeg"], 0, &[16, 10, 0, 0])),
    ("jxl", Streams(&["precomputed/jxl"], 0, &[16, 0, 0, 0])),
    ("lz4", Streams(&["n5/z5-lz4", "zarr/v2-lz4"], N5, &[0, 4, 0, 0])),
    ("lz4_java", Streams(&["n5/lz4-java"], N5, &[])),
    ("n5", Folders(&["n5/"], "attributes.json")),
    ("ome_zarr", Folders(&["ome/0.4"], ".zattrs")),
    ("pcodec", Streams(&["zarr/v2-pcodec"], 0, &[2, 0, 4, 0])),
    ("png", Streams(&["precomputed/png"], 0, &[16, 0, 0, 0])),
    ("precomputed", Folders(&["precomputed/"], "info")),
    (
        "source_address",
        Texts(&[
            "gs://bucket/a b/é|neuroglancer-precomputed:",
            "zarr3://s3://b/k?region=eu-west-1&endpoint=h:9",
            "../a/./b.zip|zip:c/d|n5:",
        ]),
    ),
    ("wkw", Folders(&["wkw/"], "header.wkw")),
    ("xz", Streams(&["n5/xz", "n5/z5-xz"], N5, &[])),
    ("zarr2", Folders(&["zarr/v2-"], ".zarray")),
    ("zarr3", Folders(&["zarr/v3-"], "zarr.json")),
    ("zlib", Streams(&["zarr/v2-zlib"], 0, &[])),
    ("zstd", Streams(&["zarr/v2-zstd"], 0, &[])),
    ("annotations", Folders(&["contents/annotations/"], "info")),
    ("csv", Files(&["contents/tables/synapses.csv", "contents/bad/rows.csv"], 2)),
    ("dm", Files(&["files/plane", "files/no-thumbnail"], 0)),
    ("draco", Files(&["contents/draco/"], 0)),
    ("image", Files(&["images/", "images/png-16/", "images/jpeg-grey/"], 0)),
    ("lzw", Files(&["tiff/lzw"], 0)),
    ("mesh", Folders(&["contents/mesh_"], "info")),
    ("nifti", Files(&["files/int", "files/qform", "files/packed", "files/float"], 0)),
    ("packbits", Files(&["tiff/packbits"], 0)),
    ("parquet", Files(&["contents/tables/"], 2)),
    ("raw", Files(&["files/raw-"], 4)),
    ("segment_properties", Folders(&["contents/segment_properties"], "info")),
    ("skeleton", Folders(&["contents/skeletons"], "info")),
    ("snappy", Files(&["contents/tables/snappy"], 0)),
    ("tiff", Files(&["tiff/"], 0)),
];

/// Runs the targets named, or all, for so long each.
///
/// # Errors
/// A finding, or what is not there.
pub(crate) fn targets(names: &[String], seconds: u32) -> Result<()> {
    if let Some(unknown) = names.iter().find(|name| TARGETS.iter().all(|(known, _)| known != name)) {
        let known: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
        bail!("there is no target {unknown:?}; the targets are {}", known.join(", "));
    }
    if seconds > 0 && output(cargo().args(["fuzz", "--version"])).is_err() {
        step("install cargo-fuzz", || run(cargo().args(["install", "--locked", "cargo-fuzz", "--version", VERSION])))?;
    }
    for (name, seeds) in TARGETS {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            step(&format!("fuzz {name} for {seconds} s"), || fuzz(name, seeds, seconds))?;
        }
    }
    Ok(())
}

fn fuzz(name: &str, seeds: &Seeds, seconds: u32) -> Result<()> {
    let kept = root().join("fuzz/corpus").join(name);
    let work = root().join("target/fuzz");
    let (grown, seed_folder, least) = (work.join("grown").join(name), work.join("seeds").join(name), work.join("least").join(name));
    for folder in [&kept, &grown, &seed_folder] {
        fs::create_dir_all(folder)?;
    }
    write_seeds(seeds, &seed_folder)?;
    if seconds == 0 {
        return keep(&seed_folder, &kept);
    }
    let fuzzer = |folders: &[&Path], options: &[String]| {
        let mut command = Command::new("cargo");
        // The flags that find what inputs reach are of the compiler's own, unstable ones.
        command.env("RUSTC_BOOTSTRAP", "1").env("NEUROLUME_FUZZ", name).current_dir(root());
        command.args(["fuzz", "run", "any", "--target-dir"]).arg(work.join("build")).args(folders);
        command.args(["--", "-timeout=10", "-rss_limit_mb=2048", "-verbosity=0", &format!("-max_len={MOST_BYTES}")]).args(options);
        command
    };
    run(&mut fuzzer(&[&grown, &kept, &seed_folder], &[format!("-max_total_time={seconds}")]))?;
    // What reaches as much with the fewest and smallest inputs.
    let _there_was_none = fs::remove_dir_all(&least);
    fs::create_dir_all(&least)?;
    run(&mut fuzzer(&[&least, &kept, &grown, &seed_folder], &["-merge=1".to_owned()]))?;
    keep(&least, &kept)
}

/// The smallest inputs of `least`, in place of what was kept.
fn keep(least: &Path, kept: &Path) -> Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(least)? {
        let path = entry?.path();
        files.push((path.metadata()?.len(), path));
    }
    files.sort();
    // But one is kept however large it is.
    let small = files.iter().filter(|(bytes, _)| *bytes <= KEPT_BYTES).count();
    files.truncate(small.max(1));
    fs::remove_dir_all(kept)?;
    fs::create_dir_all(kept)?;
    for (_, path) in files.iter().take(KEPT_FILES) {
        fs::copy(path, kept.join(path.file_name().context("a file without a name")?))?;
    }
    Ok(())
}

fn write_seeds(seeds: &Seeds, folder: &Path) -> Result<()> {
    let data = root().join("tests/data");
    let mut write = {
        let mut number = 0;
        move |bytes: Vec<u8>| {
            number += 1;
            fs::write(folder.join(format!("{number:03}")), bytes)
        }
    };
    match seeds {
        Texts(texts) => texts.iter().try_for_each(|text| write(text.as_bytes().to_vec()))?,
        Streams(folders, skip, prefix) => {
            for volume in volumes(&data, folders)? {
                let Some(chunk) = smallest_chunk(&volume)? else { continue };
                let bytes = fs::read(chunk)?;
                write([prefix, bytes.get(*skip..).unwrap_or_default()].concat())?;
            }
        }
        Files(beginnings, zeros) => {
            for file in files(&data, beginnings)? {
                let bytes = fs::read(file)?;
                if (bytes.len() as u64) < MOST_BYTES {
                    write([vec![0; *zeros], bytes].concat())?;
                }
            }
        }
        Folders(folders, document) => {
            for volume in volumes(&data, folders)? {
                let mut places = [volume.join(document), volume.join("1").join(document)].into_iter();
                let Some(metadata) = places.find_map(|path| fs::read(path).ok()) else { continue };
                let level = [".zarray", "attributes.json"].map(|name| volume.join("0").join(name)).into_iter().find(|path| path.is_file());
                let rest = level.map_or_else(|| smallest_chunk(&volume), |level| Ok(Some(level)))?;
                let Ok(len) = u16::try_from(metadata.len()) else { continue };
                write([len.to_le_bytes().to_vec(), metadata, rest.map(fs::read).transpose()?.unwrap_or_default()].concat())?;
            }
        }
    }
    Ok(())
}

/// The folders whose path below the test data begins so.
fn volumes(data: &Path, beginnings: &[&str]) -> Result<Vec<PathBuf>> {
    Ok(beginning(data, beginnings)?.into_iter().filter(|path| path.is_dir()).collect())
}

/// The files whose path below the test data begins so.
fn files(data: &Path, beginnings: &[&str]) -> Result<Vec<PathBuf>> {
    Ok(beginning(data, beginnings)?.into_iter().filter(|path| path.is_file()).collect())
}

fn beginning(data: &Path, beginnings: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for beginning in beginnings {
        let (group, name) = beginning.rsplit_once('/').context("a group and a name")?;
        for entry in fs::read_dir(data.join(group))? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(name) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The smallest file of a volume that holds voxels.
fn smallest_chunk(volume: &Path) -> Result<Option<PathBuf>> {
    let mut smallest: Option<(u64, PathBuf)> = None;
    let mut folders = vec![volume.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.file_name().unwrap_or(OsStr::new("")).to_string_lossy().into_owned();
            let is_metadata = name == "info" || name.starts_with('.') || name.ends_with(".json") || name == "header.wkw";
            let this = (path.metadata()?.len(), path);
            if !is_metadata && smallest.as_ref().is_none_or(|smallest| this < *smallest) {
                smallest = Some(this);
            }
        }
    }
    Ok(smallest.map(|(_, path)| path))
}
