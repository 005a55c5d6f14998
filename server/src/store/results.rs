//! Where the results of a batch of captures go.

use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::{CaptureError, Kept, StoreError};

/// The result of the message that stands at a place of the batch.
pub type Given = (usize, Result<Kept, CaptureError>);

/// Takes the results of a batch, in any order, each as soon as it stands. Dropping it ends the batch.
pub struct Results {
    sender: mpsc::UnboundedSender<Given>,
    given: Vec<bool>,
    place: Option<OwnedSemaphorePermit>,
}

impl Results {
    /// For so many messages; the receiver gets at most one result of each. `place` is let go as soon as the store can
    /// take the next batch.
    pub fn new(count: usize, place: Option<OwnedSemaphorePermit>) -> (Self, mpsc::UnboundedReceiver<Given>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { sender, given: vec![false; count], place }, receiver)
    }

    /// Gives one result; whoever waits for it may have gone away.
    pub(super) fn give(&mut self, index: usize, result: Result<Kept, CaptureError>) {
        if let Some(given @ false) = self.given.get_mut(index) {
            *given = true;
            let _ = self.sender.send((index, result));
        }
    }

    /// Gives all results, in the order of the messages.
    pub(super) fn give_all(&mut self, results: impl IntoIterator<Item = Result<Kept, CaptureError>>) {
        results.into_iter().enumerate().for_each(|(index, result)| self.give(index, result));
    }

    /// Fails all messages that have no result yet.
    pub(super) fn fail(&mut self, error: &StoreError) {
        for index in 0..self.given.len() {
            self.give(index, Err(error.clone().into()));
        }
    }

    /// The store can take the next batch, though not everything of this one is done.
    pub(super) fn next_batch_may_come(&mut self) {
        self.place = None;
    }
}
