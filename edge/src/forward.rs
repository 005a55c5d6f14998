//! The way to the server: signed, timed, and its answers passed on.

use std::time::Duration;

use futures_util::future::{Either, select};
use porchlight_protocol::problem::Problem;
use porchlight_protocol::signature::{self, SignedRequest};
use serde::{Deserialize, Serialize};
use worker::{
    AbortController, Date, Delay, Fetch, Headers, Method, Request, RequestInit, Response, ResponseBody,
};

use crate::answer::Asker;
use crate::config::Config;

/// How long the server may take before the first byte, and again for the rest of what is no stream.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// What the server has to know of a visitor's request.
const REQUEST_HEADERS: &[&str] = &["Accept", "Authorization", "Last-Event-ID", "Origin"];

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

/// A request on its way to the server, as it can also wait in the queue; it is signed when it is sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Onward {
    /// Upper-case.
    method: String,
    /// Path and query.
    target: String,
    headers: Vec<(String, String)>,
    /// JSON; empty where there is none.
    body: String,
    /// How the server refused it before, where it did: the stable code of the problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<String>,
}

/// The server cannot be reached, fails, takes too long, or does not know its edge: the same may go well later.
pub(crate) struct Down;

impl Onward {
    /// A visitor's request with `body` in place of its own.
    pub(crate) fn of(request: &Request, asker: &Asker, body: String) -> worker::Result<Self> {
        let url = request.url()?;
        let target = url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let mut headers = vec![("X-Request-Id".to_owned(), asker.request_id.clone())];
        if !body.is_empty() {
            headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        for name in REQUEST_HEADERS {
            headers.extend(request.headers().get(name)?.map(|value| ((*name).to_owned(), value)));
        }
        Ok(Self { method: request.method().to_string(), target, headers, body, refused: None })
    }

    /// A question of the edge's own.
    pub(crate) fn get(target: String, headers: Vec<(String, String)>) -> Self {
        Self { method: "GET".to_owned(), target, headers, body: String::new(), refused: None }
    }

    /// The same for later: nobody waits for a stream of events then.
    pub(crate) fn for_later(mut self) -> Self {
        self.headers.retain(|(name, _)| name != "Accept");
        self
    }

    /// The same among the dead letters, with the code of what refused it.
    pub(crate) fn refused_as(mut self, code: String) -> Self {
        self.refused = Some(code);
        self
    }

    /// Asks the server, which has `patience` before the first byte of its answer. What it says below 500 is an answer,
    /// but for a 401 about the signature, which is no fault of the visitor's.
    pub(crate) async fn send(&self, config: &Config, patience: Duration) -> Result<Response, Down> {
        let request = self.signed(config).map_err(|error| down(&error.to_string()))?;
        let controller = AbortController::default();
        let signal = controller.signal();
        let fetch = Fetch::Request(request);
        let fetching = std::pin::pin!(fetch.send_with_signal(&signal));
        let answer = match select(fetching, Delay::from(patience)).await {
            Either::Left((Ok(answer), _)) => answer,
            Either::Left((Err(error), _)) => return Err(down(&format!("cannot be reached: {error}"))),
            Either::Right(_) => {
                controller.abort();
                return Err(down(&format!("took more than {} s", patience.as_secs())));
            }
        };
        match answer.status_code() {
            status @ 500.. => Err(down(&format!("answered {status}"))),
            401 => unless_unsigned(answer).await,
            _ => Ok(answer),
        }
    }

    fn signed(&self, config: &Config) -> worker::Result<Request> {
        let signed = SignedRequest { method: &self.method, target: &self.target, body: self.body.as_bytes() };
        let now = (Date::now().as_millis() / 1_000) as i64;
        let headers = Headers::new();
        for (name, value) in &self.headers {
            headers.set(name, value)?;
        }
        headers.set(signature::HEADER, &signature::sign(config.secret.as_bytes(), now, signed))?;
        let mut init = RequestInit::new();
        init.with_method(Method::from(self.method.clone())).with_headers(headers);
        if !self.body.is_empty() {
            init.with_body(Some(self.body.as_str().into()));
        }
        Request::new_with_init(&[config.origin.as_str(), &self.target].concat(), &init)
    }
}

fn down(what: &str) -> Down {
    worker::console_error!("the server {what}");
    Down
}

async fn unless_unsigned(answer: Response) -> Result<Response, Down> {
    let headers = answer.headers().clone();
    let body = rest(answer).await?;
    let problem: Option<Problem> = serde_json::from_slice(&body).ok();
    if problem.is_some_and(|problem| problem.is_unsigned()) {
        return Err(down("refuses the signature: compare the secrets and the clocks"));
    }
    let answer = Response::from_bytes(body).map_err(|error| down(&error.to_string()))?;
    Ok(answer.with_status(401).with_headers(headers))
}

/// All of an answer that is no stream.
pub(crate) async fn rest(mut answer: Response) -> Result<Vec<u8>, Down> {
    let reading = std::pin::pin!(answer.bytes());
    match select(reading, Delay::from(PATIENCE)).await {
        Either::Left((Ok(body), _)) => Ok(body),
        Either::Left((Err(error), _)) => Err(down(&format!("broke off its answer: {error}"))),
        Either::Right(_) => Err(down("did not finish its answer")),
    }
}

/// Whether an answer is a stream of events, which must not be held back.
pub(crate) fn is_stream(answer: &Response) -> bool {
    let kind = answer.headers().get("Content-Type").ok().flatten().unwrap_or_default();
    kind.starts_with("text/event-stream")
}

/// Passes an answer on as it comes.
pub(crate) fn pass(answer: Response, asker: &Asker) -> worker::Result<Response> {
    let (status, headers) = (answer.status_code(), passed_headers(&answer, asker)?);
    let body = match status {
        204 | 304 => ResponseBody::Empty,
        _ => answer.into_parts().1,
    };
    Ok(Response::from_body(body)?.with_status(status).with_headers(headers))
}

/// What a visitor may see of an answer's headers.
pub(crate) fn passed_headers(answer: &Response, asker: &Asker) -> worker::Result<Headers> {
    let headers = Headers::new();
    for name in ANSWER_HEADERS {
        if let Some(value) = answer.headers().get(name)? {
            headers.set(name, &value)?;
        }
    }
    asker.sign_off(&headers)?;
    Ok(headers)
}
