//! Leads: those that captures change, one, a page of them, and what people do to them.

use std::collections::{BTreeMap, HashMap};

use futures::{TryStreamExt, try_join};
use mongodb::ClientSession;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::Hint;
use porchlight_protocol::ids::AdminId;
use porchlight_protocol::time::Timestamp;

use super::capture::Key;
use super::commands::{self, persist};
use super::documents::{self, date};
use super::{MongoStore, Result, days};
use crate::conversation::{self, Conversation, Message};
use crate::leads::search::end_of_prefix;
use crate::leads::{
    By, Contact, LeadEdit, LeadEvent, LeadFilter, LeadPage, LeadQuery, LeadRecord, Place, SortField, SortKey,
    SourceFilter, Start, new_id,
};
use crate::store::Edited;

/// Brings the leads of the sessions to what follows from their messages.
pub(super) async fn follow(store: &MongoStore, followed: &[(&Key, Conversation)], by: &By) -> Result<()> {
    if followed.is_empty() {
        return Ok(());
    }
    persist(|| follow_once(store, followed, by)).await
}

/// One try: read, change in memory, write each lead only over the version that was read, then mark their days.
async fn follow_once(store: &MongoStore, followed: &[(&Key, Conversation)], by: &By) -> Result<()> {
    let mut known = by_emails(store, followed).await?;
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
    let (inserted, updated) = try_join!(
        commands::insert(&store.database, "leads", &inserts),
        commands::update(&store.database, "leads", &updates),
    )?;
    if inserted.duplicates > 0 || updated.n < updates.len() as i64 {
        // Somebody else changed one of them in between.
        return Err(commands::conflict());
    }
    // Also of leads that did not change: whoever changed them may have crashed before it came to this.
    days::mark(store, known.values().map(|record| (record.lead.admin_id.clone(), record.day())).collect())
        .await
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
    Ok(doc! { "q": { "_id": documents::object_id(&record.lead.id)?, "version": version }, "u": document })
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
    let mut found = store.leads.find(doc! { "$or": each }).batch_size(5_000).await?;
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
    let mut sessions = sessions_of(store, admin, &record.lead.session_ids).await?;
    sessions.sort_by_key(|messages| messages.iter().map(|m| m.at).min());
    Ok(Some(sessions))
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

/// Writes a lead over the version that was read, and its entries to the history.
pub(super) async fn save(
    store: &MongoStore,
    session: &mut ClientSession,
    record: &mut LeadRecord,
    read: i64,
) -> Result<()> {
    let events = std::mem::take(&mut record.events);
    add_events(store, session, record, &events).await?;
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
    add_events(store, session, &record, &events).await?;
    remove(store, session, &record).await?;
    Ok(true)
}

/// Takes a lead away in the state that was read; its history stays.
pub(super) async fn remove(
    store: &MongoStore,
    session: &mut ClientSession,
    record: &LeadRecord,
) -> Result<()> {
    let own = doc! { "_id": documents::object_id(&record.lead.id)?, "version": record.version };
    if store.leads.delete_one(own).session(&mut *session).await?.deleted_count != 1 {
        return Err(commands::conflict());
    }
    days::mark_one(store, session, record).await
}

pub(super) async fn count(store: &MongoStore, admin: &str, filter: &LeadFilter) -> Result<u64> {
    let mut conditions = conditions(admin, filter);
    if let Some(ids) = rare(store, admin, filter).await? {
        conditions.push(doc! { "_id": { "$in": ids } });
    }
    store.leads.count_documents(doc! { "$and": conditions }).await
}

/// A word that fewer leads have than this is read from the index of words first.
const RARE: usize = 1_000;

/// Where all words are frequent, so many leads in the list's order most likely hold enough that have them.
const WINDOW: i64 = 2_000;

/// The conditions of a list without those on words: the window is part of the list, so that enough in it is the
/// beginning of what is asked for.
fn own(conditions: &[Document]) -> Vec<&Document> {
    conditions.iter().filter(|condition| !condition.contains_key("search")).collect()
}

/// The leads that have the rarest word of a search, where that is rare.
async fn rare(store: &MongoStore, admin: &str, filter: &LeadFilter) -> Result<Option<Vec<Bson>>> {
    let mut rarest: Option<Vec<Bson>> = None;
    for word in &filter.words {
        let found = store
            .leads
            .find(doc! { "adminId": admin, "search": begins(word) })
            .projection(doc! { "_id": 1 })
            .hint(Hint::Keys(doc! { "adminId": 1, "search": 1 }))
            .limit(RARE as i64)
            .batch_size(RARE as u32)
            .await?;
        let found: Vec<Document> = found.try_collect().await?;
        let rarer = rarest.as_ref().is_none_or(|rarest| found.len() < rarest.len());
        if found.len() < RARE && rarer {
            rarest = Some(found.iter().filter_map(|lead| lead.get("_id").cloned()).collect());
        }
    }
    Ok(rarest)
}

fn begins(word: &String) -> Document {
    doc! { "$elemMatch": { "$gte": word, "$lt": end_of_prefix(word) } }
}

pub(super) async fn page(store: &MongoStore, admin: &str, query: &LeadQuery) -> Result<LeadPage> {
    let mut conditions = conditions(admin, &query.filter);
    let field = field(query.sort.field);
    let (order, beyond) = if query.sort.descending { (-1, "$lt") } else { (1, "$gt") };
    let size = u64::from(query.page_size);
    let skip = match &query.start {
        Start::Page(number) => number.saturating_sub(1).saturating_mul(size),
        Start::Behind(place) => {
            let (key, id) = (sort_key(query.sort.field, place), documents::object_id(&place.id)?);
            conditions.push(doc! { "$or": [
                { field: { beyond: key.clone() } },
                { field: key, "_id": { beyond: id } },
            ] });
            0
        }
    };
    let sort = doc! { field: order, "_id": order };
    // One more than asked for tells whether there is another page.
    let limit = i64::from(query.page_size) + 1;
    let mut found = Vec::new();
    if !query.filter.words.is_empty() {
        match rare(store, admin, &query.filter).await? {
            Some(ids) => conditions.push(doc! { "_id": { "$in": ids } }),
            None if skip == 0 => {
                let stages = [
                    doc! { "$match": { "$and": own(&conditions) } },
                    doc! { "$sort": &sort },
                    doc! { "$limit": WINDOW },
                    doc! { "$match": { "$and": &conditions } },
                    doc! { "$limit": limit },
                ];
                let window = store.leads.aggregate(stages).hint(Hint::Keys(in_order(query.sort.field)));
                found = window.await?.try_collect().await?;
            }
            None => {}
        }
    }
    if (found.len() as i64) < limit {
        if skip > 0 {
            // What is skipped is read from an index where it can be, and only the page itself from the leads.
            let ids = store.leads.find(doc! { "$and": &conditions }).projection(doc! { "_id": 1, field: 1 });
            let ids = ids.sort(sort.clone()).skip(skip.min(i64::MAX as u64)).limit(limit).await?;
            let ids: Vec<Document> = ids.try_collect().await?;
            let ids: Vec<&Bson> = ids.iter().filter_map(|lead| lead.get("_id")).collect();
            conditions = vec![doc! { "adminId": admin, "_id": { "$in": ids } }];
        }
        let all = store.leads.find(doc! { "$and": &conditions }).sort(sort).limit(limit);
        found = all.await?.try_collect().await?;
    }
    let more = found.len() as u64 > size;
    let leads = found.iter().take(query.page_size as usize).map(documents::lead).collect::<Result<_>>()?;
    Ok(LeadPage { leads, more })
}

/// The index that holds a list in its order.
fn in_order(sort: SortField) -> Document {
    match sort {
        SortField::Email => doc! { "adminId": 1, "email": 1 },
        sort => doc! { "adminId": 1, field(sort): -1, "_id": -1 },
    }
}

fn field(field: SortField) -> &'static str {
    match field {
        SortField::CreatedAt => "createdAt",
        SortField::UpdatedAt => "updatedAt",
        SortField::LastContact => "lastContact",
        SortField::Value => "valueCents",
        SortField::ConversationCount => "conversationCount",
        SortField::Email => "email",
    }
}

