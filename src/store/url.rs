//! Addresses: what a user types, what a key below it is called, and what is really asked of a server.
//!
//! A [`Url`] keeps its path percent-encoded and free of `.` and `..`; a path that climbs above its host or bucket is an error,
//! never a silent clamp. Query strings stay with every key below an address (they carry tokens); fragments are dropped.

use std::fmt;

use super::StoreError;

mod encode;
mod request;
mod source;

pub use source::{SourceUrl, at_s3_service, parse_source};

/// The ways to an object that are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `http://host/path`
    Http,
    /// `https://host/path`
    Https,
    /// `gs://bucket/path`: Google Cloud Storage.
    Gs,
    /// `s3://bucket/path`: Amazon S3 and what behaves like it.
    S3,
    /// `file:///path`, or a plain absolute path: native builds only.
    File,
    /// `local://number/path`: files that were chosen in the page, which numbers what was chosen together.
    Local,
}

impl Scheme {
    fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "http" | "s3+http" => Some(Self::Http),
            "https" | "s3+https" => Some(Self::Https),
            "gs" => Some(Self::Gs),
            "s3" => Some(Self::S3),
            "file" => Some(Self::File),
            "local" => Some(Self::Local),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Gs => "gs",
            Self::S3 => "s3",
            Self::File => "file",
            Self::Local => "local",
        }
    }

    fn is_bucket(self) -> bool {
        matches!(self, Self::Gs | Self::S3)
    }
}

/// An absolute address in canonical form; `Display` writes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Url {
    scheme: Scheme,
    /// Host and port, or the bucket; empty for files.
    authority: String,
    /// Percent-encoded, normalised, without the leading `/`.
    path: String,
    query: Option<String>,
    /// Where this is a place inside of the ZIP archive at the rest: its path there, as `path` is.
    inside: Option<String>,
}

