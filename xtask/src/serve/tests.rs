//! The server answering as a browser asks: over real connections to real files.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process, thread};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::content::Content;
use super::fault::Faults;
use super::log::Log;
use super::pack::Packed;
use super::phantom::Phantoms;
use super::shape::Shape;
use super::{Server, accept};

/// A server of a folder of its own, which goes with it.
pub(super) struct Fixture {
    pub(super) folder: PathBuf,
    address: SocketAddr,
}

impl Fixture {
    pub(super) fn new() -> Self {
        Self::serving(true)
    }

    /// With or without a folder of datasets.
    fn serving(data: bool) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("neurolume-serve-{}-{count}", process::id()));
        for name in ["site", "data"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        let server = Server {
            content: Content { site: folder.join("site"), data: data.then(|| folder.join("data")), packed: Packed::default() },
            phantoms: Phantoms::default(),
            faults: Some(Faults::default()),
            log: Log::open(Some(&folder.join("log"))).unwrap(),
            shape: Shape::new(0, 0.0),
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || accept(&listener, &Arc::new(server)));
        Self { folder, address }
    }

    pub(super) fn write(&self, path: &str, bytes: &[u8]) {
        let file = self.folder.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).unwrap()
    }

    /// One request on a connection of its own.
    fn ask(&self, method: &str, path: &str, headers: &[&str]) -> Answer {
        let mut stream = self.connect();
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n").unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        Answer::parse(&bytes)
    }

    pub(super) fn get(&self, path: &str, headers: &[&str]) -> Answer {
        self.ask("GET", path, headers)
    }

    /// The lines of the log, once there are as many as expected: an answer is written down after it is sent.
    fn log(&self, lines: usize) -> Vec<Value> {
        loop {
            let text = fs::read_to_string(self.folder.join("log")).unwrap();
            if text.lines().count() >= lines && text.ends_with('\n') {
                return text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            }
            thread::yield_now();
        }
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head, body: bytes[end + 4..].to_vec() }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let prefix = format!("{name}: ");
        self.head.lines().find_map(|line| line.strip_prefix(&prefix))
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn ranges_of_a_file() {
    let fixture = Fixture::new();
    fixture.write("data/chunk", b"0123456789");
    let whole = fixture.get("/data/chunk", &[]);
    assert_eq!((whole.status, whole.body.as_slice()), (200, &b"0123456789"[..]));
    assert_eq!(whole.header("Accept-Ranges"), Some("bytes"));
    let part = fixture.get("/data/chunk", &["Range: bytes=2-4"]);
    assert_eq!((part.status, part.body.as_slice()), (206, &b"234"[..]));
    assert_eq!(part.header("Content-Range"), Some("bytes 2-4/10"));
    assert_eq!(part.header("Content-Length"), Some("3"));
    let outside = fixture.get("/data/chunk", &["Range: bytes=10-"]);
    assert_eq!((outside.status, outside.header("Content-Range")), (416, Some("bytes */10")));
}

#[test]
fn without_a_data_folder_the_list_is_that_of_the_site() {
    let fixture = Fixture::serving(false);
    fixture.write("site/data/index.json", b"[]");
    fixture.write("data/chunk", b"0123456789");
    let list = fixture.get("/data/index.json", &[]);
    assert_eq!((list.status, list.body.as_slice(), list.header("Content-Type")), (200, &b"[]"[..], Some("application/json")));
    assert_eq!(fixture.get("/data/chunk", &[]).status, 404);
}

#[test]
fn a_range_of_a_changed_file_is_the_whole_file() {
    let fixture = Fixture::new();
    fixture.write("data/chunk", b"0123456789");
    let tag = fixture.get("/data/chunk", &[]).header("ETag").unwrap().to_owned();
    let same = fixture.get("/data/chunk", &["Range: bytes=0-1", &format!("If-Range: {tag}")]);
    assert_eq!(same.status, 206);
    let other = fixture.get("/data/chunk", &["Range: bytes=0-1", "If-Range: \"other\""]);
    assert_eq!((other.status, other.body.len()), (200, 10));
}

