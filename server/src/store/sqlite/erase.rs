//! Erasure: a lead goes with its sessions, their messages and its history; a visitor takes a session back.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Error, Transaction, params};

use super::{capture, handovers, happened, leads, tokens};
use crate::conversation::{self, Conversation, Message};
use crate::leads::{By, LeadEvent, LeadRecord};
use crate::live::{LeadAction, SessionAction};
use crate::store::{Erased, tombstone};

type Result<T> = std::result::Result<T, Error>;

pub(super) fn lead(t: &Transaction<'_>, admin: &str, id: &str, by: &By) -> Result<Option<Erased>> {
    let Some(record) = leads::by_id(t, admin, id)? else { return Ok(None) };
    let mut erased = Erased::default();
    let mut gone = Vec::new();
    for session in leads::session_ids(t, &record)? {
        let (messages, conversation) = take_away(t, admin, &session, by)?;
        erased.messages += messages;
        erased.sessions += u64::from(messages > 0);
        gone.extend(conversation.map(|conversation| (session, conversation)));
    }
    erased.events = remove(t, &record)?;
    forget(t, admin, &gone, by)?;
    Ok(Some(erased))
}

/// Removes a session for its visitor; returns how many messages it had.
pub(super) fn session(t: &Transaction<'_>, admin: &str, session: &str, by: &By) -> Result<u64> {
    let (messages, conversation) = take_away(t, admin, session, by)?;
    let Some(conversation) = conversation else { return Ok(messages) };
    for link in &conversation.links {
        if let Some(record) = leads::by_email(t, admin, &link.email)?
            && record.has_only(session)
            && record.may_have(session)
            && !leads::all_events(t, &record)?.iter().any(LeadEvent::is_a_persons)
        {
            remove(t, &record)?;
        }
    }
    forget(t, admin, &[(session.to_owned(), conversation)], by)?;
    Ok(messages)
}

/// Removes the messages that carry an address in one of its spellings, and what followed from them; the leads stay.
/// Returns how many there were.
pub(super) fn messages_of(t: &Transaction<'_>, admin: &str, spellings: &[String], by: &By) -> Result<u64> {
    let mut sessions = BTreeSet::new();
    for email in spellings {
        let mut select =
            t.prepare_cached("SELECT DISTINCT session_id FROM chats WHERE admin_id = ? AND email = ?")?;
        sessions
            .extend(select.query_map([admin, email], |row| row.get(0))?.collect::<Result<Vec<String>>>()?);
    }
    let mut lost = Vec::new();
    for session in sessions {
        let mut messages = capture::session(t, admin, &session)?;
        lost.extend(conversation::untag(&mut messages, spellings).map(|lost| (session.clone(), lost)));
        bury(t, admin, &messages, by)?;
        happened::session(t, admin, &session, SessionAction::Erased)?;
    }
    let mut removed = 0;
    for email in spellings {
        removed += t.execute("DELETE FROM chats WHERE admin_id = ? AND email = ?", [admin, email])? as u64;
    }
    forget(t, admin, &lost, by)?;
    Ok(removed)
}

/// Keeps messages from coming back by a repetition.
fn bury(t: &Transaction<'_>, admin: &str, messages: &[Message], by: &By) -> Result<()> {
    let mut insert = t.prepare_cached("INSERT OR IGNORE INTO tombstones (hash, at) VALUES (?, ?)")?;
    for message in messages.iter().filter(|message| !message.message_id.is_empty()) {
        let hash = tombstone(admin, &message.session_id, &message.message_id);
        insert.execute(params![hash, by.at.millis()])?;
    }
    Ok(())
}

/// Removes a session's messages, for good; gives how many there were and what followed from them.
fn take_away(
    t: &Transaction<'_>,
    admin: &str,
    session: &str,
    by: &By,
) -> Result<(u64, Option<Conversation>)> {
    let messages = capture::session(t, admin, session)?;
    bury(t, admin, &messages, by)?;
    let removed = t.execute("DELETE FROM chats WHERE admin_id = ? AND session_id = ?", [admin, session])?;
    handovers::forget(t, admin, session)?;
    tokens::forget(t, admin, session)?;
    if removed > 0 {
        happened::session(t, admin, session, SessionAction::Erased)?;
    }
    Ok((removed as u64, conversation::derive(&messages)))
}

/// Takes a lead away with its history; returns how many entries that had.
fn remove(t: &Transaction<'_>, record: &LeadRecord) -> Result<u64> {
    leads::remove(t, record, LeadAction::Erased)?;
    let own = [record.lead.admin_id.as_str(), &record.lead.id];
    let events = t.execute("DELETE FROM lead_events WHERE admin_id = ? AND lead_id = ?", own)?;
    Ok(events as u64)
}

/// Brings the leads that were linked to removed sessions to what follows from those they still have.
fn forget(t: &Transaction<'_>, admin: &str, gone: &[(String, Conversation)], by: &By) -> Result<()> {
    let mut by_email: BTreeMap<&str, Vec<&(String, Conversation)>> = BTreeMap::new();
    for session in gone {
        for link in &session.1.links {
            by_email.entry(&link.email).or_default().push(session);
        }
    }
    for (email, mut gone) in by_email {
        let Some(mut record) = leads::by_email(t, admin, email)? else { continue };
        gone.retain(|(session, _)| record.may_have(session));
        if gone.is_empty() {
            continue;
        }
        let linked = leads::linked(t, &record)?;
        let mut left = Vec::new();
        for id in record.unlist(&gone.iter().map(|(id, _)| id.as_str()).collect(), linked) {
            let conversation = conversation::derive(&capture::session(t, admin, &id)?);
            left.extend(conversation.map(|conversation| (id, conversation)));
        }
        for (session, conversation) in &gone {
            record.forget((session, conversation), &left, by);
        }
        leads::forget_conversations(t, &record)?;
        leads::save(t, &record)?;
    }
    Ok(())
}
