//! What businesses are to be told by mail. `settings` holds how far it was looked and who may send; `notices` has one
//! document a business with what waits for it, bounded.
//!
//! New documents are found by the time in their `_id`, once all of that time are there: a write takes a while, and the
//! clocks of processes differ.

use std::collections::HashMap;

use futures::TryStreamExt;
use mongodb::Collection;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, doc};
use porchlight_protocol::time::Timestamp;

use super::admins::tenant;
use super::documents::{date, moment, unreadable, whole};
use super::{MongoStore, Result, commands};
use crate::leads::history::VISITOR;
use crate::notices::{Due, MOST_NOTICES, Notice, NoticeKind, SETTLED};
use crate::store::Tenant;

/// Most documents that are looked at in one go.
const STEP: i64 = 5_000;

/// Most notices that wait for a business; of more it is not told.
const MOST_WAITING: i64 = 500;

/// Businesses whose notices are sent in one go.
const MOST_BUSINESSES: i64 = 100;

fn settings(store: &MongoStore) -> Collection<Document> {
    store.database.collection("settings")
}

fn notices(store: &MongoStore) -> Collection<Document> {
    store.database.collection("notices")
}

/// The first `_id` of a moment.
fn first_id(at: Timestamp) -> ObjectId {
    let seconds = u32::try_from(at.millis().div_euclid(1_000)).unwrap_or_default();
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&seconds.to_be_bytes());
    ObjectId::from_bytes(bytes)
}

