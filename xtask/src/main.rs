//! The project's only automation: `cargo xtask setup | build | serve | test | bench | fuzz`.
//!
//! Owns how the project is set up, built, served and tested. Each subcommand is a list of steps; a step says what it does, is
//! skipped when it is done, and fails with one sentence that says what to do.

mod bench;
mod files;
mod fuzz;
mod neuroglancer;
mod package;
mod paths;
mod sample;
mod serve;
mod setup;
mod site;
mod step;
mod test;
mod volume;
mod wasm;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use lexopt::prelude::*;

const USAGE: &str = "\
cargo xtask COMMAND

  setup                 install what the other commands need (they do so by themselves)
  build                 dist/npm (the package) and dist/www (the site)
  serve                 build, then serve dist/www with its sample
                        /phantom/SEED/EDGE/image and …/segmentation are volumes made on request
      --port N            default 8080; 0 takes a free one
      --data DIR          serve a folder of datasets under /data/ and list them in the page
      --watch             rebuild when a source changes
      --no-build          serve what is there
      --site DIR          serve another folder than dist/www, as it is
      --log FILE          write one JSON line per request
      --latency MS        wait before each answer
      --bandwidth MBIT    send no more per second, over all connections
      --faults            answer /fault/… with errors made on purpose
  test [STAGE…]         run every check of the project, or the stages named
      --list              name the stages
      --oracle            also have other libraries (Python's) read what is exported
  bench                 build, then measure beside Neuroglancer in a browser
      --quick             once, for a first look
      --decoders          MB/s of every decoder instead: as wasm beside Neuroglancer's, natively beside C libraries (Python's, where
                          they are installed; PYTHON names the interpreter)
  fuzz [TARGET…]        feed damaged bytes to every decoder and parser, and keep what reaches most in fuzz/corpus
      --seconds N         for each target; default 120; 0 keeps the inputs that it begins with
";

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the subcommand; false when it ran but found failures.
fn run() -> Result<bool> {
    let mut args = lexopt::Parser::from_env();
    let mut words: Vec<String> = Vec::new();
    let mut serve = serve::Options::default();
    let (mut list, mut oracle) = (false, false);
    let mut no_build = false;
    let mut bench = bench::Options::default();
    let mut seconds = 120;
    while let Some(arg) = args.next()? {
        match arg {
            Long("port") => serve.port = args.value()?.parse()?,
            Long("data") => serve.data = Some(PathBuf::from(args.value()?)),
            Long("log") => serve.log = Some(PathBuf::from(args.value()?)),
            Long("latency") => serve.latency = args.value()?.parse()?,
            Long("bandwidth") => serve.bandwidth = args.value()?.parse()?,
            Long("faults") => serve.faults = true,
            Long("watch") => serve.watch = true,
            Long("no-build") => no_build = true,
            Long("site") => {
                serve.site = PathBuf::from(args.value()?);
                no_build = true;
            }
            Long("list") => list = true,
            Long("oracle") => oracle = true,
            Long("quick") => bench.quick = true,
            Long("decoders") => bench.decoders = true,
            Long("seconds") => seconds = args.value()?.parse()?,
            Long("help") | Short('h') => {
                print!("{USAGE}");
                return Ok(true);
            }
            Value(word) => words.push(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let mut words = words.into_iter();
    match words.next().as_deref() {
        Some("setup") => setup::everything().map(|()| true),
        Some("build") => site::build(wasm::Profile::Release).map(|()| true),
        Some("serve") => {
            if !no_build {
                site::build(if serve.watch { wasm::Profile::Dev } else { wasm::Profile::Release })?;
            }
            serve::run(&serve).map(|()| true)
        }
        Some("test") if list => {
            test::list();
            Ok(true)
        }
        Some("test") => test::run(&words.collect::<Vec<_>>(), oracle),
        Some("bench") => bench::measure(&bench).map(|()| true),
        Some("fuzz") => fuzz::targets(&words.collect::<Vec<_>>(), seconds).map(|()| true),
        None => {
            print!("{USAGE}");
            Ok(true)
        }
        Some(other) => bail!("there is no command {other:?}; `cargo xtask --help` lists them"),
    }
}
