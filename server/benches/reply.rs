//! How long a visitor waits for `accepted`, and for the first words of a language model that answers at once: from the
//! request to the event, over HTTP, on both stores.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a measurement says what it expects by stopping"
)]

#[expect(dead_code, reason = "the tests have it misbehave, too")]
#[path = "../tests/assistant/provider.rs"]
mod provider;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::serve::ListenerExt;
use clap::Parser;
use porchlight_server::app::{App, router};
use porchlight_server::clock;
use porchlight_server::config::ServeConfig;
use porchlight_server::keys::Secret;
use porchlight_server::store::mongodb::MongoStore;
use porchlight_server::store::sqlite::SqliteStore;
use porchlight_server::store::{Admin, Store};
use reqwest::Client;
use serde_json::json;

/// Visitors at once, and how many each of them stands for.
const VISITORS: [(usize, usize); 2] = [(1, 500), (32, 100)];

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    serve: ServeConfig,
}

#[tokio::main]
async fn main() {
    let directory = tempfile::tempdir().unwrap();
    measure("SQLite", Arc::new(SqliteStore::open(&directory.path().join("bench.db")).unwrap())).await;
    let uri = std::env::var("PORCHLIGHT_TEST_MONGODB_URI").expect("`cargo xtask bench reply` sets it");
    let (server, options) = uri.split_once("/?").unwrap_or((uri.trim_end_matches('/'), ""));
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let uri = format!("{server}/reply{nanos}?{options}");
    measure("MongoDB", Arc::new(MongoStore::connect(&uri).await.unwrap())).await;
}

async fn measure(name: &str, store: Arc<dyn Store>) {
    let (_provider, url) =
        provider::Provider::start(provider::says("We open at nine o’clock on every day.")).await;
    let site_key = business(&*store).await;
    let secret = Secret::new(store.secret().await.unwrap());
    let flags = ["serve", "--llm-base-url", &url, "--llm-model", "m", "--llm-day-tokens", "0"];
    let (app, drain) = App::start(store, secret, &Settings::parse_from(flags).serve);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/api/chat", listener.local_addr().unwrap());
    // As `porchlight serve` has it: small pieces must not wait for each other.
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    tokio::spawn(async move { axum::serve(listener, router(app)).await });
    for (round, (at_once, each)) in VISITORS.into_iter().enumerate() {
        let visitors = (0..at_once).map(|visitor| {
            let (address, site_key) = (address.clone(), site_key.clone());
            tokio::spawn(async move {
                let client = Client::new();
                let mut times = Vec::new();
                for turn in 0..each {
                    let session = format!("sess_{round}_{visitor}_{turn}");
                    times.push(ask(&client, &address, &site_key, &session).await);
                }
                times
            })
        });
        let mut times = Vec::new();
        for visitor in visitors.collect::<Vec<_>>() {
            times.extend(visitor.await.unwrap());
        }
        let (accepted, first): (Vec<Duration>, Vec<Duration>) = times.into_iter().unzip();
        println!("{name}, {at_once} at once: accepted {}, first words {}", spread(accepted), spread(first));
    }
    drain.finish().await;
}

/// The time to `accepted` and to the first `delta`.
async fn ask(client: &Client, address: &str, site_key: &str, session: &str) -> (Duration, Duration) {
    let body = json!({
        "siteKey": site_key, "sessionId": session, "messageId": "msg_1", "seq": 0,
        "text": "When do you open?", "pageUrl": "https://shop.example/", "locale": "en",
    });
    let sent = Instant::now();
    let request = client.post(address).json(&body).header("accept", "text/event-stream");
    let mut answer = request.send().await.unwrap();
    let (mut text, mut accepted, mut first) = (Vec::new(), None, None);
    let has = |text: &[u8], event: &str| text.windows(event.len()).any(|window| window == event.as_bytes());
    while let Some(piece) = answer.chunk().await.unwrap() {
        text.extend_from_slice(&piece);
        if has(&text, "event: accepted") {
            accepted.get_or_insert(sent.elapsed());
        }
        if has(&text, "event: delta") {
            first.get_or_insert(sent.elapsed());
        }
    }
    assert!(has(&text, "event: reply"));
    (accepted.unwrap(), first.unwrap())
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1_000.0;
    format!("p50 {:.1} ms, p99 {:.1} ms", at(50), at(99))
}

async fn business(store: &dyn Store) -> String {
    let site_key = format!("pk_{:024}", 1);
    let admin = Admin {
        id: "admin_1".parse().unwrap(),
        name: "Business".to_owned(),
        email: "owner@example.com".to_owned(),
        password_hash: String::new(),
        site_key: site_key.parse().unwrap(),
        allowed_origins: Vec::new(),
        widget: Default::default(),
        created_at: clock::now(),
    };
    store.create_admin(admin).await.unwrap();
    site_key
}
