//! What a business wants its visitors to know: documents, and the passages of them that are near to a question.
//!
//! The passages are searched in memory, so that both stores find the same. A business's are read when somebody first
//! asks there, and again when its documents are others.

mod blocks;
mod document;
pub mod http;
mod passages;
mod shelf;
mod words;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hashlink::LruCache;
use porchlight_protocol::capture::Source;
use porchlight_protocol::ids::AdminId;

use crate::store::{Store, StoreError, Tenant};

pub use document::{Document, DocumentHead, Format, MAX_BYTES, MAX_DOCUMENTS, MAX_TOTAL_BYTES, NewDocument};
pub use shelf::Shelf;

/// How long what was read is believed: so soon a process knows what another was told.
const AGE: Duration = Duration::from_secs(2);

/// How long a question waits for passages; after that it is answered without.
const PATIENCE: Duration = Duration::from_millis(500);

/// Most memory that passages take, in bytes, roughly.
const MOST_MEMORY: usize = 128 * 1024 * 1024;

/// What a business without documents takes.
const BARE: usize = 500;

/// A piece of a document that has to do with a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// The document's title.
    pub title: String,
    /// Where the document can be read.
    pub url: Option<String>,
    /// Plain text of one or more lines, a heading first where there is one; some 600 bytes.
    pub text: String,
    /// How near it is to the question; only to be compared with others of the same answer.
    pub score: f32,
    /// Whether it is near enough to be the answer by itself.
    pub answers: bool,
}

impl Passage {
    /// What an answer names that was taken from it.
    pub fn source(&self) -> Source {
        Source { title: self.title.clone(), url: self.url.clone() }
    }
}

/// Whether a document of so many bytes has room beside so many others with so many bytes.
pub fn has_room(others: u64, their_bytes: u64, bytes: u64) -> bool {
    others < MAX_DOCUMENTS && their_bytes + bytes <= MAX_TOTAL_BYTES
}

/// The knowledge of the businesses of this installation.
pub struct Knowledge {
    store: Arc<dyn Store>,
    held: Mutex<Held>,
}

/// The businesses that were asked last.
struct Held {
    businesses: LruCache<AdminId, Arc<Business>>,
    size: usize,
}

/// What is held of one business.
#[derive(Default)]
struct Business {
    known: Mutex<Option<Known>>,
    /// Held by whoever reads; others go on with what is known, or wait where that is nothing.
    reading: Arc<tokio::sync::Mutex<()>>,
}

/// The passages, and of which documents they are.
#[derive(Clone)]
struct Known {
    read: Instant,
    digests: Arc<[String]>,
    shelf: Arc<Shelf>,
}

