//! What follows from new messages of sessions with an address: steps 2 to 4 of [`super::capture`].
//!
//! Sessions that wait while others are gone through are gone through together next: a second group commit, so that the
//! process is never in its own way.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures::{TryStreamExt, join, try_join};
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::Hint;
use porchlight_protocol::time::Timestamp;
use tokio::sync::oneshot;

use super::capture::{Session, Sessions, in_order, key_of, load, of_sessions};
use super::commands::{self, Together, persist};
use super::{MongoStore, Result, documents, indexes, leads};
use crate::conversation::{self, Conversation, DrawnOut, Tag};
use crate::leads::By;
use crate::leads::history::VISITOR;
use crate::store::recent::Key;

/// How often a session is gone through again because another message came in between.
const MOST_ROUNDS: u32 = 50;

/// A message as what follows from it depends on it: its document, and of how many messages something was drawn out there.
pub(super) fn id_of(id: &Bson, drawn_out_of: Option<u32>) -> String {
    drawn_out_of.map_or(id.to_string(), |of| format!("{id} {of}"))
}

/// What was found to follow from a session: its tag, and the messages that it follows from.
#[derive(Clone)]
pub(super) struct Tagged {
    pub(super) tag: Tag,
    pub(super) ids: HashSet<String>,
}

pub(super) type Tags = HashMap<Key, Tagged>;

/// Sessions as they were read last, and what follows from them; those without an address have no tag.
pub(super) struct Followed {
    pub(super) sessions: Sessions,
    pub(super) tags: Tags,
}

