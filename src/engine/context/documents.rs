//! Documents beside volumes, read as their metadata are: by a worker, with all that requests need.

use bytes::Bytes;
use futures::channel::oneshot;

use crate::error::{ErrorCode, ViewerError};
use crate::job::{Job, Outcome};

use super::{Purpose, Shared};

/// Where a document goes; `None` where there is none.
pub(super) type Answer = oneshot::Sender<Result<Option<Bytes>, ViewerError>>;

impl Shared {
    /// Reads the document at an address. Dropping the receiver gives it up.
    pub(in crate::engine) fn read_document(&mut self, url: String) -> oneshot::Receiver<Result<Option<Bytes>, ViewerError>> {
        self.drop_abandoned();
        let (sender, receiver) = oneshot::channel();
        let job = self.pool.start(Job::Document { url }, None);
        self.purposes.insert(job, Purpose::Document);
        self.documents.insert(job, sender);
        receiver
    }

    pub(super) fn answer_document(&mut self, job: u64, result: Result<Outcome, ViewerError>) {
        let Some(sender) = self.documents.remove(&job) else { return };
        let answer = match result {
            Ok(Outcome::Document(document)) => Ok(document),
            Ok(_) => Err(ViewerError::new(ErrorCode::Internal, "a worker answered another question")),
            Err(error) => Err(error),
        };
        let _gone = sender.send(answer);
    }

    /// Stops reading what nobody waits for any more.
    fn drop_abandoned(&mut self) {
        let abandoned: Vec<u64> = self.documents.iter().filter(|(_, sender)| sender.is_canceled()).map(|(job, _)| *job).collect();
        for job in abandoned {
            self.documents.remove(&job);
            self.purposes.remove(&job);
            self.pool.cancel(job);
        }
    }
}
