//! A provider that writes down every byte that is read.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use futures::future::FutureExt;
use neurolume::runtime::Cancel;
use neurolume::store::{FileProvider, MaybeBytes, Provider, ReadOptions, ReadStore, StoreError, StoreFuture};

/// A file and a range of its bytes.
type Read = (String, Range<u64>);

/// Files, and what was read of them. Clones share the list.
#[derive(Clone, Default)]
pub(crate) struct Recorder {
    reads: Rc<RefCell<Vec<Read>>>,
}

impl Recorder {
    /// The reads that share a byte with an earlier one.
    pub(crate) fn repeats(&self) -> Vec<Read> {
        let reads = self.reads.borrow();
        let repeated = |(number, (url, range)): &(usize, &Read)| {
            reads[..*number].iter().any(|(other, before)| other == url && before.start < range.end && range.start < before.end)
        };
        reads.iter().enumerate().filter(repeated).map(|(_, read)| read.clone()).collect()
    }

    /// How many reads gave bytes.
    pub(crate) fn count(&self) -> usize {
        self.reads.borrow().len()
    }

    /// The bytes that were read, of all reads together.
    pub(crate) fn bytes(&self) -> u64 {
        self.reads.borrow().iter().map(|(_, range)| range.end - range.start).sum()
    }

    fn note(&self, url: String, start: u64, bytes: &MaybeBytes) {
        if let Some(bytes) = bytes {
            self.reads.borrow_mut().push((url, start..start + bytes.len() as u64));
        }
    }
}

impl Provider for Recorder {
    fn document<'a>(&'a self, url: &'a str, cancel: &'a Cancel) -> StoreFuture<'a, MaybeBytes> {
        async move {
            let document = FileProvider.document(url, cancel).await?;
            self.note(url.to_owned(), 0, &document);
            Ok(document)
        }
        .boxed_local()
    }

    fn store(&self, url: &str) -> Result<Rc<dyn ReadStore>, StoreError> {
        Ok(Rc::new(Recorded { inner: FileProvider.store(url)?, recorder: self.clone() }))
    }
}

struct Recorded {
    inner: Rc<dyn ReadStore>,
    recorder: Recorder,
}

impl ReadStore for Recorded {
    fn get<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        async move {
            let bytes = self.inner.get(key, options).await?;
            self.recorder.note(self.describe(key), 0, &bytes);
            Ok(bytes)
        }
        .boxed_local()
    }

    fn get_range<'a>(&'a self, key: &'a str, range: Range<u64>, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        async move {
            let bytes = self.inner.get_range(key, range.clone(), options).await?;
            self.recorder.note(self.describe(key), range.start, &bytes);
            Ok(bytes)
        }
        .boxed_local()
    }

    fn size<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, Option<u64>> {
        self.inner.size(key, options)
    }

    fn describe(&self, key: &str) -> String {
        self.inner.describe(key)
    }
}
