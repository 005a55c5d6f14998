//! Who answers in a session: the assistant, or a person.

use std::collections::{HashMap, HashSet};

use futures::TryStreamExt;
use mongodb::Collection;
use mongodb::bson::{Document, doc};
use porchlight_protocol::capture::Mode;
use porchlight_protocol::time::Timestamp;

use super::capture::{key_of, of_sessions};
use super::commands::{self, persist};
use super::documents::date;
use super::{MongoStore, Result};
use crate::store::recent::Key;

/// Sessions that were ever handed over; all others are the assistant's.
pub(super) fn collection(store: &MongoStore) -> Collection<Document> {
    store.database.collection("handovers")
}

pub(super) fn mode(document: &Document) -> Mode {
    document.get_str("mode").ok().and_then(Mode::from_word).unwrap_or_default()
}

/// Those of the sessions that a person has.
pub(super) async fn with_people(store: &MongoStore, keys: &[Key]) -> Result<HashSet<Key>> {
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let found: Vec<Document> = collection(store).find(of_sessions(keys)).await?.try_collect().await?;
    Ok(found.iter().filter(|found| mode(found) == Mode::Human).filter_map(key_of).collect())
}

pub(super) async fn modes(
    store: &MongoStore,
    admin: &str,
    sessions: &[String],
) -> Result<HashMap<String, Mode>> {
    let own = doc! { "adminId": admin, "sessionId": { "$in": sessions } };
    let found: Vec<Document> = collection(store).find(own).await?.try_collect().await?;
    let mut modes: HashMap<String, Mode> =
        sessions.iter().map(|session| (session.clone(), Mode::default())).collect();
    modes.extend(
        found.iter().filter_map(|found| Some((found.get_str("sessionId").ok()?.to_owned(), mode(found)))),
    );
    Ok(modes)
}

/// `false` when there is no such session. The document is replaced, so that whoever follows the changes sees all of
/// it; handing over to whom it is already with changes nothing.
pub(super) async fn hand_over(
    store: &MongoStore,
    admin: &str,
    session: &str,
    to: Mode,
    at: Timestamp,
) -> Result<bool> {
    let own = doc! { "adminId": admin, "sessionId": session };
    if store.chats.find_one(own.clone()).projection(doc! { "_id": 1 }).await?.is_none() {
        return Ok(false);
    }
    let mut other = own.clone();
    other.insert("mode", doc! { "$ne": to.as_str() });
    let mut handed = own;
    handed.extend(doc! { "mode": to.as_str(), "at": date(at) });
    // Where it is with a person already, the index of sessions refuses a second document; nobody has ever taken it
    // over who is not there.
    let statement = doc! { "q": other, "u": handed, "upsert": to == Mode::Human };
    persist(|| commands::update(&store.database, "handovers", std::slice::from_ref(&statement))).await?;
    Ok(true)
}
