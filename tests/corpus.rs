//! Replays what fuzzing has found worth keeping (`fuzz/corpus`): nothing of it makes a decoder or a parser panic.
#![cfg(all(feature = "zarr", feature = "png", feature = "jxl", feature = "compresso", feature = "jpeg-full", feature = "files"))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../fuzz/targets.rs"]
mod targets;

use std::path::Path;

#[test]
fn the_corpus_is_borne() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let folders: Vec<_> = std::fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    for folder in &folders {
        assert!(targets::TARGETS.iter().any(|(name, _)| name == folder), "{folder} names no target");
    }
    for (name, run) in targets::TARGETS {
        let files = std::fs::read_dir(corpus.join(name)).unwrap_or_else(|_| panic!("{name} has no corpus: run cargo xtask fuzz {name}"));
        let mut count = 0;
        for file in files {
            let file = file.unwrap().path();
            println!("{}", file.display());
            run(&std::fs::read(&file).unwrap());
            count += 1;
        }
        assert!(count > 0, "{name} has an empty corpus");
    }
}
