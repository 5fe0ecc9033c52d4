//! Finds the volumes in a folder, so that the page can offer them.
//!
//! Knows just enough of each format to tell a volume from its parts: a precomputed `info` with scales, an OME-Zarr image, a
//! bare Zarr or N5 array of three dimensions or more, an N5 group of levels, a dataset that WEBKNOSSOS describes, an archive. What a volume
//! holds is for the page to find out.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

/// How far below the folder a dataset may lie.
const MAX_DEPTH: usize = 6;
/// How many folders are looked into, so that a home directory does not take minutes.
const MAX_FOLDERS: usize = 5_000;
/// Metadata longer than this is not looked at.
const MAX_METADATA_BYTES: u64 = 16 << 20;
/// Most segmentations that are opened together with the image beside them.
const MAX_SEGMENTATIONS: usize = 2;

/// What stays as it is in a URL's path.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Image,
    Segmentation,
    /// For the page to find out.
    Unknown,
}

#[derive(Debug, Clone)]
struct Layer {
    name: String,
    /// Names of the folders from the root.
    path: Vec<String>,
    kind: Kind,
    format: &'static str,
}

/// Layers that are opened together.
#[derive(Debug)]
struct Dataset {
    path: Vec<String>,
    layers: Vec<Layer>,
}

/// The datasets in a folder as JSON: `[{ name, path, layers: [{ name, url, type, kind }] }]`, those of several layers first,
/// then by path. URLs are relative to the site's root.
pub(super) fn list(root: &Path) -> Value {
    let mut search = Search { datasets: Vec::new(), folders_left: MAX_FOLDERS };
    let alone = search.look(root, &[], MAX_DEPTH);
    search.keep(&[], alone);
    search.datasets.sort_by(|a, b| (a.layers.len() < 2).cmp(&(b.layers.len() < 2)).then_with(|| a.path.cmp(&b.path)));
    search.datasets.iter().map(Dataset::to_json).collect()
}

impl Dataset {
    fn to_json(&self) -> Value {
        let layer = |layer: &Layer| {
            let kind = match layer.kind {
                Kind::Image => "image",
                Kind::Segmentation => "segmentation",
                Kind::Unknown => "auto",
            };
            json!({ "name": layer.name, "url": url(&layer.path), "type": kind, "kind": layer.format })
        };
        json!({
            "name": self.path.join("/"),
            "path": url(&self.path),
            "layers": self.layers.iter().map(layer).collect::<Vec<_>>(),
        })
    }
}

fn url(path: &[String]) -> String {
    let segments = path.iter().map(|segment| utf8_percent_encode(segment, PATH).to_string());
    std::iter::once("data".to_owned()).chain(segments).collect::<Vec<_>>().join("/")
}

struct Search {
    datasets: Vec<Dataset>,
    folders_left: usize,
}

impl Search {
    /// Looks into a folder. A volume of one layer is returned, for the folder above to group; all else is kept.
    fn look(&mut self, folder: &Path, path: &[String], depth: usize) -> Vec<Layer> {
        if self.folders_left == 0 {
            return Vec::new();
        }
        self.folders_left -= 1;
        match identify(folder, path) {
            Found::Volume(layers) if layers.len() == 1 => return layers,
            Found::Volume(layers) => {
                self.datasets.push(Dataset { path: path.to_vec(), layers });
                return Vec::new();
            }
            Found::Part => return Vec::new(),
            Found::Nothing => {}
        }
        if depth == 0 {
            return Vec::new();
        }
        let mut beside = Vec::new();
        beside.extend(archives_in(folder).into_iter().map(|name| {
            let below: Vec<String> = path.iter().cloned().chain([name]).collect();
            layer(&below, Kind::Unknown, "zip")
        }));
        for name in folders_in(folder) {
            let below: Vec<String> = path.iter().cloned().chain([name.clone()]).collect();
            beside.extend(self.look(&folder.join(&name), &below, depth - 1));
        }
        // Volumes from further down were kept there, so these lie side by side.
        self.keep(path, beside);
        Vec::new()
    }

    /// Keeps volumes that lie side by side: an image with its segmentations as one dataset, others each as one.
    fn keep(&mut self, path: &[String], mut layers: Vec<Layer>) {
        let images = layers.iter().filter(|layer| layer.kind == Kind::Image).count();
        let segmentations = layers.iter().filter(|layer| layer.kind == Kind::Segmentation).count();
        if images == 1 && images + segmentations == layers.len() && (1..=MAX_SEGMENTATIONS).contains(&segmentations) {
            layers.sort_by_key(|layer| layer.kind != Kind::Image);
            self.datasets.push(Dataset { path: path.to_vec(), layers });
        } else {
            self.datasets.extend(layers.into_iter().map(|layer| Dataset { path: layer.path.clone(), layers: vec![layer] }));
        }
    }
}

/// What a folder is.
enum Found {
    /// A volume, with the label volumes inside it.
    Volume(Vec<Layer>),
    /// Something that belongs to a volume and has none below: meshes, skeletons, a table.
    Part,
    /// A folder like any other.
    Nothing,
}

