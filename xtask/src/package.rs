//! The npm package: pkg-template compiled and bundled around the wasm files into dist/npm, plain ES modules that need no
//! bundler. One file for the page and one for workers: a page that imports it waits for no file that another names.

use std::fs;

use anyhow::{Context, Result};

use crate::files::{clear, copy};
use crate::paths::{dist_npm, node, npm_parts, root};
use crate::setup::wasm_std::Toolchain;
use crate::step::{run, step};
use crate::wasm::{self, MODULES, Profile};

const AS_THEY_ARE: [&str; 2] = ["package.json", "README.md"];
const LICENCES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];

/// Builds dist/npm.
pub(crate) fn build(toolchain: &Toolchain, profile: Profile) -> Result<()> {
    wasm::build(toolchain, profile)?;
    let template = root().join("pkg-template");
    step("compile the package's TypeScript", || run(node("typescript/bin/tsc").arg("-p").arg(&template).arg("--outDir").arg(npm_parts())))?;
    step("bundle the package", || {
        clear(&dist_npm(), &[])?;
        run(node("rolldown/bin/cli.mjs").arg("--config").arg(template.join("rolldown.config.mjs")))?;
        for module in MODULES {
            let name = format!("neurolume_{module}_bg.wasm");
            copy(&npm_parts().join(&name), &dist_npm().join(&name))?;
        }
        declarations()?;
        for name in AS_THEY_ARE {
            copy(&template.join(name), &dist_npm().join(name))?;
        }
        for name in LICENCES {
            copy(&root().join(name), &dist_npm().join(name))?;
        }
        Ok(())
    })
}

/// The types of the package's own modules.
fn declarations() -> Result<()> {
    for entry in fs::read_dir(npm_parts()).context("cannot read target/npm")? {
        let name = entry?.file_name();
        let text = name.to_string_lossy();
        if text.ends_with(".d.ts") && !text.starts_with("neurolume_") {
            copy(&npm_parts().join(&name), &dist_npm().join(&name))?;
        }
    }
    Ok(())
}
