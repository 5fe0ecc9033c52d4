//! Asks the page how to make a request, once per address and kind.

use std::cell::RefCell;

use futures::channel::oneshot;
use futures::future::{FutureExt, LocalBoxFuture, ready};
use rustc_hash::FxHashMap;

use crate::error::{ErrorCode, ViewerError};
use crate::job::{FromWorker, RequestKind};
use crate::store::{Authorise, RequestPatch, ResourceKind, StoreError};

use super::worker::post;

/// The page, from afar. Unless it has a request hook, it is asked only for its own files and for what it keeps credentials of.
#[derive(Debug, Default)]
pub struct AskPage {
    waiting: RefCell<FxHashMap<u64, oneshot::Sender<Result<RequestPatch, ViewerError>>>>,
    next: std::cell::Cell<u64>,
    has_hook: std::cell::Cell<bool>,
}

impl AskPage {
    /// Whether the page has a hook at all.
    pub fn set_hook(&self, has_hook: bool) {
        self.has_hook.set(has_hook);
    }

    /// The page's answer.
    pub fn answer(&self, id: u64, patch: Result<RequestPatch, ViewerError>) {
        if let Some(sender) = self.waiting.borrow_mut().remove(&id) {
            // Whoever asked may have been cancelled.
            let _gone = sender.send(patch);
        }
    }
}

impl Authorise for AskPage {
    fn patch<'a>(
        &'a self,
        url: &'a str,
        credentials: Option<u32>,
        kind: ResourceKind,
        _again: bool,
    ) -> LocalBoxFuture<'a, Result<RequestPatch, StoreError>> {
        if !self.has_hook.get() && credentials.is_none() && !url.starts_with("local:") {
            return ready(Ok(RequestPatch::default())).boxed_local();
        }
        let id = self.next.get();
        self.next.set(id + 1);
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().insert(id, sender);
        let kind = match kind {
            ResourceKind::Metadata => RequestKind::Metadata,
            ResourceKind::Index | ResourceKind::Chunk => RequestKind::Chunk,
            ResourceKind::Mesh => RequestKind::Mesh,
            ResourceKind::Skeleton => RequestKind::Skeleton,
            ResourceKind::Annotation => RequestKind::Annotation,
            ResourceKind::Table => RequestKind::Table,
        };
        post(&FromWorker::NeedsRequest { id, url: url.to_owned(), credentials, kind });
        async move {
            match receiver.await {
                Ok(Ok(patch)) => Ok(patch),
                // What the page's own hook throws has no code that means anything here.
                Ok(Err(error)) if error.code == ErrorCode::Internal => Err(StoreError::Hook { cause: error.message, url: url.to_owned() }),
                Ok(Err(error)) => Err(StoreError::Page(Box::new(error))),
                Err(_) => Err(StoreError::Cancelled),
            }
        }
        .boxed_local()
    }
}
