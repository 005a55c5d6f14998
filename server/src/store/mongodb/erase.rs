//! Erasure, each in one transaction: a lead goes with its sessions, their messages and its history; a visitor takes a
//! session back.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt;
use mongodb::ClientSession;
use mongodb::bson::{Document, doc};

use super::documents::{self, date};
use super::{MongoStore, Result, handovers, leads, tokens};
use crate::conversation::{self, Conversation, Message};
use crate::leads::{By, LeadEvent, LeadRecord};
use crate::live::LeadAction;
use crate::store::{Erased, tombstone};

/// Names the document among the tombstones that counts the erasures: whoever remembers messages asks for it.
pub(super) const COUNT: &str = "erasures";

/// Says before and after an erasure that what was remembered of messages is no longer true.
pub(super) async fn count(store: &MongoStore, session: Option<&mut ClientSession>) -> Result<()> {
    let tombstones = store.database.collection::<Document>("tombstones");
    let one_more = tombstones.update_one(doc! { "_id": COUNT }, doc! { "$inc": { "n": 1_i64 } }).upsert(true);
    match session {
        Some(session) => one_more.session(session).await.map(|_| ()),
        None => one_more.await.map(|_| ()),
    }
}

pub(super) async fn lead(store: &MongoStore, admin: &str, id: &str, by: &By) -> Result<Option<Erased>> {
    transact!(store, session => erase(store, session, (admin, id), by))
}

/// Removes a session for its visitor; returns how many messages it had.
pub(super) async fn session(store: &MongoStore, admin: &str, id: &str, by: &By) -> Result<u64> {
    transact!(store, session => take_back(store, session, (admin, id), by))
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
    let mut gone = Vec::new();
    for id in sessions {
        let (messages, conversation) = take_away(store, session, admin, &id, by).await?;
        erased.messages += messages;
        erased.sessions += u64::from(messages > 0);
        gone.extend(conversation.map(|conversation| (id, conversation)));
    }
    erased.events = remove(store, session, &record).await?;
    forget(store, session, admin, &gone, by).await?;
    Ok(Some(erased))
}

async fn take_back(
    store: &MongoStore,
    session: &mut ClientSession,
    (admin, id): (&str, &str),
    by: &By,
) -> Result<u64> {
    let (messages, conversation) = take_away(store, session, admin, id, by).await?;
    let Some(conversation) = conversation else { return Ok(messages) };
    for link in &conversation.links {
        if let Some(record) = by_email(store, session, admin, &link.email).await?
            && record.has_only(id)
            && record.may_have(id)
            && !leads::all_events(store, session, &record).await?.iter().any(LeadEvent::is_a_persons)
        {
            remove(store, session, &record).await?;
        }
    }
    forget(store, session, admin, &[(id.to_owned(), conversation)], by).await?;
    Ok(messages)
}

async fn by_email(
    store: &MongoStore,
    session: &mut ClientSession,
    admin: &str,
    email: &str,
) -> Result<Option<LeadRecord>> {
    let own = doc! { "adminId": admin, "email": email };
    store.leads.find_one(own).session(session).await?.as_ref().map(documents::lead).transpose()
}

async fn messages(
    store: &MongoStore,
    session: &mut ClientSession,
    admin: &str,
    ids: &[String],
) -> Result<BTreeMap<String, Vec<Message>>> {
    let own = doc! { "adminId": admin, "sessionId": { "$in": ids } };
    let mut found = store.chats.find(own).session(&mut *session).await?;
    let found: Vec<Document> = found.stream(session).try_collect().await?;
    let mut sessions: BTreeMap<String, Vec<Message>> = BTreeMap::new();
    for message in found.iter().map(documents::message) {
        sessions.entry(message.session_id.clone()).or_default().push(message);
    }
    Ok(sessions)
}

/// Removes a session's messages, for good; gives how many there were and what followed from them.
async fn take_away(
    store: &MongoStore,
    session: &mut ClientSession,
    admin: &str,
    id: &str,
    by: &By,
) -> Result<(u64, Option<Conversation>)> {
    count(store, Some(&mut *session)).await?;
    let messages = messages(store, session, admin, &[id.to_owned()]).await?.remove(id).unwrap_or_default();
    let tombstones: Vec<Document> = messages
        .iter()
        .filter(|message| !message.message_id.is_empty())
        .map(|message| doc! { "_id": tombstone(admin, id, &message.message_id), "at": date(by.at) })
        .collect();
    if !tombstones.is_empty() {
        let collection = store.database.collection::<Document>("tombstones");
        collection.insert_many(tombstones).session(&mut *session).await?;
    }
    let own = doc! { "adminId": admin, "sessionId": id };
    handovers::collection(store).delete_many(own.clone()).session(&mut *session).await?;
    let tokens = store.database.collection::<Document>(tokens::COLLECTION);
    tokens.delete_many(own.clone()).session(&mut *session).await?;
    let removed = store.chats.delete_many(own).session(&mut *session).await?.deleted_count;
    count(store, Some(session)).await?;
    if removed > 0 {
        leads::tell_removal(store, session, admin, doc! { "sessionId": id }).await?;
    }
    Ok((removed, conversation::derive(&messages)))
}

/// Takes a lead away with its history; returns how many entries that had.
async fn remove(store: &MongoStore, session: &mut ClientSession, record: &LeadRecord) -> Result<u64> {
    leads::remove(store, session, record, LeadAction::Erased).await?;
    let events = store.database.collection::<Document>("lead_events");
    let history = leads::history_of(record)?;
    let moved = events.distinct("version", history.clone()).session(&mut *session).await?;
    // The newest ones are still with the lead.
    let held = record.events.iter().filter(|held| !moved.contains(&held.version.into())).count() as u64;
    Ok(events.delete_many(history).session(&mut *session).await?.deleted_count + held)
}

/// Brings the leads that were linked to removed sessions to what follows from those they still have.
async fn forget(
    store: &MongoStore,
    session: &mut ClientSession,
    admin: &str,
    gone: &[(String, Conversation)],
    by: &By,
) -> Result<()> {
    let mut by_emails: BTreeMap<&str, Vec<&(String, Conversation)>> = BTreeMap::new();
    for one in gone {
        for link in &one.1.links {
            by_emails.entry(&link.email).or_default().push(one);
        }
    }
    for (email, mut gone) in by_emails {
        let Some(mut record) = by_email(store, session, admin, email).await? else { continue };
        gone.retain(|(id, _)| record.may_have(id));
        if gone.is_empty() {
            continue;
        }
        let left: Vec<(String, Conversation)> = messages(store, session, admin, &record.lead.session_ids)
            .await?
            .into_iter()
            .filter_map(|(id, messages)| Some((id, conversation::derive(&messages)?)))
            .collect();
        let read = record.version;
        leads::forget_conversations(store, session, &mut record).await?;
        for (id, conversation) in &gone {
            record.forget((id, conversation), &left, by);
        }
        leads::save(store, session, &mut record, read).await?;
    }
    Ok(())
}
