//! What goes wrong, as an HTTP answer: one place decides the status, the code and what is logged.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use porchlight_protocol::problem::{CONTENT_TYPE, Problem};

use crate::metrics;
use crate::store::StoreError;

/// A refused or failed request.
#[derive(Debug)]
pub struct ApiError(Box<Problem>);

/// What a handler answers.
pub type ApiResult<T> = Result<T, ApiError>;

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        // Drivers put values into their messages; the log takes the kind of failure and no more.
        let problem = match error {
            StoreError::Unavailable(_) => Problem::unavailable(1),
            StoreError::Failed(_) | StoreError::Taken(_) => Problem::internal(),
        };
        metrics::store_failed(error.kind());
        tracing::error!(status = problem.status, error = %error.kind(), "the store failed");
        problem.into()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.0.retry_after;
        let mut response = (status, Json(*self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A response as callers know them: whatever has no body of ours, such as the framework's own refusals, gets one.
pub fn shaped(response: Response) -> Response {
    let status = response.status();
    let ours = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == CONTENT_TYPE);
    if ours || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let problem = match status {
        StatusCode::NOT_FOUND => Problem::not_found("There is nothing at this address."),
        StatusCode::METHOD_NOT_ALLOWED => Problem::method_not_allowed(),
        status if status.is_server_error() => Problem::internal(),
        status => Problem::new(status.as_u16(), "bad_request", "Bad request", "The request cannot be read."),
    };
    let mut shaped = ApiError::from(problem).into_response();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        shaped.headers_mut().insert(header::ALLOW, allow.clone());
    }
    shaped
}