impl Url {
    /// Reads an absolute address, or a plain absolute path of the file system.
    ///
    /// # Errors
    /// [`StoreError::BadUrl`] where the scheme is unknown, the host or bucket is missing or malformed, or `..` climbs above it.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let text = text.trim();
        let (address, inside) = match text.split_once("|zip:") {
            Some((archive, inside)) => (archive, Some(inside)),
            None => (text, None),
        };
        let url = Self::parse_plain(address, text)?;
        inside.map_or(Ok(url.clone()), |inside| url.in_archive(inside))
    }

    /// Reads an address that leads into no archive, which stands in `text`.
    fn parse_plain(address: &str, text: &str) -> Result<Self, StoreError> {
        if address.starts_with('/') && !address.starts_with("//") {
            let root = Self { scheme: Scheme::File, authority: String::new(), path: String::new(), query: None, inside: None };
            return root.join(address.trim_start_matches('/'));
        }
        let Some((scheme, rest)) = address.split_once("://") else {
            return Err(bad("it has no scheme such as https://", text));
        };
        let scheme = Scheme::parse(scheme).ok_or_else(|| bad("its scheme is unknown", text))?;
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (location, query) = match rest.split_once('?') {
            Some((location, query)) => (location, Some(query)),
            None => (rest, None),
        };
        let (authority, path) = location.split_once('/').unwrap_or((location, ""));
        let authority = check_authority(scheme, authority, text)?;
        let mut url = Self { scheme, authority, path: String::new(), query: None, inside: None };
        url.path = url.normalise(path, "")?;
        url.query = query.filter(|query| !query.is_empty()).map(encode::query);
        Ok(url)
    }

    /// The scheme.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// A place inside of the ZIP archive at this address.
    ///
    /// # Errors
    /// [`StoreError::BadUrl`] for an archive in an archive, and where `..` climbs above it.
    pub fn in_archive(&self, path: &str) -> Result<Self, StoreError> {
        if self.inside.is_some() || path.contains("|zip:") {
            return Err(bad("archives inside of archives are not read", &self.describe()));
        }
        let mut url = Self { inside: Some(String::new()), ..self.clone() };
        url.inside = Some(url.normalise(path.trim_start_matches('/'), "")?);
        Ok(url)
    }

    /// The address of the archive that this is a place in, and the place, not encoded.
    #[must_use]
    pub fn archive(&self) -> Option<(Self, String)> {
        let inside = self.inside.as_ref()?;
        Some((Self { inside: None, ..self.clone() }, String::from_utf8_lossy(&encode::decode(inside)).into_owned()))
    }

    /// Whether this is called a ZIP archive.
    #[must_use]
    pub fn is_called_archive(&self) -> bool {
        let name = self.path.to_ascii_lowercase();
        self.inside.is_none() && [".zip", ".ozx"].iter().any(|ending| name.ends_with(ending))
    }

    /// The same address without a trailing `/`.
    #[must_use]
    pub fn as_folder(mut self) -> Self {
        let path = self.inside.as_mut().unwrap_or(&mut self.path);
        path.truncate(path.trim_end_matches('/').len());
        self
    }

    /// The names in its path, decoded, the last first: within its archive, or below its host or bucket.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.innermost().rsplit('/').map(|name| String::from_utf8_lossy(&encode::decode(name)).into_owned()).collect()
    }

    /// With the query of another address, where this one has none and lies at the same host or bucket: queries carry tokens.
    #[must_use]
    pub fn with_query_of(mut self, other: &Self) -> Self {
        if self.query.is_none() && (self.scheme, &self.authority) == (other.scheme, &other.authority) {
            self.query.clone_from(&other.query);
        }
        self
    }

    /// Its path where keys lie: in its archive, or below its host or bucket.
    fn innermost(&self) -> &str {
        self.inside.as_ref().unwrap_or(&self.path)
    }

    /// The same with another innermost path.
    fn with_innermost(&self, path: String) -> Self {
        match self.inside {
            Some(_) => Self { inside: Some(path), ..self.clone() },
            None => Self { path, ..self.clone() },
        }
    }

    /// The address of a key below this one, which is taken as a folder. A key is raw text: all that a URL cannot hold is encoded.
    /// The query stays.
    ///
    /// # Errors
    /// [`StoreError::BadUrl`] where `..` climbs above the host or bucket.
    pub fn join(&self, key: &str) -> Result<Self, StoreError> {
        let base = self.innermost().trim_end_matches('/');
        let mut segments: Vec<&str> = if base.is_empty() { Vec::new() } else { base.split('/').collect() };
        let encoded: Vec<String> = if key.is_empty() { Vec::new() } else { key.split('/').map(encode::segment).collect() };
        for segment in &encoded {
            push_segment(&mut segments, segment).ok_or_else(|| self.above(key))?;
        }
        Ok(self.with_innermost(segments.join("/")))
    }

    /// The folder it lies in, and its name there, decoded.
    #[must_use]
    pub fn split_name(&self) -> (Self, String) {
        let path = self.innermost().trim_end_matches('/');
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let name = String::from_utf8_lossy(&encode::decode(name)).into_owned();
        (self.with_innermost(folder.to_owned()), name)
    }

    /// Resolves a reference as a browser would: absolute, `//host/path`, `/path` or relative to the folder this address lies in.
    /// (Give a base that ends in `/` to resolve below it.) The base's query is not inherited.
    ///
    /// # Errors
    /// [`StoreError::BadUrl`] for a reference that cannot be understood or climbs above the host or bucket.
    pub fn resolve(&self, reference: &str) -> Result<Self, StoreError> {
        let reference = reference.trim();
        if reference.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme)) {
            return Self::parse(reference);
        }
        if let Some(rest) = reference.strip_prefix("//") {
            return Self::parse(&format!("{}://{rest}", self.scheme.name()));
        }
        let reference = reference.split_once('#').map_or(reference, |(before, _)| before);
        let (path, query) = match reference.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (reference, None),
        };
        let (base, path) = match path.strip_prefix('/') {
            Some(path) => ("", path),
            None if path.is_empty() => (self.innermost(), ""),
            None => (self.innermost().rsplit_once('/').map_or("", |(folder, _)| folder), path),
        };
        let path = self.normalise(path, base)?;
        if self.inside.is_some() {
            // The query belongs to the archive.
            return Ok(self.with_innermost(path));
        }
        Ok(Self { path, query: query.filter(|query| !query.is_empty()).map(encode::query), ..self.clone() })
    }

    /// The path of a `file:` address on this machine.
    #[cfg(all(feature = "decode", not(target_arch = "wasm32")))]
    pub(crate) fn file_path(&self) -> Option<std::path::PathBuf> {
        let path = String::from_utf8(encode::decode(&self.path)).ok()?;
        (self.scheme == Scheme::File).then(|| format!("/{path}").into())
    }

    /// The address without its query, which may hold secrets: for messages.
    #[must_use]
    pub fn describe(&self) -> String {
        let inside = self.inside.as_ref().map(|inside| format!("|zip:{inside}")).unwrap_or_default();
        format!("{}://{}/{}{inside}", self.scheme.name(), self.authority, self.path)
    }

    /// Applies a typed, possibly encoded path to a base path.
    fn normalise(&self, path: &str, base: &str) -> Result<String, StoreError> {
        let path = encode::typed_path(path, self.scheme.is_bucket());
        let mut segments: Vec<&str> = if base.is_empty() { Vec::new() } else { base.split('/').collect() };
        if !path.is_empty() {
            for segment in path.split('/') {
                push_segment(&mut segments, segment).ok_or_else(|| self.above(&path))?;
            }
            // `a/b/..` and `a/.` name folders.
            let last = path.rsplit('/').next().unwrap_or("");
            if is_dot(last) || is_dot_dot(last) {
                segments.push("");
            }
        }
        Ok(segments.join("/"))
    }

    fn root_name(&self) -> &'static str {
        if self.inside.is_some() {
            "archive"
        } else if self.scheme.is_bucket() {
            "bucket"
        } else {
            "host"
        }
    }

    fn above(&self, key: &str) -> StoreError {
        bad(format!("\"{key}\" leads above its {}", self.root_name()), &self.describe())
    }
}

