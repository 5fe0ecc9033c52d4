//! A Chromium, for the tests in a browser.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::apt;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Finds the browser, which `CHROMIUM` may name, or installs it.
pub(crate) fn ensure() -> Result<PathBuf> {
    if let Some(browser) = find() {
        return Ok(browser);
    }
    apt::install(&["chromium"])?;
    find().context("set CHROMIUM to the browser's program, then run this again")
}

fn find() -> Option<PathBuf> {
    if let Some(path) = env::var_os("CHROMIUM") {
        return Some(PathBuf::from(path));
    }
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let files = NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    files.into_iter().find(|file| file.is_file())
}
