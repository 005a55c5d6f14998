//! Leads: one, its history, and what people do to them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use porchlight_protocol::time::Timestamp;
use rusqlite::{Connection, Error, OptionalExtension, Row, Transaction, params};

use super::rows::{self, to_json};
use super::{capture, happened};
use crate::conversation::Message;
use crate::leads::{By, LeadEdit, LeadEvent, LeadRecord, RequirementsBy};
use crate::live::LeadAction;
use crate::store::Edited;

type Result<T> = std::result::Result<T, Error>;

pub(super) fn by_id(c: &Connection, admin: &str, id: &str) -> Result<Option<LeadRecord>> {
    let sql = format!("SELECT {} FROM leads WHERE admin_id = ? AND id = ?", rows::LEAD);
    // The same id in other letters is the same.
    c.prepare_cached(&sql)?.query_row([admin, &id.to_ascii_lowercase()], rows::lead).optional()
}

pub(super) fn by_email(c: &Connection, admin: &str, email: &str) -> Result<Option<LeadRecord>> {
    let sql = format!("SELECT {} FROM leads WHERE admin_id = ? AND email = ?", rows::LEAD);
    c.prepare_cached(&sql)?.query_row([admin, email], rows::lead).optional()
}

/// Writes a lead as it is now.
pub(super) fn save(t: &Transaction<'_>, record: &LeadRecord) -> Result<()> {
    let lead = &record.lead;
    let (spoke, spoke_at) = match &record.requirements_by {
        RequirementsBy::Machine { session_id, at } => (Some(session_id), at.millis()),
        RequirementsBy::Person => (None, 0),
    };
    let values = params![
        lead.id,
        lead.admin_id.as_str(),
        lead.email,
        lead.requirements,
        lead.session_id,
        to_json(&lead.session_ids)?,
        lead.status.as_str(),
        lead.source,
        lead.first_message,
        lead.last_contact.millis(),
        lead.conversation_count as i64,
        to_json(&lead.tags)?,
        lead.notes,
        lead.value,
        lead.priority.as_str(),
        to_json(&lead.alternate_emails)?,
        lead.follow_up_at.map(Timestamp::millis),
        lead.referrer,
        lead.utm.as_ref().map(to_json).transpose()?,
        lead.created_at.millis(),
        lead.updated_at.millis(),
        record.version,
        spoke,
        spoke_at,
        record.contacted_at.map(Timestamp::millis),
        record.first_reply.map(|reply| reply.asked.millis()),
        record.first_reply.map(|reply| reply.answered.millis()),
        record.value_cents(),
    ];
    t.prepare_cached(&SAVE)?.execute(values)?;
    add_events(t, record, &record.events)?;
    let action = if record.version <= 1 { LeadAction::Created } else { LeadAction::Changed };
    happened::lead(t, lead.admin_id.as_str(), &lead.id, action)?;
    mark_day(t, lead.admin_id.as_str(), record.day())
}

/// Adds a lead or takes its place.
static SAVE: LazyLock<String> = LazyLock::new(|| {
    let columns = format!("{}, value_cents", rows::LEAD);
    let names: Vec<&str> = columns.split(',').map(str::trim).collect();
    let marks = vec!["?"; names.len()].join(",");
    let changes: Vec<String> = names.iter().map(|name| format!("{name} = excluded.{name}")).collect();
    format!(
        "INSERT INTO leads ({columns}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {}",
        changes.join(", ")
    )
});

/// After every change of a lead: its day's figures are out of date.
pub(super) fn mark_day(t: &Transaction<'_>, admin: &str, day: i64) -> Result<()> {
    t.prepare_cached(
        "INSERT INTO lead_days (admin_id, day, marks) VALUES (?, ?, 1)
         ON CONFLICT DO UPDATE SET marks = marks + 1",
    )?
    .execute(params![admin, day])?;
    Ok(())
}

pub(super) fn sessions(c: &Connection, admin: &str, lead: &str) -> Result<Option<Vec<Vec<Message>>>> {
    let Some(record) = by_id(c, admin, lead)? else { return Ok(None) };
    let mut sessions = Vec::new();
    let ids = match record.lists_all() {
        true => record.lead.session_ids,
        false => session_ids(c, &record)?.into_iter().collect(),
    };
    for session in ids {
        sessions.push(capture::session(c, admin, &session)?);
    }
    sessions.retain(|messages| !messages.is_empty());
    sessions.sort_by_key(|messages| messages.iter().map(|m| m.at).min());
    Ok(Some(sessions))
}

/// A lead's sessions in the order of linking.
pub(super) fn linked(c: &Connection, record: &LeadRecord) -> Result<Vec<String>> {
    match record.lists_all() {
        true => Ok(record.lead.session_ids.clone()),
        false => Ok(record.in_order(of_messages(c, record)?)),
    }
}

