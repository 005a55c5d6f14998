//! A lead's history: who changed what, when, from, to.

use std::borrow::Cow;

use porchlight_protocol::lead::Lead;
use porchlight_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The field's name on the wire.
    pub field: Cow<'static, str>,
    /// What it was; `null` where there was nothing.
    pub from: Value,
    /// What it is.
    pub to: Value,
}

/// What differs between two states of a lead. That a visitor wrote again (`lastContact`) is no entry of its own: the
/// chats hold every message.
pub(super) fn changes(before: Option<&Lead>, after: &Lead) -> Vec<Change> {
    let then = before.map(fields);
    let was = |index: usize| then.as_ref().map_or(Value::Null, |then| then[index].1.clone());
    let now = fields(after).into_iter().enumerate();
    now.map(|(index, (field, to))| Change { field: Cow::Borrowed(field), from: was(index), to })
        // A new lead is told by what it has.
        .filter(|change| change.from != change.to && !(before.is_none() && is_nothing(&change.to)))
        .collect()
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty)
}

fn fields(lead: &Lead) -> [(&'static str, Value); 13] {
    [
        ("email", json!(lead.email)),
        ("status", json!(lead.status)),
        ("priority", json!(lead.priority)),
        ("notes", json!(lead.notes)),
        ("tags", json!(lead.tags)),
        ("value", json!(lead.value)),
        ("requirements", json!(lead.requirements)),
        ("followUpAt", json!(lead.follow_up_at)),
        ("source", json!(lead.source)),
        ("firstMessage", json!(lead.first_message)),
        ("sessionId", json!(lead.session_id)),
        ("conversationCount", json!(lead.conversation_count)),
        ("alternateEmails", json!(lead.alternate_emails)),
    ]
}
