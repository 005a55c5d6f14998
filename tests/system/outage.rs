//! Visitors write while the server is away: what was answered 200 or 202 is in the database once, in the end.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::faults::Fault;
use crate::system::System;

/// Messages a second.
const RATE: u32 = 50;

/// What happens to the way between edge and server, and for how many milliseconds.
const WEATHER: &[(Fault, u64)] = &[
    (Fault::None, 2_000),
    (Fault::Refuse, 6_000),
    (Fault::Fail, 3_000),
    (Fault::None, 1_000),
    (Fault::Cut, 3_000),
    (Fault::None, 1_000),
    (Fault::Swallow, 1_000),
    (Fault::None, 1_000),
    (Fault::Refuse, 1_000),
    (Fault::None, 1_000),
];

/// A server that is away for a minute.
const LONG: &[(Fault, u64)] = &[(Fault::None, 1_000), (Fault::Refuse, 60_000), (Fault::None, 1_000)];

async fn accepted_messages_are_stored_once(kind: &str, weather: &[(Fault, u64)]) {
    let system = System::start_with_faults(kind).await;
    let client = Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
    let total = weather.iter().map(|(_, ms)| ms).sum::<u64>() as u32 * RATE / 1_000;
    let weather = async {
        for (fault, milliseconds) in weather {
            system.faults().set(*fault);
            tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
        }
        system.faults().set(Fault::None);
    };
    let writing = async {
        let mut writers = JoinSet::new();
        let mut ticks = tokio::time::interval(Duration::from_millis(u64::from(1_000 / RATE)));
        for number in 0..total {
            ticks.tick().await;
            let (url, key) = (format!("{}/api/chat", system.edge), system.server.business.site_key.clone());
            writers.spawn(write(client.clone(), url, key, number));
        }
        writers.join_all().await
    };
    let ((), answered) = tokio::join!(weather, writing);
    let queued = answered.iter().filter(|(_, status)| *status == StatusCode::ACCEPTED).count();
    assert_eq!(answered.len(), total as usize, "each was taken in the end");
    assert!(queued > total as usize / 4, "only {queued} of {total} went through the queue");
    assert!(queued < total as usize, "some were answered by the server");

    let mut stored = BTreeMap::new();
    for _ in 0..360 {
        stored.clear();
        for (email, text) in system.server.stored_messages().await {
            *stored.entry((email, text)).or_insert(0) += 1;
        }
        if stored.len() >= answered.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    for (number, _) in &answered {
        assert_eq!(stored.get(&stored_as(*number)), Some(&1), "message {number}");
    }
    assert_eq!(stored.len(), answered.len());
}

fn stored_as(number: u32) -> (String, String) {
    (format!("v{}@example.com", number / 4), format!("message {number} of v{}@example.com", number / 4))
}

/// Sends one message until it is taken, as the widget does; four make a session.
async fn write(client: Client, url: String, site_key: String, number: u32) -> (u32, StatusCode) {
    let visitor = number / 4;
    let body = json!({
        "siteKey": site_key, "sessionId": format!("sess_{visitor}"), "messageId": format!("msg_{number}"),
        "seq": number % 4, "text": stored_as(number).1, "pageUrl": "https://shop.example/",
    });
    for _ in 0..100 {
        // Each visitor has an address: one household must not use up what the edge allows.
        let address = format!("10.0.{}.{}", visitor / 250, visitor % 250 + 1);
        let request = client.post(&url).header("CF-Connecting-IP", address).json(&body);
        if let Ok(answer) = request.send().await
            && matches!(answer.status(), StatusCode::OK | StatusCode::ACCEPTED)
        {
            let status = answer.status();
            if let Ok(told) = answer.json::<Value>().await {
                assert_eq!(told["email"], stored_as(number).0, "{told}");
                assert_eq!(told["messageId"], format!("msg_{number}"));
                assert_eq!(told.get("queued"), (status == StatusCode::ACCEPTED).then_some(&json!(true)));
                return (number, status);
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("message {number} was not taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn accepted_messages_are_stored_once_on_sqlite() {
    accepted_messages_are_stored_once("sqlite", WEATHER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minute_without_the_server_loses_nothing() {
    accepted_messages_are_stored_once("sqlite", LONG).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accepted_messages_are_stored_once_on_mongodb() {
    accepted_messages_are_stored_once("mongodb", WEATHER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_refuses_for_good_stands_in_nobodys_way() {
    let system = System::start_with_faults("sqlite").await;
    system.faults().set(Fault::Refuse);
    let client = Client::new();
    let post = async |key: &str, id: &str| {
        let body = json!({
            "siteKey": key, "sessionId": "sess_1", "messageId": id, "text": "kim@gmial.com", "sentAt": "2020-01-01T00:00:00Z",
            "pageUrl": "https://shop.example/",
        });
        client
            .post(format!("{}/api/chat", system.edge))
            .header("Accept", "text/event-stream")
            .json(&body)
            .send()
            .await
            .unwrap()
    };
    let started = porchlight_protocol::time::Timestamp::from_millis(now());
    for (key, id) in
        [("pk_nobodynobodynobodynobody", "msg_1"), (system.server.business.site_key.as_str(), "msg_2")]
    {
        let answer = post(key, id).await;
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        assert_eq!(answer.headers()["content-type"], "application/json", "whatever was asked for");
        let told: Value = answer.json().await.unwrap();
        assert_eq!((&told["email"], &told["suggestion"]), (&json!("kim@gmial.com"), &json!("kim@gmail.com")));
    }
    system.faults().set(Fault::None);
    system.server.leads(1).await;
    assert_eq!(system.server.stored_messages().await.len(), 1);
    let received = system.server.edge_of_first_message()["receivedAt"].as_str().unwrap().to_owned();
    assert!(received <= porchlight_protocol::time::Timestamp::from_millis(now()).to_string());
    assert!(received >= started.to_string(), "the edge keeps when it received it");
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    since.as_millis() as i64
}
