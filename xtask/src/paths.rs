//! Where things lie in the project.

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}

/// Cargo's target folder of the native build.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// What the package is bundled from: compiled TypeScript, and wasm with its bindings.
pub(crate) fn npm_parts() -> PathBuf {
    root().join("target/npm")
}

/// The npm package as built.
pub(crate) fn dist_npm() -> PathBuf {
    root().join("dist/npm")
}

/// The static site as built.
pub(crate) fn dist_www() -> PathBuf {
    root().join("dist/www")
}

/// The cargo that runs us, or the one on the path, in the repository's root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// A JavaScript program of an installed npm module, run by node in the repository's root.
pub(crate) fn node(script: &str) -> Command {
    let mut command = Command::new("node");
    command.current_dir(root()).arg(root().join("node_modules").join(script));
    command
}
