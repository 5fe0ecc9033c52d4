//! Copying, clearing and hashing of files and folders.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Copies one file, making the folder it goes to.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

/// Copies a folder with everything in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            copy(&entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Removes everything in a folder but the entries named; the folder itself stays and is made when absent.
pub(crate) fn clear(folder: &Path, keep: &[&str]) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if keep.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A fingerprint of a file's bytes and of the words given; not for anything that must resist an attacker.
pub(crate) fn fingerprint(file: &Path, words: &[&str]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    hasher.write(&fs::read(file).with_context(|| format!("cannot read {}", file.display()))?);
    for word in words {
        hasher.write(word.as_bytes());
        hasher.write_u8(0);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// A fingerprint of every file in some folders: of its path there and its bytes.
pub(crate) fn folders_fingerprint(folders: &[&Path]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for folder in folders {
        let mut files = files_below(folder)?;
        files.sort();
        for file in files {
            let path = file.strip_prefix(folder).unwrap_or(&file).to_string_lossy().replace('\\', "/");
            let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            // Lengths first, so that bytes cannot move from one file into the next.
            for part in [path.as_bytes(), &bytes] {
                hasher.write_usize(part.len());
                hasher.write(part);
            }
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files.extend(files_below(&entry.path())?);
        } else {
            files.push(entry.path());
        }
    }
    Ok(files)
}

/// Whether a stamp file holds exactly this text.
pub(crate) fn stamped(stamp: &Path, text: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|found| found == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_tells_names_and_bytes_apart() {
        let root = std::env::temp_dir().join(format!("neurolume-files-{}", std::process::id()));
        let mut seen = std::collections::BTreeSet::new();
        for files in [&[("a", "1")][..], &[("a", "2")], &[("b", "1")], &[("a", "1"), ("b", "")], &[("in/a", "1")], &[("a", ""), ("b", "1")]]
        {
            clear(&root, &[]).unwrap();
            for (name, text) in files {
                let path = root.join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            let found = folders_fingerprint(&[&root]).unwrap();
            assert_eq!(folders_fingerprint(&[&root]).unwrap(), found);
            assert!(seen.insert(found), "{files:?} looks like another");
        }
        fs::remove_dir_all(root).unwrap();
    }
}
