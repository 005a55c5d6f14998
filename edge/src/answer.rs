//! Answers that the edge gives by itself.

use porchlight_protocol::problem::{CONTENT_TYPE, Problem};
use worker::{Headers, Request, Response, Result};

/// After how many seconds a visitor may try again when the server cannot be reached.
const RETRY_AFTER: u32 = 5;

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

    /// A refusal. The page may read it whatever its origin is: it holds nothing about the site.
    pub(crate) fn refuse(&self, problem: Problem) -> Result<Response> {
        let headers = self.headers()?;
        headers.set("Content-Type", CONTENT_TYPE)?;
        headers.set("Cache-Control", "no-store")?;
        if problem.status == 401 {
            headers.set("WWW-Authenticate", "Bearer")?;
        }
        if let Some(seconds) = problem.retry_after {
            headers.set("Retry-After", &seconds.to_string())?;
        }
        let body = serde_json::to_vec(&problem)?;
        Ok(Response::from_bytes(body)?.with_status(problem.status).with_headers(headers))
    }

    /// A preflight cannot know the site; the request that follows it is checked.
    pub(crate) fn preflight(&self) -> Result<Response> {
        let headers = self.headers()?;
        headers.set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")?;
        headers.set("Access-Control-Allow-Headers", "Authorization, Content-Type")?;
        headers.set("Access-Control-Max-Age", "86400")?;
        Ok(Response::empty()?.with_status(204).with_headers(headers))
    }

    fn headers(&self) -> Result<Headers> {
        let headers = Headers::new();
        headers.set("X-Request-Id", &self.request_id)?;
        headers.set("Vary", "Origin")?;
        if let Some(origin) = &self.origin {
            headers.set("Access-Control-Allow-Origin", origin)?;
            headers.set("Access-Control-Expose-Headers", "Retry-After, X-Request-Id")?;
        }
        Ok(headers)
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
