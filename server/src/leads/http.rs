//! The routes of `/api/leads-enhanced`.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use porchlight_protocol::lead::Lead;
use porchlight_protocol::problem::Problem;
use serde_json::{Value, json};

use super::cursor::{self, List};
use super::edit::{parse_deletion, parse_edit};
use super::list::{ListParams, ListStart, take_page_size, take_span};
use super::{LeadQuery, LeadRecord, Place, Start};
use crate::analytics::{Span, answer};
use crate::app::App;
use crate::auth::ApiTenant;
use crate::body::JsonBody;
use crate::clock;
use crate::error::{ApiError, ApiResult};
use crate::headers::IfMatch;
use crate::params::Params;
use crate::store::{Edited, Tenant};

/// The lead's id where the path holds one; any text will do, also one that is no UTF-8.
pub struct PathId(Option<String>);

impl FromRequestParts<App> for PathId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        if !parts.uri.path().starts_with("/api/leads-enhanced/") {
            return Ok(Self(None));
        }
        let path = Path::<String>::from_request_parts(parts, app).await;
        path.map(|Path(id)| Self(Some(id))).map_err(|_| no_such_lead())
    }
}

/// `GET /api/leads-enhanced`: a list, or with `leadId` one lead, or with `analytics=true` the figures.
pub async fn list(
    State(app): State<App>,
    ApiTenant { tenant, .. }: ApiTenant,
    uri: Uri,
) -> ApiResult<Response> {
    let mut params = Params::of(&uri);
    let figures = params.read("analytics", |text| text.parse::<bool>().map_err(|_| "must be true or false"));
    if figures == Some(true) {
        return analytics(&app, &tenant, params).await.map(IntoResponse::into_response);
    }
    let lead = params.one("leadId");
    let asked = ListParams::take(&mut params);
    let list = List { admin: tenant.admin_id(), filter: &asked.filter, sort: asked.sort };
    let start = match &asked.start {
        ListStart::Page(page) => Start::Page(*page),
        ListStart::Cursor(text) => match cursor::read(&app.secret, list, text) {
            Ok(place) => Start::Behind(place),
            Err(message) => {
                params.refuse("cursor", message);
                Start::Page(1)
            }
        },
    };
    params.finish()?;
    if let Some(id) = lead {
        return show(&app, &tenant, &id).await;
    }
    let query =
        LeadQuery { filter: asked.filter.clone(), sort: asked.sort, start, page_size: asked.page_size };
    let (found, total) =
        futures::try_join!(app.store.leads(&tenant, &query), app.analytics.count(&tenant, &query.filter))?;
    let last = found.leads.last().filter(|_| found.more);
    let next = last.and_then(|record| cursor::write(&app.secret, list, &Place::of(record, asked.sort.field)));
    let page = match query.start {
        Start::Page(page) => Some(page),
        Start::Behind(_) => None,
    };
    Ok(Json(json!({
        "leads": found.leads.iter().map(|record| shown(&record.lead)).collect::<Vec<_>>(),
        "page": page,
        "pageSize": query.page_size,
        "total": total,
        "totalPages": total.div_ceil(query.page_size.into()),
        "nextCursor": next,
    }))
    .into_response())
}

/// `GET /api/leads-enhanced?analytics=true`, of leads created in `from..to`.
async fn analytics(app: &App, tenant: &Tenant, mut params: Params) -> ApiResult<Json<Value>> {
    let (from, to) = take_span(&mut params);
    params.finish()?;
    let figures = app.analytics.figures(tenant, Span { from, to }, clock::now()).await?;
    Ok(Json(json!({ "analytics": answer(&figures) })))
}

/// `GET /api/leads-enhanced/{leadId}`.
pub async fn get(
    State(app): State<App>,
    ApiTenant { tenant, .. }: ApiTenant,
    PathId(id): PathId,
    uri: Uri,
) -> ApiResult<Response> {
    Params::of(&uri).finish()?;
    show(&app, &tenant, &id.unwrap_or_default()).await
}

