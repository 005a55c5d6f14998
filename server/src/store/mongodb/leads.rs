//! Leads: those that captures change, one, its history, and what people do to them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::{TryStreamExt, join};
use mongodb::ClientSession;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, doc};
use mongodb::options::Hint;
use porchlight_protocol::ids::AdminId;

use super::commands::{self, Together, persist};
use super::documents::{self, date};
use super::{MongoStore, Result, days, indexes};
use crate::clock;
use crate::conversation::{self, Conversation, Message};
use crate::leads::{By, Contact, LeadEdit, LeadEvent, LeadRecord, new_id};
use crate::live::LeadAction;
use crate::store::Edited;
use crate::store::recent::Key;

/// Brings the leads of the sessions to what follows from their messages; gives the days that must be marked now, which is
/// the last of the writes.
pub(super) async fn follow(
    store: &MongoStore,
    writes: &Together<'_>,
    followed: &[(&Key, Conversation)],
    by: &By,
) -> Result<BTreeSet<(AdminId, i64)>> {
    if followed.is_empty() {
        return Ok(BTreeSet::new());
    }
    persist(|| follow_once(store, writes, followed, by)).await
}

/// One try: read, change in memory, write each lead only over the version that was read.
async fn follow_once(
    store: &MongoStore,
    writes: &Together<'_>,
    followed: &[(&Key, Conversation)],
    by: &By,
) -> Result<BTreeSet<(AdminId, i64)>> {
    let mut known = by_emails(store, followed).await?;
    // Also of leads that do not change: whoever changed them may have crashed before it came to this.
    let mut days: BTreeSet<(AdminId, i64)> = known.values().map(day_of).collect();
    let mut held = Held::take(&mut known);
    let mut changed: BTreeMap<Person, Option<i64>> = BTreeMap::new();
    for (key, conversation) in followed {
        for link in &conversation.links {
            let contact = Contact { session_id: &key.session, conversation, link };
            let lead = (key.admin.clone(), link.email.clone());
            if let Some(record) = known.get_mut(&lead) {
                let read = record.version;
                if record.absorb(contact, by) {
                    changed.entry(lead).or_insert(Some(read));
                }
            } else if link.makes_lead {
                known.insert(lead.clone(), LeadRecord::create(new_id(), &key.admin, contact, by));
                changed.insert(lead, None);
            }
        }
    }
    // The next write replaces the only other copy.
    commands::insert(&store.database, "lead_events", &held.let_go(&mut known)?).await?;
    let (mut inserts, mut updates) = (Vec::new(), Vec::new());
    for (lead, read) in changed {
        let record = &known[&lead];
        let document = documents::of_lead(record)?;
        match read {
            Some(version) => updates.push(replace(record, version, document)?),
            None => inserts.push(document),
        }
    }
    // Neither is left half-way where the other fails.
    let (inserted, updated) = join!(writes.insert("leads", &inserts), writes.update("leads", &updates));
    let (inserted, updated) = (inserted?, updated?);
    if inserted.duplicates > 0 || updated.n < updates.len() as i64 {
        // Somebody else changed one of them in between.
        return Err(commands::conflict());
    }
    days.extend(known.values().map(day_of));
    Ok(days)
}

fn day_of(record: &LeadRecord) -> (AdminId, i64) {
    (record.lead.admin_id.clone(), record.day())
}

/// The business and the address.
type Person = (AdminId, String);

/// The entries of the history that leads hold. A lead takes its newest entries along in its own document, so that
/// they are written with the change itself; before it takes new ones, the old ones must stand in the history.
struct Held(HashMap<Person, Vec<LeadEvent>>);

impl Held {
    fn take(known: &mut HashMap<Person, LeadRecord>) -> Self {
        Self(
            known
                .iter_mut()
                .map(|(lead, record)| (lead.clone(), std::mem::take(&mut record.events)))
                .collect(),
        )
    }

    /// The entries that are to be written to the history now; leads without new ones get theirs back.
    fn let_go(&mut self, known: &mut HashMap<Person, LeadRecord>) -> Result<Vec<Document>> {
        let mut history = Vec::new();
        for (lead, events) in self.0.drain() {
            let Some(record) = known.get_mut(&lead) else { continue };
            if record.events.is_empty() {
                record.events = events;
            } else {
                history
                    .extend(events.iter().map(|event| event_of(record, event)).collect::<Result<Vec<_>>>()?);
            }
        }
        Ok(history)
    }
}

