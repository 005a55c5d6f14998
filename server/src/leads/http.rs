//! The routes of `/api/leads-enhanced`.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use porchlight_protocol::lead::{Lead, Priority, Status};
use porchlight_protocol::problem::Problem;
use porchlight_protocol::time::Timestamp;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::cursor::{self, List};
use super::edit::{Deletion, DeletionBody, EditBody, parse_deletion, parse_edit};
use super::list::{ListParams, ListStart, take_page_size, take_span};
use super::{LeadEvent, LeadQuery, LeadRecord, Place, Start};
use crate::analytics::{AnalyticsAnswer, Span, answer};
use crate::app::App;
use crate::auth::ApiTenant;
use crate::body::JsonBody;
use crate::clock;
use crate::error::{ApiError, ApiResult};
use crate::headers::IfMatch;
use crate::openapi::{AskProblems, BodyProblems, Problems};
use crate::params::Params;
use crate::store::{Edited, Erased, Tenant};

/// A page of leads.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeadList {
    /// In the order asked for.
    leads: Vec<Lead>,
    /// From 1; null when walking by cursor.
    page: Option<u64>,
    page_size: u32,
    /// All leads that meet the filter.
    total: u64,
    total_pages: u64,
    /// Where it goes on; null at the end.
    next_cursor: Option<String>,
}

/// One lead.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeadAnswer {
    lead: Lead,
}

/// Figures.
#[derive(Debug, Serialize, ToSchema)]
pub struct Figures {
    analytics: AnalyticsAnswer,
}

/// A list, one lead, or figures, by what was asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum LeadsAnswer {
    /// With neither `leadId` nor `analytics`.
    List(LeadList),
    /// With `leadId`.
    Lead(LeadAnswer),
    /// With `analytics=true`.
    Figures(Figures),
}

/// A lead after an edit.
#[derive(Debug, Serialize, ToSchema)]
pub struct Updated {
    success: bool,
    #[schema(example = "Lead updated")]
    message: &'static str,
    lead: Lead,
}

/// What was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub struct Deleted {
    success: bool,
    #[schema(example = "Lead deleted")]
    message: &'static str,
    /// Only with `erase`.
    #[serde(skip_serializing_if = "Option::is_none")]
    erased: Option<Erased>,
}

/// A page of a lead's history.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeadHistory {
    /// Newest first.
    events: Vec<LeadEvent>,
    /// Where it goes on; null at the end.
    next_cursor: Option<String>,
}

/// Which leads. Values of one parameter are alternatives, parameters narrow each other down.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the document alone")]
pub struct FilterParams {
    /// May repeat, or hold several with commas between.
    status: Option<Vec<Status>>,
    /// May repeat, or hold several with commas between.
    priority: Option<Vec<Priority>>,
    /// Compared exactly; may repeat, or hold several with commas between.
    tag: Option<Vec<String>>,
    /// With `://` a literal beginning of the page's address, without it the exact host.
    source: Option<String>,
    /// Created then or later: an RFC 3339 time or a date.
    from: Option<Timestamp>,
    /// Created before: an RFC 3339 time or a date.
    to: Option<Timestamp>,
    /// Every word must begin a word of the lead, whatever its case and accents.
    #[param(max_length = 200)]
    search: Option<String>,
    /// `createdAt`, `updatedAt`, `lastContact`, `value`, `conversationCount` or `email`; with `-` in front descending.
    #[param(example = "-createdAt")]
    sort: Option<String>,
}

/// Which page.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "read by the document alone")]
pub struct PageParams {
    /// From 1.
    #[param(minimum = 1, maximum = 1_000_000_000)]
    page: Option<u64>,
    /// 1 to 100; 10 by default.
    #[param(minimum = 1, maximum = 100)]
    page_size: Option<u32>,
    /// The `nextCursor` of the page before, with the same filters and order.
    cursor: Option<String>,
    /// This lead alone.
    lead_id: Option<String>,
    /// Figures instead of leads; takes `from` and `to` only.
    analytics: Option<bool>,
}

/// The lead's id of the path; any text will do, and one that is no UTF-8 names no lead.
pub struct PathId(String);

impl FromRequestParts<App> for PathId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let path = Path::<String>::from_request_parts(parts, app).await;
        path.map(|Path(id)| Self(id)).map_err(|_| no_such_lead())
    }
}

