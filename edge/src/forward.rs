//! The way to the server: signed, timed, and its answers passed on.

use std::time::Duration;

use futures_util::future::{Either, select};
use porchlight_protocol::problem::Problem;
use porchlight_protocol::signature::{self, SignedRequest};
use worker::{AbortController, Date, Delay, Fetch, Headers, Request, RequestInit, Response, ResponseBody};

use crate::answer::{Asker, unavailable};
use crate::config::Config;
use crate::routes::failed;

/// How long the server may take before the first byte.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the server has to know of a visitor's request.
const REQUEST_HEADERS: &[&str] = &["Accept", "Authorization", "Content-Type", "If-None-Match", "Origin"];

/// What a visitor may see of the server's answer.
const ANSWER_HEADERS: &[&str] = &[
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Allow",
    "Cache-Control",
    "Content-Type",
    "ETag",
    "Retry-After",
    "Vary",
    "WWW-Authenticate",
];

/// Sends the request on with `body` in place of its own, and passes the answer through.
pub(crate) async fn forward(
    request: &Request,
    config: &Config,
    asker: &Asker,
    body: Vec<u8>,
) -> Result<Response, Problem> {
    let answer = ask(request, config, asker, body).await?;
    match answer.status_code() {
        500.. => {
            worker::console_error!("the server answered {}", answer.status_code());
            Err(unavailable())
        }
        401 => pass_unauthenticated(answer, asker).await,
        _ => pass(answer, asker).map_err(failed),
    }
}

async fn ask(request: &Request, config: &Config, asker: &Asker, body: Vec<u8>) -> Result<Response, Problem> {
    let url = request.url().map_err(failed)?;
    let target = url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let method = request.method();
    let signed = SignedRequest { method: method.as_ref(), target: &target, body: &body };
    let now = (Date::now().as_millis() / 1_000) as i64;
    let signature = signature::sign(config.secret.as_bytes(), now, signed);
    let headers = headers(request, asker, &signature).map_err(failed)?;
    let mut init = RequestInit::new();
    init.with_method(method).with_headers(headers);
    if !body.is_empty() {
        init.with_body(Some(js_sys::Uint8Array::from(body.as_slice()).into()));
    }
    let onward =
        Request::new_with_init(&[&config.origin, target.as_str()].concat(), &init).map_err(failed)?;
    let controller = AbortController::default();
    let signal = controller.signal();
    let fetch = Fetch::Request(onward);
    let fetching = std::pin::pin!(fetch.send_with_signal(&signal));
    match select(fetching, Delay::from(PATIENCE)).await {
        Either::Left((Ok(answer), _)) => Ok(answer),
        Either::Left((Err(error), _)) => {
            worker::console_error!("the server cannot be reached: {error}");
            Err(unavailable())
        }
        Either::Right(_) => {
            controller.abort();
            worker::console_error!("the server took more than {} s", PATIENCE.as_secs());
            Err(unavailable())
        }
    }
}

fn headers(request: &Request, asker: &Asker, signature: &str) -> worker::Result<Headers> {
    let headers = Headers::new();
    for name in REQUEST_HEADERS {
        if let Some(value) = request.headers().get(name)? {
            headers.set(name, &value)?;
        }
    }
    headers.set(signature::HEADER, signature)?;
    headers.set("X-Request-Id", &asker.request_id)?;
    Ok(headers)
}

/// A 401 about the edge's own signature is no fault of the visitor's, whose message must stay in the outbox.
async fn pass_unauthenticated(mut answer: Response, asker: &Asker) -> Result<Response, Problem> {
    let body = answer.bytes().await.map_err(failed)?;
    let problem: Option<Problem> = serde_json::from_slice(&body).ok();
    match problem {
        Some(problem) if problem.code == "bad_signature" => {
            worker::console_error!("the server refuses the signature: compare the secrets and the clocks");
            Err(unavailable())
        }
        _ => {
            let headers = answer_headers(&answer, asker).map_err(failed)?;
            let passed = Response::from_bytes(body).map_err(failed)?;
            Ok(passed.with_status(401).with_headers(headers))
        }
    }
}

fn pass(answer: Response, asker: &Asker) -> worker::Result<Response> {
    let (status, headers) = (answer.status_code(), answer_headers(&answer, asker)?);
    let body = match status {
        204 | 304 => ResponseBody::Empty,
        _ => answer.into_parts().1,
    };
    Ok(Response::from_body(body)?.with_status(status).with_headers(headers))
}

fn answer_headers(answer: &Response, asker: &Asker) -> worker::Result<Headers> {
    let headers = Headers::new();
    for name in ANSWER_HEADERS {
        if let Some(value) = answer.headers().get(name)? {
            headers.set(name, &value)?;
        }
    }
    headers.set("X-Request-Id", &asker.request_id)?;
    Ok(headers)
}
