//! Rust's standard library for wasm32-unknown-unknown.
//!
//! rustup has it. Where rustup's server is out of reach and Debian's archive is not, Debian's rustc-web and the library source
//! of the same version give one: std is built once (under a minute) into a sysroot in the target folder, and wasm is then
//! compiled by Debian's rustc with that sysroot, driven by the cargo at hand.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::apt;
use crate::files::copy;
use crate::paths::{root, target};
use crate::step::{done, output, run, step};

/// The target triple of every wasm build.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CLIPPY: &str = "/usr/bin/cargo-clippy";

/// How to compile for wasm.
#[derive(Debug)]
pub(crate) enum Toolchain {
    /// The compiler that compiles everything else.
    Rustup,
    /// Debian's compiler with a sysroot of ours.
    Debian {
        /// Holds lib/rustlib/wasm32-unknown-unknown.
        sysroot: PathBuf,
        /// Calls Debian's rustc with the sysroot.
        rustc: PathBuf,
        /// Links what that rustc's LLVM wrote.
        linker: PathBuf,
    },
}

impl Toolchain {
    /// Cargo with a verb, set to compile with this toolchain; the caller adds the target.
    pub(crate) fn cargo(&self, verb: &str) -> Command {
        let mut command = crate::paths::cargo();
        command.arg(verb);
        self.set(&mut command);
        command
    }

    /// Clippy of the version that can read this toolchain's std.
    ///
    /// # Errors
    /// Where Debian's clippy is missing and cannot be installed.
    pub(crate) fn clippy(&self) -> Result<Command> {
        let Self::Debian { sysroot, .. } = self else { return Ok(self.cargo("clippy")) };
        if !Path::new(DEBIAN_CLIPPY).exists() {
            apt::install(&["rust-web-clippy"])?;
        }
        let mut command = Command::new(DEBIAN_CLIPPY);
        command.arg("clippy").current_dir(root()).env("SYSROOT", sysroot);
        self.set(&mut command);
        Ok(command)
    }

    fn set(&self, command: &mut Command) {
        if let Self::Debian { rustc, linker, .. } = self {
            command.env("RUSTC", rustc).env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
    }
}

/// Finds the standard library or gets it, by rustup first and from Debian second.
///
/// # Errors
/// Where neither way works: one sentence with what to run.
pub(crate) fn ensure() -> Result<Toolchain> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let sysroot = PathBuf::from(output(Command::new(&rustc).current_dir(root()).args(["--print", "sysroot"]))?);
    let std = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    if std.is_dir() {
        done("the wasm32 standard library is there");
        return Ok(Toolchain::Rustup);
    }
    if let Some(toolchain) = debian_as_built()? {
        done("the wasm32 standard library is there (built from Debian's source)");
        return Ok(toolchain);
    }
    let rustup = step(&format!("rustup target add {TARGET}"), || {
        output(Command::new("rustup").current_dir(root()).args(["target", "add", TARGET]))?;
        // rustup may look after another compiler than the one on the path.
        if !std.is_dir() {
            bail!("{} is still missing", std.display());
        }
        Ok(())
    });
    let Err(refused) = rustup else {
        return Ok(Toolchain::Rustup);
    };
    println!("  {refused:#}");
    from_debian().with_context(|| {
        format!("compiling for {TARGET} needs either `rustup target add {TARGET}` to work or Debian's rustc-web and rust-web-src")
    })
}

/// The toolchain of an earlier run, if Debian's compiler has not changed since.
fn debian_as_built() -> Result<Option<Toolchain>> {
    if !Path::new(DEBIAN_RUSTC).exists() {
        return Ok(None);
    }
    let folder = folder()?;
    if folder.join("done").exists() { toolchain(&folder).map(Some) } else { Ok(None) }
}

