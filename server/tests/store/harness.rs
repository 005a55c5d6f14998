//! Fresh stores, businesses and messages for the cases.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use mongodb::bson::{Bson, Document, doc};
use porchlight_protocol::capture::Role;
use porchlight_protocol::ids::SessionId;
use porchlight_protocol::time::Timestamp;
use porchlight_server::analytics::Analytics;
use porchlight_server::conversation::{Answerer, Incoming, Message, Page};
use porchlight_server::leads::{Finder, LeadQuery, LeadRecord, PlainFilter, Sort, SortField, Start};
use porchlight_server::store::mongodb::MongoStore;
use porchlight_server::store::sqlite::SqliteStore;
use porchlight_server::store::{Admin, Store, Tenant};

use crate::model::{Said, Shown};

/// 2026-01-30T10:00:00Z, when the histories play.
pub(crate) const NOON: i64 = 1_769_767_200_000;

/// A store of its own for one case; what it needs is removed with it.
pub(crate) struct Fresh {
    pub(crate) store: Arc<dyn Store>,
    /// The same database, opened once more as another process does.
    pub(crate) other: Arc<dyn Store>,
    pub(crate) tenants: Vec<Tenant>,
    raw: Raw,
}

/// The database itself, past the store.
enum Raw {
    Sqlite(tempfile::TempDir),
    MongoDb(mongodb::Database),
}

/// A message as earlier systems kept it.
pub(crate) struct Old {
    pub(crate) session: &'static str,
    pub(crate) role: &'static str,
    pub(crate) text: &'static str,
    pub(crate) at: i64,
    /// Address and requirements.
    pub(crate) tag: Option<(&'static str, &'static str)>,
}

pub(crate) async fn sqlite() -> Fresh {
    let directory = tempfile::tempdir().unwrap();
    let open = || Arc::new(SqliteStore::open(&directory.path().join("test.db")).unwrap());
    let (store, other) = (open(), open());
    Fresh { tenants: tenants(&*store).await, store, other, raw: Raw::Sqlite(directory) }
}

pub(crate) async fn mongodb() -> Fresh {
    on("PORCHLIGHT_TEST_MONGODB_URI").await
}

/// A MongoDB without transactions.
pub(crate) async fn standalone() -> Fresh {
    on("PORCHLIGHT_TEST_STANDALONE_URI").await
}

async fn on(variable: &str) -> Fresh {
    let uri = database_uri(variable, &format!("t{}", nanos()));
    let store = Arc::new(MongoStore::connect(&uri).await.unwrap());
    let other = Arc::new(MongoStore::connect(&uri).await.unwrap());
    let client = mongodb::Client::with_uri_str(&uri).await.unwrap();
    let raw = Raw::MongoDb(client.default_database().unwrap());
    Fresh { tenants: tenants(&*store).await, store, other, raw }
}

/// The address of the server that a variable names, with a database of the given name.
fn database_uri(variable: &str, database: &str) -> String {
    let uri = std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} must name a MongoDB; `cargo xtask test` starts one and sets it")
    });
    let (server, options) = uri.split_once("/?").unwrap_or((uri.trim_end_matches('/'), ""));
    format!("{server}/{database}?{options}")
}

fn nanos() -> u128 {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let next = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() * 1_000 + u128::from(next)
}

async fn tenants(store: &dyn Store) -> Vec<Tenant> {
    let mut tenants = Vec::new();
    for index in 0..2 {
        let site_key = format!("pk_{index:024}").parse().unwrap();
        let admin = Admin {
            id: format!("admin_{index}").parse().unwrap(),
            name: format!("Business {index}"),
            email: format!("owner{index}@example.com"),
            password_hash: String::new(),
            site_key,
            allowed_origins: Vec::new(),
            widget: Default::default(),
            created_at: Timestamp::from_millis(NOON),
        };
        let key = admin.site_key.clone();
        store.create_admin(admin).await.unwrap();
        tenants.push(store.site(&key).await.unwrap().unwrap().tenant);
    }
    tenants
}

impl Fresh {
    pub(crate) fn incoming(&self, said: &Said) -> Incoming {
        Incoming {
            tenant: self.tenants[said.admin].clone(),
            session_id: said.session.parse().unwrap(),
            message_id: said.message.parse().unwrap(),
            role: Role::Visitor,
            seq: Some(said.seq),
            text: said.text.clone(),
            page: Page { url: said.page.clone(), ..Page::default() },
            addresses: said.addresses.clone(),
            at: Timestamp::from_millis(said.at),
            arrived: Timestamp::from_millis(NOON),
            authorised: false,
            edge: None,
            answerer: Answerer::default(),
            known: Vec::new(),
            reply_to: None,
            sources: Vec::new(),
        }
    }

    /// One of the two processes, by turns of a kind that does not repeat soon.
    pub(crate) fn either(&self, turn: usize) -> &Arc<dyn Store> {
        if turn.is_multiple_of(3) || turn % 7 == 1 { &self.other } else { &self.store }
    }

    /// The same for work at once. SQLite lets one process wait for another by polling, which is not fair to it.
    pub(crate) fn either_at_once(&self, turn: usize) -> &Arc<dyn Store> {
        match self.raw {
            Raw::Sqlite(_) => &self.store,
            Raw::MongoDb(_) => self.either(turn),
        }
    }

