//! The server, or its database, is killed in the middle of its work; nothing that was answered 200 is lost, nothing is
//! there twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::database::MongoDb;
use crate::system::Server;

const WRITERS: usize = 16;
const KILLS: usize = 5;
/// How often a primary is killed where others can take over, which takes seconds.
const TAKEOVERS: usize = 3;

/// Visitors who write while something is killed.
struct Writers {
    stop: Arc<AtomicBool>,
    all: JoinSet<Vec<String>>,
}

/// What each of them does.
#[derive(Clone, Copy)]
enum Habit {
    /// Write one conversation.
    Stay,
    /// Begin a new one for each message, and take another address for every other one, with a pause in between.
    Return(Duration),
}

impl Writers {
    fn start(server: &Server, habit: Habit) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut all = JoinSet::new();
        for writer in 0..WRITERS {
            let (address, site_key) = (server.address(), server.business.site_key.clone());
            all.spawn(write_until(Arc::clone(&stop), address, site_key, writer, habit));
        }
        Self { stop, all }
    }

    /// Ends their writing; gives the texts that were answered, each of which the database holds once, with a tag.
    async fn find_all_of_it(self, server: &Server) -> Vec<String> {
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.stop.store(true, Ordering::Relaxed);
        let answered: Vec<String> = self.all.join_all().await.into_iter().flatten().collect();
        assert!(answered.len() > WRITERS * KILLS, "only {} captures were answered", answered.len());

        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for (email, text) in server.stored_messages().await {
            assert!(!email.is_empty(), "{text} is tagged");
            *times.entry(text).or_default() += 1;
        }
        for text in &answered {
            assert_eq!(times.get(text), Some(&1), "{text}");
        }
        assert!(times.values().all(|count| *count == 1));
        answered
    }

    /// The same; and each address has one lead, which has every conversation that was answered.
    async fn find_all_of_it_with_leads(self, server: &Server) {
        let answered = self.find_all_of_it(server).await;
        let leads = server.stored_leads().await;
        let stored = server.stored_messages().await;
        for text in &answered {
            let email = text.rsplit(' ').next().expect("an address");
            let conversations = answered.iter().filter(|text| text.ends_with(email)).count() as i64;
            let counts: Vec<i64> =
                leads.iter().filter(|(own, _)| own == email).map(|(_, count)| *count).collect();
            // What was not answered may be linked or not.
            let most = stored.iter().filter(|(_, text)| text.ends_with(email)).count() as i64;
            let is_true = |count| (conversations..=most).contains(&count);
            assert!(matches!(counts[..], [count] if is_true(count)), "{text}: {counts:?}");
        }
    }
}

async fn nothing_answered_is_lost(kind: &str) {
    let mut server = Server::open(kind);
    let writers = Writers::start(&server, Habit::Stay);
    for kill in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(150 + 97 * kill as u64)).await;
        server.kill();
        server.turn_on();
    }
    writers.find_all_of_it(&server).await;
    for lead in server.leads(WRITERS).await {
        assert_eq!(lead["conversationCount"], 1, "{lead}");
        assert_eq!(lead["sessionIds"].as_array().map(Vec::len), Some(1), "{lead}");
    }
}

/// Waits until the server's store answers.
async fn is_ready(server: &Server) {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(3)).build().expect("a client");
    for _ in 0..100 {
        let asked = client.get(format!("{}/readyz", server.address())).send().await;
        if asked.is_ok_and(|answer| answer.status() == 200) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the database does not come back");
}

/// Sends one message after the other, each until it is answered 200; gives the texts that were.
async fn write_until(
    stop: Arc<AtomicBool>,
    address: String,
    site_key: String,
    writer: usize,
    habit: Habit,
) -> Vec<String> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().expect("a client");
    let mut answered = Vec::new();
    for seq in 0..50 {
        let (place, person, pause) = match habit {
            Habit::Stay => (0, 0, Duration::ZERO),
            Habit::Return(pause) => (seq, seq / 2, pause),
        };
        let text = format!("message {seq} of writer{writer}x{person}@example.com");
        let body = json!({
            "siteKey": site_key, "sessionId": format!("sess_{writer}x{place}"), "messageId": format!("msg_{seq}"),
            "seq": seq, "text": text, "pageUrl": "https://acme.example/",
        });
        loop {
            let answer = client.post(format!("{address}/api/chat")).json(&body).send().await;
            if let Ok(answer) = answer
                && answer.status() == 200
                && answer.json::<Value>().await.is_ok()
            {
                answered.push(text);
                tokio::time::sleep(pause).await;
                break;
            }
            if stop.load(Ordering::Relaxed) {
                return answered;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    answered
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_answered_is_lost_on_sqlite() {
    nothing_answered_is_lost("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_answered_is_lost_on_mongodb() {
    nothing_answered_is_lost("mongodb").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_answered_is_lost_where_the_database_is_killed() {
    let mut database = MongoDb::start(1);
    let server = Server::open_on(database.database());
    // A database takes longer to come back than a server.
    let writers = Writers::start(&server, Habit::Return(Duration::from_millis(100)));
    for kill in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(150 + 97 * kill as u64)).await;
        database.kill(0);
        database.turn_on(0);
        is_ready(&server).await;
    }
    writers.find_all_of_it_with_leads(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_answered_is_lost_where_another_node_takes_over() {
    let mut database = MongoDb::start(3);
    let server = Server::open_on(database.database());
    let writers = Writers::start(&server, Habit::Return(Duration::from_millis(200)));
    for kill in 0..TAKEOVERS {
        tokio::time::sleep(Duration::from_millis(150 + 97 * kill as u64)).await;
        let primary = database.primary().await;
        database.kill(primary);
        is_ready(&server).await;
        // What it alone has is undone when it comes back.
        database.turn_on(primary);
    }
    writers.find_all_of_it_with_leads(&server).await;
}