#[test]
fn an_unchanged_file_is_not_sent_again() {
    let fixture = Fixture::new();
    fixture.write("site/a.js", b"1");
    let first = fixture.get("/a.js", &[]);
    assert_eq!(first.header("Cache-Control"), Some("no-cache"));
    assert_eq!(first.header("Content-Type"), Some("text/javascript; charset=utf-8"));
    let again = fixture.get("/a.js", &[&format!("If-None-Match: {}", first.header("ETag").unwrap())]);
    assert_eq!((again.status, again.body.len()), (304, 0));
}

#[test]
fn head_has_the_length_and_no_body() {
    let fixture = Fixture::new();
    fixture.write("data/chunk", b"0123456789");
    let head = fixture.ask("HEAD", "/data/chunk", &[]);
    assert_eq!((head.status, head.header("Content-Length"), head.body.len()), (200, Some("10"), 0));
}

#[test]
fn every_origin_may_read_answers_and_errors() {
    let fixture = Fixture::new();
    fixture.write("data/chunk", b"x");
    for path in ["/data/chunk", "/data/none"] {
        let answer = fixture.get(path, &["Origin: http://elsewhere"]);
        assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("*"), "{path}");
        assert!(answer.header("Access-Control-Expose-Headers").unwrap().contains("Content-Range"), "{path}");
    }
    let preflight = fixture.ask("OPTIONS", "/data/chunk", &["Access-Control-Request-Headers: range,x-token"]);
    assert_eq!((preflight.status, preflight.header("Access-Control-Allow-Headers")), (204, Some("range,x-token")));
}

#[test]
fn a_packed_sibling_stands_in_for_an_absent_file() {
    let fixture = Fixture::new();
    let bytes = b"chunk bytes".repeat(50);
    fixture.write("data/vol/0-64.gz", &gzip(&bytes));
    let answer = fixture.get("/data/vol/0-64", &["Range: bytes=0-9"]);
    assert_eq!((answer.status, answer.header("Content-Encoding")), (200, Some("gzip")));
    let mut unpacked = Vec::new();
    GzDecoder::new(answer.body.as_slice()).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, bytes);
    let asked_for = fixture.get("/data/vol/0-64.gz", &[]);
    assert_eq!((asked_for.status, asked_for.header("Content-Encoding")), (200, None));
    fixture.write("data/vol/0-64", &bytes);
    assert_eq!(fixture.get("/data/vol/0-64", &[]).body, bytes);
}

#[test]
fn nothing_outside_the_folders_is_read() {
    let fixture = Fixture::new();
    fixture.write("secret", b"secret");
    for path in
        ["/../secret", "/data/../../secret", "/data/%2e%2e/secret", "/data/..%2f..%2fsecret", "/%2e%2e%2fsecret", "/data/x/../../secret"]
    {
        let answer = fixture.get(path, &[]);
        assert_eq!(answer.status, 404, "{path}");
    }
    let absolute = fixture.folder.join("secret");
    assert_eq!(fixture.get(&format!("/data/{}", absolute.display()), &[]).status, 404);
}

#[test]
fn a_folder_is_its_index_page() {
    let fixture = Fixture::new();
    fixture.write("site/index.html", b"root");
    fixture.write("site/sub/index.html", b"sub");
    assert_eq!(fixture.get("/", &[]).body, b"root");
    assert_eq!(fixture.get("/sub", &[]).header("Location"), Some("/sub/"));
    assert_eq!(fixture.get("/sub/?a=b", &[]).body, b"sub");
}

