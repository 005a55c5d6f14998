//! A batch of captures in a handful of commands.
//!
//! 1. Read the sessions that are not remembered, decide what is new, and insert that. Where something follows from it,
//!    because its session has an address, it is marked `pending`. It is durable now.
//! 2. Read the sessions again: of several writers of one session, the one that inserted last sees all messages. What is
//!    known already is read of as much as can have changed. Of sessions without an address only that is asked: whether
//!    somebody has brought one meanwhile. If not, nothing follows, and their messages are answered while the others go on.
//! 3. Bring leads and tags to what follows from the messages. Both are recomputed, so doing it again changes nothing. It is
//!    all durable with its last write, the mark of the day.
//! 4. Read which messages the sessions have; if more have come, a writer with an older view may have written last:
//!    go back to 2. Otherwise take the marks off.
//!
//! What a crash leaves behind is still marked, and any process goes through 2 to 4 with it; and so does the repetition
//! of a message whose session does not carry the tag that follows from it.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{MutexGuard, PoisonError};

use futures::{TryStreamExt, try_join};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use mongodb::options::Hint;
use porchlight_protocol::capture::Mode;
use porchlight_protocol::ids::AdminId;
use porchlight_protocol::time::Timestamp;

use super::commands::{self, persist};
use super::follow::{self, Followed, Tagged, Tags, Work};
use super::memory::Memory;
use super::{MongoStore, Result, documents, erase, handovers, indexes};
use crate::conversation::{self, Admission, Answerer, Incoming, Message, Tag};
use crate::store::recent::Key;
use crate::store::{CaptureError, Kept, Results, tombstone};
use crate::{assistant, clock};

/// Sessions that the sweep takes on at a time.
const SWEEP: usize = 200;

/// The messages of a session with the ids of their documents, in the same order.
#[derive(Clone, Debug, Default)]
pub(super) struct Session {
    pub(super) messages: Vec<Message>,
    pub(super) ids: Vec<Bson>,
}

pub(super) type Sessions = HashMap<Key, Session>;

impl Session {
    pub(super) fn ids(&self) -> HashSet<String> {
        let of = |message: &Message| message.drawn_out.as_ref().map(|drawn| drawn.of);
        self.ids.iter().zip(&self.messages).map(|(id, message)| follow::id_of(id, of(message))).collect()
    }

    pub(super) fn has(&self, message_id: &str) -> bool {
        self.messages.iter().any(|message| message.message_id == message_id)
    }

    /// Adds a new message; gives the id of its document.
    fn push(&mut self, message: Message) -> ObjectId {
        let id = ObjectId::new();
        self.messages.push(message);
        self.ids.push(id.into());
        id
    }

    fn add(&mut self, document: &Document) {
        self.messages.push(documents::message(document));
        self.ids.push(document.get("_id").cloned().unwrap_or(Bson::Null));
    }

    /// Whether a message as it is kept is known as it is. The document need hold what may change of it alone. `place` is
    /// where it most likely stands, so that going through all of a session takes a time that is linear in it.
    pub(super) fn holds(&self, document: &Document, place: usize) -> bool {
        let (before, behind) = self.ids.split_at(place.min(self.ids.len()));
        let wanted = document.get("_id");
        let is_it = |id: &Bson| Some(id) == wanted;
        let found =
            behind.iter().position(is_it).map(|at| place + at).or_else(|| before.iter().position(is_it));
        found.is_some_and(|place| documents::is_unchanged(&self.messages[place], document))
    }

    /// Notes that all messages carry the tag, or none that they could have got here.
    pub(super) fn tag(&mut self, tag: Option<&Tag>) {
        let may_change = |message: &&mut Message| tag.is_some() || !message.message_id.is_empty();
        for message in self.messages.iter_mut().filter(may_change) {
            if message.tag.as_ref() != tag {
                message.tag = tag.cloned();
            }
        }
    }

    /// The ids of the messages that are marked; they count as unmarked from now on.
    pub(super) fn take_marks(&mut self) -> Vec<Bson> {
        let marked = self.messages.iter_mut().zip(&self.ids).filter(|(message, _)| message.pending);
        marked
            .map(|(message, id)| {
                message.pending = false;
                id.clone()
            })
            .collect()
    }

    fn has_address(&self) -> bool {
        self.messages.iter().any(|message| !message.addresses.is_empty())
    }
}

