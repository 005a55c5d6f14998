//! The embedded store: one SQLite file, one writer, WAL with `synchronous=FULL`.
//!
//! A batch of captures is one transaction, so nothing is ever half-done here. All work happens on blocking threads
//! and is finished there, also when the caller has gone away.

mod admins;
mod capture;
mod care;
mod days;
mod erase;
mod handovers;
mod happened;
mod import;
mod knowledge;
mod leads;
mod legacy;
mod list;
mod memory;
mod notices;
mod rows;
mod tokens;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bson::oid::ObjectId;
use porchlight_protocol::capture::Mode;
use porchlight_protocol::ids::{AdminId, MessageId, SessionId, SiteKey};
use porchlight_protocol::time::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use tokio::sync::watch;

use super::{
    Admin, Day, Edited, Erased, Finding, KeptRollup, KeyHash, KeyHolder, KeyRecord, Reservation, Reserved,
    Results, Site, Store, StoreError, Tenant, TokenBudget,
};
use crate::analytics::LeadFact;
use crate::assistant::OwnModel;
use crate::conversation::{DrawnOut, Incoming, Message};
use crate::knowledge::{Document, DocumentHead};
use crate::leads::history::VISITOR;
use crate::leads::{
    By, ImportOutcome, ImportRow, LeadEdit, LeadEvent, LeadPage, LeadQuery, LeadRecord, PlainFilter,
};
use crate::legacy::{LegacyLead, LegacyQuery};
use crate::live::{Tail, TailError};
use crate::notices::{Due, Notice};
use memory::Memory;

/// The schema's steps; a file's `user_version` says how many it has taken.
const MIGRATIONS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("events.sql"),
    include_str!("assistant.sql"),
    include_str!("knowledge.sql"),
];

/// How long a connection waits for another process that holds the file.
const BUSY: Duration = Duration::from_secs(5);

/// How often it looks meanwhile.
const BUSY_STEP: Duration = Duration::from_millis(2);

/// How long after an erasure the log is tried again that somebody was reading.
const READERS_LEAVE: [Duration; 6] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_secs(2),
    Duration::from_secs(7),
    Duration::from_secs(20),
    Duration::from_secs(30),
];

/// Most read connections that are kept open.
const IDLE_READERS: usize = 8;

/// A store in one file.
pub struct SqliteStore {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    writer: Mutex<Writer>,
    readers: Mutex<Vec<Connection>>,
    /// Told after every commit.
    changed: watch::Sender<()>,
}

/// The only connection that writes, and what it knows without reading.
struct Writer {
    connection: Connection,
    memory: Memory,
}

impl SqliteStore {
    /// Opens the file, or makes it, with its tables and indexes.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut writer = Connection::open(path).map_err(failure)?;
        configure(&mut writer).map_err(failure)?;
        writer.pragma_update(None, "journal_mode", "WAL").map_err(failure)?;
        writer.pragma_update(None, "synchronous", "FULL").map_err(failure)?;
        // What is erased must not linger in the file.
        writer.pragma_update(None, "secure_delete", "ON").map_err(failure)?;
        migrate(&mut writer).map_err(failure)?;
        let writer = Mutex::new(Writer { connection: writer, memory: Memory::default() });
        let shared = Shared {
            path: path.to_owned(),
            writer,
            readers: Mutex::new(Vec::new()),
            changed: watch::Sender::new(()),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Runs work in one transaction of the only writer.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || {
            let mut writer = shared.writer.lock().unwrap_or_else(PoisonError::into_inner);
            writer.memory.clear();
            let transaction = begin(&mut writer.connection)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            shared.changed.send_replace(());
            Ok(done)
        })
        .await
    }

    /// The same for work after which what it removed must be nowhere in the files. Where a reader holds on to it, it goes
    /// soon after.
    async fn erase<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        let done = self.write(work).await?;
        if !empty_log(&self.shared).await? {
            let shared = Arc::clone(&self.shared);
            tokio::spawn(async move {
                for pause in READERS_LEAVE {
                    tokio::time::sleep(pause).await;
                    if !matches!(empty_log(&shared).await, Ok(false)) {
                        return;
                    }
                }
                tracing::warn!("erased rows stay in the write-ahead log until readers let go of it");
            });
        }
        Ok(done)
    }

    /// The same for work that touches no message, so that what is remembered of sessions stays true.
    async fn write_beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || {
            let mut writer = shared.writer.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction = begin(&mut writer.connection)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
        .await
    }

    /// Keeps a batch of captures in one transaction of the only writer.
    async fn keep(&self, batch: Vec<Incoming>) -> Result<capture::Results, StoreError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || {
            let mut writer = shared.writer.lock().unwrap_or_else(PoisonError::into_inner);
            let Writer { connection, memory } = &mut *writer;
            let transaction = begin(connection)?;
            let (results, sessions) = capture::batch(&transaction, memory, &batch)?;
            transaction.commit()?;
            sessions.into_iter().for_each(|(key, messages)| memory.put(key, messages));
            shared.changed.send_replace(());
            Ok(results)
        })
        .await
    }

    /// Runs work on a connection that only reads.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || read(&shared, work)).await
    }
}

