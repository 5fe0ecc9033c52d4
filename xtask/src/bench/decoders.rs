//! MB/s of every decoder: as wasm and beside Neuroglancer's in the same node, natively on one thread and beside C libraries.
//!
//! Owns the order of steps and the table. What is decoded lies in `target/bench/decoders/inputs/DATA/CASE/N`, what must come out in
//! `N.raw`; a case is named `CODEC` or `CODEC.variant`. Each program that measures writes a JSON object of cases and MB/s.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use neurolume::phantom::{Phantom, PhantomParams};
use serde_json::{Value, json};

use super::peer_modules;
use crate::files::clear;
use crate::neuroglancer::{CHUNK, compressed_segmentation, jpeg};
use crate::paths::{cargo, npm_parts, root};
use crate::setup::wasm_std;
use crate::step::{output, run, step};
use crate::volume::Volume;
use crate::wasm::{self, Profile};

/// Chunks of the phantom; each measurement decodes all in turn.
const CHUNKS: usize = 4;
/// Real EM, where it lies beside the project; its chunks are read, never copied into the repository.
const REAL: &str = "../shared/fixtures/sample/fib25-igneous";

/// Builds, measures, prints the table and writes `target/bench/decoders.json`.
pub(super) fn measure() -> Result<()> {
    let folder = root().join("target/bench/decoders");
    wasm::build_one(&wasm_std::ensure()?, Profile::Release, "bench")?;
    let peer = peer_modules()?;
    step("write chunks of the phantom", || phantom(&folder.join("inputs")))?;
    step("measure wasm and Neuroglancer's decoders in node", || {
        let mut node = Command::new("node");
        run(node.arg(root().join("tests/bench/decoders.mjs")).arg(&folder).arg(npm_parts()).arg(peer).arg(root().join(REAL)))
    })?;
    step("measure natively", || {
        // As a release, but for the long link.
        let fast = ["--release", "--config", "profile.release.lto='off'", "--config", "profile.release.panic='unwind'"];
        run(cargo().args(["test", "--features", "bench", "--test", "decoder_speed"]).args(fast).args(["--", "--ignored"]))
    })?;
    step("measure C libraries", || c_libraries(&folder))?;
    report(&folder)
}

/// An image and labels of a place with cell bodies, and one of thin neurites, as the sample has them.
fn phantom(inputs: &Path) -> Result<()> {
    clear(inputs, &[])?;
    let phantom = Phantom::new(PhantomParams { seed: 1, voxel_size_nm: [8.0; 3] })?;
    let shape = [CHUNK; 3];
    for number in 0..CHUNKS {
        let (mut image, mut labels) = (Volume::new(shape), Volume::new(shape));
        let min = [i64::try_from(number * 2 * CHUNK)?, 64, 128];
        phantom.fill(min, [u32::try_from(CHUNK)?; 3], &mut image.voxels, &mut labels.voxels)?;
        let write = |case: &str, bytes: &[u8]| {
            let path = inputs.join("phantom").join(case);
            fs::create_dir_all(&path)?;
            fs::write(path.join(number.to_string()), bytes)
        };
        write("jpeg", &jpeg(&image)?)?;
        write("compressed_segmentation", &compressed_segmentation::encode(&labels)?)?;
    }
    Ok(())
}

/// Where Python or its packages are missing, the column stays empty.
fn c_libraries(folder: &Path) -> Result<()> {
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let script: PathBuf = root().join("tests/bench/decoders.py");
    match output(Command::new(&python).arg(script).arg(folder)) {
        Ok(said) => println!("{said}"),
        Err(error) => println!("!! no figures of C libraries: {error:#}"),
    }
    Ok(())
}

fn report(folder: &Path) -> Result<()> {
    let read = |name: &str| -> Value {
        let text = fs::read_to_string(folder.join(name)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    };
    let columns = ["wasm", "neuroglancer", "native", "c"].map(|name| read(&format!("{name}.json")));
    let cases: BTreeSet<&String> = columns.iter().filter_map(Value::as_object).flat_map(|column| column.keys()).collect();
    println!("\n{:<44}{:>8}{:>14}{:>8}{:>10}{:>8}{:>8}", "MB/s", "wasm", "Neuroglancer", "ratio", "native", "C", "ratio");
    let mut rows = Vec::new();
    for case in cases {
        let [ours, theirs, native, c] = columns.each_ref().map(|column| column[case].as_f64());
        let number = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.0}"));
        let ratio = |a: Option<f64>, b: Option<f64>| Some(a? / b?);
        let [of_theirs, of_c] = [ratio(ours, theirs), ratio(native, c)];
        let two = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.2}"));
        let [theirs_text, c_text] = [theirs, c].map(number);
        println!("{case:<44}{:>8}{theirs_text:>14}{:>8}{:>10}{c_text:>8}{:>8}", number(ours), two(of_theirs), number(native), two(of_c));
        rows.push(json!({ "case": case, "wasm": ours, "neuroglancer": theirs, "native": native, "c": c, "wasm_ratio": of_theirs, "native_ratio": of_c }));
    }
    let path = root().join("target/bench/decoders.json");
    fs::write(&path, serde_json::to_vec_pretty(&rows)?).with_context(|| format!("cannot write {}", path.display()))
}