/// One folder per compiler version, so that an upgrade builds std anew.
fn folder() -> Result<PathBuf> {
    let version = output(Command::new(DEBIAN_RUSTC).arg("--version"))?;
    let version = version.split_whitespace().nth(1).unwrap_or("unknown").to_owned();
    Ok(target().join("tools").join(format!("wasm-std-{version}")))
}

fn from_debian() -> Result<Toolchain> {
    if !Path::new(DEBIAN_RUSTC).exists() || !Path::new("/usr/lib/rustlib/src/rust/library").exists() {
        apt::install(&["rustc-web", "rust-web-src"])?;
    }
    let folder = folder()?;
    step("build the wasm32 standard library from Debian's source", || build_std(&folder))?;
    toolchain(&folder)
}

fn toolchain(folder: &Path) -> Result<Toolchain> {
    Ok(Toolchain::Debian { sysroot: folder.join("sysroot"), rustc: folder.join("rustc"), linker: linker()? })
}

/// Builds std for wasm in an empty crate and lays out a sysroot around it.
fn build_std(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).context("cannot remove an unfinished standard library")?;
    }
    let work = folder.join("build");
    fs::create_dir_all(work.join("src"))?;
    fs::write(work.join("src/lib.rs"), "")?;
    fs::write(work.join("Cargo.toml"), "[package]\nname = \"empty\"\nversion = \"0.0.0\"\n[workspace]\n")?;
    let mut cargo = crate::paths::cargo();
    // Bitcode in std lets a release build optimise across it.
    let flags = "-Cembed-bitcode=yes";
    run(cargo
        .current_dir(&work)
        .args(["build", "--quiet", "-Zbuild-std=std,panic_abort", "--release", "--target", TARGET, "--target-dir", "out"])
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTC", DEBIAN_RUSTC)
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags))?;
    let rustlib = folder.join("sysroot/lib/rustlib");
    for entry in fs::read_dir(work.join("out").join(TARGET).join("release/deps"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".rlib") && !name.starts_with("libempty") {
            copy(&path, &rustlib.join(TARGET).join("lib").join(name))?;
        }
    }
    // Build scripts and macros are compiled by the same rustc, for the machine at hand.
    for entry in fs::read_dir("/usr/lib/rustlib")? {
        run(Command::new("ln").arg("-s").arg(entry?.path()).arg(&rustlib))?;
    }
    let rustc = folder.join("rustc");
    fs::write(&rustc, format!("#!/bin/sh\nexec {DEBIAN_RUSTC} --sysroot \"$(dirname \"$0\")/sysroot\" \"$@\"\n"))?;
    run(Command::new("chmod").arg("+x").arg(&rustc))?;
    fs::remove_dir_all(&work)?;
    fs::write(folder.join("done"), "")?;
    Ok(())
}

/// A wasm linker as new as Debian's LLVM: that of the cargo at hand, or Debian's of exactly that version.
fn linker() -> Result<PathBuf> {
    let theirs = llvm_major(DEBIAN_RUSTC)?;
    if llvm_major("rustc")? >= theirs {
        let sysroot = PathBuf::from(output(Command::new("rustc").args(["--print", "sysroot"]))?);
        for host in fs::read_dir(sysroot.join("lib/rustlib"))?.flatten() {
            let lld = host.path().join("bin/rust-lld");
            if lld.is_file() {
                return Ok(lld);
            }
        }
    }
    let lld = PathBuf::from(format!("/usr/bin/wasm-ld-{theirs}"));
    if !lld.exists() {
        apt::install(&[&format!("lld-{theirs}")])?;
    }
    Ok(lld)
}

fn llvm_major(rustc: &str) -> Result<u32> {
    let verbose = output(Command::new(rustc).arg("-vV"))?;
    let version = verbose.lines().find_map(|line| line.strip_prefix("LLVM version: "));
    let major = version.and_then(|version| version.split('.').next()).and_then(|major| major.parse().ok());
    match major {
        Some(major) => Ok(major),
        None => bail!("cannot read the LLVM version in the answer of `{rustc} -vV`"),
    }
}
