//! `docs/keys.md`, made from the registry.

use std::fmt::Write;

use super::actions::ACTIONS;

const HEAD: &str = "# Keys and gestures

Made from the action registry (`src/tools/actions.rs`): change it there, then run
`UPDATE_DOCS=1 cargo test tools::keys_doc`. Keys that move or turn act on the panel under the pointer. On a Mac, command does
what ctrl does. Every action is also in the command palette (`ctrl+p`), and every key can be changed: `viewer.actions.setKeys`.
";

/// The text of `docs/keys.md`.
#[must_use]
pub fn keys_markdown() -> String {
    let mut text = HEAD.to_owned();
    let mut group = "";
    for action in ACTIONS {
        if action.group != group {
            group = action.group;
            // Writing to a string cannot fail.
            let _ = write!(text, "\n## {group}\n\n| Key or gesture | What it does | Action |\n|---|---|---|\n");
        }
        let keys = if action.keys.is_empty() {
            "–".to_owned()
        } else {
            action.keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" ")
        };
        let _ = writeln!(text, "| {keys} | {} | `{}` |", action.label, action.id);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_keys_is_the_registry() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md");
        let text = keys_markdown();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(written == text, "docs/keys.md is not what the registry says; rewrite it with UPDATE_DOCS=1 cargo test tools::keys_doc");
    }

    #[test]
    fn groups_stand_together() {
        let mut seen: Vec<&str> = Vec::new();
        for action in ACTIONS {
            if seen.last() != Some(&action.group) {
                assert!(!seen.contains(&action.group), "{} is in two places", action.group);
                seen.push(action.group);
            }
        }
    }
}
