//! Scratch space in the browser: a folder of the origin's private file system, written and read by workers.
//!
//! Files are written through access handles, of which a file has one at a time, and read as snapshots, by any number. Who holds an entry has
//! a Web Lock of its name, so that no other worker or tab takes it for unused; it ends with the worker at the latest.

use std::ops::Range;

use bytes::Bytes;
use futures::future::FutureExt;
use js_sys::{Array, AsyncIterator, Function, IteratorNext, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DedicatedWorkerGlobalScope, File, FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions,
    FileSystemGetFileOptions, FileSystemReadWriteOptions, FileSystemRemoveOptions, FileSystemSyncAccessHandle,
};

use crate::store::scratch::{Hold, Scratch, ScratchEntry};
use crate::store::{MaybeBytes, StoreError, StoreFuture};

use super::convert::release;

/// The file that is written whenever its entry is held: the date of the last of its files is the entry's.
const HELD_FILE: &str = "held";

#[wasm_bindgen]
extern "C" {
    /// `navigator.locks`, which web-sys counts as unstable.
    #[wasm_bindgen(thread_local_v2, js_namespace = navigator, js_name = locks)]
    static LOCKS: Option<Locks>;

    #[derive(Clone, Debug)]
    type Locks;

    #[wasm_bindgen(method)]
    fn request(this: &Locks, name: &str, options: &Object, callback: &Function) -> Promise;
}

/// A folder of the origin's private file system.
#[derive(Debug)]
pub struct BrowserScratch {
    folder: String,
}

impl BrowserScratch {
    /// The folder of this name, which is made when something is written.
    #[must_use]
    pub fn new(folder: &str) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The folder; `None` where it is not there and is not to be made.
    async fn root(&self, create: bool) -> Result<Option<FileSystemDirectoryHandle>, StoreError> {
        let scope: DedicatedWorkerGlobalScope = js_sys::global().dyn_into().map_err(|_| failed(&"this is no worker".into()))?;
        let storage = scope.navigator().storage();
        // Undefined where the page is not from a secure origin.
        if storage.is_undefined() || !Reflect::has(&storage, &"getDirectory".into()).unwrap_or(false) {
            return Err(failed(&"the page does not come from a secure address, or the browser keeps no files".into()));
        }
        let top = settled(storage.get_directory()).await?;
        folder_of(&top, &self.folder, create).await
    }

    async fn entry(&self, name: &str, create: bool) -> Result<Option<FileSystemDirectoryHandle>, StoreError> {
        match self.root(create).await? {
            Some(root) => folder_of(&root, name, create).await,
            None => Ok(None),
        }
    }

    async fn file(&self, entry: &str, file: &str) -> Result<Option<File>, StoreError> {
        let Some(folder) = self.entry(entry, false).await? else { return Ok(None) };
        let handle: Option<FileSystemFileHandle> = found(settled(folder.get_file_handle(file)).await)?;
        match handle {
            Some(handle) => found(settled(handle.get_file()).await),
            None => Ok(None),
        }
    }

    fn lock(&self, entry: &str) -> String {
        format!("{}/{entry}", self.folder)
    }

    async fn touch(&self, entry: &FileSystemDirectoryHandle) {
        // Another worker may be writing it: then its date is as good.
        let _busy = write(entry, HELD_FILE, 0, &[1]).await;
    }
}

