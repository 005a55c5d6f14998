//! A batch of captures in a handful of commands.
//!
//! 1. Read the sessions, decide what is new, and insert that. Where something follows from it, because its session has
//!    an address, it is marked `pending`. It is durable now.
//! 2. Read the sessions again: of several writers of one session, the one that inserted last sees all messages. Of
//!    sessions without an address only that is asked: whether somebody has brought one meanwhile.
//! 3. Bring leads and tags to what follows from the messages. Both are recomputed, so doing it again changes nothing.
//! 4. Read which messages the sessions have; if more have come, a writer with an older view may have written last:
//!    go back to 2. Otherwise take the marks off.
//!
//! What a crash leaves behind is still marked, and any process goes through 2 to 4 with it; and so does the repetition
//! of a message whose session does not carry the tag that follows from it.

use std::collections::{HashMap, HashSet};

use futures::{TryStreamExt, try_join};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, doc};
use porchlight_protocol::ids::AdminId;
use porchlight_protocol::time::Timestamp;

use super::commands::{self, persist};
use super::{MongoStore, Result, documents, leads};
use crate::conversation::{self, Admission, Conversation, Incoming, Message, Tag};
use crate::leads::By;
use crate::leads::history::VISITOR;
use crate::store::{CaptureError, Kept, tombstone};
use crate::{assistant, clock};

/// How often a session is gone through again because another message came in between.
const MOST_ROUNDS: u32 = 50;

/// Sessions that the sweep takes on at a time.
const SWEEP: usize = 200;

/// A session of a business.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) admin: AdminId,
    pub(super) session: String,
}

impl Key {
    fn of(incoming: &Incoming) -> Self {
        Self { admin: incoming.tenant.admin_id().clone(), session: incoming.session_id.to_string() }
    }
}

/// The messages of a session with the ids of their documents, in the same order.
#[derive(Clone, Debug, Default)]
pub(super) struct Session {
    pub(super) messages: Vec<Message>,
    ids: Vec<Bson>,
}

pub(super) type Sessions = HashMap<Key, Session>;

/// What was found to follow from a session: its tag, and the messages that it follows from.
struct Tagged {
    tag: Tag,
    ids: HashSet<String>,
}

type Tags = HashMap<Key, Tagged>;

impl Session {
    fn ids(&self) -> HashSet<String> {
        self.ids.iter().map(Bson::to_string).collect()
    }
}

/// What is to become of an incoming message.
enum Plan {
    /// It is to be kept as this document.
    New(ObjectId),
    /// It is kept already, or its id is taken; what is read last decides.
    Known,
    /// It was erased: a repetition changes nothing.
    Erased(Box<Message>),
}

pub(super) async fn batch(store: &MongoStore, batch: &[Incoming]) -> Result<Vec<Result<Kept, CaptureError>>> {
    let keys = in_order(batch.iter().map(Key::of));
    let (mut sessions, erased) =
        persist(|| async { try_join!(load(store, &keys), erased(store, batch)) }).await?;
    let mut documents = Vec::new();
    let mut plans = Vec::with_capacity(batch.len());
    for incoming in batch {
        let session = sessions.entry(Key::of(incoming)).or_default();
        plans.push(plan(session, incoming, &erased, &mut documents)?);
    }
    let now = batch.iter().map(|incoming| incoming.arrived).max().unwrap_or_else(clock::now);
    let mut new: HashSet<Key> = HashSet::new();
    new.extend(
        batch.iter().zip(&plans).filter(|(_, plan)| matches!(plan, Plan::New(_))).map(|(i, _)| Key::of(i)),
    );
    let mut tags = tags(&sessions);
    let mut inserted = commands::Done::default();
    if documents.is_empty() {
        // Somebody else's write, which a repetition must not be told about before it is durable. An insert waits for
        // all that came before it, this does without one.
        persist(|| commands::settle(&store.database)).await?;
    } else {
        mark_ahead(&tags, &mut documents, now);
        inserted = persist(|| commands::insert(&store.database, "chats", &documents)).await?;
    }
    let (linked, plain): (Vec<Key>, Vec<Key>) = keys.into_iter().partition(|key| tags.contains_key(key));
    let mut at_work: Vec<Key> = linked
        .into_iter()
        .filter(|key| {
            new.contains(key) || sessions.get(key).is_some_and(|session| is_open(session, &tags[key].tag))
        })
        .collect();
    let plain: Vec<Key> = plain.into_iter().filter(|key| new.contains(key)).collect();
    at_work.extend(persist(|| with_address(store, &plain)).await?);
    sessions.extend(follow_up(store, at_work, &mut tags, now).await?);
    // Only where somebody else inserted the same message first does the session have to be read once more.
    let doubted = batch.iter().zip(&plans).filter(|(incoming, plan)| {
        matches!(plan, Plan::New(_)) && inserted.duplicates > 0 && !tags.contains_key(&Key::of(incoming))
    });
    let doubted: Vec<Key> = in_order(doubted.map(|(incoming, _)| Key::of(incoming)));
    sessions.extend(persist(|| load(store, &doubted)).await?);
    Ok(batch.iter().zip(plans).map(|(incoming, plan)| result(&sessions, &tags, incoming, plan)).collect())
}

