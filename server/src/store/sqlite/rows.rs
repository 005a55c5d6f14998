//! Rows of the tables to and from what the program speaks of.

use porchlight_protocol::lead::{Lead, Priority, Status};
use porchlight_protocol::time::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Error, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::conversation::{self, DrawnOut, FirstReply, Message, Page, Tag};
use crate::leads::{LeadRecord, RequirementsBy};

/// The columns of `chats` that [`message`] reads, in its order.
pub(super) const MESSAGE: &str = "session_id, message_id, seq, role, text, page_url, page_title, referrer, locale, \
     time_zone, created_at, addresses, reply_to, opened, edge, email, requirements, migrated, owed, \
     drawn_out_of, drawn_out_beside, drawn_out, sources";

/// The columns of `leads` that [`lead`] reads, in its order.
pub(super) const LEAD: &str = "id, admin_id, email, requirements, session_id, session_ids, status, source, \
     first_message, last_contact, conversation_count, tags, notes, value, priority, alternate_emails, follow_up_at, \
     referrer, utm, created_at, updated_at, version, requirements_session, requirements_at, contacted_at, \
     reply_asked_at, reply_answered_at";

pub(super) fn message(row: &Row<'_>) -> Result<Message, Error> {
    let email: Option<String> = row.get(15)?;
    let requirements: Option<String> = row.get(16)?;
    let seq: Option<u32> = row.get(2)?;
    let message = Message {
        session_id: row.get(0)?,
        message_id: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
        seq: seq.unwrap_or_default(),
        role: conversation::role_of(&row.get::<_, String>(3)?),
        text: row.get(4)?,
        page: Page {
            url: row.get::<_, Option<String>>(5)?.unwrap_or_default(),
            title: row.get(6)?,
            referrer: row.get(7)?,
            locale: row.get(8)?,
            time_zone: row.get(9)?,
        },
        at: Timestamp::from_millis(row.get(10)?),
        addresses: optional_json(row, 11)?.unwrap_or_default(),
        reply_to: row.get(12)?,
        opened: row.get(13)?,
        owed: row.get(18)?,
        edge: optional_json(row, 14)?,
        drawn_out: match row.get(19)? {
            Some(of) => Some(DrawnOut { of, beside: row.get(20)?, text: row.get(21)? }),
            None => None,
        },
        sources: optional_json(row, 22)?.unwrap_or_default(),
        tag: email.map(|email| Tag { email, requirements: requirements.unwrap_or_default() }),
        pending: false,
        old: seq.is_none() && !row.get::<_, bool>(17)?,
    };
    Ok(if seq.is_none() { message.with_old_addresses() } else { message })
}

pub(super) fn lead(row: &Row<'_>) -> Result<LeadRecord, Error> {
    let created_at = Timestamp::from_millis(row.get(19)?);
    let spoke: Option<String> = row.get(22)?;
    let spoke_at = Timestamp::from_millis(row.get(23)?);
    let time = |column: usize| Ok::<_, Error>(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_millis));
    Ok(LeadRecord {
        lead: Lead {
            id: row.get(0)?,
            admin_id: word(row, 1, |text| text.parse().ok())?,
            email: row.get(2)?,
            requirements: row.get(3)?,
            session_id: row.get(4)?,
            session_ids: json(row, 5)?,
            status: word(row, 6, Status::from_word)?,
            source: row.get(7)?,
            first_message: row.get(8)?,
            first_contact: created_at,
            last_contact: Timestamp::from_millis(row.get(9)?),
            conversation_count: row.get::<_, i64>(10)?.unsigned_abs(),
            tags: json(row, 11)?,
            notes: row.get(12)?,
            value: row.get(13)?,
            priority: word(row, 14, Priority::from_word)?,
            alternate_emails: json(row, 15)?,
            follow_up_at: time(16)?,
            referrer: row.get(17)?,
            utm: optional_json(row, 18)?,
            created_at,
            updated_at: Timestamp::from_millis(row.get(20)?),
        },
        version: row.get(21)?,
        requirements_by: match spoke {
            Some(session_id) => RequirementsBy::Machine { session_id, at: spoke_at },
            None => RequirementsBy::Person,
        },
        contacted_at: time(24)?,
        first_reply: time(25)?.zip(time(26)?).map(|(asked, answered)| FirstReply { asked, answered }),
        events: Vec::new(),
    })
}

/// JSON text of a value.
pub(super) fn to_json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))
}

pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, Error> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

pub(super) fn optional_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<Option<T>, Error> {
    match row.get::<_, Option<String>>(column)? {
        Some(_) => json(row, column).map(Some),
        None => Ok(None),
    }
}

pub(super) fn word<T>(
    row: &Row<'_>,
    column: usize,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Error> {
    let text: String = row.get(column)?;
    read(&text).ok_or_else(|| Error::InvalidColumnType(column, text, Type::Text))
}
