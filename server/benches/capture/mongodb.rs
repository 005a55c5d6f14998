//! MongoDB: the server, the limit, the straightforward way.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use futures::{StreamExt, TryStreamExt};
use mongodb::bson::{Document, doc};
use mongodb::options::{Acknowledgment, WriteConcern};
use mongodb::{Client, Collection, Database};

use crate::{BATCH, MESSAGES, STRAIGHTFORWARD, measure_server, processor_time, report};

#[tokio::main]
pub(crate) async fn measure() {
    let uri =
        std::env::var("PORCHLIGHT_TEST_MONGODB_URI").expect("run this with `cargo xtask bench capture`");
    let (host, options) = uri.split_once("/?").unwrap_or((uri.trim_end_matches('/'), ""));
    let name = format!("bench{}", std::process::id());
    let store = format!("{host}/{name}?{options}");
    let client = Client::with_uri_str(&uri).await.unwrap();
    let status = client.database("admin").run_command(doc! { "serverStatus": 1 }).await.unwrap();
    let database = u32::try_from(status.get_i64("pid").unwrap()).unwrap();
    let before = processor_time(database);
    // The load has a runtime of its own.
    let server = tokio::task::spawn_blocking(move || measure_server(&store)).await.unwrap();
    let took = (processor_time(database) - before) / MESSAGES as u32;
    let source = client.database(&name);
    let limit = limit(&source, &client.database(&format!("{name}_limit"))).await;
    let plain = straightforward(&source, &client.database(&format!("{name}_plain"))).await;
    report("MongoDB", &server, Some(took), limit, plain);
    for suffix in ["", "_limit", "_plain"] {
        client.database(&format!("{name}{suffix}")).drop().await.unwrap();
    }
}

/// An empty collection with the indexes of another, whose writes are durable.
async fn like(source: &Database, copy: &Database, name: &str) -> Collection<Document> {
    let from = source.collection::<Document>(name);
    let durable = WriteConcern::builder().w(Acknowledgment::Majority).journal(true).build();
    let options = mongodb::options::CollectionOptions::builder().write_concern(durable).build();
    let to = copy.collection_with_options::<Document>(name, options);
    let indexes: Vec<_> = from.list_indexes().await.unwrap().try_collect().await.unwrap();
    to.create_indexes(indexes).await.unwrap();
    to
}

async fn all(source: &Database, name: &str) -> Vec<Document> {
    let all = source.collection::<Document>(name);
    all.find(doc! {}).sort(doc! { "$natural": 1 }).await.unwrap().try_collect().await.unwrap()
}

/// Writes every document that the server made again, two batches at once.
async fn limit(source: &Database, copy: &Database) -> f64 {
    let mut batches = Vec::new();
    for name in ["chats", "leads", "lead_events", "lead_days"] {
        let to = like(source, copy, name).await;
        let documents = all(source, name).await;
        batches.extend(documents.chunks(BATCH).map(|batch| (to.clone(), batch.to_vec())));
    }
    let started = Instant::now();
    futures::stream::iter(batches)
        .for_each_concurrent(2, |(to, batch)| async move {
            to.insert_many(batch).ordered(false).await.unwrap();
        })
        .await;
    MESSAGES as f64 / started.elapsed().as_secs_f64()
}

/// One durable command after the other.
async fn straightforward(source: &Database, copy: &Database) -> f64 {
    let (chats, leads) = (like(source, copy, "chats").await, like(source, copy, "leads").await);
    let messages = all(source, "chats").await;
    let made: HashMap<String, Document> = all(source, "leads")
        .await
        .into_iter()
        .map(|lead| (lead.get_str("email").unwrap().to_owned(), lead))
        .collect();
    let mut with_address: HashSet<&str> = HashSet::new();
    let mut kept = 0;
    let started = Instant::now();
    for message in &messages {
        if kept == STRAIGHTFORWARD {
            break;
        }
        let mut plain = message.clone();
        let (email, requirements) = (plain.remove("email"), plain.remove("requirements"));
        chats.insert_one(plain).await.unwrap();
        if message.get_str("role").unwrap() != "visitor" {
            continue;
        }
        kept += 1;
        let session = message.get_str("sessionId").unwrap();
        if message.contains_key("addresses") {
            with_address.insert(session);
        }
        if !with_address.contains(session) {
            continue;
        }
        let admin = message.get_str("adminId").unwrap();
        let tag = doc! { "$set": { "email": &email, "requirements": requirements } };
        chats.update_many(doc! { "adminId": admin, "sessionId": session }, tag).await.unwrap();
        let lead = &made[email.as_ref().unwrap().as_str().unwrap()];
        let own = doc! { "adminId": admin, "email": email };
        match leads.find_one(own.clone()).await.unwrap() {
            Some(_) => drop(leads.replace_one(own, lead).await.unwrap()),
            None => drop(leads.insert_one(lead).await.unwrap()),
        }
    }
    kept as f64 / started.elapsed().as_secs_f64()
}
