//! A lead's history: who changed what, when, from, to.

use std::borrow::Cow;

use porchlight_protocol::lead::Lead;
use porchlight_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// Who changes leads, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// The id of an API key, or [`VISITOR`], [`MIGRATION`].
    pub who: String,
    /// When.
    pub at: Timestamp,
}

/// Whoever writes in the chat.
pub const VISITOR: &str = "visitor";

/// `porchlight migrate`.
pub const MIGRATION: &str = "migration";

impl By {
    /// A change at a time by somebody.
    pub fn new(who: impl Into<String>, at: Timestamp) -> Self {
        Self { who: who.into(), at }
    }
}

/// One entry of a lead's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LeadEvent {
    /// The version of the lead that the change made; grows within the lead and tells entries apart.
    pub version: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What changed, at least one field.
    pub changes: Vec<Change>,
}

/// One field of a lead that changed, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// The field's name on the wire.
    #[schema(value_type = String)]
    pub field: Cow<'static, str>,
    /// What it was; `null` where there was nothing.
    pub from: Value,
    /// What it is.
    pub to: Value,
}

/// The fields that the history speaks of. That a visitor wrote again (`lastContact`) is no entry of its own: the chats
/// hold every message.
const FIELDS: [&str; 13] = [
    "email",
    "status",
    "priority",
    "notes",
    "tags",
    "value",
    "requirements",
    "followUpAt",
    "source",
    "firstMessage",
    "sessionId",
    "conversationCount",
    "alternateEmails",
];

/// What differs between two states of a lead; a new lead is told by what it has.
pub(super) fn changes(before: Option<&Lead>, after: &Lead) -> Vec<Change> {
    let (then, now) = (json!(before), json!(after));
    let change = |field: &'static str| Change {
        field: Cow::Borrowed(field),
        from: then.get(field).cloned().unwrap_or_default(),
        to: now.get(field).cloned().unwrap_or_default(),
    };
    let told = |change: &Change| change.from != change.to && !(before.is_none() && is_nothing(&change.to));
    FIELDS.into_iter().map(change).filter(told).collect()
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty)
}
