//! What analytics needs: the leads of a stretch of time, and the rollups of days.

use porchlight_protocol::lead::Status;
use porchlight_protocol::time::Timestamp;
use rusqlite::{Connection, Error, Row, Transaction, params};

use super::rows;
use crate::analytics::LeadFact;
use crate::conversation::FirstReply;
use crate::store::{Day, KeptRollup, Tenant};

type Result<T> = std::result::Result<T, Error>;

pub(super) fn facts(c: &Connection, admin: &str, from: Timestamp, to: Timestamp) -> Result<Vec<LeadFact>> {
    let mut select = c.prepare_cached(
        "SELECT created_at, status, value_cents, conversation_count, source, referrer, utm, contacted_at,
                reply_asked_at, reply_answered_at
         FROM leads WHERE admin_id = ? AND created_at >= ? AND created_at < ?",
    )?;
    let facts = select.query_map(params![admin, from.millis(), to.millis()], |row| {
        let time =
            |column: usize| Ok::<_, Error>(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_millis));
        Ok(LeadFact {
            created_at: Timestamp::from_millis(row.get(0)?),
            status: rows::word(row, 1, Status::from_word)?,
            cents: row.get(2)?,
            conversations: row.get::<_, i64>(3)?.unsigned_abs(),
            source: row.get(4)?,
            referrer: row.get(5)?,
            utm: rows::optional_json(row, 6)?,
            contacted_at: time(7)?,
            first_reply: time(8)?.zip(time(9)?).map(|(asked, answered)| FirstReply { asked, answered }),
        })
    })?;
    facts.collect()
}

pub(super) fn days(c: &Connection, admin: &str) -> Result<Vec<Day>> {
    let mut select =
        c.prepare_cached("SELECT day, marks, counted FROM lead_days WHERE admin_id = ? ORDER BY day")?;
    select.query_map([admin], |row| day(row, 0))?.collect()
}

fn day(row: &Row<'_>, from: usize) -> Result<Day> {
    Ok(Day { day: row.get(from)?, marks: row.get(from + 1)?, counted: row.get(from + 2)? })
}

pub(super) fn rollups(c: &Connection, admin: &str, days: &[i64]) -> Result<Vec<KeptRollup>> {
    let mut select = c.prepare_cached(
        "SELECT day, marks, counted, rollup FROM lead_days
         WHERE admin_id = ? AND day = ? AND rollup IS NOT NULL",
    )?;
    let mut found = Vec::new();
    for wanted in days {
        let rows = select.query_map(params![admin, wanted], |row| {
            Ok(KeptRollup { day: day(row, 0)?, text: row.get(3)? })
        })?;
        for row in rows {
            found.push(row?);
        }
    }
    Ok(found)
}

pub(super) fn keep(t: &Transaction<'_>, admin: &str, rollup: &KeptRollup) -> Result<()> {
    t.prepare_cached(
        "UPDATE lead_days SET counted = ?3, rollup = ?4 WHERE admin_id = ?1 AND day = ?2 AND counted <= ?3",
    )?
    .execute(params![admin, rollup.day.day, rollup.day.counted, rollup.text])?;
    Ok(())
}

pub(super) fn stale(c: &Connection, limit: u32) -> Result<Vec<(Tenant, i64)>> {
    let mut select =
        c.prepare_cached("SELECT admin_id, day FROM lead_days WHERE marks <> counted LIMIT ?")?;
    select.query_map([limit], |row| Ok((super::admins::tenant(row)?, row.get(1)?)))?.collect()
}
