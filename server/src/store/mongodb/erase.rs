//! Erasure: a lead goes with its sessions, their messages and its history, in one transaction.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use mongodb::ClientSession;
use mongodb::bson::{Document, doc};

use super::documents::{self, date};
use super::{MongoStore, Result, leads};
use crate::leads::By;
use crate::store::{Erased, tombstone};

pub(super) async fn lead(store: &MongoStore, admin: &str, id: &str, by: &By) -> Result<Option<Erased>> {
    transact!(store, session => erase(store, session, (admin, id), by))
}

async fn erase(
    store: &MongoStore,
    session: &mut ClientSession,
    (admin, id): (&str, &str),
    by: &By,
) -> Result<Option<Erased>> {
    let Some(own) = leads::of_id(admin, id) else { return Ok(None) };
    let Some(found) = store.leads.find_one(own).session(&mut *session).await? else {
        return Ok(None);
    };
    let record = documents::lead(&found)?;
    let mut sessions: BTreeSet<String> = record.lead.session_ids.iter().cloned().collect();
    // Those too that the lead's list has forgotten.
    let linked = doc! { "adminId": admin, "addresses.0": &record.lead.email };
    for id in store.chats.distinct("sessionId", linked).session(&mut *session).await? {
        sessions.extend(id.as_str().map(str::to_owned));
    }
    let mut erased = Erased::default();
    for id in &sessions {
        let messages = erase_session(store, session, admin, id, by).await?;
        erased.messages += messages;
        erased.sessions += u64::from(messages > 0);
    }
    leads::remove(store, session, &record).await?;
    unlink(store, session, admin, &sessions, by).await?;
    let events = store.database.collection::<Document>("lead_events");
    let history = doc! { "adminId": admin, "leadId": documents::object_id(id)? };
    let moved = events.distinct("version", history.clone()).session(&mut *session).await?;
    // The newest ones are still with the lead.
    let held = record.events.iter().filter(|held| !moved.contains(&held.version.into())).count() as u64;
    erased.events = events.delete_many(history).session(&mut *session).await?.deleted_count + held;
    Ok(Some(erased))
}

async fn erase_session(
    store: &MongoStore,
    session: &mut ClientSession,
    admin: &str,
    id: &str,
    by: &By,
) -> Result<u64> {
    let own = doc! { "adminId": admin, "sessionId": id };
    let mut found =
        store.chats.find(own.clone()).projection(doc! { "messageId": 1 }).session(&mut *session).await?;
    let found: Vec<Document> = found.stream(&mut *session).try_collect().await?;
    let tombstones: Vec<Document> = found
        .iter()
        .filter_map(|document| document.get_str("messageId").ok())
        .map(|message| doc! { "_id": tombstone(admin, id, message), "at": date(by.at) })
        .collect();
    if !tombstones.is_empty() {
        let collection = store.database.collection::<Document>("tombstones");
        collection.insert_many(tombstones).session(&mut *session).await?;
    }
    Ok(store.chats.delete_many(own).session(&mut *session).await?.deleted_count)
}

/// Other leads that were linked to the erased sessions lose them.
async fn unlink(
    store: &MongoStore,
    session: &mut ClientSession,
    admin: &str,
    sessions: &BTreeSet<String>,
    by: &By,
) -> Result<()> {
    let ids: Vec<&String> = sessions.iter().collect();
    let linked = doc! { "adminId": admin, "sessionIds": { "$in": &ids } };
    let mut found = store.leads.find(linked).session(&mut *session).await?;
    let found: Vec<Document> = found.stream(&mut *session).try_collect().await?;
    for document in &found {
        let mut record = documents::lead(document)?;
        let read = record.version;
        for id in sessions {
            if record.lead.session_ids.contains(id) {
                record.unlink(id, by);
            }
        }
        leads::save(store, session, &mut record, read).await?;
    }
    Ok(())
}
