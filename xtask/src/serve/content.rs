//! What lies under a path: a file of the site, a file of the data folder, or the list of datasets.

use std::fs::{self, File, Metadata};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::datasets;
use super::http::{Body, Request, Response};
use super::pack::{Packed, is_packed};
use super::range::{self, Ranged};

/// The folders that are served.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) site: PathBuf,
    pub(super) data: Option<PathBuf>,
    pub(super) packed: Packed,
}

impl Content {
    pub(super) fn answer(&self, request: &Request) -> Response {
        let (root, path) = match (&self.data, request.path.strip_prefix("/data/")) {
            (Some(data), Some("index.json")) => return list(data, request),
            (Some(data), Some(path)) => (data, path),
            // The site's own list is empty: a page that asks what is served learns that nothing is.
            (None, Some("index.json")) => (&self.site, "data/index.json"),
            (None, Some(_)) => return Response::error(404, "no data folder is served: start with --data DIR"),
            (_, None) => (&self.site, request.path.trim_start_matches('/')),
        };
        let Some(file) = inside(root, path) else { return Response::error(404, "no such file") };
        if file.is_dir() {
            if !path.is_empty() && !path.ends_with('/') {
                return Response::new(301, Vec::new()).with("Location", format!("{}/", request.path));
            }
            return self.of_file(&file.join("index.html"), request);
        }
        self.of_file(&file, request)
    }

    /// A file, or where it is absent and `NAME.gz` is not, that one's bytes as NAME's gzip encoding (cloud-volume's layout).
    fn of_file(&self, path: &Path, request: &Request) -> Response {
        if let Some((file, meta)) = open(path) {
            let mime = mime(path);
            if is_packed(request, mime, meta.len())
                && let Ok(bytes) = self.packed.of(&file, &etag(&meta))
            {
                return whole(Body::Bytes(bytes), &meta, mime, request);
            }
            return send(file, &meta, mime, request);
        }
        let mut packed = path.as_os_str().to_owned();
        packed.push(".gz");
        let Some((file, meta)) = open(Path::new(&packed)) else { return Response::error(404, "no such file") };
        // A range of the encoded bytes is nothing that a reader could use, so ranges are not offered.
        whole(Body::Part { file, start: 0, len: meta.len() }, &meta, mime(path), request)
    }
}

/// The path below a folder, if it stays there whatever it contains.
fn inside(root: &Path, path: &str) -> Option<PathBuf> {
    let mut file = root.to_owned();
    for segment in path.split('/') {
        let strange = segment.contains(['\\', '\0', ':']) && cfg!(windows) || segment.contains(['\\', '\0']);
        match segment {
            "" | "." => {}
            ".." => return None,
            _ if strange => return None,
            name => file.push(name),
        }
    }
    Some(file)
}

fn list(data: &Path, request: &Request) -> Response {
    let body = datasets::list(data).to_string().into_bytes();
    let tag = format!("\"{:x}-{}\"", crc(&body), body.len());
    if request.header("If-None-Match") == Some(tag.as_str()) {
        return Response::new(304, Vec::new()).with("ETag", tag);
    }
    Response::new(200, body).with("Content-Type", "application/json").with("Cache-Control", "no-cache").with("ETag", tag)
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// All of a file, as gzip.
fn whole(body: Body, meta: &Metadata, mime: &str, request: &Request) -> Response {
    let tag = format!("{}-gzip\"", etag(meta).trim_end_matches('"'));
    if request.header("If-None-Match") == Some(tag.as_str()) {
        return Response::new(304, Vec::new()).with("ETag", tag);
    }
    let response = headers(Response { status: 200, headers: Vec::new(), body, range: None }, meta, tag, mime);
    response.with("Vary", "Accept-Encoding").with("Content-Encoding", "gzip")
}

fn open(path: &Path) -> Option<(File, Metadata)> {
    let meta = fs::metadata(path).ok().filter(Metadata::is_file)?;
    Some((File::open(path).ok()?, meta))
}

fn send(file: File, meta: &Metadata, mime: &str, request: &Request) -> Response {
    let tag = etag(meta);
    if request.header("If-None-Match") == Some(tag.as_str()) {
        return Response::new(304, Vec::new()).with("ETag", tag).with("Cache-Control", "no-cache");
    }
    let unchanged = request.header("If-Range").is_none_or(|known| known == tag);
    let asked = request.header("Range").filter(|_| unchanged);
    let (status, start, end) = match range::parse(asked, meta.len()) {
        Ranged::Whole => (200, 0, meta.len()),
        Ranged::Part { start, end } => (206, start, end),
        Ranged::Unsatisfiable => {
            return Response::error(416, "the range lies outside the file").with("Content-Range", format!("bytes */{}", meta.len()));
        }
    };
    let range = (status == 206).then_some((start, end));
    let response = Response { status, headers: Vec::new(), body: Body::Part { file, start, len: end - start }, range };
    let response = headers(response, meta, tag, mime).with("Accept-Ranges", "bytes");
    match range {
        Some((start, end)) => response.with("Content-Range", format!("bytes {start}-{}/{}", end - 1, meta.len())),
        None => response,
    }
}

fn headers(response: Response, meta: &Metadata, tag: String, mime: &str) -> Response {
    let response = response.with("Content-Type", mime).with("Cache-Control", "no-cache").with("ETag", tag);
    match meta.modified() {
        Ok(time) => response.with("Last-Modified", httpdate::fmt_http_date(time)),
        Err(_) => response,
    }
}

/// Changes when the file does: its length and the time it was written.
pub(super) fn etag(meta: &Metadata) -> String {
    let written = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    format!("\"{:x}-{:x}\"", meta.len(), written.as_nanos())
}

/// The media type by the name's ending. Browsers refuse modules and wasm of another type.
fn mime(path: &Path) -> &'static str {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Metadata files have no ending.
    if matches!(&*name, "info" | ".zarray" | ".zattrs" | ".zgroup" | ".zmetadata") {
        return "application/json";
    }
    match path.extension().and_then(|ending| ending.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" | "md" | "ts" => "text/plain; charset=utf-8",
        "gz" => "application/gzip",
        _ => "application/octet-stream",
    }
}
