//! Copies of the whole file, and what can be wrong with it.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, Error, OpenFlags};

use super::file::MIGRATIONS;
use crate::store::Finding;

type Result<T> = std::result::Result<T, Error>;

/// Pages of a step, between which a restore lets nobody in anyway.
const PAGES: i32 = 10_000;

/// A copy in one consistent state, made while others write.
pub(super) fn backup(path: &Path, to: &Path) -> Result<()> {
    let source = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    source.execute("VACUUM INTO ?", [to.to_string_lossy()])?;
    Ok(())
}

/// Takes the place of everything that is there; `false` when the file is none of this schema, and nothing changes.
pub(super) fn restore(writer: &mut Connection, from: &Path) -> Result<bool> {
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let version: u32 = source.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == 0 || version as usize > MIGRATIONS.len() {
        return Ok(false);
    }
    Backup::new(&source, writer)?.run_to_completion(PAGES, Duration::ZERO, None)?;
    Ok(true)
}

pub(super) fn inspect(c: &Connection) -> Result<Vec<Finding>> {
    let count = |sql: &str| c.query_row(sql, [], |row| row.get::<_, i64>(0));
    let damage: String = c.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    let lost = count("SELECT count(*) FROM leads WHERE admin_id NOT IN (SELECT id FROM admins)")?;
    let wrong = count(
        "SELECT count(*) FROM leads WHERE conversation_count <= 1000
         AND conversation_count <> json_array_length(session_ids)",
    )?;
    let untagged = count(
        "SELECT count(*) FROM chats AS plain WHERE email IS NULL AND EXISTS (
             SELECT 1 FROM chats AS tagged WHERE tagged.admin_id = plain.admin_id
             AND tagged.session_id = plain.session_id AND tagged.email IS NOT NULL)",
    )?;
    Ok(vec![
        Finding::none(i64::from(damage != "ok"), "damaged pages"),
        Finding::none(lost, "leads without a business"),
        Finding::none(wrong, "leads whose count of conversations is not that of their sessions"),
        Finding::none(untagged, "messages that lack the address of their session"),
        Finding::told(count("SELECT count(*) FROM admins")?, "businesses"),
        Finding::told(count("SELECT count(*) FROM leads")?, "leads"),
        Finding::told(count("SELECT count(*) FROM chats")?, "messages"),
        Finding::told(count("SELECT count(*) FROM knowledge")?, "documents to answer from"),
        Finding::told(
            count("SELECT count(*) FROM chats WHERE seq IS NULL AND migrated = 0")?,
            "messages to migrate",
        ),
        Finding::told(
            count("SELECT count(*) FROM lead_days WHERE marks <> counted")?,
            "days whose figures wait",
        ),
    ])
}
