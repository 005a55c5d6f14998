//! What is kept, behind one trait with two implementations and one conformance suite.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use bson::oid::ObjectId;
use porchlight_protocol::capture::Mode;
use porchlight_protocol::ids::{AdminId, MessageId, SessionId, SessionToken, SiteKey};
use porchlight_protocol::time::Timestamp;
use porchlight_protocol::widget::WidgetSettings;

use crate::analytics::LeadFact;
use crate::assistant::OwnModel;
use serde::Serialize;
use utoipa::ToSchema;

use crate::conversation::{DrawnOut, Incoming, Message};
use crate::keys::Secret;
use crate::knowledge::{Document, DocumentHead};
use crate::leads::{
    By, ImportOutcome, ImportRow, LeadEdit, LeadEvent, LeadPage, LeadQuery, LeadRecord, PlainFilter,
};
use crate::legacy::{LegacyLead, LegacyQuery};
use crate::live::{Tail, TailError};
use crate::notices::{Due, Notice};

pub mod mongodb;
mod recent;
mod results;
pub mod sqlite;

pub use results::{Given, Results};

/// A business whose credential was checked. Only a store makes one from a key it knows, or a session's token that
/// fits, so that no question about leads or chats can be asked without a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tenant(AdminId);

impl Tenant {
    /// The business of a session whose token is shown.
    pub fn of_session(secret: &Secret, token: &SessionToken, session: &SessionId) -> Option<Self> {
        secret.business_of(token, session).map(Self)
    }

    /// The business's id.
    pub fn admin_id(&self) -> &AdminId {
        &self.0
    }
}

/// What a site key stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// The key itself.
    pub key: SiteKey,
    /// Whose site it is.
    pub tenant: Tenant,
    /// Origins that may use the key; empty allows all.
    pub allowed_origins: Vec<String>,
    /// What the widget looks like.
    pub widget: WidgetSettings,
    /// What the business has set of the language model that answers.
    pub model: OwnModel,
}

/// A business with its credentials, all secrets hashed.
#[derive(Clone, Debug, PartialEq)]
pub struct Admin {
    /// The tenant.
    pub id: AdminId,
    /// The business's name.
    pub name: String,
    /// Where the business reads its mail; unique.
    pub email: String,
    /// PHC string of the dashboard's password.
    pub password_hash: String,
    /// The public key of its pages; unique.
    pub site_key: SiteKey,
    /// Origins that may use the site key; empty allows all.
    pub allowed_origins: Vec<String>,
    /// What the widget looks like.
    pub widget: WidgetSettings,
    /// When it was set up.
    pub created_at: Timestamp,
}

/// An API key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// `key_` and a ULID.
    pub id: String,
    /// Whose key.
    pub admin_id: AdminId,
    /// Keyed hash of the key.
    pub hash: KeyHash,
    /// The key's first characters, to tell keys apart.
    pub prefix: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is no longer good.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub used_at: Option<Timestamp>,
}

/// Who shows a good API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHolder {
    /// The business.
    pub tenant: Tenant,
    /// The key's id.
    pub key_id: String,
}

/// What is known of the leads of one UTC day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Days since 1970.
    pub day: i64,
    /// Grows with every change of one of the day's leads.
    pub marks: i64,
    /// The marks that were there when the day's rollup was made; others mean that it is out of date.
    pub counted: i64,
}

/// A day's rollup as text, and the marks that it was made at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRollup {
    /// The day and what it is worth.
    pub day: Day,
    /// What [`crate::analytics`] wrote.
    pub text: String,
}

/// Hash of an API key, hex.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyHash(pub String);

/// What became of an incoming message.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The message as it is kept.
    pub message: Message,
    /// Whether it had been kept before.
    pub duplicate: bool,
    /// The address its session has now.
    pub session_email: Option<String>,
    /// What was answered to it.
    pub reply: Option<Message>,
    /// Who answers in its session; a person's session gets no answer of the assistant.
    pub mode: Mode,
}

