//! Remembers the metadata documents that opening a volume reads, so that other workers need not fetch them again.

use std::cell::RefCell;
use std::rc::Rc;

use futures::future::{FutureExt, ready};

use crate::runtime::Cancel;
use crate::store::{MaybeBytes, Provider, ReadStore, StoreError, StoreFuture};

use super::Documents;

/// Serves the documents it holds, and reads and keeps the others.
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
            let document = self.inner.document(url, cancel).await?;
            self.documents.borrow_mut().insert(url.to_owned(), document.clone());
            Ok(document)
        }
        .boxed_local()
    }

    fn store(&self, url: &str) -> Result<Rc<dyn ReadStore>, StoreError> {
        self.inner.store(url)
    }
}