/// The sessions that wait to be gone through.
#[derive(Default)]
pub(super) struct Following {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

struct Waiting {
    keys: Vec<Key>,
    known: Tags,
    now: Timestamp,
    done: oneshot::Sender<Result<Arc<Followed>>>,
}

/// Goes through the sessions, together with those that others have brought meanwhile. `known` is what is thought to
/// follow from them, which saves work where it is right.
pub(super) async fn together(
    store: &MongoStore,
    keys: Vec<Key>,
    known: Tags,
    now: Timestamp,
) -> Result<Arc<Followed>> {
    let (done, mut result) = oneshot::channel();
    let waiting = || store.following.waiting.lock().unwrap_or_else(PoisonError::into_inner);
    waiting().push(Waiting { keys, known, now, done });
    let _turn = store.following.turn.lock().await;
    // Whoever had the turn before may have done this along with its own.
    if let Ok(result) = result.try_recv() {
        return result;
    }
    let all = std::mem::take(&mut *waiting());
    let followed = all_of(store, &all).await.map(Arc::new);
    // While this still has the turn: the next one first looks whether its own is done.
    for waiting in all {
        let _ = waiting.done.send(followed.clone());
    }
    followed
}

/// Keeps what a model has drawn out of a session, and goes through it; `false` where that is no news. A crash in between
/// leaves the tag as it was until the session's next message.
pub(super) async fn draw_out(
    store: &MongoStore,
    key: Key,
    newest: &str,
    drawn: &DrawnOut,
    now: Timestamp,
) -> Result<bool> {
    let own = doc! {
        "adminId": key.admin.as_str(), "sessionId": &key.session, "messageId": newest,
        "$or": [{ "drawnOut": { "$exists": false } }, { "drawnOut.of": { "$lt": i64::from(drawn.of) } }],
    };
    let set = doc! { "$set": { "drawnOut": documents::of_drawn_out(drawn) } };
    let statement = doc! { "q": own, "u": set };
    let done =
        persist(|| commands::update(&store.database, "chats", std::slice::from_ref(&statement))).await?;
    if done.n > 0 {
        together(store, vec![key], Tags::new(), now).await?;
    }
    Ok(done.n > 0)
}

async fn all_of(store: &MongoStore, all: &[Waiting]) -> Result<Followed> {
    let now = all.iter().map(|waiting| waiting.now).max().unwrap_or(Timestamp::from_millis(0));
    let mut keys = in_order(all.iter().flat_map(|waiting| waiting.keys.iter().cloned()));
    let known = all.iter().flat_map(|waiting| waiting.known.clone()).collect();
    let mut followed = Followed { sessions: Sessions::new(), tags: known };
    for _ in 0..MOST_ROUNDS {
        if keys.is_empty() {
            break;
        }
        let round = persist(|| once(store, &keys, &followed.tags, now)).await?;
        followed.sessions.extend(round.followed.sessions);
        followed.tags.extend(round.followed.tags);
        keys = round.open;
    }
    Ok(followed)
}

struct Round {
    followed: Followed,
    /// Sessions that have got more messages meanwhile.
    open: Vec<Key>,
}

async fn once(store: &MongoStore, keys: &[Key], known: &Tags, now: Timestamp) -> Result<Round> {
    let writes = Together::begin(&store.database).await?;
    let sessions = load(store, keys).await?;
    let conversations: Vec<(&Key, Conversation)> =
        keys.iter().filter_map(|key| Some((key, derive(sessions.get(key)?, known.get(key))?))).collect();
    let wrong: Vec<Document> = conversations
        .iter()
        .filter(|(key, derived)| sessions[*key].messages.iter().any(|m| m.tag.as_ref() != Some(&derived.tag)))
        .map(|(key, derived)| tag_statement(key, derived))
        .collect();
    let by = By::new(VISITOR, now);
    // Neither is left half-way where the other fails.
    let (days, tagged) =
        join!(leads::follow(store, &writes, &conversations, &by), writes.update("chats", &wrong));
    let (days, _) = (days?, tagged?);
    let tagged = |(key, derived): (&Key, Conversation)| {
        (key.clone(), Tagged { tag: derived.tag, ids: sessions[key].ids() })
    };
    let tags: Tags = conversations.into_iter().map(tagged).collect();
    let linked: Vec<Key> = tags.keys().cloned().collect();
    let marked = async { if linked.is_empty() { Ok(()) } else { super::days::mark(&writes, days).await } };
    let (ids, ()) = try_join!(load_ids(store, &linked), marked)?;
    let is_open = |key: &Key| ids.get(key).is_some_and(|ids| *ids != tags[key].ids);
    let open: Vec<Key> = linked.into_iter().filter(is_open).collect();
    let done =
        sessions.iter().filter(|(key, _)| !open.contains(key)).filter_map(|(k, s)| unmark_statement(k, s));
    let done: Vec<Document> = done.collect();
    commands::update_lightly(&store.database, "chats", &done).await?;
    Ok(Round { followed: Followed { sessions, tags }, open })
}

/// What follows from a session; messages do not change, so that the same ones need not be read for needs again.
fn derive(session: &Session, known: Option<&Tagged>) -> Option<Conversation> {
    conversation::derive_with(&session.messages, |messages| match known {
        Some(known) if known.ids == session.ids() => known.tag.requirements.clone(),
        _ => conversation::requirements_of(messages),
    })
}

fn tag_statement(key: &Key, derived: &Conversation) -> Document {
    let tag = &derived.tag;
    doc! {
        "q": {
            "adminId": key.admin.as_str(),
            "sessionId": &key.session,
            "$or": [{ "email": { "$ne": &tag.email } }, { "requirements": { "$ne": &tag.requirements } }],
        },
        "u": { "$set": { "email": &tag.email, "requirements": &tag.requirements } },
        "multi": true,
        "hint": indexes::of_session(),
    }
}

fn unmark_statement(key: &Key, session: &Session) -> Option<Document> {
    let pending = session.messages.iter().zip(&session.ids).filter(|(message, _)| message.pending);
    let ids: Vec<Bson> = pending.map(|(_, id)| id.clone()).collect();
    let filter = doc! { "_id": { "$in": &ids }, "adminId": key.admin.as_str() };
    let unset = doc! { "$unset": { "pending": "" } };
    (!ids.is_empty()).then(|| doc! { "q": filter, "u": unset, "multi": true, "hint": { "_id": 1 } })
}

async fn load_ids(store: &MongoStore, keys: &[Key]) -> Result<HashMap<Key, HashSet<String>>> {
    let mut ids: HashMap<Key, HashSet<String>> = HashMap::new();
    if keys.is_empty() {
        return Ok(ids);
    }
    let fields = doc! { "adminId": 1, "sessionId": 1, "drawnOut.of": 1 };
    let found = store.chats.find(of_sessions(keys)).hint(Hint::Keys(indexes::of_session()));
    let mut found = found.projection(fields).batch_size(10_000).await?;
    while let Some(document) = found.try_next().await? {
        if let (Some(key), Some(id)) = (key_of(&document), document.get("_id")) {
            let of = documents::drawn_out_of(&document);
            ids.entry(key).or_default().insert(id_of(id, of));
        }
    }
    Ok(ids)
}
