//! `cargo xtask test`: every check of the project, as a list of stages.
//!
//! A stage prints what its tool prints. One whose GPU or browser is missing is skipped loudly, and fails where `CI` is set.

mod stages;
mod wasm;

use std::env;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::setup::{npm, wasm_std};
use stages::{ORACLE, STAGES, Stage};

pub(crate) use stages::Tools;

/// What came of a stage.
#[derive(Debug)]
enum Outcome {
    Passed,
    Failed,
    Skipped,
}

/// Names the stages.
pub(crate) fn list() {
    for stage in STAGES {
        println!("{:<12}{}", stage.name, stage.what);
    }
    println!("{:<12}{} (only with --oracle, or by name)", ORACLE.name, ORACLE.what);
}

/// Runs the stages named, or all, `oracle` among them where asked for; false when one failed.
///
/// # Errors
/// When a stage's name is unknown or the setup fails.
pub(crate) fn run(names: &[String], oracle: bool) -> Result<bool> {
    let is_named = |stage: &Stage| names.iter().any(|name| name == stage.name);
    if let Some(unknown) = names.iter().find(|name| STAGES.iter().chain([&ORACLE]).all(|stage| stage.name != **name)) {
        bail!("there is no stage {unknown:?}; `cargo xtask test --list` names them");
    }
    let tools = Tools { wasm: wasm_std::ensure()? };
    npm::ensure()?;
    let stages = STAGES.iter().filter(|stage| names.is_empty() || is_named(stage));
    let asked = oracle || is_named(&ORACLE);
    let results: Vec<(&Stage, Outcome, Duration)> = stages.chain(asked.then_some(&ORACLE)).map(|stage| timed(stage, &tools)).collect();
    Ok(report(&results))
}

fn timed<'a>(stage: &'a Stage, tools: &Tools) -> (&'a Stage, Outcome, Duration) {
    println!("\n━━ {}: {}", stage.name, stage.what);
    let start = Instant::now();
    let outcome = match (stage.needs)().and_then(|needs| (stage.run)(tools, &needs).map_err(stages::Failure::Failed)) {
        Ok(()) => Outcome::Passed,
        Err(stages::Failure::Missing(error)) if env::var_os("CI").is_none() => {
            println!("!! SKIPPED {}: {error:#}", stage.name);
            Outcome::Skipped
        }
        Err(stages::Failure::Missing(error) | stages::Failure::Failed(error)) => {
            println!("✗ {error:#}");
            Outcome::Failed
        }
    };
    (stage, outcome, start.elapsed())
}

fn report(results: &[(&Stage, Outcome, Duration)]) -> bool {
    println!();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (stage, outcome, time) in results {
        let sign = match outcome {
            Outcome::Passed => {
                passed += 1;
                "✓"
            }
            Outcome::Failed => {
                failed += 1;
                "✗"
            }
            Outcome::Skipped => {
                skipped += 1;
                "skipped"
            }
        };
        println!("{sign} {:<12}{:>8.1} s", stage.name, time.as_secs_f64());
    }
    let note = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
    println!("{passed} passed, {failed} failed{note}");
    failed == 0
}
