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

/// Messages by their session.
type Sessions = BTreeMap<String, Vec<Message>>;

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
    let sessions: Vec<String> =
        leads::session_ids(store, &record, Some(&mut *session)).await?.into_iter().collect();
    let gone = take_away(store, session, admin, &sessions, by).await?;
    let events = remove(store, session, &record).await?;
    forget(store, session, admin, &conversations(&gone), by).await?;
    Ok(Some(Erased { messages: size(&gone), sessions: gone.len() as u64, events }))
}

async fn take_back(
    store: &MongoStore,
    session: &mut ClientSession,
    (admin, id): (&str, &str),
    by: &By,
) -> Result<u64> {
    let gone = take_away(store, session, admin, &[id.to_owned()], by).await?;
    let conversations = conversations(&gone);
    for link in conversations.iter().flat_map(|(_, conversation)| &conversation.links) {
        if let Some(record) = by_email(store, session, admin, &link.email).await?
            && record.has_only(id)
            && record.may_have(id)
            && !leads::all_events(store, session, &record).await?.iter().any(LeadEvent::is_a_persons)
        {
            remove(store, session, &record).await?;
        }
    }
    forget(store, session, admin, &conversations, by).await?;
    Ok(size(&gone))
}

/// Removes the messages that carry an address in one of its spellings, and what followed from them; the leads stay.
/// Returns how many there were.
pub(super) async fn messages_of(
    store: &MongoStore,
    admin: &str,
    spellings: &[String],
    by: &By,
) -> Result<u64> {
    transact!(store, session => untag(store, session, (admin, spellings), by))
}

async fn untag(
    store: &MongoStore,
    session: &mut ClientSession,
    (admin, spellings): (&str, &[String]),
    by: &By,
) -> Result<u64> {
    let own = doc! { "adminId": admin, "email": { "$in": spellings } };
    let sessions = store.chats.distinct("sessionId", own.clone()).session(&mut *session).await?;
    let sessions: Vec<String> = sessions.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
    let mut gone = messages(store, session, admin, &sessions).await?;
    let lost: Vec<(String, Conversation)> = gone
        .iter_mut()
        .filter_map(|(id, messages)| Some((id.clone(), conversation::untag(messages, spellings)?)))
        .collect();
    count(store, Some(&mut *session)).await?;
    bury(store, session, admin, &gone, by).await?;
    let removed = store.chats.delete_many(own).session(&mut *session).await?.deleted_count;
    count(store, Some(&mut *session)).await?;
    tell_erased(store, session, admin, &gone).await?;
    forget(store, session, admin, &lost, by).await?;
    Ok(removed)
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
) -> Result<Sessions> {
    let own = doc! { "adminId": admin, "sessionId": { "$in": ids } };
    let mut found = store.chats.find(own).session(&mut *session).await?;
    let found: Vec<Document> = found.stream(session).try_collect().await?;
    let mut sessions = Sessions::new();
    for message in found.iter().map(documents::message) {
        sessions.entry(message.session_id.clone()).or_default().push(message);
    }
    Ok(sessions)
}

/// What follows from each of the sessions that have an address.
fn conversations(sessions: &Sessions) -> Vec<(String, Conversation)> {
    sessions.iter().filter_map(|(id, messages)| Some((id.clone(), conversation::derive(messages)?))).collect()
}

/// How many messages.
fn size(sessions: &Sessions) -> u64 {
    sessions.values().map(|messages| messages.len() as u64).sum()
}

/// Removes the sessions' messages, for good; gives those that had any.
async fn take_away(
    store: &MongoStore,
    session: &mut ClientSession,
    admin: &str,
    ids: &[String],
    by: &By,
) -> Result<Sessions> {
    count(store, Some(&mut *session)).await?;
    let gone = messages(store, session, admin, ids).await?;
    bury(store, session, admin, &gone, by).await?;
    let own = doc! { "adminId": admin, "sessionId": { "$in": ids } };
    handovers::collection(store).delete_many(own.clone()).session(&mut *session).await?;
    let tokens = store.database.collection::<Document>(tokens::COLLECTION);
    tokens.delete_many(own.clone()).session(&mut *session).await?;
    store.chats.delete_many(own).session(&mut *session).await?;
    count(store, Some(&mut *session)).await?;
    tell_erased(store, session, admin, &gone).await?;
    Ok(gone)
}

/// Keeps the messages from coming back by a repetition.
async fn bury(
    store: &MongoStore,
    session: &mut ClientSession,
    admin: &str,
    gone: &Sessions,
    by: &By,
) -> Result<()> {
    let messages = gone.values().flatten().filter(|message| !message.message_id.is_empty());
    let mut hashes: BTreeSet<String> =
        messages.map(|message| tombstone(admin, &message.session_id, &message.message_id)).collect();
    let tombstones = store.database.collection::<Document>("tombstones");
    // Without transactions a crash may have left some of them.
    let own = doc! { "_id": { "$in": hashes.iter().collect::<Vec<_>>() } };
    for known in tombstones.distinct("_id", own).session(&mut *session).await? {
        known.as_str().map(|known| hashes.remove(known));
    }
    let new: Vec<Document> = hashes.iter().map(|hash| doc! { "_id": hash, "at": date(by.at) }).collect();
    if !new.is_empty() {
        tombstones.insert_many(new).session(session).await?;
    }
    Ok(())
}

/// Tells those who listen that messages of the sessions have gone.
async fn tell_erased(
    store: &MongoStore,
    session: &mut ClientSession,
    admin: &str,
    gone: &Sessions,
) -> Result<()> {
    let told = gone.keys().map(|id| doc! { "sessionId": id }).collect();
    leads::tell_removals(store, session, admin, told).await
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
        let linked = leads::linked(store, &record, &mut *session).await?;
        let staying = record.unlist(&gone.iter().map(|(id, _)| id.as_str()).collect(), linked);
        let said = messages(store, session, admin, &staying).await?;
        let left: Vec<(String, Conversation)> = staying
            .into_iter()
            .filter_map(|id| {
                let conversation = conversation::derive(said.get(&id)?)?;
                Some((id, conversation))
            })
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
