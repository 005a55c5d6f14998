//! The embedded store: the server, the limit, the straightforward way.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Instant;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Transaction, params_from_iter};

use crate::{BATCH, MESSAGES, STRAIGHTFORWARD, measure_server, report};

pub(crate) fn measure() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bench.db");
    let server = measure_server(&format!("sqlite:{}", path.display()));
    let source = Connection::open(&path).unwrap();
    let limit = limit(&source, &directory.path().join("limit.db"));
    let plain = straightforward(&source, &directory.path().join("plain.db"));
    report("SQLite", &server, None, limit, plain);
}

/// A durable file with the schema of another.
fn like(source: &Connection, path: &Path) -> Connection {
    let copy = Connection::open(path).unwrap();
    copy.pragma_update(None, "journal_mode", "WAL").unwrap();
    copy.pragma_update(None, "synchronous", "FULL").unwrap();
    let mut schema = source
        .prepare(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC",
        )
        .unwrap();
    let schema: Vec<String> = schema.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    for sql in &schema {
        copy.execute_batch(sql).unwrap();
    }
    copy
}

/// Writes every row that the server made again, in batches.
fn limit(source: &Connection, path: &Path) -> f64 {
    let mut copy = like(source, path);
    let tables: Vec<String> = source
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let tables: Vec<(String, Vec<Vec<Value>>)> =
        tables.into_iter().map(|name| (name.clone(), rows(source, &name))).collect();
    let started = Instant::now();
    for (table, rows) in &tables {
        for batch in rows.chunks(BATCH) {
            let transaction = copy.transaction().unwrap();
            batch.iter().for_each(|row| insert(&transaction, table, row));
            transaction.commit().unwrap();
        }
    }
    MESSAGES as f64 / started.elapsed().as_secs_f64()
}

/// One transaction for each statement.
fn straightforward(source: &Connection, path: &Path) -> f64 {
    let mut copy = like(source, path);
    let names = columns(source, "chats");
    let at = |name: &str| names.iter().position(|column| column == name).unwrap();
    let (admin, session, role) = (at("admin_id"), at("session_id"), at("role"));
    let (own, email, requirements) = (at("addresses"), at("email"), at("requirements"));
    let messages = rows(source, "chats");
    let lead_columns = columns(source, "leads");
    let at_email = lead_columns.iter().position(|column| column == "email").unwrap();
    let leads: HashMap<String, Vec<Value>> =
        rows(source, "leads").into_iter().map(|lead| (text(&lead[at_email]), lead)).collect();
    let changes: Vec<String> = lead_columns.iter().skip(1).map(|column| format!("{column} = ?")).collect();
    let update_lead = format!("UPDATE leads SET {} WHERE id = ?", changes.join(", "));
    let mut with_address: HashSet<String> = HashSet::new();
    let mut kept = 0;
    let started = Instant::now();
    for message in &messages {
        if kept == STRAIGHTFORWARD {
            break;
        }
        let mut plain = message.clone();
        plain[email] = Value::Null;
        plain[requirements] = Value::Null;
        durably(&mut copy, |t| insert(t, "chats", &plain));
        if text(&message[role]) != "visitor" {
            continue;
        }
        kept += 1;
        let session = text(&message[session]);
        if message[own] != Value::Null {
            with_address.insert(session.clone());
        }
        if !with_address.contains(&session) {
            continue;
        }
        let tag = [email, requirements, admin].map(|column| message[column].clone());
        let tag = tag.into_iter().chain([Value::Text(session)]);
        durably(&mut copy, |t| {
            let sql = "UPDATE chats SET email = ?, requirements = ? WHERE admin_id = ? AND session_id = ?";
            t.prepare_cached(sql).unwrap().execute(params_from_iter(tag)).unwrap();
        });
        let lead = &leads[&text(&message[email])];
        let known: Option<String> = copy
            .prepare_cached("SELECT id FROM leads WHERE admin_id = ? AND email = ?")
            .unwrap()
            .query_row(params_from_iter([&message[admin], &message[email]]), |row| row.get(0))
            .optional()
            .unwrap();
        durably(&mut copy, |t| match known {
            Some(id) => {
                let values = lead.iter().skip(1).cloned().chain([Value::Text(id)]);
                t.prepare_cached(&update_lead).unwrap().execute(params_from_iter(values)).unwrap();
            }
            None => insert(t, "leads", lead),
        });
    }
    kept as f64 / started.elapsed().as_secs_f64()
}

fn durably(copy: &mut Connection, work: impl FnOnce(&Transaction<'_>)) {
    let transaction = copy.transaction().unwrap();
    work(&transaction);
    transaction.commit().unwrap();
}

fn insert(transaction: &Transaction<'_>, table: &str, row: &[Value]) {
    let marks = vec!["?"; row.len()].join(",");
    let mut insert = transaction.prepare_cached(&format!("INSERT INTO {table} VALUES ({marks})")).unwrap();
    insert.execute(params_from_iter(row)).unwrap();
}

fn columns(source: &Connection, table: &str) -> Vec<String> {
    let select = source.prepare(&format!("SELECT * FROM {table}")).unwrap();
    select.column_names().map(str::to_owned).collect()
}

fn rows(source: &Connection, table: &str) -> Vec<Vec<Value>> {
    let mut select = source.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns = select.column_count();
    let rows = select.query_map([], |row| (0..columns).map(|column| row.get(column)).collect()).unwrap();
    rows.map(Result::unwrap).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => panic!("a text, not {other:?}"),
    }
}
