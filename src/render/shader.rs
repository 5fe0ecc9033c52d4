//! The shaders' sources: files with `//#include NAME` lines, composed here and nowhere else.

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

/// A file that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no shader file named {name}")]
pub struct UnknownFile {
    /// The name that was asked for.
    pub name: String,
}

/// The source of a shader with its includes, each file once, where it is first named.
///
/// # Errors
///
/// Where the file or one that it includes does not exist.
pub fn compose(name: &str) -> Result<String, UnknownFile> {
    let mut source = String::new();
    include(name, &mut Vec::new(), &mut source)?;
    Ok(source)
}

fn include(name: &str, seen: &mut Vec<String>, source: &mut String) -> Result<(), UnknownFile> {
    if seen.iter().any(|other| other == name) {
        return Ok(());
    }
    seen.push(name.to_owned());
    let (_, text) = FILES.iter().find(|(file, _)| *file == name).ok_or_else(|| UnknownFile { name: name.to_owned() })?;
    for line in text.lines() {
        match line.strip_prefix("//#include ") {
            Some(included) => include(included.trim(), seen, source)?,
            None => {
                source.push_str(line);
                source.push('\n');
            }
        }
    }
    Ok(())
}