/// Goes through the sessions of which messages that arrived before `before` are still marked.
pub(super) async fn finish_pending(store: &MongoStore, before: Timestamp) -> Result<u64> {
    let mut finished = 0;
    loop {
        let found: Vec<Document> = store
            .chats
            .find(doc! { "pending": { "$lt": documents::date(before) } })
            .projection(doc! { "adminId": 1, "sessionId": 1 })
            .limit(SWEEP as i64)
            .await?
            .try_collect()
            .await?;
        let keys = in_order(found.iter().filter_map(key_of));
        if keys.is_empty() {
            return Ok(finished);
        }
        finished += keys.len() as u64;
        follow_up(store, keys, &mut Tags::new(), clock::now()).await?;
    }
}

/// Each key once, where it came first: leads link sessions in the order in which they arrived.
fn in_order(keys: impl Iterator<Item = Key>) -> Vec<Key> {
    let mut seen = HashSet::new();
    keys.filter(|key| seen.insert(key.clone())).collect()
}

fn key_of(document: &Document) -> Option<Key> {
    Some(Key {
        admin: document.get_str("adminId").ok()?.parse().ok()?,
        session: document.get_str("sessionId").ok()?.to_owned(),
    })
}

/// Whether something may still have to be done for a session that was read.
fn is_open(session: &Session, tag: &Tag) -> bool {
    session.messages.iter().any(|message| message.pending || message.tag.as_ref() != Some(tag))
}

/// What the messages of each session must carry; sessions without an address are not there.
fn tags(sessions: &Sessions) -> Tags {
    let derived = sessions.iter().filter_map(|(key, session)| {
        let tag = conversation::derive(&session.messages)?.tag;
        Some((key.clone(), Tagged { tag, ids: session.ids() }))
    });
    derived.collect()
}

/// Which of the sessions hold an address now.
async fn with_address(store: &MongoStore, keys: &[Key]) -> Result<Vec<Key>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut filter = of_sessions(keys);
    filter.insert("addresses", doc! { "$exists": true });
    let fields = doc! { "adminId": 1, "sessionId": 1 };
    let found: Vec<Document> = store.chats.find(filter).projection(fields).await?.try_collect().await?;
    Ok(in_order(found.iter().filter_map(key_of)))
}

fn plan(
    session: &mut Session,
    incoming: &Incoming,
    erased: &HashSet<String>,
    documents: &mut Vec<Document>,
) -> Result<Plan> {
    let admin = incoming.tenant.admin_id().as_str();
    match conversation::admit(&session.messages, incoming) {
        Admission::Duplicate(_) | Admission::Reused => Ok(Plan::Known),
        Admission::New(message) if erased.contains(&hash(incoming)) => {
            Ok(Plan::Erased(Box::new(Message { pending: false, opened: false, ..*message })))
        }
        Admission::New(message) => {
            let id = ObjectId::new();
            documents.push(documents::of_message(id, admin, &message)?);
            session.ids.push(id.into());
            session.messages.push((*message).clone());
            if message.opened || incoming.authorised {
                let reply = assistant::reply(&session.messages, &message, incoming.arrived);
                let id = ObjectId::new();
                documents.push(documents::of_message(id, admin, &reply)?);
                session.ids.push(id.into());
                session.messages.push(reply);
            }
            Ok(Plan::New(id))
        }
    }
}

