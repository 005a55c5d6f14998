//! `/api/leads` as it was before leads had a place of their own: the chats, grouped by address.

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use porchlight_protocol::email::Email;
use porchlight_protocol::fields::Fields;
use porchlight_protocol::time::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::ApiTenant;
use crate::body::JsonBody;
use crate::error::ApiResult;
use crate::openapi::{AskProblems, BodyProblems, Problems};
use crate::params::{Params, one_of, whole};

const MAX_PAGE: u64 = 1_000_000_000;

/// Old callers may ask for more at once than new ones.
const MAX_PAGE_SIZE: u64 = 1_000;

const MAX_SEARCH_CHARS: usize = 200;

/// A page of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyQuery {
    /// From 1.
    pub page: u64,
    /// How many.
    pub page_size: u64,
    /// By what; ties go by address.
    pub sort: LegacySort,
    /// Largest first.
    pub descending: bool,
    /// A piece of the address or of any message's text, ASCII case ignored; the whole group is shown.
    pub search: Option<String>,
}

/// What a row can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacySort {
    /// The newest message.
    LastSeen,
    /// The oldest message.
    FirstSeen,
    /// The address.
    Email,
    /// How many messages.
    MessageCount,
}

impl LegacySort {
    const ALL: &[(&str, Self)] = &[
        ("lastSeen", Self::LastSeen),
        ("firstSeen", Self::FirstSeen),
        ("email", Self::Email),
        ("messageCount", Self::MessageCount),
    ];
}

/// The messages that carry one address.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LegacyLead {
    /// The address.
    #[serde(rename = "_id")]
    pub id: String,
    /// The address.
    pub email: String,
    /// The oldest message.
    pub first_seen: Timestamp,
    /// The newest message.
    pub last_seen: Timestamp,
    /// How many, of all roles.
    pub message_count: u64,
    /// The session of the newest message.
    pub session_id: String,
    /// What the newest message is tagged with.
    pub requirements: Option<String>,
    /// The newest message's text.
    pub latest_content: String,
    /// Who wrote it.
    pub latest_role: String,
}

/// A page of addresses.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LegacyList {
    leads: Vec<LegacyLead>,
    page: u64,
    page_size: u64,
    total: u64,
    total_pages: u64,
}

/// What was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub struct LegacyDeleted {
    /// How many messages.
    deleted: u64,
    message: String,
}

/// Which address to delete.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the document alone")]
pub struct LegacyDeletion {
    email: String,
}

/// The chats, grouped by address
#[utoipa::path(
    get, path = "/api/leads", tag = "legacy",
    params(
        ("page" = Option<u64>, Query, description = "From 1.", minimum = 1, maximum = 1_000_000_000),
        ("pageSize" = Option<u64>, Query, description = "1 to 1,000; 10 by default.", minimum = 1, maximum = 1_000),
        ("sortBy" = Option<String>, Query, description = "`lastSeen` (default), `firstSeen`, `email` or `messageCount`."),
        ("sortOrder" = Option<String>, Query, description = "`asc` or `desc` (default)."),
        ("search" = Option<String>, Query, description = "A piece of the address or of a message.", max_length = 200),
    ),
    security(("apiKey" = [])), responses((status = 200, body = LegacyList), AskProblems, Problems)
)]
pub async fn list_legacy_leads(
    State(app): State<App>,
    ApiTenant { tenant, .. }: ApiTenant,
    uri: Uri,
) -> ApiResult<Json<LegacyList>> {
    let mut params = Params::of(&uri);
    let query = LegacyQuery {
        page: params.read("page", |text| whole(text, 1, MAX_PAGE)).unwrap_or(1),
        page_size: params.read("pageSize", |text| whole(text, 1, MAX_PAGE_SIZE)).unwrap_or(10),
        sort: params.read("sortBy", sort).unwrap_or(LegacySort::LastSeen),
        descending: params.read("sortOrder", order).unwrap_or(true),
        search: params.read("search", search).flatten(),
    };
    params.finish()?;
    let (leads, total) = app.store.legacy_leads(&tenant, &query).await?;
    Ok(Json(LegacyList {
        leads,
        page: query.page,
        page_size: query.page_size,
        total,
        total_pages: total.div_ceil(query.page_size),
    }))
}

/// Delete the messages that carry an address
///
/// As it is given, or as leads have it; `deleted` is 0 where there are none. Leads stay, without the conversations that
/// have gone.
#[utoipa::path(
    delete, path = "/api/leads", tag = "legacy", request_body = LegacyDeletion, security(("apiKey" = [])),
    responses((status = 200, body = LegacyDeleted), AskProblems, Problems, BodyProblems)
)]
pub async fn delete_legacy_lead(
    State(app): State<App>,
    caller: ApiTenant,
    uri: Uri,
    JsonBody(body): JsonBody,
) -> ApiResult<Json<LegacyDeleted>> {
    Params::of(&uri).finish()?;
    let mut fields = Fields::parse(&body)?;
    fields.refuse_tenant();
    let email = match fields.take("email") {
        Some(Value::String(email)) if !email.trim().is_empty() => email,
        Some(Value::String(_)) | None => refused(&mut fields, "is required"),
        Some(_) => refused(&mut fields, "must be a string"),
    };
    fields.finish()?;
    let deleted =
        app.store.delete_messages_of(&caller.tenant, &spellings(email.trim()), &caller.by()).await?;
    Ok(Json(LegacyDeleted { deleted, message: format!("Deleted {deleted} messages") }))
}

/// Old messages carry an address as it was typed, newer ones as leads have it.
fn spellings(email: &str) -> Vec<String> {
    let mut spellings = vec![email.to_owned()];
    spellings.extend(Email::parse(email).ok().map(String::from).filter(|normal| normal != email));
    spellings
}

fn refused(fields: &mut Fields, message: &str) -> String {
    fields.refuse("email", message);
    String::new()
}

fn sort(text: &str) -> Result<LegacySort, String> {
    let found = LegacySort::ALL.iter().find(|(name, _)| *name == text).map(|(_, sort)| *sort);
    found.ok_or_else(|| one_of(LegacySort::ALL.iter().map(|(name, _)| *name)))
}

fn order(text: &str) -> Result<bool, &'static str> {
    match text {
        "asc" => Ok(false),
        "desc" => Ok(true),
        _ => Err("must be one of asc, desc"),
    }
}

fn search(text: &str) -> Result<Option<String>, String> {
    match text.chars().count() > MAX_SEARCH_CHARS {
        true => Err(format!("must have at most {MAX_SEARCH_CHARS} characters")),
        false => Ok(Some(text.to_ascii_lowercase()).filter(|text| !text.is_empty())),
    }
}
