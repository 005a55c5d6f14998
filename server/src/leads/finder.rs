//! Lists of leads: from the store's indexes where those answer, else from the [`LeadIndex`].

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use porchlight_protocol::ids::AdminId;

use super::index::LeadIndex;
use super::{LeadPage, LeadQuery, LeadRecord, PlainFilter, SortField, Start};
use crate::analytics::Analytics;
use crate::store::{Store, StoreError, Tenant};

/// How many leads a store skips; deeper pages come from the index.
const MOST_SKIPPED: u64 = 1_000;

/// Finds leads by any filter, in any order.
pub struct Finder {
    store: Arc<dyn Store>,
    analytics: Arc<Analytics>,
    index: LeadIndex,
}

impl Finder {
    /// Over a store; `memory` is about how many bytes of leads are held.
    pub fn new(store: Arc<dyn Store>, analytics: Arc<Analytics>, memory: usize) -> Self {
        Self { index: LeadIndex::new(Arc::clone(&store), memory), store, analytics }
    }

    /// One page of leads, and how many meet the filter in all.
    pub async fn find(&self, tenant: &Tenant, query: &LeadQuery) -> Result<(LeadPage, u64), StoreError> {
        match plain(query) {
            Some(plain) => futures::try_join!(
                self.store.leads(tenant, &plain),
                self.analytics.count(tenant, &plain.filter)
            ),
            None => self.search(tenant, query).await,
        }
    }

    /// One page of leads.
    pub async fn page(&self, tenant: &Tenant, query: &LeadQuery) -> Result<LeadPage, StoreError> {
        match plain(query) {
            Some(plain) => self.store.leads(tenant, &plain).await,
            None => self.search(tenant, query).await.map(|(page, _)| page),
        }
    }

    /// Brings figures up to date again and again, and what is held of leads whenever nothing changes, so that nobody
    /// who asks has to wait for it.
    pub async fn keep_fresh(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(Duration::from_secs(2));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // Businesses of which leads have changed; at first all of them.
        let mut changed: Option<HashMap<AdminId, Tenant>> = None;
        loop {
            ticks.tick().await;
            if let Err(error) = self.freshen(&mut changed).await {
                tracing::warn!(error = %error.kind(), "figures could not be brought up to date; it will be tried again");
            }
        }
    }

    async fn freshen(&self, changed: &mut Option<HashMap<AdminId, Tenant>>) -> Result<(), StoreError> {
        let changed = match changed {
            Some(changed) => changed,
            None => changed.insert(self.tenants().await?),
        };
        let now = self.analytics.freshen().await?;
        if now.is_empty() {
            for tenant in std::mem::take(changed).into_values() {
                self.index.warm(&tenant).await?;
            }
        }
        changed.extend(now.into_iter().map(|tenant| (tenant.admin_id().clone(), tenant)));
        Ok(())
    }

    async fn tenants(&self) -> Result<HashMap<AdminId, Tenant>, StoreError> {
        let mut tenants = HashMap::new();
        for admin in self.store.admins().await? {
            if let Some(site) = self.store.site(&admin.site_key).await? {
                tenants.insert(admin.id, site.tenant);
            }
        }
        Ok(tenants)
    }

    async fn search(&self, tenant: &Tenant, query: &LeadQuery) -> Result<(LeadPage, u64), StoreError> {
        let (mut ids, total) = self.index.page(tenant, query).await?;
        let more = ids.len() > query.page_size as usize;
        ids.truncate(query.page_size as usize);
        let found = self.store.leads_by_ids(tenant, &ids).await?;
        let mut found: HashMap<String, LeadRecord> =
            found.into_iter().map(|record| (record.lead.id.clone(), record)).collect();
        // One that was deleted a moment ago is missing.
        let leads = ids.iter().filter_map(|id| found.remove(&id.to_hex())).collect();
        Ok((LeadPage { leads, more }, total))
    }
}

/// The question as a store's own indexes answer it quickly.
fn plain(query: &LeadQuery) -> Option<LeadQuery<PlainFilter>> {
    let filter = query.filter.plain()?;
    let in_order = match query.sort.field {
        SortField::CreatedAt => true,
        SortField::UpdatedAt | SortField::LastContact | SortField::Email => filter == PlainFilter::default(),
        // An index more would cost every change of a lead, for orders that are seldom asked for.
        SortField::Value | SortField::ConversationCount => false,
    };
    let near = match &query.start {
        Start::Page(page) => page.saturating_mul(query.page_size.into()) <= MOST_SKIPPED,
        Start::Behind(_) => true,
    };
    let LeadQuery { sort, ref start, page_size, .. } = *query;
    (in_order && near).then(|| LeadQuery { filter, sort, start: start.clone(), page_size })
}
