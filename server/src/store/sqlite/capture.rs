//! A batch of captures as one transaction.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use porchlight_protocol::ids::AdminId;
use rusqlite::{Connection, Error, OptionalExtension, Transaction, params};

use super::leads;
use super::rows::{self, to_json};
use crate::assistant;
use crate::conversation::{self, Admission, Conversation, Incoming, Message};
use crate::leads::history::VISITOR;
use crate::leads::{By, Contact, LeadRecord, new_id};
use crate::store::{CaptureError, Kept, tombstone};

type Result<T> = std::result::Result<T, Error>;

/// The messages of one session, as the batch goes on.
struct Session {
    messages: Vec<Message>,
}

pub(super) fn batch(
    t: &Transaction<'_>,
    batch: &[Incoming],
) -> Result<Vec<std::result::Result<Kept, CaptureError>>> {
    let mut sessions: HashMap<(&str, &str), Session> = HashMap::new();
    let mut results = Vec::with_capacity(batch.len());
    for incoming in batch {
        let key = (incoming.tenant.admin_id().as_str(), incoming.session_id.as_str());
        let session = match sessions.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(Session { messages: session(t, key.0, key.1)? }),
        };
        results.push(keep(t, session, incoming)?);
    }
    Ok(results)
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
    session: &mut Session,
    incoming: &Incoming,
) -> Result<std::result::Result<Kept, CaptureError>> {
    match conversation::admit(&session.messages, incoming) {
        Admission::Reused => Ok(Err(CaptureError::Reused)),
        Admission::Duplicate(message) => {
            let reply =
                session.messages.iter().find(|m| m.reply_to.as_ref() == Some(&message.message_id)).cloned();
            let session_email = message.tag.as_ref().map(|tag| tag.email.clone());
            Ok(Ok(Kept { message: *message, duplicate: true, session_email, reply }))
        }
        Admission::New(message) if is_erased(t, incoming)? => {
            let message = Message { pending: false, opened: false, ..*message };
            Ok(Ok(Kept { message, duplicate: true, session_email: None, reply: None }))
        }
        Admission::New(message) => add(t, session, incoming, *message).map(Ok),
    }
}

fn add(t: &Transaction<'_>, session: &mut Session, incoming: &Incoming, message: Message) -> Result<Kept> {
    let admin = incoming.tenant.admin_id().as_str();
    session.messages.push(message.clone());
    let reply = (message.opened || incoming.authorised)
        .then(|| assistant::reply(&session.messages, &message, incoming.arrived));
    session.messages.extend(reply.clone());
    let followed = conversation::derive(&session.messages);
    let added = 1 + usize::from(reply.is_some());
    let new_from = session.messages.len() - added;
    for kept in &mut session.messages {
        kept.pending = false;
        if let Some(conversation) = &followed {
            kept.tag = Some(conversation.tag.clone());
        }
    }
    for kept in session.messages.iter().skip(new_from) {
        insert(t, admin, kept)?;
    }
    if let Some(conversation) = &followed {
        tag_session(t, admin, &message.session_id, conversation)?;
        let by = By::new(VISITOR, incoming.arrived);
        update_leads(t, incoming.tenant.admin_id(), &message.session_id, conversation, &by)?;
    }
    let tag = followed.map(|conversation| conversation.tag);
    Ok(Kept {
        message: Message { tag: tag.clone(), pending: false, ..message },
        duplicate: false,
        session_email: tag.as_ref().map(|tag| tag.email.clone()),
        reply: reply.map(|reply| Message { tag, ..reply }),
    })
}

fn insert(t: &Transaction<'_>, admin: &str, message: &Message) -> Result<()> {
    let sql = format!(
        "INSERT INTO chats (admin_id, {}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0)",
        rows::MESSAGE
    );
    let addresses = (!message.addresses.is_empty()).then(|| to_json(&message.addresses)).transpose()?;
    t.prepare_cached(&sql)?.execute(params![
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
    ])?;
    Ok(())
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
                let changed = record.absorb(contact, by);
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

fn is_erased(t: &Transaction<'_>, incoming: &Incoming) -> Result<bool> {
    let hash = tombstone(
        incoming.tenant.admin_id().as_str(),
        incoming.session_id.as_str(),
        incoming.message_id.as_str(),
    );
    let mut select = t.prepare_cached("SELECT 1 FROM tombstones WHERE hash = ?")?;
    Ok(select.query_row([hash], |_| Ok(())).optional()?.is_some())
}
