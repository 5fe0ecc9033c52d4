//! MB/s of the decoders, natively on one thread; `cargo xtask bench --decoders` writes what is decoded and prints what comes of it.
#![cfg(feature = "bench")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use neurolume::codec::bench::decode;

/// Of each case, at least.
const TIME: Duration = Duration::from_millis(400);

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

#[test]
#[ignore = "a measurement: cargo xtask bench --decoders"]
fn speed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench/decoders");
    let mut figures = BTreeMap::new();
    for case in sorted(&folder.join("inputs")).iter().flat_map(|data| sorted(data)) {
        let codec = name(&case).split('.').next().unwrap();
        let chunks: Vec<(Vec<u8>, Vec<u8>)> = sorted(&case)
            .iter()
            .filter(|path| path.extension().is_none())
            .map(|path| (fs::read(path).unwrap(), fs::read(path.with_extension("raw")).unwrap()))
            .collect();
        for (encoded, raw) in &chunks {
            assert!(decode(codec, encoded, raw.len()).unwrap() == *raw, "{}", case.display());
        }
        let (start, mut best) = (Instant::now(), Duration::MAX);
        while start.elapsed() < TIME {
            let start = Instant::now();
            for (encoded, raw) in &chunks {
                black_box(decode(codec, black_box(encoded), raw.len()).unwrap());
            }
            best = best.min(start.elapsed());
        }
        let bytes: usize = chunks.iter().map(|(_, raw)| raw.len()).sum();
        let data = name(case.parent().unwrap());
        figures.insert(format!("{data} {}", name(&case)), bytes as f64 / best.as_secs_f64() / 1e6);
    }
    fs::write(folder.join("native.json"), serde_json::to_vec(&figures).unwrap()).unwrap();
}