impl Scratch for BrowserScratch {
    fn entries(&self) -> StoreFuture<'_, Vec<ScratchEntry>> {
        async move {
            let Some(root) = self.root(false).await? else { return Ok(Vec::new()) };
            let mut entries = Vec::new();
            for (name, handle) in children(&root).await? {
                let Ok(folder) = handle.dyn_into::<FileSystemDirectoryHandle>() else { continue };
                let mut entry = ScratchEntry { name, bytes: 0, last_used_millis: 0.0 };
                for (_, handle) in children(&folder).await? {
                    let Ok(handle) = handle.dyn_into::<FileSystemFileHandle>() else { continue };
                    let Some(file) = found::<File>(settled(handle.get_file()).await)? else { continue };
                    entry.bytes += length(&file);
                    entry.last_used_millis = entry.last_used_millis.max(file.last_modified());
                }
                entries.push(entry);
            }
            Ok(entries)
        }
        .boxed_local()
    }

    fn files<'a>(&'a self, entry: &'a str) -> StoreFuture<'a, Vec<(String, u64)>> {
        async move {
            let Some(folder) = self.entry(entry, false).await? else { return Ok(Vec::new()) };
            let mut files = Vec::new();
            for (name, handle) in children(&folder).await? {
                let Ok(handle) = handle.dyn_into::<FileSystemFileHandle>() else { continue };
                if name != HELD_FILE
                    && let Some(file) = found::<File>(settled(handle.get_file()).await)?
                {
                    files.push((name, length(&file)));
                }
            }
            Ok(files)
        }
        .boxed_local()
    }

    fn size<'a>(&'a self, entry: &'a str, file: &'a str) -> StoreFuture<'a, Option<u64>> {
        async move { Ok(self.file(entry, file).await?.map(|file| length(&file))) }.boxed_local()
    }

    fn read<'a>(&'a self, entry: &'a str, file: &'a str, range: Range<u64>) -> StoreFuture<'a, MaybeBytes> {
        async move {
            let Some(found) = self.file(entry, file).await? else { return Ok(None) };
            let size = length(&found);
            if range.start > range.end || range.end > size {
                let url = format!("scratch:{entry}/{file}");
                return Err(StoreError::RangeOutside { start: range.start, end: range.end, size, url });
            }
            let part = found.slice_with_f64_and_f64(number(range.start), number(range.end)).map_err(|error| failed(&error))?;
            let buffer: js_sys::ArrayBuffer = settled(part.array_buffer()).await?;
            let array = Uint8Array::new(&buffer);
            let bytes = Bytes::from(array.to_vec());
            release(&array);
            Ok(Some(bytes))
        }
        .boxed_local()
    }

    fn write<'a>(&'a self, entry: &'a str, file: &'a str, at: u64, bytes: &'a [u8]) -> StoreFuture<'a, ()> {
        async move {
            let folder = self.entry(entry, true).await?;
            let folder = folder.ok_or_else(|| failed(&"a folder could not be made".into()))?;
            write(&folder, file, at, bytes).await
        }
        .boxed_local()
    }

    fn remove<'a>(&'a self, entry: &'a str, force: bool) -> StoreFuture<'a, bool> {
        async move {
            let Some(root) = self.root(false).await? else { return Ok(true) };
            let _exclusive = match force {
                true => None,
                false => match lock(&self.lock(entry), "exclusive").await {
                    Some(hold) => Some(hold),
                    None => return Ok(false),
                },
            };
            let options = FileSystemRemoveOptions::new();
            options.set_recursive(true);
            match JsFuture::from(root.remove_entry_with_options(entry, &options)).await {
                Ok(_) => Ok(true),
                Err(error) if is_named(&error, "NotFoundError") => Ok(true),
                Err(error) if is_named(&error, "NoModificationAllowedError") => Ok(false),
                Err(error) => Err(failed(&error)),
            }
        }
        .boxed_local()
    }

    fn hold<'a>(&'a self, entry: &'a str) -> StoreFuture<'a, Hold> {
        async move {
            let hold = lock(&self.lock(entry), "shared").await.unwrap_or_else(|| Hold::new(|| {}));
            if let Some(folder) = self.entry(entry, false).await? {
                self.touch(&folder).await;
            }
            Ok(hold)
        }
        .boxed_local()
    }
}

/// A lock, if it is to be had at once: where there are none, everything is.
async fn lock(name: &str, mode: &str) -> Option<Hold> {
    let (granted, answer) = futures::channel::oneshot::channel::<Option<Hold>>();
    let locks = LOCKS.with(Clone::clone);
    let Some(locks) = locks else { return Some(Hold::new(|| {})) };
    let callback = Closure::once_into_js(move |lock: JsValue| -> JsValue {
        if lock.is_null() {
            let _gone = granted.send(None);
            return JsValue::UNDEFINED;
        }
        // The lock lasts until this is resolved.
        let mut end = None;
        let held = Promise::new(&mut |resolve, _| end = Some(resolve));
        let hold = Hold::new(move || {
            if let Some(end) = end {
                let _ended = end.call0(&JsValue::UNDEFINED);
            }
        });
        let _gone = granted.send(Some(hold));
        held.into()
    });
    let options = Object::new();
    let _set = Reflect::set(&options, &"mode".into(), &mode.into());
    let _set = Reflect::set(&options, &"ifAvailable".into(), &JsValue::TRUE);
    let request = locks.request(name, &options, callback.unchecked_ref());
    // It lasts as long as the lock: what it comes to is of no interest.
    wasm_bindgen_futures::spawn_local(async move {
        let _ended = JsFuture::from(request).await;
    });
    answer.await.ok().flatten()
}

