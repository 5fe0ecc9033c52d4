//! The files of a volume, opened as they are needed, and the images in them.

use std::rc::Rc;

use futures::future::FutureExt;

use super::chain::Chain;
use super::directory::{Directory, read_directory};
use super::file::TiffFile;
use super::page::{Page, Shape};
use crate::format::FormatError;
use crate::format::files::File;
use crate::format::memo::{Memo, SizeBytes};
use crate::runtime::Cancel;
use crate::store::Provider;
use crate::store::url::Url;

/// What a volume keeps in memory of files, and of images, in each worker.
const KEPT_BYTES: usize = 48 << 20;
/// What an opened file takes, with the window that it was read through.
const FILE_BYTES: usize = 8 << 10;

/// An opened file.
pub(super) struct Tiff {
    pub(super) file: TiffFile,
    pub(super) chain: Chain,
}

impl SizeBytes for Tiff {
    fn size_bytes(&self) -> usize {
        FILE_BYTES
    }
}

impl Tiff {
    /// The directory of an image; `None` past the last.
    pub(super) async fn directory(&self, index: u64, cancel: &Cancel) -> Result<Option<Directory>, FormatError> {
        let Some(at) = self.chain.place(&self.file, index, cancel).await? else { return Ok(None) };
        let directory = read_directory(&self.file, at, cancel).await?;
        if self.chain.follows(index, directory.next) {
            return Ok(Some(directory));
        }
        Err(directory.bad(&self.file, format!("the image after {index} lies at byte {}, not as far on as the others", directory.next)))
    }

    /// An image; `None` past the last.
    pub(super) async fn page(&self, index: u64, cancel: &Cancel) -> Result<Option<Page>, FormatError> {
        match self.directory(index, cancel).await? {
            Some(directory) => Page::read(&self.file, &directory, cancel).await.map(Some),
            None => Ok(None),
        }
    }

    /// An image by the place of its directory.
    pub(super) async fn page_at(&self, at: u64, cancel: &Cancel) -> Result<Page, FormatError> {
        Page::read(&self.file, &read_directory(&self.file, at, cancel).await?, cancel).await
    }
}

/// Under which name it is kept where the images of a file are.
fn chain_name(file: &TiffFile) -> String {
    format!("{}#directories", file.file.url)
}

/// Which image of which file, or which smaller version of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PageKey {
    /// From 0, in the order of the names.
    pub(super) file: usize,
    pub(super) image: u64,
    pub(super) smaller: Option<usize>,
}

/// An image, and the file that holds it.
pub(super) struct Placed {
    pub(super) tiff: Rc<Tiff>,
    pub(super) page: Page,
}

impl SizeBytes for Placed {
    fn size_bytes(&self) -> usize {
        self.page.size_bytes()
    }
}

/// Files in one folder.
pub(super) struct Files {
    provider: Rc<dyn Provider>,
    folder: Url,
    /// Raw text, below the folder.
    names: Vec<String>,
    opened: Memo<usize, Tiff>,
    pages: Memo<PageKey, Placed>,
}

impl Files {
    /// The files of these names below a folder.
    pub(super) fn new(provider: Rc<dyn Provider>, folder: Url, names: Vec<String>) -> Self {
        Self { provider, folder, names, opened: Memo::new(KEPT_BYTES), pages: Memo::new(KEPT_BYTES) }
    }

    /// The same with more files after the first.
    pub(super) fn with_names(mut self, names: Vec<String>) -> Self {
        self.names = names;
        self
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The address of a file, for errors.
    pub(super) fn describe(&self, file: usize) -> String {
        let name = self.names.get(file).map_or("", String::as_str);
        self.folder.join(name).map_or_else(|_| name.to_owned(), |url| url.describe())
    }

    /// An opened file.
    pub(super) async fn tiff(&self, file: usize, cancel: &Cancel) -> Result<Rc<Tiff>, FormatError> {
        let url = self.folder.join(self.names.get(file).map_or("", String::as_str));
        let read = || {
            let provider = Rc::clone(&self.provider);
            async move {
                let never = Cancel::never();
                let file = TiffFile::open(File::find(&provider, &url?.to_string(), &never).await?, &never).await?;
                let known = provider.found(&chain_name(&file));
                Ok(Some(Rc::new(Tiff { file, chain: known.map_or_else(Chain::default, |known| Chain::of_known(&known)) })))
            }
            .boxed_local()
        };
        let opened = self.opened.get(file, cancel, read).await?;
        opened.ok_or_else(|| FormatError::NoFile { url: self.describe(file) })
    }

    /// Keeps where the images of a file are, for other workers.
    pub(super) fn keep_chain(&self, tiff: &Tiff) {
        if let Some(known) = tiff.chain.known() {
            self.provider.keep(&chain_name(&tiff.file), known.into());
        }
    }

    /// An image, which must be of this shape.
    pub(super) async fn page(self: &Rc<Self>, key: PageKey, shape: Shape, cancel: &Cancel) -> Result<Rc<Placed>, FormatError> {
        let read = || {
            let files = Rc::clone(self);
            async move { files.read_page(key, &Cancel::never()).await.map(Rc::new).map(Some) }.boxed_local()
        };
        let bad = |reason: String| FormatError::BadData { reason, url: self.describe(key.file) };
        let found = self.pages.get(key, cancel, read).await?.ok_or_else(|| bad(format!("there is no image {}", key.image)))?;
        let got = found.page.shape;
        if got == shape { Ok(found) } else { Err(bad(format!("its image {} is of {got} instead of {shape}", key.image))) }
    }

    async fn read_page(&self, key: PageKey, cancel: &Cancel) -> Result<Placed, FormatError> {
        let tiff = self.tiff(key.file, cancel).await?;
        let bad = |reason: String| FormatError::BadData { reason, url: self.describe(key.file) };
        let page = tiff.page(key.image, cancel).await?.ok_or_else(|| bad(format!("there is no image {}", key.image)))?;
        let page = match key.smaller {
            None => page,
            Some(number) => {
                let at = page.smaller.get(number).ok_or_else(|| bad(format!("its image {} has no smaller version {number}", key.image)))?;
                tiff.page_at(*at, cancel).await?
            }
        };
        Ok(Placed { tiff, page })
    }
}
