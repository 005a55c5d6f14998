//! What every request goes through: its id, its line in the log, its own task, the shape of its errors.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use porchlight_protocol::problem::Problem;
use tracing::Instrument;

use crate::error::{ApiError, shaped};
use crate::{keys, metrics};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Runs a request and says in the log what became of it. The log holds no address, text, token or query.
pub async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let span = tracing::info_span!("request", id = %id.to_str().unwrap_or_default());
    let mut response = shaped(run(request, next).instrument(span.clone()).await);
    finish_headers(response.headers_mut(), id);
    let took = started.elapsed();
    let ms = took.as_millis() as u64;
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    metrics::answered(route, method_name(&method), response.status().as_u16(), took);
    tracing::info!(parent: &span, %method, route, status = response.status().as_u16(), ms, "answered");
    response
}

/// Methods that somebody made up must not become labels.
fn method_name(method: &Method) -> &str {
    let known = [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::HEAD];
    if known.contains(method) { method.as_str() } else { "other" }
}

/// A task of its own, so that a client that goes away stops nothing half-way, and a panic ends this request alone.
async fn run(request: Request, next: Next) -> Response {
    let span = tracing::Span::current();
    match tokio::spawn(next.run(request).instrument(span)).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(panicked = error.is_panic(), "a request ended badly");
            ApiError::from(Problem::internal()).into_response()
        }
    }
}

/// The edge's id where it is harmless, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let sane = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        let harmless = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        (1..=128).contains(&bytes.len()) && bytes.iter().all(harmless)
    };
    let sent = headers.get(REQUEST_ID).filter(sane).cloned();
    sent.or_else(|| HeaderValue::from_str(&keys::id("req_")).ok()).unwrap_or(HeaderValue::from_static("none"))
}

fn finish_headers(headers: &mut HeaderMap, id: HeaderValue) {
    headers.insert(REQUEST_ID, id);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // What says nothing about caches holds somebody's data.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
