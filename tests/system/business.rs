//! What a business does with its leads, over HTTP and on the command line, on both stores.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::system::{Database, Server, run, run_badly};

/// Requests with a business's key.
struct Caller<'a> {
    server: &'a Server,
    client: Client,
    key: &'a str,
}

impl<'a> Caller<'a> {
    fn of(server: &'a Server) -> Self {
        Self { server, client: Client::new(), key: &server.business.api_key }
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.server.address())).bearer_auth(self.key)
    }

    async fn get(&self, path: &str) -> Response {
        self.ask(Method::GET, path).send().await.expect("an answer")
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.ask(method, path).json(body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    async fn import(&self, path: &str, file: &str) -> (u16, Value) {
        let request = self.ask(Method::POST, path).header("content-type", "text/csv").body(file.to_owned());
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    async fn visitor_writes(&self, session: &str, text: &str) {
        let body = json!({
            "siteKey": self.server.business.site_key, "sessionId": session, "messageId": "msg_1", "seq": 0, "text": text,
            "pageUrl": "https://shop.example/pricing?utm_source=news&utm_campaign=may",
            "referrer": "https://search.example/?q=x",
        });
        let (status, answer) = self.send(Method::POST, "/api/chat", &body).await;
        assert_eq!(status, 200, "{answer}");
    }
}

async fn a_lead_is_worked(kind: &str) {
    let server = Server::open(kind);
    let caller = Caller::of(&server);
    caller.visitor_writes("sess_1", "We need a web shop, budget 500 EUR, ann@example.com").await;
    caller.visitor_writes("sess_2", "=cmd|'x' bob@example.com").await;
    let ann =
        server.leads(2).await.into_iter().find(|lead| lead["email"] == "ann@example.com").expect("a lead");
    let id = ann["_id"].as_str().expect("an id");
    let edit = json!({ "leadId": id, "status": "contacted", "value": 5_000, "tags": ["vip", "a,b"] });
    let (status, answer) = caller.send(Method::PUT, "/api/leads-enhanced", &edit).await;
    assert_eq!((status, &answer["lead"]["value"]), (200, &json!(5_000)));
    let edit = json!({ "status": "converted", "value": 19.99 });
    assert_eq!(caller.send(Method::PUT, &format!("/api/leads-enhanced/{id}"), &edit).await.0, 200);

    let history: Value =
        caller.get(&format!("/api/leads-enhanced/{id}/events?pageSize=1")).await.json().await.unwrap();
    assert_eq!(
        history["events"][0]["changes"][0],
        json!({ "field": "status", "from": "contacted", "to": "converted" })
    );
    assert!(history["events"][0]["who"].as_str().unwrap().starts_with("key_"));
    let more = history["nextCursor"].as_str().expect("there is more");
    let history: Value =
        caller.get(&format!("/api/leads-enhanced/{id}/events?cursor={more}")).await.json().await.unwrap();
    assert_eq!(history["events"].as_array().map(Vec::len), Some(2));
    assert_eq!((&history["events"][1]["who"], &history["nextCursor"]), (&json!("visitor"), &Value::Null));
    let other = server.leads(2).await.into_iter().find(|lead| lead["_id"] != id).expect("another lead");
    let other = format!("/api/leads-enhanced/{}/events", other["_id"].as_str().unwrap());
    for path in [
        format!("{other}?cursor={more}"),
        format!("/api/leads-enhanced/{id}/events?cursor=2"),
        format!("/api/leads-enhanced?cursor={more}"),
    ] {
        assert_eq!(caller.get(&path).await.status(), 422, "{path}: a cursor is good for its own list alone");
    }

    let figures = server.get("/api/leads-enhanced?analytics=true").await["analytics"].clone();
    assert_eq!(figures["totalLeads"], 2);
    assert_eq!((&figures["wonValue"], &figures["conversionRate"]), (&json!(19.99), &json!(0.5)));
    assert_eq!(figures["byPage"][0]["page"], "shop.example/pricing");
    assert_eq!(figures["byReferrer"][0]["referrer"], "search.example");
    assert_eq!(figures["byCampaign"][0]["campaign"], "news / - / may");
    assert_eq!(caller.get("/api/leads-enhanced?analytics=true&status=new").await.status(), 422);

    let file = caller.get("/api/leads-enhanced/export.csv?sort=email").await;
    assert_eq!(file.headers()["content-type"], "text/csv; charset=utf-8");
    let file = file.text().await.unwrap();
    let lines: Vec<&str> = file.split("\r\n").collect();
    assert!(lines[0].starts_with("_id,email,alternateEmails,status"));
    assert!(lines[1].contains("ann@example.com,,converted,medium,19.99,\"vip,\"\"a,b\"\"\""), "{}", lines[1]);
    assert!(file.contains("'=cmd|'x'"), "formulas are defused: {file}");
    let (status, again) = caller.import("/api/leads-enhanced/import", &file).await;
    assert_eq!((status, &again["unchanged"]), (200, &json!(2)), "{again}");

    let new =
        "email,status,value,createdAt\nann@example.com,lost,,\nnew@example.com,,7,2026-01-02T00:00:00Z\n";
    let (_, foreseen) = caller.import("/api/leads-enhanced/import?dryRun=true", new).await;
    assert_eq!((&foreseen["created"], &foreseen["updated"]), (&json!(1), &json!(1)));
    server.leads(2).await;
    let wrong = format!("{new}new@example.com,,,\nnobody,,,\n");
    let (status, refused) = caller.import("/api/leads-enhanced/import", &wrong).await;
    let fields: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!((status, fields), (422, vec!["row 3: email", "row 4: email"]));
    server.leads(2).await;
    let (_, report) = caller.import("/api/leads-enhanced/import", new).await;
    assert_eq!(report["rows"][1], json!({ "row": 2, "email": "new@example.com", "outcome": "created" }));
    let leads = server.leads(3).await;
    let imported = leads.iter().find(|lead| lead["email"] == "new@example.com").unwrap();
    assert_eq!((&imported["createdAt"], &imported["value"]), (&json!("2026-01-02T00:00:00.000Z"), &json!(7)));
    caller.visitor_writes("sess_3", "hello from new@example.com").await;
    let leads = server.leads(3).await;
    let imported = leads.iter().find(|lead| lead["email"] == "new@example.com").unwrap();
    assert_eq!((&imported["sessionId"], &imported["conversationCount"]), (&json!("sess_3"), &json!(1)));

    let old = server.get("/api/leads?search=web%20shop").await;
    assert_eq!((&old["total"], &old["leads"][0]["email"]), (&json!(1), &json!("ann@example.com")));
    assert_eq!(caller.get("/api/leads?sortBy=nonsense").await.status(), 422);
    for deleted in [2, 0] {
        let asked = json!({ "email": "Ann@Example.com" });
        let (status, gone) = caller.send(Method::DELETE, "/api/leads", &asked).await;
        assert_eq!((status, &gone["deleted"]), (200, &json!(deleted)));
    }
    let found = server.get("/api/leads-enhanced?tag=a,b").await;
    assert_eq!((&found["total"], &found["leads"][0]["conversationCount"]), (&json!(1), &json!(0)));
    // As `fetch` sends a text whose sender names no type.
    let untyped =
        caller.ask(Method::PUT, "/api/leads-enhanced").header("content-type", "text/plain;charset=UTF-8");
    let answer = untyped.body(json!({ "leadId": id, "notes": "seen" }).to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let typed = caller.ask(Method::PUT, "/api/leads-enhanced").header("content-type", "text/plain");
    assert_eq!(typed.body(json!({ "leadId": id }).to_string()).send().await.unwrap().status(), 415);

    let report = run(&server.database, &["migrate", "--dry-run"]);
    assert!(report.contains("0 conversations would be migrated"), "{report}");
    let report = run(&server.database, &["migrate"]);
    assert!(report.contains("1 among the leads alone:\n    ann@example.com"), "{report}");
}

/// What was erased stands in none of the store's files any more, the write-ahead log among them.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_erased_is_in_no_file() {
    let server = Server::open("sqlite");
    let caller = Caller::of(&server);
    caller.visitor_writes("sess_1", "a canary for canary@example.com, budget 500").await;
    let id = server.leads(1).await[0]["_id"].as_str().expect("an id").to_owned();
    let Database::Sqlite(path) = &server.database else { panic!("a server on SQLite") };
    let folder = path.parent().expect("a folder").to_owned();
    let told = || {
        let files = std::fs::read_dir(&folder).expect("a folder").map(|file| file.expect("a file").path());
        let files = files.filter(|file| file.is_file()).map(|file| std::fs::read(file).expect("bytes"));
        files.filter(|bytes| bytes.windows(6).any(|word| word == b"canary")).count()
    };
    assert!(told() > 0);
    let gone =
        caller.send(Method::DELETE, "/api/leads-enhanced", &json!({ "leadId": id, "erase": true })).await;
    assert_eq!((gone.0, &gone.1["erased"]["sessions"]), (200, &json!(1)));
    for _ in 0..100 {
        if told() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it is still there after ten seconds");
}

/// A backup of a running server, restored elsewhere, answers with the same keys.
async fn a_backup_restores(kind: &str) {
    let server = Server::open(kind);
    let caller = Caller::of(&server);
    caller.visitor_writes("sess_1", "ann@example.com wants a website").await;
    let lead = server.leads(1).await.remove(0);
    let document = json!({ "text": "We deliver within a week." });
    assert_eq!(caller.send(Method::POST, "/api/knowledge", &document).await.0, 200);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("backup");
    let file = file.to_str().expect("a path");
    assert!(run(&server.database, &["backup", file]).contains("written"));
    assert!(run(&server.database, &["doctor"]).contains("1 leads"));
    let wrong = folder.path().join("wrong");
    std::fs::write(&wrong, if kind == "sqlite" { "" } else { "no backup" }).expect("a file");
    assert!(Server::restoring_fails(kind, wrong.to_str().expect("a path")).contains("this is no backup"));
    let restored = Server::restored(kind, file, &server.business);
    assert_eq!(restored.leads(1).await, [lead]);
    assert_eq!(restored.get("/api/knowledge").await, server.get("/api/knowledge").await);
    assert!(run_badly(&restored.database, &["restore", file]).contains("restore into an empty store"));
    assert!(run_badly(&server.database, &["backup", file]).contains("is there already"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_restores_on_sqlite() {
    a_backup_restores("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_restores_on_mongodb() {
    a_backup_restores("mongodb").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_is_worked_on_sqlite() {
    a_lead_is_worked("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_is_worked_on_mongodb() {
    a_lead_is_worked("mongodb").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_is_worked_on_a_standalone_mongodb() {
    a_lead_is_worked("standalone").await;
}
