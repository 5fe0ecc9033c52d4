//! The stages of `cargo xtask test`, as data, in the order in which they fail soonest.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Error, Result};

use super::wasm;
use crate::paths::{cargo, node, root, target};
use crate::setup::wasm_std::Toolchain;
use crate::setup::{browser, python, vulkan};
use crate::site;
use crate::step::run;
use crate::wasm::{MODULES, Profile};

/// What every stage is given.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) wasm: Toolchain,
}

/// What a stage asked for and got.
#[derive(Debug)]
pub(super) enum Needs {
    Nothing,
    /// The browser's program.
    Browser(PathBuf),
    /// The manifest of the Vulkan driver.
    Vulkan(PathBuf),
    /// Python with the oracles' libraries.
    Python(PathBuf),
}

/// Why a stage did not pass.
#[derive(Debug)]
pub(super) enum Failure {
    /// What it needs is not on this machine.
    Missing(Error),
    /// A check failed.
    Failed(Error),
}

/// One stage.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) needs: fn() -> Result<Needs, Failure>,
    pub(super) run: fn(&Tools, &Needs) -> Result<()>,
}

pub(super) const STAGES: &[Stage] = &[
    Stage { name: "fmt", what: "formatting", needs: nothing, run: fmt },
    Stage { name: "clippy", what: "lints of the native code", needs: nothing, run: clippy },
    Stage { name: "native", what: "tests without GPU or browser", needs: nothing, run: native },
    Stage { name: "gpu", what: "tests on a Vulkan adapter in software", needs: a_vulkan_driver, run: gpu },
    Stage { name: "clippy-wasm", what: "lints of the wasm code", needs: nothing, run: clippy_wasm },
    Stage { name: "build", what: "the package and the site", needs: nothing, run: build },
    Stage { name: "types", what: "TypeScript of the site", needs: nothing, run: types },
    Stage { name: "wasm", what: "Rust tests in a browser", needs: a_browser, run: wasm_tests },
    Stage { name: "e2e", what: "the site in a browser", needs: a_browser, run: e2e },
];

/// Runs only with `--oracle`, or where it is named: it needs libraries of Python's.
pub(super) const ORACLE: Stage = Stage { name: "oracle", what: "other libraries read what is written", needs: the_oracles, run: oracle };

fn nothing() -> Result<Needs, Failure> {
    Ok(Needs::Nothing)
}

fn a_browser() -> Result<Needs, Failure> {
    browser::ensure().map(Needs::Browser).map_err(Failure::Missing)
}

fn a_vulkan_driver() -> Result<Needs, Failure> {
    vulkan::ensure().map(Needs::Vulkan).map_err(Failure::Missing)
}

fn the_oracles() -> Result<Needs, Failure> {
    python::ensure().map(Needs::Python).map_err(Failure::Missing)
}

fn fmt(_: &Tools, _: &Needs) -> Result<()> {
    run(cargo().args(["fmt", "--all", "--check"]))
}

fn clippy(_: &Tools, _: &Needs) -> Result<()> {
    let clippy = || {
        let mut cargo = cargo();
        cargo.args(["clippy", "--workspace", "--features", "gpu", "--keep-going"]);
        cargo
    };
    run(clippy().args(["--", "-D", "warnings"]))?;
    // A test fails by panicking, and its numbers are its own; clippy's setting for that misses the helpers of test files.
    let allowed = ["clippy::unwrap_used", "clippy::expect_used", "clippy::cast_possible_truncation"];
    run(clippy().args(["--all-targets", "--", "-D", "warnings"]).args(allowed.iter().flat_map(|lint| ["-A", lint])))
}

fn native(_: &Tools, _: &Needs) -> Result<()> {
    run(cargo().args(["test", "--workspace", "--no-fail-fast"]))
}

/// Only what the feature adds: the code that drives the GPU, and the test files named after it.
fn gpu(_: &Tools, needs: &Needs) -> Result<()> {
    let mut command = cargo();
    if let Needs::Vulkan(driver) = needs {
        command.env("VK_DRIVER_FILES", driver);
    }
    run(command.args(["test", "--workspace", "--no-fail-fast", "--features", "gpu", "--lib", "--test", "*gpu*"]))
}

fn clippy_wasm(tools: &Tools, _: &Needs) -> Result<()> {
    MODULES.iter().try_for_each(|module| {
        let mut clippy = tools.wasm.clippy()?;
        wasm::args(&mut clippy, module);
        // The profile of the build, so that macros and build scripts are compiled once for both.
        run(clippy.args(["--lib", "--test", "wasm", "--profile", Profile::Dev.name(), "--", "-D", "warnings"]))
    })
}

fn build(tools: &Tools, _: &Needs) -> Result<()> {
    site::rebuild(&tools.wasm, Profile::Dev)
}

fn types(_: &Tools, _: &Needs) -> Result<()> {
    run(node("typescript/bin/tsc").args(["--noEmit", "-p", "www"]))
}

fn wasm_tests(tools: &Tools, needs: &Needs) -> Result<()> {
    // The workers' full module runs where the small one does, and fetches as it does.
    for module in MODULES.into_iter().filter(|module| *module != "worker_full") {
        let folder = wasm::build(&tools.wasm, module)?;
        let mut node = Command::new("node");
        browser_env(&mut node, needs);
        run(node.current_dir(root()).arg("tests/wasm/run.mjs").arg(folder).arg(module))?;
    }
    Ok(())
}

/// Every `tests/e2e/*.test.mjs`; each starts a server of its own on what the build stage built.
fn e2e(_: &Tools, needs: &Needs) -> Result<()> {
    let folder = root().join("tests/e2e");
    let entries = fs::read_dir(&folder)?.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.to_string_lossy().ends_with(".test.mjs")).collect();
    files.sort();
    let mut node = Command::new("node");
    browser_env(&mut node, needs);
    // One browser at a time: software WebGPU takes every core there is.
    run(node.current_dir(root()).args(["--test", "--test-concurrency=1", "--test-reporter=spec"]).args(files))
}

/// Exports volumes, which `tests/oracle/exports.py` compares.
fn oracle(_: &Tools, needs: &Needs) -> Result<()> {
    let Needs::Python(python) = needs else { return Ok(()) };
    let folder = target().join("oracle-exports");
    run(cargo().env("EXPORT_DIR", &folder).args(["test", "--test", "export", "--", "--ignored"]))?;
    run(Command::new(python).current_dir(root()).arg("tests/oracle/exports.py").arg(folder))
}

/// Tells a node program which browser to start.
fn browser_env(node: &mut Command, needs: &Needs) {
    if let Needs::Browser(browser) = needs {
        node.env("CHROMIUM", browser);
    }
}
