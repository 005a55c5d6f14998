//! What analytics needs: the leads of a stretch of time, and the rollups of days.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use mongodb::ClientSession;
use mongodb::bson::{Bson, Document, deserialize_from_bson, doc};
use mongodb::options::Hint;
use porchlight_protocol::ids::AdminId;
use porchlight_protocol::lead::Status;
use porchlight_protocol::time::Timestamp;

use super::commands::{self, Together};
use super::documents::{self, date, moment, unreadable, whole};
use super::{MongoStore, Result};
use crate::analytics::LeadFact;
use crate::leads::LeadRecord;
use crate::store::{Day, KeptRollup, Tenant};

/// The rollups, apart from the marks of their days: those change with every batch, and every list of leads reads them.
pub(super) const ROLLUPS: &str = "lead_rollups";

/// The index of both. Marks stand in none: what an index forgets is skipped by every reader for minutes.
pub(super) fn of_day() -> Document {
    doc! { "adminId": 1, "day": 1 }
}

/// After changes of leads, as the last of the writes: the figures of their days are out of date.
pub(super) async fn mark(writes: &Together<'_>, days: BTreeSet<(AdminId, i64)>) -> Result<()> {
    let statements: Vec<Document> = days
        .iter()
        .map(|(admin, day)| doc! { "q": own(admin.as_str(), *day), "u": marked(), "upsert": true, "hint": of_day() })
        .collect();
    let done = writes.finish("lead_days", &statements).await?;
    match done.duplicates {
        0 => Ok(()),
        // Two made the same day's first mark; marking twice does no harm.
        _ => Err(commands::conflict()),
    }
}

/// The same within a transaction.
pub(super) async fn mark_one(
    store: &MongoStore,
    session: &mut ClientSession,
    record: &LeadRecord,
) -> Result<()> {
    let days = store.database.collection::<Document>("lead_days");
    let own = own(record.lead.admin_id.as_str(), record.day());
    days.update_one(own, marked()).upsert(true).session(session).await?;
    Ok(())
}

fn own(admin: &str, day: i64) -> Document {
    doc! { "adminId": admin, "day": day }
}

fn marked() -> Document {
    doc! { "$inc": { "marks": 1_i64 }, "$set": { "stale": true }, "$setOnInsert": { "counted": 0_i64 } }
}

pub(super) async fn facts(
    store: &MongoStore,
    admin: &str,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<LeadFact>> {
    let fields = [
        "createdAt",
        "status",
        "valueCents",
        "conversationCount",
        "source",
        "referrer",
        "utm",
        "contactedAt",
        "firstReply",
    ];
    let mut projection = doc! { "_id": 0 };
    projection.extend(fields.map(|field| (field.to_owned(), Bson::Int32(1))));
    let span = doc! { "adminId": admin, "createdAt": { "$gte": date(from), "$lt": date(to) } };
    let mut found = store.leads.find(span).projection(projection).batch_size(10_000).await?;
    let mut facts = Vec::new();
    while let Some(document) = found.try_next().await? {
        facts.push(fact(&document)?);
    }
    Ok(facts)
}

fn fact(document: &Document) -> Result<LeadFact> {
    let number = |name: &str| whole(document.get(name)).unwrap_or_default();
    let status = document.get_str("status").ok().and_then(Status::from_word);
    Ok(LeadFact {
        created_at: moment(document.get("createdAt")).ok_or_else(|| unreadable("createdAt"))?,
        status: status.ok_or_else(|| unreadable("status"))?,
        cents: number("valueCents"),
        conversations: number("conversationCount").unsigned_abs(),
        source: document.get_str("source").unwrap_or_default().to_owned(),
        referrer: document.get_str("referrer").ok().map(str::to_owned),
        utm: document.get("utm").cloned().and_then(|utm| deserialize_from_bson(utm).ok()),
        contacted_at: moment(document.get("contactedAt")),
        first_reply: documents::first_reply(document),
    })
}

pub(super) async fn days(store: &MongoStore, admin: &str) -> Result<Vec<Day>> {
    let days = store.database.collection::<Document>("lead_days");
    let found = days
        .find(doc! { "adminId": admin })
        .projection(doc! { "_id": 0, "day": 1, "marks": 1, "counted": 1 })
        .sort(doc! { "day": 1 })
        .hint(Hint::Keys(of_day()))
        .batch_size(10_000)
        .await?;
    let found: Vec<Document> = found.try_collect().await?;
    Ok(found.iter().map(day).collect())
}

fn day(document: &Document) -> Day {
    let number = |name: &str| whole(document.get(name)).unwrap_or_default();
    Day { day: number("day"), marks: number("marks"), counted: number("counted") }
}

pub(super) async fn rollups(store: &MongoStore, admin: &str, wanted: &[i64]) -> Result<Vec<KeptRollup>> {
    let rollups = store.database.collection::<Document>(ROLLUPS);
    let own = doc! { "adminId": admin, "day": { "$in": wanted } };
    let found: Vec<Document> = rollups.find(own).batch_size(1_000).await?.try_collect().await?;
    let kept = |document: &Document| KeptRollup {
        day: day(document),
        text: document.get_str("text").unwrap_or_default().to_owned(),
    };
    Ok(found.iter().map(kept).collect())
}

/// First the rollup, then the word that it is there.
pub(super) async fn keep(store: &MongoStore, admin: &str, rollup: &KeptRollup) -> Result<()> {
    let counted = rollup.day.counted;
    let mut older = own(admin, rollup.day.day);
    older.insert("counted", doc! { "$lte": counted });
    let kept = doc! { "$set": { "counted": counted, "text": &rollup.text } };
    // Where a newer one is there this would be a second of the day, which the index refuses.
    let newer_stays = doc! { "q": &older, "u": kept, "upsert": true };
    commands::update(&store.database, ROLLUPS, &[newer_stays]).await?;
    let told = doc! { "counted": counted, "stale": { "$ne": ["$marks", counted] } };
    let days = store.database.collection::<Document>("lead_days");
    days.update_one(older, vec![doc! { "$set": told }]).await?;
    Ok(())
}

pub(super) async fn stale(store: &MongoStore, limit: u32) -> Result<Vec<(Tenant, i64)>> {
    let days = store.database.collection::<Document>("lead_days");
    let found = days
        .find(doc! { "stale": true })
        .projection(doc! { "adminId": 1, "day": 1 })
        .limit(limit.into())
        .await?;
    let found: Vec<Document> = found.try_collect().await?;
    let day = |document: &Document| Ok((super::admins::tenant(document, "adminId")?, day(document).day));
    found.iter().map(day).collect()
}
