//! The npm modules of the package, the site and the browser tests: one lock file, one `npm ci`, at the root.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::files::stamped;
use crate::paths::root;
use crate::step::{done, output, run, step};

/// Installs the modules of the project, unless they are there.
pub(crate) fn ensure() -> Result<()> {
    ensure_in(&root())
}

/// Installs the modules that the package-lock.json of a folder names.
pub(crate) fn ensure_in(folder: &Path) -> Result<()> {
    let lock = folder.join("package-lock.json");
    let wanted = fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let stamp = folder.join("node_modules/.installed");
    if stamped(&stamp, &wanted) {
        done("npm modules are there");
        return Ok(());
    }
    output(Command::new("npm").arg("--version"))
        .context("install Node.js 20.19 or later with npm (https://nodejs.org), then run this again")?;
    step("npm ci", || {
        run(Command::new("npm").current_dir(folder).args(["ci", "--no-audit", "--no-fund"]))?;
        fs::write(&stamp, &wanted).context("cannot write node_modules/.installed")
    })
}
