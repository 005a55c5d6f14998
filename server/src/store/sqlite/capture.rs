//! A batch of captures as one transaction.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::LazyLock;

use porchlight_protocol::capture::Mode;
use porchlight_protocol::ids::AdminId;
use rusqlite::{Connection, Error, Transaction, params};

use super::memory::Memory;
use super::rows::{self, to_json};
use super::{handovers, happened, leads};
use crate::assistant;
use crate::conversation::{self, Admission, Answerer, Conversation, DrawnOut, Incoming, Message};
use crate::leads::history::VISITOR;
use crate::leads::{By, Contact, LeadRecord, new_id};
use crate::store::recent::Key;
use crate::store::{CaptureError, Kept, tombstone};

type Result<T> = std::result::Result<T, Error>;

/// The sessions of a batch, as it goes on.
pub(super) type Sessions = HashMap<Key, Vec<Message>>;

pub(super) type Results = Vec<std::result::Result<Kept, CaptureError>>;

/// Keeps a batch; what its sessions are then is true once the transaction is committed.
pub(super) fn batch(
    t: &Transaction<'_>,
    memory: &mut Memory,
    batch: &[Incoming],
) -> Result<(Results, Sessions)> {
    memory.refresh(t)?;
    let mut sessions = Sessions::new();
    let mut results = Vec::with_capacity(batch.len());
    for incoming in batch {
        let session = match sessions.entry(Key::of(incoming)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let messages = match memory.take(unknown.key()) {
                    Some(messages) => messages,
                    None => session(t, unknown.key().admin.as_str(), &unknown.key().session)?,
                };
                unknown.insert(messages)
            }
        };
        results.push(keep(t, memory, session, incoming)?);
    }
    Ok((results, sessions))
}

/// A session's messages, sorted for reading.
pub(super) fn session(c: &Connection, admin: &str, session: &str) -> Result<Vec<Message>> {
    let sql =
        format!("SELECT {} FROM chats WHERE admin_id = ? AND session_id = ? ORDER BY id", rows::MESSAGE);
    let mut select = c.prepare_cached(&sql)?;
    let mut messages: Vec<Message> =
        select.query_map([admin, session], rows::message)?.collect::<Result<_>>()?;
    conversation::sort_for_reading(&mut messages);
    Ok(messages)
}

fn keep(
    t: &Transaction<'_>,
    memory: &mut Memory,
    session: &mut Vec<Message>,
    incoming: &Incoming,
) -> Result<std::result::Result<Kept, CaptureError>> {
    let mode = handovers::mode(t, incoming.tenant.admin_id().as_str(), incoming.session_id.as_str())?;
    match conversation::admit(session, incoming) {
        Admission::Reused => Ok(Err(CaptureError::Reused)),
        Admission::Nowhere => Ok(Err(CaptureError::Nowhere)),
        Admission::Duplicate(message) => {
            let reply = session.iter().find(|m| m.reply_to.as_ref() == Some(&message.message_id)).cloned();
            let session_email = message.tag.as_ref().map(|tag| tag.email.clone());
            Ok(Ok(Kept { message: *message, duplicate: true, session_email, reply, mode }))
        }
        Admission::New(message) if memory.is_erased(t, || hash(incoming))? => {
            let message = Message { pending: false, opened: false, ..*message };
            Ok(Ok(Kept { message, duplicate: true, session_email: None, reply: None, mode }))
        }
        Admission::New(_) if incoming.reply_to.is_some() && mode == Mode::Human => {
            Ok(Err(CaptureError::Silenced))
        }
        Admission::New(message) => add(t, session, incoming, *message, mode).map(Ok),
    }
}

