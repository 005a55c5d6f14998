//! The event-streams: `GET /api/events` for a business, `GET /api/chat/events` for a visitor.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use porchlight_protocol::ids::SessionId;
use porchlight_protocol::problem::Problem;

use super::entry;
use super::stream::{self, Side};
use crate::app::App;
use crate::auth::{ApiTenant, SessionReader};
use crate::error::ApiResult;
use crate::openapi::{Problems, StreamEvent, StreamProblems, VisitorProblems};
use crate::params::Params;
use crate::store::{KeyRecord, Store, Tenant};

/// How often it is asked whether a listener's key is still good.
const CHECK: Duration = Duration::from_secs(60);

/// What happens in a business, as it happens
///
/// `message`: a message was kept, whoever wrote it. `lead`: a lead came to be, changed, was
/// deleted or erased. `session`: a conversation started, was handed over or erased. Each has a number as its `id`,
/// which grows within the business; gaps are ordinary. With `Last-Event-ID` the stream goes on behind that event,
/// without a gap or a repeat, at any server of the installation; where that is too long ago, `reset` comes first: read
/// anew what you show. Without it the stream begins now, and first tells its place with an `id` alone: whatever is read
/// after that misses nothing. A stream that falls behind is ended and can go on at its place. `: ` comes every 15
/// seconds when nothing happens. At most 64 streams a business.
#[utoipa::path(
    get, path = "/api/events", tag = "leads", security(("apiKey" = [])),
    params(("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event that was taken in.")),
    responses(
        (status = 200, content_type = "text/event-stream", body = StreamEvent,
            description = "The data of `message` is a `MessageTold`, of `lead` a `LeadTold`, of `session` a `SessionTold`, of `reset` `{}`."),
        StreamProblems, Problems
    )
)]
pub async fn get_events(
    State(app): State<App>,
    ApiTenant { tenant, key_id }: ApiTenant,
    headers: HeaderMap,
    uri: Uri,
) -> ApiResult<Response> {
    Params::of(&uri).finish()?;
    let after = stream::last_event_id(&headers);
    let heard = app.live.listen(&tenant, None, after).await?;
    let watch = tokio::spawn(until_revoked(Arc::clone(&app.store), tenant, key_id));
    Ok(stream::answer(heard, Side::Business, after.is_some(), None, Some(watch)))
}

/// Waits until the key is no longer good. A store that cannot be asked ends nothing.
async fn until_revoked(store: Arc<dyn Store>, tenant: Tenant, key_id: String) {
    loop {
        tokio::time::sleep(CHECK).await;
        let keys = store.keys(tenant.admin_id()).await;
        let good = |keys: Vec<KeyRecord>| keys.iter().any(|k| k.id == key_id && k.revoked_at.is_none());
        if !keys.map_or(true, good) {
            return;
        }
    }
}

/// What happens in a session, as it happens, for its token alone
///
/// `message`: every message that is kept from now on, whoever wrote it, as `GET /api/chat` shows it; the page's own
/// too, so compare `messageId`. `mode`: who answers, at the beginning of a stream and when it changes. Ids are opaque.
/// With `Last-Event-ID` the stream goes on behind that event, without a gap or a repeat; where that is too long ago,
/// or the history was erased, `reset` comes: ask `GET /api/chat` again. Without it the stream begins now, and first
/// tells its place with an `id` alone: ask `GET /api/chat` when that has come, and nothing is missed in between. `: `
/// comes every 15 seconds when nothing happens. Of more than eight streams of a session the oldest is ended.
#[utoipa::path(
    get, path = "/api/chat/events", tag = "visitors", security(("sessionToken" = [])),
    params(
        ("sessionId" = SessionId, Query),
        ("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event that was taken in."),
    ),
    responses(
        (status = 200, content_type = "text/event-stream", body = StreamEvent,
            description = "The data of `message` is a `ChatMessage`, of `mode` a `ModeTold`, of `reset` `{}`."),
        (status = 429, body = Problem, content_type = "application/problem+json", headers(("Retry-After" = u32)),
            description = "The site has too many streams."),
        VisitorProblems, Problems
    )
)]
pub async fn get_chat_events(
    State(app): State<App>,
    reader: SessionReader,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let (tenant, session) = (&reader.site.tenant, reader.session.as_str());
    if app.store.session(tenant, &reader.session).await?.is_empty() {
        return Err(Problem::unauthenticated().into());
    }
    let after = stream::last_event_id(&headers);
    let heard = app.live.listen(tenant, Some(session), after).await?;
    // Read behind the place where the stream begins, so that no later change of it is missed.
    let modes = app.store.modes(tenant, &[session.to_owned()]).await?;
    let now = entry::mode(modes.get(session).copied().unwrap_or_default());
    Ok(stream::answer(heard, Side::Visitor, after.is_some(), Some(now), None))
}
