//! Lists of leads, from the indexes that hold them in their order.

use bson::oid::ObjectId;
use porchlight_protocol::time::Timestamp;
use rusqlite::types::{Type, Value};
use rusqlite::{Connection, Error, OptionalExtension, params, params_from_iter};

use super::rows;
use crate::leads::{LeadPage, LeadQuery, LeadRecord, Place, PlainFilter, SortField, SortKey, Start};

type Result<T> = std::result::Result<T, Error>;

/// Conditions with their values, built from fixed pieces of SQL only.
struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    fn of(admin: &str, filter: &PlainFilter) -> Self {
        let mut all = Self { sql: "admin_id = ?".to_owned(), values: vec![text(admin)] };
        if !filter.statuses.is_empty() {
            let marks = vec!["?"; filter.statuses.len()].join(",");
            all.and(&format!("status IN ({marks})"), filter.statuses.iter().map(|s| text(s.as_str())));
        }
        if let Some(from) = filter.from {
            all.and("created_at >= ?", [Value::Integer(from.millis())]);
        }
        if let Some(to) = filter.to {
            all.and("created_at < ?", [Value::Integer(to.millis())]);
        }
        all
    }

    fn and(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
        self.values.extend(values);
    }
}

fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

pub(super) fn count(c: &Connection, admin: &str, filter: &PlainFilter) -> Result<u64> {
    let wanted = Conditions::of(admin, filter);
    let count = format!("SELECT count(*) FROM leads WHERE {}", wanted.sql);
    c.prepare_cached(&count)?
        .query_row(params_from_iter(&wanted.values), |row| row.get::<_, i64>(0))
        .map(i64::unsigned_abs)
}

pub(super) fn page(c: &Connection, admin: &str, query: &LeadQuery<PlainFilter>) -> Result<LeadPage> {
    let mut wanted = Conditions::of(admin, &query.filter);
    let column = column(query.sort.field);
    let (order, beyond) = if query.sort.descending { ("DESC", "<") } else { ("ASC", ">") };
    let size = query.page_size as usize;
    let skip = match &query.start {
        Start::Page(number) => {
            let before = i64::try_from(number.saturating_sub(1)).unwrap_or(i64::MAX);
            before.saturating_mul(query.page_size.into())
        }
        Start::Behind(Place { key, id }) => {
            let key = match key {
                SortKey::Number(number) => Value::Integer(*number),
                SortKey::Text(address) => text(address),
            };
            wanted.and(&format!("({column}, id) {beyond} (?, ?)"), [key, text(id)]);
            0
        }
    };
    let sql = format!(
        "SELECT {} FROM leads WHERE {} ORDER BY {column} {order}, id {order} LIMIT ? OFFSET ?",
        rows::LEAD,
        wanted.sql
    );
    // One more than asked for tells whether there is another page.
    wanted.values.extend([Value::Integer(i64::from(query.page_size) + 1), Value::Integer(skip)]);
    let mut select = c.prepare_cached(&sql)?;
    let mut leads: Vec<LeadRecord> =
        select.query_map(params_from_iter(&wanted.values), rows::lead)?.collect::<Result<_>>()?;
    let more = leads.len() > size;
    leads.truncate(size);
    Ok(LeadPage { leads, more })
}

pub(super) fn by_ids(c: &Connection, admin: &str, ids: &[ObjectId]) -> Result<Vec<LeadRecord>> {
    let sql = format!("SELECT {} FROM leads WHERE id = ? AND admin_id = ?", rows::LEAD);
    let mut select = c.prepare_cached(&sql)?;
    let found = ids.iter().map(|id| select.query_row(params![id.to_hex(), admin], rows::lead).optional());
    found.filter_map(Result::transpose).collect()
}

pub(super) fn versions(
    c: &Connection,
    admin: &str,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(ObjectId, i64)>> {
    let mut select = c.prepare_cached(
        "SELECT id, version FROM leads WHERE admin_id = ? AND created_at >= ? AND created_at < ?",
    )?;
    let found = select.query_map(params![admin, from.millis(), to.millis()], |row| {
        let id = ObjectId::parse_str(row.get_ref(0)?.as_str()?)
            .map_err(|error| Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))?;
        Ok((id, row.get(1)?))
    })?;
    found.collect()
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
