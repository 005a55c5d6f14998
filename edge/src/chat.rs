//! A visitor's message, a session's history, its stream of events, its end.

use futures_util::StreamExt;
use porchlight_protocol::capture::{Capture, MAX_BODY_BYTES, with_edge};
use porchlight_protocol::problem::Problem;
use worker::{Request, Response};

use crate::answer::unavailable;
use crate::config::Config;
use crate::forward::{Down, Onward, PATIENCE, is_stream, pass, passed_headers, rest};
use crate::routes::{Call, failed};
use crate::{queue, sites, visitor};

/// Checks a message, adds what only the edge knows, and hands it to the server; where that cannot be reached, to the
/// queue.
pub(crate) async fn post(mut request: Request, call: &Call<'_>) -> Result<Response, Problem> {
    let config = Config::of(call.env)?;
    check_kind(&request)?;
    let body = read(&mut request).await?;
    let capture = Capture::parse(&body)?;
    let ip_hash = visitor::ip_hash(&request, &config.secret).map_err(failed)?;
    visitor::limit(call.env, capture.site_key.as_str(), ip_hash.as_deref()).await?;
    sites::check_origin(call, &config, &capture.site_key).await?;
    let edge = visitor::edge_info(&request, ip_hash).map_err(failed)?;
    let refused = |_| Problem::malformed_json("The body must be a JSON object.");
    let body = with_edge(&body, &edge).map_err(refused)?;
    let body = String::from_utf8(body).map_err(|_| Problem::internal())?;
    let onward = Onward::of(&request, &call.asker, body).map_err(failed)?;
    match hand_over(&onward, &config, call).await {
        Ok(answer) => Ok(answer),
        Err(Down) => queue::keep(call, &capture, onward.for_later()).await,
    }
}

/// The server's answer: whole, or a stream that has begun. One that breaks off is none, since sending the same message
/// again does no harm.
async fn hand_over(onward: &Onward, config: &Config, call: &Call<'_>) -> Result<Response, Down> {
    let answer = onward.send(config, PATIENCE).await?;
    if is_stream(&answer) {
        return pass(answer, &call.asker).map_err(|_| Down);
    }
    let status = answer.status_code();
    let headers = passed_headers(&answer, &call.asker).map_err(|_| Down)?;
    let body = rest(answer).await?;
    Ok(Response::from_bytes(body).map_err(|_| Down)?.with_status(status).with_headers(headers))
}

/// What only the holder of a session's token may ask or do; the server checks it.
pub(crate) async fn pass_on(request: Request, call: &Call<'_>) -> Result<Response, Problem> {
    let config = Config::of(call.env)?;
    let ip_hash = visitor::ip_hash(&request, &config.secret).map_err(failed)?;
    visitor::limit(call.env, "session", ip_hash.as_deref()).await?;
    let onward = Onward::of(&request, &call.asker, String::new()).map_err(failed)?;
    let answer = onward.send(&config, PATIENCE).await.map_err(|Down| unavailable())?;
    pass(answer, &call.asker).map_err(failed)
}

fn check_kind(request: &Request) -> Result<(), Problem> {
    let kind = request.headers().get("Content-Type").map_err(failed)?.unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "" | "application/json" => Ok(()),
        kind if kind.starts_with("application/") && kind.ends_with("+json") => Ok(()),
        _ => Err(Problem::unsupported_media_type()),
    }
}

/// Reads the body, and stops as soon as it is too large.
async fn read(request: &mut Request) -> Result<Vec<u8>, Problem> {
    let declared = request.headers().get("Content-Length").map_err(failed)?;
    if declared.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > MAX_BODY_BYTES)
    {
        return Err(Problem::body_too_large(MAX_BODY_BYTES));
    }
    let mut body = Vec::new();
    // A request without a body has no stream.
    let Ok(mut stream) = request.stream() else { return Ok(body) };
    while let Some(chunk) = stream.next().await {
        body.extend(chunk.map_err(failed)?);
        if body.len() > MAX_BODY_BYTES {
            return Err(Problem::body_too_large(MAX_BODY_BYTES));
        }
    }
    Ok(body)
}
