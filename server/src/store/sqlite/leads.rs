//! Leads: one, a page of them, and what people do to them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use porchlight_protocol::time::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Error, OptionalExtension, Row, Transaction, params, params_from_iter};

use super::capture;
use super::rows::{self, to_json};
use crate::conversation::Message;
use crate::leads::search::end_of_prefix;
use crate::leads::{
    By, LeadEdit, LeadEvent, LeadFilter, LeadPage, LeadQuery, LeadRecord, Place, RequirementsBy, SortField,
    SortKey, SourceFilter, Start,
};
use crate::store::Edited;

type Result<T> = std::result::Result<T, Error>;

pub(super) fn by_id(c: &Connection, admin: &str, id: &str) -> Result<Option<LeadRecord>> {
    let sql = format!("SELECT {} FROM leads WHERE admin_id = ? AND id = ?", rows::LEAD);
    c.prepare_cached(&sql)?.query_row([admin, id], rows::lead).optional()
}

pub(super) fn by_email(c: &Connection, admin: &str, email: &str) -> Result<Option<LeadRecord>> {
    let sql = format!("SELECT {} FROM leads WHERE admin_id = ? AND email = ?", rows::LEAD);
    c.prepare_cached(&sql)?.query_row([admin, email], rows::lead).optional()
}

/// Writes a lead as it is now, with its words and tags.
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
        record.source_host(),
    ];
    let (admin, number) = t.prepare_cached(&SAVE)?.query_row(values, |row| Ok((row.get(0)?, row.get(1)?)))?;
    add_events(t, record, &record.events)?;
    mark_day(t, record)?;
    let lead = Numbers { admin, lead: number };
    lead.save_words(t, "lead_words", "word", record.search_words().into_iter().collect())?;
    lead.save_words(t, "lead_tags", "tag", lead_tags(record))
}

/// Adds a lead or takes its place, and gives the numbers of its business and itself.
static SAVE: LazyLock<String> = LazyLock::new(|| {
    let columns = format!("{}, value_cents, source_host", rows::LEAD);
    let names: Vec<&str> = columns.split(',').map(str::trim).collect();
    let marks = vec!["?"; names.len()].join(",");
    let changes: Vec<String> = names.iter().map(|name| format!("{name} = excluded.{name}")).collect();
    format!(
        "INSERT INTO leads ({columns}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {}
         RETURNING (SELECT number FROM admins WHERE admins.id = admin_id), number",
        changes.join(", ")
    )
});

/// What stands for a lead and its business in the tables of words and tags.
struct Numbers {
    admin: i64,
    lead: i64,
}

impl Numbers {
    /// Brings the rows of a lead to these words; most changes of a lead change none of them.
    fn save_words(
        &self,
        t: &Transaction<'_>,
        table: &str,
        column: &str,
        wanted: BTreeSet<String>,
    ) -> Result<()> {
        let mut select = t.prepare_cached(&format!("SELECT {column} FROM {table} WHERE lead = ?"))?;
        let known: BTreeSet<String> =
            select.query_map([self.lead], |row| row.get(0))?.collect::<Result<_>>()?;
        let mut delete =
            t.prepare_cached(&format!("DELETE FROM {table} WHERE admin = ? AND {column} = ? AND lead = ?"))?;
        for gone in known.difference(&wanted) {
            delete.execute(params![self.admin, gone, self.lead])?;
        }
        let mut insert =
            t.prepare_cached(&format!("INSERT INTO {table} (admin, {column}, lead) VALUES (?, ?, ?)"))?;
        for new in wanted.difference(&known) {
            insert.execute(params![self.admin, new, self.lead])?;
        }
        Ok(())
    }
}

fn lead_tags(record: &LeadRecord) -> BTreeSet<String> {
    record.lead.tags.iter().cloned().collect()
}

/// After every change of a lead: its day's figures are out of date.
fn mark_day(t: &Transaction<'_>, record: &LeadRecord) -> Result<()> {
    t.prepare_cached(
        "INSERT INTO lead_days (admin_id, day, marks) VALUES (?, ?, 1)
         ON CONFLICT DO UPDATE SET marks = marks + 1",
    )?
    .execute(params![record.lead.admin_id.as_str(), record.day()])?;
    Ok(())
}

