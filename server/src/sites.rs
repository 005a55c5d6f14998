//! Sites as the visitors' routes need them: read from the store, remembered for a few seconds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use porchlight_protocol::ids::SiteKey;

use crate::store::{Site, Store, StoreError};

/// How long an answer of the store is believed: so soon a process sees what another has changed.
const AGE: Duration = Duration::from_secs(2);

/// Most site keys that are remembered, unknown ones included: guessing must not fill the memory.
const MOST: usize = 10_000;

/// When the store was asked, and what it said.
type Answer = (Instant, Option<Arc<Site>>);

/// The sites of this installation.
pub struct Sites {
    store: Arc<dyn Store>,
    by_key: Mutex<HashMap<SiteKey, Answer>>,
}

impl Sites {
    /// All sites of a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, by_key: Mutex::default() }
    }

    /// What a site key stands for.
    pub async fn by_key(&self, key: &SiteKey) -> Result<Option<Arc<Site>>, StoreError> {
        if let Some((read, site)) = lock(&self.by_key).get(key)
            && read.elapsed() < AGE
        {
            return Ok(site.clone());
        }
        let site = self.store.site(key).await?.map(Arc::new);
        self.remember(key, site.clone());
        Ok(site)
    }

    /// Takes in what was just changed, so that this process shows it at once.
    pub fn learn(&self, site: &Site) {
        self.remember(&site.key, Some(Arc::new(site.clone())));
    }

    fn remember(&self, key: &SiteKey, site: Option<Arc<Site>>) {
        let mut by_key = lock(&self.by_key);
        if by_key.len() >= MOST {
            by_key.clear();
        }
        by_key.insert(key.clone(), (Instant::now(), site));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
