//! What follows from new messages of sessions with an address: steps 2 to 4 of [`super::capture`].
//!
//! Sessions that wait while others are gone through are gone through together next: a second group commit, so that the
//! process is never in its own way.

use std::collections::{HashMap, HashSet};
use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};

use futures::{TryStreamExt, join, try_join};
use mongodb::Cursor;
use mongodb::bson::oid::ObjectId;
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
#[derive(Default)]
pub(super) struct Followed {
    pub(super) sessions: Sessions,
    pub(super) tags: Tags,
}

/// Sessions that are to be gone through.
pub(super) struct Work {
    pub(super) keys: Vec<Key>,
    /// What is thought to be true of them, which saves work where it is.
    pub(super) known: Followed,
    /// The election that a write right before has named.
    pub(super) election: Option<ObjectId>,
    pub(super) now: Timestamp,
}

impl Work {
    /// Of sessions of which nothing is known.
    pub(super) fn unknown(keys: Vec<Key>, now: Timestamp) -> Self {
        Self { keys, known: Followed::default(), election: None, now }
    }

    /// All of it at once.
    fn together(all: Vec<Self>) -> Self {
        let mut all = all.into_iter();
        let Some(mut sum) = all.next() else { return Self::unknown(Vec::new(), Timestamp::from_millis(0)) };
        for work in all {
            sum.keys.extend(work.keys);
            sum.known.sessions.extend(work.known.sessions);
            sum.known.tags.extend(work.known.tags);
            sum.election = sum.election.filter(|election| work.election == Some(*election));
            sum.now = sum.now.max(work.now);
        }
        sum.keys = in_order(sum.keys.into_iter());
        sum
    }
}

/// The work that waits.
#[derive(Default)]
pub(super) struct Following {
    waiting: Mutex<Vec<(Work, Done)>>,
    turn: tokio::sync::Mutex<()>,
}

type Done = oneshot::Sender<Result<Arc<Followed>>>;

/// Goes through the sessions, together with those that others have brought meanwhile.
pub(super) async fn together(store: &MongoStore, work: Work) -> Result<Arc<Followed>> {
    let (done, mut result) = oneshot::channel();
    let waiting = || store.following.waiting.lock().unwrap_or_else(PoisonError::into_inner);
    waiting().push((work, done));
    let _turn = store.following.turn.lock().await;
    // Whoever had the turn before may have done this along with its own.
    if let Ok(result) = result.try_recv() {
        return result;
    }
    let (all, done): (Vec<Work>, Vec<Done>) = take(&mut *waiting()).into_iter().unzip();
    let followed = follow(store, Work::together(all)).await.map(Arc::new);
    // While this still has the turn: the next one first looks whether its own is done.
    for waiting in done {
        let _ = waiting.send(followed.clone());
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
        together(store, Work::unknown(vec![key], now)).await?;
    }
    Ok(done.n > 0)
}

