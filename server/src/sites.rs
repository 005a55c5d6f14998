//! Sites as the visitors' routes need them: read from the store, remembered for a few seconds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use porchlight_protocol::ids::{AdminId, SessionId, SessionToken, SiteKey};

use crate::keys::Secret;
use crate::store::{Site, Store, StoreError};

/// How long an answer of the store is believed.
const AGE: Duration = Duration::from_secs(5);

/// How long the list of businesses is believed although a token fits none of them.
const AGE_WITHOUT_A_MATCH: Duration = Duration::from_secs(1);

/// Most site keys that are remembered, unknown ones included: guessing must not fill the memory.
const MOST: usize = 10_000;

/// The sites of this installation.
pub struct Sites {
    store: Arc<dyn Store>,
    by_key: Mutex<HashMap<SiteKey, (Instant, Option<Arc<Site>>)>>,
    businesses: Mutex<Option<(Instant, Businesses)>>,
}

type Businesses = Arc<Vec<(AdminId, SiteKey)>>;

impl Sites {
    /// All sites of a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, by_key: Mutex::default(), businesses: Mutex::default() }
    }

    /// What a site key stands for.
    pub async fn by_key(&self, key: &SiteKey) -> Result<Option<Arc<Site>>, StoreError> {
        if let Some((read, site)) = lock(&self.by_key).get(key)
            && read.elapsed() < AGE
        {
            return Ok(site.clone());
        }
        let site = self.store.site(key).await?.map(Arc::new);
        let mut by_key = lock(&self.by_key);
        if by_key.len() >= MOST {
            by_key.clear();
        }
        by_key.insert(key.clone(), (Instant::now(), site.clone()));
        Ok(site)
    }

    /// The site whose session has this token. A token names its business by fitting it, since a reader sends no key.
    pub async fn by_token(
        &self,
        secret: &Secret,
        token: &SessionToken,
        session: &SessionId,
    ) -> Result<Option<Arc<Site>>, StoreError> {
        for age in [AGE, AGE_WITHOUT_A_MATCH] {
            let businesses = self.businesses(age).await?;
            let fits = businesses.iter().find(|(admin, _)| secret.is_token_of(token, admin, session));
            if let Some((_, key)) = fits {
                return self.by_key(key).await;
            }
        }
        Ok(None)
    }

    async fn businesses(&self, age: Duration) -> Result<Businesses, StoreError> {
        if let Some((read, businesses)) = &*lock(&self.businesses)
            && read.elapsed() < age
        {
            return Ok(Arc::clone(businesses));
        }
        let admins = self.store.admins().await?;
        let businesses = Arc::new(admins.into_iter().map(|admin| (admin.id, admin.site_key)).collect());
        *lock(&self.businesses) = Some((Instant::now(), Arc::clone(&businesses)));
        Ok(businesses)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
