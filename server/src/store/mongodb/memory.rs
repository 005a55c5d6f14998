//! Sessions that this process wrote to lately, so that they need not be read for each new message.
//!
//! Other processes may have written to them since. A session is used as it is remembered only for messages that are new
//! to it and bring their number, and only after asking the database two things: whether anything was erased since, and,
//! of a session without an address, whether it has one now. A message that somebody else has kept in the meantime is
//! refused by the unique index; whatever follows from a message is worked out from what a read after its insert has shown
//! to be so.

use std::collections::HashSet;

use super::capture::{Session, Sessions};
use crate::conversation::Incoming;
use crate::store::recent::{Key, Recent, size_of};

#[derive(Default)]
pub(super) struct Memory {
    /// The number of erasures at which the sessions were true.
    erasures: i64,
    sessions: Recent<Session>,
}

impl Memory {
    /// Takes out the sessions that suffice for the messages of a batch. Whoever uses one at the same time reads it.
    pub(super) fn take(&mut self, batch: &[Incoming]) -> Sessions {
        let mut taken = Sessions::new();
        let mut seen = HashSet::new();
        for incoming in batch {
            let key = Key::of(incoming);
            if seen.insert(key.clone())
                && let Some(session) = self.sessions.take(&key)
            {
                taken.insert(key.clone(), session);
            }
            let suffices =
                |session: &Session| incoming.seq.is_some() && !session.has(incoming.message_id.as_str());
            if taken.get(&key).is_some_and(|session| !suffices(session)) {
                taken.remove(&key);
            }
        }
        taken
    }

    /// The number of erasures at which what is remembered is true. What is read from now on is true at that number as
    /// well, or a higher one is read with it.
    pub(super) fn erasures(&self) -> i64 {
        self.erasures
    }

    /// Whether what is remembered is true at this number of erasures, which was read just now; forgets it where not.
    pub(super) fn is_true_at(&mut self, erasures: i64) -> bool {
        let same = self.erasures == erasures;
        if !same {
            self.sessions.clear();
            self.erasures = erasures;
        }
        same
    }

    /// Remembers a session that was read or used at a number of erasures.
    pub(super) fn put(&mut self, key: Key, session: Session, erasures: i64) {
        if erasures == self.erasures {
            let size = size_of(&session.messages);
            self.sessions.put(key, session, size);
        }
    }
}
