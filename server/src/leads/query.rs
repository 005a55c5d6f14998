//! Which leads, in which order, from where: the question behind `GET /api/leads-enhanced`.

use porchlight_protocol::lead::{Priority, Status};
use porchlight_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::leads::LeadRecord;

/// A question for one page of leads: of those that meet a [`LeadFilter`], or, to a store, a [`PlainFilter`].
#[derive(Clone, Debug, PartialEq)]
pub struct LeadQuery<F = LeadFilter> {
    /// Which leads.
    pub filter: F,
    /// In which order.
    pub sort: Sort,
    /// From where.
    pub start: Start,
    /// How many: 1 to 100 where a caller asks, more where the server itself reads on.
    pub page_size: u32,
}

/// Conditions, all of which must hold; an empty list is no condition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeadFilter {
    /// Any of these.
    pub statuses: Vec<Status>,
    /// Any of these.
    pub priorities: Vec<Priority>,
    /// Any of these, compared exactly.
    pub tags: Vec<String>,
    /// Where the lead came from.
    pub source: Option<SourceFilter>,
    /// Created then or later.
    pub from: Option<Timestamp>,
    /// Created before.
    pub to: Option<Timestamp>,
    /// Each must begin a word of the lead; see [`crate::leads::search`].
    pub words: Vec<String>,
}

impl LeadFilter {
    /// The same, where a store can answer it from its own indexes.
    pub fn plain(&self) -> Option<PlainFilter> {
        let more = !self.priorities.is_empty()
            || !self.tags.is_empty()
            || self.source.is_some()
            || !self.words.is_empty();
        (!more).then(|| PlainFilter { statuses: self.statuses.clone(), from: self.from, to: self.to })
    }
}

/// The conditions that a store's own indexes answer; an empty list is no condition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlainFilter {
    /// Any of these.
    pub statuses: Vec<Status>,
    /// Created then or later.
    pub from: Option<Timestamp>,
    /// Created before.
    pub to: Option<Timestamp>,
}

/// Where a lead came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceFilter {
    /// The source begins with this text, literally.
    Prefix(String),
    /// The source's host is this one, in lower case.
    Host(String),
}

/// The order of a list; ties go by id, in the same direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub field: SortField,
    /// Largest first.
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { field: SortField::CreatedAt, descending: true }
    }
}

/// What a list can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortField {
    /// When the lead came to be.
    CreatedAt,
    /// The last change.
    UpdatedAt,
    /// The newest visitor message.
    LastContact,
    /// What the deal is worth; none is less than nothing.
    Value,
    /// How many conversations.
    ConversationCount,
    /// The address, byte by byte.
    Email,
}

impl SortField {
    /// All fields with their names on the wire.
    pub const ALL: &[(&str, Self)] = &[
        ("createdAt", Self::CreatedAt),
        ("updatedAt", Self::UpdatedAt),
        ("lastContact", Self::LastContact),
        ("value", Self::Value),
        ("conversationCount", Self::ConversationCount),
        ("email", Self::Email),
    ];
}

/// Where a page starts.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// At the page of this number, from 1.
    Page(u64),
    /// Behind this lead.
    Behind(Place),
}

/// A lead's place in a sorted list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// What the list is sorted by.
    pub key: SortKey,
    /// Breaks ties.
    pub id: String,
}

/// A lead's value of a [`SortField`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SortKey {
    /// Milliseconds, cents (-1 for none) or a count.
    Number(i64),
    /// An address.
    Text(String),
}

impl Place {
    /// Where a lead stands in a list sorted by `field`.
    pub fn of(record: &LeadRecord, field: SortField) -> Self {
        let lead = &record.lead;
        let key = match field {
            SortField::CreatedAt => SortKey::Number(lead.created_at.millis()),
            SortField::UpdatedAt => SortKey::Number(lead.updated_at.millis()),
            SortField::LastContact => SortKey::Number(lead.last_contact.millis()),
            SortField::Value => SortKey::Number(record.value_cents()),
            SortField::ConversationCount => SortKey::Number(lead.conversation_count as i64),
            SortField::Email => SortKey::Text(lead.email.clone()),
        };
        Self { key, id: lead.id.clone() }
    }
}

/// One page of leads.
#[derive(Clone, Debug, PartialEq)]
pub struct LeadPage {
    /// In the order asked for.
    pub leads: Vec<LeadRecord>,
    /// Whether there are more behind the last one.
    pub more: bool,
}
