//! What answers a visitor when no person does.
//!
//! [`builtin`] needs no network and answers within the write that keeps the question. Where a language model is set, its
//! endpoint is a [`Provider`]: the question is kept first, then [`Assistant`] has it answered, and whatever goes wrong
//! with the model `builtin` answers in its place.

mod answers;
mod breaker;
mod budget;
mod builtin;
mod endpoints;
mod extraction;
mod links;
mod openai;
mod prompt;
mod writing;

use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;

pub use answers::{Assistant, Offer, Question};
pub use builtin::{reply, reply_id};
pub use endpoints::{ModelSettings, OwnModel};
pub use openai::Times;
pub use prompt::{Prompt, Spoken};
pub use writing::{End, Heard, Listener};

/// A language model.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Asks for an answer; it comes in pieces. The first words are there when this returns.
    async fn reply(&self, prompt: &Prompt) -> Result<Pieces, Failure>;

    /// Asks for requirements: the answer is JSON in the form that [`extraction`] wants, and comes in pieces as well.
    async fn extract(&self, prompt: &Prompt) -> Result<Pieces, Failure>;
}

/// The pieces of an answer, in order; nothing follows a failure.
pub type Pieces = BoxStream<'static, Result<Piece, Failure>>;

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Words, not checked yet.
    Words(String),
    /// What the provider counts.
    Usage(Usage),
}

/// Tokens of a request and its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Of what the model was told.
    pub prompt: u64,
    /// Of what it said.
    pub completion: u64,
}

/// Why a model did not answer. Never holds what anybody wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No connection.
    #[error("unreachable")]
    Unreachable,
    /// This status.
    #[error("refused with {0}")]
    Refused(u16),
    /// It has too much to do; when to come again, where it said so.
    #[error("busy")]
    Busy(Option<Duration>),
    /// It took too long.
    #[error("late")]
    Late,
    /// Somebody who does not want to wait longer is answered without it.
    #[error("hurried")]
    Hurried,
    /// The answer broke off.
    #[error("broke off")]
    Broken,
    /// What it said is no answer.
    #[error("rubbish")]
    Rubbish,
}

impl Failure {
    /// Whether the same may go well a moment later.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Unreachable | Self::Busy(_) | Self::Refused(500..))
    }

    /// One word for the metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Refused(_) => "refused",
            Self::Busy(_) => "busy",
            Self::Late => "late",
            Self::Hurried => "hurried",
            Self::Broken => "broken",
            Self::Rubbish => "rubbish",
        }
    }
}

#[cfg(test)]
mod testing {
    use porchlight_protocol::capture::Role;
    use porchlight_protocol::time::Timestamp;

    use crate::conversation::Message;

    /// A visitor's message.
    pub(super) fn said(seq: u32, text: &str) -> Message {
        let question = Message {
            session_id: "sess_1".to_owned(),
            message_id: String::new(),
            seq,
            role: Role::Visitor,
            text: String::new(),
            page: Default::default(),
            at: Timestamp::from_millis(i64::from(seq)),
            addresses: Vec::new(),
            reply_to: None,
            sources: Vec::new(),
            opened: seq == 0,
            owed: false,
            edge: None,
            drawn_out: None,
            tag: None,
            pending: false,
            old: false,
        };
        Message { message_id: format!("msg_{seq}"), text: text.to_owned(), ..question }
    }

    /// A session of visitor messages.
    pub(super) fn session(texts: &[&str]) -> Vec<Message> {
        texts.iter().zip(0..).map(|(text, seq)| said(seq, text)).collect()
    }
}
