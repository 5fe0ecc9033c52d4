//! A Python of the project's own, with the libraries that the oracles of `tests/oracle` are made of.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::paths::{root, target};
use crate::step::{run, step};

/// Its interpreter; made, and its libraries installed, where they are missing or others than `requirements.txt` says.
pub(crate) fn ensure() -> Result<PathBuf> {
    let (folder, wanted) = (target().join("oracle-python"), root().join("tests/oracle/requirements.txt"));
    let (python, installed) = (folder.join("bin/python"), folder.join("requirements.txt"));
    let list = fs::read_to_string(&wanted).with_context(|| format!("cannot read {}", wanted.display()))?;
    if fs::read_to_string(&installed).is_ok_and(|known| known == list) {
        return Ok(python);
    }
    step("install the oracles' libraries", || {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder)).context("install Python 3.11 or later, with venv")?;
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(&wanted))?;
        fs::write(&installed, &list).with_context(|| format!("cannot write {}", installed.display()))
    })?;
    Ok(python)
}
