//! Chats from before leads had a place of their own: shown grouped by address, and migrated.

use porchlight_protocol::ids::AdminId;
use porchlight_protocol::time::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Error, Transaction, params, params_from_iter};

use super::{capture, rows};
use crate::conversation::{self, Message, derive_old};
use crate::leads::By;
use crate::legacy::{LegacyLead, LegacyQuery, LegacySort};

type Result<T> = std::result::Result<T, Error>;

/// One row an address; with `max` alone the other columns are those of the newest message.
const GROUPS: &str = "
    SELECT newest.email, oldest.first_seen, newest.last_seen, newest.messages, newest.session_id,
           newest.requirements, newest.text, newest.role
    FROM (SELECT email, max(created_at) AS last_seen, count(*) AS messages, session_id, requirements, text, role
          FROM chats WHERE admin_id = ?1 AND email > '' GROUP BY email) AS newest
    JOIN (SELECT email, min(created_at) AS first_seen
          FROM chats WHERE admin_id = ?1 AND email > '' GROUP BY email) AS oldest USING (email)";

const FOUND: &str = "
    WHERE ?2 = '' OR email IN (
        SELECT email FROM chats WHERE admin_id = ?1 AND email > ''
        AND (instr(lower(email), ?2) > 0 OR instr(lower(text), ?2) > 0))";

pub(super) fn leads(c: &Connection, admin: &str, query: &LegacyQuery) -> Result<(Vec<LegacyLead>, u64)> {
    let searched = query.search.clone().unwrap_or_default();
    let total: i64 = c
        .prepare_cached(&format!("SELECT count(*) FROM ({GROUPS} {FOUND})"))?
        .query_row([admin, &searched], |row| row.get(0))?;
    let column = match query.sort {
        LegacySort::LastSeen => "newest.last_seen",
        LegacySort::FirstSeen => "oldest.first_seen",
        LegacySort::Email => "email",
        LegacySort::MessageCount => "newest.messages",
    };
    let order = if query.descending { "DESC" } else { "ASC" };
    let sql = format!("{GROUPS} {FOUND} ORDER BY {column} {order}, email {order} LIMIT ?3 OFFSET ?4");
    let skip = query.page.saturating_sub(1).saturating_mul(query.page_size);
    let values = [
        Value::Text(admin.to_owned()),
        Value::Text(searched),
        Value::Integer(i64::try_from(query.page_size).unwrap_or(i64::MAX)),
        Value::Integer(i64::try_from(skip).unwrap_or(i64::MAX)),
    ];
    let mut select = c.prepare_cached(&sql)?;
    let rows = select.query_map(params_from_iter(values), |row| {
        let email: String = row.get(0)?;
        Ok(LegacyLead {
            id: email.clone(),
            email,
            first_seen: Timestamp::from_millis(row.get(1)?),
            last_seen: Timestamp::from_millis(row.get(2)?),
            message_count: row.get::<_, i64>(3)?.unsigned_abs(),
            session_id: row.get(4)?,
            requirements: row.get(5)?,
            latest_content: row.get(6)?,
            latest_role: row.get(7)?,
        })
    })?;
    Ok((rows.collect::<Result<_>>()?, total.unsigned_abs()))
}

pub(super) fn addresses(c: &Connection, admin: &str) -> Result<Vec<String>> {
    let mut select =
        c.prepare("SELECT DISTINCT email FROM chats WHERE admin_id = ? AND email > '' ORDER BY email")?;
    select.query_map([admin], |row| row.get(0))?.collect()
}

pub(super) fn old_sessions(c: &Connection, admin: &str) -> Result<Vec<String>> {
    let mut select = c.prepare(
        "SELECT session_id FROM chats WHERE admin_id = ? AND seq IS NULL AND migrated = 0
         GROUP BY session_id ORDER BY min(created_at), session_id",
    )?;
    select.query_map([admin], |row| row.get(0))?.collect()
}

pub(super) fn migrate(t: &Transaction<'_>, admin: &AdminId, sessions: &[String], by: &By) -> Result<()> {
    let own = admin.as_str();
    for session in sessions {
        let messages = capture::session(t, own, session)?;
        note_confirmed(t, own, &messages)?;
        if let Some(conversation) = derive_old(&messages) {
            capture::update_leads(t, admin, session, &conversation, by)?;
            let tag = &conversation.tag;
            t.prepare_cached(
                "UPDATE chats SET email = coalesce(nullif(email, ''), ?3),
                     requirements = coalesce(nullif(requirements, ''), ?4)
                 WHERE admin_id = ?1 AND session_id = ?2",
            )?
            .execute(params![own, session, tag.email, tag.requirements])?;
        }
        t.prepare_cached(
            "UPDATE chats SET migrated = 1 WHERE admin_id = ? AND session_id = ? AND seq IS NULL",
        )?
        .execute([own, session])?;
    }
    Ok(())
}

/// Notes the addresses of tags with the messages that confirm them: tags change when a session goes on.
fn note_confirmed(t: &Transaction<'_>, admin: &str, session: &[Message]) -> Result<()> {
    let mut messages = session.to_vec();
    for place in conversation::confirm_old_tags(&mut messages) {
        let message = &messages[place];
        t.prepare_cached(
            "UPDATE chats SET addresses = ?5
             WHERE admin_id = ?1 AND session_id = ?2 AND created_at = ?3 AND text = ?4 AND seq IS NULL",
        )?
        .execute(params![
            admin,
            message.session_id,
            message.at.millis(),
            message.text,
            rows::to_json(&message.addresses)?
        ])?;
    }
    Ok(())
}