impl Kept {
    /// Whether an answer of the assistant is still to be made for it.
    pub fn owes_reply(&self) -> bool {
        self.message.owed && self.reply.is_none() && self.mode == Mode::Assistant
    }
}

/// Why an incoming message was not kept.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// Its id is taken by another text of the session.
    #[error("the message id was used with another text")]
    Reused,
    /// An agent's, and there is no such session; or an answer, and its question is gone.
    #[error("there is no such session")]
    Nowhere,
    /// An answer of the assistant, and a person has the session.
    #[error("a person has the session")]
    Silenced,
    /// The store could not make it durable.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a store could not do. Clones, since one failure can meet a whole batch.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached or is out of a resource: the same may go well later.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// What it holds cannot be read, or something unexpected happened.
    #[error("the store failed: {0}")]
    Failed(String),
    /// A unique value is taken already.
    #[error("{0} is taken already")]
    Taken(&'static str),
}

impl StoreError {
    /// The kind of failure, without any value of the data.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "unavailable",
            Self::Failed(_) => "failed",
            Self::Taken(_) => "taken",
        }
    }
}

/// How many tokens may be spent on language models; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenBudget {
    /// By one business on one UTC day.
    pub business_day: u64,
    /// By one session in all.
    pub session: u64,
}

/// Tokens that are set aside before a model is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Who pays.
    pub tenant: Tenant,
    /// In which conversation.
    pub session: SessionId,
    /// Days since 1970.
    pub day: i64,
    /// How many.
    pub tokens: u64,
}

/// What became of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// They are set aside.
    Granted,
    /// The business's day does not have so many left.
    BusinessSpent,
    /// The session does not have so many left.
    SessionSpent,
}

/// What became of an edit.
#[derive(Clone, Debug, PartialEq)]
pub enum Edited {
    /// The lead as it is now, changed or not.
    Done(Box<LeadRecord>),
    /// The lead is not the one that the caller had read.
    Stale,
    /// No such lead of this business.
    Missing,
}

/// What an erasure removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Erased {
    /// Messages of all roles.
    pub messages: u64,
    /// Conversations.
    pub sessions: u64,
    /// Entries of the lead's history.
    pub events: u64,
}

/// What a look into the store found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether it is as it should be.
    pub good: bool,
    /// What was looked at.
    pub text: String,
}

impl Finding {
    /// There should be none of these.
    fn none(count: i64, what: &str) -> Self {
        match count {
            0 => Self { good: true, text: format!("no {what}") },
            count => Self { good: false, text: format!("{count} {what}") },
        }
    }

    /// Any number is good.
    fn told(count: i64, what: &str) -> Self {
        Self { good: true, text: format!("{count} {what}") }
    }
}

