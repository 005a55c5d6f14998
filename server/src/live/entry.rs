//! An event as it is told: written once, given to every listener.

use axum::response::sse::Event;
use porchlight_protocol::capture::{ChatMessage, Mode, Role, Source};
use porchlight_protocol::ids::{AdminId, MessageId};
use porchlight_protocol::lead::Lead;
use porchlight_protocol::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Happened, LeadAction, SessionAction, What};
use crate::chats::message_id;
use crate::conversation::Message;

/// What an entry weighs beside its text, in bytes.
const OVERHEAD: usize = 512;

/// One event, written out.
pub(super) struct Entry {
    pub(super) place: i64,
    pub(super) admin: AdminId,
    /// Of which session it is, where it is of one.
    pub(super) session: Option<String>,
    /// Of which lead it is, where it is of one.
    pub(super) lead: Option<String>,
    pub(super) business: Event,
    /// What the visitor of the session is told, if anything.
    pub(super) visitor: Option<Event>,
    /// After this, earlier entries of its session or lead must not be told any more.
    pub(super) erases: bool,
    /// Roughly, in bytes.
    pub(super) weight: usize,
}

/// `message` of `GET /api/events`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageTold {
    session_id: String,
    message_id: Option<MessageId>,
    role: Role,
    text: String,
    at: Timestamp,
    page_url: Option<String>,
    /// The address that the session had when the message was kept.
    email: Option<String>,
    /// What an answer was taken from; missing where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sources: Vec<Source>,
}

/// `lead` of `GET /api/events`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LeadTold {
    lead_id: String,
    action: LeadAction,
    /// As it is after that; null when it is gone.
    lead: Option<Lead>,
}

/// `session` of `GET /api/events`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionTold {
    session_id: String,
    /// `started`, `handover` or `erased`.
    action: &'static str,
    /// With `handover`: who answers from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<Mode>,
}

/// `mode` of `GET /api/chat/events`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModeTold {
    mode: Mode,
}

/// `reset`: the listener's place is too old; what it shows is to be read anew.
pub(super) fn reset(place: i64) -> Event {
    Event::default().id(place.to_string()).event("reset").data("{}")
}

/// Who answers now; no place of its own.
pub(super) fn mode(mode: Mode) -> Event {
    event("mode", &ModeTold { mode }).0
}

impl Entry {
    pub(super) fn of(happened: Happened) -> Self {
        let Happened { place, admin, what, .. } = happened;
        let numbered = |(event, size): (Event, usize)| (event.id(place.to_string()), size);
        let entry = |session, lead, erases, business: (Event, usize), visitor: Option<(Event, usize)>| {
            let (business, size) = numbered(business);
            let (visitor, beside) = visitor.map(numbered).unzip();
            let weight = OVERHEAD + size + beside.unwrap_or_default();
            Self { place, admin: admin.clone(), session, lead, business, visitor, erases, weight }
        };
        match what {
            What::Message(message) => {
                let visitor = chat_message(&message).map(|told| event("message", &told));
                let session = message.session_id.clone();
                entry(Some(session), None, false, event("message", &message_told(*message)), visitor)
            }
            What::Lead { id, action, lead } => {
                let told = LeadTold { lead_id: id.clone(), action, lead: lead.map(|lead| *lead) };
                entry(None, Some(id), action == LeadAction::Erased, event("lead", &told), None)
            }
            What::Session { id, action } => {
                let (word, mode) = match action {
                    SessionAction::Started => ("started", None),
                    SessionAction::Mode(mode) => ("handover", Some(mode)),
                    SessionAction::Erased => ("erased", None),
                };
                let told = SessionTold { session_id: id.clone(), action: word, mode };
                let erased = action == SessionAction::Erased;
                let visitor = match mode {
                    Some(mode) => Some(event("mode", &ModeTold { mode })),
                    // The history is no longer what was shown.
                    None => erased.then(|| (Event::default().event("reset").data("{}"), 0)),
                };
                entry(Some(id), None, erased, event("session", &told), visitor)
            }
        }
    }
}

/// The event with its size in bytes.
fn event(name: &str, data: &impl Serialize) -> (Event, usize) {
    // Plain structs of texts and numbers can always be written.
    let text = serde_json::to_string(data).unwrap_or_default();
    let size = text.len();
    (Event::default().event(name).data(text), size)
}

fn message_told(message: Message) -> MessageTold {
    MessageTold {
        message_id: message_id(&message),
        session_id: message.session_id,
        role: message.role,
        text: message.text,
        at: message.at,
        page_url: Some(message.page.url).filter(|url| !url.is_empty()),
        email: message.tag.map(|tag| tag.email),
        sources: message.sources,
    }
}

fn chat_message(message: &Message) -> Option<ChatMessage> {
    crate::visitors::chat_message(message.clone())
}
