//! What every request goes through: its id, its line in the log, its end whatever becomes of the client, the shape of its errors.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use futures::future::BoxFuture;
use porchlight_protocol::problem::Problem;
use tokio::runtime::Handle;
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

/// A client that goes away stops nothing half-way, and a panic ends this request alone.
async fn run(request: Request, next: Next) -> Response {
    let work = AssertUnwindSafe(next.run(request).in_current_span()).catch_unwind();
    match ToItsEnd(Some(work.boxed())).await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!("a request ended in a panic");
            ApiError::from(Problem::internal()).into_response()
        }
    }
}

/// Work that goes on in a task of its own when whoever waits for it goes away; as long as somebody waits it needs none.
struct ToItsEnd<T: Send + 'static>(Option<BoxFuture<'static, T>>);

impl<T: Send + 'static> Future for ToItsEnd<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(work) = &mut self.0 else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for ToItsEnd<T> {
    fn drop(&mut self) {
        if let Some(work) = self.0.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(work);
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
    // No answer is a page, but for the one that brings a policy of its own.
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    // What says nothing about caches holds somebody's data.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_nobody_waits_for_any_more_comes_to_its_end() {
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        let (done, mut result) = tokio::sync::oneshot::channel();
        let work = async move {
            gone.await.unwrap();
            done.send("done").unwrap();
        };
        let mut waiting = ToItsEnd(Some(work.boxed()));
        assert!(futures::poll!(&mut waiting).is_pending());
        drop(waiting);
        assert!(result.try_recv().is_err());
        go.send(()).unwrap();
        assert_eq!(result.await, Ok("done"));
    }

    #[tokio::test]
    async fn work_that_is_done_is_not_begun_again() {
        let mut work = ToItsEnd(Some(async { 1 }.boxed()));
        assert_eq!(futures::poll!(&mut work), Poll::Ready(1));
        assert!(futures::poll!(&mut work).is_pending());
    }
}
