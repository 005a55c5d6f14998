//! What the edge knows of whoever asks. The address itself goes nowhere.

use std::net::{IpAddr, Ipv6Addr};

use hmac::{Hmac, Mac};
use porchlight_protocol::capture::EdgeInfo;
use porchlight_protocol::problem::Problem;
use porchlight_protocol::time::Timestamp;
use sha2::Sha256;
use worker::{Date, Env, Request};

use crate::config::limiter;

const DAY: i64 = 24 * 3_600 * 1_000;

/// After how many seconds a visitor who asked too much may ask again; the limiter does not say.
const COOL_DOWN: u32 = 10;

/// A keyed hash of the visitor's address that nobody can link to yesterday's.
pub(crate) fn ip_hash(request: &Request, secret: &str) -> worker::Result<Option<String>> {
    let address = request.headers().get("CF-Connecting-IP")?;
    let day = now().div_euclid(DAY);
    Ok(address.map(|address| hash(secret, day, &household(&address))))
}

/// Everything that a capture is told of its visitor.
pub(crate) fn edge_info(request: &Request, ip_hash: Option<String>) -> worker::Result<EdgeInfo> {
    let agent = request.headers().get("User-Agent")?;
    let place = request.cf();
    Ok(EdgeInfo {
        country: place.and_then(|place| place.country()),
        region: place.and_then(|place| place.region()),
        city: place.and_then(|place| place.city()),
        timezone: place.map(|place| place.timezone_name()).filter(|name| !name.is_empty()),
        colo: place.map(|place| place.colo()).filter(|name| !name.is_empty()),
        ip_hash,
        user_agent: agent.map(|agent| agent.chars().take(512).collect()),
        received_at: Some(Timestamp::from_millis(now())),
    })
}

/// 429 where one visitor of a site asks too much. The exact limits are the server's; this one keeps a flood away from
/// it.
pub(crate) async fn limit(env: &Env, site: &str, ip_hash: Option<&str>) -> Result<(), Problem> {
    let (Some(limiter), Some(visitor)) = (limiter(env), ip_hash) else { return Ok(()) };
    match limiter.limit([site, ":", visitor].concat()).await {
        Ok(outcome) if !outcome.success => Err(Problem::too_many_requests(COOL_DOWN)),
        Ok(_) => Ok(()),
        Err(error) => {
            worker::console_error!("the rate limiter failed: {error}");
            Ok(())
        }
    }
}

fn now() -> i64 {
    Date::now().as_millis() as i64
}

/// An IPv4 address, or the network of 64 bits that one household's IPv6 addresses share.
fn household(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).to_string(),
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

fn hash(secret: &str, day: i64, address: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(format!("address.{day}.{address}").as_bytes());
    mac.finalize().into_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
