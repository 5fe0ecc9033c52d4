//! The npm package: pkg-template compiled around the wasm files into dist/npm, plain ES modules that need no bundler.

use anyhow::Result;

use crate::files::copy;
use crate::paths::{dist_npm, node, root};
use crate::setup::wasm_std::Toolchain;
use crate::step::{run, step};
use crate::wasm::{self, Profile};

const AS_THEY_ARE: [&str; 2] = ["package.json", "README.md"];
const LICENCES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];

/// Builds dist/npm.
pub(crate) fn build(toolchain: &Toolchain, profile: Profile) -> Result<()> {
    wasm::build(toolchain, profile)?;
    step("compile the package's TypeScript", || {
        let template = root().join("pkg-template");
        for name in AS_THEY_ARE {
            copy(&template.join(name), &dist_npm().join(name))?;
        }
        for name in LICENCES {
            copy(&root().join(name), &dist_npm().join(name))?;
        }
        run(node("typescript/bin/tsc").arg("-p").arg(template).arg("--outDir").arg(dist_npm()))
    })
}
