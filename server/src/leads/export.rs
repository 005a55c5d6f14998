//! `GET /api/leads-enhanced/export.csv`: all leads that meet a filter, as they come from the store.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use futures::stream;

use super::http::FilterParams;
use super::list::{take_filter, take_sort};
use super::{LeadQuery, Place, Start, sheet};
use crate::app::App;
use crate::auth::ApiTenant;
use crate::error::ApiResult;
use crate::openapi::{AskProblems, Problems};
use crate::params::Params;
use crate::store::{StoreError, Tenant};

/// Leads that are read at a time: the memory that an export takes, however long it is.
const STEP: u32 = 500;

/// Leads as CSV
///
/// RFC 4180 in UTF-8; cells that a spreadsheet would take for formulas have an apostrophe in front. The file is
/// streamed: one that breaks off lacks the end of its transfer.
#[utoipa::path(
    get, path = "/api/leads-enhanced/export.csv", tag = "leads", params(FilterParams), security(("apiKey" = [])),
    responses((status = 200, body = String, content_type = "text/csv; charset=utf-8"), AskProblems, Problems)
)]
pub async fn export_leads(
    State(app): State<App>,
    ApiTenant { tenant, .. }: ApiTenant,
    uri: Uri,
) -> ApiResult<Response> {
    let mut params = Params::of(&uri);
    let (filter, sort) = (take_filter(&mut params), take_sort(&mut params));
    params.finish()?;
    let query = LeadQuery { filter, sort, start: Start::Page(1), page_size: STEP };
    // The first step decides whether this is an answer or an error.
    let (first, next) = step(&app, &tenant, query).await?;
    let mut start = sheet::header();
    start.extend(first);
    let rest = stream::try_unfold(next, move |next| {
        let (app, tenant) = (app.clone(), tenant.clone());
        async move {
            let Some(query) = next else { return Ok::<_, StoreError>(None) };
            let (rows, next) = step(&app, &tenant, query).await?;
            Ok(Some((Bytes::from(rows), next)))
        }
    });
    let start = stream::once(async { Ok(Bytes::from(start)) });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"leads.csv\""),
    ];
    Ok((headers, Body::from_stream(futures::StreamExt::chain(start, rest))).into_response())
}

/// Some lines, and where it goes on.
async fn step(
    app: &App,
    tenant: &Tenant,
    query: LeadQuery,
) -> Result<(Vec<u8>, Option<LeadQuery>), StoreError> {
    let found = app.finder.page(tenant, &query).await?;
    let rows = sheet::rows(found.leads.iter().map(|record| &record.lead));
    let last = found.leads.last().filter(|_| found.more);
    let next =
        last.map(|record| LeadQuery { start: Start::Behind(Place::of(record, query.sort.field)), ..query });
    Ok((rows, next))
}
