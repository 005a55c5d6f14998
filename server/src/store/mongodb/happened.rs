//! What happens, from a change stream of the database: one for each process that has listeners.
//!
//! A change has the cluster's time, (second, counter), and changes of one transaction share it. An event's place is
//! made of the second and a slot in it: 32 for each count, more where a transaction needs more. Slots of a second
//! follow from all events of that second before, so a stream always begins with a second: then every process gives
//! the same event the same place.

use std::time::Duration;

use async_trait::async_trait;
use mongodb::bson::{Document, Timestamp as ClusterTime, doc};
use mongodb::change_stream::ChangeStream;
use mongodb::change_stream::event::{ChangeStreamEvent, OperationType};
use mongodb::error::{Error, ErrorKind};
use mongodb::options::FullDocumentType;
use porchlight_protocol::time::Timestamp;

use super::deployment::failure;
use super::{MongoStore, Result, documents, handovers};
use crate::live::{EPOCH_MILLIS, Happened, LeadAction, SessionAction, Tail, TailError, What};
use crate::store::StoreError;

/// How far back a stream begins, in seconds: whoever was cut off from another process goes on here.
const BACK: u32 = 120;

/// How long the server waits for a change before it says that there is none.
const LOOK: Duration = Duration::from_secs(1);

/// Most events that are handed on at a time.
const STEP: usize = 500;

/// Bits of a slot within a second.
const SLOT_BITS: u32 = 24;

/// Slots of one change.
const SLOTS: i64 = 32;

/// How a server says that it no longer has the changes that come next.
const LOST: [i32; 3] = [136, 280, 286];

/// The place of the last event that a change of this time can be, as long as its second has not run over.
fn place_of(time: ClusterTime) -> i64 {
    first_place(time) + SLOTS - 1
}

fn first_place(time: ClusterTime) -> i64 {
    let second = i64::from(time.time) - EPOCH_MILLIS / 1_000;
    (second.max(0) << SLOT_BITS) + i64::from(time.increment) * SLOTS
}

/// The second that a place lies in.
fn second_of(place: i64) -> u32 {
    u32::try_from((place >> SLOT_BITS) + EPOCH_MILLIS / 1_000).unwrap_or(u32::MAX)
}

/// The time up to which everything is durable on a majority.
async fn now(store: &MongoStore) -> Result<ClusterTime> {
    let hello = store.database.run_command(doc! { "hello": 1 }).await?;
    let majority = hello.get_document("lastWrite").and_then(|last| last.get_document("majorityOpTime"));
    let majority = majority.and_then(|time| time.get_timestamp("ts"));
    // A router speaks for all shards.
    majority
        .or_else(|_| hello.get_timestamp("operationTime"))
        .map_err(|_| documents::unreadable("operationTime"))
}

pub(super) async fn place(store: &MongoStore) -> Result<i64> {
    now(store).await.map(place_of)
}

/// The place that the events begin behind, and the events.
pub(super) async fn tail(store: &MongoStore, after: Option<i64>) -> Result<(i64, Changes), TailError> {
    let now = now(store).await.map_err(told)?;
    let wanted = match after {
        Some(after) => second_of(after).min(now.time),
        None => now.time.saturating_sub(BACK),
    };
    let (second, stream) = match (open(store, wanted).await, after) {
        (Ok(stream), _) => (wanted, stream),
        // What the server still has may begin later; this second is always there.
        (Err(error), None) if is_lost(&error) => (now.time, open(store, now.time).await.map_err(told)?),
        (Err(error), _) => return Err(told(error)),
    };
    let floor = after.unwrap_or(first_place(ClusterTime { time: second, increment: 0 }) - 1);
    Ok((floor, Changes { stream, after: floor, last: 0 }))
}

async fn open(store: &MongoStore, second: u32) -> Result<ChangeStream<ChangeStreamEvent<Document>>> {
    let of = |collection: &str, operations: &[&str]| {
        doc! { "ns.coll": collection, "operationType": { "$in": operations } }
    };
    let wanted = [
        of("chats", &["insert"]),
        of("leads", &["insert", "replace", "update"]),
        of("handovers", &["insert", "replace"]),
        of("removals", &["insert"]),
    ];
    let pipeline = [
        doc! { "$match": { "$or": &wanted[..] } },
        // What is large and nobody is told.
        doc! { "$unset": ["fullDocument.search", "fullDocument.events", "updateDescription"] },
    ];
    let mut watch = store.database.watch().pipeline(pipeline).max_await_time(LOOK);
    watch = watch.start_at_operation_time(ClusterTime { time: second, increment: 0 });
    watch.full_document(FullDocumentType::UpdateLookup).await
}

