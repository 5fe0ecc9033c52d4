//! Figures: what people download, and how fast the viewer is beside Neuroglancer in the same browser; or of decoders alone.

mod decoders;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use crate::files::{clear, copy_folder};
use crate::paths::{dist_npm, dist_www, root};
use crate::setup::{browser, npm};
use crate::site;
use crate::step::{run, step};
use crate::wasm::Profile;

/// What `bench` was asked for.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Few runs, for a first look.
    pub(crate) quick: bool,
    /// Only decoders, with no browser.
    pub(crate) decoders: bool,
}

/// Builds both viewers, prints sizes, and measures in the browser.
pub(crate) fn measure(options: &Options) -> Result<()> {
    if options.decoders {
        return decoders::measure();
    }
    site::build(Profile::Release)?;
    let site = peer()?;
    let ours = sizes("neurolume", &dist_npm(), &["index.js", "neurolume_page_bg.wasm", "neurolume_worker_bg.wasm"])?;
    let theirs = sizes("Neuroglancer", &site.join("peer/assets"), &["async_computation.", "chunk_worker.", "index-"])?;
    let both = json!({ "neurolume": ours, "neuroglancer": theirs });
    fs::write(site.with_file_name("sizes.json"), serde_json::to_vec_pretty(&both)?).context("cannot write sizes.json")?;
    let browser = browser::ensure()?;
    let extent: &[&str] = if options.quick { &["--quick"] } else { &["--runs", "7"] };
    step("measure in the browser", || {
        let mut node = Command::new("node");
        run(node.current_dir(root()).arg("tests/bench/run.mjs").args(extent).env("CHROMIUM", &browser))
    })?;
    if options.quick { Ok(()) } else { decoders::measure() }
}

/// The folder of Neuroglancer's npm package, installed.
fn peer_modules() -> Result<PathBuf> {
    let peer = root().join("tests/bench/peer");
    npm::ensure_in(&peer)?;
    Ok(peer)
}

/// Neuroglancer, built from its npm package, and a page of ours, which names its files as the package's README advises, in one folder to be served.
fn peer() -> Result<PathBuf> {
    let peer = peer_modules()?;
    let site = root().join("target/bench/site");
    step("build Neuroglancer", || {
        clear(&site, &[])?;
        let mut node = Command::new("node");
        run(node
            .current_dir(&peer)
            .args(["node_modules/vite/bin/vite.js", "build", "--logLevel", "warn", "--emptyOutDir", "--outDir"])
            .arg(site.join("peer")))
    })?;
    copy_folder(&root().join("tests/bench/ours"), &site.join("ours"))?;
    copy_folder(&dist_npm(), &site.join("npm"))?;
    copy_folder(&dist_www().join("sample"), &site.join("sample"))?;
    fs::write(site.join("blank.html"), "<!doctype html><title>blank</title>").context("cannot write blank.html")?;
    Ok(site)
}

/// Prints the size of each file of a viewer that a page may download, raw and gzip, and what a first look at a precomputed volume of raw,
/// JPEG or compressed segmentation takes: the files whose names begin as in `first`, which are marked. Gives the same by name.
fn sizes(name: &str, folder: &Path, first: &[&str]) -> Result<Value> {
    println!("\n{name:<44}{:>12}{:>12}", "bytes", "gzip");
    let mut names: Vec<_> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    names.sort();
    let (mut raw, mut packed) = (0, 0);
    let mut files = Map::new();
    for path in names {
        if !path.extension().is_some_and(|ending| ending == "wasm" || ending == "js" || ending == "css") {
            continue;
        }
        let bytes = fs::read(&path)?;
        let gzip = gzip_len(&bytes).with_context(|| format!("cannot compress {}", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        files.insert(name.to_string(), json!([bytes.len(), gzip]));
        let is_first = first.iter().any(|begin| name.starts_with(begin));
        println!("{name:<44}{:>12}{gzip:>12}{}", bytes.len(), if is_first { " *" } else { "" });
        if is_first {
            raw += bytes.len();
            packed += gzip;
        }
    }
    println!("{:<44}{raw:>12}{packed:>12} *\n", "first load of a precomputed volume");
    Ok(json!({ "files": files, "first": [raw, packed] }))
}

fn gzip_len(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}
