//! Answers that the edge gives by itself, and the headers that every answer has.

use porchlight_protocol::origins::{ALLOWED_HEADERS, ALLOWED_METHODS, EXPOSED_HEADERS, PREFLIGHT_SECONDS};
use porchlight_protocol::problem::{CONTENT_TYPE, Problem};
use serde::Serialize;
use worker::{Headers, Request, Response, Result};

/// After how many seconds a visitor may try again when the server cannot be reached.
const RETRY_AFTER: u32 = 5;

/// What browsers are told about every answer: it is what it says it is, its address is nobody's business, it is no page
/// itself, and any page may hold it, since pages of every origin do.
const SECURITY: [(&str, &str); 4] = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
];

/// Who asks: what every answer is addressed with.
pub(crate) struct Asker {
    /// The page's origin.
    pub(crate) origin: Option<String>,
    /// Names the request in the logs of edge and server.
    pub(crate) request_id: String,
}

impl Asker {
    pub(crate) fn of(request: &Request) -> Result<Self> {
        let headers = request.headers();
        let ray = headers.get("cf-ray")?.filter(|ray| !ray.is_empty());
        Ok(Self { origin: headers.get("Origin")?, request_id: ray.unwrap_or_else(random_id) })
    }

    /// A refusal. The page may read it whatever its origin is, since it holds nothing about the site; but for the
    /// refusal of that very origin.
    pub(crate) fn refuse(&self, problem: Problem) -> Result<Response> {
        let headers = if problem.status == 403 { self.plain_headers()? } else { self.headers()? };
        headers.set("Content-Type", CONTENT_TYPE)?;
        if problem.status == 401 {
            headers.set("WWW-Authenticate", "Bearer")?;
        }
        if let Some(seconds) = problem.retry_after {
            headers.set("Retry-After", &seconds.to_string())?;
        }
        let body = serde_json::to_vec(&problem)?;
        Ok(Response::from_bytes(body)?.with_status(problem.status).with_headers(headers))
    }

    /// An answer of the edge's own.
    pub(crate) fn json(&self, status: u16, body: &impl Serialize) -> Result<Response> {
        let headers = self.headers()?;
        headers.set("Content-Type", "application/json")?;
        Ok(Response::from_bytes(serde_json::to_vec(body)?)?.with_status(status).with_headers(headers))
    }

    /// A preflight cannot know the site; the request that follows it is checked.
    pub(crate) fn preflight(&self) -> Result<Response> {
        let headers = self.headers()?;
        headers.set("Access-Control-Allow-Methods", ALLOWED_METHODS)?;
        headers.set("Access-Control-Allow-Headers", ALLOWED_HEADERS)?;
        headers.set("Access-Control-Max-Age", PREFLIGHT_SECONDS)?;
        Ok(Response::empty()?.with_status(204).with_headers(headers))
    }

    /// The headers of an answer that the page may read.
    pub(crate) fn headers(&self) -> Result<Headers> {
        let headers = self.plain_headers()?;
        if let Some(origin) = &self.origin {
            headers.set("Access-Control-Allow-Origin", origin)?;
            headers.set("Access-Control-Expose-Headers", EXPOSED_HEADERS)?;
        }
        Ok(headers)
    }

    fn plain_headers(&self) -> Result<Headers> {
        let headers = Headers::new();
        headers.set("Vary", "Origin")?;
        headers.set("Cache-Control", "no-store")?;
        self.sign_off(&headers)?;
        Ok(headers)
    }

    /// Adds what every answer has, whoever made it.
    pub(crate) fn sign_off(&self, headers: &Headers) -> Result<()> {
        headers.set("X-Request-Id", &self.request_id)?;
        SECURITY.iter().try_for_each(|(name, value)| headers.set(name, value))
    }
}

/// The server does not answer; the widget keeps the message and sends it again.
pub(crate) fn unavailable() -> Problem {
    Problem::unavailable(RETRY_AFTER)
}

fn random_id() -> String {
    let random = || (js_sys::Math::random() * f64::from(u32::MAX)) as u32;
    format!("{:08x}{:08x}", random(), random())
}
