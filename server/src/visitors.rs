//! The visitors' routes: capture, history, the widget's settings.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use porchlight_protocol::capture::{Accepted, Capture, CaptureAnswer, ChatMessage, History};
use porchlight_protocol::email::{self, Email};
use porchlight_protocol::ids::{SessionId, SiteKey};
use porchlight_protocol::origins::SITE_HEADER;
use porchlight_protocol::problem::Problem;
use porchlight_protocol::widget::WidgetSettings;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::app::App;
use crate::assistant::Question;
use crate::auth::{SessionReader, VisitorMessage, VisitorSite};
use crate::capture::{Refused, incoming};
use crate::chats::message_id;
use crate::conversation::{Answerer, Message};
use crate::error::{ApiError, ApiResult};
use crate::headers::{etag_of, is_known};
use crate::leads::By;
use crate::leads::history::VISITOR;
use crate::live::agent::no_such_session;
use crate::openapi::{BodyProblems, Problems, StreamEvent, VisitorProblems};
use crate::store::{CaptureError, Kept, Tenant};
use crate::{chat_events, clock};

/// Keep a visitor's message
///
/// Answers once the message and all that follows from it is durable. The same `messageId` again changes nothing and is
/// answered the same.
///
/// With `Accept: text/event-stream` the answer comes as events: `accepted` (the answer without `reply`), then `delta`
/// (`{"text"}`, words as they are found), `reply` (the whole, which takes the place of the deltas), `done` (`{}`). Where
/// nobody answers, `done` follows `accepted`; where an answer broke off after some of it was told, `error` (a `Problem`)
/// stands in place of `reply`, what was told of it counts for nothing, and the message is kept all the same. A request that
/// is refused gets a `Problem` as ever.
///
/// Where a language model answers, `accepted` comes before it is asked; without event-streams it has a short while, and
/// then the built-in assistant answers in its place.
#[utoipa::path(
    post, path = "/api/chat", tag = "visitors", request_body = Capture, security((), ("sessionToken" = [])),
    responses(
        (status = 200, content((CaptureAnswer = "application/json"), (StreamEvent = "text/event-stream"))),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "The id was used for another text."),
        (status = 429, body = Problem, content_type = "application/problem+json", headers(("Retry-After" = u32)),
            description = "The session or its site sends too much."),
        VisitorProblems, Problems, BodyProblems
    )
)]
pub async fn post_chat(
    State(app): State<App>,
    headers: HeaderMap,
    VisitorMessage { site, capture, authorised }: VisitorMessage,
) -> ApiResult<Response> {
    let tenant = &site.tenant;
    let session = capture.session_id.clone();
    app.limits.check(tenant.admin_id(), &session).map_err(Problem::too_many_requests)?;
    let addresses = capture.addresses();
    let known = app.knowledge.passages(tenant, &capture.text).await;
    let mut incoming = incoming(tenant.clone(), capture, &addresses, authorised, known.clone(), clock::now());
    let offer = app.assistant.offer(&site);
    incoming.answerer = if offer.is_some() { Answerer::Model } else { Answerer::Builtin };
    let kept = app.batcher.keep(incoming).await.map_err(refusal)?;
    let granted = kept.message.opened || authorised;
    let owed = kept.owes_reply() && granted;
    // A site key alone has no session read.
    if granted && !kept.duplicate && kept.session_email.is_some() {
        app.assistant.draw_out(Arc::clone(&site), session.clone());
    }
    let mut answer = answer(&app, tenant, &session, kept, authorised, addresses.first())?;
    let as_events = chat_events::are_wanted(&headers);
    if owed {
        let message = answer.accepted.message_id.clone();
        let listener = app.assistant.answer(Question { site, session, message, known }, offer);
        if as_events {
            return Ok(chat_events::following(&answer.accepted, listener));
        }
        answer.reply = listener.within(app.assistant.patience()).await.and_then(chat_message);
    }
    Ok(match as_events {
        true => chat_events::of(answer),
        false => Json(answer).into_response(),
    })
}

