//! What was written to lately, kept in memory so that it need not be read again for the next message.
//!
//! What is remembered may be out of date where several processes write: each store says how it notices.

use hashlink::LruCache;
use porchlight_protocol::ids::AdminId;

use crate::conversation::{Incoming, Message};

/// Most that is remembered, in bytes, roughly.
const MOST: usize = 32 * 1024 * 1024;

/// A session of a business.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) admin: AdminId,
    pub(super) session: String,
}

impl Key {
    pub(super) fn of(incoming: &Incoming) -> Self {
        Self { admin: incoming.tenant.admin_id().clone(), session: incoming.session_id.to_string() }
    }
}

/// The sessions that were used last.
pub(super) struct Recent<T> {
    sessions: LruCache<Key, (T, usize)>,
    held: usize,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { sessions: LruCache::new_unbounded(), held: 0 }
    }
}

impl<T> Recent<T> {
    /// Takes a session out, for whoever is going to put it back with what is new.
    pub(super) fn take(&mut self, key: &Key) -> Option<T> {
        let (session, size) = self.sessions.remove(key)?;
        self.held -= size;
        Some(session)
    }

    /// Remembers a session that takes about so many bytes; what was used longest ago makes room.
    pub(super) fn put(&mut self, key: Key, session: T, size: usize) {
        self.take(&key);
        self.held += size;
        self.sessions.insert(key, (session, size));
        while self.held > MOST
            && let Some((_, (_, size))) = self.sessions.remove_lru()
        {
            self.held -= size;
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.sessions.clear();
        self.held = 0;
    }
}

/// About how many bytes messages take in memory.
pub(super) fn size_of(messages: &[Message]) -> usize {
    /// The fields of a fixed size and the short ids.
    const BARE: usize = 700;
    messages.iter().map(|message| BARE + message.text.len() + message.page.url.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> Key {
        Key { admin: "a".parse().unwrap(), session: number.to_string() }
    }

    #[test]
    fn what_was_used_longest_ago_makes_room() {
        let mut recent = Recent::default();
        for number in 0..5 {
            recent.put(key(number), number, MOST / 4);
        }
        assert_eq!(recent.take(&key(0)), None);
        assert_eq!(recent.take(&key(1)), Some(1));
        recent.put(key(2), 9, MOST / 4);
        recent.put(key(5), 5, MOST / 4);
        assert_eq!((recent.take(&key(2)), recent.take(&key(3))), (Some(9), Some(3)));
        assert_eq!(recent.held, MOST / 2);
    }
}
