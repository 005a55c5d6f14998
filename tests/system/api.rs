//! The leads API as a business calls it, and the documents as they lie in the database.

use mongodb::bson::{Document, doc};
use serde_json::Value;

use crate::system::{Database, Server};

impl Server {
    /// `GET` of the leads API with the business's key; must succeed.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = reqwest::Client::new()
            .get(format!("{}{path}", self.address()))
            .bearer_auth(&self.business.api_key)
            .send()
            .await
            .expect("the server answers");
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.expect("JSON")
    }

    /// All leads, when there are as many as expected; waits for them a while.
    pub(crate) async fn leads(&self, expected: usize) -> Vec<Value> {
        let mut leads = Vec::new();
        for _ in 0..100 {
            leads = self.get("/api/leads-enhanced?pageSize=100").await["leads"]
                .as_array()
                .expect("a list")
                .clone();
            if leads.len() >= expected {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert_eq!(leads.len(), expected, "{leads:?}");
        leads
    }

    /// A person of the business writes into a session.
    pub(crate) async fn say(&self, session: &str, text: &str) {
        let url = format!("{}/api/chats/{session}/messages", self.address());
        let request = reqwest::Client::new().post(url).bearer_auth(&self.business.api_key);
        let answer =
            request.json(&serde_json::json!({ "text": text })).send().await.expect("the server answers");
        assert_eq!(answer.status(), 200);
    }

    /// The address and text of every visitor message, straight from the database, by `seq`.
    pub(crate) async fn stored_messages(&self) -> Vec<(String, String)> {
        match &self.database {
            Database::Sqlite(path) => {
                let database = rusqlite::Connection::open(path).expect("the database opens");
                let mut rows = database
                    .prepare("SELECT coalesce(email, ''), text FROM chats WHERE role = 'visitor' ORDER BY session_id, seq")
                    .expect("the table is there");
                let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
                rows.collect::<Result<_, _>>().expect("texts")
            }
            Database::MongoDb(uri) => {
                let client = mongodb::Client::with_uri_str(uri).await.expect("the database answers");
                let chats = client.default_database().expect("a database").collection::<Document>("chats");
                let mut found = chats
                    .find(doc! { "role": "visitor" })
                    .sort(doc! { "sessionId": 1, "seq": 1 })
                    .await
                    .expect("documents");
                let mut messages = Vec::new();
                while found.advance().await.expect("the next document") {
                    let document = found.deserialize_current().expect("a document");
                    let text = |name: &str| document.get_str(name).unwrap_or_default().to_owned();
                    messages.push((text("email"), text("text")));
                }
                messages
            }
        }
    }

    /// Every lead's address and how many conversations it has, straight from the database; MongoDB only.
    pub(crate) async fn stored_leads(&self) -> Vec<(String, i64)> {
        let Database::MongoDb(uri) = &self.database else { panic!("ask a server on MongoDB") };
        let client = mongodb::Client::with_uri_str(uri).await.expect("the database answers");
        let leads = client.default_database().expect("a database").collection::<Document>("leads");
        let mut found = leads.find(doc! {}).await.expect("documents");
        let mut stored = Vec::new();
        while found.advance().await.expect("the next document") {
            let document = found.deserialize_current().expect("a document");
            let email = document.get_str("email").expect("an address").to_owned();
            stored.push((email, document.get_i64("conversationCount").expect("a number")));
        }
        stored
    }
}

impl Server {
    /// What the edge said about the first message; SQLite only.
    pub(crate) fn edge_of_first_message(&self) -> Value {
        self.edge_of_message(0)
    }

    /// What the edge said about the visitor's message of this number; SQLite only.
    pub(crate) fn edge_of_message(&self, number: u32) -> Value {
        let Database::Sqlite(path) = &self.database else { panic!("ask a server on SQLite") };
        let database = rusqlite::Connection::open(path).expect("the database opens");
        let text: String = database
            .query_row("SELECT edge FROM chats WHERE role = 'visitor' AND seq = ?", [number], |row| {
                row.get(0)
            })
            .expect("a message with an edge");
        serde_json::from_str(&text).expect("JSON")
    }
}
