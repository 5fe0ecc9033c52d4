//! Figures: what people download, and how fast the built site draws in a browser.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::paths::{dist_npm, root};
use crate::setup::browser;
use crate::site;
use crate::step::{run, step};
use crate::wasm::Profile;

/// Builds, prints sizes, and runs the measurements in the browser.
pub(crate) fn measure() -> Result<()> {
    site::build(Profile::Release)?;
    sizes(&dist_npm())?;
    let browser = browser::ensure()?;
    step("measure in the browser", || run(Command::new("node").current_dir(root()).arg("tests/e2e/bench.mjs").env("CHROMIUM", &browser)))
}

/// Prints the size of each file that a page downloads, raw and gzip.
fn sizes(folder: &Path) -> Result<()> {
    println!("\n{:<28}{:>12}{:>12}", "file", "bytes", "gzip");
    let mut names: Vec<_> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    names.sort();
    let (mut raw, mut packed) = (0, 0);
    for path in names {
        if !path.extension().is_some_and(|ending| ending == "wasm" || ending == "js") {
            continue;
        }
        let bytes = fs::read(&path)?;
        let gzip = gzip_len(&bytes).with_context(|| format!("cannot compress {}", path.display()))?;
        println!("{:<28}{:>12}{:>12}", path.file_name().unwrap_or_default().to_string_lossy(), bytes.len(), gzip);
        raw += bytes.len();
        packed += gzip;
    }
    println!("{:<28}{raw:>12}{packed:>12}\n", "together");
    Ok(())
}

fn gzip_len(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}
