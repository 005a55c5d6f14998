//! Every route of the document with every kind of credential: no business learns anything of another.

use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::system::{Business, Server, create_business, run};

const CANARY: &str = "canary";

/// After so long a stream has told what it had to tell.
const QUIET: Duration = Duration::from_secs(2);

struct Route {
    method: Method,
    path: String,
    needs: String,
}

/// The routes of the document, each with the name of the credential it needs, if any.
async fn routes(server: &Server) -> Vec<Route> {
    let document: Value =
        reqwest::get(format!("{}/openapi.json", server.address())).await.unwrap().json().await.unwrap();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let security = operation["security"].as_array().cloned().unwrap_or_default();
            let optional = security.iter().any(|one| one.as_object().unwrap().is_empty());
            let needs = security.iter().flat_map(|one| one.as_object().unwrap().keys().cloned()).next();
            routes.push(Route {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                needs: needs.filter(|_| !optional).unwrap_or_default(),
            });
        }
    }
    assert!(routes.len() >= 26, "the document lists the routes");
    routes
}

async fn write(server: &Server, business: &Business, session: &str, text: &str) -> Value {
    let body = json!({
        "siteKey": business.site_key, "sessionId": session, "messageId": "msg_1", "text": text,
        "pageUrl": "https://shop.example/",
    });
    let answer =
        Client::new().post(format!("{}/api/chat", server.address())).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

async fn credentials_open_their_own_doors_only(kind: &str) {
    let server = Server::open(kind);
    let other = create_business(&server.database, "other@example.com");
    let own_session = write(&server, &other, "sess_other", "mine@example.com").await;
    write(&server, &server.business, "sess_canary", &format!("{CANARY} {CANARY}@example.com")).await;
    let lead = server.leads(1).await.remove(0)["_id"].as_str().unwrap().to_owned();
    let url = format!("{}/api/knowledge", server.address());
    let document = json!({ "text": CANARY, "title": CANARY });
    let document =
        Client::new().post(url).bearer_auth(&server.business.api_key).json(&document).send().await.unwrap();
    let document = document.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    let made = run(&server.database, &["key", "create", "--admin", &other.admin_id, "--json"]);
    let made: Value = serde_json::from_str(&made).unwrap();
    run(&server.database, &["key", "revoke", made["keyId"].as_str().unwrap()]);
    let session_token = own_session["sessionToken"].as_str().unwrap();
    let bad = [
        ("nothing", ""),
        ("garbage", "sk_garbage"),
        ("a key that nobody has", "sk_0123456789012345678901234567890123456789"),
        ("a revoked key", made["apiKey"].as_str().unwrap()),
        ("a site key", &other.site_key),
    ];
    let client = Client::new();
    for route in routes(&server).await {
        let path = route.path.replace("{leadId}", &lead).replace("{sessionId}", "sess_canary");
        let path = path.replace("{id}", &document);
        let url = format!("{}{path}", server.address());
        let ask = async |key: &str, query: &[(&str, &str)], body: Value| {
            let mut request = client.request(route.method.clone(), &url).query(query);
            if !key.is_empty() {
                request = request.bearer_auth(key);
            }
            request = match path.ends_with("/import") {
                true => request.header("content-type", "text/csv").body("email\n"),
                false if route.method == Method::GET => request,
                false => request.json(&body),
            };
            // A stream tells what it still knows.
            let mut answer = request.header("last-event-id", "0").send().await.unwrap();
            let mut text = String::new();
            // Whoever may listen hears nothing more for a while.
            while let Ok(Ok(Some(piece))) = tokio::time::timeout(QUIET, answer.chunk()).await {
                text.push_str(std::str::from_utf8(&piece).unwrap());
            }
            (answer.status().as_u16(), text)
        };
        let named = format!("{} {path}", route.method);
        let foreign = match (path.as_str(), &route.method) {
            ("/api/leads", _) => json!({ "email": format!("{CANARY}@example.com") }),
            (path, _) if path.ends_with("/messages") => json!({ "text": "mine now" }),
            (path, _) if path.ends_with("/handover") => json!({ "mode": "human" }),
            (_, &Method::PUT) => json!({ "leadId": lead, "status": "lost" }),
            _ => json!({ "leadId": lead }),
        };
        match route.needs.as_str() {
            "apiKey" => {
                for (what, key) in bad.iter().copied().chain([("a session's token", session_token)]) {
                    let (status, text) = ask(key, &[], foreign.clone()).await;
                    assert_eq!(status, 401, "{named} with {what}: {text}");
                }
                let query: &[(&str, &str)] = match path.as_str() {
                    "/api/chats" => &[("leadId", &lead)],
                    _ => &[],
                };
                let (status, text) = ask(&other.api_key, query, foreign).await;
                assert!([200, 404, 422].contains(&status), "{named}: {status} {text}");
                assert!(!text.contains(CANARY), "{named} tells: {text}");
                if path.contains(&lead)
                    || path.contains("sess_canary")
                    || path.contains(&document)
                    || path == "/api/chats"
                    || (matches!(route.method, Method::PUT | Method::DELETE)
                        && !["/api/site", "/api/leads"].contains(&path.as_str()))
                {
                    assert_eq!(status, 404, "{named}");
                }
                if path == "/api/leads" && route.method == Method::DELETE {
                    assert!(text.contains("\"deleted\":0"), "{named}: {text}");
                }
            }
            "sessionToken" => {
                let query = [("sessionId", "sess_canary")];
                let keys = bad.iter().map(|(_, key)| *key);
                for key in keys.chain([session_token, &other.api_key, &server.business.api_key]) {
                    let (status, text) = ask(key, &query, Value::Null).await;
                    assert!(status == 401 && !text.contains(CANARY), "{named}: {status} {text}");
                }
            }
            _ => {
                let (_, text) =
                    ask(&other.api_key, &[("siteKey", &server.business.site_key)], Value::Null).await;
                assert!(!text.contains(CANARY), "{named} tells: {text}");
            }
        }
    }
    // A foreign lead and one that nobody has are answered alike.
    let answers = [&lead, "0123456789abcdef01234567"].map(async |id| {
        let url = format!("{}/api/leads-enhanced/{id}", server.address());
        let answer = client.get(url).bearer_auth(&other.api_key).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    });
    let [foreign, unknown] = answers;
    assert_eq!(foreign.await, unknown.await);
    assert_eq!(server.leads(1).await[0]["status"], "new", "nobody else has changed it");
    let documents = server.get("/api/knowledge").await["documents"].clone();
    assert_eq!(documents[0]["id"], json!(document), "nobody else has removed it");
    let conversation = server.get("/api/chats?sessionId=sess_canary").await["conversations"][0].clone();
    assert_eq!(conversation["mode"], "assistant", "nobody else has taken it over");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_open_their_own_doors_only_on_sqlite() {
    credentials_open_their_own_doors_only("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_open_their_own_doors_only_on_mongodb() {
    credentials_open_their_own_doors_only("mongodb").await;
}
