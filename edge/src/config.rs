//! The Worker's bindings and settings; `wrangler.toml` sets them.

use porchlight_protocol::problem::Problem;
use worker::{Env, Fetcher, Queue, RateLimiter};

/// What the Worker is told.
#[derive(Clone)]
pub(crate) struct Config {
    /// Where the server is, without a slash at the end: `https://porchlight.example.com`.
    pub(crate) origin: String,
    /// What it signs with, and keys the hashes of addresses with.
    pub(crate) secret: String,
}

impl Config {
    /// Reads the settings; without them no request can be forwarded.
    pub(crate) fn of(env: &Env) -> Result<Self, Problem> {
        let origin = env.var("PORCHLIGHT_ORIGIN").map(|value| value.to_string()).unwrap_or_default();
        // Locally the secret is a plain variable.
        let secret = env.secret("PORCHLIGHT_EDGE_SECRET").map(|value| value.to_string());
        let secret = secret.or_else(|_| env.var("PORCHLIGHT_EDGE_SECRET").map(|value| value.to_string()));
        let secret = secret.unwrap_or_default();
        if origin.is_empty() || secret.is_empty() {
            worker::console_error!(
                "PORCHLIGHT_ORIGIN and PORCHLIGHT_EDGE_SECRET must be set, see edge/README.md"
            );
            return Err(Problem::unavailable(30));
        }
        Ok(Self { origin: origin.trim_end_matches('/').to_owned(), secret })
    }
}

/// The widget's files.
pub(crate) fn assets(env: &Env) -> worker::Result<Fetcher> {
    env.assets("ASSETS")
}

/// Where captures wait while the server cannot be reached; without it they wait in the widget.
pub(crate) fn captures(env: &Env) -> Option<Queue> {
    env.queue("CAPTURES").ok()
}

/// Where captures end that the server refuses.
pub(crate) fn dead_letters(env: &Env) -> Option<Queue> {
    env.queue("DEAD_LETTERS").ok()
}

/// How much one visitor of one site may ask; without it there is no limit here.
pub(crate) fn limiter(env: &Env) -> Option<RateLimiter> {
    env.rate_limiter("LIMITER").ok()
}