/// Moves the write-ahead log into the file and cuts it to nothing; `false` where somebody still reads from it.
async fn empty_log(shared: &Arc<Shared>) -> Result<bool, StoreError> {
    let shared = Arc::clone(shared);
    blocking(move || {
        let mut writer = shared.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = &mut writer.connection;
        // Captures wait for the writer: nobody waits for readers here.
        connection.busy_timeout(Duration::ZERO)?;
        let busy: Result<bool, _> =
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        connection.busy_handler(Some(wait))?;
        busy.map(|busy| !busy)
    })
    .await
}

/// Runs work on a connection that only reads, on this thread.
fn read<T>(
    shared: &Shared,
    work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
) -> Result<T, rusqlite::Error> {
    let idle = shared.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut reader = idle.map_or_else(|| open_reader(&shared.path), Ok)?;
    // One snapshot for all statements of one answer.
    let transaction = reader.transaction()?;
    let done = work(&transaction);
    drop(transaction);
    let mut readers = shared.readers.lock().unwrap_or_else(PoisonError::into_inner);
    if readers.len() < IDLE_READERS {
        readers.push(reader);
    }
    done
}

fn open_reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    let mut reader = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    configure(&mut reader)?;
    reader.pragma_update(None, "query_only", "ON")?;
    Ok(reader)
}

fn configure(connection: &mut Connection) -> Result<(), rusqlite::Error> {
    connection.busy_handler(Some(wait))?;
    connection.set_prepared_statement_cache_capacity(64);
    // Plans must not depend on the values: a statement would be compiled again for each of them.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Waits for another process in steps so short that one which writes without end still lets others in.
fn wait(times: i32) -> bool {
    std::thread::sleep(BUSY_STEP);
    BUSY_STEP * times.unsigned_abs() < BUSY
}

fn migrate(writer: &mut Connection) -> Result<(), rusqlite::Error> {
    let transaction = begin(writer)?;
    let taken: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for step in MIGRATIONS.iter().skip(taken as usize) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as u32)?;
    transaction.commit()
}

fn begin(connection: &mut Connection) -> Result<Transaction<'_>, rusqlite::Error> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, rusqlite::Error> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(failure),
        Err(error) => Err(StoreError::Failed(error.to_string())),
    }
}