impl fmt::Display for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}/{}", self.scheme.name(), self.authority, self.path)?;
        self.query.as_ref().map_or(Ok(()), |query| write!(formatter, "?{query}"))?;
        self.inside.as_ref().map_or(Ok(()), |inside| write!(formatter, "|zip:{inside}"))
    }
}

/// The address of a key below an address, both as text. See [`Url::join`].
///
/// # Errors
/// [`StoreError::BadUrl`] where the address cannot be understood or `..` climbs above the host or bucket.
pub fn join(base: &str, key: &str) -> Result<String, StoreError> {
    Ok(Url::parse(base)?.join(key)?.to_string())
}

fn push_segment<'a>(segments: &mut Vec<&'a str>, segment: &'a str) -> Option<()> {
    if is_dot_dot(segment) {
        segments.pop().map(|_| ())
    } else {
        if !is_dot(segment) {
            segments.push(segment);
        }
        Some(())
    }
}

// Browsers read %2e as a dot, too (URL standard, "double-dot URL path segment").
fn is_dot(segment: &str) -> bool {
    segment == "." || segment.eq_ignore_ascii_case("%2e")
}

fn is_dot_dot(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().as_str(), ".." | ".%2e" | "%2e." | "%2e%2e")
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

fn bad(reason: impl Into<String>, url: &str) -> StoreError {
    StoreError::BadUrl { reason: reason.into(), url: url.to_owned() }
}

fn check_authority(scheme: Scheme, authority: &str, text: &str) -> Result<String, StoreError> {
    match scheme {
        Scheme::File if authority.is_empty() => Ok(String::new()),
        Scheme::File => Err(bad("a file address has three slashes, file:///path", text)),
        Scheme::Local if authority.parse::<u32>().is_ok() => Ok(authority.to_owned()),
        Scheme::Local => Err(bad("it is no place that this viewer keeps", text)),
        Scheme::Gs | Scheme::S3 => {
            let known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if (1..=222).contains(&authority.len()) && authority.chars().all(known) && authority.chars().any(|c| c != '.') {
                Ok(authority.to_owned())
            } else {
                Err(bad("the name of its bucket is missing or malformed", text))
            }
        }
        Scheme::Http | Scheme::Https => {
            if let Some((_, host)) = authority.rsplit_once('@') {
                // Browsers refuse to fetch such an address; its secret does not belong into a message.
                return Err(bad("it holds a user name or password", &format!("{}://{host}/", scheme.name())));
            }
            if authority.is_empty() || authority.chars().any(|c| c.is_whitespace() || c.is_control() || "\\<>\"^`{|}%".contains(c)) {
                return Err(bad("the name of its host is missing or malformed", text));
            }
            Ok(authority.to_lowercase())
        }
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;