/// Inserts carry the tag that they most likely end with, which saves most updates, and the mark where one is needed.
fn mark_ahead(tags: &Tags, documents: &mut [Document], now: Timestamp) {
    for document in documents {
        let Some(Tagged { tag, .. }) = key_of(document).and_then(|key| tags.get(&key)) else { continue };
        document.insert("email", &tag.email);
        document.insert("requirements", &tag.requirements);
        // An answer has no consequences of its own.
        if !document.contains_key("replyTo") {
            document.insert("pending", documents::date(now));
        }
    }
}

/// Steps 2 to 4 for the sessions; returns them as they were read last, and brings `tags` to what follows from them.
async fn follow_up(store: &MongoStore, keys: Vec<Key>, tags: &mut Tags, now: Timestamp) -> Result<Sessions> {
    let mut finished = Sessions::new();
    let mut keys = keys;
    for _ in 0..MOST_ROUNDS {
        if keys.is_empty() {
            break;
        }
        let round = persist(|| follow_up_once(store, &keys, tags, now)).await?;
        finished.extend(round.sessions);
        tags.extend(round.tags);
        keys = round.open;
    }
    Ok(finished)
}

struct Round {
    sessions: Sessions,
    tags: Tags,
    /// Sessions that have got more messages meanwhile.
    open: Vec<Key>,
}

async fn follow_up_once(store: &MongoStore, keys: &[Key], known: &Tags, now: Timestamp) -> Result<Round> {
    let sessions = load(store, keys).await?;
    let followed: Vec<(&Key, Conversation)> =
        keys.iter().filter_map(|key| Some((key, derive(sessions.get(key)?, known.get(key))?))).collect();
    let wrong: Vec<Document> = followed
        .iter()
        .filter(|(key, derived)| sessions[*key].messages.iter().any(|m| m.tag.as_ref() != Some(&derived.tag)))
        .map(|(key, derived)| tag_statement(key, derived))
        .collect();
    let by = By::new(VISITOR, now);
    try_join!(leads::follow(store, &followed, &by), commands::update(&store.database, "chats", &wrong))?;
    let tagged = |(key, derived): (&Key, Conversation)| {
        (key.clone(), Tagged { tag: derived.tag, ids: sessions[key].ids() })
    };
    let tags: Tags = followed.into_iter().map(tagged).collect();
    let linked: Vec<Key> = tags.keys().cloned().collect();
    let ids = load_ids(store, &linked).await?;
    let is_open = |key: &Key| ids.get(key).is_some_and(|ids| *ids != tags[key].ids);
    let open: Vec<Key> = linked.into_iter().filter(is_open).collect();
    let done =
        sessions.iter().filter(|(key, _)| !open.contains(key)).filter_map(|(k, s)| unmark_statement(k, s));
    let done: Vec<Document> = done.collect();
    commands::update_lightly(&store.database, "chats", &done).await?;
    Ok(Round { sessions, tags, open })
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
    }
}

fn unmark_statement(key: &Key, session: &Session) -> Option<Document> {
    let pending = session.messages.iter().zip(&session.ids).filter(|(message, _)| message.pending);
    let ids: Vec<Bson> = pending.map(|(_, id)| id.clone()).collect();
    let filter = doc! { "_id": { "$in": &ids }, "adminId": key.admin.as_str() };
    (!ids.is_empty()).then(|| doc! { "q": filter, "u": { "$unset": { "pending": "" } }, "multi": true })
}