/// `GET /api/leads-enhanced/{leadId}/events`: the lead's history, newest first.
pub async fn events(
    State(app): State<App>,
    ApiTenant { tenant, .. }: ApiTenant,
    PathId(id): PathId,
    uri: Uri,
) -> ApiResult<Json<Value>> {
    let mut params = Params::of(&uri);
    let size = take_page_size(&mut params);
    let below =
        params.read("cursor", |text| text.parse::<i64>().map_err(|_| "must be a nextCursor of this list"));
    params.finish()?;
    let events = app.store.lead_events(&tenant, &id.unwrap_or_default(), below, size + 1).await?;
    let mut events = events.ok_or_else(no_such_lead)?;
    let more = events.len() > size as usize;
    events.truncate(size as usize);
    let next = events.last().filter(|_| more).map(|event| event.version.to_string());
    Ok(Json(json!({ "events": events, "nextCursor": next })))
}

/// `PUT`, with the id in the path or in the body.
pub async fn put(
    State(app): State<App>,
    caller: ApiTenant,
    PathId(id): PathId,
    uri: Uri,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> ApiResult<Response> {
    Params::of(&uri).finish()?;
    let (id, edit) = parse_edit(id, &body)?;
    let if_match = wanted_tag(&app, &caller.tenant, &id, IfMatch::of(&headers)).await?;
    match app.store.edit_lead(&caller.tenant, &id, &edit, if_match.as_deref(), &caller.by()).await? {
        Edited::Done(record) => {
            let body = json!({ "success": true, "message": "Lead updated", "lead": shown(&record.lead) });
            Ok(([(header::ETAG, record.etag())], Json(body)).into_response())
        }
        Edited::Stale => Err(Problem::precondition_failed().into()),
        Edited::Missing => Err(no_such_lead()),
    }
}

/// `DELETE`, with the id in the path, the query or the body.
pub async fn delete(
    State(app): State<App>,
    caller: ApiTenant,
    PathId(id): PathId,
    uri: Uri,
    JsonBody(body): JsonBody,
) -> ApiResult<Json<Value>> {
    let deletion = parse_deletion(id, Params::of(&uri), &body)?;
    let mut answer = json!({ "success": true, "message": "Lead deleted" });
    if deletion.erase {
        let erased = app.store.erase_lead(&caller.tenant, &deletion.id, &caller.by()).await?;
        let erased = erased.ok_or_else(no_such_lead)?;
        answer["erased"] =
            json!({ "messages": erased.messages, "sessions": erased.sessions, "events": erased.events });
    } else if !app.store.delete_lead(&caller.tenant, &deletion.id, &caller.by()).await? {
        return Err(no_such_lead());
    }
    Ok(Json(answer))
}

async fn show(app: &App, tenant: &Tenant, id: &str) -> ApiResult<Response> {
    let record: LeadRecord = app.store.lead(tenant, id).await?.ok_or_else(no_such_lead)?;
    let body = Json(json!({ "lead": shown(&record.lead) }));
    Ok(([(header::ETAG, record.etag())], body).into_response())
}

/// The one tag that the lead must still have. Of several, the one that it has now, if any.
async fn wanted_tag(app: &App, tenant: &Tenant, id: &str, asked: IfMatch) -> ApiResult<Option<String>> {
    let IfMatch::OneOf(mut tags) = asked else { return Ok(None) };
    if tags.len() > 1 {
        let current = app.store.lead(tenant, id).await?.map(|record| record.etag());
        tags.sort_by_key(|tag| Some(tag) != current.as_ref());
    }
    Ok(tags.into_iter().next())
}

/// The lead as JSON; a value that is whole is written as a whole number.
fn shown(lead: &Lead) -> Value {
    let mut json = json!(lead);
    if let Some(value) = lead.value.filter(|value| value.fract() == 0.0) {
        json["value"] = json!(value as i64);
    }
    json
}

fn no_such_lead() -> ApiError {
    Problem::not_found("There is no such lead.").into()
}