/// An entry as the history keeps it; its id is its lead and version, so that it is there once however often it is
/// written.
fn event_of(record: &LeadRecord, event: &LeadEvent) -> Result<Document> {
    let lead = documents::object_id(&record.lead.id)?;
    let mut document = doc! {
        "_id": { "lead": lead, "version": event.version },
        "adminId": record.lead.admin_id.as_str(),
        "leadId": lead,
    };
    document.extend(documents::of_event(event)?);
    Ok(document)
}

fn replace(record: &LeadRecord, version: i64, document: Document) -> Result<Document> {
    let own = doc! { "_id": documents::object_id(&record.lead.id)?, "version": version };
    Ok(doc! { "q": own, "u": document, "hint": { "_id": 1 } })
}

async fn by_emails(
    store: &MongoStore,
    followed: &[(&Key, Conversation)],
) -> Result<HashMap<Person, LeadRecord>> {
    let mut wanted: HashMap<&AdminId, Vec<&str>> = HashMap::new();
    for (key, conversation) in followed {
        wanted
            .entry(&key.admin)
            .or_default()
            .extend(conversation.links.iter().map(|link| link.email.as_str()));
    }
    let each: Vec<Document> = wanted
        .into_iter()
        .map(|(admin, emails)| doc! { "adminId": admin.as_str(), "email": { "$in": emails } })
        .collect();
    let hint = Hint::Keys(indexes::by_email());
    let mut found = store.leads.find(doc! { "$or": each }).hint(hint).batch_size(5_000).await?;
    let mut known = HashMap::new();
    while let Some(document) = found.try_next().await? {
        let record = documents::lead(&document)?;
        known.insert((record.lead.admin_id.clone(), record.lead.email.clone()), record);
    }
    Ok(known)
}

/// A session's messages, sorted for reading.
pub(super) async fn session(store: &MongoStore, admin: &str, session: &str) -> Result<Vec<Message>> {
    sessions_of(store, admin, &[session.to_owned()]).await.map(|mut found| found.pop().unwrap_or_default())
}

/// The messages of the sessions that there are, each sorted for reading.
async fn sessions_of(store: &MongoStore, admin: &str, ids: &[String]) -> Result<Vec<Vec<Message>>> {
    let own = doc! { "adminId": admin, "sessionId": { "$in": ids } };
    let mut found = store.chats.find(own).sort(doc! { "_id": 1 }).batch_size(5_000).await?;
    let mut sessions: BTreeMap<String, Vec<Message>> = BTreeMap::new();
    while let Some(document) = found.try_next().await? {
        let message = documents::message(&document);
        sessions.entry(message.session_id.clone()).or_default().push(message);
    }
    let mut sessions: Vec<Vec<Message>> = sessions.into_values().collect();
    sessions.iter_mut().for_each(|messages| conversation::sort_for_reading(messages));
    Ok(sessions)
}

pub(super) async fn sessions(
    store: &MongoStore,
    admin: &str,
    lead: &str,
) -> Result<Option<Vec<Vec<Message>>>> {
    let Some(record) = by_id(store, admin, lead).await? else { return Ok(None) };
    let ids = match record.lists_all() {
        true => record.lead.session_ids,
        false => session_ids(store, &record, None).await?.into_iter().collect(),
    };
    let mut sessions = sessions_of(store, admin, &ids).await?;
    sessions.sort_by_key(|messages| messages.iter().map(|m| m.at).min());
    Ok(Some(sessions))
}

/// The messages of sessions that are linked to a lead. That they have addresses is said so that their index can be used.
/// Old messages need not have any of their own; where the lead does not list all its sessions, their tags are asked too.
fn linking(record: &LeadRecord) -> Document {
    let admin = record.lead.admin_id.as_str();
    let email = &record.lead.email;
    let own = doc! { "adminId": admin, "addresses": { "$exists": true }, "addresses.0": email };
    match record.lists_all() {
        true => own,
        false => doc! { "$or": [own, doc! { "adminId": admin, "email": email }] },
    }
}

/// A lead's sessions in the order of linking.
pub(super) async fn linked(
    store: &MongoStore,
    record: &LeadRecord,
    session: &mut ClientSession,
) -> Result<Vec<String>> {
    let lead = &record.lead;
    if record.lists_all() {
        return Ok(lead.session_ids.clone());
    }
    let stages = [
        doc! { "$match": linking(record) },
        doc! { "$group": { "_id": "$sessionId", "first": { "$min": "$_id" } } },
        doc! { "$sort": { "first": 1 } },
    ];
    let mut found = store.chats.aggregate(stages).session(&mut *session).await?;
    let found: Vec<Document> = found.stream(session).try_collect().await?;
    let found = found.iter().filter_map(|one| one.get_str("_id").ok().map(str::to_owned)).collect();
    Ok(record.in_order(found))
}

