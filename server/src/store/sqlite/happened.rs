//! What happened lately: written with the change itself, read by whoever follows it.

use porchlight_protocol::capture::Mode;
use porchlight_protocol::time::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Row, Transaction, params};

use super::file::{Shared, blocking, read};
use super::leads;
use super::rows::{self, word};
use crate::clock;
use crate::conversation::Message;
use crate::live::{EPOCH_MILLIS, Happened, LeadAction, SessionAction, Tail, TailError, What, place_at};

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

type Result<T> = std::result::Result<T, Error>;

/// How many events are kept at least.
const KEPT: i64 = 200_000;

/// How many more there may be: they are forgotten together, because a statement an event would cost more than the event.
const FORGOTTEN_AT_ONCE: i64 = 256;

/// How many of them a new reader begins with.
const BACK: i64 = 10_000;

/// How many are read at a time.
const STEP: u32 = 500;

/// How long a reader waits before it looks by itself: another process may have written.
const LOOK: Duration = Duration::from_secs(1);

pub(super) fn message(t: &Transaction<'_>, admin: &str, message: &Message) -> Result<()> {
    if message.opened {
        session(t, admin, &message.session_id, SessionAction::Started)?;
    }
    note(t, admin, "message", &message.session_id, &message.message_id)
}

pub(super) fn lead(t: &Transaction<'_>, admin: &str, lead: &str, action: LeadAction) -> Result<()> {
    note(t, admin, "lead", lead, action.as_str())
}

pub(super) fn session(t: &Transaction<'_>, admin: &str, session: &str, action: SessionAction) -> Result<()> {
    let detail = match action {
        SessionAction::Started => "started",
        SessionAction::Erased => "erased",
        SessionAction::Mode(mode) => mode.as_str(),
    };
    note(t, admin, "session", session, detail)
}

fn note(t: &Transaction<'_>, admin: &str, kind: &str, subject: &str, detail: &str) -> Result<()> {
    t.prepare_cached(
        "INSERT INTO happened (place, admin_id, kind, subject, detail) VALUES (
             max(?1, 1 + coalesce((SELECT place FROM happened ORDER BY number DESC LIMIT 1), 0)), ?2, ?3, ?4, ?5)",
    )?
    .execute(params![place_at(clock::now()), admin, kind, subject, detail])?;
    let number = t.last_insert_rowid();
    if number % FORGOTTEN_AT_ONCE == 0 {
        t.prepare_cached("DELETE FROM happened WHERE number <= ?")?.execute([number - KEPT])?;
    }
    Ok(())
}

/// The place of the newest event; 0 when nothing has happened yet.
pub(super) fn place(c: &Connection) -> Result<i64> {
    let sql = "SELECT place FROM happened ORDER BY number DESC LIMIT 1";
    Ok(c.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?.unwrap_or_default())
}

/// Where reading begins: the number and the place that the first event lies behind. With `after` it is the one of this
/// place or the next before it, `None` when that is no longer known.
pub(super) fn start(c: &Connection, after: Option<i64>) -> Result<Option<(i64, i64)>> {
    let oldest = c
        .prepare_cached(
            "SELECT number, place FROM happened WHERE number >= (SELECT max(number) - ? FROM happened)
             ORDER BY number LIMIT 1",
        )?
        .query_row([BACK], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
        .optional()?;
    let floor = match oldest {
        Some((number, place)) if number > 1 => (number, place),
        // Nothing is left out.
        _ => (0, 0),
    };
    let Some(after) = after else { return Ok(Some(floor)) };
    let mut before =
        c.prepare_cached("SELECT number, place FROM happened WHERE place <= ? ORDER BY number DESC LIMIT 1")?;
    let found = before.query_row([after], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(found.or(Some(floor)).filter(|_| after >= floor.1))
}

/// A reader of what happens.
pub(super) struct Reader {
    shared: Arc<Shared>,
    changed: watch::Receiver<()>,
    /// What was read last.
    number: i64,
    /// Whether there may be more without a change.
    more: bool,
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>, number: i64) -> Self {
        let changed = shared.changed.subscribe();
        Self { shared, changed, number, more: true }
    }
}

#[async_trait]
impl Tail for Reader {
    async fn next(&mut self) -> std::result::Result<Vec<Happened>, TailError> {
        if !self.more {
            // Both are only reasons to look.
            let _ = tokio::time::timeout(LOOK, self.changed.changed()).await;
        }
        let (shared, number) = (Arc::clone(&self.shared), self.number);
        let (number, rows, found) = blocking(move || read(&shared, |c| behind(c, number))).await?;
        self.number = number;
        self.more = rows >= STEP as usize;
        Ok(found)
    }
}

/// The events behind a number: the number of the last row, how many rows, and what they tell.
fn behind(c: &Connection, number: i64) -> Result<(i64, usize, Vec<Happened>)> {
    let sql = "SELECT number, place, admin_id, kind, subject, detail FROM happened WHERE number > ?
               ORDER BY number LIMIT ?";
    let mut select = c.prepare_cached(sql)?;
    let mut rows = select.query(params![number, STEP])?;
    let (mut last, mut count, mut found) = (number, 0, Vec::new());
    while let Some(row) = rows.next()? {
        last = row.get(0)?;
        count += 1;
        found.extend(happened(c, row)?);
    }
    Ok((last, count, found))
}

/// `None` for what is no longer there: whatever took it away is an event of its own.
fn happened(c: &Connection, row: &Row<'_>) -> Result<Option<Happened>> {
    let place: i64 = row.get(1)?;
    let admin: String = row.get(2)?;
    let (subject, detail): (String, String) = (row.get(4)?, row.get(5)?);
    let unknown = |word: &str| Error::InvalidColumnType(3, word.to_owned(), Type::Text);
    let what = match row.get_ref(3)?.as_str()? {
        "message" => {
            let sql = format!(
                "SELECT {} FROM chats WHERE admin_id = ? AND session_id = ? AND message_id = ?",
                rows::MESSAGE
            );
            let message = c.prepare_cached(&sql)?.query_row([&admin, &subject, &detail], rows::message);
            message.optional()?.map(|message| What::Message(Box::new(message)))
        }
        "lead" => {
            let action = LeadAction::from_word(&detail).ok_or_else(|| unknown(&detail))?;
            let gone = matches!(action, LeadAction::Deleted | LeadAction::Erased);
            let lead = if gone { None } else { leads::by_id(c, &admin, &subject)? };
            let lead = lead.map(|record| Box::new(record.lead));
            (gone || lead.is_some()).then_some(What::Lead { id: subject, action, lead })
        }
        "session" => {
            let action = match detail.as_str() {
                "started" => SessionAction::Started,
                "erased" => SessionAction::Erased,
                mode => SessionAction::Mode(Mode::from_word(mode).ok_or_else(|| unknown(mode))?),
            };
            Some(What::Session { id: subject, action })
        }
        other => return Err(unknown(other)),
    };
    let admin = word(row, 2, |text| text.parse().ok())?;
    let at = Timestamp::from_millis((place >> 14) + EPOCH_MILLIS);
    Ok(what.map(|what| Happened { place, admin, at, what }))
}
