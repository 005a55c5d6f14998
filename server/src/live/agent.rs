//! A person steps in: messages of an agent, and who answers in a session.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use porchlight_protocol::capture::{MAX_TEXT_CHARS, Mode, Role};
use porchlight_protocol::fields::Fields;
use porchlight_protocol::ids::{MessageId, SessionId};
use porchlight_protocol::problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::ApiTenant;
use crate::body::JsonBody;
use crate::chats::{Line, line};
use crate::clock;
use crate::conversation::{Answerer, Incoming, Page};
use crate::error::{ApiError, ApiResult};
use crate::keys;
use crate::openapi::{AskProblems, BodyProblems, Problems};
use crate::visitors::refusal;

/// What an agent writes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read by the document alone")]
pub struct AgentMessage {
    /// 1 to 4,000 characters after trimming.
    #[schema(min_length = 1, max_length = 4_000)]
    text: String,
    /// The same again changes nothing; one is made where none is given.
    message_id: Option<MessageId>,
}

/// Who is to answer.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "read by the document alone")]
pub struct Handover {
    mode: Mode,
}

/// Who answers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HandedOver {
    session_id: SessionId,
    mode: Mode,
}

/// The session of the path; a text that is none names no session.
pub struct PathSession(SessionId);

impl FromRequestParts<App> for PathSession {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let path = Path::<String>::from_request_parts(parts, app).await.ok();
        let session = path.and_then(|Path(text)| text.parse().ok());
        session.map(Self).ok_or_else(no_such_session)
    }
}

/// Write to a visitor
///
/// The message stands in the conversation as an agent's, and the conversation is a person's from then on: the
/// assistant is silent until it is handed back.
#[utoipa::path(
    post, path = "/api/chats/{sessionId}/messages", tag = "leads", params(("sessionId" = SessionId, Path)),
    request_body = AgentMessage, security(("apiKey" = [])),
    responses(
        (status = 200, body = Line),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "The id was used for another text."),
        AskProblems, Problems, BodyProblems
    )
)]
pub async fn post_message(
    State(app): State<App>,
    ApiTenant { tenant, .. }: ApiTenant,
    PathSession(session): PathSession,
    JsonBody(body): JsonBody,
) -> ApiResult<Json<Line>> {
    let (text, message_id) = read_message(&body)?;
    let now = clock::now();
    let kept = app.store.session(&tenant, &session).await?;
    let repeated = message_id.as_ref().is_some_and(|id| kept.iter().any(|m| m.message_id == id.as_str()));
    // A repetition is no reason to take a conversation over again that was handed back meanwhile.
    if !repeated && !app.store.hand_over(&tenant, &session, Mode::Human, now).await? {
        return Err(no_such_session());
    }
    let incoming = Incoming {
        tenant,
        session_id: session,
        message_id: match message_id {
            Some(id) => id,
            None => keys::id("msg_").parse().map_err(|_| Problem::internal())?,
        },
        role: Role::Agent,
        seq: None,
        text,
        page: Page::default(),
        addresses: Vec::new(),
        at: now,
        arrived: now,
        authorised: false,
        edge: None,
        answerer: Answerer::default(),
        known: Vec::new(),
        reply_to: None,
        sources: Vec::new(),
    };
    let kept = app.batcher.keep(incoming).await.map_err(refusal)?;
    Ok(Json(line(&kept.message)))
}

/// Let a person or the assistant answer
#[utoipa::path(
    post, path = "/api/chats/{sessionId}/handover", tag = "leads", params(("sessionId" = SessionId, Path)),
    request_body = Handover, security(("apiKey" = [])),
    responses((status = 200, body = HandedOver), AskProblems, Problems, BodyProblems)
)]
pub async fn post_handover(
    State(app): State<App>,
    ApiTenant { tenant, .. }: ApiTenant,
    PathSession(session_id): PathSession,
    JsonBody(body): JsonBody,
) -> ApiResult<Json<HandedOver>> {
    let mode = read_mode(&body)?;
    match app.store.hand_over(&tenant, &session_id, mode, clock::now()).await? {
        true => Ok(Json(HandedOver { session_id, mode })),
        false => Err(no_such_session()),
    }
}

pub(crate) fn no_such_session() -> ApiError {
    Problem::not_found("There is no such session.").into()
}

fn read_message(body: &[u8]) -> Result<(String, Option<MessageId>), Problem> {
    let mut fields = Fields::parse(body)?;
    fields.refuse_tenant();
    fields.require("text");
    let text = fields.read("text", |text| {
        let text = text.trim();
        match text.chars().count() {
            1..=MAX_TEXT_CHARS => Ok(text.to_owned()),
            _ => Err("must have 1 to 4000 characters after trimming"),
        }
    });
    let message_id = fields.read("messageId", MessageId::try_from);
    refuse_rest(&mut fields, "text and messageId");
    fields.finish()?;
    // Whatever is missing has been reported by `finish`.
    Ok((text.ok_or_else(Problem::internal)?, message_id))
}

fn read_mode(body: &[u8]) -> Result<Mode, Problem> {
    let mut fields = Fields::parse(body)?;
    fields.refuse_tenant();
    fields.require("mode");
    let mode = fields.read("mode", |word| Mode::from_word(&word).ok_or("must be one of human, assistant"));
    refuse_rest(&mut fields, "mode");
    fields.finish()?;
    mode.ok_or_else(Problem::internal)
}

fn refuse_rest(fields: &mut Fields, known: &str) {
    let unknown: Vec<String> = fields.rest().filter(|name| !fields.failed(name)).map(str::to_owned).collect();
    for name in &unknown {
        fields.refuse(name, format!("is not a field here; send {known}"));
    }
}
