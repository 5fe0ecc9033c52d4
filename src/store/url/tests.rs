//! Addresses and what becomes of them, as tables.

use super::{SourceUrl, Url, at_s3_service, join, parse_source};

fn ok(text: &str) -> String {
    Url::parse(text).unwrap().to_string()
}

fn refused(text: &str) -> String {
    Url::parse(text).unwrap_err().to_string()
}

#[test]
fn addresses_become_canonical() {
    let cases = [
        ("https://Host.Example:8080/A/b", "https://host.example:8080/A/b"),
        ("  http://h/a#fragment ", "http://h/a"),
        ("HTTPS://h", "https://h/"),
        ("https://h/a/./b/../c", "https://h/a/c"),
        ("https://h/a/b/..", "https://h/a/"),
        ("https://h/a/%2e%2E/c", "https://h/c"),
        ("https://h/with space/\u{e9}?q=a b", "https://h/with%20space/%C3%A9?q=a%20b"),
        ("https://h/a%20b/100%/%zz", "https://h/a%20b/100%25/%25zz"),
        ("https://h/a//b/", "https://h/a//b/"),
        ("https://h?token=1", "https://h/?token=1"),
        ("s3+https://h/bucket/path", "https://h/bucket/path"),
        ("gs://bucket.name/a+b", "gs://bucket.name/a%2Bb"),
        ("https://[::1]:80/x", "https://[::1]:80/x"),
        ("/data/some folder/50%", "file:///data/some%20folder/50%25"),
        ("file:///data/x", "file:///data/x"),
        ("/data/a.zip|zip:b c/../d/", "file:///data/a.zip|zip:d/"),
        ("https://h/a.zip?key=1#x|zip:/b/./c", "https://h/a.zip?key=1|zip:b/c"),
        ("local://7/some folder/x", "local://7/some%20folder/x"),
    ];
    for (text, expected) in cases {
        assert_eq!(ok(text), expected, "{text}");
        assert_eq!(ok(expected), expected, "{text} again");
    }
}

#[test]
fn nonsense_is_refused_with_its_reason() {
    let cases = [
        ("host/path", "no scheme"),
        ("", "no scheme"),
        ("ftp://h/x", "scheme is unknown"),
        ("https:///x", "host is missing"),
        ("https://a b/x", "host is missing"),
        ("gs:///x", "bucket is missing"),
        ("s3://b_u/k/../..", "above its bucket"),
        ("s3://bu%41/k", "bucket is missing"),
        ("gs://../k", "bucket is missing"),
        ("https://h/..", "above its host"),
        ("https://h/a/../%2e%2e/b", "above its host"),
        ("file://host/x", "three slashes"),
        ("https://h/a.zip|zip:../x", "above its archive"),
        ("https://h/a.zip|zip:b.zip|zip:c", "archives inside of archives"),
        ("local://host/x", "no place that this viewer keeps"),
    ];
    for (text, reason) in cases {
        assert!(refused(text).contains(reason), "{text}: {}", refused(text));
    }
    let secret = refused("https://me:secret@h/x");
    assert!(secret.contains("password") && !secret.contains("secret"), "{secret}");
}

#[test]
fn keys_are_joined_as_raw_text() {
    let cases = [
        ("https://h/vol", "8_8_8/0-64_0-64_0-64", "https://h/vol/8_8_8/0-64_0-64_0-64"),
        ("https://h/vol/", "info", "https://h/vol/info"),
        ("https://h", "info", "https://h/info"),
        ("https://h/vol?sig=a%2Fb", "c/0/0", "https://h/vol/c/0/0?sig=a%2Fb"),
        ("https://h/vol", "../mesh/info", "https://h/mesh/info"),
        ("https://h/vol", "a/./b/../c", "https://h/vol/a/c"),
        ("https://h/vol", "50%/a b?#c", "https://h/vol/50%25/a%20b%3F%23c"),
        ("https://h/vol", "%2e%2e/x", "https://h/vol/%252e%252e/x"),
        ("https://h/vol", "mesh/123:0", "https://h/vol/mesh/123:0"),
        ("https://h/vol", "..\\x", "https://h/vol/..%5Cx"),
        ("gs://b/vol", "a+b", "gs://b/vol/a%2Bb"),
        ("/data/vol", "info", "file:///data/vol/info"),
    ];
    for (base, key, expected) in cases {
        assert_eq!(join(base, key).unwrap(), expected, "{base} + {key}");
    }
    for (base, key) in [("https://h/vol", "../../x"), ("gs://b", "../other-bucket/x"), ("https://h", "..")] {
        assert!(join(base, key).unwrap_err().to_string().contains("above its"), "{base} + {key}");
    }
}

