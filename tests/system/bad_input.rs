//! Whatever is sent: refused with the field named, or kept as text; never interpreted, never a 500.

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::system::Server;

fn capture(server: &Server, change: impl FnOnce(&mut Value)) -> Value {
    let mut body = json!({
        "siteKey": server.business.site_key, "sessionId": "sess_1", "messageId": "msg_1", "seq": 0,
        "text": "Hello", "pageUrl": "https://shop.example/",
    });
    change(&mut body);
    body
}

fn post(server: &Server, body: impl Into<reqwest::Body>) -> RequestBuilder {
    let request = Client::new().post(format!("{}/api/chat", server.address()));
    request.header("Content-Type", "application/json").body(body)
}

fn api(server: &Server, method: Method, path: &str) -> RequestBuilder {
    Client::new().request(method, format!("{}{path}", server.address())).bearer_auth(&server.business.api_key)
}

async fn fields(answer: Response) -> Vec<String> {
    assert_eq!(answer.status(), 422);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem: Value = answer.json().await.unwrap();
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_capture_are_refused() {
    let server = Server::open("sqlite");
    let cases: [(&[u8], u16); 8] = [
        (b"", 400),
        (b"{", 400),
        (b"{\"text\": \"\xff\xfe\"}", 400),
        (b"{\"text\": \"\\ud800\"}", 400),
        (b"[]", 422),
        (b"null", 422),
        (b"\"text\"", 422),
        (b"{\"a.b\": {\"$gt\": 1}}", 422),
    ];
    for (body, status) in cases {
        let answer = post(&server, body).send().await.unwrap();
        assert_eq!(answer.status(), status, "{}", String::from_utf8_lossy(body));
    }
    let deep = "[".repeat(10_000);
    assert_eq!(post(&server, deep).send().await.unwrap().status(), 400);
    assert_eq!(post(&server, "x".repeat(17_000)).send().await.unwrap().status(), 413);
    let text =
        Client::new().post(format!("{}/api/chat", server.address())).header("Content-Type", "text/html");
    assert_eq!(text.body("{}").send().await.unwrap().status(), 415);
    let answer = Client::new().patch(format!("{}/api/chat", server.address())).send().await.unwrap();
    assert_eq!(answer.status(), 405);
    assert!(answer.headers().contains_key("allow"));
    let tenant = post(&server, capture(&server, |b| b["adminId"] = json!("admin_2")).to_string());
    assert_eq!(fields(tenant.send().await.unwrap()).await, ["adminId"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_text_is_kept_as_text_on_sqlite() {
    odd_text_is_kept_as_text("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_text_is_kept_as_text_on_mongodb() {
    odd_text_is_kept_as_text("mongodb").await;
}

async fn odd_text_is_kept_as_text(kind: &str) {
    let server = Server::open(kind);
    let texts = [
        "nul \0 inside",
        "{\"$where\": \"1\"}",
        "$ne",
        "a.b.c",
        "<script>alert(1)</script>",
        "'; DROP TABLE leads; --",
        "\u{202e}txt",
    ];
    for (seq, text) in texts.iter().enumerate() {
        let body = capture(&server, |b| {
            b["messageId"] = json!(format!("msg_{seq}"));
            b["seq"] = json!(seq);
            b["text"] = json!(text);
            b["pageTitle"] = json!(text);
            b["$set"] = json!({ "role": "agent" });
        });
        let answer = post(&server, body.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{text:?}");
    }
    let stored = server.stored_messages().await;
    assert_eq!(stored.into_iter().map(|(_, text)| text).collect::<Vec<_>>(), texts);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_questions_to_the_leads_api_name_the_field() {
    let server = Server::open("sqlite");
    let cases = [
        ("page=0", "page"),
        ("page=x", "page"),
        ("pageSize=0", "pageSize"),
        ("pageSize=101", "pageSize"),
        ("status=open", "status"),
        ("priority=urgent", "priority"),
        ("sort=name", "sort"),
        ("from=yesterday", "from"),
        ("cursor=abc", "cursor"),
        ("colour=red", "colour"),
        ("status[$ne]=new", "status[$ne]"),
        ("adminId=admin_2", "adminId"),
    ];
    for (query, field) in cases {
        let answer = api(&server, Method::GET, &format!("/api/leads-enhanced?{query}")).send().await.unwrap();
        assert_eq!(fields(answer).await, [field], "{query}");
    }
    let answer = api(&server, Method::GET, "/api/site?adminId=admin_2").send().await.unwrap();
    assert_eq!(fields(answer).await, ["adminId"], "a tenant is refused where there are no parameters, too");
    let id = "0123456789abcdef01234567";
    let edits = [
        (json!({ "leadId": { "$ne": "" }, "status": "new" }), "leadId"),
        (json!({ "leadId": id, "status": "open" }), "status"),
        (json!({ "leadId": id, "priority": 1 }), "priority"),
        (json!({ "leadId": id, "value": -1 }), "value"),
        (json!({ "leadId": id, "value": 1.001 }), "value"),
        (json!({ "leadId": id, "tags": "vip" }), "tags"),
        (json!({ "leadId": id, "tags": [""] }), "tags"),
        (json!({ "leadId": id, "notes": "x".repeat(20_001) }), "notes"),
        (json!({ "leadId": id, "followUpAt": "soon" }), "followUpAt"),
        (json!({ "leadId": id, "followUpAt": "9999-12-31T23:59:59-01:00" }), "followUpAt"),
        (json!({ "leadId": id, "email": "a@b.com" }), "email"),
    ];
    for (edit, field) in edits {
        let answer = api(&server, Method::PUT, "/api/leads-enhanced").json(&edit).send().await.unwrap();
        assert_eq!(fields(answer).await, [field], "{edit}");
    }
    for (method, path) in
        [(Method::GET, id), (Method::DELETE, id), (Method::GET, "%ff"), (Method::GET, "lead_123")]
    {
        let answer =
            api(&server, method.clone(), &format!("/api/leads-enhanced/{path}")).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{method} {path}");
    }
    // Who has no credential learns nothing of what else is wrong.
    for path in ["/api/leads-enhanced", "/api/leads-enhanced?page=0", "/api/chat?sessionId=a%20b"] {
        let nobody = Client::new().get(format!("{}{path}", server.address())).send().await.unwrap();
        assert_eq!(nobody.status(), 401, "{path}");
    }
}

#[test]
fn wrong_settings_stop_the_start_with_a_sentence() {
    let cases = [
        (vec!["serve", "--store", "postgres://x"], "--store"),
        (vec!["serve", "--store", "sqlite:/nowhere/at/all.db"], "--store"),
        (vec!["serve", "--store", "mongodb://127.0.0.1:1/x?serverSelectionTimeoutMS=200"], "--store"),
        (vec!["serve", "--store", "sqlite::memory:", "--listen", "nowhere"], "--listen"),
        (vec!["serve", "--edge-secret", "short"], "--edge-secret"),
        (vec!["serve", "--queue", "0"], "--queue"),
    ];
    for (arguments, named) in cases {
        let directory = tempfile::tempdir().unwrap();
        let mut command = std::process::Command::new(crate::system::setting("PORCHLIGHT_TEST_SERVER"));
        let output = command.current_dir(directory.path()).args(&arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(named), "{arguments:?}: {said}");
    }
}