fn forget_words(t: &Transaction<'_>, id: &str) -> Result<()> {
    for table in ["lead_words", "lead_tags"] {
        let sql = format!("DELETE FROM {table} WHERE lead = (SELECT number FROM leads WHERE id = ?)");
        t.prepare_cached(&sql)?.execute([id])?;
    }
    Ok(())
}

pub(super) fn sessions(c: &Connection, admin: &str, lead: &str) -> Result<Option<Vec<Vec<Message>>>> {
    let Some(record) = by_id(c, admin, lead)? else { return Ok(None) };
    let mut sessions = Vec::new();
    for session in &record.lead.session_ids {
        sessions.push(capture::session(c, admin, session)?);
    }
    sessions.retain(|messages| !messages.is_empty());
    sessions.sort_by_key(|messages| messages.iter().map(|m| m.at).min());
    Ok(Some(sessions))
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
    remove(t, &record)?;
    Ok(true)
}

/// Takes a lead away; its history stays.
pub(super) fn remove(t: &Transaction<'_>, record: &LeadRecord) -> Result<()> {
    forget_words(t, &record.lead.id)?;
    t.prepare_cached("DELETE FROM leads WHERE id = ?")?.execute([&record.lead.id])?;
    mark_day(t, record)
}

/// The rows of a business in the tables of words and tags.
const OWN: &str = "admin = (SELECT number FROM admins WHERE id = ?)";

/// A word that fewer leads have than this is read from the index of words.
const RARE: i64 = 5_000;

/// Where all words are frequent, so many leads in the list's order most likely hold enough that have them.
const WINDOW: i64 = 2_000;

/// Conditions with their values, built from fixed pieces of SQL only.
struct Conditions {
    /// What is read, with [`Self::values`] of its own in front.
    from: String,
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    fn and(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
        self.values.extend(values);
    }

    fn go_on_behind(&mut self, query: &LeadQuery) {
        if let Start::Behind(Place { key, id }) = &query.start {
            let key = match key {
                SortKey::Number(number) => Value::Integer(*number),
                SortKey::Text(address) => text(address),
            };
            let beyond = if query.sort.descending { "<" } else { ">" };
            self.and(&format!("({}, id) {beyond} (?, ?)", column(query.sort.field)), [key, text(id)]);
        }
    }

    fn and_words(&mut self, words: &[&String]) {
        for word in words {
            self.and(
                "(SELECT 1 FROM lead_words INDEXED BY lead_words_lead
                  WHERE lead = leads.number AND word >= ? AND word < ? LIMIT 1)",
                [text(*word), text(end_of_prefix(word))],
            );
        }
    }

    fn and_any(&mut self, before: &str, behind: &str, values: Vec<Value>) {
        if !values.is_empty() {
            let marks = vec!["?"; values.len()].join(",");
            self.and(&format!("{before} ({marks}){behind}"), values);
        }
    }
}

fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

/// The conditions of a filter, which reads all leads, or those with the first of `words`, and looks whether they have
/// the others.
fn conditions(admin: &str, filter: &LeadFilter, words: &[&String]) -> Conditions {
    let mut found =
        Conditions { from: "leads".to_owned(), sql: "admin_id = ?".to_owned(), values: Vec::new() };
    if let Some(word) = words.first() {
        // CROSS JOIN fixes the order of reading.
        found.from = format!(
            "(SELECT DISTINCT lead FROM lead_words WHERE {OWN} AND word >= ? AND word < ?) AS hit
             CROSS JOIN leads ON leads.number = hit.lead"
        );
        found.values.extend([text(admin), text(*word), text(end_of_prefix(word))]);
    }
    found.values.push(text(admin));
    found.and_any("status IN", "", filter.statuses.iter().map(|s| text(s.as_str())).collect());
    found.and_any("priority IN", "", filter.priorities.iter().map(|p| text(p.as_str())).collect());
    if !filter.tags.is_empty() {
        let mut values = vec![text(admin)];
        values.extend(filter.tags.iter().map(text));
        let marks = vec!["?"; filter.tags.len()].join(",");
        found
            .and(&format!("number IN (SELECT lead FROM lead_tags WHERE {OWN} AND tag IN ({marks}))"), values);
    }
    match &filter.source {
        Some(SourceFilter::Prefix(prefix)) => {
            found.and("source >= ? AND source < ?", [text(prefix), text(end_of_prefix(prefix))]);
        }
        Some(SourceFilter::Host(host)) => found.and("source_host = ?", [text(host)]),
        None => {}
    }
    if let Some(from) = filter.from {
        found.and("created_at >= ?", [Value::Integer(from.millis())]);
    }
    if let Some(to) = filter.to {
        found.and("created_at < ?", [Value::Integer(to.millis())]);
    }
    found.and_words(words.get(1..).unwrap_or_default());
    found
}

