//! The requests of the widget, and what their answers mean.

use gloo_net::http::{Request, RequestBuilder, Response};
use porchlight_protocol::widget::WidgetSettings;
use serde::{Deserialize, Serialize};
use web_sys::AbortSignal;

use crate::outbox::{from_json, to_json};
use crate::state::{Event, Outgoing, Told};

/// How long an answer may take, in milliseconds.
const PATIENCE: u32 = 20_000;

/// Where the widget's requests go.
pub(crate) struct Transport {
    /// The edge, without a slash at the end.
    pub(crate) edge: String,
    /// Names the site.
    pub(crate) site_key: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    site_key: &'a str,
    #[serde(flatten)]
    outgoing: &'a Outgoing,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    title: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct History {
    messages: Vec<Told>,
}

impl Transport {
    /// Sends a message; what came of it is an event.
    pub(crate) async fn send(&self, outgoing: &Outgoing, token: Option<&str>) -> Event {
        let id = outgoing.message_id.clone();
        match self.post(outgoing, token).await {
            Some(answer) => told(id, &answer, answer.text().await.ok()),
            None => Event::Unanswered(id, None, js_sys::Math::random()),
        }
    }

    async fn post(&self, outgoing: &Outgoing, token: Option<&str>) -> Option<Response> {
        let body = to_json(&Body { site_key: &self.site_key, outgoing })?;
        let request = with_token(Request::post(&self.url("/api/chat")), token);
        request.header("Content-Type", "application/json").body(body).ok()?.send().await.ok()
    }

    /// The session's messages; `None` where they cannot be had.
    pub(crate) async fn history(&self, session: &str, token: &str) -> Option<Vec<Told>> {
        let url = [&self.url("/api/chat?sessionId="), session].concat();
        let answer = with_token(Request::get(&url), Some(token)).build().ok()?.send().await.ok()?;
        let history: History = from_json(&answer.text().await.ok().filter(|_| answer.ok())?)?;
        Some(history.messages)
    }

    /// The site's look and words.
    pub(crate) async fn settings(&self) -> Option<WidgetSettings> {
        let url = [&self.url("/api/widget?siteKey="), self.site_key.as_str()].concat();
        let answer = Request::get(&url).build().ok()?.send().await.ok()?;
        from_json(&answer.text().await.ok().filter(|_| answer.ok())?)
    }

    fn url(&self, path: &str) -> String {
        [&self.edge, path].concat()
    }
}

fn with_token(request: RequestBuilder, token: Option<&str>) -> RequestBuilder {
    let request = request.abort_signal(Some(&AbortSignal::timeout_with_u32(PATIENCE)));
    match token {
        Some(token) => request.header("Authorization", &["Bearer ", token].concat()),
        None => request,
    }
}

/// 2xx is taken; 4xx is final, but for those that only ask to wait; everything else is not known.
fn told(id: String, answer: &Response, body: Option<String>) -> Event {
    let body = body.unwrap_or_default();
    match (answer.status(), from_json(&body)) {
        (200 | 202, Some(taken)) => Event::Answered(id, taken),
        (408 | 425 | 429, _) | (0..400, _) | (500.., _) => {
            let asked = answer.headers().get("Retry-After").and_then(|seconds| js_number(&seconds));
            Event::Unanswered(id, asked, js_sys::Math::random())
        }
        _ => Event::Refused(id, from_json::<Refusal>(&body).unwrap_or_default().title),
    }
}

/// The browser's own reading of numbers, which costs no bytes.
fn js_number(text: &str) -> Option<f64> {
    Some(js_sys::Number::from(wasm_bindgen::JsValue::from_str(text)).value_of())
        .filter(|number| number.is_finite())
}
