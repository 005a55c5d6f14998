//! What businesses are to be told by mail: found among what happened lately.

use porchlight_protocol::time::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Transaction, params};

use super::capture;
use super::rows::word;
use crate::conversation;
use crate::leads::history::VISITOR;
use crate::live::place_at;
use crate::notices::{Due, MOST_NOTICES, Notice, NoticeKind, SETTLED};
use crate::store::Tenant;

type Result<T> = std::result::Result<T, Error>;

/// Most events that are looked at in one go.
const STEP: u32 = 5_000;

/// Most notices that wait for a business; of more it is not told.
const MOST_WAITING: u32 = 500;

/// Businesses whose notices are sent in one go.
const MOST_BUSINESSES: u32 = 100;

pub(super) fn gather(
    t: &Transaction<'_>,
    now: Timestamp,
    unanswered_before: Option<Timestamp>,
) -> Result<()> {
    let new_leads = look(t, now, "lead", "created", place_at(now.plus_millis(1)))?;
    for (admin, lead, _) in new_leads {
        let made = t
            .prepare_cached(
                "SELECT created_at FROM leads WHERE admin_id = ?1 AND id = ?2 AND EXISTS (
                     SELECT 1 FROM lead_events WHERE admin_id = ?1 AND lead_id = ?2 AND version = 1 AND who = ?3)",
            )?
            .query_row([&admin, &lead, VISITOR], |row| row.get(0))
            .optional()?;
        // Leads of a file or of old chats are no news, and some are gone already.
        if let Some(at) = made {
            add(t, &admin, NoticeKind::Lead, &lead, at, now)?;
        }
    }
    // What nobody wants to be told is passed over.
    let before = unanswered_before.unwrap_or(now);
    for (admin, session, id) in look(t, now, "message", "", place_at(before))? {
        if unanswered_before.is_none() {
            continue;
        }
        let messages = capture::session(t, &admin, &session)?;
        if let Some(message) = conversation::unanswered(&messages).filter(|message| message.message_id == id)
        {
            add(t, &admin, NoticeKind::Unanswered, &session, message.at.millis(), now)?;
        }
    }
    Ok(())
}

/// Events of a kind since it was looked last that happened before a place; `detail` narrows them down. The first look
/// finds nothing and notes where to begin.
fn look(
    t: &Transaction<'_>,
    now: Timestamp,
    kind: &str,
    detail: &str,
    before: i64,
) -> Result<Vec<(String, String, String)>> {
    let mark = t
        .prepare_cached("SELECT number FROM notice_marks WHERE kind = ?")?
        .query_row([kind], |row| row.get::<_, i64>(0))
        .optional()?;
    let Some(mark) = mark else {
        let begin = "SELECT number FROM happened WHERE place < ? ORDER BY number DESC LIMIT 1";
        let before = place_at(now.plus_millis(-SETTLED));
        let begin = t.prepare_cached(begin)?.query_row([before], |row| row.get(0)).optional()?;
        note_mark(t, kind, begin.unwrap_or_default())?;
        return Ok(Vec::new());
    };
    let mut select = t.prepare_cached(
        "SELECT number, place, kind, admin_id, subject, detail FROM happened WHERE number > ? ORDER BY number LIMIT ?",
    )?;
    let mut rows = select.query(params![mark, STEP])?;
    let (mut last, mut found) = (mark, Vec::new());
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(1)? >= before {
            break;
        }
        last = row.get(0)?;
        let of = (row.get::<_, String>(2)?, row.get::<_, String>(5)?);
        if of.0 == kind && (detail.is_empty() || of.1 == detail) {
            found.push((row.get(3)?, row.get(4)?, of.1));
        }
    }
    note_mark(t, kind, last)?;
    Ok(found)
}

fn note_mark(t: &Transaction<'_>, kind: &str, number: i64) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO notice_marks (kind, number) VALUES (?, ?)";
    t.prepare_cached(sql)?.execute(params![kind, number])?;
    Ok(())
}

fn add(
    t: &Transaction<'_>,
    admin: &str,
    kind: NoticeKind,
    subject: &str,
    at: i64,
    now: Timestamp,
) -> Result<()> {
    t.prepare_cached(
        "INSERT OR IGNORE INTO notices (admin_id, kind, subject, at) SELECT ?1, ?2, ?3, ?4
         WHERE (SELECT count(*) FROM notices WHERE admin_id = ?1) < ?5",
    )?
    .execute(params![admin, kind.as_str(), subject, at, MOST_WAITING])?;
    t.prepare_cached("INSERT OR IGNORE INTO notice_times (admin_id, due) VALUES (?, ?)")?
        .execute(params![admin, now.millis()])?;
    Ok(())
}

pub(super) fn due(c: &Connection, now: Timestamp) -> Result<Vec<Due>> {
    let mut select = c.prepare_cached(
        "SELECT admins.id, admins.email, tries FROM notice_times JOIN admins ON admins.id = admin_id
         WHERE due <= ?1 AND EXISTS (SELECT 1 FROM notices WHERE notices.admin_id = notice_times.admin_id)
         ORDER BY due LIMIT ?2",
    )?;
    let mut due: Vec<Due> = select
        .query_map(params![now.millis(), MOST_BUSINESSES], |row| {
            let tenant = word(row, 0, |text| text.parse().map(Tenant).ok())?;
            Ok(Due { tenant, email: row.get(1)?, notices: Vec::new(), tries: row.get(2)? })
        })?
        .collect::<Result<_>>()?;
    let mut waiting = c.prepare_cached(
        "SELECT kind, subject, at FROM notices WHERE admin_id = ? ORDER BY at, subject LIMIT ?",
    )?;
    for business in &mut due {
        let values = params![business.tenant.admin_id().as_str(), MOST_NOTICES as i64];
        let rows = waiting.query_map(values, |row| {
            let kind: String = row.get(0)?;
            let unknown = || Error::InvalidColumnType(0, kind.clone(), Type::Text);
            Ok(Notice {
                kind: NoticeKind::from_word(&kind).ok_or_else(unknown)?,
                subject: row.get(1)?,
                at: Timestamp::from_millis(row.get(2)?),
            })
        })?;
        business.notices = rows.collect::<Result<_>>()?;
    }
    Ok(due)
}

pub(super) fn told(t: &Transaction<'_>, admin: &str, told: &[Notice], again: Timestamp) -> Result<()> {
    let mut delete =
        t.prepare_cached("DELETE FROM notices WHERE admin_id = ? AND kind = ? AND subject = ? AND at = ?")?;
    for notice in told {
        delete.execute(params![admin, notice.kind.as_str(), notice.subject, notice.at.millis()])?;
    }
    t.prepare_cached("UPDATE notice_times SET due = ?, tries = 0 WHERE admin_id = ?")?
        .execute(params![again.millis(), admin])?;
    Ok(())
}

pub(super) fn postpone(t: &Transaction<'_>, admin: &str, until: Timestamp) -> Result<()> {
    t.prepare_cached("UPDATE notice_times SET due = ?, tries = tries + 1 WHERE admin_id = ?")?
        .execute(params![until.millis(), admin])?;
    Ok(())
}
