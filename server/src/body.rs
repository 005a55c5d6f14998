//! Reads request bodies: bounded in size and time, JSON only.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use porchlight_protocol::problem::Problem;

use crate::app::App;
use crate::error::{ApiError, ApiResult};

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// Notes of 20,000 characters, escaped at their worst, fit with room.
const API_LIMIT: usize = 512 * 1024;

/// Ten thousand leads with what is usually noted of them.
const CSV_LIMIT: usize = 10 * 1024 * 1024;

/// The body of a request to the leads API; empty where there is none.
pub struct JsonBody(pub Bytes);

/// What `fetch` says of a text whose sender says nothing (Fetch standard, "extract a body"): as good as no type at all
/// where an API key must come along, which no form can send.
const UNSAID: &str = "text/plain;charset=utf-8";

impl FromRequest<App> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(mut request: Request, _: &App) -> ApiResult<Self> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        if kind.is_some_and(|kind| kind.as_bytes().eq_ignore_ascii_case(UNSAID.as_bytes())) {
            request.headers_mut().remove(header::CONTENT_TYPE);
        }
        read(request, API_LIMIT).await.map(Self)
    }
}

/// A file of comma-separated values.
pub struct CsvBody(pub Bytes);

impl FromRequest<App> for CsvBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &App) -> ApiResult<Self> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        let encoded = request.headers().contains_key(header::CONTENT_ENCODING);
        if encoded || essence.is_some_and(|essence| essence != "text/csv") {
            let detail = "Send text/csv in UTF-8, not compressed.";
            return Err(Problem::new(415, "unsupported_media_type", "Unsupported media type", detail).into());
        }
        read_bytes(request, CSV_LIMIT).await.map(Self)
    }
}

/// The body, unread when it is too large by its own words. A missing `Content-Type` counts as JSON.
pub async fn read(request: Request, limit: usize) -> ApiResult<Bytes> {
    let headers = request.headers().clone();
    let bytes = read_bytes(request, limit).await?;
    if !bytes.is_empty() && !is_plain_json(&headers) {
        return Err(Problem::unsupported_media_type().into());
    }
    Ok(bytes)
}

async fn read_bytes(request: Request, limit: usize) -> ApiResult<Bytes> {
    if announced_length(request.headers()).is_some_and(|length| length > limit as u64) {
        return Err(Problem::body_too_large(limit).into());
    }
    let body = Limited::new(request.into_body(), limit).collect();
    match tokio::time::timeout(PATIENCE, body).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Problem::body_too_large(limit).into()),
        Ok(Err(_)) => Err(broken_off(400, "bad_request").into()),
        Err(_) => Err(broken_off(408, "request_timeout").into()),
    }
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn broken_off(status: u16, code: &str) -> Problem {
    Problem::new(status, code, "The body did not arrive", "Send the whole body within ten seconds.")
}

fn is_plain_json(headers: &HeaderMap) -> bool {
    let text =
        |name| headers.get(name).map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase());
    let encoded = text(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity");
    let kind = text(header::CONTENT_TYPE);
    let essence = kind.as_deref().map(|kind| kind.split(';').next().unwrap_or_default().trim());
    !encoded && essence.is_none_or(|essence| essence == "application/json" || essence.ends_with("+json"))
}
