//! Erasure: a lead goes with its sessions, their messages and its history.

use std::collections::BTreeSet;

use rusqlite::{Error, Transaction, params};

use super::leads;
use super::rows;
use crate::leads::{By, LeadRecord};
use crate::store::{Erased, tombstone};

type Result<T> = std::result::Result<T, Error>;

pub(super) fn lead(t: &Transaction<'_>, admin: &str, id: &str, by: &By) -> Result<Option<Erased>> {
    let Some(record) = leads::by_id(t, admin, id)? else { return Ok(None) };
    let sessions = sessions(t, admin, &record)?;
    let mut erased = Erased::default();
    for session in &sessions {
        let messages = session_messages(t, admin, session, by)?;
        erased.messages += messages;
        erased.sessions += u64::from(messages > 0);
    }
    leads::remove(t, &record)?;
    unlink(t, admin, &sessions, by)?;
    erased.events =
        t.execute("DELETE FROM lead_events WHERE admin_id = ? AND lead_id = ?", [admin, id])? as u64;
    Ok(Some(erased))
}

/// The sessions that the lead shows, and those that its list has forgotten.
fn sessions(t: &Transaction<'_>, admin: &str, record: &LeadRecord) -> Result<BTreeSet<String>> {
    let mut sessions: BTreeSet<String> = record.lead.session_ids.iter().cloned().collect();
    let mut select = t.prepare(
        "SELECT DISTINCT session_id FROM chats
         WHERE admin_id = ? AND addresses IS NOT NULL AND json_extract(addresses, '$[0]') = ?",
    )?;
    for session in select.query_map([admin, &record.lead.email], |row| row.get(0))? {
        sessions.insert(session?);
    }
    Ok(sessions)
}

fn session_messages(t: &Transaction<'_>, admin: &str, session: &str, by: &By) -> Result<u64> {
    let mut select =
        t.prepare_cached("SELECT message_id FROM chats WHERE admin_id = ? AND session_id = ?")?;
    let ids = select.query_map([admin, session], |row| row.get::<_, Option<String>>(0))?;
    let mut insert = t.prepare_cached("INSERT OR IGNORE INTO tombstones (hash, at) VALUES (?, ?)")?;
    for id in ids {
        if let Some(id) = id? {
            insert.execute(params![tombstone(admin, session, &id), by.at.millis()])?;
        }
    }
    let removed = t.execute("DELETE FROM chats WHERE admin_id = ? AND session_id = ?", [admin, session])?;
    Ok(removed as u64)
}

/// Other leads that were linked to the erased sessions lose them.
fn unlink(t: &Transaction<'_>, admin: &str, sessions: &BTreeSet<String>, by: &By) -> Result<()> {
    let sql = format!(
        "SELECT {} FROM leads WHERE admin_id = ?1
         AND EXISTS (SELECT 1 FROM json_each(leads.session_ids) AS linked WHERE linked.value = ?2)",
        rows::LEAD
    );
    let mut select = t.prepare_cached(&sql)?;
    for session in sessions {
        let linked: Vec<LeadRecord> =
            select.query_map([admin, session], rows::lead)?.collect::<Result<_>>()?;
        for mut record in linked {
            record.unlink(session, by);
            leads::save(t, &record)?;
        }
    }
    Ok(())
}
