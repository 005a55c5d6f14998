//! What a business wants known: over HTTP and on the command line, and how visitors are answered with it.

use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::provider::{Act, Provider};
use crate::system::{Server, System, run, run_badly};

async fn ask(server: &Server, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let url = format!("{}/api/knowledge{path}", server.address());
    let mut request = Client::new().request(method.clone(), url).bearer_auth(&server.business.api_key);
    if method == Method::POST {
        request = request.json(body);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn documents_are_added_listed_and_removed(kind: &str) {
    let server = Server::open(kind);
    let text = "# Delivery\n\nWe deliver within a week.";
    let body = json!({ "text": text, "url": "https://shop.example/delivery" });
    let (status, added) = ask(&server, Method::POST, "", &body).await;
    assert_eq!((status, &added["title"], &added["format"]), (200, &json!("Delivery"), &json!("markdown")));
    assert_eq!(added["bytes"], json!(text.len()));
    let (_, again) = ask(&server, Method::POST, "", &body).await;
    assert_eq!(again, added, "the very same changes nothing");
    let (_, list) = ask(&server, Method::GET, "", &Value::Null).await;
    assert_eq!(list, json!({ "documents": [added] }));
    let path = format!("/{}", added["id"].as_str().unwrap());
    let (_, whole) = ask(&server, Method::GET, &path, &Value::Null).await;
    assert_eq!((&whole["text"], &whole["id"]), (&json!(text), &added["id"]));
    let wrong = [
        (json!({ "text": "", "url": "here" }), 422),
        (json!({ "text": "x".repeat(200_000) }), 422),
        (json!({ "text": "x".repeat(600_000) }), 413),
    ];
    for (body, expected) in wrong {
        let (status, problem) = ask(&server, Method::POST, "", &body).await;
        assert_eq!((status, &problem["status"]), (expected, &json!(expected)));
    }
    assert_eq!(ask(&server, Method::DELETE, &path, &Value::Null).await.0, 200);
    for missing in [path.as_str(), "/doc_none", "/%ff"] {
        assert_eq!(ask(&server, Method::DELETE, missing, &Value::Null).await.0, 404, "{missing}");
        assert_eq!(ask(&server, Method::GET, missing, &Value::Null).await.0, 404, "{missing}");
    }

    let admin = server.business.admin_id.as_str();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prices.html");
    std::fs::write(&file, "<h1>Prices</h1><p>A bike costs 990 euros.</p>").unwrap();
    let file = file.to_str().unwrap();
    let said = run(
        &server.database,
        &["knowledge", "add", file, "--admin", admin, "--url", "https://shop.example/p"],
    );
    let id = said.split_whitespace().next().unwrap();
    assert!(said.contains("Prices"), "{said}");
    let shown = run(&server.database, &["knowledge", "list", "--admin", admin, "--json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown[0]["id"], &shown[0]["format"]), (&json!(id), &json!("html")));
    let said = run_badly(&server.database, &["knowledge", "add", file, "--admin", admin, "--url", "p.html"]);
    assert!(said.contains("url must be an absolute"), "{said}");
    assert!(run(&server.database, &["knowledge", "remove", id, "--admin", admin]).contains("removed"));
    assert!(
        run_badly(&server.database, &["knowledge", "remove", id, "--admin", admin]).contains("no document")
    );
}

async fn visitors_are_answered_in_the_businesss_own_words(kind: &str) {
    let server = Server::open(kind);
    let text =
        "## Delivery\n\nWe deliver within a week.\n\n## Returns\n\nYou can return a bike within 30 days.";
    let body = json!({ "text": text, "title": "Help", "url": "https://shop.example/help" });
    assert_eq!(ask(&server, Method::POST, "", &body).await.0, 200);
    let write = async |message: &str, text: &str, token: &str, accept: &str| {
        let body = json!({
            "siteKey": server.business.site_key, "sessionId": "sess_1", "messageId": message, "text": text,
            "pageUrl": "https://shop.example/", "locale": "de",
        });
        let request = Client::new().post(format!("{}/api/chat", server.address())).json(&body);
        request.bearer_auth(token).header("accept", accept).send().await.unwrap().text().await.unwrap()
    };
    let answer = write("msg_1", "Hello! How long does delivery take?", "", "application/json").await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let reply = &answer["reply"];
    let said = reply["text"].as_str().unwrap();
    assert!(said.starts_with("Dazu") && said.ends_with("Delivery\nWe deliver within a week."), "{said}");
    let sources = json!([{ "title": "Help", "url": "https://shop.example/help" }]);
    assert_eq!(reply["sources"], sources);
    let token = answer["sessionToken"].as_str().unwrap();
    let events = write("msg_2", "Can I return it? jane@example.com", token, "text/event-stream").await;
    let told = events.split_once("event: reply\ndata: ").unwrap().1.lines().next().unwrap();
    let told: Value = serde_json::from_str(told).unwrap();
    assert_eq!(told["sources"], sources);
    let said = told["text"].as_str().unwrap();
    assert!(said.contains("jane@example.com") && said.contains("30 days"), "{said}");
    let plain = write("msg_3", "Do you sell helmets?", token, "application/json").await;
    let plain: Value = serde_json::from_str(&plain).unwrap();
    assert!(plain["reply"]["text"].is_string() && plain["reply"].get("sources").is_none(), "{plain}");

    let history = Client::new().get(format!("{}/api/chat?sessionId=sess_1", server.address()));
    let history: Value = history.bearer_auth(token).send().await.unwrap().json().await.unwrap();
    assert_eq!(history["messages"][1], *reply);
    let chats = server.get("/api/chats?sessionId=sess_1").await;
    assert_eq!(chats["conversations"][0]["messages"][1]["sources"], sources);

    let (_, list) = ask(&server, Method::GET, "", &Value::Null).await;
    let path = format!("/{}", list["documents"][0]["id"].as_str().unwrap());
    assert_eq!(ask(&server, Method::DELETE, &path, &Value::Null).await.0, 200);
    let after = write("msg_4", "How long does delivery take?", token, "application/json").await;
    let after: Value = serde_json::from_str(&after).unwrap();
    assert!(after["reply"].get("sources").is_none(), "what was removed is no longer said: {after}");
}

/// Asks in the chat of the demo shop, whose business knows of one document.
async fn asks_about_delivery(system: &System) -> Browser {
    let body = json!({
        "text": "## Delivery\n\nWe deliver within a week.", "title": "Help", "url": "https://shop.example/help",
    });
    assert_eq!(ask(&system.server, Method::POST, "", &body).await.0, 200);
    let visitor = Browser::open().await;
    visitor.go(&system.page("index.html")).await;
    visitor.open_chat().await;
    visitor.write("How long does delivery take?").await;
    visitor
}

/// The newest answer's text, and below it a link to what it was taken from.
async fn shows_its_source(visitor: &Browser, words: &str) {
    let shown = format!(
        "[...root().querySelectorAll('[data-role=assistant]')].some((one) => one.textContent.includes('{words}') \
         && one.querySelector('[part=sources] a')?.href === 'https://shop.example/help' \
         && one.querySelector('[part=sources]').textContent === 'Help')"
    );
    visitor.wait(&shown).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_built_in_answer_shows_what_it_was_taken_from() {
    let system = System::start("sqlite").await;
    let visitor = asks_about_delivery(&system).await;
    shows_its_source(&visitor, "We deliver within a week.").await;
    visitor.reload().await;
    visitor.open_chat().await;
    shows_its_source(&visitor, "We deliver within a week.").await;
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_models_words_are_shown_as_they_come_and_then_their_source() {
    let (provider, url) = Provider::start(Act::SayInTwo("It takes about ".into(), "a week.".into())).await;
    let settings = vec![("PORCHLIGHT_LLM_BASE_URL", url), ("PORCHLIGHT_LLM_MODEL", "test".to_owned())];
    let system = System::start_with_settings("sqlite", settings).await;
    let visitor = asks_about_delivery(&system).await;
    visitor.wait("root().querySelector('[data-role=assistant]')?.textContent.includes('It takes')").await;
    assert!(!visitor.messages("assistant").await.concat().contains("a week"));
    provider.go_on();
    shows_its_source(&visitor, "It takes about a week.").await;
    assert_eq!(visitor.messages("assistant").await.len(), 1);
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_added_listed_and_removed_on_sqlite() {
    documents_are_added_listed_and_removed("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_added_listed_and_removed_on_mongodb() {
    documents_are_added_listed_and_removed("mongodb").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_are_answered_in_the_businesss_own_words_on_sqlite() {
    visitors_are_answered_in_the_businesss_own_words("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_are_answered_in_the_businesss_own_words_on_mongodb() {
    visitors_are_answered_in_the_businesss_own_words("mongodb").await;
}
