//! The export job: pieces of a file go to the page, no faster than it takes them, and other jobs have their turns in between.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use bytes::Bytes;
use futures::channel::mpsc::UnboundedReceiver;
use futures::future::{FutureExt, LocalBoxFuture};
use futures::stream::StreamExt;

use super::FromWorker;
use crate::exchange::{ExportError, Progress, Sink};
use crate::runtime::Clock;

/// Pieces that may be on their way to the page.
const MOST_PIECES: usize = 4;
/// Whoever waits is told at least so often.
const TELL_MILLIS: f64 = 100.0;
/// Chunks to be drawn wait no longer for a turn than this and the time that one piece takes.
const TURN_MILLIS: f64 = 8.0;

/// What a worker says, on its way to the page.
pub type Post = Rc<dyn Fn(FromWorker)>;

/// Sends pieces of one job.
pub(super) struct PieceSink {
    id: u64,
    post: Post,
    clock: Rc<dyn Clock>,
    /// One for each piece that the page has dealt with.
    dealt_with: RefCell<UnboundedReceiver<()>>,
    on_their_way: Cell<usize>,
    told: Cell<f64>,
    turn: Cell<f64>,
}

impl PieceSink {
    pub(super) fn new(id: u64, post: Post, clock: Rc<dyn Clock>, dealt_with: UnboundedReceiver<()>) -> Self {
        let now = clock.now_millis();
        let (told, turn) = (Cell::new(now), Cell::new(now));
        Self { id, post, clock, dealt_with: RefCell::new(dealt_with), on_their_way: Cell::new(0), told, turn }
    }

    /// Waits for room for one more piece.
    #[expect(clippy::await_holding_refcell_ref, reason = "one export has one sink and puts one piece after the other")]
    async fn room(&self) -> Result<(), ExportError> {
        let mut dealt_with = self.dealt_with.borrow_mut();
        while self.on_their_way.get() >= MOST_PIECES {
            dealt_with.next().await.ok_or(ExportError::Stopped)?;
            self.on_their_way.set(self.on_their_way.get() - 1);
        }
        Ok(())
    }
}

impl Sink for PieceSink {
    fn put(&self, bytes: Vec<u8>, progress: Progress) -> LocalBoxFuture<'_, Result<(), ExportError>> {
        async move {
            let now = self.clock.now_millis();
            if !bytes.is_empty() || now - self.told.get() >= TELL_MILLIS {
                self.room().await?;
                self.on_their_way.set(self.on_their_way.get() + 1);
                self.told.set(now);
                (self.post)(FromWorker::Piece { id: self.id, bytes: Bytes::from(bytes), progress });
            }
            if self.clock.now_millis() - self.turn.get() >= TURN_MILLIS {
                self.clock.sleep(0.0).await;
                self.turn.set(self.clock.now_millis());
            }
            Ok(())
        }
        .boxed_local()
    }
}