/// Examples of RFC 3986 §5.4 (those that stay below the host), with the base `http://a/b/c/d;p?q`.
#[test]
fn references_are_resolved_by_rfc_3986() {
    let base = Url::parse("http://a/b/c/d;p?q").unwrap();
    let cases = [
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g/"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y", "http://a/b/c/g?y"),
        ("g#s", "http://a/b/c/g"),
        (";x", "http://a/b/c/;x"),
        ("g;x=1/../y", "http://a/b/c/y"),
        (".", "http://a/b/c/"),
        ("./", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../..", "http://a/"),
        ("../../g", "http://a/g"),
        ("gs://bucket/x", "gs://bucket/x"),
    ];
    for (reference, expected) in cases {
        assert_eq!(base.resolve(reference).unwrap().to_string(), expected, "{reference}");
    }
    assert!(base.resolve("../../../g").unwrap_err().to_string().contains("above its host"));
}

#[test]
fn buckets_become_requests() {
    let cases = [
        ("https://h/a b?x=1", "https://h/a%20b?x=1"),
        // Neuroglancer's form of the JSON API, without its random parameter.
        (
            "gs://neuroglancer-public-data/flyem_fib-25/image/info",
            "https://storage.googleapis.com/storage/v1/b/neuroglancer-public-data/o/flyem_fib-25%2Fimage%2Finfo?alt=media",
        ),
        ("gs://b/k(1)%2F+?userProject=p", "https://storage.googleapis.com/storage/v1/b/b/o/k%281%29%2F%2B?alt=media&userProject=p"),
        ("s3://janelia-cosem-datasets/jrc/x.zarr", "https://janelia-cosem-datasets.s3.amazonaws.com/jrc/x.zarr"),
        ("s3://bucket/k?region=eu-west-1", "https://bucket.s3.eu-west-1.amazonaws.com/k"),
        ("s3://with.dots/k", "https://s3.amazonaws.com/with.dots/k"),
        ("s3://with.dots/k?region=us-west-2&versionId=7", "https://s3.us-west-2.amazonaws.com/with.dots/k?versionId=7"),
        ("s3://Upper_Case/k", "https://s3.amazonaws.com/Upper_Case/k"),
        ("s3://b/k?endpoint=http://localhost:9000", "http://localhost:9000/b/k"),
        ("s3://b/k?endpoint=uk1s3.embassy.ebi.ac.uk", "https://uk1s3.embassy.ebi.ac.uk/b/k"),
        ("s3://b/k?endpoint=https%3A%2F%2Fh%2Fs3%2F", "https://h/s3/b/k"),
        ("s3://b/k?endpoint=http://localhost:9000&pathStyle=false", "http://b.localhost:9000/k"),
        ("s3://b/k?endpoint=h&pathStyle=true", "https://h/b/k"),
        ("s3://b/k?pathStyle=true&region=eu-west-1", "https://s3.eu-west-1.amazonaws.com/b/k"),
        ("s3://with.dots/k?pathStyle=false", "https://with.dots.s3.amazonaws.com/k"),
    ];
    for (text, expected) in cases {
        assert_eq!(Url::parse(text).unwrap().request_url().unwrap(), expected, "{text}");
    }
    for text in [
        "s3://b/k?region=a.b",
        "s3://b/k?region=",
        "s3://b/k?endpoint=ftp://h",
        "s3://b/k?endpoint=gs://h",
        "s3://b/k?pathStyle=1",
        "/data/x",
    ] {
        assert!(Url::parse(text).unwrap().request_url().is_err(), "{text}");
    }
}

