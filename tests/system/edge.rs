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
    let unknown = format!("/api/widget?siteKey={}", system.server.business.site_key);
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
        (Method::POST, "/api/chat/events", json, good, 405, "method_not_allowed"),
        (Method::GET, "/api/chat?sessionId=sess_1", json, String::new(), 503, "unavailable"),
        (Method::DELETE, "/api/chat?sessionId=sess_1", json, String::new(), 503, "unavailable"),
        (Method::GET, "/api/widget", json, String::new(), 422, "invalid"),
        (Method::GET, "/api/widget?siteKey=sk_1", json, String::new(), 422, "invalid"),
        (Method::GET, unknown.as_str(), json, String::new(), 503, "unavailable"),
    ];
    for (method, path, kind, body, status, expected) in cases {
        let answer = ask(&system, method.clone(), path, kind, body).await;
        let (allow, retry) =
            (answer.headers().contains_key("allow"), answer.headers().contains_key("retry-after"));
        assert_eq!(code(answer).await, (status, expected.to_owned()), "{method} {path}");
        assert_eq!((allow, retry), (status == 405, status == 503), "{method} {path}");
    }
    for missing in ["/assets/none.js", "/assets/0123456789/none.js", "/assets/none/widget.js", "/release"] {
        let answer = Client::new().get([&system.edge, missing].concat()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{missing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_from_before_an_update_finds_todays_files() {
    let system = System::start("sqlite").await;
    for place in [&system.edge, &system.server.address()] {
        let url = [place, "/assets/0123456789/widget.js"].concat();
        let answer = Client::new().get(url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["cache-control"], "no-cache");
        assert_eq!(answer.headers()["content-type"], "text/javascript; charset=utf-8");
    }
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
    assert_eq!(answer.status(), StatusCode::ACCEPTED, "it waits for the secrets to be the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_queue_a_message_waits_in_the_browser() {
    let mut system = System::start_without_bindings("sqlite").await;
    system.server.turn_off();
    let body = capture(&system, "msg_1").to_string();
    let answer = ask(&system, Method::POST, "/api/chat", "application/json", body.clone()).await;
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(code(answer).await, (503, "unavailable".to_owned()));
    system.server.turn_on();
    let answer = ask(&system, Method::POST, "/api/chat", "application/json", body).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

/// The settings of the site, asked from a page of this origin.
async fn widget(system: &System, origin: &str) -> Response {
    let url = format!("{}/api/widget?siteKey={}", system.edge, system.server.business.site_key);
    Client::new().get(url).header("Origin", origin).send().await.unwrap()
}

async fn set_site(system: &System, change: Value) {
    let url = format!("{}/api/site", system.server.address());
    let request = Client::new().put(url).bearer_auth(&system.server.business.api_key);
    assert_eq!(request.json(&change).send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_known_at_the_edge_also_while_the_server_is_away() {
    let mut system = System::start("sqlite").await;
    set_site(
        &system,
        json!({ "allowedOrigins": ["https://shop.example", "https://*.acme.com"], "greeting": "Hi" }),
    )
    .await;
    for (origin, status) in [
        ("https://shop.example", 200),
        ("https://www.acme.com", 200),
        ("https://acme.com", 403),
        ("http://shop.example", 403),
        ("https://shop.example:8443", 403),
    ] {
        let answer = widget(&system, origin).await;
        assert_eq!(answer.status(), status, "{origin}");
        let allowed =
            answer.headers().get("access-control-allow-origin").map(|value| value.to_str().unwrap());
        assert_eq!(allowed, (status == 200).then_some(origin));
        assert_eq!(answer.headers()["vary"], "Origin");
        for header in
            ["x-content-type-options", "referrer-policy", "cross-origin-resource-policy", "x-request-id"]
        {
            assert!(answer.headers().contains_key(header), "{header}");
        }
        assert!(!answer.headers().contains_key("x-porchlight-origins"));
    }
    let preflight = Client::new()
        .request(Method::OPTIONS, format!("{}/api/chat", system.edge))
        .header("Origin", "https://anywhere.example")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), StatusCode::NO_CONTENT);
    assert_eq!(preflight.headers()["access-control-allow-methods"], "GET, POST, DELETE");
    assert!(preflight.headers()["access-control-allow-headers"].to_str().unwrap().contains("Last-Event-ID"));

    system.server.turn_off();
    let settings = widget(&system, "https://shop.example").await;
    assert_eq!(settings.status(), 200, "the widget still opens");
    assert_eq!(settings.json::<Value>().await.unwrap()["greeting"], "Hi");
    let body = capture(&system, "msg_1").to_string();
    let answer = ask(&system, Method::POST, "/api/chat", "application/json", body.clone()).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED, "and captures");
    for origin in [Some("https://evil.example"), None] {
        let request = Client::new().post(format!("{}/api/chat", system.edge));
        let request = request.header("Content-Type", "application/json").body(body.clone());
        let request = match origin {
            Some(origin) => request.header("Origin", origin),
            None => request,
        };
        let refused = request.send().await.unwrap();
        assert_eq!(refused.status(), 403, "{origin:?}");
        assert!(!refused.headers().contains_key("access-control-allow-origin"));
        assert_eq!(refused.json::<Value>().await.unwrap()["code"], "origin_not_allowed");
    }
    system.server.turn_on();
    system.server.leads(1).await;
    // An origin that was just added is not refused for what the edge knew before.
    set_site(&system, json!({ "allowedOrigins": ["https://new.example"] })).await;
    let mut status = 0;
    for _ in 0..100 {
        status = widget(&system, "https://new.example").await.status().as_u16();
        if status == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_household_has_one_hash_and_one_limit() {
    let system = System::start("sqlite").await;
    let mut hashes = Vec::new();
    for (number, address) in [
        "2001:db8:1:2::1",
        "2001:db8:1:2:ffff::2",
        "2001:db8:1:3::1",
        "192.0.2.1",
        "::ffff:192.0.2.1",
        "192.0.2.2",
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = capture(&system, &format!("msg_{number}"));
        body["seq"] = json!(number);
        let answer = Client::new()
            .post(format!("{}/api/chat", system.edge))
            .header("CF-Connecting-IP", address)
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{address}");
        hashes.push(system.server.edge_of_message(number as u32)["ipHash"].as_str().unwrap().to_owned());
    }
    assert_eq!(hashes[0], hashes[1], "one network of 64 bits");
    assert_eq!(hashes[3], hashes[4], "one address, written twice");
    assert!(hashes[0] != hashes[2] && hashes[3] != hashes[5] && hashes[0] != hashes[3]);

    let ask = async |address: &str| {
        let url = format!("{}/api/widget?siteKey={}", system.edge, system.server.business.site_key);
        Client::new().get(url).header("CF-Connecting-IP", address).send().await.unwrap()
    };
    let mut limited = None;
    // The limit is 300 a minute; a minute may end in between.
    for number in 0..650 {
        let answer = ask(&format!("2001:db8:9:9::{number:x}")).await;
        if answer.status() == 429 {
            limited = Some(answer);
            break;
        }
        assert_eq!(answer.status(), 200);
    }
    let limited = limited.expect("a household that asks without end is told to wait");
    assert!(limited.headers().contains_key("retry-after"));
    assert_eq!(limited.json::<Value>().await.unwrap()["code"], "too_many_requests");
    assert_eq!(ask("2001:db8:9:a::1").await.status(), 200, "its neighbour is not");
}
