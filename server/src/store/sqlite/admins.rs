//! Businesses, their keys, and the installation's secret.

use porchlight_protocol::ids::{AdminId, SiteKey};
use porchlight_protocol::time::Timestamp;
use rusqlite::{Connection, Error, OptionalExtension, Row, Transaction, params};

use super::rows::{json, optional_json, to_json, word};
use crate::assistant::OwnModel;
use crate::store::{Admin, KeyHash, KeyHolder, KeyRecord, Site, Tenant};

type Result<T> = std::result::Result<T, Error>;

/// Adds a business, or says what is taken.
pub(super) fn create(t: &Transaction<'_>, admin: &Admin) -> Result<Option<&'static str>> {
    let values = [("id", admin.id.as_str()), ("email", &admin.email), ("site_key", admin.site_key.as_str())];
    for (column, value) in values {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM admins WHERE {column} = ?)");
        if t.query_row(&sql, [value], |row| row.get(0))? {
            return Ok(Some(column));
        }
    }
    t.execute(
        "INSERT INTO admins (id, name, email, password_hash, site_key, allowed_origins, widget, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            admin.id.as_str(),
            admin.name,
            admin.email,
            admin.password_hash,
            admin.site_key.as_str(),
            to_json(&admin.allowed_origins)?,
            to_json(&admin.widget)?,
            admin.created_at.millis(),
        ],
    )?;
    Ok(None)
}

pub(super) fn all(c: &Connection) -> Result<Vec<Admin>> {
    let mut select = c.prepare(
        "SELECT id, name, email, password_hash, site_key, allowed_origins, widget, created_at
         FROM admins ORDER BY created_at, id",
    )?;
    let rows = select.query_map([], |row| {
        Ok(Admin {
            id: word(row, 0, |text| text.parse().ok())?,
            name: row.get(1)?,
            email: row.get(2)?,
            password_hash: row.get(3)?,
            site_key: word(row, 4, |text| text.parse().ok())?,
            allowed_origins: json(row, 5)?,
            widget: json(row, 6)?,
            created_at: Timestamp::from_millis(row.get(7)?),
        })
    })?;
    rows.collect()
}

pub(super) fn create_key(t: &Transaction<'_>, key: &KeyRecord) -> Result<bool> {
    let added = t.execute(
        "INSERT INTO api_keys (id, admin_id, hash, prefix, created_at, revoked_at)
         SELECT ?1, id, ?3, ?4, ?5, ?6 FROM admins WHERE id = ?2",
        params![
            key.id,
            key.admin_id.as_str(),
            key.hash.0,
            key.prefix,
            key.created_at.millis(),
            key.revoked_at.map(Timestamp::millis),
        ],
    )?;
    Ok(added == 1)
}

pub(super) fn keys(c: &Connection, admin: &AdminId) -> Result<Vec<KeyRecord>> {
    let mut select = c.prepare(
        "SELECT id, admin_id, hash, prefix, created_at, revoked_at, used_at FROM api_keys
         WHERE admin_id = ? ORDER BY created_at, id",
    )?;
    let rows = select.query_map([admin.as_str()], |row| {
        Ok(KeyRecord {
            id: row.get(0)?,
            admin_id: word(row, 1, |text| text.parse().ok())?,
            hash: KeyHash(row.get(2)?),
            prefix: row.get(3)?,
            created_at: Timestamp::from_millis(row.get(4)?),
            revoked_at: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_millis),
            used_at: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_millis),
        })
    })?;
    rows.collect()
}

pub(super) fn revoke_key(t: &Transaction<'_>, id: &str, now: Timestamp) -> Result<bool> {
    let found = t.execute(
        "UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?",
        params![now.millis(), id],
    )?;
    Ok(found == 1)
}

pub(super) fn site(c: &Connection, key: &SiteKey) -> Result<Option<Site>> {
    site_where(c, "site_key", key.as_str())
}

pub(super) fn site_of(c: &Connection, admin: &AdminId) -> Result<Option<Site>> {
    site_where(c, "id", admin.as_str())
}

fn site_where(c: &Connection, column: &str, value: &str) -> Result<Option<Site>> {
    let sql = format!("SELECT id, site_key, allowed_origins, widget, model FROM admins WHERE {column} = ?");
    let site = |row: &Row<'_>| {
        Ok(Site {
            key: word(row, 1, |text| text.parse().ok())?,
            tenant: tenant(row)?,
            allowed_origins: json(row, 2)?,
            widget: json(row, 3)?,
            model: optional_json(row, 4)?.unwrap_or_default(),
        })
    };
    c.prepare_cached(&sql)?.query_row([value], site).optional()
}

pub(super) fn replace_site(t: &Transaction<'_>, read: &Site, wanted: &Site) -> Result<bool> {
    let admin = read.tenant.admin_id();
    if site_of(t, admin)?.as_ref() != Some(read) {
        return Ok(false);
    }
    t.execute(
        "UPDATE admins SET allowed_origins = ?, widget = ? WHERE id = ?",
        params![to_json(&wanted.allowed_origins)?, to_json(&wanted.widget)?, admin.as_str()],
    )?;
    Ok(true)
}

pub(super) fn set_model(t: &Transaction<'_>, admin: &AdminId, model: &OwnModel) -> Result<bool> {
    let set =
        t.execute("UPDATE admins SET model = ? WHERE id = ?", params![to_json(model)?, admin.as_str()])?;
    Ok(set == 1)
}

pub(super) fn key_holder(c: &Connection, hash: &KeyHash) -> Result<Option<KeyHolder>> {
    let mut select =
        c.prepare_cached("SELECT admin_id, id FROM api_keys WHERE hash = ? AND revoked_at IS NULL")?;
    let holder = |row: &Row<'_>| Ok(KeyHolder { tenant: tenant(row)?, key_id: row.get(1)? });
    select.query_row([&hash.0], holder).optional()
}

pub(super) fn key_used(t: &Transaction<'_>, id: &str, at: Timestamp) -> Result<()> {
    t.execute(
        "UPDATE api_keys SET used_at = max(coalesce(used_at, 0), ?) WHERE id = ?",
        params![at.millis(), id],
    )?;
    Ok(())
}

/// The business whose id the row's first column holds.
pub(super) fn tenant(row: &Row<'_>) -> Result<Tenant> {
    word(row, 0, |text| text.parse().ok()).map(Tenant)
}

pub(super) fn secret(t: &Transaction<'_>) -> Result<[u8; 32]> {
    let mut fresh = [0; 32];
    getrandom::fill(&mut fresh).map_err(|error| Error::ToSqlConversionFailure(error.to_string().into()))?;
    t.execute(
        "INSERT INTO settings (name, value) VALUES ('secret', ?) ON CONFLICT DO NOTHING",
        [fresh.as_slice()],
    )?;
    t.query_row("SELECT value FROM settings WHERE name = 'secret'", [], |row| row.get(0))
}
