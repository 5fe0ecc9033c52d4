//! Reads of what is no volume: annotations, segment properties, skeletons, meshes, tables.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use futures::channel::oneshot;

use crate::error::{ErrorCode, ViewerError};
use crate::format::content::Content;
use crate::job::{ContentJob, Job, Outcome};

use super::{Context, Purpose, Shared};

pub(super) type Answer = Result<Content, ViewerError>;

/// A read on its way. Dropping it gives it up, and ends what was fetched for it.
#[derive(Debug)]
pub struct ContentRead {
    shared: Weak<RefCell<Shared>>,
    job: u64,
    receiver: oneshot::Receiver<Answer>,
}

impl ContentRead {
    /// What was read.
    ///
    /// # Errors
    /// Why it could not be; [`ErrorCode::Disposed`] where the context has gone.
    pub async fn answer(mut self) -> Result<Content, ViewerError> {
        let gone = |_| Err(ViewerError::new(ErrorCode::Disposed, "the context was disposed"));
        (&mut self.receiver).await.unwrap_or_else(gone)
    }
}

impl Drop for ContentRead {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade()
            && let Ok(mut shared) = shared.try_borrow_mut()
        {
            shared.give_content_up(self.job);
        }
    }
}

impl Context {
    /// Reads something that is no volume.
    #[must_use]
    pub fn read_content(&self, job: ContentJob) -> ContentRead {
        let (sender, receiver) = oneshot::channel();
        let mut shared = self.shared.borrow_mut();
        let job = shared.pool.start(Job::Content(job), None);
        shared.purposes.insert(job, Purpose::Content);
        shared.contents.insert(job, sender);
        ContentRead { shared: Rc::downgrade(&self.shared), job, receiver }
    }
}

impl Shared {
    pub(super) fn take_content(&mut self, job: u64, result: Result<Outcome, ViewerError>) {
        let Some(sender) = self.contents.remove(&job) else { return };
        let answer = match result {
            Ok(Outcome::Content(content)) => Ok(*content),
            Ok(_) => Err(ViewerError::new(ErrorCode::Internal, "a worker answered another question")),
            Err(error) => Err(error),
        };
        // Whoever asked may have gone.
        let _gone = sender.send(answer);
    }

    fn give_content_up(&mut self, job: u64) {
        if self.contents.remove(&job).is_some() {
            self.purposes.remove(&job);
            self.pool.cancel(job);
        }
    }
}