pub(super) async fn lease(
    store: &MongoStore,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool> {
    let free = doc! { "_id": "notices", "$or": [
        { "holder": holder }, { "until": { "$lt": date(now) } }, { "until": { "$exists": false } },
    ] };
    let taken = doc! { "$set": { "holder": holder, "until": date(until) } };
    let statement = doc! { "q": free, "u": taken, "upsert": true };
    let done = commands::update(&store.database, "settings", &[statement]).await?;
    // Where another holds it, the document cannot be made a second time.
    Ok(done.duplicates == 0)
}

pub(super) async fn gather(
    store: &MongoStore,
    now: Timestamp,
    unanswered_before: Option<Timestamp>,
) -> Result<()> {
    let state = settings(store).find_one(doc! { "_id": "notices" }).await?.unwrap_or_default();
    let settled = now.plus_millis(-SETTLED);
    let begin = first_id(settled);
    let mark = |name: &str| state.get_object_id(name).unwrap_or(begin);
    let (leads, new_leads) = new_leads(store, mark("leads"), first_id(settled)).await?;
    // What nobody wants to be told is passed over.
    let before = unanswered_before.map_or(settled, |before| before.min(settled));
    let (chats, unanswered) = match unanswered_before {
        Some(_) => unanswered(store, mark("chats"), first_id(before)).await?,
        None => (first_id(before), Vec::new()),
    };
    // At the first look there is only a beginning to note.
    if state.contains_key("leads") {
        add(store, now, new_leads.into_iter().chain(unanswered)).await?;
    }
    let marks = doc! { "leads": leads, "chats": chats.max(mark("chats")) };
    settings(store).update_one(doc! { "_id": "notices" }, doc! { "$set": marks }).await?;
    Ok(())
}

/// Documents of a collection between two ids, in their order, and the id to go on from.
async fn between(
    collection: &Collection<Document>,
    (from, to): (ObjectId, ObjectId),
    fields: Document,
) -> Result<(ObjectId, Vec<Document>)> {
    let new = doc! { "_id": { "$gt": from, "$lt": to } };
    let found = collection.find(new).projection(fields).sort(doc! { "_id": 1 }).limit(STEP).await?;
    let found: Vec<Document> = found.try_collect().await?;
    let last = found.last().and_then(|last| last.get_object_id("_id").ok());
    let complete = (found.len() as i64) < STEP;
    Ok((if complete { to.max(from) } else { last.unwrap_or(from) }, found))
}

/// Leads that visitors made; those of a file or of old chats are no news.
async fn new_leads(
    store: &MongoStore,
    from: ObjectId,
    to: ObjectId,
) -> Result<(ObjectId, Vec<(String, Notice)>)> {
    let fields = doc! { "adminId": 1, "createdAt": 1, "events": 1 };
    let (mark, found) = between(&store.leads, (from, to), fields).await?;
    let history = store.database.collection::<Document>("lead_events");
    let mut notices = Vec::new();
    for lead in &found {
        let Ok(id) = lead.get_object_id("_id") else { continue };
        let held = lead.get_array("events").into_iter().flatten().filter_map(Bson::as_document);
        let first = held.into_iter().find(|event| whole(event.get("version")) == Some(1)).cloned();
        let first = match first {
            Some(first) => Some(first),
            None => history.find_one(doc! { "_id": { "lead": id, "version": 1_i64 } }).await?,
        };
        if first.is_none_or(|first| first.get_str("who").is_ok_and(|who| who == VISITOR)) {
            notices.extend(notice(lead, NoticeKind::Lead, id.to_hex()));
        }
    }
    Ok((mark, notices))
}

/// Visitors' messages without an answer.
async fn unanswered(
    store: &MongoStore,
    from: ObjectId,
    to: ObjectId,
) -> Result<(ObjectId, Vec<(String, Notice)>)> {
    let fields = doc! { "adminId": 1, "sessionId": 1, "messageId": 1, "role": 1, "createdAt": 1, "seq": 1 };
    let (mark, found) = between(&store.chats, (from, to), fields).await?;
    // Old documents have no number.
    let mut asked: Vec<&Document> = found
        .iter()
        .filter(|m| m.get_str("role").is_ok_and(|role| role == "visitor") && m.contains_key("seq"))
        .collect();
    let sessions: Vec<&str> = asked.iter().filter_map(|m| m.get_str("sessionId").ok()).collect();
    let admins: Vec<&str> = asked.iter().filter_map(|m| m.get_str("adminId").ok()).collect();
    let answers = doc! {
        "adminId": { "$in": admins }, "sessionId": { "$in": sessions }, "role": { "$in": ["assistant", "agent"] },
    };
    let fields = doc! { "adminId": 1, "sessionId": 1, "replyTo": 1, "createdAt": 1 };
    let answers: Vec<Document> = store.chats.find(answers).projection(fields).await?.try_collect().await?;
    let mut of: HashMap<(&str, &str), Vec<&Document>> = HashMap::new();
    for answer in &answers {
        of.entry(session_of(answer)).or_default().push(answer);
    }
    asked.retain(|message| {
        let answers = of.get(&session_of(message)).into_iter().flatten();
        let written = moment(message.get("createdAt"));
        let replied = |answer: &&&Document| {
            answer.contains_key("replyTo") && answer.get("replyTo") == message.get("messageId")
        };
        !answers.into_iter().any(|answer| replied(&answer) || moment(answer.get("createdAt")) >= written)
    });
    let told = |message: &&Document| {
        let session = message.get_str("sessionId").ok()?.to_owned();
        notice(message, NoticeKind::Unanswered, session)
    };
    Ok((mark, asked.iter().filter_map(told).collect()))
}

fn session_of(message: &Document) -> (&str, &str) {
    (message.get_str("adminId").unwrap_or_default(), message.get_str("sessionId").unwrap_or_default())
}

fn notice(document: &Document, kind: NoticeKind, subject: String) -> Option<(String, Notice)> {
    let admin = document.get_str("adminId").ok()?.to_owned();
    Some((admin, Notice { kind, subject, at: moment(document.get("createdAt"))? }))
}

/// Doing it again adds nothing: a notice is the same each time it is found. Of a session one message is enough.
async fn add(
    store: &MongoStore,
    now: Timestamp,
    found: impl Iterator<Item = (String, Notice)>,
) -> Result<()> {
    let mut by_admin: HashMap<String, HashMap<(NoticeKind, String), Notice>> = HashMap::new();
    for (admin, notice) in found {
        let own = by_admin.entry(admin).or_default();
        own.entry((notice.kind, notice.subject.clone())).or_insert(notice);
    }
    for (admin, new) in by_admin {
        let new: Vec<Document> = new.values().map(written).collect();
        let room = doc! { "_id": &admin, format!("waiting.{}", MOST_WAITING - 1): { "$exists": false } };
        let added = doc! {
            "$addToSet": { "waiting": { "$each": new } },
            "$setOnInsert": { "due": date(now), "tries": 0_i64 },
        };
        let statement = doc! { "q": room, "u": added, "upsert": true };
        // A duplicate: there is no room.
        commands::update(&store.database, "notices", &[statement]).await?;
    }
    Ok(())
}

fn written(notice: &Notice) -> Document {
    doc! { "kind": notice.kind.as_str(), "subject": &notice.subject, "at": date(notice.at) }
}

fn read(waiting: &Document) -> Option<Notice> {
    Some(Notice {
        kind: NoticeKind::from_word(waiting.get_str("kind").ok()?)?,
        subject: waiting.get_str("subject").ok()?.to_owned(),
        at: moment(waiting.get("at"))?,
    })
}

pub(super) async fn due(store: &MongoStore, now: Timestamp) -> Result<Vec<Due>> {
    let waiting = doc! { "due": { "$lte": date(now) }, "waiting.0": { "$exists": true } };
    let found = notices(store).find(waiting).sort(doc! { "due": 1 }).limit(MOST_BUSINESSES).await?;
    let found: Vec<Document> = found.try_collect().await?;
    let mut all = Vec::with_capacity(found.len());
    for business in &found {
        let id = business.get_str("_id").map_err(|_| unreadable("_id"))?;
        let admins = store.database.collection::<Document>("admins");
        let Some(admin) = admins.find_one(doc! { "_id": id }).await? else { continue };
        let waiting = business.get_array("waiting").into_iter().flatten().filter_map(Bson::as_document);
        all.push(Due {
            tenant: tenant(&admin, "_id")?,
            email: admin.get_str("email").map_err(|_| unreadable("email"))?.to_owned(),
            notices: waiting.filter_map(read).take(MOST_NOTICES).collect(),
            tries: whole(business.get("tries")).and_then(|tries| tries.try_into().ok()).unwrap_or_default(),
        });
    }
    Ok(all)
}

pub(super) async fn told(
    store: &MongoStore,
    admin: &Tenant,
    told: &[Notice],
    again: Timestamp,
) -> Result<()> {
    let told: Vec<Document> = told.iter().map(written).collect();
    let rest = doc! { "$pullAll": { "waiting": told }, "$set": { "due": date(again), "tries": 0_i64 } };
    notices(store).update_one(doc! { "_id": admin.admin_id().as_str() }, rest).await?;
    Ok(())
}

pub(super) async fn postpone(store: &MongoStore, admin: &Tenant, until: Timestamp) -> Result<()> {
    let later = doc! { "$set": { "due": date(until) }, "$inc": { "tries": 1_i64 } };
    notices(store).update_one(doc! { "_id": admin.admin_id().as_str() }, later).await?;
    Ok(())
}
