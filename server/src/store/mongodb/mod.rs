//! MongoDB: any number of server processes on one replica set.
//!
//! A message is durable with one insert; everything else follows from what is kept and can be done again, by any
//! process, in any order (see [`capture`]). Every write waits for a majority and the journal; of several
//! that belong together the last one answers for all ([`commands::Together`]).

/// Runs work in a transaction where the deployment has them, and again while it fails for reasons that pass. A macro,
/// because a closure cannot lend both the session and what surrounds it to one future.
macro_rules! transact {
    ($store:ident, $session:ident => $work:expr) => {
        super::commands::persist(|| async {
            let mut session = $store.client.start_session().await?;
            $store.begin(&mut session).await?;
            let $session = &mut session;
            let result = $work.await;
            $store.end(&mut session, result).await
        })
        .await
    };
}

mod admins;
mod capture;
mod care;
mod commands;
mod days;
mod deployment;
mod documents;
mod erase;
mod follow;
mod handovers;
mod happened;
mod import;
mod indexes;
mod knowledge;
mod leads;
mod legacy;
mod list;
mod memory;
mod notices;
mod tokens;

use std::collections::HashMap;
use std::path::Path;

use std::time::Duration;

use async_trait::async_trait;
use mongodb::bson::doc;
use mongodb::bson::oid::ObjectId;
use mongodb::error::Error;
use porchlight_protocol::capture::Mode;
use porchlight_protocol::ids::{AdminId, MessageId, SessionId, SiteKey};
use porchlight_protocol::time::Timestamp;

use super::{
    Admin, Day, Edited, Erased, Finding, KeptRollup, KeyHash, KeyHolder, KeyRecord, Reservation, Reserved,
    Results, Site, Store, StoreError, Tenant, TokenBudget,
};
use crate::analytics::LeadFact;
use crate::assistant::OwnModel;
use crate::conversation::{DrawnOut, Incoming, Message};
use crate::knowledge::DocumentHead;
use crate::leads::{
    By, ImportOutcome, ImportRow, LeadEdit, LeadEvent, LeadPage, LeadQuery, LeadRecord, PlainFilter,
};
use crate::legacy::{LegacyLead, LegacyQuery};
use crate::live::{Tail, TailError};
use crate::notices::{Due, Notice};
use crate::store::recent::Key;
use deployment::{LONG_PATIENCE, failure};

pub use deployment::MongoStore;

type Result<T, E = Error> = std::result::Result<T, E>;

#[async_trait]
impl Store for MongoStore {
    async fn create_admin(&self, admin: Admin) -> Result<(), StoreError> {
        let taken = self.run(|store| async move { admins::create(&store, &admin).await }).await?;
        taken.map_or(Ok(()), |taken| Err(StoreError::Taken(taken)))
    }

    async fn admins(&self) -> Result<Vec<Admin>, StoreError> {
        self.run(|store| async move { admins::all(&store).await }).await
    }

    async fn create_key(&self, key: KeyRecord) -> Result<bool, StoreError> {
        self.run(|store| async move { admins::create_key(&store, &key).await }).await
    }

    async fn keys(&self, admin: &AdminId) -> Result<Vec<KeyRecord>, StoreError> {
        let admin = admin.clone();
        self.run(|store| async move { admins::keys(&store, &admin).await }).await
    }

    async fn revoke_key(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.run(|store| async move { admins::revoke_key(&store, &id, now).await }).await
    }

    async fn site(&self, key: &SiteKey) -> Result<Option<Site>, StoreError> {
        let own = doc! { "siteKey": key.as_str() };
        self.run(|store| async move { admins::site(&store, own).await }).await
    }

    async fn site_of(&self, tenant: &Tenant) -> Result<Option<Site>, StoreError> {
        let own = doc! { "_id": tenant.admin_id().as_str() };
        self.run(|store| async move { admins::site(&store, own).await }).await
    }

    async fn replace_site(&self, read: &Site, wanted: &Site) -> Result<bool, StoreError> {
        let (read, wanted) = (read.clone(), wanted.clone());
        self.run(|store| async move { admins::replace_site(&store, &read, &wanted).await }).await
    }

    async fn set_model(&self, tenant: &Tenant, model: &OwnModel) -> Result<bool, StoreError> {
        let (admin, model) = (tenant.admin_id().clone(), model.clone());
        self.run(|store| async move { admins::set_model(&store, &admin, &model).await }).await
    }

    async fn reserve_tokens(
        &self,
        wanted: &Reservation,
        budget: TokenBudget,
    ) -> Result<Reserved, StoreError> {
        let wanted = wanted.clone();
        self.run(|store| async move { tokens::reserve(&store, &wanted, budget).await }).await
    }