fn is_lost(error: &Error) -> bool {
    matches!(&*error.kind, ErrorKind::Command(command) if LOST.contains(&command.code))
}

fn told(error: Error) -> TailError {
    match is_lost(&error) {
        true => TailError::Lost,
        false => TailError::Store(failure(error)),
    }
}

/// The events of the database, in the order of its changes.
pub(super) struct Changes {
    stream: ChangeStream<ChangeStreamEvent<Document>>,
    /// Events up to this place are left out.
    after: i64,
    /// The place of the last event.
    last: i64,
}

#[async_trait]
impl Tail for Changes {
    async fn next(&mut self) -> Result<Vec<Happened>, TailError> {
        let mut found = Vec::new();
        while found.len() < STEP {
            if !self.stream.is_alive() {
                // A database that was dropped ends its streams.
                return Err(TailError::Store(StoreError::Unavailable(
                    "the change stream has ended".to_owned(),
                )));
            }
            // Waits for at most one answer of the server.
            let Some(change) = self.stream.next_if_any().await.map_err(told)? else { break };
            self.take(change, &mut found);
        }
        Ok(found)
    }
}

impl Changes {
    fn take(&mut self, change: ChangeStreamEvent<Document>, found: &mut Vec<Happened>) {
        let Some(time) = change.cluster_time else { return };
        let at = change.wall_time.map_or(i64::from(time.time) * 1_000, |at| at.timestamp_millis());
        let told = told_by(&change);
        if told.is_empty() {
            // It takes its slot all the same: other processes may have understood it.
            self.last = first_place(time).max(self.last + 1);
        }
        for (admin, what) in told {
            self.last = first_place(time).max(self.last + 1);
            let Ok(admin) = admin.parse() else { continue };
            if self.last > self.after {
                found.push(Happened { place: self.last, admin, at: Timestamp::from_millis(at), what });
            }
        }
    }
}

/// What a change means, and for whose business.
fn told_by(change: &ChangeStreamEvent<Document>) -> Vec<(String, What)> {
    let collection = change.ns.as_ref().and_then(|ns| ns.coll.as_deref()).unwrap_or_default();
    // An updated document that is gone has an event of its own.
    let Some(document) = &change.full_document else { return Vec::new() };
    let text = |name: &str| document.get_str(name).unwrap_or_default().to_owned();
    let session = |action| What::Session { id: text("sessionId"), action };
    let mut all = Vec::new();
    match collection {
        "chats" => {
            let message = documents::message(document);
            if message.opened {
                all.push(session(SessionAction::Started));
            }
            all.push(What::Message(Box::new(message)));
        }
        "leads" => {
            let created = matches!(change.operation_type, OperationType::Insert);
            let action = if created { LeadAction::Created } else { LeadAction::Changed };
            if let Ok(record) = documents::lead(document) {
                all.push(What::Lead {
                    id: record.lead.id.clone(),
                    action,
                    lead: Some(Box::new(record.lead)),
                });
            }
        }
        "handovers" => all.push(session(SessionAction::Mode(handovers::mode(document)))),
        "removals" if document.contains_key("sessionId") => all.push(session(SessionAction::Erased)),
        _ => {
            if let Some(action) = LeadAction::from_word(&text("action")) {
                all.push(What::Lead { id: text("leadId"), action, lead: None });
            }
        }
    }
    all.into_iter().map(|what| (text("adminId"), what)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_grow_with_the_clusters_time_and_know_their_second() {
        let at = |time, increment| ClusterTime { time, increment };
        let times = [at(1_764_110_000, 1), at(1_764_110_000, 2), at(1_764_110_001, 1), at(1_764_110_002, 0)];
        let places: Vec<i64> = times.map(place_of).to_vec();
        assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
        assert_eq!(places.iter().map(|place| second_of(*place)).collect::<Vec<_>>(), times.map(|t| t.time));
        assert!(place_of(at(2_114_380_799, 500_000)) < 1 << 53);
    }
}
