//! Who answers in a session: the assistant, or a person.

use std::collections::HashMap;

use porchlight_protocol::capture::Mode;
use porchlight_protocol::time::Timestamp;
use rusqlite::{Connection, Error, OptionalExtension, Transaction, params};

use super::happened;
use super::rows::word;
use crate::live::SessionAction;

type Result<T> = std::result::Result<T, Error>;

pub(super) fn mode(c: &Connection, admin: &str, session: &str) -> Result<Mode> {
    let mut select = c.prepare_cached("SELECT mode FROM handovers WHERE admin_id = ? AND session_id = ?")?;
    let found = select.query_row([admin, session], |row| word(row, 0, Mode::from_word)).optional()?;
    Ok(found.unwrap_or_default())
}

pub(super) fn modes(c: &Connection, admin: &str, sessions: &[String]) -> Result<HashMap<String, Mode>> {
    sessions.iter().map(|session| Ok((session.clone(), mode(c, admin, session)?))).collect()
}

/// `false` when there is no such session. Handing over to whom it is already with is no event.
pub(super) fn hand_over(
    t: &Transaction<'_>,
    admin: &str,
    session: &str,
    to: Mode,
    at: Timestamp,
) -> Result<bool> {
    let mut exists = t.prepare_cached("SELECT 1 FROM chats WHERE admin_id = ? AND session_id = ? LIMIT 1")?;
    if !exists.exists([admin, session])? {
        return Ok(false);
    }
    if mode(t, admin, session)? != to {
        t.prepare_cached(
            "INSERT OR REPLACE INTO handovers (admin_id, session_id, mode, at) VALUES (?, ?, ?, ?)",
        )?
        .execute(params![admin, session, to.as_str(), at.millis()])?;
        happened::session(t, admin, session, SessionAction::Mode(to))?;
    }
    Ok(true)
}

pub(super) fn forget(t: &Transaction<'_>, admin: &str, session: &str) -> Result<()> {
    t.prepare_cached("DELETE FROM handovers WHERE admin_id = ? AND session_id = ?")?
        .execute([admin, session])?;
    Ok(())
}