impl Knowledge {
    /// All knowledge of a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, held: Mutex::new(Held { businesses: LruCache::new_unbounded(), size: 0 }) }
    }

    /// The passages of a business that have to do with a message, best first, at most four. A store that fails or takes
    /// its time gives none: nobody waits for an answer's sake.
    pub async fn passages(self: &Arc<Self>, tenant: &Tenant, message: &str) -> Vec<Passage> {
        match tokio::time::timeout(PATIENCE, self.find(tenant, message)).await {
            Ok(Ok(passages)) => passages,
            Ok(Err(error)) => {
                tracing::warn!(error = %error.kind(), "a question is answered without what the business knows");
                Vec::new()
            }
            Err(_) => {
                tracing::warn!("what a business knows was not found in time");
                Vec::new()
            }
        }
    }

    async fn find(self: &Arc<Self>, tenant: &Tenant, message: &str) -> Result<Vec<Passage>, StoreError> {
        let shelf = self.shelf(tenant).await?;
        if shelf.is_empty() {
            return Ok(Vec::new());
        }
        let message = message.to_owned();
        in_thread(move || shelf.passages(&message)).await
    }

    /// Forgets what was read of a business, because this process has changed it.
    pub fn forget(&self, tenant: &Tenant) {
        let mut held = lock(&self.held);
        if let Some(business) = held.businesses.remove(tenant.admin_id()) {
            held.size -= size_of(&business);
        }
    }

    async fn shelf(self: &Arc<Self>, tenant: &Tenant) -> Result<Arc<Shelf>, StoreError> {
        let business = self.business(tenant);
        let known = business.known();
        if let Some(fresh) = known.as_ref().and_then(Known::fresh) {
            return Ok(fresh);
        }
        let reading = Arc::clone(&business.reading);
        let reading = match (Arc::clone(&reading).try_lock_owned(), known) {
            (Ok(reading), _) => reading,
            (Err(_), Some(known)) => return Ok(known.shelf),
            (Err(_), None) => reading.lock_owned().await,
        };
        if let Some(fresh) = business.known().as_ref().and_then(Known::fresh) {
            return Ok(fresh);
        }
        // To its end, also where nobody waits so long: the next question finds it.
        let (knowledge, tenant) = (Arc::clone(self), tenant.clone());
        let task = tokio::spawn(async move {
            let read = knowledge.read(&tenant, business.known()).await?;
            let shelf = Arc::clone(&read.shelf);
            knowledge.hold(&tenant, &business, read);
            drop(reading);
            Ok(shelf)
        });
        task.await.map_err(|error| StoreError::Failed(error.to_string()))?
    }

    /// Reads the documents where they are others than those of what is known.
    async fn read(&self, tenant: &Tenant, known: Option<Known>) -> Result<Known, StoreError> {
        let read = Instant::now();
        let heads = self.store.document_heads(tenant).await?;
        let digests: Arc<[String]> = heads.iter().map(|head| head.digest.clone()).collect();
        if let Some(known) = known.filter(|known| known.digests == digests) {
            return Ok(Known { read, ..known });
        }
        let ids: Vec<String> = heads.into_iter().map(|head| head.id).collect();
        let mut documents = match ids.is_empty() {
            true => Vec::new(),
            false => self.store.documents(tenant, &ids).await?,
        };
        documents.sort_by(|a, b| (a.head.created_at, &a.head.id).cmp(&(b.head.created_at, &b.head.id)));
        let shelf = in_thread(move || Shelf::new(&documents)).await?;
        Ok(Known { read, digests, shelf: Arc::new(shelf) })
    }

    fn business(&self, tenant: &Tenant) -> Arc<Business> {
        let mut held = lock(&self.held);
        if let Some(business) = held.businesses.get(tenant.admin_id()) {
            return Arc::clone(business);
        }
        let business = Arc::new(Business::default());
        held.size += size_of(&business);
        held.businesses.insert(tenant.admin_id().clone(), Arc::clone(&business));
        business
    }

    /// Keeps what was read; what was asked for longest ago makes room. What was forgotten meanwhile stays forgotten.
    fn hold(&self, tenant: &Tenant, business: &Arc<Business>, read: Known) {
        let mut held = lock(&self.held);
        let is_held =
            held.businesses.peek(tenant.admin_id()).is_some_and(|other| Arc::ptr_eq(other, business));
        if !is_held {
            return;
        }
        held.size -= size_of(business);
        *lock(&business.known) = Some(read);
        held.size += size_of(business);
        while held.size > MOST_MEMORY
            && let Some((_, business)) = held.businesses.remove_lru()
        {
            held.size -= size_of(&business);
        }
    }
}

impl Known {
    fn fresh(&self) -> Option<Arc<Shelf>> {
        (self.read.elapsed() < AGE).then(|| Arc::clone(&self.shelf))
    }
}

impl Business {
    fn known(&self) -> Option<Known> {
        lock(&self.known).clone()
    }
}

/// Much knowledge takes a while to go through: what else goes on must not wait for it.
async fn in_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Failed(error.to_string()))
}

fn size_of(business: &Business) -> usize {
    BARE + lock(&business.known).as_ref().map_or(0, |known| known.shelf.size)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
