//! Leads from a spreadsheet, in one transaction.

use porchlight_protocol::ids::AdminId;
use rusqlite::{Error, Transaction};

use super::leads;
use crate::leads::{By, ImportOutcome, ImportRow, LeadRecord, new_id};

pub(super) fn leads(
    t: &Transaction<'_>,
    admin: &AdminId,
    rows: &[ImportRow],
    by: &By,
    dry_run: bool,
) -> Result<Vec<ImportOutcome>, Error> {
    let mut outcomes = Vec::with_capacity(rows.len());
    for row in rows {
        let (record, outcome) = match leads::by_email(t, admin.as_str(), &row.email)? {
            None => (LeadRecord::imported(new_id(), admin, row, by), ImportOutcome::Created),
            Some(mut record) => match record.edit(&row.edit, by) {
                true => (record, ImportOutcome::Updated),
                false => (record, ImportOutcome::Unchanged),
            },
        };
        if !dry_run && outcome != ImportOutcome::Unchanged {
            leads::save(t, &record)?;
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}
