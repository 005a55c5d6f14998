//! The deployment, and how work is done there.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mongodb::bson::{Document, doc};
use mongodb::error::{Error, ErrorKind};
use mongodb::options::{Acknowledgment, ClientOptions, WriteConcern};
use mongodb::{Client, ClientSession, Collection, Database};

use super::follow::Following;
use super::memory::Memory;
use super::{Result, commands, indexes};
use crate::store::StoreError;

/// How long a question may take before its asker is told that the store is unavailable.
const PATIENCE: Duration = Duration::from_secs(5);

/// The same for work that nobody waits for on a page: migration, and the old view, which groups all chats.
pub(super) const LONG_PATIENCE: Duration = Duration::from_secs(600);

/// A store in one database of a MongoDB deployment.
#[derive(Clone)]
pub struct MongoStore {
    pub(super) client: Client,
    pub(super) database: Database,
    pub(super) chats: Collection<Document>,
    pub(super) leads: Collection<Document>,
    /// Whether the deployment has transactions and change streams: a standalone server has neither, and then nobody can
    /// be told what happens, and a crash between an edit and the mark of its day leaves figures out of date until the
    /// day's next change.
    pub(super) transactions: bool,
    /// What is known of sessions without reading them.
    pub(super) memory: Arc<Mutex<Memory>>,
    /// The sessions of which something follows from new messages.
    pub(super) following: Arc<Following>,
}

impl MongoStore {
    /// Connects, and makes the indexes that are missing. The address names the database: `mongodb://…/db`.
    pub async fn connect(uri: &str) -> Result<Self, StoreError> {
        Self::open(uri).await.map_err(|error| match commands::passes(&error) {
            true => StoreError::Unavailable(unusable(&error)),
            false => StoreError::Failed(unusable(&error)),
        })
    }

    async fn open(uri: &str) -> Result<Self> {
        let mut options = ClientOptions::parse(uri).await?;
        options.app_name.get_or_insert_with(|| "porchlight".to_owned());
        options.server_selection_timeout.get_or_insert(Duration::from_secs(3));
        options.connect_timeout.get_or_insert(Duration::from_secs(3));
        options.max_pool_size.get_or_insert(64);
        options.write_concern = Some(
            WriteConcern::builder()
                .w(Acknowledgment::Majority)
                .journal(true)
                .w_timeout(Duration::from_secs(4))
                .build(),
        );
        let client = Client::with_options(options)?;
        let database = client
            .default_database()
            .ok_or_else(|| Error::custom("the address must name a database: mongodb://HOST/DATABASE"))?;
        let hello = database.run_command(doc! { "hello": 1 }).await?;
        let transactions =
            hello.contains_key("setName") || hello.get_str("msg").is_ok_and(|kind| kind == "isdbgrid");
        if !transactions {
            tracing::warn!(
                "this MongoDB is no replica set: a crash in the middle of an edit can leave figures out of date there"
            );
        }
        indexes::make(&database).await?;
        Ok(Self {
            chats: database.collection("chats"),
            leads: database.collection("leads"),
            client,
            database,
            transactions,
            memory: Arc::default(),
            following: Arc::default(),
        })
    }

    /// Begins a transaction where the deployment has them.
    pub(super) async fn begin(&self, session: &mut ClientSession) -> Result<()> {
        match self.transactions {
            true => session.start_transaction().await,
            false => Ok(()),
        }
    }

    /// Ends what [`Self::begin`] began: with a commit after success, else without a trace.
    pub(super) async fn end<T>(&self, session: &mut ClientSession, result: Result<T>) -> Result<T> {
        if self.transactions {
            match &result {
                Ok(_) => commands::persist_commit(session).await?,
                // The server forgets it by itself when this fails.
                Err(_) => drop(session.abort_transaction().await),
            }
        }
        result
    }

    /// Runs work to its end in a task of its own, whatever becomes of the asker: the driver's futures must not be
    /// dropped half-way.
    pub(super) async fn run<T, W>(&self, work: impl FnOnce(Self) -> W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: Future<Output = Result<T>> + Send + 'static,
    {
        self.run_within(PATIENCE, work).await
    }

    pub(super) async fn run_within<T, W>(
        &self,
        patience: Duration,
        work: impl FnOnce(Self) -> W,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: Future<Output = Result<T>> + Send + 'static,
    {
        let task = tokio::spawn(work(self.clone()));
        match tokio::time::timeout(patience, task).await {
            Ok(Ok(result)) => result.map_err(failure),
            Ok(Err(error)) => Err(StoreError::Failed(error.to_string())),
            Err(_) => Err(StoreError::Unavailable("no answer in time".to_owned())),
        }
    }
}

pub(super) fn failure(error: Error) -> StoreError {
    let refused =
        matches!(&*error.kind, ErrorKind::Authentication { .. } | ErrorKind::InvalidArgument { .. });
    match commands::passes(&error) && !refused {
        true => StoreError::Unavailable(error.to_string()),
        false => StoreError::Failed(error.to_string()),
    }
}

/// Why a deployment cannot be used, in a sentence without what the driver says to programs.
fn unusable(error: &Error) -> String {
    match &*error.kind {
        ErrorKind::InvalidArgument { message, .. } => message.clone(),
        ErrorKind::Custom(why) if why.is::<&str>() => {
            why.downcast_ref::<&str>().copied().unwrap_or_default().to_owned()
        }
        ErrorKind::ServerSelection { .. } => "no server that can take writes answers there".to_owned(),
        ErrorKind::DnsResolve { .. } => "its host is not known".to_owned(),
        ErrorKind::Authentication { .. } => "it refuses the user or the password".to_owned(),
        kind => kind.to_string(),
    }
}