fn sort_key(field: SortField, place: &Place) -> Bson {
    match (&place.key, field) {
        (SortKey::Text(text), _) => text.into(),
        (SortKey::Number(number), SortField::Value | SortField::ConversationCount) => (*number).into(),
        (SortKey::Number(number), _) => date(Timestamp::from_millis(*number)).into(),
    }
}

/// What all must hold, built from fixed names and typed values only.
fn conditions(admin: &str, filter: &LeadFilter) -> Vec<Document> {
    let mut all = vec![doc! { "adminId": admin }];
    let mut any = |field: &str, words: Vec<&str>| {
        if !words.is_empty() {
            all.push(doc! { field: { "$in": words } });
        }
    };
    any("status", filter.statuses.iter().map(|status| status.as_str()).collect());
    any("priority", filter.priorities.iter().map(|priority| priority.as_str()).collect());
    any("tags", filter.tags.iter().map(String::as_str).collect());
    match &filter.source {
        Some(SourceFilter::Prefix(prefix)) => {
            all.push(doc! { "source": { "$gte": prefix, "$lt": end_of_prefix(prefix) } });
        }
        Some(SourceFilter::Host(host)) => all.push(doc! { "sourceHost": host }),
        None => {}
    }
    if let Some(from) = filter.from {
        all.push(doc! { "createdAt": { "$gte": date(from) } });
    }
    if let Some(to) = filter.to {
        all.push(doc! { "createdAt": { "$lt": date(to) } });
    }
    all.extend(filter.words.iter().map(|word| doc! { "search": begins(word) }));
    all
}
