//! `GET /api/chats`: whole conversations, as the business reads them.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use porchlight_protocol::capture::{Mode, Role, Source};
use porchlight_protocol::ids::{MessageId, SessionId};
use porchlight_protocol::problem::Problem;
use porchlight_protocol::time::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::ApiTenant;
use crate::conversation::Message;
use crate::error::ApiResult;
use crate::openapi::{AskProblems, Problems};
use crate::params::Params;

/// The conversations of a lead, or one by its session.
#[derive(Debug, Serialize, ToSchema)]
pub struct Conversations {
    conversations: Vec<Conversation>,
}

/// One conversation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Conversation {
    session_id: String,
    started_at: Timestamp,
    last_message_at: Timestamp,
    /// Who answers in it.
    mode: Mode,
    messages: Vec<Line>,
}

/// One message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    message_id: Option<MessageId>,
    role: Role,
    text: String,
    at: Timestamp,
    page_url: Option<String>,
    email: Option<String>,
    requirements: Option<String>,
    /// What the business has written that an answer was taken from; missing where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sources: Vec<Source>,
}

/// The conversations of a lead, or one by its session, oldest first
#[utoipa::path(
    get, path = "/api/chats", tag = "leads",
    params(
        ("leadId" = Option<String>, Query, description = "Either this"),
        ("sessionId" = Option<String>, Query, description = "or this."),
    ),
    security(("apiKey" = [])), responses((status = 200, body = Conversations), AskProblems, Problems)
)]
pub async fn list_chats(
    State(app): State<App>,
    ApiTenant { tenant, .. }: ApiTenant,
    uri: Uri,
) -> ApiResult<Json<Conversations>> {
    let mut params = Params::of(&uri);
    let asked = (params.one("leadId"), params.one("sessionId"));
    if asked.0.is_some() == asked.1.is_some() {
        params.refuse("leadId", "give either leadId or sessionId");
    }
    params.finish()?;
    let sessions = match asked {
        (Some(lead), _) => app.store.sessions_of_lead(&tenant, &lead).await?,
        (None, session) => match session.and_then(|text| text.parse::<SessionId>().ok()) {
            Some(session) => Some(vec![app.store.session(&tenant, &session).await?]),
            None => None,
        },
    };
    let no_such = || Problem::not_found("There is no such lead or session.");
    let sessions = sessions.filter(|sessions| !sessions.iter().any(Vec::is_empty)).ok_or_else(no_such)?;
    let ids: Vec<String> =
        sessions.iter().flat_map(|messages| messages.first()).map(|m| m.session_id.clone()).collect();
    let modes = app.store.modes(&tenant, &ids).await?;
    let mut conversations: Vec<Conversation> =
        sessions.iter().filter_map(|messages| conversation(messages, &modes)).collect();
    conversations.sort_by_key(|conversation| conversation.started_at);
    Ok(Json(Conversations { conversations }))
}

/// The message's id; one made of its content where it is from before this system and has none of ours.
pub fn message_id(message: &Message) -> Option<MessageId> {
    message.message_id.parse().ok().or_else(|| {
        let content = [&message.session_id, &message.message_id, &message.at.to_string(), &message.text];
        let digest = Sha256::digest(content.map(String::as_str).join("\0"));
        let digits: String = digest.iter().take(13).map(|byte| format!("{byte:02X}")).collect();
        format!("msg_{digits}").parse().ok()
    })
}

/// `None` for a session without messages.
fn conversation(messages: &[Message], modes: &HashMap<String, Mode>) -> Option<Conversation> {
    let session_id = messages.first()?.session_id.clone();
    Some(Conversation {
        mode: modes.get(&session_id).copied().unwrap_or_default(),
        session_id,
        started_at: messages.iter().map(|message| message.at).min()?,
        last_message_at: messages.iter().map(|message| message.at).max()?,
        messages: messages.iter().map(line).collect(),
    })
}

pub(crate) fn line(message: &Message) -> Line {
    let tag = message.tag.clone();
    Line {
        message_id: message_id(message),
        role: message.role,
        text: message.text.clone(),
        at: message.at,
        page_url: Some(message.page.url.clone()).filter(|url| !url.is_empty()),
        email: tag.as_ref().map(|tag| tag.email.clone()),
        requirements: tag.map(|tag| tag.requirements),
        sources: message.sources.clone(),
    }
}
