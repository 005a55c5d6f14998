//! Group commits: concurrent captures are collected and become durable together.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use crate::conversation::Incoming;
use crate::metrics;
use crate::store::{CaptureError, Kept, Results, Store};

/// Most captures of one commit.
const MAX_BATCH: usize = 500;

/// How long a visitor waits; the work goes on behind that.
const PATIENCE: Duration = Duration::from_secs(5);

type Waiting = (Incoming, oneshot::Sender<Result<Kept, CaptureError>>);

/// Hands captures to the task that commits them.
#[derive(Clone)]
pub struct Batcher {
    queue: mpsc::Sender<Waiting>,
}

/// Why a capture has no result.
#[derive(Debug)]
pub enum Refused {
    /// The queue is full or the server is ending: nothing was taken.
    Full,
    /// It is not known yet what became of it; sending it again does no harm.
    Late,
    /// The store's answer.
    Capture(CaptureError),
}

/// Ends the committing task.
pub struct Drain {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Drain {
    /// Takes no more captures and waits until those that were accepted are committed.
    pub async fn finish(self) {
        let _ = self.stop.send(());
        if self.task.await.is_err() {
            tracing::error!("the committing task ended badly");
        }
    }
}

impl Batcher {
    /// Starts the one task of this process that commits. While a commit is under way the next batch gathers by itself;
    /// captures that come together wait for others as long as their store says, one that comes alone never does.
    pub fn start(store: Arc<dyn Store>, queue: usize) -> (Self, Drain) {
        let (sender, receiver) = mpsc::channel(queue);
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(commit_all(store, receiver, stopped));
        (Self { queue: sender }, Drain { stop, task })
    }

    /// Waits until the message and all that follows from it is durable.
    pub async fn keep(&self, incoming: Incoming) -> Result<Kept, Refused> {
        let (sender, receiver) = oneshot::channel();
        self.queue.try_send((incoming, sender)).map_err(|_| Refused::Full)?;
        match tokio::time::timeout(PATIENCE, receiver).await {
            Ok(Ok(result)) => result.map_err(Refused::Capture),
            Ok(Err(_)) | Err(_) => Err(Refused::Late),
        }
    }
}

async fn commit_all(
    store: Arc<dyn Store>,
    mut queue: mpsc::Receiver<Waiting>,
    mut stopped: oneshot::Receiver<()>,
) {
    let places = Arc::new(Semaphore::new(store.commits_at_once()));
    let gathers_for = store.gathers_for();
    let mut commits = JoinSet::new();
    let mut batch = Vec::new();
    // Taking a place first lets the batch gather while all places are in use; the semaphore is never closed.
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        while commits.try_join_next().is_some() {}
        let taken = tokio::select! {
            taken = queue.recv_many(&mut batch, MAX_BATCH) => taken,
            // A closed queue still gives what was accepted, and then nothing.
            _ = &mut stopped, if !queue.is_closed() => {
                queue.close();
                continue;
            }
        };
        if taken == 0 {
            break;
        }
        if taken > 1 && !gathers_for.is_zero() {
            tokio::time::sleep(gathers_for).await;
            while batch.len() < MAX_BATCH
                && let Ok(waiting) = queue.try_recv()
            {
                batch.push(waiting);
            }
        }
        metrics::committing(batch.len(), queue.len());
        let (store, batch) = (Arc::clone(&store), std::mem::take(&mut batch));
        commits.spawn(async move { commit(&*store, batch, place).await });
    }
    while commits.join_next().await.is_some() {}
}

async fn commit(store: &dyn Store, batch: Vec<Waiting>, place: OwnedSemaphorePermit) {
    let (incoming, mut waiting): (Vec<Incoming>, Vec<_>) =
        batch.into_iter().map(|(incoming, sender)| (incoming, Some(sender))).unzip();
    let (results, mut given) = Results::new(incoming.len(), Some(place));
    let answers = async {
        while let Some((index, result)) = given.recv().await {
            if let Err(CaptureError::Store(error)) = &result {
                metrics::store_failed(error.kind());
                tracing::error!(error = %error.kind(), "a capture could not be kept");
            }
            // A visitor who has gone away gets the answer by sending the message again.
            if let Some(sender) = waiting.get_mut(index).and_then(Option::take) {
                let _ = sender.send(result);
            }
        }
    };
    tokio::join!(store.capture_each(incoming, results), answers);
}
