//! Businesses, their keys, and the installation's secret.

use futures::TryStreamExt;
use mongodb::Collection;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, Document, deserialize_from_bson, doc};
use mongodb::error::Error;
use porchlight_protocol::ids::AdminId;
use porchlight_protocol::time::Timestamp;
use porchlight_protocol::widget::WidgetSettings;

use super::documents::{date, unreadable};
use super::{MongoStore, Result, commands};
use crate::assistant::OwnModel;
use crate::store::{Admin, KeyHash, KeyHolder, KeyRecord, Site, Tenant};

fn admins(store: &MongoStore) -> Collection<Document> {
    store.database.collection("admins")
}

fn api_keys(store: &MongoStore) -> Collection<Document> {
    store.database.collection("api_keys")
}

/// Adds a business, or says what is taken.
pub(super) async fn create(store: &MongoStore, admin: &Admin) -> Result<Option<&'static str>> {
    let document = doc! {
        "_id": admin.id.as_str(),
        "name": &admin.name,
        "email": &admin.email,
        "passwordHash": &admin.password_hash,
        "siteKey": admin.site_key.as_str(),
        "allowedOrigins": &admin.allowed_origins,
        "widget": to_text(&admin.widget)?,
        "createdAt": date(admin.created_at),
    };
    if commands::insert(&store.database, "admins", &[document]).await?.duplicates == 0 {
        return Ok(None);
    }
    let taken = admins(store).find_one(doc! { "email": &admin.email }).await?;
    Ok(Some(if taken.is_some() { "email" } else { "id or site_key" }))
}

pub(super) async fn all(store: &MongoStore) -> Result<Vec<Admin>> {
    let found: Vec<Document> =
        admins(store).find(doc! {}).sort(doc! { "createdAt": 1, "_id": 1 }).await?.try_collect().await?;
    found.iter().map(admin).collect()
}

fn admin(document: &Document) -> Result<Admin> {
    let site = site_of(document)?;
    Ok(Admin {
        id: site.tenant.admin_id().clone(),
        name: text(document, "name")?.to_owned(),
        email: text(document, "email")?.to_owned(),
        password_hash: text(document, "passwordHash")?.to_owned(),
        site_key: site.key,
        allowed_origins: site.allowed_origins,
        widget: site.widget,
        created_at: time(document, "createdAt")?,
    })
}

fn site_of(document: &Document) -> Result<Site> {
    let field = |name: &'static str| document.get(name).cloned().ok_or_else(|| unreadable(name));
    Ok(Site {
        key: text(document, "siteKey")?.parse().map_err(|_| unreadable("siteKey"))?,
        tenant: tenant(document, "_id")?,
        allowed_origins: deserialize_from_bson(field("allowedOrigins")?)?,
        widget: match field("widget")? {
            Bson::String(text) => serde_json::from_str(&text).map_err(|_| unreadable("widget"))?,
            // As it was first kept.
            document => deserialize_from_bson(document)?,
        },
        model: match document.get("model") {
            Some(Bson::String(text)) => serde_json::from_str(text).map_err(|_| unreadable("model"))?,
            _ => OwnModel::default(),
        },
    })
}

/// One text, because its words have names that come from outside, and those must not become names of fields.
fn to_text(widget: &WidgetSettings) -> Result<String> {
    serde_json::to_string(widget).map_err(Error::custom)
}

pub(super) async fn replace_site(store: &MongoStore, read: &Site, wanted: &Site) -> Result<bool> {
    let own = doc! { "_id": read.tenant.admin_id().as_str() };
    let Some(found) = admins(store).find_one(own.clone()).await? else { return Ok(false) };
    if site_of(&found)? != *read {
        return Ok(false);
    }
    let mut unchanged = own;
    for field in ["allowedOrigins", "widget"] {
        unchanged.insert(field, found.get(field).cloned());
    }
    let settings = doc! { "allowedOrigins": &wanted.allowed_origins, "widget": to_text(&wanted.widget)? };
    Ok(admins(store).update_one(unchanged, doc! { "$set": settings }).await?.matched_count == 1)
}

pub(super) async fn set_model(store: &MongoStore, admin: &AdminId, model: &OwnModel) -> Result<bool> {
    let text = serde_json::to_string(model).map_err(Error::custom)?;
    let own = doc! { "_id": admin.as_str() };
    Ok(admins(store).update_one(own, doc! { "$set": { "model": text } }).await?.matched_count == 1)
}

