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
use super::list::{ListParams, ListStart};
use super::{LeadQuery, LeadRecord, Place, Start};
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

/// `GET /api/leads-enhanced`: a list, or with `leadId` one lead.
pub async fn list(State(app): State<App>, ApiTenant(tenant): ApiTenant, uri: Uri) -> ApiResult<Response> {
    let mut params = Params::of(&uri);
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
    let found = app.store.leads(&tenant, &query).await?;
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
        "total": found.total,
        "totalPages": found.total.div_ceil(query.page_size.into()),
        "nextCursor": next,
    }))
    .into_response())
}

/// `GET /api/leads-enhanced/{leadId}`.
pub async fn get(
    State(app): State<App>,
    ApiTenant(tenant): ApiTenant,
    PathId(id): PathId,
    uri: Uri,
) -> ApiResult<Response> {
    Params::of(&uri).finish()?;
    show(&app, &tenant, &id.unwrap_or_default()).await
}

/// `PUT`, with the id in the path or in the body.
pub async fn put(
    State(app): State<App>,
    ApiTenant(tenant): ApiTenant,
    PathId(id): PathId,
    uri: Uri,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> ApiResult<Response> {
    Params::of(&uri).finish()?;
    let (id, edit) = parse_edit(id, &body)?;
    let if_match = wanted_tag(&app, &tenant, &id, IfMatch::of(&headers)).await?;
    match app.store.edit_lead(&tenant, &id, &edit, if_match.as_deref(), clock::now()).await? {
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
    ApiTenant(tenant): ApiTenant,
    PathId(id): PathId,
    uri: Uri,
    JsonBody(body): JsonBody,
) -> ApiResult<Json<Value>> {
    let deletion = parse_deletion(id, Params::of(&uri), &body)?;
    let mut answer = json!({ "success": true, "message": "Lead deleted" });
    if deletion.erase {
        let erased =
            app.store.erase_lead(&tenant, &deletion.id, clock::now()).await?.ok_or_else(no_such_lead)?;
        answer["erased"] =
            json!({ "messages": erased.messages, "sessions": erased.sessions, "events": erased.events });
    } else if !app.store.delete_lead(&tenant, &deletion.id).await? {
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
