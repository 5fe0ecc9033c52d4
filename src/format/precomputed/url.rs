//! Addresses relative to a folder: `key`, `redirect`.

/// The address of `relative` in the folder at `base`, without a trailing slash. `relative` may climb with `..`, begin with `/`
/// (from the host's or bucket's root) or be an address of its own. A query of the base is kept behind the path.
pub(super) fn join(base: &str, relative: &str) -> String {
    let relative = strip(relative);
    if relative.contains("://") {
        return relative.to_owned();
    }
    let base = strip(base);
    let (path, query) = base.split_at(base.find(['?', '#']).unwrap_or(base.len()));
    // The scheme and host (or bucket), which `..` does not climb out of.
    let root_len = path.find("://").map_or(0, |at| {
        let host = at + "://".len();
        path.get(host..).and_then(|rest| rest.find('/')).map_or(path.len(), |len| host + len)
    });
    let (root, folder) = path.split_at(root_len);
    let absolute = relative.starts_with('/') || (root.is_empty() && folder.starts_with('/')) || (!root.is_empty());
    let mut parts: Vec<&str> = Vec::new();
    let folder = if relative.starts_with('/') { "" } else { folder };
    for part in folder.split('/').chain(relative.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let slash = if absolute && !parts.is_empty() { "/" } else { "" };
    format!("{root}{slash}{}{query}", parts.join("/"))
}

fn strip(url: &str) -> &str {
    url.strip_prefix("precomputed://").unwrap_or(url).trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn joins_like_a_browser() {
        for (base, relative, joined) in [
            ("https://host/a/b", "info", "https://host/a/b/info"),
            ("https://host/a/b/", "", "https://host/a/b"),
            ("https://host/a/b/", "../c", "https://host/a/c"),
            ("https://host/a/b", "a/../a/./b/", "https://host/a/b/a/b"),
            ("https://host/a", "../../../c", "https://host/c"),
            ("https://host", "info", "https://host/info"),
            ("https://host/a/b", "/c", "https://host/c"),
            ("https://host/a?token=1/2", "info", "https://host/a/info?token=1/2"),
            ("precomputed://gs://bucket/a/", "8_8_40", "gs://bucket/a/8_8_40"),
            ("gs://bucket/a", "../../../b", "gs://bucket/b"),
            ("s3://bucket", "precomputed://https://host/x", "https://host/x"),
            ("/data/set", "../other", "/data/other"),
            ("data/set", "info", "data/set/info"),
        ] {
            assert_eq!(join(base, relative), joined, "{base} + {relative}");
        }
    }
}
