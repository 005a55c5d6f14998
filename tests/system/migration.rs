//! `porchlight migrate` beside visitors who write, killed in the middle and run again: every conversation is linked
//! once, and every lead is what follows from the chats.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mongodb::bson::{DateTime, Document, doc};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::system::{Database, Server, porchlight, run};
use xtask::process::Process;

/// Conversations from before, many more than one step of the command takes.
const OLD: usize = 4_000;

/// Addresses in them.
const PEOPLE: usize = 1_500;

const WRITERS: usize = 4;

/// 2025-01-01T00:00:00Z; each conversation is a minute later than the one before.
const START: i64 = 1_735_689_600_000;

fn address(conversation: usize) -> String {
    format!("p{}@example.com", conversation % PEOPLE)
}

fn at(conversation: usize, message: i64) -> i64 {
    START + conversation as i64 * 60_000 + message * 1_000
}

/// Two messages a conversation, the address in the second one.
fn texts(conversation: usize) -> [String; 2] {
    ["I need a website".to_owned(), format!("it is {}", address(conversation))]
}

async fn fill(server: &Server) {
    match &server.database {
        Database::Sqlite(path) => {
            let mut database = rusqlite::Connection::open(path).expect("the database opens");
            database.busy_timeout(Duration::from_secs(30)).expect("a setting");
            let rows = database.transaction().expect("a transaction");
            for conversation in 0..OLD {
                for (message, text) in (0..).zip(texts(conversation)) {
                    let values = rusqlite::params![
                        server.business.admin_id,
                        format!("old_{conversation}"),
                        text,
                        at(conversation, message)
                    ];
                    let insert = "INSERT INTO chats (admin_id, session_id, role, text, created_at)
                                  VALUES (?, ?, 'user', ?, ?)";
                    rows.execute(insert, values).expect("a row");
                }
            }
            rows.commit().expect("rows");
        }
        Database::MongoDb(_) => {
            let mut documents = Vec::new();
            for conversation in 0..OLD {
                for (message, text) in (0..).zip(texts(conversation)) {
                    documents.push(doc! {
                        "adminId": &server.business.admin_id, "sessionId": format!("old_{conversation}"),
                        "role": "user", "message": text,
                        "createdAt": DateTime::from_millis(at(conversation, message)),
                    });
                }
            }
            chats(server).await.insert_many(documents).await.expect("documents");
        }
    }
}

async fn chats(server: &Server) -> mongodb::Collection<Document> {
    let Database::MongoDb(uri) = &server.database else { panic!("ask a server on MongoDB") };
    let client = mongodb::Client::with_uri_str(uri).await.expect("the database answers");
    client.default_database().expect("a database").collection("chats")
}

/// Old messages that still wait.
async fn waiting(server: &Server) -> usize {
    match &server.database {
        Database::Sqlite(path) => {
            let database = rusqlite::Connection::open(path).expect("the database opens");
            database.busy_timeout(Duration::from_secs(30)).expect("a setting");
            let count = "SELECT count(*) FROM chats WHERE seq IS NULL AND migrated = 0";
            database.query_row(count, [], |row| row.get::<_, i64>(0)).expect("a count") as usize
        }
        Database::MongoDb(_) => {
            let old = doc! { "seq": { "$exists": false }, "migrated": { "$exists": false } };
            chats(server).await.count_documents(old).await.expect("a count") as usize
        }
    }
}

/// Of every session with an address: the address.
async fn sessions(server: &Server) -> BTreeSet<(String, String)> {
    match &server.database {
        Database::Sqlite(path) => {
            let database = rusqlite::Connection::open(path).expect("the database opens");
            let mut rows = database
                .prepare("SELECT DISTINCT coalesce(email, ''), session_id FROM chats")
                .expect("the table is there");
            let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
            rows.collect::<Result<_, _>>().expect("texts")
        }
        Database::MongoDb(_) => {
            let mut found = chats(server).await.find(doc! {}).await.expect("documents");
            let mut sessions = BTreeSet::new();
            while found.advance().await.expect("the next document") {
                let document = found.deserialize_current().expect("a document");
                let text = |name: &str| document.get_str(name).unwrap_or_default().to_owned();
                sessions.insert((text("email"), text("sessionId")));
            }
            sessions
        }
    }
}

