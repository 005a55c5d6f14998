//! The file, its one writer and its readers.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use tokio::sync::watch;

use super::capture;
use super::memory::Memory;
use crate::conversation::Incoming;
use crate::store::StoreError;

/// The schema's steps; a file's `user_version` says how many it has taken.
pub(super) const MIGRATIONS: &[&str] = &[
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
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) path: PathBuf,
    pub(super) writer: Mutex<Writer>,
    readers: Mutex<Vec<Connection>>,
    /// Told after every commit.
    pub(super) changed: watch::Sender<()>,
}

/// The only connection that writes, and what it knows without reading.
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) memory: Memory,
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
    pub(super) async fn write<T: Send + 'static>(
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
    pub(super) async fn erase<T: Send + 'static>(
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
    pub(super) async fn write_beside<T: Send + 'static>(
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
    pub(super) async fn keep(&self, batch: Vec<Incoming>) -> Result<capture::Results, StoreError> {
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
    pub(super) async fn read<T: Send + 'static>(
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
pub(super) fn read<T>(
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

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, rusqlite::Error> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(failure),
        Err(error) => Err(StoreError::Failed(error.to_string())),
    }
}

pub(super) fn failure(error: rusqlite::Error) -> StoreError {
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