fn add(
    t: &Transaction<'_>,
    session: &mut Vec<Message>,
    incoming: &Incoming,
    message: Message,
    mode: Mode,
) -> Result<Kept> {
    let admin = incoming.tenant.admin_id().as_str();
    let before = session.len();
    session.push(message);
    let due = conversation::is_answer_due(&session[before], incoming, mode);
    session[before].owed = due && incoming.answerer == Answerer::Model;
    if due && incoming.answerer == Answerer::Builtin {
        session.push(assistant::reply(session, &session[before], &incoming.known, incoming.arrived));
    }
    let followed = conversation::derive(session);
    let mut wrong = 0;
    for kept in session.iter_mut() {
        kept.pending = false;
        if let Some(Conversation { tag, .. }) = &followed
            && kept.tag.as_ref() != Some(tag)
        {
            kept.tag = Some(tag.clone());
            wrong += 1;
        }
    }
    let new = &session[before..];
    for kept in new {
        insert(t, admin, kept)?;
    }
    if let Some(conversation) = &followed {
        if wrong > new.len() {
            tag_session(t, admin, incoming.session_id.as_str(), conversation)?;
        }
        let by = By::new(VISITOR, incoming.arrived);
        update_leads(t, incoming.tenant.admin_id(), incoming.session_id.as_str(), conversation, &by)?;
    }
    Ok(Kept {
        message: session[before].clone(),
        duplicate: false,
        session_email: followed.map(|conversation| conversation.tag.email),
        reply: session.get(before + 1).cloned(),
        mode,
    })
}

/// Keeps what a model has drawn out of a session; `false` where that is no news.
pub(super) fn draw_out(
    t: &Transaction<'_>,
    admin: &AdminId,
    (session_id, newest): (&str, &str),
    drawn: &DrawnOut,
    by: &By,
) -> Result<bool> {
    let changed = t
        .prepare_cached(
            "UPDATE chats SET drawn_out_of = ?4, drawn_out_beside = ?5, drawn_out = ?6
             WHERE admin_id = ?1 AND session_id = ?2 AND message_id = ?3 AND coalesce(drawn_out_of, 0) < ?4",
        )?
        .execute(params![admin.as_str(), session_id, newest, drawn.of, drawn.beside, drawn.text])?;
    if changed == 0 {
        return Ok(false);
    }
    if let Some(conversation) = conversation::derive(&session(t, admin.as_str(), session_id)?) {
        tag_session(t, admin.as_str(), session_id, &conversation)?;
        update_leads(t, admin, session_id, &conversation, by)?;
    }
    Ok(true)
}

static INSERT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "INSERT INTO chats (admin_id, {}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,?,NULL,NULL,NULL,?)",
        rows::MESSAGE
    )
});

fn insert(t: &Transaction<'_>, admin: &str, message: &Message) -> Result<()> {
    let addresses = (!message.addresses.is_empty()).then(|| to_json(&message.addresses)).transpose()?;
    t.prepare_cached(&INSERT)?.execute(params![
        admin,
        message.session_id,
        message.message_id,
        message.seq,
        message.role.as_str(),
        message.text,
        message.page.url,
        message.page.title,
        message.page.referrer,
        message.page.locale,
        message.page.time_zone,
        message.at.millis(),
        addresses,
        message.reply_to,
        message.opened,
        message.edge.as_ref().map(to_json).transpose()?,
        message.tag.as_ref().map(|tag| &tag.email),
        message.tag.as_ref().map(|tag| &tag.requirements),
        message.owed,
        (!message.sources.is_empty()).then(|| to_json(&message.sources)).transpose()?,
    ])?;
    happened::message(t, admin, message)
}

fn tag_session(t: &Transaction<'_>, admin: &str, session: &str, conversation: &Conversation) -> Result<()> {
    t.prepare_cached(
        "UPDATE chats SET email = ?3, requirements = ?4 WHERE admin_id = ?1 AND session_id = ?2
         AND (email IS NOT ?3 OR requirements IS NOT ?4)",
    )?
    .execute(params![admin, session, conversation.tag.email, conversation.tag.requirements])?;
    Ok(())
}

pub(super) fn update_leads(
    t: &Transaction<'_>,
    admin: &AdminId,
    session_id: &str,
    conversation: &Conversation,
    by: &By,
) -> Result<()> {
    for link in &conversation.links {
        let contact = Contact { session_id, conversation, link };
        let (record, changed) = match leads::by_email(t, admin.as_str(), &link.email)? {
            Some(mut record) => {
                let day = record.day();
                let changed = record.absorb(contact, by);
                if record.day() != day {
                    leads::mark_day(t, admin.as_str(), day)?;
                }
                (record, changed)
            }
            None => (LeadRecord::create(new_id(), admin, contact, by), link.makes_lead),
        };
        if changed {
            leads::save(t, &record)?;
        }
    }
    Ok(())
}

fn hash(incoming: &Incoming) -> String {
    let admin = incoming.tenant.admin_id().as_str();
    tombstone(admin, incoming.session_id.as_str(), incoming.message_id.as_str())
}
