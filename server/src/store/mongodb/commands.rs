//! Bulk writes as one command each, and what their answers mean.
//!
//! The driver's own `bulk_write` needs server 8; a command with many statements works on every server.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::raw::{CStr, cstr};
use mongodb::bson::{Bson, Document, RawArrayBuf, RawDocumentBuf, doc, rawdoc};
use mongodb::error::{Error, ErrorKind};
use mongodb::{ClientSession, Database};

use super::Result;

/// A unique index refused a document.
const DUPLICATE_KEY: i32 = 11_000;

/// How a statement can fail for reasons that pass: no primary, shutting down, a conflict, a lost connection.
const PASSING: &[i32] = &[6, 7, 24, 64, 89, 91, 112, 189, 262, 9_001, 10_107, 11_600, 11_602, 13_435, 13_436];

/// Most statements of one command; the server takes 100,000, the size of the message is what counts.
const MOST_STATEMENTS: usize = 500;

/// Durable on a majority, as every answer of the server promises.
fn durable() -> RawDocumentBuf {
    rawdoc! { "w": "majority", "j": true, "wtimeout": 4_000 }
}

/// Applied, and durable with the next write that waits for that.
fn applied() -> RawDocumentBuf {
    rawdoc! { "w": 1 }
}

/// What a command with many statements did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Done {
    /// Documents inserted, or matched by an update.
    pub(super) n: i64,
    /// Statements that a unique index refused.
    pub(super) duplicates: usize,
    /// The election that the primary had won; a server without replicas names none.
    pub(super) election: Option<ObjectId>,
}

/// Work whose writes wait together until they are durable: all but the last are only applied. A replica set has one log, and
/// what stands in it is durable only with everything before it, so that the last write answers for what was written, and for
/// what was read – unless another primary has come in between, who need not have seen it. A primary is known by the election
/// that it has won: where the last write names another than the one at the beginning, the work must be done again.
///
/// A server that names no election, as one without replicas does, waits for each write.
pub(super) struct Together<'s> {
    database: &'s Database,
    election: Option<ObjectId>,
}

impl<'s> Together<'s> {
    /// Begins one try of work that may be done again, before anything is read. `election` is what a write has named right
    /// before, where there was one.
    pub(super) async fn begin(database: &'s Database, election: Option<ObjectId>) -> Result<Self> {
        if election.is_some() {
            return Ok(Self { database, election });
        }
        let hello = database.run_command(doc! { "hello": 1 }).await?;
        Ok(Self { database, election: hello.get_object_id("electionId").ok() })
    }

    fn concern(&self) -> RawDocumentBuf {
        if self.election.is_some() { applied() } else { durable() }
    }

    /// [`insert`], durable with the last write.
    pub(super) async fn insert(&self, collection: &str, documents: &[Document]) -> Result<Done> {
        let (command, documents) = (rawdoc! { "insert": collection }, raw(documents)?);
        bulk(self.database, command, cstr!("documents"), &documents, self.concern()).await
    }

    /// [`update`], durable with the last write.
    pub(super) async fn update(&self, collection: &str, statements: &[Document]) -> Result<Done> {
        let (command, statements) = (rawdoc! { "update": collection }, raw(statements)?);
        bulk(self.database, command, cstr!("updates"), &statements, self.concern()).await
    }

    /// The last write: an [`update`] after which all of them are durable. An error where that is not certain.
    pub(super) async fn finish(&self, collection: &str, statements: &[Document]) -> Result<Done> {
        let done = match statements {
            [] if self.election.is_none() => return Ok(Done::default()),
            [] => settle(self.database).await?,
            _ => update(self.database, collection, statements).await?,
        };
        if done.election == self.election { Ok(done) } else { Err(conflict()) }
    }
}

/// Inserts documents in no order; those that are there already are counted, not an error.
pub(super) async fn insert(database: &Database, collection: &str, documents: &[Document]) -> Result<Done> {
    insert_raw(database, collection, &raw(documents)?).await
}

/// The same for documents that are made in the form in which they are sent.
pub(super) async fn insert_raw(
    database: &Database,
    collection: &str,
    documents: &[RawDocumentBuf],
) -> Result<Done> {
    bulk(database, rawdoc! { "insert": collection }, cstr!("documents"), documents, durable()).await
}

