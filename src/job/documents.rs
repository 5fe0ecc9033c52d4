//! Remembers the metadata documents that opening a volume reads, and what it finds out with many requests, so that other workers need not.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use futures::future::{FutureExt, ready};

use crate::runtime::Cancel;
use crate::store::{MaybeBytes, Provider, ReadStore, StoreError, StoreFuture};

use super::Documents;

/// Serves the documents it holds, and reads and keeps the others. One that is refused counts as absent for whoever gets the
/// documents: a bucket that may not be listed refuses what is not there, and the volume was opened without it.
pub(super) struct RememberedDocuments {
    inner: Rc<dyn Provider>,
    documents: RefCell<Documents>,
}

impl RememberedDocuments {
    pub(super) fn new(inner: Rc<dyn Provider>, documents: Documents) -> Self {
        Self { inner, documents: RefCell::new(documents) }
    }

    pub(super) fn documents(&self) -> Documents {
        self.documents.borrow().clone()
    }
}

impl Provider for RememberedDocuments {
    fn document<'a>(&'a self, url: &'a str, cancel: &'a Cancel) -> StoreFuture<'a, MaybeBytes> {
        if let Some(known) = self.documents.borrow().get(url) {
            return ready(Ok(known.clone())).boxed_local();
        }
        async move {
            let result = self.inner.document(url, cancel).await;
            let known = match &result {
                Ok(document) => Some(document.clone()),
                Err(StoreError::Forbidden { .. }) => Some(None),
                Err(_) => None,
            };
            if let Some(known) = known {
                self.documents.borrow_mut().insert(url.to_owned(), known);
            }
            result
        }
        .boxed_local()
    }

    fn stamp<'a>(&'a self, url: &'a str, cancel: &'a Cancel) -> StoreFuture<'a, Option<String>> {
        self.inner.stamp(url, cancel)
    }

    fn store(&self, url: &str) -> Result<Rc<dyn ReadStore>, StoreError> {
        self.inner.store(url)
    }

    fn found(&self, name: &str) -> MaybeBytes {
        self.documents.borrow().get(name).cloned().flatten()
    }

    fn keep(&self, name: &str, found: Bytes) {
        self.documents.borrow_mut().insert(name.to_owned(), Some(found));
    }
}
