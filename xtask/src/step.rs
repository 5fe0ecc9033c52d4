//! One step of a command: a line when it starts, a line with its time when it ends; and programs run as steps.
//!
//! Everything a person sees of xtask's progress goes through here, so that it reads the same everywhere.

use std::fmt::Display;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Runs `work` between a line that names it and a line with its time.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("▸ {name}");
    let start = Instant::now();
    let result = work();
    let sign = if result.is_ok() { "✓" } else { "✗" };
    println!("{sign} {name} ({:.1} s)", start.elapsed().as_secs_f64());
    result
}

/// Says that a step had nothing to do.
pub(crate) fn done(what: impl Display) {
    println!("✓ {what}");
}

/// Runs a program with its output passed through.
///
/// # Errors
/// When it cannot be started or fails, naming it.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", shown(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs a program and gives what it printed on stdout, trimmed.
///
/// # Errors
/// When it cannot be started or fails, with what it printed on stderr.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let out = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {}", shown(command)))?;
    if !out.status.success() {
        bail!("{} failed ({}): {}", shown(command), out.status, String::from_utf8_lossy(&out.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
}

/// The command as one would type it, without its environment.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    format!("`{}`", words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" "))
}