pub(super) fn tenant(document: &Document, field: &'static str) -> Result<Tenant> {
    text(document, field)?.parse().map(Tenant).map_err(|_| unreadable(field))
}

fn text<'a>(document: &'a Document, field: &'static str) -> Result<&'a str> {
    document.get_str(field).map_err(|_| unreadable(field))
}

fn time(document: &Document, field: &'static str) -> Result<Timestamp> {
    let date = document.get_datetime(field).map_err(|_| unreadable(field))?;
    Ok(Timestamp::from_millis(date.timestamp_millis()))
}

pub(super) async fn create_key(store: &MongoStore, key: &KeyRecord) -> Result<bool> {
    if admins(store).find_one(doc! { "_id": key.admin_id.as_str() }).await?.is_none() {
        return Ok(false);
    }
    let document = doc! {
        "_id": &key.id,
        "adminId": key.admin_id.as_str(),
        "hash": &key.hash.0,
        "prefix": &key.prefix,
        "createdAt": date(key.created_at),
        "revokedAt": key.revoked_at.map(date),
    };
    match commands::insert(&store.database, "api_keys", &[document]).await?.duplicates {
        0 => Ok(true),
        _ => Err(Error::custom("a key of this id is there already".to_owned())),
    }
}

pub(super) async fn keys(store: &MongoStore, admin: &AdminId) -> Result<Vec<KeyRecord>> {
    let own = doc! { "adminId": admin.as_str() };
    let found: Vec<Document> =
        api_keys(store).find(own).sort(doc! { "createdAt": 1, "_id": 1 }).await?.try_collect().await?;
    let record = |document: &Document| {
        Ok(KeyRecord {
            id: text(document, "_id")?.to_owned(),
            admin_id: text(document, "adminId")?.parse().map_err(|_| unreadable("adminId"))?,
            hash: KeyHash(text(document, "hash")?.to_owned()),
            prefix: text(document, "prefix")?.to_owned(),
            created_at: time(document, "createdAt")?,
            revoked_at: time(document, "revokedAt").ok(),
            used_at: time(document, "usedAt").ok(),
        })
    };
    found.iter().map(record).collect()
}

pub(super) async fn revoke_key(store: &MongoStore, id: &str, now: Timestamp) -> Result<bool> {
    let good = doc! { "_id": id, "revokedAt": null };
    let ended = api_keys(store).update_one(good, doc! { "$set": { "revokedAt": date(now) } }).await?;
    if ended.matched_count == 1 {
        return Ok(true);
    }
    Ok(api_keys(store).find_one(doc! { "_id": id }).await?.is_some())
}

pub(super) async fn site(store: &MongoStore, filter: Document) -> Result<Option<Site>> {
    let found = admins(store).find_one(filter).await?;
    found.as_ref().map(site_of).transpose()
}

pub(super) async fn key_holder(store: &MongoStore, hash: &KeyHash) -> Result<Option<KeyHolder>> {
    let good = doc! { "hash": &hash.0, "revokedAt": null };
    let Some(key) = api_keys(store).find_one(good).await? else { return Ok(None) };
    let key_id = key.get_str("_id").unwrap_or_default().to_owned();
    Ok(Some(KeyHolder { tenant: tenant(&key, "adminId")?, key_id }))
}

pub(super) async fn key_used(store: &MongoStore, id: &str, at: Timestamp) -> Result<()> {
    let used = doc! { "$max": { "usedAt": date(at) } };
    api_keys(store).update_one(doc! { "_id": id }, used).await?;
    Ok(())
}

pub(super) async fn secret(store: &MongoStore) -> Result<[u8; 32]> {
    let mut fresh = [0; 32];
    getrandom::fill(&mut fresh).map_err(Error::custom)?;
    let bytes = Binary { subtype: BinarySubtype::Generic, bytes: fresh.to_vec() };
    // Of several processes that start at once, one inserts; all read what it inserted.
    commands::insert(&store.database, "settings", &[doc! { "_id": "secret", "value": bytes }]).await?;
    let settings = store.database.collection::<Document>("settings");
    let kept = settings.find_one(doc! { "_id": "secret" }).await?.unwrap_or_default();
    let value = kept.get_binary_generic("value").map_err(|_| unreadable("value"))?;
    value.as_slice().try_into().map_err(|_| unreadable("value"))
}