/// Runs update statements in no order.
pub(super) async fn update(database: &Database, collection: &str, statements: &[Document]) -> Result<Done> {
    bulk(database, rawdoc! { "update": collection }, cstr!("updates"), &raw(statements)?, durable()).await
}

/// Runs update statements whose loss would only cause work to be done again.
pub(super) async fn update_lightly(
    database: &Database,
    collection: &str,
    statements: &[Document],
) -> Result<Done> {
    bulk(database, rawdoc! { "update": collection }, cstr!("updates"), &raw(statements)?, applied()).await
}

/// Waits until everything this node has is durable on a majority: a write that finds nothing still waits for it.
pub(super) async fn settle(database: &Database) -> Result<Done> {
    let nothing = doc! { "q": { "_id": "none" }, "u": { "$set": { "none": true } } };
    update(database, "settings", &[nothing]).await
}

fn raw(documents: &[Document]) -> Result<Vec<RawDocumentBuf>> {
    Ok(documents.iter().map(RawDocumentBuf::try_from).collect::<Result<_, _>>()?)
}

async fn bulk(
    database: &Database,
    command: RawDocumentBuf,
    list: &CStr,
    statements: &[RawDocumentBuf],
    concern: RawDocumentBuf,
) -> Result<Done> {
    let mut done = Done::default();
    for chunk in statements.chunks(MOST_STATEMENTS) {
        let mut command = command.clone();
        let mut all = RawArrayBuf::new();
        for statement in chunk {
            all.push(statement);
        }
        command.append(list, all);
        command.append(cstr!("ordered"), false);
        command.append(cstr!("writeConcern"), concern.clone());
        let answer = database.run_raw_command(command).await?;
        let here = read_answer(&answer)?;
        done.n += here.n;
        done.duplicates += here.duplicates;
        done.election = here.election;
    }
    Ok(done)
}

fn read_answer(answer: &Document) -> Result<Done> {
    let mut done = Done {
        n: answer.get_i32("n").unwrap_or_default().into(),
        duplicates: 0,
        election: answer.get_object_id("electionId").ok(),
    };
    for error in answer.get_array("writeErrors").into_iter().flatten() {
        let code = error.as_document().and_then(|error| error.get_i32("code").ok()).unwrap_or_default();
        if code != DUPLICATE_KEY {
            return Err(failed(code));
        }
        done.duplicates += 1;
    }
    if let Some(Bson::Document(error)) = answer.get("writeConcernError") {
        // The write may stand or not: doing it again tells.
        return Err(failed(error.get_i32("code").unwrap_or(64)));
    }
    Ok(done)
}

/// A failed statement, by its code alone: the server's message holds values.
#[derive(Debug)]
pub(super) struct StatementFailed(i32);

/// Somebody else was faster; reading again and trying once more is right.
pub(super) fn conflict() -> Error {
    failed(112)
}

fn failed(code: i32) -> Error {
    Error::custom(StatementFailed(code))
}

/// Whether the same may go well a moment later.
pub(super) fn passes(error: &Error) -> bool {
    match &*error.kind {
        ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } | ErrorKind::ServerSelection { .. } => {
            true
        }
        ErrorKind::Command(command) => PASSING.contains(&command.code),
        ErrorKind::Custom(custom) => custom
            .downcast_ref::<StatementFailed>()
            .is_some_and(|StatementFailed(code)| PASSING.contains(code)),
        _ => error.contains_label("RetryableWriteError") || error.contains_label("TransientTransactionError"),
    }
}

/// Runs idempotent work again while it fails for reasons that pass, for about eight seconds.
pub(super) async fn persist<T, W: Future<Output = Result<T>>>(work: impl FnMut() -> W) -> Result<T> {
    let patience = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(10))
        .with_max_delay(Duration::from_secs(1))
        .with_max_times(14)
        .with_jitter();
    work.retry(patience).when(passes).await
}

/// Commits a transaction; where the outcome is not known the commit is sent again, which is safe.
pub(super) async fn persist_commit(session: &mut ClientSession) -> Result<()> {
    for _ in 0..3 {
        match session.commit_transaction().await {
            Err(error) if error.contains_label("UnknownTransactionCommitResult") => {}
            result => return result,
        }
    }
    session.commit_transaction().await
}