/// What is to become of an incoming message.
enum Plan {
    /// It is to be kept as the document of this id; it and its answer stand at these places of the session.
    New { id: ObjectId, places: Range<usize> },
    /// It is kept already, or its id is taken; what is read last decides.
    Known,
    /// It was erased: a repetition changes nothing.
    Erased(Box<Message>),
    /// An agent's, and there is no such session; or an answer, and its question is gone.
    Nowhere,
    /// An answer, and a person has the session.
    Silenced,
}

/// What is known before anything is written.
struct Known {
    sessions: Sessions,
    /// The hashes of those messages of the batch that were erased.
    erased: HashSet<String>,
    /// How often anything was erased before the sessions were read.
    erasures: i64,
}

pub(super) async fn batch(store: &MongoStore, batch: &[Incoming], results: &mut Results) -> Result<()> {
    let keys = in_order(batch.iter().map(Key::of));
    let (known, with_people) =
        persist(|| async { try_join!(know(store, batch, &keys), handovers::with_people(store, &keys)) })
            .await?;
    let Known { mut sessions, erased, erasures } = known;
    let mode_of = |incoming: &Incoming| match with_people.contains(&Key::of(incoming)) {
        true => Mode::Human,
        false => Mode::Assistant,
    };
    let told = |kept: Result<Kept, CaptureError>, incoming: &Incoming| {
        kept.map(|kept| Kept { mode: mode_of(incoming), ..kept })
    };
    let mut plans = Vec::with_capacity(batch.len());
    for incoming in batch {
        let session = sessions.entry(Key::of(incoming)).or_default();
        plans.push((incoming, plan(session, incoming, mode_of(incoming), &erased)));
    }
    let now = batch.iter().map(|incoming| incoming.arrived).max().unwrap_or_else(clock::now);
    let new: HashSet<Key> =
        plans.iter().filter(|(_, plan)| matches!(plan, Plan::New { .. })).map(|(i, _)| Key::of(i)).collect();
    let mut tags = tags(&sessions);
    let documents = documents_of(&plans, &mut sessions, &tags, now)?;
    let inserted = if documents.is_empty() {
        // Somebody else's write, which a repetition must not be told about before it is durable. An insert waits for
        // all that came before it, this does without one.
        persist(|| commands::settle(&store.database)).await?
    } else {
        persist(|| commands::insert_raw(&store.database, "chats", &documents)).await?
    };
    let plain: Vec<Key> =
        keys.iter().filter(|key| new.contains(key) && !tags.contains_key(key)).cloned().collect();
    let is_at_work = |key: &Key| {
        tags.get(key).is_some_and(|Tagged { tag, .. }| new.contains(key) || is_open(&sessions[key], tag))
    };
    let mut at_work: Vec<Key> = keys.into_iter().filter(is_at_work).collect();
    at_work.extend(persist(|| with_address(store, &plain)).await?);
    if inserted.duplicates > 0 {
        // Somebody else inserted the same message first: what is kept decides.
        sessions.extend(persist(|| load(store, &plain)).await?);
    }
    let waits: HashSet<Key> = at_work.iter().cloned().collect();
    for (index, (incoming, plan)) in plans.iter().enumerate() {
        if !waits.contains(&Key::of(incoming)) {
            results.give(index, told(result(&sessions, &tags, incoming, plan), incoming));
        }
    }
    let (waiting, answered): (Sessions, Sessions) =
        sessions.into_iter().partition(|(key, _)| waits.contains(key));
    remember(store, erasures, answered);
    results.next_batch_may_come();
    if at_work.is_empty() {
        return Ok(());
    }
    tags.retain(|key, _| waits.contains(key));
    let known = Followed { sessions: waiting, tags };
    let work = Work { keys: at_work, known, election: inserted.election, now };
    let followed = follow::together(store, work).await?;
    for (index, (incoming, plan)) in plans.iter().enumerate() {
        if waits.contains(&Key::of(incoming)) {
            results.give(index, told(result(&followed.sessions, &followed.tags, incoming, plan), incoming));
        }
    }
    let own = waits.into_iter().filter_map(|key| Some((key.clone(), followed.sessions.get(&key)?.clone())));
    remember(store, erasures, own);
    Ok(())
}

fn memory(store: &MongoStore) -> MutexGuard<'_, Memory> {
    store.memory.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Remembers sessions of which nothing is left to do.