/// A lead's sessions, those too that its list has forgotten, and those from before it was deleted once.
pub(super) async fn session_ids(
    store: &MongoStore,
    record: &LeadRecord,
    session: Option<&mut ClientSession>,
) -> Result<BTreeSet<String>> {
    let lead = &record.lead;
    let linked = store.chats.distinct("sessionId", linking(record));
    let linked = match session {
        Some(session) => linked.session(session).await?,
        None => linked.await?,
    };
    let linked = linked.iter().filter_map(|id| id.as_str().map(str::to_owned));
    Ok(lead.session_ids.iter().cloned().chain(linked).collect())
}

/// The filter for one lead; `None` for an id that no lead can have.
pub(super) fn of_id(admin: &str, id: &str) -> Option<Document> {
    let id = ObjectId::parse_str(id).ok()?;
    Some(doc! { "_id": id, "adminId": admin })
}

pub(super) async fn by_id(store: &MongoStore, admin: &str, id: &str) -> Result<Option<LeadRecord>> {
    let Some(filter) = of_id(admin, id) else { return Ok(None) };
    store.leads.find_one(filter).await?.as_ref().map(documents::lead).transpose()
}

pub(super) async fn edit(
    store: &MongoStore,
    admin: &str,
    id: &str,
    edit: &LeadEdit,
    if_match: Option<&str>,
    by: &By,
) -> Result<Edited> {
    transact!(store, session => edit_once(store, session, (admin, id), edit, if_match, by))
}

/// One try within a transaction: the lead, its history and the mark of its day change together.
async fn edit_once(
    store: &MongoStore,
    session: &mut ClientSession,
    (admin, id): (&str, &str),
    edit: &LeadEdit,
    if_match: Option<&str>,
    by: &By,
) -> Result<Edited> {
    let Some(filter) = of_id(admin, id) else { return Ok(Edited::Missing) };
    let Some(found) = store.leads.find_one(filter).session(&mut *session).await? else {
        return Ok(Edited::Missing);
    };
    let mut record = documents::lead(&found)?;
    if if_match.is_some_and(|etag| etag != record.etag()) {
        return Ok(Edited::Stale);
    }
    let read = record.version;
    if record.edit(edit, by) {
        save(store, session, &mut record, read).await?;
    }
    Ok(Edited::Done(Box::new(record)))
}

/// Writes a lead over the version that was read, and its entries to the history. Without transactions the newest ones
/// stay in the lead, so that they are written with it.
pub(super) async fn save(
    store: &MongoStore,
    session: &mut ClientSession,
    record: &mut LeadRecord,
    read: i64,
) -> Result<()> {
    let stays = |event: &LeadEvent| event.version > read && !store.transactions;
    let (held, history) = std::mem::take(&mut record.events).into_iter().partition(stays);
    record.events = held;
    add_events(store, session, record, &history).await?;
    let own = doc! { "_id": documents::object_id(&record.lead.id)?, "version": read };
    let replaced = store.leads.replace_one(own, documents::of_lead(record)?).session(&mut *session).await?;
    if replaced.matched_count != 1 {
        return Err(commands::conflict());
    }
    days::mark_one(store, session, record).await
}

/// Adds entries to the history, as far as they are not there yet.
async fn add_events(
    store: &MongoStore,
    session: &mut ClientSession,
    record: &LeadRecord,
    events: &[LeadEvent],
) -> Result<()> {
    let history = store.database.collection::<Document>("lead_events");
    for event in events {
        let document = event_of(record, event)?;
        let own = doc! { "_id": document.get_document("_id").cloned().unwrap_or_default() };
        let add = doc! { "$setOnInsert": document };
        history.update_one(own, add).upsert(true).session(&mut *session).await?;
    }
    Ok(())
}

