//! The server is killed in the middle of its work; nothing that was answered 200 is lost, nothing is there twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::system::Server;

const WRITERS: usize = 16;
const KILLS: usize = 5;

async fn nothing_answered_is_lost(kind: &str) {
    let mut server = Server::open(kind);
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (address, site_key) = (server.address(), server.business.site_key.clone());
        writers.spawn(write_until(Arc::clone(&stop), address, site_key, writer));
    }
    for kill in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(150 + 97 * kill as u64)).await;
        server.kill();
        server.turn_on();
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    stop.store(true, Ordering::Relaxed);
    let answered: Vec<String> = writers.join_all().await.into_iter().flatten().collect();
    assert!(answered.len() > WRITERS * KILLS, "only {} captures were answered", answered.len());

    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for (_, text) in server.stored_messages().await {
        *times.entry(text).or_default() += 1;
    }
    for text in &answered {
        assert_eq!(times.get(text), Some(&1), "{text}");
    }
    assert!(times.values().all(|count| *count == 1));
    for lead in server.leads(WRITERS).await {
        assert_eq!(lead["conversationCount"], 1, "{lead}");
        assert_eq!(lead["sessionIds"].as_array().map(Vec::len), Some(1), "{lead}");
    }
    assert!(
        server.stored_messages().await.iter().all(|(email, _)| !email.is_empty()),
        "every message is tagged"
    );
}

/// Sends one message after the other, each until it is answered 200; gives the texts that were.
async fn write_until(stop: Arc<AtomicBool>, address: String, site_key: String, writer: usize) -> Vec<String> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().expect("a client");
    let mut answered = Vec::new();
    for seq in 0..50 {
        let text = format!("message {seq} of writer{writer}@example.com");
        let body = json!({
            "siteKey": site_key, "sessionId": format!("sess_{writer}"), "messageId": format!("msg_{seq}"),
            "seq": seq, "text": text, "pageUrl": "https://acme.example/",
        });
        loop {
            let answer = client.post(format!("{address}/api/chat")).json(&body).send().await;
            if let Ok(answer) = answer
                && answer.status() == 200
                && answer.json::<Value>().await.is_ok()
            {
                answered.push(text);
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
