//! Chats from before leads had a place of their own: shown grouped by address, and migrated.

use futures::TryStreamExt;
use mongodb::bson::{Bson, Document, doc};
use porchlight_protocol::ids::AdminId;
use porchlight_protocol::time::Timestamp;

use super::capture::{self, Session};
use super::commands::{self, Together, persist};
use super::documents::{moment, unreadable, whole};
use super::{MongoStore, Result, days, leads};
use crate::conversation::{self, Conversation, derive_old};
use crate::leads::By;
use crate::legacy::{LegacyLead, LegacyQuery, LegacySort};
use crate::store::recent::Key;

/// The time of a message: old documents may hold it as a text.
fn at() -> Document {
    doc! { "$convert": { "input": "$createdAt", "to": "date", "onError": null, "onNull": null } }
}

/// Old documents call the text differently; what is no text is none.
fn content() -> Document {
    let text = |field: &str| doc! { "case": { "$eq": [{ "$type": field }, "string"] }, "then": field };
    let branches = ["$text", "$message", "$content"].map(text).to_vec();
    doc! { "$switch": { "branches": branches, "default": "" } }
}

fn tagged(admin: &str) -> Document {
    doc! { "adminId": admin, "email": { "$type": "string", "$gt": "" } }
}

pub(super) async fn page(
    store: &MongoStore,
    admin: &str,
    query: &LegacyQuery,
) -> Result<(Vec<LegacyLead>, u64)> {
    let field = match query.sort {
        LegacySort::LastSeen => "lastSeen",
        LegacySort::FirstSeen => "firstSeen",
        LegacySort::Email => "_id",
        LegacySort::MessageCount => "messageCount",
    };
    let order = if query.descending { -1 } else { 1 };
    let mut sort = doc! { field: order };
    sort.insert("_id", order);
    let skip = query.page.saturating_sub(1).saturating_mul(query.page_size);
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let mut stages = vec![
        doc! { "$match": tagged(admin) },
        doc! { "$project": {
            "email": 1, "sessionId": 1, "requirements": 1, "role": 1, "at": at(), "content": content(),
        } },
        doc! { "$sort": { "at": 1, "_id": 1 } },
    ];
    let mut group = doc! {
        "_id": "$email",
        "firstSeen": { "$min": "$at" },
        "lastSeen": { "$max": "$at" },
        "messageCount": { "$sum": 1_i64 },
        "sessionId": { "$last": "$sessionId" },
        "requirements": { "$last": "$requirements" },
        "latestContent": { "$last": "$content" },
        "latestRole": { "$last": "$role" },
    };
    match &query.search {
        Some(text) => {
            let holds = |field: &str| doc! { "$gte": [{ "$indexOfBytes": [{ "$toLower": field }, { "$literal": text }] }, 0] };
            group.insert("found", doc! { "$max": { "$or": [holds("$email"), holds("$content")] } });
            stages.extend([doc! { "$group": group }, doc! { "$match": { "found": true } }]);
        }
        None => stages.push(doc! { "$group": group }),
    }
    stages.push(doc! { "$facet": {
        "rows": [{ "$sort": sort }, { "$skip": number(skip) }, { "$limit": number(query.page_size) }],
        "count": [{ "$count": "total" }],
    } });
    let mut found = store.chats.aggregate(stages).allow_disk_use(true).await?;
    let facets = found.try_next().await?.unwrap_or_default();
    let rows = facets.get_array("rows").map(Vec::as_slice).unwrap_or_default();
    let count = facets.get_array("count").ok().and_then(|count| count.first()).and_then(Bson::as_document);
    let total = count.and_then(|count| whole(count.get("total"))).unwrap_or_default();
    let rows: Result<Vec<LegacyLead>> = rows.iter().filter_map(Bson::as_document).map(lead).collect();
    Ok((rows?, total.unsigned_abs()))
}

