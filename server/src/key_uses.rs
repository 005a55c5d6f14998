//! When API keys were last used, to the minute: one write a minute and key, however busy it is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::clock;
use crate::store::Store;

/// How much a recorded use may lag behind.
const STEP: Duration = Duration::from_secs(60);

/// Most keys that are remembered; forgetting one costs a write.
const MOST: usize = 10_000;

/// The keys that were used lately.
#[derive(Debug, Default)]
pub struct KeyUses(Mutex<HashMap<String, Instant>>);

impl KeyUses {
    /// Notes a use; nobody waits for its record.
    pub fn note(&self, store: &Arc<dyn Store>, key_id: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.get(key_id).is_some_and(|written| written.elapsed() < STEP) {
            return;
        }
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key_id.to_owned(), Instant::now());
        let (store, key_id) = (Arc::clone(store), key_id.to_owned());
        tokio::spawn(async move {
            if let Err(error) = store.key_used(&key_id, clock::now()).await {
                tracing::warn!(error = %error.kind(), "a key's use could not be recorded");
            }
        });
    }
}