fn identify(folder: &Path, path: &[String]) -> Found {
    if let Some(info) = metadata(&folder.join("info")) {
        return precomputed(&info, path);
    }
    if let Some(described) = metadata(&folder.join("datasource-properties.json")) {
        return webknossos(&described, path);
    }
    if let Some(attributes) = metadata(&folder.join("attributes.json"))
        && let Some(found) = n5(folder, path, &attributes)
    {
        return found;
    }
    if let Some(group) = metadata(&folder.join("zarr.json")) {
        return zarr(folder, path, &group["attributes"], Some(&group).filter(|group| group["node_type"] == "array"));
    }
    let array = metadata(&folder.join(".zarray"));
    match metadata(&folder.join(".zattrs")) {
        Some(attributes) => zarr(folder, path, &attributes, array.as_ref()),
        None if array.is_some() => zarr(folder, path, &Value::Null, array.as_ref()),
        None => Found::Nothing,
    }
}

fn precomputed(info: &Value, path: &[String]) -> Found {
    if info["scales"].is_array() {
        let kind = if info["type"] == "segmentation" { Kind::Segmentation } else { Kind::Image };
        return Found::Volume(vec![layer(path, kind, "precomputed")]);
    }
    // A file of this name with nothing we know in it may be anybody's.
    if info["@type"].is_string() || info["redirect"].is_string() { Found::Part } else { Found::Nothing }
}

fn zarr(folder: &Path, path: &[String], attributes: &Value, array: Option<&Value>) -> Found {
    // Version 0.5 keeps its attributes under "ome".
    let ome = if attributes["ome"].is_object() { &attributes["ome"] } else { attributes };
    if ome["multiscales"].is_array() {
        let kind = if ome["image-label"].is_object() { Kind::Segmentation } else { Kind::Image };
        let mut layers = vec![layer(path, kind, "zarr")];
        layers.extend(labels(folder, path));
        return Found::Volume(layers);
    }
    match array {
        Some(array) if array["shape"].as_array().is_some_and(|shape| shape.len() >= 3) => {
            Found::Volume(vec![layer(path, Kind::Image, "zarr")])
        }
        Some(_) => Found::Part,
        None => Found::Nothing,
    }
}

/// The layers that WEBKNOSSOS lists.
fn webknossos(described: &Value, path: &[String]) -> Found {
    let layers = described["dataLayers"].as_array().into_iter().flatten().filter_map(|described| {
        let below: Vec<String> = path.iter().cloned().chain([described["name"].as_str()?.to_owned()]).collect();
        let kind = if described["category"] == "segmentation" { Kind::Segmentation } else { Kind::Image };
        Some(layer(&below, kind, "wkw"))
    });
    let layers: Vec<Layer> = layers.collect();
    if layers.is_empty() { Found::Nothing } else { Found::Volume(layers) }
}

/// An N5 array, or a group of which the finest level is there.
fn n5(folder: &Path, path: &[String], attributes: &Value) -> Option<Found> {
    let level = if attributes["dimensions"].is_array() { attributes.clone() } else { metadata(&folder.join("s0/attributes.json"))? };
    let dimensions = level["dimensions"].as_array()?.len();
    let kind = if level["dataType"] == "uint64" { Kind::Segmentation } else { Kind::Image };
    Some(if dimensions >= 3 { Found::Volume(vec![layer(path, kind, "n5")]) } else { Found::Part })
}

/// The label images that an OME-Zarr image lists in its `labels` group.
fn labels(folder: &Path, path: &[String]) -> Vec<Layer> {
    let group = folder.join("labels");
    let attributes = metadata(&group.join("zarr.json")).map(|group| group["attributes"]["ome"].clone());
    let Some(attributes) = attributes.or_else(|| metadata(&group.join(".zattrs"))) else { return Vec::new() };
    let names = attributes["labels"].as_array().into_iter().flatten().filter_map(Value::as_str);
    names
        .map(|name| {
            let below = name.split('/').map(str::to_owned);
            let path: Vec<String> = path.iter().cloned().chain(["labels".to_owned()]).chain(below).collect();
            layer(&path, Kind::Segmentation, "zarr")
        })
        .collect()
}

fn layer(path: &[String], kind: Kind, format: &'static str) -> Layer {
    Layer { name: path.last().cloned().unwrap_or_else(|| "data".to_owned()), path: path.to_vec(), kind, format }
}

/// A JSON file, or its gzip sibling.
fn metadata(file: &Path) -> Option<Value> {
    let mut text = String::new();
    if let Ok(plain) = File::open(file) {
        plain.take(MAX_METADATA_BYTES).read_to_string(&mut text).ok()?;
    } else {
        let mut packed = file.as_os_str().to_owned();
        packed.push(".gz");
        GzDecoder::new(File::open(packed).ok()?).take(MAX_METADATA_BYTES).read_to_string(&mut text).ok()?;
    }
    serde_json::from_str(&text).ok().filter(Value::is_object)
}

/// Names of the archives in a folder, in order.
fn archives_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter(|entry| entry.path().is_file()).filter_map(|entry| entry.file_name().into_string().ok());
    let is_archive = |name: &String| [".zip", ".ozx"].iter().any(|ending| name.to_ascii_lowercase().ends_with(ending));
    let mut names: Vec<String> = names.filter(is_archive).collect();
    names.sort();
    names
}

/// Names of the folders in a folder, in order; hidden ones and installed modules hold no datasets.
fn folders_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter(|entry| entry.path().is_dir()).filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.') && name != "node_modules").collect();
    names.sort();
    names
}
