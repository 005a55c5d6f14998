//! How many captures a second the server keeps, and how far that is from what the database can do.
//!
//! On each store, in one run: the server at 64 connections with one session in five carrying an address; the very
//! documents it made, written again straight by the driver in batches (the limit); and the straightforward way of
//! one durable command after the other for each message. Neither of the two goes through HTTP, so what HTTP alone takes
//! here, client included, is measured too. Run it with `cargo xtask bench capture`, which sets
//! `PORCHLIGHT_TEST_MONGODB_URI`.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark stops where something is wrong")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt};
use mongodb::bson::{Document, doc};
use mongodb::options::{Acknowledgment, WriteConcern};
use mongodb::{Client, Database};
use serde_json::{Value, json};

const CONNECTIONS: usize = 64;
const MESSAGES: usize = 40_000;
const MESSAGES_OF_A_SESSION: usize = 5;
const BATCH: usize = 500;
const STRAIGHTFORWARD: usize = 2_000;

struct Measured {
    per_second: f64,
    p50: Duration,
    p99: Duration,
}

#[tokio::main]
async fn main() {
    println!(
        "{MESSAGES} captures, {CONNECTIONS} connections, {MESSAGES_OF_A_SESSION} messages a session, one session in five with an address\n"
    );
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bench.db");
    let (server, http) = measure_server(&format!("sqlite:{}", path.display())).await;
    println!("HTTP alone          {http:>8.0} requests/s (GET /healthz, the same client and connections)\n");
    let limit = sqlite_limit(&path);
    let plain = sqlite_straightforward(&directory.path().join("plain.db"));
    report("SQLite", &server, limit, plain);

    let uri =
        std::env::var("PORCHLIGHT_TEST_MONGODB_URI").expect("run this with `cargo xtask bench capture`");
    let (host, options) = uri.split_once("/?").unwrap_or((uri.trim_end_matches('/'), ""));
    let name = format!("bench{}", std::process::id());
    let store = format!("{host}/{name}?{options}");
    let (server, _) = measure_server(&store).await;
    let client = Client::with_uri_str(&uri).await.unwrap();
    let limit = mongodb_limit(&client, &name).await;
    let plain = mongodb_straightforward(&client.database(&format!("{name}_plain"))).await;
    report("MongoDB", &server, limit, plain);
}

fn report(store: &str, server: &Measured, limit: f64, plain: f64) {
    println!("{store}");
    println!(
        "  server            {:>8.0} captures/s   p50 {:?}  p99 {:?}",
        server.per_second, server.p50, server.p99
    );
    println!("  limit             {limit:>8.0} captures/s   server / limit {:.2}", server.per_second / limit);
    println!(
        "  straightforward   {plain:>8.0} captures/s   server / straightforward {:.1}\n",
        server.per_second / plain
    );
}

struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn porchlight(store: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_porchlight"));
    command.env("PORCHLIGHT_STORE", store).env("RUST_LOG", "warn");
    command
}

async fn measure_server(store: &str) -> (Measured, f64) {
    let created = porchlight(store)
        .args(["admin", "create", "--name", "Bench", "--email", "bench@example.com", "--json"])
        .output()
        .unwrap();
    let created: Value = serde_json::from_slice(&created.stdout).expect("the admin is created");
    let site_key = created["siteKey"].as_str().unwrap().to_owned();
    let mut child =
        porchlight(store).args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _serving = Serving(child);
    let address = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|l| l.strip_prefix("listening on ").map(str::to_owned))
        .expect("an address");
    std::thread::spawn(move || lines.for_each(drop));
    (load(&format!("{address}/api/chat"), &site_key).await, http_alone(&format!("{address}/healthz")).await)
}

/// Requests a second that cost the server nothing but HTTP.
async fn http_alone(url: &str) -> f64 {
    let client = reqwest::Client::builder().pool_max_idle_per_host(CONNECTIONS).build().unwrap();
    let started = Instant::now();
    let workers = (0..CONNECTIONS).map(|_| {
        let (client, url) = (client.clone(), url.to_owned());
        tokio::spawn(async move {
            for _ in 0..MESSAGES / CONNECTIONS {
                client.get(&url).send().await.unwrap().bytes().await.unwrap();
            }
        })
    });
    futures::future::try_join_all(workers).await.unwrap();
    MESSAGES as f64 / started.elapsed().as_secs_f64()
}

