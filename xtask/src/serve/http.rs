//! HTTP/1.1 on one connection: requests without bodies in, responses out. Knows nothing of files.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::TcpStream;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::shape::Shape;

/// No browser sends more than this before the blank line.
const MAX_HEAD_BYTES: usize = 32 * 1024;
const MAX_HEADERS: usize = 100;
/// How long a connection may lie idle.
const IDLE: Duration = Duration::from_secs(120);
/// Small, so that connections share a slow line evenly.
const BLOCK_BYTES: usize = 16 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Head,
    Options,
    Other,
}

#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Percent-decoded, without the query, beginning with a slash.
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    /// Whether the client would send another request on this connection.
    pub(super) keep_alive: bool,
}

impl Request {
    /// A header's value, whatever the case of its name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug)]
pub(super) enum Body {
    Bytes(Vec<u8>),
    /// A part of a file, read while it is sent.
    Part {
        file: File,
        start: u64,
        len: u64,
    },
}

impl Body {
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Part { len, .. } => *len,
        }
    }
}

#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Body,
    /// What was asked for by a range that was honoured: [start, end).
    pub(super) range: Option<(u64, u64)>,
}

impl Response {
    pub(super) fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, headers: Vec::new(), body: Body::Bytes(body), range: None }
    }

    pub(super) fn error(status: u16, text: &str) -> Self {
        Self::new(status, format!("{text}\n").into_bytes()).with("Content-Type", "text/plain; charset=utf-8")
    }

    /// Allows what a script asks to do from another origin.
    pub(super) fn preflight(request: &Request) -> Self {
        let headers = request.header("Access-Control-Request-Headers").unwrap_or("*");
        Self::new(204, Vec::new())
            .with("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
            .with("Access-Control-Allow-Headers", headers)
            .with("Access-Control-Max-Age", "86400")
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Lets scripts of every origin read the answer and the headers that range readers need.
    pub(super) fn with_cors(self) -> Self {
        self.with("Access-Control-Allow-Origin", "*")
            .with(
                "Access-Control-Expose-Headers",
                "Accept-Ranges, Content-Encoding, Content-Length, Content-Range, ETag, Last-Modified, Retry-After",
            )
            .with("Cross-Origin-Resource-Policy", "cross-origin")
    }
}

/// How much of the body goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    Whole,
    /// Half of what Content-Length says, then the connection ends.
    Truncated,
    /// Half of what Content-Length says, then nothing until the client goes.
    Stalled,
}

/// What became of a response.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    /// Bytes of body handed to the network.
    pub(super) bytes: u64,
    pub(super) keep_alive: bool,
}

/// One connection; bytes that came after a request wait for the next.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(IDLE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, unread: Vec::new() })
    }

    /// The next request; `None` when the client has closed the connection.
    ///
    /// # Errors
    /// When the connection breaks, idles too long, or carries something that is no request without a body.
    pub(super) fn next_request(&mut self) -> io::Result<Option<Request>> {
        loop {
            if let Some((request, len)) = parse(&self.unread)? {
                self.unread.drain(..len);
                return Ok(Some(request));
            }
            if self.unread.len() > MAX_HEAD_BYTES {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "request head too long"));
            }
            let mut block = [0; 4096];
            let len = self.stream.read(&mut block)?;
            if len == 0 {
                return Ok(None);
            }
            self.unread.extend(block.iter().take(len));
        }
    }

    /// Sends a response, with as much of its body as the delivery says.
    pub(super) fn send(&mut self, request: &Request, response: &Response, delivery: Delivery, shape: &Shape) -> Sent {
        let keep_alive = request.keep_alive && delivery == Delivery::Whole;
        let mut head = format!("HTTP/1.1 {} {}\r\n", response.status, reason(response.status));
        for (name, value) in &response.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        // 204 and 304 have no body and say no length.
        let bodiless = matches!(response.status, 204 | 304);
        if !bodiless {
            head.push_str(&format!("Content-Length: {}\r\n", response.body.len()));
        }
        head.push_str(if keep_alive { "Connection: keep-alive\r\n\r\n" } else { "Connection: close\r\n\r\n" });
        let wanted = match delivery {
            _ if bodiless || request.method == Method::Head => 0,
            Delivery::Whole => response.body.len(),
            Delivery::Truncated | Delivery::Stalled => response.body.len() / 2,
        };
        let mut bytes = 0;
        let result = self.stream.write_all(head.as_bytes()).and_then(|()| self.send_body(&response.body, wanted, &mut bytes, shape));
        if result.is_ok() && delivery == Delivery::Stalled {
            self.wait_for_the_client_to_go();
        }
        Sent { bytes, keep_alive: keep_alive && result.is_ok() }
    }

    fn send_body(&mut self, body: &Body, wanted: u64, sent: &mut u64, shape: &Shape) -> io::Result<()> {
        let mut source: Box<dyn Read> = match body {
            Body::Bytes(bytes) => Box::new(bytes.as_slice()),
            Body::Part { file, start, .. } => {
                let mut file = file;
                file.seek(SeekFrom::Start(*start))?;
                Box::new(file)
            }
        };
        let mut block = vec![0; BLOCK_BYTES];
        while *sent < wanted {
            let room = usize::try_from(wanted - *sent).unwrap_or(usize::MAX).min(BLOCK_BYTES);
            let block = block.get_mut(..room).unwrap_or_default();
            let len = source.read(block)?;
            if len == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter"));
            }
            shape.pass(len);
            self.stream.write_all(block.get(..len).unwrap_or_default())?;
            *sent += len as u64;
        }
        Ok(())
    }

    fn wait_for_the_client_to_go(&mut self) {
        let mut block = [0; 256];
        while matches!(self.stream.read(&mut block), Ok(len) if len > 0) {}
    }
}

/// Reads a request off the front of the bytes, with its length; `None` while it is incomplete.
fn parse(bytes: &[u8]) -> io::Result<Option<(Request, usize)>> {
    let invalid = |text: String| io::Error::new(io::ErrorKind::InvalidData, text);
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let status = head.parse(bytes).map_err(|error| invalid(error.to_string()))?;
    let httparse::Status::Complete(len) = status else { return Ok(None) };
    let headers: Vec<(String, String)> =
        head.headers.iter().map(|header| (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned())).collect();
    let method = match head.method {
        Some("GET") => Method::Get,
        Some("HEAD") => Method::Head,
        Some("OPTIONS") => Method::Options,
        _ => Method::Other,
    };
    let target = head.path.unwrap_or("/");
    let path = target.split(['?', '#']).next().unwrap_or("/");
    let path = percent_decode_str(path).decode_utf8().map_err(|error| invalid(error.to_string()))?.into_owned();
    let mut request = Request { method, path, headers, keep_alive: head.version == Some(1) };
    let has_body = request.header("Transfer-Encoding").is_some() || request.header("Content-Length").is_some_and(|len| len != "0");
    let closes = request.header("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    // A body is not read, so what follows it on this connection would be misread.
    request.keep_alive &= !has_body && !closes;
    Ok(Some((request, len)))
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        304 => "Not Modified",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        416 => "Range Not Satisfiable",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