    async fn settle_tokens(&self, reserved: &Reservation, used: u64) -> Result<(), StoreError> {
        let reserved = reserved.clone();
        self.run(|store| async move { tokens::settle(&store, &reserved, used).await }).await
    }

    async fn key_holder(&self, hash: &KeyHash) -> Result<Option<KeyHolder>, StoreError> {
        let hash = hash.clone();
        self.run(|store| async move { admins::key_holder(&store, &hash).await }).await
    }

    async fn key_used(&self, id: &str, at: Timestamp) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.run(|store| async move { admins::key_used(&store, &id, at).await }).await
    }

    async fn secret(&self) -> Result<[u8; 32], StoreError> {
        self.run(|store| async move { admins::secret(&store).await }).await
    }

    fn commits_at_once(&self) -> usize {
        // Few large batches cost the server less than many small ones: what a command costs hardly depends on its size.
        1
    }

    fn gathers_for(&self) -> Duration {
        Duration::from_millis(1)
    }

    async fn capture_each(&self, batch: Vec<Incoming>, mut results: Results) {
        let store = self.clone();
        let task = tokio::spawn(async move {
            if let Err(error) = capture::batch(&store, &batch, &mut results).await {
                results.fail(&failure(error));
            }
        });
        // Whoever gets no result, because the task panicked, is told to come again.
        let _ = task.await;
    }

    async fn finish_pending(&self, before: Timestamp) -> Result<u64, StoreError> {
        let store = self.clone();
        let task = tokio::spawn(async move { capture::finish_pending(&store, before).await });
        task.await.map_err(|error| StoreError::Failed(error.to_string()))?.map_err(failure)
    }

    async fn session(&self, tenant: &Tenant, session: &SessionId) -> Result<Vec<Message>, StoreError> {
        let (admin, session) = (tenant.admin_id().clone(), session.clone());
        self.run(|store| async move { leads::session(&store, admin.as_str(), session.as_str()).await }).await
    }

    async fn keep_drawn_out(
        &self,
        tenant: &Tenant,
        session: &SessionId,
        newest: &MessageId,
        drawn: &DrawnOut,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = Key { admin: tenant.admin_id().clone(), session: session.to_string() };
        let (newest, drawn) = (newest.clone(), drawn.clone());
        self.run(|store| async move { follow::draw_out(&store, key, newest.as_str(), &drawn, at).await })
            .await
    }

    async fn sessions_of_lead(
        &self,
        tenant: &Tenant,
        lead: &str,
    ) -> Result<Option<Vec<Vec<Message>>>, StoreError> {
        let (admin, lead) = (tenant.admin_id().clone(), lead.to_owned());
        self.run(|store| async move { leads::sessions(&store, admin.as_str(), &lead).await }).await
    }

    async fn modes(&self, tenant: &Tenant, sessions: &[String]) -> Result<HashMap<String, Mode>, StoreError> {
        let (admin, sessions) = (tenant.admin_id().clone(), sessions.to_owned());
        self.run(|store| async move { handovers::modes(&store, admin.as_str(), &sessions).await }).await
    }

    async fn hand_over(
        &self,
        tenant: &Tenant,
        session: &SessionId,
        mode: Mode,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let (admin, session) = (tenant.admin_id().clone(), session.clone());
        self.run(|store| async move {
            handovers::hand_over(&store, admin.as_str(), session.as_str(), mode, at).await
        })
        .await
    }

    async fn place(&self) -> Result<i64, TailError> {
        if !self.transactions {
            return Err(TailError::Unsupported);
        }
        Ok(self.run(|store| async move { happened::place(&store).await }).await?)
    }

    async fn tail(&self, after: Option<i64>) -> Result<(i64, Box<dyn Tail>), TailError> {
        if !self.transactions {
            return Err(TailError::Unsupported);
        }
        let store = self.clone();
        let task = tokio::spawn(async move { happened::tail(&store, after).await });
        let (place, changes) =
            task.await.map_err(|error| TailError::Store(StoreError::Failed(error.to_string())))??;
        Ok((place, Box::new(changes)))
    }

    async fn lead(&self, tenant: &Tenant, id: &str) -> Result<Option<LeadRecord>, StoreError> {
        let (admin, id) = (tenant.admin_id().clone(), id.to_owned());
        self.run(|store| async move { leads::by_id(&store, admin.as_str(), &id).await }).await
    }

    async fn count_leads(&self, tenant: &Tenant, filter: &PlainFilter) -> Result<u64, StoreError> {
        let (admin, filter) = (tenant.admin_id().clone(), filter.clone());
        self.run(|store| async move { list::count(&store, admin.as_str(), &filter).await }).await
    }

    async fn leads(&self, tenant: &Tenant, query: &LeadQuery<PlainFilter>) -> Result<LeadPage, StoreError> {
        let (admin, query) = (tenant.admin_id().clone(), query.clone());
        self.run(|store| async move { list::page(&store, admin.as_str(), &query).await }).await
    }

    async fn leads_by_ids(&self, tenant: &Tenant, ids: &[ObjectId]) -> Result<Vec<LeadRecord>, StoreError> {
        let (admin, ids) = (tenant.admin_id().clone(), ids.to_owned());
        self.run(|store| async move { list::by_ids(&store, admin.as_str(), &ids).await }).await
    }

    async fn lead_versions(
        &self,
        tenant: &Tenant,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(ObjectId, i64)>, StoreError> {
        let admin = tenant.admin_id().clone();
        self.run(|store| async move { list::versions(&store, admin.as_str(), from, to).await }).await
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
        self.run(|store| async move {
            leads::edit(&store, admin.as_str(), &id, &edit, if_match.as_deref(), &by).await
        })
        .await
    }

    async fn import_leads(
        &self,
        tenant: &Tenant,
        rows: &[ImportRow],
        by: &By,
        dry_run: bool,
    ) -> Result<Vec<ImportOutcome>, StoreError> {
        let (admin, rows, by) = (tenant.admin_id().clone(), rows.to_owned(), by.clone());
        self.run_within(LONG_PATIENCE, |store| async move {
            import::leads(&store, &admin, &rows, &by, dry_run).await
        })
        .await
    }

    async fn lead_events(
        &self,
        tenant: &Tenant,
        id: &str,
        below: Option<i64>,
        limit: u32,
    ) -> Result<Option<Vec<LeadEvent>>, StoreError> {
        let (admin, id) = (tenant.admin_id().clone(), id.to_owned());
        self.run(|store| async move { leads::events(&store, admin.as_str(), &id, below, limit).await }).await
    }

    async fn delete_lead(&self, tenant: &Tenant, id: &str, by: &By) -> Result<bool, StoreError> {
        let (admin, id, by) = (tenant.admin_id().clone(), id.to_owned(), by.clone());
        self.run(|store| async move { leads::delete(&store, admin.as_str(), &id, &by).await }).await
    }

    async fn erase_lead(&self, tenant: &Tenant, id: &str, by: &By) -> Result<Option<Erased>, StoreError> {
        let (admin, id, by) = (tenant.admin_id().clone(), id.to_owned(), by.clone());
        // A lead may have any number of sessions.
        self.run_within(
            LONG_PATIENCE,
            |store| async move { erase::lead(&store, admin.as_str(), &id, &by).await },
        )
        .await
    }

    async fn delete_session(&self, tenant: &Tenant, session: &SessionId, by: &By) -> Result<u64, StoreError> {
        let (admin, session, by) = (tenant.admin_id().clone(), session.clone(), by.clone());
        self.run(|store| async move { erase::session(&store, admin.as_str(), session.as_str(), &by).await })
            .await
    }

    async fn lead_facts(
        &self,
        tenant: &Tenant,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<LeadFact>, StoreError> {
        let admin = tenant.admin_id().clone();
        self.run(|store| async move { days::facts(&store, admin.as_str(), from, to).await }).await
    }

    async fn days(&self, tenant: &Tenant) -> Result<Vec<Day>, StoreError> {
        let admin = tenant.admin_id().clone();
        self.run(|store| async move { days::days(&store, admin.as_str()).await }).await
    }

    async fn rollups(&self, tenant: &Tenant, wanted: &[i64]) -> Result<Vec<KeptRollup>, StoreError> {
        let (admin, wanted) = (tenant.admin_id().clone(), wanted.to_owned());
        self.run(|store| async move { days::rollups(&store, admin.as_str(), &wanted).await }).await
    }

    async fn keep_rollup(&self, tenant: &Tenant, rollup: &KeptRollup) -> Result<(), StoreError> {
        let (admin, rollup) = (tenant.admin_id().clone(), rollup.clone());
        self.run(|store| async move { days::keep(&store, admin.as_str(), &rollup).await }).await
    }

    async fn stale_days(&self, limit: u32) -> Result<Vec<(Tenant, i64)>, StoreError> {
        self.run(|store| async move { days::stale(&store, limit).await }).await
    }

    async fn legacy_leads(
        &self,
        tenant: &Tenant,
        query: &LegacyQuery,
    ) -> Result<(Vec<LegacyLead>, u64), StoreError> {
        let (admin, query) = (tenant.admin_id().clone(), query.clone());
        self.run_within(
            LONG_PATIENCE,
            |store| async move { legacy::page(&store, admin.as_str(), &query).await },
        )
        .await
    }

    async fn legacy_addresses(&self, tenant: &Tenant) -> Result<Vec<String>, StoreError> {
        let admin = tenant.admin_id().clone();
        self.run_within(LONG_PATIENCE, |store| async move { legacy::addresses(&store, admin.as_str()).await })
            .await
    }

    async fn delete_messages_of(
        &self,
        tenant: &Tenant,
        spellings: &[String],
        by: &By,
    ) -> Result<u64, StoreError> {
        let (admin, spellings, by) = (tenant.admin_id().clone(), spellings.to_owned(), by.clone());
        self.run_within(LONG_PATIENCE, |store| async move {
            erase::messages_of(&store, admin.as_str(), &spellings, &by).await
        })
        .await
    }

    async fn old_sessions(&self, tenant: &Tenant) -> Result<Vec<String>, StoreError> {
        let admin = tenant.admin_id().clone();
        self.run_within(
            LONG_PATIENCE,
            |store| async move { legacy::old_sessions(&store, admin.as_str()).await },
        )
        .await
    }

    async fn migrate(&self, tenant: &Tenant, sessions: &[String], by: &By) -> Result<(), StoreError> {
        let (admin, sessions, by) = (tenant.admin_id().clone(), sessions.to_owned(), by.clone());
        self.run_within(LONG_PATIENCE, |store| async move {
            legacy::migrate(&store, &admin, &sessions, &by).await
        })
        .await
    }

    async fn lease_notices(
        &self,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let holder = holder.to_owned();
        self.run(|store| async move { notices::lease(&store, &holder, now, until).await }).await
    }

    async fn gather_notices(
        &self,
        now: Timestamp,
        unanswered_before: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.run_within(LONG_PATIENCE, |store| async move {
            notices::gather(&store, now, unanswered_before).await
        })
        .await
    }

    async fn due_notices(&self, now: Timestamp) -> Result<Vec<Due>, StoreError> {
        self.run(|store| async move { notices::due(&store, now).await }).await
    }

    async fn notices_told(
        &self,
        tenant: &Tenant,
        told: &[Notice],
        again: Timestamp,
    ) -> Result<(), StoreError> {
        let (tenant, told) = (tenant.clone(), told.to_owned());
        self.run(|store| async move { notices::told(&store, &tenant, &told, again).await }).await
    }

    async fn postpone_notices(&self, tenant: &Tenant, until: Timestamp) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        self.run(|store| async move { notices::postpone(&store, &tenant, until).await }).await
    }

    async fn keep_document(
        &self,
        tenant: &Tenant,
        document: &crate::knowledge::Document,
    ) -> Result<Option<DocumentHead>, StoreError> {
        let (admin, document) = (tenant.admin_id().clone(), document.clone());
        self.run(|store| async move { knowledge::keep(&store, admin.as_str(), &document).await }).await
    }

    async fn document_heads(&self, tenant: &Tenant) -> Result<Vec<DocumentHead>, StoreError> {
        let admin = tenant.admin_id().clone();
        self.run(|store| async move { knowledge::heads(&store, admin.as_str()).await }).await
    }

    async fn documents(
        &self,
        tenant: &Tenant,
        ids: &[String],
    ) -> Result<Vec<crate::knowledge::Document>, StoreError> {
        let (admin, ids) = (tenant.admin_id().clone(), ids.to_owned());
        self.run(|store| async move { knowledge::documents(&store, admin.as_str(), &ids).await }).await
    }

    async fn remove_document(&self, tenant: &Tenant, id: &str) -> Result<bool, StoreError> {
        let (admin, id) = (tenant.admin_id().clone(), id.to_owned());
        self.run(|store| async move { knowledge::remove(&store, admin.as_str(), &id).await }).await
    }

    async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let to = to.to_owned();
        self.run_within(LONG_PATIENCE, |store| async move { care::backup(&store, &to).await }).await
    }

    async fn restore(&self, from: &Path) -> Result<(), StoreError> {
        let from = from.to_owned();
        self.run_within(LONG_PATIENCE, |store| async move { care::restore(&store, &from).await }).await
    }

    async fn inspect(&self) -> Result<Vec<Finding>, StoreError> {
        self.run_within(LONG_PATIENCE, |store| async move { care::inspect(&store).await }).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.run(|store| async move { store.database.run_command(doc! { "ping": 1 }).await.map(|_| ()) })
            .await
    }
}
