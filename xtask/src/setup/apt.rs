//! Debian packages, installed where that is ours to do: as root, with apt.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::step::{output, run, step};

/// Installs packages, or says how.
///
/// # Errors
/// Where there is no apt, or we are not root, or apt fails: one sentence that names the packages.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("install {list} with this system's package manager, then run this again");
    }
    if output(Command::new("id").arg("-u"))? != "0" {
        bail!("run `sudo apt-get install --no-install-recommends {list}`, then run this again");
    }
    step(&format!("apt-get install {list}"), || {
        // Package lists of a fresh image are empty or stale.
        run(&mut apt("update"))?;
        run(apt("install").args(["-y", "--no-install-recommends"]).args(packages))
    })
}

fn apt(verb: &str) -> Command {
    let mut command = Command::new("apt-get");
    command.args(["-qq", verb]).env("DEBIAN_FRONTEND", "noninteractive");
    command
}