pub(crate) fn refusal(refused: Refused) -> ApiError {
    match refused {
        Refused::Full | Refused::Late => Problem::unavailable(1).into(),
        Refused::Capture(CaptureError::Reused) => Problem::message_id_reused().into(),
        Refused::Capture(CaptureError::Nowhere) => no_such_session(),
        // Of answers alone, which nobody sends.
        Refused::Capture(CaptureError::Silenced) => Problem::internal().into(),
        Refused::Capture(CaptureError::Store(error)) => error.into(),
    }
}

/// Only who began the session or brought its token learns anything about it: a site key may append, never read.
fn answer(
    app: &App,
    tenant: &Tenant,
    session: &SessionId,
    kept: Kept,
    authorised: bool,
    own: Option<&Email>,
) -> ApiResult<CaptureAnswer> {
    let granted = kept.message.opened || authorised;
    let session_email = kept.session_email.and_then(|text| Email::parse(&text).ok());
    let accepted = Accepted {
        message_id: message_id(&kept.message).ok_or_else(Problem::internal)?,
        duplicate: kept.duplicate,
        session_token: granted.then(|| app.secret.session_token(tenant.admin_id(), session)).flatten(),
        // What was erased has no session any more.
        email: if granted { session_email } else { own.filter(|_| session_email.is_some()).cloned() },
        suggestion: own.and_then(email::suggest),
    };
    Ok(CaptureAnswer { accepted, reply: kept.reply.filter(|_| granted).and_then(chat_message) })
}

/// A session's history, for its token alone
#[utoipa::path(
    get, path = "/api/chat", tag = "visitors", params(("sessionId" = SessionId, Query)),
    security(("sessionToken" = [])), responses((status = 200, body = History), VisitorProblems, Problems)
)]
pub async fn get_chat(State(app): State<App>, reader: SessionReader) -> ApiResult<Json<History>> {
    let messages = app.store.session(&reader.site.tenant, &reader.session).await?;
    if messages.is_empty() {
        return Err(Problem::unauthenticated().into());
    }
    Ok(Json(History { messages: messages.into_iter().filter_map(chat_message).collect() }))
}

/// A conversation that was removed.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeletedChat {
    /// How many messages it had, whoever wrote them.
    deleted: u64,
}

/// Remove a session's conversation, as its visitor wants it
///
/// Its messages go, and with them what leads have from them. A lead that has no other session and that nobody of the
/// business has worked on goes too. A repetition of a removed message changes nothing.
#[utoipa::path(
    delete, path = "/api/chat", tag = "visitors", params(("sessionId" = SessionId, Query)),
    security(("sessionToken" = [])), responses((status = 200, body = DeletedChat), VisitorProblems, Problems)
)]
pub async fn delete_chat(State(app): State<App>, reader: SessionReader) -> ApiResult<Json<DeletedChat>> {
    let by = By::new(VISITOR, clock::now());
    let deleted = app.store.delete_session(&reader.site.tenant, &reader.session, &by).await?;
    Ok(Json(DeletedChat { deleted }))
}

/// What the widget of a site looks like and says
#[utoipa::path(
    get, path = "/api/widget", tag = "visitors", params(("siteKey" = SiteKey, Query)),
    responses(
        (status = 200, body = WidgetSettings, headers(("ETag" = String))),
        (status = 304, description = "As `If-None-Match` knows it."),
        VisitorProblems, Problems
    )
)]
pub async fn get_widget(
    VisitorSite { site, for_edge }: VisitorSite,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let body = serde_json::to_vec(&site.widget).map_err(|_| Problem::internal())?;
    let etag = etag_of(&Sha256::digest(&body));
    let known = is_known(&headers, &etag);
    let caching = [
        (header::ETAG, etag.as_str()),
        (header::CACHE_CONTROL, "public, max-age=60, stale-while-revalidate=600"),
    ];
    let mut response = match known {
        true => (StatusCode::NOT_MODIFIED, caching).into_response(),
        false => (caching, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
    };
    if for_edge {
        let origins = site.allowed_origins.join(" ").parse().map_err(|_| Problem::internal())?;
        response.headers_mut().insert(SITE_HEADER, origins);
    }
    Ok(response)
}

pub(crate) fn chat_message(message: Message) -> Option<ChatMessage> {
    let message_id = message_id(&message)?;
    let Message { role, text, at, sources, .. } = message;
    Some(ChatMessage { message_id, role, text, at, sources })
}
