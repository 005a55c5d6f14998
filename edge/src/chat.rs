//! A visitor's message and a session's history.

use futures_util::StreamExt;
use hmac::{Hmac, Mac};
use porchlight_protocol::capture::{Capture, EdgeInfo, MAX_BODY_BYTES, with_edge};
use porchlight_protocol::problem::Problem;
use porchlight_protocol::time::Timestamp;
use sha2::Sha256;
use worker::{Date, Env, Request, Response};

use crate::answer::Asker;
use crate::config::Config;
use crate::forward::forward;
use crate::routes::failed;

const DAY: i64 = 24 * 3_600 * 1_000;

/// Checks a message, adds what only the edge knows, and hands it to the server.
pub(crate) async fn post(mut request: Request, env: &Env, asker: &Asker) -> Result<Response, Problem> {
    let config = Config::of(env)?;
    check_kind(&request)?;
    let body = read(&mut request).await?;
    Capture::parse(&body)?;
    let edge = edge_info(&request, &config.secret).map_err(failed)?;
    let body =
        with_edge(&body, &edge).map_err(|_| Problem::malformed_json("The body must be a JSON object."))?;
    forward(&request, &config, asker, body).await
}

/// The history of a session, for whoever holds its token; the server checks it.
pub(crate) async fn get(request: Request, env: &Env, asker: &Asker) -> Result<Response, Problem> {
    forward(&request, &Config::of(env)?, asker, Vec::new()).await
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

fn edge_info(request: &Request, secret: &str) -> worker::Result<EdgeInfo> {
    let now = Date::now().as_millis() as i64;
    let address = request.headers().get("CF-Connecting-IP")?;
    let agent = request.headers().get("User-Agent")?;
    let place = request.cf();
    Ok(EdgeInfo {
        country: place.and_then(|place| place.country()),
        region: place.and_then(|place| place.region()),
        city: place.and_then(|place| place.city()),
        timezone: place.map(|place| place.timezone_name()).filter(|name| !name.is_empty()),
        colo: place.map(|place| place.colo()).filter(|name| !name.is_empty()),
        ip_hash: address.map(|address| hash(secret, now.div_euclid(DAY), &address)),
        user_agent: agent.map(|agent| agent.chars().take(512).collect()),
        received_at: Some(Timestamp::from_millis(now)),
    })
}

/// A keyed hash of an address that nobody can link to yesterday's.
fn hash(secret: &str, day: i64, address: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(format!("address.{day}.{address}").as_bytes());
    mac.finalize().into_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
