//! Sessions that this process wrote to lately, so that they need not be read for each new message.
//!
//! They are as the file holds them: every write of this process other than a capture forgets them all, and so does a
//! look at `PRAGMA data_version` within the transaction where any other connection has written.

use rusqlite::{Connection, Error, OptionalExtension};

use crate::conversation::Message;
use crate::store::recent::{Key, Recent, size_of};

#[derive(Default)]
pub(super) struct Memory {
    version: i64,
    sessions: Recent<Vec<Message>>,
    /// Whether anything was ever erased.
    erased: Option<bool>,
}

impl Memory {
    /// Forgets what is no longer true. Ask it first in each transaction.
    pub(super) fn refresh(&mut self, c: &Connection) -> Result<(), Error> {
        let version = c.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        if version != self.version {
            self.clear();
            self.version = version;
        }
        Ok(())
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.sessions.clear();
        self.erased = None;
    }

    /// Takes a session out; only a commit makes what is added to it true, and then it is put back.
    pub(super) fn take(&mut self, key: &Key) -> Option<Vec<Message>> {
        self.sessions.take(key)
    }

    /// Remembers a session as it is kept.
    pub(super) fn put(&mut self, key: Key, messages: Vec<Message>) {
        let size = size_of(&messages);
        self.sessions.put(key, messages, size);
    }

    /// Whether a tombstone has this hash, which is made only where there are any.
    pub(super) fn is_erased(&mut self, c: &Connection, hash: impl FnOnce() -> String) -> Result<bool, Error> {
        let any = match self.erased {
            Some(any) => any,
            None => c.query_row("SELECT EXISTS (SELECT 1 FROM tombstones)", [], |row| row.get(0))?,
        };
        self.erased = Some(any);
        if !any {
            return Ok(false);
        }
        let mut select = c.prepare_cached("SELECT 1 FROM tombstones WHERE hash = ?")?;
        Ok(select.query_row([hash()], |_| Ok(())).optional()?.is_some())
    }
}
