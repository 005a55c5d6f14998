//! An answer while it is being written: one writes, any number listen.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::conversation::Message;

/// How long a listener that has waited its time still waits for what takes the answer's place to be kept.
const STORE_PATIENCE: Duration = Duration::from_secs(5);

/// How it ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// The answer, as it is kept.
    Reply(Box<Message>),
    /// It broke off after some of it was shown, or could not be kept; what is kept in its place.
    Failed(Option<Box<Message>>),
    /// Nobody answers: a person has the session, or the question is gone.
    Silent,
}

/// How far it is.
#[derive(Clone, Debug, Default)]
struct Progress {
    /// What may be shown so far.
    text: String,
    end: Option<End>,
}

/// An answer that is being written.
#[derive(Debug, Default)]
pub(super) struct Writing {
    progress: watch::Sender<Progress>,
    hurry: Notify,
}

/// Hears an answer from its beginning.
#[derive(Debug)]
pub struct Listener {
    writing: Arc<Writing>,
    progress: watch::Receiver<Progress>,
    /// Bytes of the text that were told.
    told: usize,
}

/// What a listener hears.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// More words.
    Words(String),
    /// The end, after which nothing comes.
    End(End),
}

impl Writing {
    /// Listens to it.
    pub(super) fn listen(self: &Arc<Self>) -> Listener {
        Listener { writing: Arc::clone(self), progress: self.progress.subscribe(), told: 0 }
    }

    /// Shows more of it.
    pub(super) fn show(&self, words: &str) {
        if !words.is_empty() {
            self.progress.send_modify(|progress| progress.text.push_str(words));
        }
    }

    /// What was shown so far.
    pub(super) fn text(&self) -> String {
        self.progress.borrow().text.clone()
    }

    /// Ends it; what comes second changes nothing.
    pub(super) fn end(&self, end: End) {
        self.progress.send_if_modified(|progress| {
            let first = progress.end.is_none();
            progress.end.get_or_insert(end);
            first
        });
    }

    /// Returns when somebody does not want to wait any longer.
    pub(super) async fn hurried(&self) {
        self.hurry.notified().await;
    }
}

impl Listener {
    /// What comes next.
    pub async fn next(&mut self) -> Heard {
        loop {
            {
                let progress = self.progress.borrow_and_update();
                if let Some(words) = progress.text.get(self.told..).filter(|words| !words.is_empty()) {
                    self.told = progress.text.len();
                    return Heard::Words(words.to_owned());
                }
                if let Some(end) = &progress.end {
                    return Heard::End(end.clone());
                }
            }
            if self.progress.changed().await.is_err() {
                return Heard::End(End::Failed(None));
            }
        }
    }

    /// Whether anything was told.
    pub fn has_heard(&self) -> bool {
        self.told > 0
    }

    /// The answer, for who waits so long and no longer: then the writer is told to come to an end without the model.
    pub async fn within(mut self, patience: Duration) -> Option<Message> {
        if tokio::time::timeout(patience, self.end()).await.is_err() {
            self.writing.hurry.notify_one();
        }
        match tokio::time::timeout(STORE_PATIENCE, self.end()).await.ok()? {
            End::Reply(reply) | End::Failed(Some(reply)) => Some(*reply),
            End::Failed(None) | End::Silent => None,
        }
    }

    async fn end(&mut self) -> End {
        match self.progress.wait_for(|progress| progress.end.is_some()).await {
            Ok(progress) => progress.end.clone().unwrap_or(End::Failed(None)),
            Err(_) => End::Failed(None),
        }
    }
}