/// New conversations, every other one with an address that old ones have; gives how many there were.
async fn write_until(stop: Arc<AtomicBool>, server: (String, String), writer: usize) -> usize {
    let client = Client::builder().timeout(Duration::from_secs(20)).build().expect("a client");
    let (url, site_key) = server;
    for number in 0..10_000 {
        if stop.load(Ordering::Relaxed) {
            return number;
        }
        let email = match number % 2 {
            0 => address(writer * 400 + number),
            _ => format!("new{writer}x{number}@example.com"),
        };
        let body = json!({
            "siteKey": site_key, "sessionId": format!("sess_{writer}_{number}"), "messageId": "msg_1",
            "text": format!("hello from {email}"), "pageUrl": "https://acme.example/",
        });
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let answer = client.post(&url).json(&body).send().await.expect("an answer");
            if answer.status() == 200 {
                break;
            }
            // On a loaded machine a step of the migration may outlast a capture's patience.
            assert_eq!(answer.status(), 503);
            assert!(Instant::now() < deadline, "the migration lets no capture in");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the writers were never stopped");
}

/// Starts the command and kills it after its first steps and before its last one.
async fn kill_in_the_middle(server: &Server) {
    let before = waiting(server).await;
    let mut command = porchlight(&server.database);
    command.arg("migrate").stdout(std::process::Stdio::null());
    let process = Process::start("porchlight migrate", &mut command).expect("the command starts");
    let deadline = Instant::now() + Duration::from_secs(120);
    while waiting(server).await == before {
        assert!(Instant::now() < deadline, "nothing is migrated");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    process.kill();
    let left = waiting(server).await;
    assert!(0 < left && left < before, "{left} of {before} are left: it was not in the middle");
}

async fn migration_goes_on_where_it_was_killed(kind: &str) {
    let server = Server::open(kind);
    fill(&server).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let target = (format!("{}/api/chat", server.address()), server.business.site_key.clone());
        writers.spawn(write_until(Arc::clone(&stop), target, writer));
    }
    for _ in 0..2 {
        kill_in_the_middle(&server).await;
    }
    run(&server.database, &["migrate"]);
    stop.store(true, Ordering::Relaxed);
    let written: usize = writers.join_all().await.into_iter().sum();
    assert!(written > WRITERS, "captures arrived meanwhile");
    let report = run(&server.database, &["migrate"]);
    assert!(report.contains("0 conversations migrated"), "{report}");
    assert!(report.contains("parity: every address of the old view is a lead"), "{report}");

    let mut expected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (email, session) in sessions(&server).await {
        assert!(!email.is_empty(), "a message of {session} has no address");
        expected.entry(email).or_default().insert(session);
    }
    assert_eq!(expected.values().map(BTreeSet::len).sum::<usize>(), OLD + written, "each once");
    let leads = all_leads(&server).await;
    assert_eq!(leads.len(), expected.len());
    for lead in &leads {
        let sessions = &expected[lead["email"].as_str().expect("an address")];
        let linked: BTreeSet<String> =
            lead["sessionIds"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        assert_eq!((&linked, lead["conversationCount"].as_u64()), (sessions, Some(sessions.len() as u64)));
        if sessions.iter().all(|session| session.starts_with("old_")) {
            let first = sessions.iter().map(|session| session[4..].parse::<usize>().unwrap()).min().unwrap();
            assert_eq!(millis(&lead["firstContact"]), at(first, 0), "firstContact is firstSeen: {lead}");
        }
    }
    let figures = server.get("/api/leads-enhanced?analytics=true").await;
    assert_eq!(figures["analytics"]["totalLeads"], leads.len());
}

fn millis(time: &Value) -> i64 {
    DateTime::parse_rfc3339_str(time.as_str().expect("a time")).expect("RFC 3339").timestamp_millis()
}

async fn all_leads(server: &Server) -> Vec<Value> {
    let mut leads: Vec<Value> = Vec::new();
    let mut next = String::new();
    loop {
        let page = server.get(&format!("/api/leads-enhanced?pageSize=100&sort=email{next}")).await;
        leads.extend(page["leads"].as_array().expect("a list").clone());
        match page["nextCursor"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => return leads,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn migration_goes_on_where_it_was_killed_on_sqlite() {
    migration_goes_on_where_it_was_killed("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn migration_goes_on_where_it_was_killed_on_mongodb() {
    migration_goes_on_where_it_was_killed("mongodb").await;
}
