//! The web server of `cargo xtask serve`: the built site, a folder of datasets beside it, and volumes made on request.
//!
//! Made for looking at volumes on one's own machine and for tests that watch every byte. One thread per connection; nothing
//! outside the two folders is ever read.

mod content;
mod datasets;
mod fault;
mod http;
mod log;
mod pack;
mod phantom;
mod range;
mod shape;

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result, bail};

use crate::paths::dist_www;
use crate::setup::{npm, wasm_std};
use crate::wasm::Profile;
use crate::{site, watch};
use content::Content;
use fault::Faults;
use http::{Delivery, Method, Response};
use log::Log;
use pack::Packed;
use phantom::Phantoms;
use shape::Shape;

/// What `serve` was asked for.
#[derive(Debug)]
pub(crate) struct Options {
    /// 0 takes a free port.
    pub(crate) port: u16,
    /// The folder at the root.
    pub(crate) site: PathBuf,
    /// A folder of datasets, under `/data/`.
    pub(crate) data: Option<PathBuf>,
    /// Where each request is written down.
    pub(crate) log: Option<PathBuf>,
    /// Whether `/fault/…` answers with errors made on purpose.
    pub(crate) faults: bool,
    /// Whether to build again when a source changes.
    pub(crate) watch: bool,
    /// Milliseconds before each answer.
    pub(crate) latency: u64,
    /// Megabits per second over all connections; zero stands for no limit.
    pub(crate) bandwidth: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: 8080, site: dist_www(), data: None, log: None, faults: false, watch: false, latency: 0, bandwidth: 0.0 }
    }
}

/// What every connection shares.
#[derive(Debug)]
struct Server {
    content: Content,
    phantoms: Phantoms,
    faults: Option<Faults>,
    log: Log,
    shape: Shape,
}

/// Serves until the process ends.
///
/// # Errors
/// When the port is taken or a folder is missing.
pub(crate) fn run(options: &Options) -> Result<()> {
    if let Some(data) = options.data.as_ref().filter(|data| !data.is_dir()) {
        bail!("--data {}: there is no such folder", data.display());
    }
    let server = Arc::new(Server {
        content: Content { site: options.site.clone(), data: options.data.clone(), packed: Packed::default() },
        phantoms: Phantoms::default(),
        faults: options.faults.then(Faults::default),
        log: Log::open(options.log.as_deref())?,
        shape: Shape::new(options.latency, options.bandwidth),
    });
    let listener = TcpListener::bind(("127.0.0.1", options.port))
        .with_context(|| format!("cannot listen on port {}; name another with --port", options.port))?;
    println!("\n  neurolume: http://localhost:{}/\n", listener.local_addr()?.port());
    if options.watch {
        let toolchain = wasm_std::ensure()?;
        npm::ensure()?;
        thread::spawn(move || {
            watch::watch(|| {
                if let Err(error) = site::rebuild(&toolchain, Profile::Dev) {
                    println!("✗ {error:#}");
                }
            })
        });
    }
    accept(&listener, &server);
    Ok(())
}

/// Gives each connection a thread. One that cannot be accepted is the client's loss only.
fn accept(listener: &TcpListener, server: &Arc<Server>) {
    for stream in listener.incoming().flatten() {
        let server = Arc::clone(server);
        thread::spawn(move || converse(stream, &server));
    }
}

/// Answers the requests of one connection, until either side has had enough.
fn converse(stream: TcpStream, server: &Server) {
    let Ok(mut connection) = http::Connection::new(stream) else { return };
    while let Ok(Some(request)) = connection.next_request() {
        let (response, delivery) = server.answer(&request);
        server.shape.delay();
        let sent = connection.send(&request, &response, delivery, &server.shape);
        server.log.write(&request, &response, sent.bytes);
        if !sent.keep_alive {
            return;
        }
    }
}

impl Server {
    fn answer(&self, request: &http::Request) -> (Response, Delivery) {
        if let (Some(faults), Some(path)) = (&self.faults, request.path.strip_prefix("/fault/")) {
            return faults.answer(path, request, |request| self.plain_answer(request));
        }
        (self.plain_answer(request), Delivery::Whole)
    }

    fn plain_answer(&self, request: &http::Request) -> Response {
        let response = match request.method {
            Method::Options => Response::preflight(request),
            Method::Get | Method::Head => match request.path.strip_prefix("/phantom/") {
                Some(path) => self.phantoms.answer(path, request),
                None => self.content.answer(request),
            },
            Method::Other => Response::error(405, "only GET, HEAD and OPTIONS are answered here"),
        };
        response.with_cors()
    }
}

#[cfg(test)]
mod tests;