    /// Marks a session's messages as a process leaves them that crashed right after keeping them: without what follows
    /// from them. Only where a batch is not one transaction.
    pub(crate) async fn leave_half_done(&self, session: &str) {
        let Raw::MongoDb(database) = &self.raw else { return };
        let chats = database.collection::<Document>("chats");
        let own = doc! { "sessionId": session, "replyTo": { "$exists": false } };
        let undone = doc! {
            "$set": { "pending": mongodb::bson::DateTime::from_millis(NOON) },
            "$unset": { "email": "", "requirements": "" },
        };
        chats.update_many(own, undone).await.unwrap();
        database.collection::<Document>("leads").delete_many(doc! {}).await.unwrap();
    }

    /// Marks a session's messages as they are kept with an address that is erased while they are under way. Only where a
    /// batch is not one transaction.
    pub(crate) async fn tag_wrongly(&self, session: &str, email: &str) {
        let Raw::MongoDb(database) = &self.raw else { return };
        let pending = mongodb::bson::DateTime::from_millis(NOON);
        let tag = doc! { "$set": { "pending": pending, "email": email, "requirements": "• Secret" } };
        let chats = database.collection::<Document>("chats");
        chats.update_many(doc! { "sessionId": session }, tag).await.unwrap();
    }

    /// Puts a message of the first business there as an earlier system did: without id and number, its text and time
    /// in one of several forms.
    pub(crate) async fn insert_old(&self, index: usize, old: &Old) {
        let (email, requirements) = old.tag.unzip();
        match &self.raw {
            Raw::Sqlite(directory) => {
                let database = rusqlite::Connection::open(directory.path().join("test.db")).unwrap();
                let sql =
                    "INSERT INTO chats (admin_id, session_id, role, text, created_at, email, requirements)
                           VALUES ('admin_0', ?, ?, ?, ?, ?, ?)";
                let values = rusqlite::params![old.session, old.role, old.text, old.at, email, requirements];
                database.execute(sql, values).unwrap();
            }
            Raw::MongoDb(database) => {
                let at = mongodb::bson::DateTime::from_millis(old.at);
                let mut document = doc! { "adminId": "admin_0", "sessionId": old.session, "role": old.role };
                document.insert(["text", "message", "content"][index % 3], old.text);
                if index % 3 == 1 {
                    document.insert("text", vec!["no text"]);
                }
                let text = at.try_to_rfc3339_string().unwrap();
                let created: Bson = match index % 4 {
                    0 => at.into(),
                    1 => text.into(),
                    2 => text.trim_end_matches('Z').replace('T', " ").into(),
                    _ => old.at.into(),
                };
                document.insert("createdAt", created);
                if index % 4 == 1 {
                    document.insert("_id", format!("old {index}"));
                }
                match old.tag {
                    Some((email, requirements)) => {
                        document.extend(doc! { "email": email, "requirements": requirements });
                    }
                    None => drop(document.insert("email", Bson::Null)),
                }
                database.collection::<Document>("chats").insert_one(document).await.unwrap();
            }
        }
    }

    /// What a server process finds leads with.
    pub(crate) fn finder(&self) -> Finder {
        let analytics = Arc::new(Analytics::new(Arc::clone(&self.store)));
        Finder::new(Arc::clone(&self.store), analytics, 100_000_000)
    }

    pub(crate) async fn records(&self, admin: usize) -> Vec<LeadRecord> {
        let mut all = Vec::new();
        for page in 1.. {
            let query = LeadQuery {
                filter: PlainFilter::default(),
                sort: Sort { field: SortField::Email, descending: false },
                start: Start::Page(page),
                page_size: 100,
            };
            let found = self.store.leads(&self.tenants[admin], &query).await.unwrap();
            all.extend(found.leads);
            if !found.more {
                break;
            }
        }
        all
    }

    pub(crate) async fn shown(&self, admin: usize) -> Vec<Shown> {
        self.records(admin).await.into_iter().map(show).collect()
    }

    pub(crate) async fn session(&self, admin: usize, session: &str) -> Vec<Message> {
        let session: SessionId = session.parse().unwrap();
        self.store.session(&self.tenants[admin], &session).await.unwrap()
    }

    pub(crate) async fn lead_id(&self, admin: usize, email: &str) -> Option<String> {
        let all = self.records(admin).await;
        all.into_iter().find(|record| record.lead.email == email).map(|record| record.lead.id)
    }
}

fn show(record: LeadRecord) -> Shown {
    let lead = record.lead;
    assert_eq!(lead.first_contact, lead.created_at);
    assert!(lead.first_contact <= lead.last_contact);
    Shown {
        email: lead.email,
        sessions: lead.session_ids,
        count: lead.conversation_count,
        first_session: lead.session_id,
        first_message: lead.first_message,
        source: lead.source,
        created: lead.created_at.millis(),
        last_contact: lead.last_contact.millis(),
        alternates: lead.alternate_emails.into_iter().collect(),
        status: lead.status.as_str().to_owned(),
        requirements: lead.requirements,
    }
}
