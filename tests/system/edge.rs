//! What the edge does by itself: refuses, adds, signs, and says when the server cannot be reached.

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::system::System;

fn capture(system: &System, id: &str) -> Value {
    json!({
        "siteKey": system.server.business.site_key, "sessionId": "sess_1", "messageId": id, "seq": 0,
        "text": "Hello from kim@example.com", "pageUrl": "https://shop.example/?utm_source=x",
        "edge": { "country": "XX", "ipHash": "forged" },
    })
}

async fn ask(
    system: &System,
    method: Method,
    path: &str,
    kind: &str,
    body: impl Into<reqwest::Body>,
) -> Response {
    let request = Client::new()
        .request(method, format!("{}{path}", system.edge))
        .header("Origin", "https://shop.example");
    request.header("Content-Type", kind).body(body).send().await.unwrap()
}

async fn code(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["content-type"], "application/problem+json", "{status}");
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://shop.example");
    assert!(answer.headers().contains_key("x-request-id"));
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["status"], status);
    (status, problem["code"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_are_refused_before_they_cost_anything() {
    let mut system = System::start("sqlite").await;
    // Nothing here needs the server.
    system.server.turn_off();
    let json = "application/json";
    let good = capture(&system, "msg_1").to_string();
    let cases = [
        (Method::POST, "/api/chat", json, "{".to_owned(), 400, "malformed_json"),
        (Method::POST, "/api/chat", json, "{}".to_owned(), 422, "invalid"),
        (Method::POST, "/api/chat", json, "x".repeat(20_000), 413, "body_too_large"),
        (Method::POST, "/api/chat", "text/plain", good.clone(), 415, "unsupported_media_type"),
        (Method::PUT, "/api/chat", json, good.clone(), 405, "method_not_allowed"),
        (Method::DELETE, "/api/widget", json, String::new(), 405, "method_not_allowed"),
        (Method::GET, "/api/leads-enhanced", json, String::new(), 404, "not_found"),
        (Method::GET, "/healthz", json, String::new(), 404, "not_found"),
        (Method::GET, "/", json, String::new(), 404, "not_found"),
        (Method::POST, "/api/chat", json, good, 503, "unavailable"),
    ];
    for (method, path, kind, body, status, expected) in cases {
        let answer = ask(&system, method.clone(), path, kind, body).await;
        let (allow, retry) =
            (answer.headers().contains_key("allow"), answer.headers().contains_key("retry-after"));
        assert_eq!(code(answer).await, (status, expected.to_owned()), "{method} {path}");
        assert_eq!((allow, retry), (status == 405, status == 503), "{method} {path}");
    }
    let missing = Client::new().get(format!("{}/assets/none.js", system.edge)).send().await.unwrap();
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_edge_adds_what_only_it_knows_and_the_widgets_files_are_compressed() {
    let system = System::start("sqlite").await;
    let body = capture(&system, "msg_1").to_string();
    let answer = ask(&system, Method::POST, "/api/chat", "application/json", body).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let edge: Value = system.server.edge_of_first_message();
    assert_ne!(edge["country"], "XX");
    let hash = edge["ipHash"].as_str().unwrap();
    assert!(hash.len() == 32 && hash.chars().all(|c| c.is_ascii_hexdigit()), "{hash}");
    assert!(edge["receivedAt"].is_string() && !edge.to_string().contains("127.0.0.1"), "{edge}");

    let widget = Client::new()
        .get(format!("{}/widget.js", system.edge))
        .header("Accept-Encoding", "br")
        .send()
        .await
        .unwrap();
    assert_eq!(widget.headers()["content-encoding"], "br");
    assert!(widget.bytes().await.unwrap().len() <= 2_048, "the launcher has a budget of 2 KB");
    let url = format!("{}/api/widget?siteKey={}", system.edge, system.server.business.site_key);
    let settings = Client::new().get(&url).send().await.unwrap();
    let etag = settings.headers()["etag"].clone();
    assert_eq!(settings.json::<Value>().await.unwrap()["name"], "Acme");
    let known = Client::new().get(&url).header("If-None-Match", etag).send().await.unwrap();
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_with_another_secret_never_costs_a_visitor_a_message() {
    let system = System::start_with("sqlite", "not the secret of the server").await;
    let body = capture(&system, "msg_1").to_string();
    let answer = ask(&system, Method::POST, "/api/chat", "application/json", body).await;
    assert_eq!(code(answer).await, (503, "unavailable".to_owned()));
}
