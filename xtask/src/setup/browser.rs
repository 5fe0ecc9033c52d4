//! A Chromium with its WebDriver, for the tests in a browser.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::apt;

/// A browser and the driver of the same version.
#[derive(Debug)]
pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    pub(crate) driver: PathBuf,
}

/// Finds the browser (`CHROMIUM` and `CHROMEDRIVER` name others), or installs it.
pub(crate) fn ensure() -> Result<Browser> {
    if let Some(browser) = find() {
        return Ok(browser);
    }
    apt::install(&["chromium", "chromium-driver"])?;
    find().ok_or_else(|| anyhow::anyhow!("set CHROMIUM and CHROMEDRIVER to the browser and its driver, then run this again"))
}

fn find() -> Option<Browser> {
    Some(Browser {
        chromium: program("CHROMIUM", &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])?,
        driver: program("CHROMEDRIVER", &["chromedriver"])?,
    })
}

/// What the variable names, or the first of the names found on the path.
fn program(variable: &str, names: &[&str]) -> Option<PathBuf> {
    if let Some(path) = env::var_os(variable) {
        return Some(PathBuf::from(path));
    }
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|file| Path::is_file(file))
}