async fn write(folder: &FileSystemDirectoryHandle, file: &str, at: u64, bytes: &[u8]) -> Result<(), StoreError> {
    let options = FileSystemGetFileOptions::new();
    options.set_create(true);
    let handle: FileSystemFileHandle = settled(folder.get_file_handle_with_options(file, &options)).await?;
    let open: FileSystemSyncAccessHandle = settled(handle.create_sync_access_handle()).await?;
    let open = Closing(open);
    let fail = |error: JsValue| refused(&error, bytes.len());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lengths of files are whole and far below 2^53")]
    let size = open.0.get_size().map_err(fail)? as u64;
    if at > size {
        let end = at.saturating_add(bytes.len() as u64);
        return Err(StoreError::RangeOutside { start: at, end, size, url: format!("scratch:{file}") });
    }
    open.0.truncate_with_f64(number(at)).map_err(fail)?;
    let options = FileSystemReadWriteOptions::new();
    options.set_at(number(at));
    let written = open.0.write_with_u8_array_and_options(bytes, &options).map_err(fail)?;
    if written < number(bytes.len() as u64) {
        return Err(StoreError::Quota { bytes: bytes.len() as u64 });
    }
    open.0.flush().map_err(fail)
}

/// An access handle, which keeps others from the file until it is closed.
struct Closing(FileSystemSyncAccessHandle);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

async fn folder_of(above: &FileSystemDirectoryHandle, name: &str, create: bool) -> Result<Option<FileSystemDirectoryHandle>, StoreError> {
    let options = FileSystemGetDirectoryOptions::new();
    options.set_create(create);
    found(settled(above.get_directory_handle_with_options(name, &options)).await)
}

/// Names and handles of what lies in a folder.
async fn children(folder: &FileSystemDirectoryHandle) -> Result<Vec<(String, JsValue)>, StoreError> {
    let entries: AsyncIterator = folder.entries();
    let mut children = Vec::new();
    loop {
        let next: IteratorNext = settled(entries.next().map_err(|error| failed(&error))?).await?;
        if next.done() {
            return Ok(children);
        }
        let entry: Array = next.value().unchecked_into();
        children.extend(entry.get(0).as_string().map(|name| (name, entry.get(1))));
    }
}

/// What a promise comes to.
async fn settled<T: JsCast>(promise: Promise) -> Result<T, StoreError> {
    Ok(JsFuture::from(promise).await.map_err(|error| refused(&error, 0))?.unchecked_into())
}

/// `None` for what is not there.
fn found<T>(result: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(StoreError::Scratch { cause }) if cause.starts_with("NotFoundError") => Ok(None),
        Err(error) => Err(error),
    }
}

fn refused(error: &JsValue, bytes: usize) -> StoreError {
    if is_named(error, "QuotaExceededError") { StoreError::Quota { bytes: bytes as u64 } } else { failed(error) }
}

fn failed(error: &JsValue) -> StoreError {
    let field = |key: &str| Reflect::get(error, &key.into()).ok().and_then(|text| text.as_string());
    let cause = match (field("name"), field("message")) {
        (Some(name), Some(message)) => format!("{name}: {message}"),
        _ => error.as_string().unwrap_or_else(|| "unknown reason".to_owned()),
    };
    StoreError::Scratch { cause }
}

fn is_named(error: &JsValue, name: &str) -> bool {
    Reflect::get(error, &"name".into()).ok().and_then(|found| found.as_string()).is_some_and(|found| found == name)
}

#[expect(clippy::cast_precision_loss, reason = "lengths of files are far below 2^53")]
fn number(n: u64) -> f64 {
    n as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lengths of files are whole and far below 2^53")]
fn length(file: &File) -> u64 {
    file.size() as u64
}
