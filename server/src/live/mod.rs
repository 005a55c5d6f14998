//! What happens, told as it happens: to a business (`GET /api/events`) and to a visitor (`GET /api/chat/events`).
//!
//! A store keeps what happens in one order and gives each event a place in it (see [`Happened`]), the same at every
//! process. [`hub`] follows the store once a process, while anybody listens, remembers the newest events and hands
//! them out; [`stream`] is one listener's answer. [`http`] and [`agent`] are the routes.

pub mod agent;
mod entry;
pub mod http;
mod hub;
mod stream;

use async_trait::async_trait;
use porchlight_protocol::capture::Mode;
use porchlight_protocol::ids::AdminId;
use porchlight_protocol::lead::Lead;
use porchlight_protocol::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use entry::{LeadTold, MessageTold, ModeTold, SessionTold};
pub use hub::Live;

use crate::conversation::Message;
use crate::store::StoreError;

/// An event in the order of all events of an installation.
#[derive(Clone, Debug, PartialEq)]
pub struct Happened {
    /// Grows from event to event; gaps are ordinary. It is made of the time, so that it tells nobody how much happens,
    /// and stays exact as a JavaScript number until 2037.
    pub place: i64,
    /// To whose business it belongs.
    pub admin: AdminId,
    /// When it was written, for the measure of how far a listener is behind.
    pub at: Timestamp,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A message was kept, whoever wrote it.
    Message(Box<Message>),
    /// A lead came to be, changed or went.
    Lead {
        /// Its id.
        id: String,
        /// What became of it.
        action: LeadAction,
        /// The lead as it is after that; `None` when it is gone.
        lead: Option<Box<Lead>>,
    },
    /// Something became of a session itself.
    Session {
        /// The session.
        id: String,
        /// What.
        action: SessionAction,
    },
}

/// What became of a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LeadAction {
    /// It came to be.
    Created,
    /// Something about it changed.
    Changed,
    /// It was deleted; its chats are still there.
    Deleted,
    /// It was erased with its sessions and messages.
    Erased,
}

impl LeadAction {
    /// The action's name in the stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
            Self::Erased => "erased",
        }
    }

    /// The action of this name.
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Created, Self::Changed, Self::Deleted, Self::Erased];
        all.into_iter().find(|action| action.as_str() == word)
    }
}

/// What became of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionAction {
    /// Its first message was kept.
    Started,
    /// It was handed over.
    Mode(Mode),
    /// Its messages were erased.
    Erased,
}

/// The place of the first event of a millisecond; below it, room for those of the same millisecond.
pub fn place_at(at: Timestamp) -> i64 {
    at.millis().saturating_sub(EPOCH_MILLIS).max(0) << 14
}

/// When places begin: 2020-01-01T00:00:00Z, in milliseconds since 1970.
pub const EPOCH_MILLIS: i64 = 1_577_836_800_000;

/// The events of a store, one after the other.
#[async_trait]
pub trait Tail: Send {
    /// What comes next, in its order; nothing after about a second in which nothing happened. Must be waited for to
    /// its end.
    async fn next(&mut self) -> Result<Vec<Happened>, TailError>;
}

/// Why events cannot be followed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TailError {
    /// The deployment cannot tell what happens.
    #[error("the deployment has no change streams")]
    Unsupported,
    /// What happened since then is no longer known.
    #[error("the events that come next are no longer there")]
    Lost,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_exact_as_javascript_numbers() {
        let in_2037 = Timestamp::from_millis(2_114_380_800_000);
        assert!(place_at(in_2037) < 1 << 53);
        assert!(place_at(in_2037) > place_at(in_2037.plus_millis(-1)));
        assert_eq!(place_at(Timestamp::from_millis(0)), 0);
    }
}
