//! The wasm files of the package, from the one crate by its features: compiled, bound to JavaScript, optimised.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::files::{fingerprint, stamped};
use crate::paths::{node, npm_parts, root};
use crate::setup::wasm_std::{TARGET, Toolchain};
use crate::step::{done, run, step};

/// The features that make a wasm file, each named as its feature. `neurolume_NAME.js` and `neurolume_NAME_bg.wasm` come of it.
pub(crate) const MODULES: [&str; 3] = ["page", "worker", "worker_full"];

/// Everything that this rustc writes and every browser with WebGPU reads. What wasm-opt would inline again makes files that pack worse.
const OPTIMISE: [&str; 9] = [
    "-Oz",
    "--skip-pass=inlining-optimizing",
    "--enable-simd",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// How much work goes into the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// What people download.
    Release,
    /// Quick to build, quick enough to use: for tests and while writing code.
    Dev,
}

impl Profile {
    /// Cargo's name of the profile, which is also its folder.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Release => "wasm",
            Self::Dev => "wasm-dev",
        }
    }
}

/// Cargo's target folder of one wasm file. Each has its own: cargo gives the library of all the same name, whatever the
/// features, and would take the one for the other.
pub(crate) fn target_dir(module: &str) -> PathBuf {
    root().join("target/wasm").join(module)
}

/// Builds them among the parts of the package.
pub(crate) fn build(toolchain: &Toolchain, profile: Profile) -> Result<()> {
    MODULES.iter().try_for_each(|module| build_one(toolchain, profile, module))
}

/// Builds the file of one feature.
pub(crate) fn build_one(toolchain: &Toolchain, profile: Profile, module: &str) -> Result<()> {
    fs::create_dir_all(npm_parts()).context("cannot make target/npm")?;
    let compiled = step(&format!("compile {module} to wasm ({})", profile.name()), || compile(toolchain, profile, module))?;
    let stamp = target_dir(module).join("bound");
    let state = fingerprint(&compiled, &[profile.name()])?;
    if stamped(&stamp, &state) && output(module, "_bg.wasm").exists() {
        done(format_args!("neurolume_{module}_bg.wasm is up to date"));
        return Ok(());
    }
    step(&format!("bind neurolume_{module}.js"), || bind(&compiled, module, profile))?;
    if profile == Profile::Release {
        step(&format!("optimise neurolume_{module}_bg.wasm"), || optimise(&output(module, "_bg.wasm")))?;
    }
    fs::write(&stamp, state).with_context(|| format!("cannot write {}", stamp.display()))
}

/// A file that wasm-bindgen makes of a module.
pub(crate) fn output(module: &str, ending: &str) -> PathBuf {
    npm_parts().join(format!("neurolume_{module}{ending}"))
}

fn compile(toolchain: &Toolchain, profile: Profile, module: &str) -> Result<PathBuf> {
    let target_dir = target_dir(module);
    // Only a cdylib: with an rlib beside it, cargo leaves link-time optimisation out.
    run(toolchain
        .cargo("rustc")
        .args(["--lib", "--crate-type", "cdylib", "--target", TARGET, "--profile", profile.name()])
        .args(["--no-default-features", "--features", module, "--target-dir"])
        .arg(&target_dir))?;
    Ok(target_dir.join(TARGET).join(profile.name()).join("neurolume.wasm"))
}

fn bind(compiled: &Path, module: &str, profile: Profile) -> Result<()> {
    Bindgen::new()
        .input_path(compiled)
        .out_name(&format!("neurolume_{module}"))
        .web(true)?
        .typescript(true)
        // Function names make a stack trace readable; people who only look at volumes need not download them.
        .remove_name_section(profile == Profile::Release)
        .remove_producers_section(profile == Profile::Release)
        .generate(npm_parts())
        .with_context(|| format!("cannot bind {}", compiled.display()))
}

fn optimise(wasm: &Path) -> Result<()> {
    let optimised = wasm.with_extension("wasm.opt");
    run(node("binaryen/bin/wasm-opt").args(OPTIMISE).arg(wasm).arg("-o").arg(&optimised))?;
    fs::rename(&optimised, wasm).with_context(|| format!("cannot replace {}", wasm.display()))
}