/// What stands in `tombstones` for an erased message: enough to know a repetition, nothing to read.
fn tombstone(admin: &str, session: &str, message: &str) -> String {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest([admin, session, message].join("\0"));
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the server keeps. Writes return once they are durable: SQLite in WAL mode with `synchronous=FULL`, MongoDB
/// with `w: majority, j: true`. Times are whole milliseconds.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Adds a business; [`StoreError::Taken`] when its id, address or site key is there already.
    async fn create_admin(&self, admin: Admin) -> Result<(), StoreError>;
    /// All businesses, oldest first.
    async fn admins(&self) -> Result<Vec<Admin>, StoreError>;
    /// Adds an API key; `false` when there is no such business.
    async fn create_key(&self, key: KeyRecord) -> Result<bool, StoreError>;
    /// The keys of a business, oldest first, revoked ones too.
    async fn keys(&self, admin: &AdminId) -> Result<Vec<KeyRecord>, StoreError>;
    /// Ends a key; `false` when there is none of this id. Ending it again changes nothing.
    async fn revoke_key(&self, id: &str, now: Timestamp) -> Result<bool, StoreError>;
    /// What a site key stands for.
    async fn site(&self, key: &SiteKey) -> Result<Option<Site>, StoreError>;
    /// The site of a business.
    async fn site_of(&self, tenant: &Tenant) -> Result<Option<Site>, StoreError>;
    /// Puts a site's settings in place of those that were read; `false`, and nothing, when they are others by now.
    async fn replace_site(&self, read: &Site, wanted: &Site) -> Result<bool, StoreError>;
    /// Sets what a business has of its own of the model that answers; `false` when there is no such business.
    async fn set_model(&self, tenant: &Tenant, model: &OwnModel) -> Result<bool, StoreError>;
    /// Sets tokens aside where both budgets have them, exactly also when several processes ask at once. They count as
    /// spent until they are settled, and where that never happens for good.
    async fn reserve_tokens(&self, wanted: &Reservation, budget: TokenBudget)
    -> Result<Reserved, StoreError>;
    /// Puts what was really used in place of what was set aside.
    async fn settle_tokens(&self, reserved: &Reservation, used: u64) -> Result<(), StoreError>;
    /// Whose key has this hash; `None` for unknown and revoked ones.
    async fn key_holder(&self, hash: &KeyHash) -> Result<Option<KeyHolder>, StoreError>;
    /// Records that a key was used.
    async fn key_used(&self, id: &str, at: Timestamp) -> Result<(), StoreError>;
    /// The installation's secret of 32 bytes, made on first use.
    async fn secret(&self) -> Result<[u8; 32], StoreError>;

    /// Keeps a batch of messages and does all that follows from them; gives one result a message, each as soon as
    /// that message and what follows from it is durable. Within a batch the earlier one arrived first. Several processes
    /// may do this at once on one database.
    async fn capture_each(&self, batch: Vec<Incoming>, results: Results);
    /// The same for who wants all results at the end, in the order of the messages.
    async fn capture(&self, batch: Vec<Incoming>) -> Vec<Result<Kept, CaptureError>> {
        let lost = || Err(StoreError::Failed("the batch ended without a result".to_owned()).into());
        let mut all: Vec<_> = batch.iter().map(|_| lost()).collect();
        let (results, mut given) = Results::new(batch.len(), None);
        self.capture_each(batch, results).await;
        while let Ok((index, result)) = given.try_recv() {
            all[index] = result;
        }
        all
    }
    /// How many batches of one process may be under way at once with profit, not counting those whose [`Results`] have
    /// let the next one come.
    fn commits_at_once(&self) -> usize {
        1
    }
    /// How long captures that have come together wait for more of them, a few milliseconds at most: where a large batch
    /// costs little more than a small one.
    fn gathers_for(&self) -> Duration {
        Duration::ZERO
    }
    /// Finishes what a crash left half-done in messages that arrived before `before`; returns how many sessions it
    /// went through. Never does twice what was done.
    async fn finish_pending(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// A session's messages as [`crate::conversation::sort_for_reading`] sorts them; empty when there is none.
    async fn session(&self, tenant: &Tenant, session: &SessionId) -> Result<Vec<Message>, StoreError>;
    /// Keeps what a model has drawn out of a session at the visitor's message that was the newest then, and brings tag
    /// and leads to what follows. `false`, and nothing, where one of as many messages or more stands there already, or
    /// the message is gone.
    async fn keep_drawn_out(
        &self,
        tenant: &Tenant,
        session: &SessionId,
        newest: &MessageId,
        drawn: &DrawnOut,
        at: Timestamp,
    ) -> Result<bool, StoreError>;
    /// The messages of the sessions that a lead is linked to, sessions by their first message, each sorted for
    /// reading; `None` when there is no such lead.
    async fn sessions_of_lead(
        &self,
        tenant: &Tenant,
        lead: &str,
    ) -> Result<Option<Vec<Vec<Message>>>, StoreError>;

    /// Who answers in these sessions, whether or not there are such.
    async fn modes(&self, tenant: &Tenant, sessions: &[String]) -> Result<HashMap<String, Mode>, StoreError>;
    /// Hands a session over to a person or back; `false` when there is no such session. Captures that begin after this
    /// has returned see it.
    async fn hand_over(
        &self,
        tenant: &Tenant,
        session: &SessionId,
        mode: Mode,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// The place of now: what was durable before is at or before it, what becomes durable later lies behind it.
    async fn place(&self) -> Result<i64, TailError>;
    /// The events behind a place, or those of the last while; with the place that they begin behind, before which
    /// nothing is known.
    async fn tail(&self, after: Option<i64>) -> Result<(i64, Box<dyn Tail>), TailError>;

    /// One lead; `id` may be any text.
    async fn lead(&self, tenant: &Tenant, id: &str) -> Result<Option<LeadRecord>, StoreError>;
    /// How many leads meet a filter.
    async fn count_leads(&self, tenant: &Tenant, filter: &PlainFilter) -> Result<u64, StoreError>;
    /// One page of leads.
    async fn leads(&self, tenant: &Tenant, query: &LeadQuery<PlainFilter>) -> Result<LeadPage, StoreError>;
    /// The leads with these ids, as far as there are any, in no order.
    async fn leads_by_ids(&self, tenant: &Tenant, ids: &[ObjectId]) -> Result<Vec<LeadRecord>, StoreError>;
    /// The ids of the leads created in `from..to` with their versions, in no order.
    async fn lead_versions(
        &self,
        tenant: &Tenant,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(ObjectId, i64)>, StoreError>;
    /// A person's edit, with its entry in the lead's history; `if_match` is an `ETag` the lead must still have.
    async fn edit_lead(
        &self,
        tenant: &Tenant,
        id: &str,
        edit: &LeadEdit,
        if_match: Option<&str>,
        by: &By,
    ) -> Result<Edited, StoreError>;
    /// Takes rows of a spreadsheet in, each with an address of its own: all of them or, on failure, none. Returns what
    /// became of each; with `dry_run` what would, and changes nothing.
    async fn import_leads(
        &self,
        tenant: &Tenant,
        rows: &[ImportRow],
        by: &By,
        dry_run: bool,
    ) -> Result<Vec<ImportOutcome>, StoreError>;
    /// A lead's history below a version (none: from the newest), newest first, at most `limit` entries; `None` when
    /// there is no such lead.
    async fn lead_events(
        &self,
        tenant: &Tenant,
        id: &str,
        below: Option<i64>,
        limit: u32,
    ) -> Result<Option<Vec<LeadEvent>>, StoreError>;
    /// Removes a lead; its chats stay. `false` when there is none.
    async fn delete_lead(&self, tenant: &Tenant, id: &str, by: &By) -> Result<bool, StoreError>;
    /// Removes a lead with its sessions, their messages and its history; `None` when there is none. Replays of the
    /// erased messages are answered as duplicates from then on and change nothing.
    async fn erase_lead(&self, tenant: &Tenant, id: &str, by: &By) -> Result<Option<Erased>, StoreError>;
    /// Removes a session for its visitor; returns how many messages it had, whoever wrote them. Leads are brought to
    /// what follows from the sessions that they still have; one that has none left, and that no person has made or
    /// changed, goes with its history. What is left of a history says nothing of conversations. Replays are answered
    /// as after [`Store::erase_lead`].
    async fn delete_session(&self, tenant: &Tenant, session: &SessionId, by: &By) -> Result<u64, StoreError>;

    /// What analytics needs of the leads created in `from..to`, in no order.
    async fn lead_facts(
        &self,
        tenant: &Tenant,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<LeadFact>, StoreError>;
    /// The days on which leads came to be, oldest first. A day is marked after every change of one of its leads, so
    /// that a rollup made at its newest marks is true.
    async fn days(&self, tenant: &Tenant) -> Result<Vec<Day>, StoreError>;
    /// The rollups of these days, as far as there are any.
    async fn rollups(&self, tenant: &Tenant, days: &[i64]) -> Result<Vec<KeptRollup>, StoreError>;
    /// Keeps a day's rollup in place of older ones.
    async fn keep_rollup(&self, tenant: &Tenant, rollup: &KeptRollup) -> Result<(), StoreError>;
    /// Some days of any business whose rollup is out of date.
    async fn stale_days(&self, limit: u32) -> Result<Vec<(Tenant, i64)>, StoreError>;

    /// A page of the addresses that chats carry, with all their messages whoever wrote them, and how many addresses
    /// there are.
    async fn legacy_leads(
        &self,
        tenant: &Tenant,
        query: &LegacyQuery,
    ) -> Result<(Vec<LegacyLead>, u64), StoreError>;
    /// All addresses that chats carry, as they carry them.
    async fn legacy_addresses(&self, tenant: &Tenant) -> Result<Vec<String>, StoreError>;
    /// Removes the messages that carry an address in one of its spellings; returns how many. Repetitions do not bring
    /// them back. The leads stay, without the sessions that linked them.
    async fn delete_messages_of(
        &self,
        tenant: &Tenant,
        spellings: &[String],
        by: &By,
    ) -> Result<u64, StoreError>;
    /// The sessions with messages from before this system that have not been migrated, by their first message.
    async fn old_sessions(&self, tenant: &Tenant) -> Result<Vec<String>, StoreError>;
    /// Makes the leads of old sessions, in this order, and adds what their messages lack. Doing it again changes
    /// nothing.
    async fn migrate(&self, tenant: &Tenant, sessions: &[String], by: &By) -> Result<(), StoreError>;

    /// Takes or keeps the right to send notices until then; `false` while another process has it.
    async fn lease_notices(&self, holder: &str, now: Timestamp, until: Timestamp)
    -> Result<bool, StoreError>;
    /// Notes what businesses are to be told of since the last time: leads that visitors made, and, where asked for,
    /// sessions whose newest message is older than that and has no answer. The first time only notes where to begin.
    async fn gather_notices(
        &self,
        now: Timestamp,
        unanswered_before: Option<Timestamp>,
    ) -> Result<(), StoreError>;
    /// The businesses whose notices are due, with their oldest ones.
    async fn due_notices(&self, now: Timestamp) -> Result<Vec<Due>, StoreError>;
    /// These were told; what else there is for the business waits until `again`.
    async fn notices_told(
        &self,
        tenant: &Tenant,
        told: &[Notice],
        again: Timestamp,
    ) -> Result<(), StoreError>;
    /// They could not be told; they wait until then.
    async fn postpone_notices(&self, tenant: &Tenant, until: Timestamp) -> Result<(), StoreError>;

    /// Keeps a document in place of the one of its name, when that was first kept stays; the very same changes nothing.
    /// `None` when the business has no room for it.
    async fn keep_document(
        &self,
        tenant: &Tenant,
        document: &Document,
    ) -> Result<Option<DocumentHead>, StoreError>;
    /// The documents of a business without their texts, oldest first.
    async fn document_heads(&self, tenant: &Tenant) -> Result<Vec<DocumentHead>, StoreError>;
    /// Those of the documents that there are, in no order.
    async fn documents(&self, tenant: &Tenant, ids: &[String]) -> Result<Vec<Document>, StoreError>;
    /// Removes a document; `false` when there is none.
    async fn remove_document(&self, tenant: &Tenant, id: &str) -> Result<bool, StoreError>;

    /// Writes everything into a new file, in one consistent state, while the store is in use.
    async fn backup(&self, to: &Path) -> Result<(), StoreError>;
    /// Fills an empty store from a file of its own kind.
    async fn restore(&self, from: &Path) -> Result<(), StoreError>;
    /// Looks for what should not be.
    async fn inspect(&self) -> Result<Vec<Finding>, StoreError>;
    /// Whether the store answers.
    async fn ping(&self) -> Result<(), StoreError>;
}
