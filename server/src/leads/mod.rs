//! Leads: one person (one address) of one business.

mod cursor;
mod edit;
pub mod export;
mod forget;
pub mod history;
pub mod http;
pub mod import;
mod list;
mod query;
mod record;
pub mod search;
mod sheet;

pub use history::{By, Change, LeadEvent};
pub use import::{ImportOutcome, ImportRow};
pub use query::{LeadFilter, LeadPage, LeadQuery, Place, Sort, SortField, SortKey, SourceFilter, Start};
pub use record::{Contact, DAY, LeadEdit, LeadRecord, MAX_SESSION_IDS, RequirementsBy, day_of};

/// A new id for a lead: 24 hex digits, an `ObjectId` on every store.
pub fn new_id() -> String {
    bson::oid::ObjectId::new().to_hex()
}
