//! The rules of `docs/architecture.md`, checked on the source text: who imports whom, which crate stays at which edge, how long a
//! file is, that it says what it owns. All breaches are listed at once.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const MAX_LINES: usize = 600;
/// May be used by every module.
const EVERYWHERE: &str = "error";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Module → the modules it may use, from the table in the document.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [module, _, uses] = cells[..] else { panic!("not three cells: {row}") };
        let uses = uses.split_whitespace().filter(|name| *name != "–").map(str::to_owned);
        (module.trim_matches('`').to_owned(), uses.collect())
    })
    .collect()
}

/// Every file with one of the endings below a folder, in order, as a path from the root.
fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(root().join(&folder)) else { continue };
        for entry in entries.map(Result::unwrap) {
            let path = folder.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                if entry.file_name() != "node_modules" {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| path.extension().is_some_and(|found| found == *ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The top-level module a file of `src/` belongs to; `None` for lib.rs.
fn module_of(path: &Path) -> Option<String> {
    let mut parts = path.components().skip(1);
    let first = PathBuf::from(parts.next()?.as_os_str());
    let name = first.file_stem()?.to_str()?.to_owned();
    (name != "lib").then_some(name)
}

/// Identifiers and punctuation of Rust source, without comments, strings and characters. `::` is one token.
fn tokens(source: &str) -> Vec<String> {
    let chars: Vec<char> = source.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let c = at(i);
        if c == '/' && at(i + 1) == '/' {
            while i < chars.len() && at(i) != '\n' {
                i += 1;
            }
        } else if c == '/' && at(i + 1) == '*' {
            i += 2;
            while i < chars.len() && !(at(i) == '*' && at(i + 1) == '/') {
                i += 1;
            }
            i += 2;
        } else if c == 'r' && (at(i + 1) == '"' || at(i + 1) == '#' && matches!(at(i + 2), '"' | '#')) {
            let hashes = chars[i + 1..].iter().take_while(|c| **c == '#').count();
            i += 2 + hashes;
            let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
            while i < chars.len() && !chars[i..].starts_with(&end) {
                i += 1;
            }
            i += end.len();
        } else if c == '"' {
            i += 1;
            while i < chars.len() && at(i) != '"' {
                i += if at(i) == '\\' { 2 } else { 1 };
            }
            i += 1;
        } else if c == '\'' && (at(i + 1) == '\\' || at(i + 2) == '\'') {
            i += if at(i + 1) == '\\' { 3 } else { 2 };
            while i < chars.len() && at(i) != '\'' {
                i += 1;
            }
            i += 1;
        } else if c.is_alphanumeric() || c == '_' {
            let start = i;
            while at(i).is_alphanumeric() || at(i) == '_' {
                i += 1;
            }
            tokens.push(chars[start..i].iter().collect());
        } else if c == ':' && at(i + 1) == ':' {
            tokens.push("::".to_owned());
            i += 2;
        } else {
            if !c.is_whitespace() {
                tokens.push(c.to_string());
            }
            i += 1;
        }
    }
    tokens
}

/// The first names of paths that start at the crate's root: `crate::a`, `crate::{a, b::c}`, and `super` chains that reach it.
fn roots_used(tokens: &[String], depth: usize) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    let token = |i: usize| tokens.get(i).map_or("", String::as_str);
    let mut i = 0;
    while i < tokens.len() {
        let mut next = i + 1;
        let at_root = match token(i) {
            "crate" if token(i + 1) == "::" => {
                next = i + 2;
                true
            }
            "super" if i == 0 || token(i - 1) != "::" => {
                let mut supers = 1;
                next = i + 1;
                while token(next) == "::" && token(next + 1) == "super" {
                    supers += 1;
                    next += 2;
                }
                next += 1;
                supers >= depth
            }
            _ => false,
        };
        if at_root && token(next) == "{" {
            let mut level = 1;
            let mut first = true;
            next += 1;
            while level > 0 && next < tokens.len() {
                match token(next) {
                    "{" => level += 1,
                    "}" => level -= 1,
                    "," if level == 1 => first = true,
                    name if first && level == 1 => {
                        used.insert(name.to_owned());
                        first = false;
                    }
                    _ => {}
                }
                next += 1;
            }
        } else if at_root {
            used.insert(token(next).to_owned());
        }
        i = next.max(i + 1);
    }
    used
}

/// How many `super`s lead from a file of `src/` to the crate's root.
fn depth(path: &Path) -> usize {
    let parts = path.components().count() - 1;
    if path.file_name().is_some_and(|name| name == "mod.rs") { parts - 1 } else { parts }
}

#[track_caller]
fn assert_none(breaches: &[String]) {
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let table = table();
    let mut breaches = Vec::new();
    for path in files("src", &["rs"]) {
        let Some(module) = module_of(&path) else { continue };
        let Some(allowed) = table.get(&module) else {
            breaches.push(format!("{}: the table has no module {module}", path.display()));
            continue;
        };
        for used in roots_used(&tokens(&read(&path)), depth(&path)) {
            let known = table.contains_key(&used);
            if known && used != module && used != EVERYWHERE && !allowed.contains(&used) {
                breaches.push(format!("{}: {module} may not use {used}", path.display()));
            }
        }
    }
    assert_none(&breaches);
}

#[test]
fn the_table_has_no_cycle_and_no_unknown_name() {
    let mut table = table();
    let names: BTreeSet<String> = table.keys().cloned().collect();
    for (module, uses) in &table {
        let unknown: Vec<_> = uses.difference(&names).collect();
        assert!(unknown.is_empty(), "{module} uses unknown {unknown:?}");
    }
    while !table.is_empty() {
        let done: Vec<String> = table.iter().filter(|(_, uses)| uses.is_empty()).map(|(name, _)| name.clone()).collect();
        assert!(!done.is_empty(), "a cycle among {:?}", table.keys());
        for name in done {
            table.remove(&name);
            table.values_mut().for_each(|uses| {
                uses.remove(&name);
            });
        }
    }
}

#[test]
fn the_browser_and_the_gpu_stay_at_their_edges() {
    let browser = ["web_sys", "js_sys", "wasm_bindgen", "wasm_bindgen_futures", "serde_wasm_bindgen", "idb"];
    let mut breaches = Vec::new();
    for path in files("src", &["rs"]) {
        let in_web = path.starts_with("src/web");
        let may_use_gpu = path.starts_with("src/render/gpu") || path == Path::new("src/web/surface.rs");
        let words: BTreeSet<String> = tokens(&read(&path)).into_iter().collect();
        for word in &words {
            if !in_web && (browser.contains(&word.as_str()) || word.starts_with("gloo")) {
                breaches.push(format!("{}: {word} belongs under src/web/", path.display()));
            }
            if !may_use_gpu && word == "wgpu" {
                breaches.push(format!("{}: wgpu belongs under src/render/gpu/", path.display()));
            }
        }
    }
    assert_none(&breaches);
}

#[test]
fn files_can_be_read_in_one_sitting() {
    let mut breaches = Vec::new();
    for folder in ["src", "xtask/src", "tests", "shaders", "pkg-template", "www"] {
        for path in files(folder, &["rs", "wgsl", "ts", "mjs", "css", "html", "py"]) {
            let lines = read(&path).lines().count();
            if lines > MAX_LINES {
                breaches.push(format!("{}: {lines} lines, at most {MAX_LINES}", path.display()));
            }
        }
    }
    assert_none(&breaches);
}

#[test]
fn every_file_says_what_it_owns() {
    let mut breaches = Vec::new();
    for folder in ["src", "xtask/src", "tests"] {
        for path in files(folder, &["rs"]) {
            if !read(&path).starts_with("//! ") {
                breaches.push(format!("{}: does not begin with `//!`", path.display()));
            }
        }
    }
    assert_none(&breaches);
}

#[test]
fn the_reader_of_imports_sees_every_form() {
    let source = r#"
        use crate::geometry::{Box, Plane};
        use crate::{voxel::Brick, store, error::{Code, self}};
        use super::super::format::Spec; // crate::comment
        fn f() { let text = "crate::string"; let c = '"'; crate::cache::get(text, c, r"crate::raw"); }
        mod tests { use super::*; }
    "#;
    let used: Vec<String> = roots_used(&tokens(source), 2).into_iter().collect();
    assert_eq!(used, ["cache", "error", "format", "geometry", "store", "voxel"]);
}
