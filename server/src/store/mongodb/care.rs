//! Copies of the whole database, and what can be wrong with it.

use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use futures::TryStreamExt;
use mongodb::ClientSession;
use mongodb::bson::{Document, doc};
use mongodb::error::Error;

use super::{MongoStore, Result, commands, days};
use crate::store::Finding;

/// Everything that is kept.
const COLLECTIONS: &[&str] = &[
    "settings",
    "admins",
    "api_keys",
    "chats",
    "handovers",
    "knowledge",
    "leads",
    "lead_days",
    days::ROLLUPS,
    "lead_events",
    "model_tokens",
    "notices",
    "tombstones",
];

/// What a file begins with.
const FORMAT: &str = "porchlight mongodb 1";

/// Documents that are inserted at once.
const STEP: usize = 1_000;

/// One BSON document after another, each with the name of its collection, all of one moment where the deployment can
/// give that.
pub(super) async fn backup(store: &MongoStore, to: &Path) -> Result<()> {
    let mut file = BufWriter::new(std::fs::File::create_new(to).map_err(Error::custom)?);
    write(&mut file, doc! { "format": FORMAT })?;
    let mut session = match store.transactions {
        true => store.client.start_session().snapshot(true).await?,
        false => store.client.start_session().await?,
    };
    for name in COLLECTIONS {
        copy(store, &mut session, name, &mut file).await?;
    }
    file.flush().map_err(Error::custom)?;
    file.get_ref().sync_all().map_err(Error::custom)
}

async fn copy(
    store: &MongoStore,
    session: &mut ClientSession,
    name: &str,
    file: &mut BufWriter<std::fs::File>,
) -> Result<()> {
    let collection = store.database.collection::<Document>(name);
    let mut found = collection.find(doc! {}).session(&mut *session).await?;
    let mut documents = found.stream(session);
    while let Some(document) = documents.try_next().await? {
        write(file, doc! { "collection": name, "document": document })?;
    }
    Ok(())
}

fn write(file: &mut BufWriter<std::fs::File>, document: Document) -> Result<()> {
    file.write_all(&document.to_vec()?).map_err(Error::custom)
}

/// Fills an empty database; documents that are there already stay, so that a restore may be run again.
pub(super) async fn restore(store: &MongoStore, from: &Path) -> Result<()> {
    let mut file = BufReader::new(std::fs::File::open(from).map_err(Error::custom)?);
    let head = Document::from_reader(&mut file).map_err(|_| other_kind())?;
    if head.get_str("format").ok() != Some(FORMAT) {
        return Err(other_kind());
    }
    // Made when this process opened the store; the file has its own.
    store.database.collection::<Document>("settings").delete_many(doc! {}).await?;
    let mut waiting: Vec<Document> = Vec::new();
    let mut of = String::new();
    loop {
        let next = match std::io::BufRead::fill_buf(&mut file).map_err(Error::custom)?.is_empty() {
            true => None,
            false => Some(Document::from_reader(&mut file)?),
        };
        let name = next.as_ref().and_then(|next| next.get_str("collection").ok()).unwrap_or_default();
        if next.is_none() || name != of || waiting.len() >= STEP {
            commands::insert(&store.database, &of, &std::mem::take(&mut waiting)).await?;
            name.clone_into(&mut of);
        }
        let Some(next) = next else { return Ok(()) };
        if !COLLECTIONS.contains(&of.as_str()) {
            return Err(other_kind());
        }
        waiting.push(next.get_document("document").cloned().map_err(|_| other_kind())?);
    }
}

fn other_kind() -> Error {
    Error::custom("this is no backup of a store on MongoDB".to_owned())
}

pub(super) async fn inspect(store: &MongoStore) -> Result<Vec<Finding>> {
    let count = async |name: &str, filter: Document| {
        let counted = store.database.collection::<Document>(name).count_documents(filter).await;
        counted.map(|count| i64::try_from(count).unwrap_or(i64::MAX))
    };
    let admins = store.database.collection::<Document>("admins").distinct("_id", doc! {}).await?;
    let wrong = doc! {
        "conversationCount": { "$lte": 1_000 },
        "$expr": { "$ne": ["$conversationCount", { "$size": "$sessionIds" }] },
    };
    let old = doc! { "seq": { "$exists": false }, "migrated": { "$exists": false } };
    Ok(vec![
        Finding::none(
            i64::from(!store.transactions),
            "standalone servers: an edit and its history are not one step there",
        ),
        Finding::none(
            count("leads", doc! { "adminId": { "$nin": admins } }).await?,
            "leads without a business",
        ),
        Finding::none(
            count("leads", wrong).await?,
            "leads whose count of conversations is not that of their sessions",
        ),
        Finding::told(count("admins", doc! {}).await?, "businesses"),
        Finding::told(count("leads", doc! {}).await?, "leads"),
        Finding::told(count("chats", doc! {}).await?, "messages"),
        Finding::told(count("knowledge", doc! {}).await?, "documents to answer from"),
        Finding::told(
            count("chats", doc! { "pending": { "$exists": true } }).await?,
            "messages being worked on",
        ),
        Finding::told(count("chats", old).await?, "messages to migrate"),
        Finding::told(count("lead_days", doc! { "stale": true }).await?, "days whose figures wait"),
    ])
}
