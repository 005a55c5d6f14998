//! A business sets its site up, over HTTP and on the command line; a visitor takes a conversation back.

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::system::{Server, create_business, run, run_badly};

fn api(server: &Server, method: Method) -> RequestBuilder {
    let url = format!("{}/api/site", server.address());
    Client::new().request(method, url).bearer_auth(&server.business.api_key)
}

async fn widget(server: &Server, origin: &str) -> Response {
    let url = format!("{}/api/widget?siteKey={}", server.address(), server.business.site_key);
    Client::new().get(url).header("Origin", origin).send().await.unwrap()
}

async fn a_change_of_the_site_is_seen_at_once(kind: &str) {
    let server = Server::open(kind);
    let other = create_business(&server.database, "other@example.com");
    let before = widget(&server, "https://a.example").await;
    let site: Value = api(&server, Method::GET).send().await.unwrap().json().await.unwrap();
    assert_eq!((&site["siteKey"], &site["name"]), (&json!(server.business.site_key), &json!("Acme")));
    let change = json!({
        "greeting": "Hello", "allowedOrigins": ["https://A.example/", "https://*.b.example"],
        "texts": { "de": { "send": "Ab damit" } }, "opening": [{ "url": "*/pricing*", "afterSeconds": 20 }],
        "hours": { "timeZone": "Europe/London", "open": [{ "days": [1, 2], "from": "09:00", "to": "17:00" }] },
    });
    let put = api(&server, Method::PUT).body(change.to_string()).send().await.unwrap();
    assert_eq!(put.status(), 200);
    let put: Value = put.json().await.unwrap();
    assert_eq!(put["allowedOrigins"], json!(["https://a.example", "https://*.b.example"]));
    let after = widget(&server, "https://www.b.example").await;
    assert_ne!(after.headers()["etag"], before.headers()["etag"]);
    assert_eq!(after.headers()["cache-control"], "public, max-age=60, stale-while-revalidate=600");
    let after: Value = after.json().await.unwrap();
    assert_eq!(
        (&after["greeting"], &after["name"], &after["color"]),
        (&json!("Hello"), &json!("Acme"), &site["color"])
    );
    assert_eq!(after["hours"]["open"][0]["from"], "09:00");
    assert!(after.get("allowedOrigins").is_none());
    assert_eq!(widget(&server, "https://evil.example").await.status(), 403);
    let same: Value = api(&server, Method::PUT).json(&put).send().await.unwrap().json().await.unwrap();
    assert_eq!(same, put, "what was got can be put back");

    let wrong = json!({ "color": "red", "hours": { "timeZone": "Mars/Base", "open": [{ "days": [1], "from": "09:00", "to": "17:00" }] }, "colour": 1, "siteKey": other.site_key, "adminId": "x" });
    let refused = api(&server, Method::PUT).json(&wrong).send().await.unwrap();
    assert_eq!(refused.status(), 422);
    let refused: Value = refused.json().await.unwrap();
    let mut fields: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["adminId", "color", "colour", "hours.timeZone", "siteKey"]);

    let told = run(
        &server.database,
        &["site", "set", "--admin", &server.business.admin_id, "--greeting", "", "--sound", "true"],
    );
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["greeting"], Value::Null);
    let shown = run(&server.database, &["site", "show", "--admin", &server.business.admin_id]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["sound"], &shown["texts"]["de"]["send"]), (&json!(true), &json!("Ab damit")));
    let said =
        run_badly(&server.database, &["site", "set", "--admin", &server.business.admin_id, "--color", "red"]);
    assert!(said.contains("color must be a colour"), "{said}");
    // Another process has changed it; this one sees that soon.
    let mut seen = Value::Null;
    for _ in 0..100 {
        seen = widget(&server, "https://a.example").await.json().await.unwrap();
        if seen["sound"] == json!(true) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(seen["sound"], true);
}

async fn a_visitor_takes_a_conversation_back(kind: &str) {
    let server = Server::open(kind);
    let body = json!({
        "siteKey": server.business.site_key, "sessionId": "sess_1", "messageId": "msg_1",
        "text": "I am kim@example.com", "pageUrl": "https://shop.example/",
    });
    let chat = format!("{}/api/chat", server.address());
    let post = async || -> Value {
        Client::new().post(&chat).json(&body).send().await.unwrap().json().await.unwrap()
    };
    let token = post().await["sessionToken"].as_str().unwrap().to_owned();
    server.leads(1).await;
    let url = format!("{chat}?sessionId=sess_1");
    let nobody = Client::new().delete(&url).send().await.unwrap();
    assert_eq!(nobody.status(), 401);
    let other =
        Client::new().delete(format!("{chat}?sessionId=sess_2")).bearer_auth(&token).send().await.unwrap();
    assert_eq!(other.status(), 401);
    for deleted in [2, 0] {
        let answer = Client::new().delete(&url).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "deleted": deleted }));
    }
    assert_eq!(post().await["duplicate"], true, "a late repetition changes nothing");
    assert!(server.stored_messages().await.is_empty());
    server.leads(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_site_is_seen_at_once_on_sqlite() {
    a_change_of_the_site_is_seen_at_once("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_site_is_seen_at_once_on_mongodb() {
    a_change_of_the_site_is_seen_at_once("mongodb").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_takes_a_conversation_back_on_sqlite() {
    a_visitor_takes_a_conversation_back("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_takes_a_conversation_back_on_mongodb() {
    a_visitor_takes_a_conversation_back("mongodb").await;
}