/// A lead's history: what was moved there and what the lead still holds.
pub(super) async fn events(
    store: &MongoStore,
    admin: &str,
    id: &str,
    below: Option<i64>,
    limit: u32,
) -> Result<Option<Vec<LeadEvent>>> {
    let Some(record) = by_id(store, admin, id).await? else { return Ok(None) };
    let below = below.unwrap_or(i64::MAX);
    let mut own = history_of(&record)?;
    own.insert("version", doc! { "$lt": below });
    let history = store.database.collection::<Document>("lead_events");
    let found = history.find(own).sort(doc! { "version": -1 }).limit(limit.into()).await?;
    let found: Vec<Document> = found.try_collect().await?;
    let mut events: Vec<LeadEvent> = found.iter().map(documents::event).collect::<Result<_>>()?;
    for held in record.events.into_iter().filter(|event| event.version < below) {
        if !events.iter().any(|event| event.version == held.version) {
            events.push(held);
        }
    }
    events.sort_by_key(|event| std::cmp::Reverse(event.version));
    events.truncate(limit as usize);
    Ok(Some(events))
}

/// The entries of a lead that were moved to the history.
pub(super) fn history_of(record: &LeadRecord) -> Result<Document> {
    Ok(doc! { "adminId": record.lead.admin_id.as_str(), "leadId": documents::object_id(&record.lead.id)? })
}

/// A lead's whole history, in no order.
pub(super) async fn all_events(
    store: &MongoStore,
    session: &mut ClientSession,
    record: &LeadRecord,
) -> Result<Vec<LeadEvent>> {
    let history = store.database.collection::<Document>("lead_events");
    let mut found = history.find(history_of(record)?).session(&mut *session).await?;
    let found: Vec<Document> = found.stream(session).try_collect().await?;
    let mut events: Vec<LeadEvent> = found.iter().map(documents::event).collect::<Result<_>>()?;
    let moved = events.len();
    for held in &record.events {
        if !events[..moved].iter().any(|event| event.version == held.version) {
            events.push(held.clone());
        }
    }
    Ok(events)
}

/// Leaves nothing in a lead's history that somebody wrote in a conversation; the entries that the lead held are in the
/// history then.
pub(super) async fn forget_conversations(
    store: &MongoStore,
    session: &mut ClientSession,
    record: &mut LeadRecord,
) -> Result<()> {
    let events = all_events(store, session, record).await?;
    record.events.clear();
    let history = store.database.collection::<Document>("lead_events");
    history.delete_many(history_of(record)?).session(&mut *session).await?;
    let told: Vec<LeadEvent> = events.into_iter().filter_map(LeadEvent::without_conversation).collect();
    add_events(store, session, record, &told).await
}

pub(super) async fn delete(store: &MongoStore, admin: &str, id: &str, by: &By) -> Result<bool> {
    transact!(store, session => delete_once(store, session, (admin, id), by))
}

async fn delete_once(
    store: &MongoStore,
    session: &mut ClientSession,
    (admin, id): (&str, &str),
    by: &By,
) -> Result<bool> {
    let Some(filter) = of_id(admin, id) else { return Ok(false) };
    let Some(found) = store.leads.find_one(filter).session(&mut *session).await? else { return Ok(false) };
    let record = documents::lead(&found)?;
    let mut events = record.events.clone();
    events.push(record.farewell(by));
    // In this order, because without transactions the removal may meet a change of somebody else and be done again.
    remove(store, session, &record, LeadAction::Deleted).await?;
    add_events(store, session, &record, &events).await?;
    Ok(true)
}

/// Takes a lead away in the state that was read; its history stays.
pub(super) async fn remove(
    store: &MongoStore,
    session: &mut ClientSession,
    record: &LeadRecord,
    action: LeadAction,
) -> Result<()> {
    let own = doc! { "_id": documents::object_id(&record.lead.id)?, "version": record.version };
    let told = doc! { "leadId": &record.lead.id, "action": action.as_str() };
    tell_removals(store, session, record.lead.admin_id.as_str(), vec![told]).await?;
    if store.leads.delete_one(own).session(&mut *session).await?.deleted_count != 1 {
        return Err(commands::conflict());
    }
    days::mark_one(store, session, record).await
}

/// What has gone cannot say so itself: a change stream tells of a deleted document only its `_id`.
pub(super) async fn tell_removals(
    store: &MongoStore,
    session: &mut ClientSession,
    admin: &str,
    mut what: Vec<Document>,
) -> Result<()> {
    let now = date(clock::now());
    what.iter_mut().for_each(|what| what.extend(doc! { "adminId": admin, "at": now }));
    if !what.is_empty() {
        store.database.collection("removals").insert_many(what).session(session).await?;
    }
    Ok(())
}
