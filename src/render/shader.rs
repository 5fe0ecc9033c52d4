//! The shaders' sources: files with directives, composed here and nowhere else for what a pipeline draws.
//!
//! `//#include NAME` stands for a file, once. `//#each` to `//#end` is repeated for each slice, with its number for `$`.
//! `//#if CONDITION`, `//#else`, `//#end`: the kind of the slice, one of [`KINDS`] or the same after `!`, or `levels > N`.
//! Drivers get nothing that a pipeline does not run: software ones take several times as long for a branch that is always false.

use super::layout::{Variant, flag};

/// The files that may be composed or included, by name.
const FILES: &[(&str, &str)] = &[
    ("cell.wgsl", include_str!("../../shaders/cell.wgsl")),
    ("lib/heap.wgsl", include_str!("../../shaders/lib/heap.wgsl")),
    ("lib/overlay.wgsl", include_str!("../../shaders/lib/overlay.wgsl")),
    ("lib/pages.wgsl", include_str!("../../shaders/lib/pages.wgsl")),
    ("lib/slices.wgsl", include_str!("../../shaders/lib/slices.wgsl")),
    ("lines.wgsl", include_str!("../../shaders/lines.wgsl")),
    ("slice.wgsl", include_str!("../../shaders/slice.wgsl")),
];

/// The files that hold entry points.
pub const SHADERS: &[&str] = &["slice.wgsl", "cell.wgsl", "lines.wgsl"];

/// What a slice may be asked for by `//#if`, and its flag.
pub const KINDS: [(&str, u32); 8] = [
    ("segmentation", flag::SEGMENTATION),
    ("linear", flag::LINEAR),
    ("outline", flag::OUTLINE),
    ("gamma", flag::GAMMA),
    ("signed", flag::SIGNED),
    ("float", flag::FLOAT),
    ("marks", flag::MARKS),
    ("between", flag::BETWEEN),
];

/// A source that cannot be composed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// A file that does not exist.
    #[error("there is no shader file named {0}")]
    UnknownFile(String),
    /// A directive that is not known, or has no end.
    #[error("the directive {0} cannot be followed")]
    Directive(String),
}

/// The source of a shader for what a pipeline draws: its includes, each file once, where it is first named, and of what depends
/// on slices and levels what `variant` asks for.
///
/// # Errors
///
/// Where a file does not exist, or holds a directive that is not known or not ended.
pub fn compose(name: &str, variant: &Variant) -> Result<String, ComposeError> {
    let mut lines = Vec::new();
    include(name, &mut Vec::new(), &mut lines)?;
    let mut source = format!("const SLICE_COUNT: u32 = {}u;\n", variant.slice_count);
    expand(&lines, None, variant, &mut source)?;
    Ok(source)
}

fn include<'a>(name: &'a str, seen: &mut Vec<&'a str>, lines: &mut Vec<&'static str>) -> Result<(), ComposeError> {
    if seen.contains(&name) {
        return Ok(());
    }
    seen.push(name);
    let (_, text) = FILES.iter().find(|(file, _)| *file == name).ok_or_else(|| ComposeError::UnknownFile(name.to_owned()))?;
    for line in text.lines() {
        match line.strip_prefix("//#include ") {
            Some(included) => include(included.trim(), seen, lines)?,
            None => lines.push(line),
        }
    }
    Ok(())
}

/// Follows the directives of some lines, which stand for one slice or for none.
fn expand(lines: &[&str], slice: Option<usize>, variant: &Variant, source: &mut String) -> Result<(), ComposeError> {
    let mut rest = lines;
    while let Some((&line, after)) = rest.split_first() {
        let Some(directive) = line.strip_prefix("//#") else {
            match slice {
                Some(number) => source.push_str(&line.replace('$', &number.to_string())),
                None => source.push_str(line),
            }
            source.push('\n');
            rest = after;
            continue;
        };
        let block = Block::of(after).ok_or_else(|| ComposeError::Directive(line.to_owned()))?;
        if directive == "each" {
            for number in 0..variant.slice_count as usize {
                expand(block.then, Some(number), variant, source)?;
            }
        } else {
            let condition = directive.strip_prefix("if ").and_then(|condition| holds(condition, slice, variant));
            let holds = condition.ok_or_else(|| ComposeError::Directive(line.to_owned()))?;
            expand(if holds { block.then } else { block.otherwise }, slice, variant, source)?;
        }
        rest = block.after;
    }
    Ok(())
}

/// The lines after a directive, up to its `//#else`, from there to its `//#end`, and all that follows.
struct Block<'a, 'b> {
    then: &'a [&'b str],
    otherwise: &'a [&'b str],
    after: &'a [&'b str],
}

impl<'a, 'b> Block<'a, 'b> {
    fn of(lines: &'a [&'b str]) -> Option<Self> {
        let mut depth = 0;
        let mut middle = None;
        for (at, line) in lines.iter().enumerate() {
            match *line {
                "//#end" if depth == 0 => {
                    let then = lines.get(..middle.unwrap_or(at))?;
                    let otherwise = middle.map_or(Some([].as_slice()), |middle| lines.get(middle + 1..at))?;
                    return Some(Self { then, otherwise, after: lines.get(at + 1..)? });
                }
                "//#end" => depth -= 1,
                "//#else" if depth == 0 => middle = Some(at),
                _ if line.starts_with("//#if ") || *line == "//#each" => depth += 1,
                _ => {}
            }
        }
        None
    }
}

/// Whether a condition holds; `None` where it is not known.
fn holds(condition: &str, slice: Option<usize>, variant: &Variant) -> Option<bool> {
    if let Some(levels) = condition.strip_prefix("levels > ") {
        return Some(variant.level_count > levels.parse().ok()?);
    }
    let (name, expected) = condition.strip_prefix('!').map_or((condition, true), |name| (name, false));
    let (_, flag) = KINDS.iter().find(|(kind, _)| *kind == name)?;
    Some((variant.kinds.get(slice?)? & flag != 0) == expected)
}
