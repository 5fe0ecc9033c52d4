//! The static site: www bundled by Vite into dist/www, with the package and the sample beside it.

use anyhow::Result;

use crate::files::{clear, copy_folder};
use crate::package;
use crate::paths::{dist_npm, dist_www, node, root};
use crate::sample;
use crate::setup::wasm_std::Toolchain;
use crate::setup::{npm, wasm_std};
use crate::step::{run, step};
use crate::wasm::Profile;

/// Sets up and builds everything: dist/npm and dist/www.
pub(crate) fn build(profile: Profile) -> Result<()> {
    let toolchain = wasm_std::ensure()?;
    npm::ensure()?;
    rebuild(&toolchain, profile)
}

/// Builds everything with what is set up.
pub(crate) fn rebuild(toolchain: &Toolchain, profile: Profile) -> Result<()> {
    package::build(toolchain, profile)?;
    step("bundle the site", || {
        // The sample takes long to write and is looked after by its own step.
        clear(&dist_www(), &["sample"])?;
        run(node("vite/bin/vite.js").current_dir(root().join("www")).args(["build", "--logLevel", "warn"]))?;
        // For pages without a bundler: `import … from "/npm/index.js"`.
        copy_folder(&dist_npm(), &dist_www().join("npm"))
    })?;
    sample::ensure(&dist_www().join("sample"))
}