async fn load(url: &str, site_key: &str) -> Measured {
    let next = Arc::new(AtomicUsize::new(0));
    let client = reqwest::Client::builder().pool_max_idle_per_host(CONNECTIONS).build().unwrap();
    let started = Instant::now();
    let workers = (0..CONNECTIONS).map(|_| {
        let (next, client, url, site_key) =
            (Arc::clone(&next), client.clone(), url.to_owned(), site_key.to_owned());
        tokio::spawn(async move {
            let mut latencies = Vec::new();
            loop {
                let session = next.fetch_add(1, Ordering::Relaxed);
                if session >= MESSAGES / MESSAGES_OF_A_SESSION {
                    return latencies;
                }
                for seq in 0..MESSAGES_OF_A_SESSION {
                    let body = body(&site_key, session, seq);
                    let sent = Instant::now();
                    let answer = client
                        .post(&url)
                        .header("content-type", "application/json")
                        .body(body)
                        .send()
                        .await
                        .unwrap();
                    assert_eq!(answer.status(), 200);
                    answer.bytes().await.unwrap();
                    latencies.push(sent.elapsed());
                }
            }
        })
    });
    let mut latencies: Vec<Duration> =
        futures::future::try_join_all(workers).await.unwrap().into_iter().flatten().collect();
    let seconds = started.elapsed().as_secs_f64();
    latencies.sort();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
    Measured { per_second: latencies.len() as f64 / seconds, p50: at(0.5), p99: at(0.99) }
}

fn text(session: usize, seq: usize) -> String {
    match seq {
        2 if session.is_multiple_of(5) => format!("Sure, write to visitor{session}@example.com please"),
        0 => "Hi, we need help with automation, our budget is under $500".to_owned(),
        _ => format!("And one more thing, number {seq}: it should work with our web shop"),
    }
}

fn body(site_key: &str, session: usize, seq: usize) -> String {
    json!({
        "siteKey": site_key, "sessionId": format!("sess_{session:026}"), "messageId": format!("msg_{seq:026}"),
        "seq": seq, "text": text(session, seq), "pageUrl": "https://shop.example/pricing?utm_source=bench",
        "locale": "en", "timeZone": "Europe/Oslo",
    })
    .to_string()
}

/// Writes every row that the server made again, into a file with the same schema.
fn sqlite_limit(path: &std::path::Path) -> f64 {
    let source = rusqlite::Connection::open(path).unwrap();
    let copy_path = path.with_extension("copy");
    let mut copy = rusqlite::Connection::open(copy_path).unwrap();
    copy.pragma_update(None, "journal_mode", "WAL").unwrap();
    copy.pragma_update(None, "synchronous", "FULL").unwrap();
    let mut schema = source.prepare("SELECT name, type, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC").unwrap();
    let schema: Vec<(String, String, String)> = schema
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for (_, _, sql) in &schema {
        copy.execute_batch(sql).unwrap();
    }
    let tables = schema.iter().filter(|(_, kind, _)| kind == "table");
    let tables: Vec<(String, Vec<Vec<rusqlite::types::Value>>)> =
        tables.map(|(name, _, _)| (name.clone(), rows(&source, name))).collect();
    let started = Instant::now();
    for (table, rows) in &tables {
        for batch in rows.chunks(BATCH) {
            let transaction = copy.transaction().unwrap();
            let marks = vec!["?"; batch[0].len()].join(",");
            let mut insert =
                transaction.prepare_cached(&format!("INSERT INTO {table} VALUES ({marks})")).unwrap();
            for row in batch {
                insert.execute(rusqlite::params_from_iter(row)).unwrap();
            }
            drop(insert);
            transaction.commit().unwrap();
        }
    }
    MESSAGES as f64 / started.elapsed().as_secs_f64()
}

fn rows(source: &rusqlite::Connection, table: &str) -> Vec<Vec<rusqlite::types::Value>> {
    let mut select = source.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns = select.column_count();
    let rows = select.query_map([], |row| (0..columns).map(|column| row.get(column)).collect()).unwrap();
    rows.map(Result::unwrap).collect()
}

