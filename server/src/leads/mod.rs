//! Leads: one person (one address) of one business.

mod cursor;
mod edit;
pub mod export;
mod finder;
mod forget;
pub mod history;
pub mod http;
pub mod import;
mod index;
mod list;
mod query;
mod record;
pub mod search;
mod sheet;

pub use finder::Finder;
pub use history::{By, Change, LeadEvent};
pub use import::{ImportOutcome, ImportRow};
pub use query::{
    LeadFilter, LeadPage, LeadQuery, Place, PlainFilter, Sort, SortField, SortKey, SourceFilter, Start,
};
pub use record::{Contact, DAY, LeadEdit, LeadRecord, MAX_SESSION_IDS, RequirementsBy, bounds, day_of};

/// A new id for a lead: 24 hex digits, an `ObjectId` on every store.
pub fn new_id() -> String {
    bson::oid::ObjectId::new().to_hex()
}
