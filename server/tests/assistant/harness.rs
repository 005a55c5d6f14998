//! A server in this process with one business, on a database of its own.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Parser;
use porchlight_protocol::capture::{Mode, Role};
use porchlight_protocol::ids::SessionId;
use porchlight_protocol::widget::WidgetSettings;
use porchlight_server::app::{App, router};
use porchlight_server::capture::Drain;
use porchlight_server::clock;
use porchlight_server::config::ServeConfig;
use porchlight_server::conversation::{Answerer, Incoming, Message, Page};
use porchlight_server::keys::Secret;
use porchlight_server::store::mongodb::MongoStore;
use porchlight_server::store::sqlite::SqliteStore;
use porchlight_server::store::{Admin, Store, Tenant};
use reqwest::{Client, Response};
use serde_json::{Value, json};

/// Where a database can be made.
pub(crate) struct Place {
    /// As `--store` names it.
    name: String,
    _directory: Option<tempfile::TempDir>,
}

/// A server with one business.
pub(crate) struct Server {
    address: String,
    site_key: String,
    client: Client,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) tenant: Tenant,
    _drain: Option<Drain>,
}

#[derive(Parser)]
#[command(args_override_self = true)]
struct Settings {
    #[command(flatten)]
    serve: ServeConfig,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let name = format!("sqlite:{}", directory.path().join("test.db").display());
        Self { name, _directory: Some(directory) }
    }

    pub(crate) fn mongodb() -> Self {
        let uri = std::env::var("PORCHLIGHT_TEST_MONGODB_URI").expect(
            "PORCHLIGHT_TEST_MONGODB_URI must name a replica set; `cargo xtask test` starts one and sets it",
        );
        let (server, options) = uri.split_once("/?").unwrap_or((uri.trim_end_matches('/'), ""));
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        Self { name: format!("{server}/a{nanos}?{options}"), _directory: None }
    }

    async fn open(&self) -> Arc<dyn Store> {
        match self.name.strip_prefix("sqlite:") {
            Some(file) => Arc::new(SqliteStore::open(file.as_ref()).unwrap()),
            None => Arc::new(MongoStore::connect(&self.name).await.unwrap()),
        }
    }

    /// A server with a business.
    pub(crate) async fn start(&self) -> Server {
        self.start_with(&[]).await
    }

    /// The same with flags of `porchlight serve`; the last of several counts.
    pub(crate) async fn start_with(&self, flags: &[&str]) -> Server {
        let store = self.open().await;
        let secret = Secret::new(store.secret().await.unwrap());
        let site_key = business(&*store, 1, "Business").await;
        let settings = Settings::parse_from(["serve"].iter().chain(flags)).serve;
        let (app, drain) = App::start(Arc::clone(&store), secret, &settings);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router(app)).await });
        let drain = Some(drain);
        let site = store.site(&site_key.parse().unwrap()).await.unwrap().unwrap();
        Server { address, site_key, client: Client::new(), store, tenant: site.tenant, _drain: drain }
    }
}

/// Makes a business, where it is not there yet; gives its site key.
async fn business(store: &dyn Store, number: usize, name: &str) -> String {
    let site_key = format!("pk_{number:024}");
    let admin = Admin {
        id: format!("admin_{number}").parse().unwrap(),
        name: name.to_owned(),
        email: format!("owner{number}@example.com"),
        password_hash: String::new(),
        site_key: site_key.parse().unwrap(),
        allowed_origins: Vec::new(),
        widget: WidgetSettings { name: name.to_owned(), ..WidgetSettings::default() },
        created_at: clock::now(),
    };
    if store.admins().await.unwrap().len() < number {
        store.create_admin(admin).await.unwrap();
    }
    site_key
}

/// A visitor's message on its way.
#[derive(Clone, Copy)]
pub(crate) struct Said<'a> {
    pub(crate) session: &'a str,
    pub(crate) message: &'a str,
    pub(crate) text: &'a str,
    pub(crate) token: Option<&'a str>,
}