fn lead(row: &Document) -> Result<LegacyLead> {
    let text = |name: &str| row.get_str(name).ok().map(str::to_owned);
    let time = |name| moment(row.get(name)).unwrap_or(Timestamp::from_millis(0));
    let email = text("_id").ok_or_else(|| unreadable("email"))?;
    Ok(LegacyLead {
        id: email.clone(),
        email,
        first_seen: time("firstSeen"),
        last_seen: time("lastSeen"),
        message_count: whole(row.get("messageCount")).unwrap_or_default().unsigned_abs(),
        session_id: text("sessionId").unwrap_or_default(),
        requirements: text("requirements"),
        latest_content: text("latestContent").unwrap_or_default(),
        latest_role: text("latestRole").unwrap_or_default(),
    })
}

pub(super) async fn addresses(store: &MongoStore, admin: &str) -> Result<Vec<String>> {
    let stages = [
        doc! { "$match": tagged(admin) },
        doc! { "$group": { "_id": "$email" } },
        doc! { "$sort": { "_id": 1 } },
    ];
    let found: Vec<Document> =
        store.chats.aggregate(stages).allow_disk_use(true).await?.try_collect().await?;
    Ok(found.iter().filter_map(|row| row.get_str("_id").ok().map(str::to_owned)).collect())
}

/// What marks a message from before this system that was not migrated.
fn old(admin: &str) -> Document {
    doc! { "adminId": admin, "seq": { "$exists": false }, "migrated": { "$exists": false } }
}

pub(super) async fn old_sessions(store: &MongoStore, admin: &str) -> Result<Vec<String>> {
    let stages = [
        doc! { "$match": old(admin) },
        doc! { "$group": { "_id": "$sessionId", "at": { "$min": at() } } },
        doc! { "$sort": { "at": 1, "_id": 1 } },
    ];
    let found: Vec<Document> =
        store.chats.aggregate(stages).allow_disk_use(true).await?.try_collect().await?;
    Ok(found.iter().filter_map(|row| row.get_str("_id").ok().map(str::to_owned)).collect())
}

/// Each step may be done again; a session counts as migrated after its last one.
pub(super) async fn migrate(store: &MongoStore, admin: &AdminId, sessions: &[String], by: &By) -> Result<()> {
    let keys: Vec<Key> =
        sessions.iter().map(|session| Key { admin: admin.clone(), session: session.clone() }).collect();
    persist(|| async {
        let writes = Together::begin(&store.database, None).await?;
        let loaded = capture::load(store, &keys).await?;
        let confirmed: Vec<Document> = loaded.values().flat_map(confirmed_addresses).collect();
        commands::update(&store.database, "chats", &confirmed).await?;
        let followed: Vec<(&Key, Conversation)> =
            keys.iter().filter_map(|key| Some((key, derive_old(&loaded.get(key)?.messages)?))).collect();
        if !followed.is_empty() {
            let days = leads::follow(store, &writes, &followed, by).await?;
            days::mark(&writes, days).await?;
        }
        let tags: Vec<Document> =
            followed.iter().flat_map(|(key, derived)| missing_tags(key, derived)).collect();
        commands::update(&store.database, "chats", &tags).await?;
        let mut done = old(admin.as_str());
        done.insert("sessionId", doc! { "$in": sessions });
        store.chats.update_many(done, doc! { "$set": { "migrated": true } }).await?;
        Ok(())
    })
    .await
}

/// Notes the addresses of tags with the messages that confirm them: tags change when a session goes on.
fn confirmed_addresses(session: &Session) -> Vec<Document> {
    let mut messages = session.messages.clone();
    let places = conversation::confirm_old_tags(&mut messages);
    let note = |place: usize| {
        doc! { "q": { "_id": &session.ids[place] }, "u": { "$set": { "addresses": &messages[place].addresses } } }
    };
    places.into_iter().map(note).collect()
}

/// Only what is missing, or nothing, is written.
fn missing_tags(key: &Key, derived: &Conversation) -> [Document; 2] {
    [("email", &derived.tag.email), ("requirements", &derived.tag.requirements)].map(|(field, value)| {
        doc! {
            "q": { "adminId": key.admin.as_str(), "sessionId": &key.session, field: { "$in": [Bson::Null, ""] } },
            "u": { "$set": { field: value } },
            "multi": true,
        }
    })
}