/// A lead's sessions, those too that its list has forgotten, and those from before it was deleted once.
pub(super) fn session_ids(c: &Connection, record: &LeadRecord) -> Result<BTreeSet<String>> {
    Ok(record.lead.session_ids.iter().cloned().chain(of_messages(c, record)?).collect())
}

/// The sessions that messages link to a lead, oldest first. Old messages need not have an address of their own; where the
/// lead does not list all its sessions, their tags are asked too.
fn of_messages(c: &Connection, record: &LeadRecord) -> Result<Vec<String>> {
    let mut linked = c.prepare_cached(
        "SELECT session_id FROM (
             SELECT session_id, id FROM chats
             WHERE admin_id = ?1 AND addresses IS NOT NULL AND json_extract(addresses, '$[0]') = ?2
             UNION ALL SELECT session_id, id FROM chats WHERE ?3 AND admin_id = ?1 AND email = ?2
         ) GROUP BY session_id ORDER BY min(id)",
    )?;
    let lead = &record.lead;
    let asked = params![lead.admin_id.as_str(), lead.email, !record.lists_all()];
    linked.query_map(asked, |row| row.get(0))?.collect()
}

pub(super) fn edit(
    t: &Transaction<'_>,
    admin: &str,
    id: &str,
    edit: &LeadEdit,
    if_match: Option<&str>,
    by: &By,
) -> Result<Edited> {
    let Some(mut record) = by_id(t, admin, id)? else { return Ok(Edited::Missing) };
    if if_match.is_some_and(|etag| etag != record.etag()) {
        return Ok(Edited::Stale);
    }
    if record.edit(edit, by) {
        save(t, &record)?;
    }
    Ok(Edited::Done(Box::new(record)))
}

fn add_events(t: &Transaction<'_>, record: &LeadRecord, events: &[LeadEvent]) -> Result<()> {
    let mut insert = t.prepare_cached(
        "INSERT INTO lead_events (admin_id, lead_id, version, at, who, changes) VALUES (?, ?, ?, ?, ?, ?)",
    )?;
    for event in events {
        insert.execute(params![
            record.lead.admin_id.as_str(),
            record.lead.id,
            event.version,
            event.at.millis(),
            event.who,
            to_json(&event.changes)?,
        ])?;
    }
    Ok(())
}

pub(super) fn events(
    c: &Connection,
    admin: &str,
    id: &str,
    below: Option<i64>,
    limit: u32,
) -> Result<Option<Vec<LeadEvent>>> {
    if by_id(c, admin, id)?.is_none() {
        return Ok(None);
    }
    events_below(c, (admin, id), below.unwrap_or(i64::MAX), limit.into()).map(Some)
}

/// A lead's whole history, newest first.
pub(super) fn all_events(c: &Connection, record: &LeadRecord) -> Result<Vec<LeadEvent>> {
    events_below(c, (record.lead.admin_id.as_str(), &record.lead.id), i64::MAX, -1)
}

fn events_below(c: &Connection, (admin, id): (&str, &str), below: i64, limit: i64) -> Result<Vec<LeadEvent>> {
    let mut select = c.prepare_cached(
        "SELECT version, at, who, changes FROM lead_events
         WHERE admin_id = ? AND lead_id = ? AND version < ? ORDER BY version DESC LIMIT ?",
    )?;
    let event = |row: &Row<'_>| {
        Ok(LeadEvent {
            version: row.get(0)?,
            at: Timestamp::from_millis(row.get(1)?),
            who: row.get(2)?,
            changes: rows::json(row, 3)?,
        })
    };
    select.query_map(params![admin, id, below, limit], event)?.collect()
}

/// Leaves nothing in a lead's history that somebody wrote in a conversation.
pub(super) fn forget_conversations(t: &Transaction<'_>, record: &LeadRecord) -> Result<()> {
    let told: Vec<LeadEvent> =
        all_events(t, record)?.into_iter().filter_map(LeadEvent::without_conversation).collect();
    t.prepare_cached("DELETE FROM lead_events WHERE admin_id = ? AND lead_id = ?")?
        .execute([record.lead.admin_id.as_str(), &record.lead.id])?;
    add_events(t, record, &told)
}

pub(super) fn delete(t: &Transaction<'_>, admin: &str, id: &str, by: &By) -> Result<bool> {
    let Some(record) = by_id(t, admin, id)? else { return Ok(false) };
    add_events(t, &record, &[record.farewell(by)])?;
    remove(t, &record, LeadAction::Deleted)?;
    Ok(true)
}

/// Takes a lead away; its history stays.
pub(super) fn remove(t: &Transaction<'_>, record: &LeadRecord, action: LeadAction) -> Result<()> {
    happened::lead(t, record.lead.admin_id.as_str(), &record.lead.id, action)?;
    t.prepare_cached("DELETE FROM leads WHERE id = ?")?.execute([&record.lead.id])?;
    mark_day(t, record.lead.admin_id.as_str(), record.day())
}