/// Leads, one lead, or figures
#[utoipa::path(
    get, path = "/api/leads-enhanced", tag = "leads", params(PageParams, FilterParams), security(("apiKey" = [])),
    responses((status = 200, body = LeadsAnswer, headers(("ETag" = String, description = "Of one lead."))), AskProblems, Problems)
)]
pub async fn list_leads(
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
    let list = List::Leads { admin: tenant.admin_id(), filter: &asked.filter, sort: asked.sort };
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
    let (found, total) = app.finder.find(&tenant, &query).await?;
    let last = found.leads.last().filter(|_| found.more);
    let next_cursor =
        last.and_then(|record| cursor::write(&app.secret, list, &Place::of(record, asked.sort.field)));
    let page = match query.start {
        Start::Page(page) => Some(page),
        Start::Behind(_) => None,
    };
    let answer = LeadList {
        leads: found.leads.into_iter().map(|record| record.lead).collect(),
        page,
        page_size: query.page_size,
        total,
        total_pages: total.div_ceil(query.page_size.into()),
        next_cursor,
    };
    Ok(Json(answer).into_response())
}

/// Figures of leads created in `from..to`.
async fn analytics(app: &App, tenant: &Tenant, mut params: Params) -> ApiResult<Json<Figures>> {
    let (from, to) = take_span(&mut params);
    params.finish()?;
    let figures = app.analytics.figures(tenant, Span { from, to }, clock::now()).await?;
    Ok(Json(Figures { analytics: answer(&figures) }))
}

/// One lead
#[utoipa::path(
    get, path = "/api/leads-enhanced/{leadId}", tag = "leads", params(("leadId" = String, Path)),
    security(("apiKey" = [])), responses((status = 200, body = LeadAnswer, headers(("ETag" = String))), AskProblems, Problems)
)]
pub async fn get_lead(
    State(app): State<App>,
    ApiTenant { tenant, .. }: ApiTenant,
    PathId(id): PathId,
    uri: Uri,
) -> ApiResult<Response> {
    Params::of(&uri).finish()?;
    show(&app, &tenant, &id).await
}

/// A lead's history, newest first
#[utoipa::path(
    get, path = "/api/leads-enhanced/{leadId}/events", tag = "leads",
    params(
        ("leadId" = String, Path),
        ("pageSize" = Option<u32>, Query, description = "1 to 100; 10 by default.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the page before."),
    ),
    security(("apiKey" = [])), responses((status = 200, body = LeadHistory), AskProblems, Problems)
)]
pub async fn list_events(
    State(app): State<App>,
    ApiTenant { tenant, .. }: ApiTenant,
    PathId(id): PathId,
    uri: Uri,
) -> ApiResult<Json<LeadHistory>> {
    let mut params = Params::of(&uri);
    let size = take_page_size(&mut params);
    let list = List::History { admin: tenant.admin_id(), lead: &id };
    let below = params.read("cursor", |text| cursor::read::<i64>(&app.secret, list, text));
    params.finish()?;
    let events = app.store.lead_events(&tenant, &id, below, size + 1).await?;
    let mut events = events.ok_or_else(no_such_lead)?;
    let more = events.len() > size as usize;
    events.truncate(size as usize);
    let last = events.last().filter(|_| more);
    let next_cursor = last.and_then(|event| cursor::write(&app.secret, list, &event.version));
    Ok(Json(LeadHistory { events, next_cursor }))
}