#[test]
fn one_connection_carries_many_requests_even_in_one_packet() {
    let fixture = Fixture::new();
    fixture.write("data/a", b"first");
    fixture.write("data/b", b"second");
    let mut stream = fixture.connect();
    let (a, b) = ("GET /data/a HTTP/1.1\r\nHost: x\r\n\r\n", "GET /data/b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(format!("{a}{a}{b}").as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 3);
    assert!(text.ends_with("second"));
}

#[test]
fn what_is_no_request_ends_the_connection_only() {
    let fixture = Fixture::new();
    fixture.write("data/a", b"first");
    for garbage in [&b"\x16\x03\x01 nonsense\r\n\r\n"[..], &[b'A'; 100_000]] {
        let mut stream = fixture.connect();
        // The server may close before all of it is written.
        let _ = stream.write_all(garbage);
        let _ = stream.read_to_end(&mut Vec::new());
    }
    assert_eq!(fixture.get("/data/a", &[]).status, 200);
}

#[test]
fn the_log_counts_every_byte() {
    let fixture = Fixture::new();
    fixture.write("data/a chunk", b"0123456789");
    fixture.get("/data/a%20chunk", &["Range: bytes=3-5"]);
    fixture.get("/data/none?x=1", &[]);
    let log = fixture.log(2);
    assert_eq!(log[0]["path"], "/data/a chunk");
    assert_eq!((&log[0]["method"], &log[0]["status"], &log[0]["bytes"]), (&"GET".into(), &206.into(), &3.into()));
    assert_eq!(log[0]["range"], serde_json::json!([3, 6]));
    assert_eq!((&log[1]["path"], &log[1]["status"], &log[1]["range"]), (&"/data/none".into(), &404.into(), &Value::Null));
}

#[test]
fn faults_spoil_answers_as_they_say() {
    let fixture = Fixture::new();
    fixture.write("data/a", b"0123456789");
    let status = fixture.get("/fault/status/429/data/a", &[]);
    assert_eq!(status.status, 429);
    let truncated = fixture.get("/fault/truncate/data/a", &[]);
    assert_eq!((truncated.header("Content-Length"), truncated.body.as_slice()), (Some("10"), &b"01234"[..]));
    let ignored = fixture.get("/fault/ignore-range/data/a", &["Range: bytes=2-3"]);
    assert_eq!((ignored.status, ignored.body.len()), (200, 10));
    let closed = fixture.get("/fault/nocors/data/a", &[]);
    assert_eq!((closed.status, closed.header("Access-Control-Allow-Origin")), (200, None));
    let html = fixture.get("/fault/html/data/a", &[]);
    assert_eq!((html.status, html.header("Content-Type")), (200, Some("text/html; charset=utf-8")));
    let corrupt = fixture.get("/fault/corrupt/data/a", &[]);
    assert_eq!(corrupt.body, [!b'0', b'1', b'2', b'3', b'4', b'5', b'6', !b'7', b'8', b'9']);
    let tries: Vec<u16> = (0..3).map(|_| fixture.get("/fault/flaky/2/data/a", &[]).status).collect();
    assert_eq!(tries, [503, 503, 200]);
}

#[test]
fn a_stalled_answer_begins_and_does_not_end() {
    let fixture = Fixture::new();
    fixture.write("data/a", b"0123456789");
    let mut stream = fixture.connect();
    stream.write_all(b"GET /fault/stall/data/a HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n01234") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        seen.push(byte[0]);
    }
    drop(stream);
    assert_eq!(fixture.log(1)[0]["bytes"], 5);
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|dataset| dataset["name"].as_str().unwrap()).collect()
}