/// The words, first the one that begins the fewest entries of the index, and whether even that begins [`RARE`].
fn rarest_first<'a>(c: &Connection, admin: &str, words: &'a [String]) -> Result<(Vec<&'a String>, bool)> {
    let mut count = c.prepare_cached(&format!(
        "SELECT count(*) FROM (SELECT 1 FROM lead_words WHERE {OWN} AND word >= ? AND word < ? LIMIT ?)"
    ))?;
    let mut counted = Vec::with_capacity(words.len());
    for word in words {
        let values = params![admin, word, end_of_prefix(word), RARE];
        counted.push((count.query_row(values, |row| row.get(0))?, word));
    }
    counted.sort_by_key(|(matches, _): &(i64, _)| *matches);
    let frequent = counted.first().is_some_and(|(matches, _)| *matches >= RARE);
    Ok((counted.into_iter().map(|(_, word)| word).collect(), frequent))
}

fn column(field: SortField) -> &'static str {
    match field {
        SortField::CreatedAt => "created_at",
        SortField::UpdatedAt => "updated_at",
        SortField::LastContact => "last_contact",
        SortField::Value => "value_cents",
        SortField::ConversationCount => "conversation_count",
        SortField::Email => "email",
    }
}

pub(super) fn count(c: &Connection, admin: &str, filter: &LeadFilter) -> Result<u64> {
    let (words, _) = rarest_first(c, admin, &filter.words)?;
    let wanted = conditions(admin, filter, &words);
    let count = format!("SELECT count(*) FROM {} WHERE {}", wanted.from, wanted.sql);
    c.prepare_cached(&count)?
        .query_row(params_from_iter(&wanted.values), |row| row.get::<_, i64>(0))
        .map(i64::unsigned_abs)
}

pub(super) fn page(c: &Connection, admin: &str, query: &LeadQuery) -> Result<LeadPage> {
    let (words, frequent) = rarest_first(c, admin, &query.filter.words)?;
    let size = query.page_size as usize;
    let mut leads = Vec::new();
    if frequent && skip(query) == 0 {
        let mut wanted = conditions(admin, &query.filter, &[]);
        wanted.go_on_behind(query);
        // The window is part of the list, so that enough in it is the beginning of what is asked for.
        wanted.from = format!(
            "(SELECT * FROM leads WHERE {} ORDER BY {} LIMIT {WINDOW}) AS leads",
            wanted.sql,
            order(query)
        );
        wanted.sql = "TRUE".to_owned();
        wanted.and_words(&words);
        leads = select(c, query, wanted)?;
    }
    if leads.len() <= size {
        let mut wanted = conditions(admin, &query.filter, &words);
        wanted.go_on_behind(query);
        leads = select(c, query, wanted)?;
    }
    let more = leads.len() > size;
    leads.truncate(size);
    Ok(LeadPage { leads, more })
}

fn select(c: &Connection, query: &LeadQuery, mut wanted: Conditions) -> Result<Vec<LeadRecord>> {
    let sql = format!(
        "SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT ? OFFSET ?",
        rows::LEAD,
        wanted.from,
        wanted.sql,
        order(query)
    );
    // One more than asked for tells whether there is another page.
    wanted.values.extend([Value::Integer(i64::from(query.page_size) + 1), Value::Integer(skip(query))]);
    let mut select = c.prepare_cached(&sql)?;
    select.query_map(params_from_iter(&wanted.values), rows::lead)?.collect()
}

/// How many leads come before the page.
fn skip(query: &LeadQuery) -> i64 {
    match &query.start {
        Start::Page(number) => {
            let before = i64::try_from(number.saturating_sub(1)).unwrap_or(i64::MAX);
            before.saturating_mul(query.page_size.into())
        }
        Start::Behind(_) => 0,
    }
}

fn order(query: &LeadQuery) -> String {
    let order = if query.sort.descending { "DESC" } else { "ASC" };
    format!("{} {order}, id {order}", column(query.sort.field))
}
