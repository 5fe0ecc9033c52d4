//! Builds the Rust tests that run in a browser: `tests/wasm`, compiled with the features of one wasm file, as a module that
//! `tests/wasm/run.mjs` loads.
//!
//! wasm-bindgen's own runner does the same through WebDriver; it would take longer to build than everything else here.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use wasm_bindgen_cli_support::Bindgen;

use crate::files::clear;
use crate::setup::wasm_std::{TARGET, Toolchain};
use crate::wasm::{Profile, target_dir};

/// Compiles and binds the tests of a wasm file; gives the folder that holds `tests.js` and `tests_bg.wasm`.
pub(super) fn build(toolchain: &Toolchain, module: &str) -> Result<PathBuf> {
    let compiled = compile(toolchain, module)?;
    let folder = target_dir(module).join("tests");
    clear(&folder, &[])?;
    Bindgen::new()
        .input_path(&compiled)
        .out_name("tests")
        .web(true)?
        .typescript(false)
        .debug(true)
        // The tests are exports of the wasm itself.
        .export_wasm(true)
        .emit_start(false)
        .generate(&folder)
        .with_context(|| format!("cannot bind {}", compiled.display()))?;
    Ok(folder)
}

/// The arguments by which cargo builds the tests of a wasm file, and nothing that the other wasm file's would replace.
pub(super) fn args(command: &mut Command, module: &str) {
    command.args(["--package", "neurolume", "--target", TARGET, "--no-default-features"]);
    command.args(["--features", module, "--target-dir"]).arg(target_dir(module));
}

fn compile(toolchain: &Toolchain, module: &str) -> Result<PathBuf> {
    let mut cargo = toolchain.cargo("test");
    args(&mut cargo, module);
    cargo.args(["--test", "wasm", "--no-run", "--profile", Profile::Dev.name()]);
    let out = cargo.arg("--message-format=json-render-diagnostics").stderr(Stdio::inherit()).output().context("cannot start cargo")?;
    if !out.status.success() {
        bail!("the wasm tests of {module} do not compile");
    }
    let messages = String::from_utf8_lossy(&out.stdout);
    let executable = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(|path| Path::new(path).to_owned()));
    executable.with_context(|| format!("cargo named no test binary for {module}"))
}