fn remember(store: &MongoStore, erasures: i64, sessions: impl IntoIterator<Item = (Key, Session)>) {
    let mut memory = memory(store);
    sessions.into_iter().for_each(|(key, session)| memory.put(key, session, erasures));
}

/// What is remembered where that is still true, and what is read.
async fn know(store: &MongoStore, batch: &[Incoming], keys: &[Key]) -> Result<Known> {
    let (mut sessions, before) = {
        let mut memory = memory(store);
        (memory.take(batch), memory.erasures())
    };
    let (known, unknown): (Vec<&Key>, Vec<&Key>) = keys.iter().partition(|key| sessions.contains_key(key));
    let plain: Vec<Key> = known.into_iter().filter(|key| !sessions[*key].has_address()).cloned().collect();
    let unknown: Vec<Key> = unknown.into_iter().cloned().collect();
    // Where nothing was ever erased, a session that is remembered has nothing erased either.
    let perhaps_erased = if before == 0 { unknown.as_slice() } else { keys };
    // What is remembered without an address and has one by now was written to by another process.
    let (found, mut doubted, (mut erased, erasures)) = try_join!(
        load(store, &unknown),
        with_address(store, &plain),
        find_erased(store, batch, perhaps_erased)
    )?;
    if erasures != before || !memory(store).is_true_at(erasures) {
        doubted = sessions.keys().cloned().collect();
    }
    sessions.extend(found);
    if !doubted.is_empty() {
        let (read, (gone, _)) = try_join!(load(store, &doubted), find_erased(store, batch, &doubted))?;
        sessions.extend(read);
        erased.extend(gone);
    }
    Ok(Known { sessions, erased, erasures: before })
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
        follow::together(store, Work::unknown(keys, clock::now())).await?;
    }
}

/// Each key once, where it came first: leads link sessions in the order in which they arrived.
pub(super) fn in_order(keys: impl Iterator<Item = Key>) -> Vec<Key> {
    let mut seen = HashSet::new();
    keys.filter(|key| seen.insert(key.clone())).collect()
}

pub(super) fn key_of(document: &Document) -> Option<Key> {
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
    let hint = Hint::Keys(indexes::with_address());
    let fields = doc! { "_id": 0, "adminId": 1, "sessionId": 1 };
    let found = store.chats.find(doc! { "$or": holding_address(keys) }).hint(hint).projection(fields).await?;
    let found: Vec<Document> = found.try_collect().await?;
    Ok(in_order(found.iter().filter_map(key_of)))
}

fn plan(session: &mut Session, incoming: &Incoming, mode: Mode, erased: &HashSet<String>) -> Plan {
    match conversation::admit(&session.messages, incoming) {
        Admission::Duplicate(_) | Admission::Reused => Plan::Known,
        Admission::Nowhere => Plan::Nowhere,
        Admission::New(message) if erased.contains(&hash(incoming)) => {
            Plan::Erased(Box::new(Message { pending: false, opened: false, ..*message }))
        }
        Admission::New(_) if incoming.reply_to.is_some() && mode == Mode::Human => Plan::Silenced,
        Admission::New(mut message) => {
            let first = session.messages.len();
            let due = conversation::is_answer_due(&message, incoming, mode);
            message.owed = due && incoming.answerer == Answerer::Model;
            let id = session.push(*message);
            if due && incoming.answerer == Answerer::Builtin {
                let question = &session.messages[first];
                session.push(assistant::reply(
                    &session.messages,
                    question,
                    &incoming.known,
                    incoming.arrived,
                ));
            }
            Plan::New { id, places: first..session.messages.len() }
        }
    }
}

/// The new messages as they are kept, in the order of their arrival: with the tag that they most likely end with, which
/// saves most updates, and marked where something follows from them.
fn documents_of(
    plans: &[(&Incoming, Plan)],
    sessions: &mut Sessions,
    tags: &Tags,
    now: Timestamp,
) -> Result<Vec<RawDocumentBuf>> {
    let mut documents = Vec::new();
    for (incoming, plan) in plans {
        let Plan::New { places, .. } = plan else { continue };
        let key = Key::of(incoming);
        let tag = tags.get(&key).map(|tagged| &tagged.tag);
        let Some(session) = sessions.get_mut(&key) else { continue };
        for place in places.clone() {
            let (message, id) = (&mut session.messages[place], &session.ids[place]);
            message.tag = tag.cloned();
            // An answer that comes with its question has no consequences of its own.
            message.pending = tag.is_some() && (message.reply_to.is_none() || incoming.reply_to.is_some());
            documents.push(documents::new_message(id, key.admin.as_str(), message, now)?);
        }
    }
    Ok(documents)
}