/// Change a lead
///
/// Fields that are missing are left alone. An edit that changes nothing succeeds and leaves `updatedAt` alone.
#[utoipa::path(
    put, path = "/api/leads-enhanced", tag = "leads", request_body = EditBody,
    params(("If-Match" = Option<String>, Header, description = "The `ETag` that the lead must still have.")),
    security(("apiKey" = [])),
    responses(
        (status = 200, body = Updated, headers(("ETag" = String))),
        (status = 412, body = Problem, content_type = "application/problem+json", description = "The lead has changed."),
        AskProblems, Problems, BodyProblems
    )
)]
pub async fn put_leads(
    State(app): State<App>,
    caller: ApiTenant,
    uri: Uri,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> ApiResult<Response> {
    Params::of(&uri).finish()?;
    edit(&app, &caller, None, &headers, &body).await
}

/// Change this lead
#[utoipa::path(
    put, path = "/api/leads-enhanced/{leadId}", tag = "leads", request_body = EditBody,
    params(
        ("leadId" = String, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the lead must still have."),
    ),
    security(("apiKey" = [])),
    responses(
        (status = 200, body = Updated, headers(("ETag" = String))),
        (status = 412, body = Problem, content_type = "application/problem+json", description = "The lead has changed."),
        AskProblems, Problems, BodyProblems
    )
)]
pub async fn put_lead(
    State(app): State<App>,
    caller: ApiTenant,
    PathId(id): PathId,
    uri: Uri,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> ApiResult<Response> {
    Params::of(&uri).finish()?;
    edit(&app, &caller, Some(id), &headers, &body).await
}

async fn edit(
    app: &App,
    caller: &ApiTenant,
    path_id: Option<String>,
    headers: &HeaderMap,
    body: &[u8],
) -> ApiResult<Response> {
    let (id, edit) = parse_edit(path_id, body)?;
    let if_match = wanted_tag(app, &caller.tenant, &id, IfMatch::of(headers)).await?;
    match app.store.edit_lead(&caller.tenant, &id, &edit, if_match.as_deref(), &caller.by()).await? {
        Edited::Done(record) => {
            let etag = record.etag();
            let body = Updated { success: true, message: "Lead updated", lead: record.lead };
            Ok(([(header::ETAG, etag)], Json(body)).into_response())
        }
        Edited::Stale => Err(Problem::precondition_failed().into()),
        Edited::Missing => Err(no_such_lead()),
    }
}

/// Delete a lead, with `erase` its conversations and history too
#[utoipa::path(
    delete, path = "/api/leads-enhanced", tag = "leads", request_body = Option<DeletionBody>,
    params(
        ("leadId" = Option<String>, Query, description = "Here or in the body."),
        ("erase" = Option<bool>, Query, description = "Here or in the body."),
    ),
    security(("apiKey" = [])), responses((status = 200, body = Deleted), AskProblems, Problems, BodyProblems)
)]
pub async fn delete_leads(
    State(app): State<App>,
    caller: ApiTenant,
    uri: Uri,
    JsonBody(body): JsonBody,
) -> ApiResult<Json<Deleted>> {
    remove(&app, &caller, parse_deletion(None, Params::of(&uri), &body)?).await
}

/// Delete this lead, with `erase` its conversations and history too
#[utoipa::path(
    delete, path = "/api/leads-enhanced/{leadId}", tag = "leads", request_body = Option<DeletionBody>,
    params(("leadId" = String, Path), ("erase" = Option<bool>, Query, description = "Here or in the body.")),
    security(("apiKey" = [])), responses((status = 200, body = Deleted), AskProblems, Problems, BodyProblems)
)]
pub async fn delete_lead(
    State(app): State<App>,
    caller: ApiTenant,
    PathId(id): PathId,
    uri: Uri,
    JsonBody(body): JsonBody,
) -> ApiResult<Json<Deleted>> {
    remove(&app, &caller, parse_deletion(Some(id), Params::of(&uri), &body)?).await
}

async fn remove(app: &App, caller: &ApiTenant, deletion: Deletion) -> ApiResult<Json<Deleted>> {
    let mut erased = None;
    if deletion.erase {
        let found = app.store.erase_lead(&caller.tenant, &deletion.id, &caller.by()).await?;
        erased = Some(found.ok_or_else(no_such_lead)?);
    } else if !app.store.delete_lead(&caller.tenant, &deletion.id, &caller.by()).await? {
        return Err(no_such_lead());
    }
    Ok(Json(Deleted { success: true, message: "Lead deleted", erased }))
}

async fn show(app: &App, tenant: &Tenant, id: &str) -> ApiResult<Response> {
    let record: LeadRecord = app.store.lead(tenant, id).await?.ok_or_else(no_such_lead)?;
    let etag = record.etag();
    Ok(([(header::ETAG, etag)], Json(LeadAnswer { lead: record.lead })).into_response())
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

fn no_such_lead() -> ApiError {
    Problem::not_found("There is no such lead.").into()
}
