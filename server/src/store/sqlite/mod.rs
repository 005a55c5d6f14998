//! The embedded store: one SQLite file, one writer, WAL with `synchronous=FULL`.
//!
//! A batch of captures is one transaction, so nothing is ever half-done here. All work happens on blocking threads
//! and is finished there, also when the caller has gone away.

mod admins;
mod capture;
mod care;
mod days;
mod erase;
mod file;
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
use std::path::Path;
use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use bson::oid::ObjectId;
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
use crate::knowledge::{Document, DocumentHead};
use crate::leads::history::VISITOR;
use crate::leads::{
    By, ImportOutcome, ImportRow, LeadEdit, LeadEvent, LeadPage, LeadQuery, LeadRecord, PlainFilter,
};
use crate::legacy::{LegacyLead, LegacyQuery};
use crate::live::{Tail, TailError};
use crate::notices::{Due, Notice};
use file::blocking;

pub use file::SqliteStore;

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