fn result(sessions: &Sessions, tags: &Tags, incoming: &Incoming, plan: &Plan) -> Result<Kept, CaptureError> {
    let own = match plan {
        Plan::Erased(message) => {
            let message = (**message).clone();
            let mode = Mode::default();
            return Ok(Kept { message, duplicate: true, session_email: None, reply: None, mode });
        }
        Plan::New { id, .. } => Some(Bson::from(*id)),
        Plan::Known => None,
        Plan::Nowhere => return Err(CaptureError::Nowhere),
        Plan::Silenced => return Err(CaptureError::Silenced),
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
            Admission::New(_) | Admission::Nowhere => return Err(lost().into()),
        },
    };
    let tag = tags.get(&Key::of(incoming)).map(|tagged| tagged.tag.clone());
    let reply = session.messages.iter().find(|m| m.reply_to.as_ref() == Some(&message.message_id));
    Ok(Kept {
        reply: reply.map(|reply| Message { tag: tag.clone(), ..reply.clone() }),
        session_email: tag.as_ref().map(|tag| tag.email.clone()),
        message: Message { tag, pending: false, ..message },
        duplicate,
        mode: Mode::default(),
    })
}

/// All messages of the sessions; matches nothing for no keys.
pub(super) fn of_sessions(keys: &[Key]) -> Document {
    doc! { "$or": each_business(keys) }
}

/// `{ adminId, sessionId: { $in } }` for each business.
fn each_business(keys: &[Key]) -> Vec<Document> {
    let mut by_admin: HashMap<&AdminId, Vec<&str>> = HashMap::new();
    for key in keys {
        by_admin.entry(&key.admin).or_default().push(&key.session);
    }
    let each = by_admin
        .into_iter()
        .map(|(admin, sessions)| doc! { "adminId": admin.as_str(), "sessionId": { "$in": sessions } });
    each.collect()
}

/// The messages of the sessions that hold an address, for each business.
fn holding_address(keys: &[Key]) -> Vec<Document> {
    let mut each = each_business(keys);
    each.iter_mut().for_each(|own| drop(own.insert("addresses", doc! { "$exists": true })));
    each
}

/// Reads the messages of sessions.
pub(super) async fn load(store: &MongoStore, keys: &[Key]) -> Result<Sessions> {
    let mut sessions: Sessions = keys.iter().map(|key| (key.clone(), Session::default())).collect();
    if keys.is_empty() {
        return Ok(sessions);
    }
    let hint = Hint::Keys(indexes::of_session());
    let mut found = store.chats.find(of_sessions(keys)).hint(hint).batch_size(5_000).await?;
    while let Some(document) = found.try_next().await? {
        if let Some(session) = key_of(&document).and_then(|key| sessions.get_mut(&key)) {
            session.add(&document);
        }
    }
    Ok(sessions)
}

fn hash(incoming: &Incoming) -> String {
    let admin = incoming.tenant.admin_id().as_str();
    tombstone(admin, incoming.session_id.as_str(), incoming.message_id.as_str())
}

/// Those messages of the given sessions that were erased, and how often anything was.
async fn find_erased(store: &MongoStore, batch: &[Incoming], keys: &[Key]) -> Result<(HashSet<String>, i64)> {
    let keys: HashSet<&Key> = keys.iter().collect();
    let asked = batch.iter().filter(|incoming| keys.contains(&Key::of(incoming)));
    let mut ids: Vec<String> = asked.map(hash).collect();
    ids.push(erase::COUNT.to_owned());
    let tombstones = store.database.collection::<Document>("tombstones");
    let mut found = tombstones.find(doc! { "_id": { "$in": ids } }).await?;
    let (mut erased, mut erasures) = (HashSet::new(), 0);
    while let Some(document) = found.try_next().await? {
        match document.get_str("_id") {
            Ok(erase::COUNT) => erasures = documents::whole(document.get("n")).unwrap_or_default(),
            Ok(hash) => drop(erased.insert(hash.to_owned())),
            Err(_) => {}
        }
    }
    Ok((erased, erasures))
}
