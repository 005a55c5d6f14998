//! The client: one bare HTTP connection a task, one request after the other on each.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::{CONNECTIONS, MESSAGES, MESSAGES_OF_A_SESSION};

/// Sends all messages, each session's in order on one connection; gives how long each took.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn captures(address: &str, site_key: &str) -> Vec<Duration> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (next, mut connection, site_key) =
            (Arc::clone(&next), Connection::open(address).await, site_key.to_owned());
        workers.spawn(async move {
            let mut latencies = Vec::new();
            loop {
                let session = next.fetch_add(1, Ordering::Relaxed);
                if session >= MESSAGES / MESSAGES_OF_A_SESSION {
                    return latencies;
                }
                for seq in 0..MESSAGES_OF_A_SESSION {
                    let body = body(&site_key, session, seq);
                    let sent = Instant::now();
                    connection.ask(Method::POST, "/api/chat", body).await;
                    latencies.push(sent.elapsed());
                }
            }
        });
    }
    workers.join_all().await.into_iter().flatten().collect()
}

/// Requests that cost the server nothing but HTTP, as many as there are captures.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn health(address: &str) {
    let mut workers = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(address).await;
        workers.spawn(async move {
            for _ in 0..MESSAGES / CONNECTIONS {
                connection.ask(Method::GET, "/healthz", String::new()).await;
            }
        });
    }
    workers.join_all().await;
}

struct Connection {
    host: String,
    sender: SendRequest<Full<Bytes>>,
}

impl Connection {
    async fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self { host: address.to_owned(), sender }
    }

    async fn ask(&mut self, method: Method, path: &str, body: String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.host)
            .header("content-type", "application/json")
            .body(Full::from(body))
            .unwrap();
        self.sender.ready().await.unwrap();
        let answer = self.sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.into_body().collect().await.unwrap();
    }
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