#[test]
fn a_service_is_said_beside_the_address() {
    let cases = [
        ("s3://b/k", Some("http://localhost:9000"), None, "s3://b/k?endpoint=http%3A%2F%2Flocalhost%3A9000"),
        ("s3://b/k?versionId=7", None, Some(true), "s3://b/k?versionId=7&pathStyle=true"),
        ("zarr://s3://b/k/", Some("h"), Some(false), "zarr://s3://b/k/?endpoint=h&pathStyle=false"),
        ("s3://b/k|zarr3:", Some("h"), None, "s3://b/k?endpoint=h|zarr3:"),
        ("s3://b/k", None, None, "s3://b/k"),
    ];
    for (typed, endpoint, path_style, expected) in cases {
        assert_eq!(at_s3_service(typed, endpoint, path_style), expected);
    }
}

#[test]
fn format_names_are_taken_off() {
    let page = Some("https://site/app/index.html?x=1");
    let cases = [
        ("https://h/a/", None, "https://h/a", None),
        ("precomputed://gs://b/p", None, "gs://b/p", Some("precomputed")),
        ("zarr://https://h/x.zarr/", None, "https://h/x.zarr", Some("zarr")),
        ("zarr2://s3://b/x", None, "s3://b/x", Some("zarr2")),
        ("N5://https://h/x.n5", None, "https://h/x.n5", Some("n5")),
        ("graphene://https://h/x", None, "https://h/x", Some("graphene")),
        ("gs://b/p/|neuroglancer-precomputed:", None, "gs://b/p", Some("precomputed")),
        ("https://h/x.zarr|zarr3:", None, "https://h/x.zarr", Some("zarr3")),
        ("https://h/x.zarr/|zarr:path/to/array/", None, "https://h/x.zarr/path/to/array", Some("zarr")),
        ("gs://b/p.zip|zip:x/|zarr3:", None, "gs://b/p.zip|zip:x", Some("zarr3")),
        ("zarr://https://h/a.zip|zip:b/|zarr2:c/", None, "https://h/a.zip|zip:b/c", Some("zarr2")),
        ("https://h/a.ZIP", None, "https://h/a.ZIP|zip:", None),
        ("https://h/a.zip/b", None, "https://h/a.zip/b", None),
        ("sample/image", page, "https://site/app/sample/image", None),
        ("/data/x", page, "https://site/data/x", None),
        ("precomputed://sample/image", page, "https://site/app/sample/image", Some("precomputed")),
        ("https://other/x", page, "https://other/x", None),
        ("https://h/x?token=a://b", None, "https://h/x?token=a://b", None),
    ];
    for (text, base, url, format) in cases {
        let expected = SourceUrl { url: url.to_owned(), format: format.map(str::to_owned) };
        assert_eq!(parse_source(text, base).unwrap(), expected, "{text}");
    }
    for text in ["gs://b/p|gzip:", "gs://b/p|", "gs://b/p.zip|zip:a|zip:b", "gs://b/p|zarr:|zip:a", "precomputed://", "sample/image"] {
        assert!(parse_source(text, None).is_err(), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic_or_leave_its_host(text in "(https://h/|gs://b/|/|)[ -~\u{e9}]{0,30}", key in "[a./%2eE\\\\ ?#]{0,20}") {
        if let Ok(url) = Url::parse(&text) {
            let again = Url::parse(&url.to_string()).unwrap();
            proptest::prop_assert_eq!(&again, &url);
            let _request = url.request_url();
            if let Ok(below) = url.join(&key) {
                proptest::prop_assert_eq!(below.scheme(), url.scheme());
                proptest::prop_assert!(!below.to_string().split(['?']).next().unwrap().contains("/../"));
            }
            let _resolved = url.resolve(&key);
        }
        let _source = parse_source(&text, Some("https://h/x"));
    }
}