#[test]
fn datasets_are_found_and_grouped() {
    let fixture = Fixture::new();
    let volume = |kind: &str| format!(r#"{{"type":"{kind}","scales":[]}}"#).into_bytes();
    fixture.write("data/fly/em/info", &volume("image"));
    fixture.write("data/fly/seg/info.gz", &gzip(&volume("segmentation")));
    fixture.write("data/fly/seg/mesh/info", br#"{"@type":"neuroglancer_legacy_mesh"}"#);
    fixture.write("data/alone/info", &volume("image"));
    let ome = r#"{"node_type":"group","attributes":{"ome":{"multiscales":[{}]}}}"#;
    fixture.write("data/a.zarr/zarr.json", ome.as_bytes());
    fixture.write("data/a.zarr/labels/zarr.json", br#"{"attributes":{"ome":{"labels":["cells"]}}}"#);
    fixture.write("data/b c.zarr/.zattrs", br#"{"multiscales":[{}],"image-label":{}}"#);
    fixture.write("data/bare/.zarray", br#"{"shape":[1,2,3]}"#);
    fixture.write("data/flat/.zarray", br#"{"shape":[1]}"#);
    fixture.write("data/notes/info", b"not json");
    fixture.write("data/n5/attributes.json", br#"{"n5":"2.0.0"}"#);
    fixture.write("data/n5/s0/attributes.json", br#"{"dimensions":[1,2,3],"dataType":"uint64"}"#);
    fixture.write("data/n5/s1/attributes.json", br#"{"dimensions":[1,2,3],"dataType":"uint64"}"#);
    let described = r#"{"dataLayers":[{"name":"color","category":"color"},{"name":"cells","category":"segmentation"}]}"#;
    fixture.write("data/wk/datasource-properties.json", described.as_bytes());
    fixture.write("data/z/packed.ZIP", b"");
    let list: Value = serde_json::from_slice(&fixture.get("/data/index.json", &[]).body).unwrap();
    assert_eq!(names(&list), ["a.zarr", "fly", "wk", "alone", "b c.zarr", "bare", "n5", "z/packed.ZIP"]);
    let layers = |index: usize| -> Vec<(&str, &str, &str)> {
        let text = |layer: &'_ Value, key: &str| layer[key].as_str().unwrap().to_owned().leak() as &str;
        let layers = list[index]["layers"].as_array().unwrap();
        layers.iter().map(|layer| (text(layer, "url"), text(layer, "type"), text(layer, "kind"))).collect()
    };
    assert_eq!(layers(0), [("data/a.zarr", "image", "zarr"), ("data/a.zarr/labels/cells", "segmentation", "zarr")]);
    assert_eq!(layers(1), [("data/fly/em", "image", "precomputed"), ("data/fly/seg", "segmentation", "precomputed")]);
    assert_eq!(layers(2), [("data/wk/color", "image", "wkw"), ("data/wk/cells", "segmentation", "wkw")]);
    assert_eq!(layers(4), [("data/b%20c.zarr", "segmentation", "zarr")]);
    assert_eq!(layers(6), [("data/n5", "segmentation", "n5")]);
    assert_eq!(layers(7), [("data/z/packed.ZIP", "auto", "zip")]);
}

#[test]
fn a_folder_that_is_a_dataset_is_listed_too() {
    let fixture = Fixture::new();
    fixture.write("data/info", br#"{"type":"image","scales":[]}"#);
    let list = super::datasets::list(Path::new(&fixture.folder.join("data")));
    assert_eq!(list[0]["path"], "data");
    assert_eq!(list[0]["layers"][0]["url"], "data");
}

#[test]
fn text_goes_out_packed_to_those_who_ask() {
    let fixture = Fixture::new();
    let text = "let it = \"be long enough\";\n".repeat(100);
    fixture.write("site/a.js", text.as_bytes());
    let packed = fixture.get("/a.js", &["Accept-Encoding: gzip, br"]);
    assert_eq!((packed.header("Content-Encoding"), packed.header("Vary")), (Some("gzip"), Some("Accept-Encoding")));
    let mut plain = String::new();
    GzDecoder::new(packed.body.as_slice()).read_to_string(&mut plain).unwrap();
    assert_eq!(plain, text);
    let ranged = fixture.get("/a.js", &["Accept-Encoding: gzip", "Range: bytes=0-3"]);
    assert_eq!(ranged.body, b"let ");
}

#[test]
fn a_slow_line_takes_its_time() {
    let line = Shape::new(0, 8.0);
    let start = std::time::Instant::now();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| line.pass(25_000));
        }
    });
    assert!(start.elapsed().as_millis() >= 50, "50,000 bytes at a megabyte per second took {:?}", start.elapsed());
}
