//! A Vulkan adapter in software (Mesa's lavapipe), so that GPU tests give the same pixels on every machine.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::apt;

const FOLDERS: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/// The driver's manifest file, for `VK_DRIVER_FILES`; installed where it is missing.
pub(crate) fn ensure() -> Result<PathBuf> {
    if let Some(file) = find() {
        return Ok(file);
    }
    apt::install(&["mesa-vulkan-drivers"])?;
    find().context("install Mesa's lavapipe Vulkan driver (lvp_icd.json), then run this again")
}

/// Named `lvp_icd.x86_64.json`, or for another processor, or by newer Mesa without one.
fn find() -> Option<PathBuf> {
    let entries = FOLDERS.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    entries.map(|entry| entry.path()).find(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("lvp_icd") && name.ends_with(".json")
    })
}