async fn follow(store: &MongoStore, work: Work) -> Result<Followed> {
    let Work { mut keys, known: Followed { sessions: mut known, tags }, mut election, now } = work;
    let mut followed = Followed { sessions: Sessions::new(), tags };
    for _ in 0..MOST_ROUNDS {
        if keys.is_empty() {
            break;
        }
        // What was known before is used once.
        let again = || once(store, &keys, (take(&mut known), election.take()), &followed.tags, now);
        let round = persist(again).await?;
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

async fn once(
    store: &MongoStore,
    keys: &[Key],
    (known, election): (Sessions, Option<ObjectId>),
    tags: &Tags,
    now: Timestamp,
) -> Result<Round> {
    let writes = Together::begin(&store.database, election).await?;
    let mut sessions = read(store, keys, known).await?;
    let conversations: Vec<(&Key, Conversation)> =
        keys.iter().filter_map(|key| Some((key, derive(sessions.get(key)?, tags.get(key))?))).collect();
    let with_address: HashSet<&Key> = conversations.iter().map(|(key, _)| *key).collect();
    let without = sessions.iter().filter(|(key, _)| !with_address.contains(key));
    let wrong: Vec<Document> = conversations
        .iter()
        .filter_map(|(key, derived)| tag_statement(&sessions[*key], &derived.tag))
        .chain(without.filter_map(|(_, session)| untag_statement(session)))
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
    let mut done = Vec::new();
    for (key, session) in &mut sessions {
        session.tag(tags.get(key).map(|tagged| &tagged.tag));
        if !open.contains(key) {
            done.extend(session.take_marks());
        }
    }
    commands::update_lightly(&store.database, "chats", &unmark_statement(done)).await?;
    Ok(Round { followed: Followed { sessions, tags }, open })
}

/// The sessions as they are kept now. Of those that are known only what may have changed is read, and all of them where it
/// has.
async fn read(store: &MongoStore, keys: &[Key], mut known: Sessions) -> Result<Sessions> {
    // A message from elsewhere is changed by its migration.
    known.retain(|_, session| !session.messages.iter().any(|message| message.message_id.is_empty()));
    let (known_keys, unknown): (Vec<Key>, Vec<Key>) =
        keys.iter().cloned().partition(|key| known.contains_key(key));
    let (mut sessions, ()) = try_join!(load(store, &unknown), keep_true(store, &known_keys, &mut known))?;
    let changed: Vec<Key> = known_keys.into_iter().filter(|key| !known.contains_key(key)).collect();
    sessions.extend(load(store, &changed).await?);
    sessions.extend(known);
    Ok(sessions)
}

/// Forgets those of the sessions that are no longer as they are known.
async fn keep_true(store: &MongoStore, keys: &[Key], known: &mut Sessions) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let mut seen: HashMap<Key, usize> = HashMap::new();
    let fields = ["drawnOut", "email", "requirements", "pending"];
    let mut found = find_fields(store, keys, &fields).await?;
    while let Some(document) = found.try_next().await? {
        let Some(key) = key_of(&document) else { continue };
        let Some(session) = known.get(&key) else { continue };
        let count = seen.entry(key.clone()).or_default();
        match session.holds(&document, *count) {
            true => *count += 1,
            false => drop(known.remove(&key)),
        }
    }
    known.retain(|key, session| seen.get(key) == Some(&session.ids.len()));
    Ok(())
}

/// What follows from a session; messages do not change, so that the same ones need not be read for needs again.
fn derive(session: &Session, known: Option<&Tagged>) -> Option<Conversation> {
    conversation::derive_with(&session.messages, |messages| match known {
        Some(known) if known.ids == session.ids() => known.tag.requirements.clone(),
        _ => conversation::requirements_of(messages),
    })
}

/// What tags those messages of a session that do not carry its tag.
fn tag_statement(session: &Session, tag: &Tag) -> Option<Document> {
    let wrong =
        session.messages.iter().zip(&session.ids).filter(|(message, _)| message.tag.as_ref() != Some(tag));
    let ids: Vec<&Bson> = wrong.map(|(_, id)| id).collect();
    let set = doc! { "$set": { "email": &tag.email, "requirements": &tag.requirements } };
    (!ids.is_empty()).then(|| doc! { "q": { "_id": { "$in": ids } }, "u": set, "multi": true })
}

/// Of a session that has no address any more: what takes the tag off messages that were under way when it was erased.
fn untag_statement(session: &Session) -> Option<Document> {
    let own = session
        .messages
        .iter()
        .zip(&session.ids)
        .filter(|(message, _)| message.tag.is_some() && !message.message_id.is_empty());
    let ids: Vec<&Bson> = own.map(|(_, id)| id).collect();
    let unset = doc! { "$unset": { "email": "", "requirements": "" } };
    (!ids.is_empty()).then(|| doc! { "q": { "_id": { "$in": ids } }, "u": unset, "multi": true })
}

/// What takes the mark off messages.
fn unmark_statement(ids: Vec<Bson>) -> Vec<Document> {
    let unset = doc! { "$unset": { "pending": "" } };
    let statement = doc! { "q": { "_id": { "$in": &ids } }, "u": unset, "multi": true };
    if ids.is_empty() { Vec::new() } else { vec![statement] }
}

async fn load_ids(store: &MongoStore, keys: &[Key]) -> Result<HashMap<Key, HashSet<String>>> {
    let mut ids: HashMap<Key, HashSet<String>> = HashMap::new();
    if keys.is_empty() {
        return Ok(ids);
    }
    let mut found = find_fields(store, keys, &["drawnOut"]).await?;
    while let Some(document) = found.try_next().await? {
        if let (Some(key), Some(id)) = (key_of(&document), document.get("_id")) {
            let of = documents::drawn_out_of(&document);
            ids.entry(key).or_default().insert(id_of(id, of));
        }
    }
    Ok(ids)
}

/// Some fields of the messages of sessions.
async fn find_fields(store: &MongoStore, keys: &[Key], fields: &[&str]) -> Result<Cursor<Document>> {
    let mut projection = doc! { "adminId": 1, "sessionId": 1 };
    projection.extend(fields.iter().map(|field| ((*field).to_owned(), Bson::Int32(1))));
    let found = store.chats.find(of_sessions(keys)).hint(Hint::Keys(indexes::of_session()));
    found.projection(projection).batch_size(10_000).await
}
