//! Leads from a spreadsheet, in one transaction.

use std::collections::{BTreeMap, HashMap};

use futures::TryStreamExt;
use mongodb::ClientSession;
use mongodb::bson::{Document, doc};
use porchlight_protocol::ids::AdminId;

use super::{MongoStore, Result, days, documents, leads};
use crate::leads::{By, ImportOutcome, ImportRow, LeadRecord, new_id};

pub(super) async fn leads(
    store: &MongoStore,
    admin: &AdminId,
    rows: &[ImportRow],
    by: &By,
    dry_run: bool,
) -> Result<Vec<ImportOutcome>> {
    transact!(store, session => import(store, session, admin, rows, by, dry_run))
}

async fn import(
    store: &MongoStore,
    session: &mut ClientSession,
    admin: &AdminId,
    rows: &[ImportRow],
    by: &By,
    dry_run: bool,
) -> Result<Vec<ImportOutcome>> {
    let mut known = by_emails(store, session, admin, rows).await?;
    let mut outcomes = Vec::with_capacity(rows.len());
    let mut new: Vec<LeadRecord> = Vec::new();
    for row in rows {
        outcomes.push(match known.get_mut(&row.email) {
            None => {
                new.push(LeadRecord::imported(new_id(), admin, row, by));
                ImportOutcome::Created
            }
            Some(record) => {
                let read = record.version;
                match record.edit(&row.edit, by) {
                    true if dry_run => ImportOutcome::Updated,
                    true => {
                        leads::save(store, session, record, read).await?;
                        ImportOutcome::Updated
                    }
                    false => ImportOutcome::Unchanged,
                }
            }
        });
    }
    if !dry_run && !new.is_empty() {
        let inserts: Vec<Document> = new.iter().map(documents::of_lead).collect::<Result<_>>()?;
        store.leads.insert_many(inserts).session(&mut *session).await?;
        let distinct: BTreeMap<i64, &LeadRecord> = new.iter().map(|record| (record.day(), record)).collect();
        for record in distinct.values() {
            days::mark_one(store, session, record).await?;
        }
    }
    Ok(outcomes)
}

async fn by_emails(
    store: &MongoStore,
    session: &mut ClientSession,
    admin: &AdminId,
    rows: &[ImportRow],
) -> Result<HashMap<String, LeadRecord>> {
    let emails: Vec<&str> = rows.iter().map(|row| row.email.as_str()).collect();
    let own = doc! { "adminId": admin.as_str(), "email": { "$in": emails } };
    let mut found = store.leads.find(own).session(&mut *session).await?;
    let found: Vec<Document> = found.stream(&mut *session).try_collect().await?;
    let records = found.iter().map(documents::lead);
    records.map(|record| record.map(|record| (record.lead.email.clone(), record))).collect()
}
