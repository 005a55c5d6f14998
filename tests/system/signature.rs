//! A server behind an edge takes visitors' requests from that edge alone.

use std::time::{SystemTime, UNIX_EPOCH};

use porchlight_protocol::capture::MAX_BODY_BYTES;
use porchlight_protocol::signature::{HEADER, SignedRequest, sign};
use serde_json::json;

use crate::system::{SECRET, Server};

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() as i64
}

#[tokio::test(flavor = "multi_thread")]
async fn tampered_and_stale_signatures_are_refused() {
    let server = Server::behind_edge("sqlite");
    let body = json!({
        "siteKey": server.business.site_key, "sessionId": "sess_1", "messageId": "msg_1",
        "text": "hello", "pageUrl": "https://acme.example/",
    })
    .to_string();
    let header = |secret: &str, at: i64, body: &str| {
        let request = SignedRequest { method: "POST", target: "/api/chat", body: body.as_bytes() };
        Some(sign(secret.as_bytes(), at, request))
    };
    let cases = [
        ("no signature", None, 401),
        ("another secret", header("guess", now(), &body), 401),
        ("another body", header(SECRET, now(), "{}"), 401),
        ("too old", header(SECRET, now() - 301, &body), 401),
        ("too new", header(SECRET, now() + 302, &body), 401),
        ("nonsense", Some("t=1".to_owned()), 401),
        ("the edge's", header(SECRET, now(), &body), 200),
    ];
    for (name, signature, expected) in cases {
        let mut request = reqwest::Client::new()
            .post(format!("{}/api/chat", server.address()))
            .header("content-type", "application/json")
            .body(body.clone());
        if let Some(signature) = signature {
            request = request.header(HEADER, signature);
        }
        let answer = request.send().await.expect("the server answers");
        assert_eq!(answer.status(), expected, "{name}");
        if expected == 401 {
            let problem: serde_json::Value = answer.json().await.expect("a problem");
            assert_eq!(problem["code"], "unauthenticated", "{name}");
        }
    }
    assert_eq!(server.stored_messages().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_body_still_has_room_for_what_the_edge_adds() {
    let server = Server::behind_edge("sqlite");
    let body = json!({
        "siteKey": server.business.site_key, "sessionId": "sess_1", "messageId": "msg_1",
        "text": "hello", "pageUrl": "https://acme.example/", "unknown": "x".repeat(MAX_BODY_BYTES - 200),
        "edge": { "userAgent": "ü".repeat(512), "receivedAt": "2026-01-30T10:00:00.000Z" },
    })
    .to_string();
    assert!(body.len() > MAX_BODY_BYTES);
    let signed = SignedRequest { method: "POST", target: "/api/chat", body: body.as_bytes() };
    let request = reqwest::Client::new()
        .post(format!("{}/api/chat", server.address()))
        .header("content-type", "application/json")
        .header(HEADER, sign(SECRET.as_bytes(), now(), signed))
        .body(body);
    assert_eq!(request.send().await.expect("the server answers").status(), 200);
}