impl Server {
    pub(crate) async fn post(&self, said: Said<'_>, accept: &str) -> Response {
        let body = json!({
            "siteKey": self.site_key, "sessionId": said.session, "messageId": said.message,
            "text": said.text, "pageUrl": "https://shop.example/", "locale": "en",
        });
        let mut request =
            self.client.post(format!("{}/api/chat", self.address)).json(&body).header("accept", accept);
        if let Some(token) = said.token {
            request = request.bearer_auth(token);
        }
        request.send().await.expect("an answer")
    }

    /// The JSON answer to a message.
    pub(crate) async fn say(&self, said: Said<'_>) -> Value {
        let answer = self.post(said, "application/json").await;
        assert_eq!(answer.status(), 200);
        answer.json().await.expect("JSON")
    }

    /// The events of the answer to a message, each with its data.
    pub(crate) async fn hear(&self, said: Said<'_>) -> Vec<(String, Value)> {
        let answer = self.post(said, "text/event-stream").await;
        assert_eq!(answer.status(), 200);
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "text/event-stream");
        assert!(header("cache-control").contains("no-store") && header("x-accel-buffering") == "no");
        events(&answer.text().await.expect("the stream ends"))
    }
}

impl Server {
    /// The same server for a second business.
    pub(crate) async fn another_business(&self) -> Self {
        let site_key = business(&*self.store, 2, "Other business").await;
        let site = self.store.site(&site_key.parse().unwrap()).await.unwrap().unwrap();
        Self {
            address: self.address.clone(),
            site_key,
            client: Client::new(),
            store: Arc::clone(&self.store),
            tenant: site.tenant,
            _drain: None,
        }
    }

    /// The events of the answer to a message from a page of this origin.
    pub(crate) async fn hear_from(&self, said: Said<'_>, origin: &str) -> Vec<(String, Value)> {
        let body = json!({
            "siteKey": self.site_key, "sessionId": said.session, "messageId": said.message,
            "text": said.text, "pageUrl": "https://shop.example/",
        });
        let request = self.client.post(format!("{}/api/chat", self.address)).json(&body);
        let request = request.header("accept", "text/event-stream").header("origin", origin);
        events(&request.send().await.unwrap().text().await.unwrap())
    }

    /// The messages of a session.
    pub(crate) async fn session(&self, session: &str) -> Vec<Message> {
        self.store.session(&self.tenant, &session.parse().unwrap()).await.unwrap()
    }

    /// Keeps the first message of a session, and does nothing more.
    pub(crate) async fn capture_only(&self, said: Said<'_>, answerer: Answerer) {
        let incoming = Incoming {
            tenant: self.tenant.clone(),
            session_id: said.session.parse().unwrap(),
            message_id: said.message.parse().unwrap(),
            role: Role::Visitor,
            seq: Some(0),
            text: said.text.to_owned(),
            page: Page { url: "https://shop.example/".to_owned(), ..Page::default() },
            addresses: Vec::new(),
            at: clock::now(),
            arrived: clock::now(),
            authorised: false,
            edge: None,
            answerer,
            known: Vec::new(),
            reply_to: None,
            sources: Vec::new(),
        };
        assert!(self.store.capture(vec![incoming]).await.remove(0).unwrap().owes_reply());
    }

    /// Gives a session to a person, or back.
    pub(crate) async fn hand_over(&self, session: &str, to_person: bool) {
        let mode = if to_person { Mode::Human } else { Mode::Assistant };
        let session: SessionId = session.parse().unwrap();
        assert!(self.store.hand_over(&self.tenant, &session, mode, clock::now()).await.unwrap());
    }

    /// Waits until something is true, ten seconds at most.
    pub(crate) async fn until(&self, is_true: impl Fn() -> bool) {
        for _ in 0..500 {
            if is_true() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it has not become true");
    }
}

/// The events of a finished stream.
pub(crate) fn events(text: &str) -> Vec<(String, Value)> {
    let blocks = text.split("\n\n").filter(|block| block.starts_with("event: "));
    blocks
        .map(|block| {
            let (name, data) = block.split_once('\n').expect("an event has data");
            let data = data.strip_prefix("data: ").expect("the data stands behind the name");
            (name["event: ".len()..].to_owned(), serde_json::from_str(data).expect("JSON"))
        })
        .collect()
}

/// The events' names, several deltas in a row as one.
pub(crate) fn names(events: &[(String, Value)]) -> Vec<&str> {
    let mut names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    names.dedup();
    names
}
