//! What businesses want their visitors to know.

use porchlight_protocol::time::Timestamp;
use rusqlite::{Connection, Error, OptionalExtension, Row, Transaction, params};

use super::rows::word;
use crate::knowledge::{Document, DocumentHead, Format, has_room};

type Result<T> = std::result::Result<T, Error>;

/// The columns that [`read_head`] reads, in its order.
const HEAD: &str = "id, title, url, format, bytes, digest, created_at, updated_at";

/// Keeps a document in place of the one of its name; `None` when there is no room.
pub(super) fn keep(t: &Transaction<'_>, admin: &str, document: &Document) -> Result<Option<DocumentHead>> {
    let head = &document.head;
    let (count, bytes): (i64, i64) = t
        .prepare_cached(
            "SELECT count(*), coalesce(sum(bytes), 0) FROM knowledge WHERE admin_id = ? AND id <> ?",
        )?
        .query_row([admin, &head.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if !has_room(count.unsigned_abs(), bytes.unsigned_abs(), head.bytes) {
        return Ok(None);
    }
    t.prepare_cached(
        "INSERT INTO knowledge (admin_id, id, title, url, format, bytes, digest, created_at, updated_at, text)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (admin_id, id) DO UPDATE SET title = excluded.title, format = excluded.format,
             bytes = excluded.bytes, digest = excluded.digest, updated_at = excluded.updated_at, text = excluded.text
         WHERE digest <> excluded.digest",
    )?
    .execute(params![
        admin,
        head.id,
        head.title,
        head.url,
        head.format.as_str(),
        head.bytes as i64,
        head.digest,
        head.created_at.millis(),
        head.updated_at.millis(),
        document.text,
    ])?;
    let sql = format!("SELECT {HEAD} FROM knowledge WHERE admin_id = ? AND id = ?");
    t.prepare_cached(&sql)?.query_row([admin, &head.id], read_head).optional()
}

/// Oldest first.
pub(super) fn heads(c: &Connection, admin: &str) -> Result<Vec<DocumentHead>> {
    let sql = format!("SELECT {HEAD} FROM knowledge WHERE admin_id = ? ORDER BY created_at, id");
    c.prepare_cached(&sql)?.query_map([admin], read_head)?.collect()
}

/// Those of the documents that there are.
pub(super) fn documents(c: &Connection, admin: &str, ids: &[String]) -> Result<Vec<Document>> {
    let sql = format!("SELECT {HEAD}, text FROM knowledge WHERE admin_id = ? AND id = ?");
    let mut select = c.prepare_cached(&sql)?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let document = |row: &Row<'_>| Ok(Document { head: read_head(row)?, text: row.get(8)? });
        found.extend(select.query_row([admin, id], document).optional()?);
    }
    Ok(found)
}

/// `false` when there is no such document.
pub(super) fn remove(t: &Transaction<'_>, admin: &str, id: &str) -> Result<bool> {
    Ok(t.prepare_cached("DELETE FROM knowledge WHERE admin_id = ? AND id = ?")?.execute([admin, id])? > 0)
}

fn read_head(row: &Row<'_>) -> Result<DocumentHead> {
    Ok(DocumentHead {
        id: row.get(0)?,
        title: row.get(1)?,
        url: row.get(2)?,
        format: word(row, 3, Format::from_word)?,
        bytes: row.get::<_, i64>(4)?.unsigned_abs(),
        digest: row.get(5)?,
        created_at: Timestamp::from_millis(row.get(6)?),
        updated_at: Timestamp::from_millis(row.get(7)?),
    })
}