fn failure(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::OutOfMemory
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen,
        ) => StoreError::Unavailable(error.to_string()),
        _ => StoreError::Failed(error.to_string()),
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn create_admin(&self, admin: Admin) -> Result<(), StoreError> {
        self.write(move |t| admins::create(t, &admin))
            .await?
            .map_or(Ok(()), |taken| Err(StoreError::Taken(taken)))
    }

    async fn admins(&self) -> Result<Vec<Admin>, StoreError> {
        self.read(admins::all).await
    }

    async fn create_key(&self, key: KeyRecord) -> Result<bool, StoreError> {
        self.write(move |t| admins::create_key(t, &key)).await
    }

    async fn keys(&self, admin: &AdminId) -> Result<Vec<KeyRecord>, StoreError> {
        let admin = admin.clone();
        self.read(move |c| admins::keys(c, &admin)).await
    }

    async fn revoke_key(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(move |t| admins::revoke_key(t, &id, now)).await
    }

    async fn site(&self, key: &SiteKey) -> Result<Option<Site>, StoreError> {
        let key = key.clone();
        self.read(move |c| admins::site(c, &key)).await
    }

    async fn site_of(&self, tenant: &Tenant) -> Result<Option<Site>, StoreError> {
        let admin = tenant.admin_id().clone();
        self.read(move |c| admins::site_of(c, &admin)).await
    }

    async fn replace_site(&self, read: &Site, wanted: &Site) -> Result<bool, StoreError> {
        let (read, wanted) = (read.clone(), wanted.clone());
        self.write(move |t| admins::replace_site(t, &read, &wanted)).await
    }

    async fn set_model(&self, tenant: &Tenant, model: &OwnModel) -> Result<bool, StoreError> {
        let (admin, model) = (tenant.admin_id().clone(), model.clone());
        self.write_beside(move |t| admins::set_model(t, &admin, &model)).await
    }

    async fn reserve_tokens(
        &self,
        wanted: &Reservation,
        budget: TokenBudget,
    ) -> Result<Reserved, StoreError> {
        let wanted = wanted.clone();
        self.write_beside(move |t| tokens::reserve(t, &wanted, budget)).await
    }

    async fn settle_tokens(&self, reserved: &Reservation, used: u64) -> Result<(), StoreError> {
        let reserved = reserved.clone();
        self.write_beside(move |t| tokens::settle(t, &reserved, used)).await
    }

    async fn key_holder(&self, hash: &KeyHash) -> Result<Option<KeyHolder>, StoreError> {
        let hash = hash.clone();
        self.read(move |c| admins::key_holder(c, &hash)).await
    }

    async fn key_used(&self, id: &str, at: Timestamp) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write(move |t| admins::key_used(t, &id, at)).await
    }

    async fn secret(&self) -> Result<[u8; 32], StoreError> {
        self.write(admins::secret).await
    }

    async fn capture_each(&self, batch: Vec<Incoming>, mut results: Results) {
        match self.keep(batch).await {
            Ok(all) => results.give_all(all),
            Err(error) => results.fail(&error),
        }
    }

    async fn finish_pending(&self, _before: Timestamp) -> Result<u64, StoreError> {
        // A batch is one transaction: what is kept is finished.
        Ok(0)
    }

    async fn session(&self, tenant: &Tenant, session: &SessionId) -> Result<Vec<Message>, StoreError> {
        let (admin, session) = (tenant.admin_id().clone(), session.clone());
        self.read(move |c| capture::session(c, admin.as_str(), session.as_str())).await
    }

    async fn keep_drawn_out(
        &self,
        tenant: &Tenant,
        session: &SessionId,
        newest: &MessageId,
        drawn: &DrawnOut,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let (admin, session, newest) = (tenant.admin_id().clone(), session.clone(), newest.clone());
        let (drawn, by) = (drawn.clone(), By::new(VISITOR, at));
        self.write(move |t| capture::draw_out(t, &admin, (session.as_str(), newest.as_str()), &drawn, &by))
            .await
    }

    async fn sessions_of_lead(
        &self,
        tenant: &Tenant,
        lead: &str,
    ) -> Result<Option<Vec<Vec<Message>>>, StoreError> {
        let (admin, lead) = (tenant.admin_id().clone(), lead.to_owned());
        self.read(move |c| leads::sessions(c, admin.as_str(), &lead)).await
    }

    async fn modes(&self, tenant: &Tenant, sessions: &[String]) -> Result<HashMap<String, Mode>, StoreError> {
        let (admin, sessions) = (tenant.admin_id().clone(), sessions.to_owned());
        self.read(move |c| handovers::modes(c, admin.as_str(), &sessions)).await
    }

    async fn hand_over(
        &self,
        tenant: &Tenant,
        session: &SessionId,
        mode: Mode,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let (admin, session) = (tenant.admin_id().clone(), session.clone());
        self.write(move |t| handovers::hand_over(t, admin.as_str(), session.as_str(), mode, at)).await
    }

    async fn place(&self) -> Result<i64, TailError> {
        Ok(self.read(happened::place).await?)
    }

    async fn tail(&self, after: Option<i64>) -> Result<(i64, Box<dyn Tail>), TailError> {
        let start = self.read(move |c| happened::start(c, after)).await?;
        let (number, place) = start.ok_or(TailError::Lost)?;
        Ok((place, Box::new(happened::Reader::new(Arc::clone(&self.shared), number))))
    }

    async fn lead(&self, tenant: &Tenant, id: &str) -> Result<Option<LeadRecord>, StoreError> {
        let (admin, id) = (tenant.admin_id().clone(), id.to_owned());
        self.read(move |c| leads::by_id(c, admin.as_str(), &id)).await
    }

    async fn count_leads(&self, tenant: &Tenant, filter: &PlainFilter) -> Result<u64, StoreError> {
        let (admin, filter) = (tenant.admin_id().clone(), filter.clone());
        self.read(move |c| list::count(c, admin.as_str(), &filter)).await
    }

    async fn leads(&self, tenant: &Tenant, query: &LeadQuery<PlainFilter>) -> Result<LeadPage, StoreError> {
        let (admin, query) = (tenant.admin_id().clone(), query.clone());
        self.read(move |c| list::page(c, admin.as_str(), &query)).await
    }

    async fn leads_by_ids(&self, tenant: &Tenant, ids: &[ObjectId]) -> Result<Vec<LeadRecord>, StoreError> {
        let (admin, ids) = (tenant.admin_id().clone(), ids.to_owned());
        self.read(move |c| list::by_ids(c, admin.as_str(), &ids)).await
    }

    async fn lead_versions(
        &self,
        tenant: &Tenant,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(ObjectId, i64)>, StoreError> {
        let admin = tenant.admin_id().clone();
        self.read(move |c| list::versions(c, admin.as_str(), from, to)).await
    }

    async fn edit_lead(
        &self,
        tenant: &Tenant,
        id: &str,
        edit: &LeadEdit,
        if_match: Option<&str>,
        by: &By,
    ) -> Result<Edited, StoreError> {
        let (admin, id, edit, by) = (tenant.admin_id().clone(), id.to_owned(), edit.clone(), by.clone());
        let if_match = if_match.map(str::to_owned);
        self.write(move |t| leads::edit(t, admin.as_str(), &id, &edit, if_match.as_deref(), &by)).await
    }

    async fn import_leads(
        &self,
        tenant: &Tenant,
        rows: &[ImportRow],
        by: &By,
        dry_run: bool,
    ) -> Result<Vec<ImportOutcome>, StoreError> {
        let (admin, rows, by) = (tenant.admin_id().clone(), rows.to_owned(), by.clone());
        self.write(move |t| import::leads(t, &admin, &rows, &by, dry_run)).await
    }

    async fn lead_events(
        &self,
        tenant: &Tenant,
        id: &str,
        below: Option<i64>,
        limit: u32,
    ) -> Result<Option<Vec<LeadEvent>>, StoreError> {
        let (admin, id) = (tenant.admin_id().clone(), id.to_owned());
        self.read(move |c| leads::events(c, admin.as_str(), &id, below, limit)).await
    }

    async fn delete_lead(&self, tenant: &Tenant, id: &str, by: &By) -> Result<bool, StoreError> {
        let (admin, id, by) = (tenant.admin_id().clone(), id.to_owned(), by.clone());
        self.write(move |t| leads::delete(t, admin.as_str(), &id, &by)).await
    }

    async fn erase_lead(&self, tenant: &Tenant, id: &str, by: &By) -> Result<Option<Erased>, StoreError> {
        let (admin, id, by) = (tenant.admin_id().clone(), id.to_owned(), by.clone());
        self.erase(move |t| erase::lead(t, admin.as_str(), &id, &by)).await
    }

    async fn delete_session(&self, tenant: &Tenant, session: &SessionId, by: &By) -> Result<u64, StoreError> {
        let (admin, session, by) = (tenant.admin_id().clone(), session.clone(), by.clone());
        self.erase(move |t| erase::session(t, admin.as_str(), session.as_str(), &by)).await
    }

    async fn lead_facts(
        &self,
        tenant: &Tenant,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<LeadFact>, StoreError> {
        let admin = tenant.admin_id().clone();
        self.read(move |c| days::facts(c, admin.as_str(), from, to)).await
    }

    async fn days(&self, tenant: &Tenant) -> Result<Vec<Day>, StoreError> {
        let admin = tenant.admin_id().clone();
        self.read(move |c| days::days(c, admin.as_str())).await
    }

    async fn rollups(&self, tenant: &Tenant, days: &[i64]) -> Result<Vec<KeptRollup>, StoreError> {
        let (admin, days) = (tenant.admin_id().clone(), days.to_owned());
        self.read(move |c| days::rollups(c, admin.as_str(), &days)).await
    }

    async fn keep_rollup(&self, tenant: &Tenant, rollup: &KeptRollup) -> Result<(), StoreError> {
        let (admin, rollup) = (tenant.admin_id().clone(), rollup.clone());
        self.write(move |t| days::keep(t, admin.as_str(), &rollup)).await
    }

    async fn stale_days(&self, limit: u32) -> Result<Vec<(Tenant, i64)>, StoreError> {
        self.read(move |c| days::stale(c, limit)).await
    }

    async fn legacy_leads(
        &self,
        tenant: &Tenant,
        query: &LegacyQuery,
    ) -> Result<(Vec<LegacyLead>, u64), StoreError> {
        let (admin, query) = (tenant.admin_id().clone(), query.clone());
        self.read(move |c| legacy::leads(c, admin.as_str(), &query)).await
    }

    async fn legacy_addresses(&self, tenant: &Tenant) -> Result<Vec<String>, StoreError> {
        let admin = tenant.admin_id().clone();
        self.read(move |c| legacy::addresses(c, admin.as_str())).await
    }

    async fn delete_messages_of(
        &self,
        tenant: &Tenant,
        spellings: &[String],
        by: &By,
    ) -> Result<u64, StoreError> {
        let (admin, spellings, by) = (tenant.admin_id().clone(), spellings.to_owned(), by.clone());
        self.erase(move |t| erase::messages_of(t, admin.as_str(), &spellings, &by)).await
    }

    async fn old_sessions(&self, tenant: &Tenant) -> Result<Vec<String>, StoreError> {
        let admin = tenant.admin_id().clone();
        self.read(move |c| legacy::old_sessions(c, admin.as_str())).await
    }

    async fn migrate(&self, tenant: &Tenant, sessions: &[String], by: &By) -> Result<(), StoreError> {
        let (admin, sessions, by) = (tenant.admin_id().clone(), sessions.to_owned(), by.clone());
        self.write(move |t| legacy::migrate(t, &admin, &sessions, &by)).await
    }

    async fn lease_notices(&self, _: &str, _: Timestamp, _: Timestamp) -> Result<bool, StoreError> {
        // A file has one server.
        Ok(true)
    }

    async fn gather_notices(
        &self,
        now: Timestamp,
        unanswered_before: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.write(move |t| notices::gather(t, now, unanswered_before)).await
    }

    async fn due_notices(&self, now: Timestamp) -> Result<Vec<Due>, StoreError> {
        self.read(move |c| notices::due(c, now)).await
    }

    async fn notices_told(
        &self,
        tenant: &Tenant,
        told: &[Notice],
        again: Timestamp,
    ) -> Result<(), StoreError> {
        let (admin, told) = (tenant.admin_id().clone(), told.to_owned());
        self.write(move |t| notices::told(t, admin.as_str(), &told, again)).await
    }

    async fn postpone_notices(&self, tenant: &Tenant, until: Timestamp) -> Result<(), StoreError> {
        let admin = tenant.admin_id().clone();
        self.write(move |t| notices::postpone(t, admin.as_str(), until)).await
    }

    async fn keep_document(
        &self,
        tenant: &Tenant,
        document: &Document,
    ) -> Result<Option<DocumentHead>, StoreError> {
        let (admin, document) = (tenant.admin_id().clone(), document.clone());
        self.write(move |t| knowledge::keep(t, admin.as_str(), &document)).await
    }

    async fn document_heads(&self, tenant: &Tenant) -> Result<Vec<DocumentHead>, StoreError> {
        let admin = tenant.admin_id().clone();
        self.read(move |c| knowledge::heads(c, admin.as_str())).await
    }

    async fn documents(&self, tenant: &Tenant, ids: &[String]) -> Result<Vec<Document>, StoreError> {
        let (admin, ids) = (tenant.admin_id().clone(), ids.to_owned());
        self.read(move |c| knowledge::documents(c, admin.as_str(), &ids)).await
    }

    async fn remove_document(&self, tenant: &Tenant, id: &str) -> Result<bool, StoreError> {
        let (admin, id) = (tenant.admin_id().clone(), id.to_owned());
        self.write(move |t| knowledge::remove(t, admin.as_str(), &id)).await
    }

    async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let (path, to) = (self.shared.path.clone(), to.to_owned());
        blocking(move || care::backup(&path, &to)).await
    }

    async fn restore(&self, from: &Path) -> Result<(), StoreError> {
        let (shared, from) = (Arc::clone(&self.shared), from.to_owned());
        let restored = blocking(move || {
            let mut writer = shared.writer.lock().unwrap_or_else(PoisonError::into_inner);
            writer.memory.clear();
            care::restore(&mut writer.connection, &from)
        });
        match restored.await? {
            true => Ok(()),
            false => Err(StoreError::Failed("this is no backup of a store on SQLite".to_owned())),
        }
    }

    async fn inspect(&self) -> Result<Vec<Finding>, StoreError> {
        self.read(care::inspect).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.read(|c| c.query_row("SELECT 1", [], |_| Ok(()))).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_durable_and_keeps_its_version() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.db");
        for _ in 0..2 {
            let store = SqliteStore::open(&path).unwrap();
            let writer = store.shared.writer.lock().unwrap();
            let pragma = |name: &str| {
                writer.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap()
            };
            assert_eq!(pragma("synchronous"), 2, "FULL");
            assert_eq!(pragma("user_version"), MIGRATIONS.len() as i64);
            let mode: String =
                writer.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
            assert_eq!(mode, "wal");
        }
    }
}
