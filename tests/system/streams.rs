//! Event-streams go through the edge as they come: with an origin that sends slowly, and with the server.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::browser::Browser;
use crate::system::{System, edge_before};

/// Answers one request with a stream whose second event waits for a word.
async fn origin(listener: TcpListener, go_on: oneshot::Receiver<()>, asked: oneshot::Sender<String>) {
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        let request = whole_request(&mut client).await;
        if request.contains("/api/widget") {
            let _ = client
                .write_all(b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .await;
            continue;
        }
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        client.write_all(head.as_bytes()).await.unwrap();
        client.write_all(b"12\r\nevent: a\ndata: 1\n\n\r\n").await.unwrap();
        let _ = asked.send(request);
        go_on.await.unwrap();
        client.write_all(b"12\r\nevent: b\ndata: 2\n\n\r\n0\r\n\r\n").await.unwrap();
        return;
    }
}

/// Head and body, which may come apart.
async fn whole_request(client: &mut TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        assert_ne!(client.read_buf(&mut request).await.unwrap(), 0, "a request has an end");
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        if body.len() >= length {
            return text;
        }
    }
}

async fn goes_through(request: impl FnOnce(&str) -> reqwest::RequestBuilder) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (edge, _process) = edge_before(&address, "a secret of the tests").await;
    let (go_on, may_go_on) = oneshot::channel();
    let (asked, was_asked) = oneshot::channel();
    let origin = tokio::spawn(origin(listener, may_go_on, asked));
    let mut answer = request(&edge).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let first = tokio::time::timeout(Duration::from_secs(20), answer.chunk()).await;
    let first = first.expect("the first event comes before the last was sent").unwrap().unwrap();
    assert!(first.starts_with(b"event: a"), "{first:?}");
    // Longer than the server may take before its first byte.
    tokio::time::sleep(Duration::from_secs(6)).await;
    go_on.send(()).unwrap();
    let mut rest = Vec::new();
    while let Some(chunk) = answer.chunk().await.unwrap() {
        rest.extend(chunk);
    }
    assert!(rest.starts_with(b"event: b"), "{rest:?}");
    origin.await.unwrap();
    was_asked.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_reach_the_visitor_as_they_come() {
    let asked = goes_through(|edge| {
        reqwest::Client::new()
            .get(format!("{edge}/api/chat/events?sessionId=sess_1"))
            .bearer_auth("st_token")
            .header("Last-Event-ID", "17")
            .header("X-Porchlight-Signature", "forged")
    })
    .await
    .to_ascii_lowercase();
    assert!(asked.starts_with("get /api/chat/events?sessionid=sess_1 http/1.1"), "{asked}");
    assert!(
        asked.contains("last-event-id: 17") && asked.contains("authorization: bearer st_token"),
        "{asked}"
    );
    assert!(asked.contains("x-porchlight-signature: t=") && !asked.contains("forged"), "{asked}");
    assert!(!asked.contains("127.0.0.1:") || !asked.contains("cf-connecting-ip"), "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_streamed_answer_reaches_the_visitor_as_it_comes() {
    let body = serde_json::json!({
        "siteKey": "pk_abcdefghijklmnopqrstuvwx", "sessionId": "sess_1", "messageId": "msg_1", "text": "Hello",
        "pageUrl": "https://shop.example/",
    });
    let asked = goes_through(|edge| {
        let request = reqwest::Client::new().post(format!("{edge}/api/chat"));
        request.header("Accept", "text/event-stream").json(&body)
    })
    .await
    .to_ascii_lowercase();
    assert!(asked.contains("accept: text/event-stream") && asked.contains("iphash"), "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_words_reach_the_browser_while_the_stream_is_open() {
    let system = System::start("sqlite").await;
    let visitor = Browser::open().await;
    visitor.go(&system.page("index.html")).await;
    visitor.open_chat().await;
    visitor.write("I am jane@acme.com").await;
    visitor.wait("sent('stored') === 1").await;
    let session = system.server.leads(1).await[0]["sessionId"].as_str().unwrap().to_owned();
    for text in ["Kim here", "How can I help?"] {
        system.server.say(&session, text).await;
        let heard = format!(
            "[...root().querySelectorAll('[data-role=agent]')].some((one) => one.textContent.includes('{text}'))"
        );
        visitor.wait(&heard).await;
    }
    // The browser lists a request when it has ended.
    let ended = "return performance.getEntriesByType('resource').filter(({ name }) => name.includes('/api/chat/events')).length";
    assert_eq!(visitor.run(ended).await, 0);
    visitor.close().await;
}