fn result(sessions: &Sessions, tags: &Tags, incoming: &Incoming, plan: Plan) -> Result<Kept, CaptureError> {
    let own = match plan {
        Plan::Erased(message) => {
            return Ok(Kept { message: *message, duplicate: true, session_email: None, reply: None });
        }
        Plan::New(id) => Some(Bson::from(id)),
        Plan::Known => None,
    };
    let lost = || crate::store::StoreError::Unavailable("the message was erased meanwhile".to_owned());
    let session = sessions.get(&Key::of(incoming)).ok_or_else(lost)?;
    let found = session.messages.iter().zip(&session.ids).find(|(message, id)| match &own {
        Some(own) => own == *id,
        None => message.message_id == incoming.message_id.as_str(),
    });
    // Where another process inserted the same message first, its document counts.
    let (message, duplicate) = match found.filter(|_| own.is_some()) {
        Some((message, _)) => (message.clone(), false),
        None => match conversation::admit(&session.messages, incoming) {
            Admission::Duplicate(message) => (*message, true),
            Admission::Reused => return Err(CaptureError::Reused),
            Admission::New(_) => return Err(lost().into()),
        },
    };
    let tag = tags.get(&Key::of(incoming)).map(|tagged| tagged.tag.clone());
    let reply = session.messages.iter().find(|m| m.reply_to.as_ref() == Some(&message.message_id));
    Ok(Kept {
        reply: reply.map(|reply| Message { tag: tag.clone(), ..reply.clone() }),
        session_email: tag.as_ref().map(|tag| tag.email.clone()),
        message: Message { tag, pending: false, ..message },
        duplicate,
    })
}

/// `{ adminId, sessionId: { $in } }` for each business; matches nothing for no keys.
fn of_sessions(keys: &[Key]) -> Document {
    let mut by_admin: HashMap<&AdminId, Vec<&str>> = HashMap::new();
    for key in keys {
        by_admin.entry(&key.admin).or_default().push(&key.session);
    }
    let each = by_admin
        .into_iter()
        .map(|(admin, sessions)| doc! { "adminId": admin.as_str(), "sessionId": { "$in": sessions } });
    let each: Vec<Document> = each.collect();
    doc! { "$or": each }
}

pub(super) async fn load(store: &MongoStore, keys: &[Key]) -> Result<Sessions> {
    let mut sessions: Sessions = keys.iter().map(|key| (key.clone(), Session::default())).collect();
    if keys.is_empty() {
        return Ok(sessions);
    }
    let mut found = store.chats.find(of_sessions(keys)).batch_size(5_000).await?;
    while let Some(document) = found.try_next().await? {
        let Some(session) = key_of(&document).and_then(|key| sessions.get_mut(&key)) else { continue };
        session.messages.push(documents::message(&document));
        session.ids.push(document.get("_id").cloned().unwrap_or(Bson::Null));
    }
    Ok(sessions)
}

async fn load_ids(store: &MongoStore, keys: &[Key]) -> Result<HashMap<Key, HashSet<String>>> {
    let mut ids: HashMap<Key, HashSet<String>> = HashMap::new();
    if keys.is_empty() {
        return Ok(ids);
    }
    let fields = doc! { "adminId": 1, "sessionId": 1 };
    let mut found = store.chats.find(of_sessions(keys)).projection(fields).batch_size(10_000).await?;
    while let Some(document) = found.try_next().await? {
        if let (Some(key), Some(id)) = (key_of(&document), document.get("_id")) {
            ids.entry(key).or_default().insert(id.to_string());
        }
    }
    Ok(ids)
}

fn hash(incoming: &Incoming) -> String {
    let admin = incoming.tenant.admin_id().as_str();
    tombstone(admin, incoming.session_id.as_str(), incoming.message_id.as_str())
}

async fn erased(store: &MongoStore, batch: &[Incoming]) -> Result<HashSet<String>> {
    let hashes: Vec<String> = batch.iter().map(hash).collect();
    let tombstones = store.database.collection::<Document>("tombstones");
    let found: Vec<Document> =
        tombstones.find(doc! { "_id": { "$in": hashes } }).await?.try_collect().await?;
    Ok(found.iter().filter_map(|document| document.get_str("_id").ok().map(str::to_owned)).collect())
}
