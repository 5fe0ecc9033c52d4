//! Errors made on purpose, for tests of how the page meets them: `/fault/KIND[/NUMBER]/PATH` answers as PATH would, spoilt.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use super::http::{Body, Delivery, Request, Response};

/// Longest wait that `/fault/slow` makes.
const MAX_SLOW_MILLIS: u64 = 60_000;

#[derive(Debug, Default)]
pub(super) struct Faults {
    /// How often each path has been asked for under `flaky`.
    asked: Mutex<HashMap<String, u64>>,
}

impl Faults {
    /// Answers the path after `/fault/`; `plain` gives the unspoilt answer.
    pub(super) fn answer(&self, path: &str, request: &Request, plain: impl Fn(&Request) -> Response) -> (Response, Delivery) {
        let (kind, rest) = path.split_once('/').unwrap_or((path, ""));
        let numbered = rest.split_once('/').and_then(|(number, rest)| Some((number.parse::<u64>().ok()?, rest)));
        let asking = |path: &str| Request { path: format!("/{path}"), ..request.clone() };
        match (kind, numbered) {
            ("stall", _) => (plain(&asking(rest)), Delivery::Stalled),
            ("truncate", _) => (plain(&asking(rest)), Delivery::Truncated),
            ("corrupt", _) => (corrupted(plain(&asking(rest))), Delivery::Whole),
            ("ignore-range", _) => {
                let mut asking = asking(rest);
                asking.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("Range"));
                (plain(&asking), Delivery::Whole)
            }
            ("nocors", _) => {
                let mut response = plain(&asking(rest));
                response.headers.retain(|(name, _)| !name.starts_with("Access-Control-") && !name.starts_with("Cross-Origin-"));
                (response, Delivery::Whole)
            }
            ("html", _) => {
                let page = b"<!doctype html><title>Sign in</title><h1>Sign in</h1>".to_vec();
                (Response::new(200, page).with("Content-Type", "text/html; charset=utf-8").with_cors(), Delivery::Whole)
            }
            ("status", Some((status, _))) => {
                let status = u16::try_from(status).unwrap_or(500);
                (Response::error(status, "answered so on purpose").with_cors(), Delivery::Whole)
            }
            ("slow", Some((millis, rest))) => {
                sleep(Duration::from_millis(millis.min(MAX_SLOW_MILLIS)));
                (plain(&asking(rest)), Delivery::Whole)
            }
            ("flaky", Some((failures, rest))) => {
                if self.ask(&request.path) <= failures {
                    return (Response::error(503, "try again").with("Retry-After", "0").with_cors(), Delivery::Whole);
                }
                (plain(&asking(rest)), Delivery::Whole)
            }
            _ => (Response::error(404, "there is no such fault").with_cors(), Delivery::Whole),
        }
    }

    /// Counts a request for the path.
    fn ask(&self, path: &str) -> u64 {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let count = asked.entry(path.to_owned()).or_default();
        *count += 1;
        *count
    }
}

/// Flips the bits of every seventh byte.
fn corrupted(mut response: Response) -> Response {
    let mut bytes = match response.body {
        Body::Bytes(bytes) => bytes,
        Body::Part { mut file, start, len } => {
            let mut bytes = Vec::new();
            // A file that cannot be read gives a short body: corrupt as well.
            let _ = file.seek(SeekFrom::Start(start)).and_then(|_| file.take(len).read_to_end(&mut bytes));
            bytes
        }
    };
    for byte in bytes.iter_mut().step_by(7) {
        *byte = !*byte;
    }
    response.body = Body::Bytes(bytes);
    response
}