fn sqlite_straightforward(path: &std::path::Path) -> f64 {
    let database = rusqlite::Connection::open(path).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database.pragma_update(None, "synchronous", "FULL").unwrap();
    database
        .execute_batch(
            "CREATE TABLE chats (session TEXT, text TEXT, email TEXT, requirements TEXT);
             CREATE INDEX by_session ON chats (session);
             CREATE TABLE leads (email TEXT PRIMARY KEY, session TEXT, count INTEGER);",
        )
        .unwrap();
    let started = Instant::now();
    for index in 0..STRAIGHTFORWARD {
        let (session, seq) = (index / MESSAGES_OF_A_SESSION, index % MESSAGES_OF_A_SESSION);
        database
            .execute("INSERT INTO chats (session, text) VALUES (?, ?)", (session as i64, text(session, seq)))
            .unwrap();
        if session.is_multiple_of(5) && seq >= 2 {
            let email = format!("visitor{session}@example.com");
            database
                .execute(
                    "UPDATE chats SET email = ?, requirements = 'x' WHERE session = ?",
                    (&email, session as i64),
                )
                .unwrap();
            database
                .execute(
                    "INSERT INTO leads VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
                    (&email, session as i64),
                )
                .unwrap();
        }
    }
    STRAIGHTFORWARD as f64 / started.elapsed().as_secs_f64()
}

fn durable() -> WriteConcern {
    WriteConcern::builder().w(Acknowledgment::Majority).journal(true).build()
}

/// Writes every document that the server made again, into collections with the same indexes, two batches at once.
async fn mongodb_limit(client: &Client, name: &str) -> f64 {
    let (source, copy) = (client.database(name), client.database(&format!("{name}_copy")));
    let mut batches = Vec::new();
    for collection in ["chats", "leads"] {
        let from = source.collection::<Document>(collection);
        let to = copy.collection::<Document>(collection);
        let indexes: Vec<_> = from.list_indexes().await.unwrap().try_collect().await.unwrap();
        to.create_indexes(indexes).await.unwrap();
        let documents: Vec<Document> = from.find(doc! {}).await.unwrap().try_collect().await.unwrap();
        batches.extend(documents.chunks(BATCH).map(|batch| (to.clone(), batch.to_vec())));
    }
    let started = Instant::now();
    futures::stream::iter(batches)
        .for_each_concurrent(2, |(to, batch)| async move {
            to.insert_many(batch).ordered(false).write_concern(durable()).await.unwrap();
        })
        .await;
    MESSAGES as f64 / started.elapsed().as_secs_f64()
}

async fn mongodb_straightforward(database: &Database) -> f64 {
    let chats = database.collection::<Document>("chats");
    let leads = database.collection::<Document>("leads");
    chats.create_index(mongodb::IndexModel::builder().keys(doc! { "sessionId": 1 }).build()).await.unwrap();
    leads.create_index(mongodb::IndexModel::builder().keys(doc! { "email": 1 }).build()).await.unwrap();
    let started = Instant::now();
    for index in 0..STRAIGHTFORWARD {
        let (session, seq) = (index / MESSAGES_OF_A_SESSION, index % MESSAGES_OF_A_SESSION);
        let id = format!("sess_{session}");
        let message = doc! { "sessionId": &id, "text": text(session, seq), "createdAt": mongodb::bson::DateTime::now() };
        chats.insert_one(message).write_concern(durable()).await.unwrap();
        if session.is_multiple_of(5) && seq >= 2 {
            let email = format!("visitor{session}@example.com");
            let tag = doc! { "$set": { "email": &email, "requirements": "x" } };
            chats.update_many(doc! { "sessionId": &id }, tag).write_concern(durable()).await.unwrap();
            let lead = doc! { "$set": { "sessionId": &id }, "$inc": { "conversationCount": 1 }, "$addToSet": { "sessionIds": &id } };
            leads
                .update_one(doc! { "email": &email }, lead)
                .upsert(true)
                .write_concern(durable())
                .await
                .unwrap();
        }
    }
    STRAIGHTFORWARD as f64 / started.elapsed().as_secs_f64()
}
