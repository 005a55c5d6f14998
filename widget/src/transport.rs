//! The requests of the widget, and what their answers mean.

use gloo_net::http::{Request, RequestBuilder, Response};
use porchlight_protocol::widget::{Position, WidgetSettings};
use serde::Serialize;
use web_sys::AbortSignal;

use crate::json::{Json, to_json};
use crate::state::{Answer, Event, Outgoing, Told};

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
        let history = Json::parse(&answer.text().await.ok().filter(|_| answer.ok())?);
        Some(history.list("messages").filter_map(|message| message_told(&message)).collect())
    }

    /// The site's look and words.
    pub(crate) async fn settings(&self) -> Option<WidgetSettings> {
        let url = [&self.url("/api/widget?siteKey="), self.site_key.as_str()].concat();
        let answer = Request::get(&url).build().ok()?.send().await.ok()?;
        let json = Json::parse(&answer.text().await.ok().filter(|_| answer.ok())?);
        let left = json.text("position").is_some_and(|corner| corner == "left");
        Some(WidgetSettings {
            name: json.text("name")?,
            greeting: json.text("greeting"),
            color: json.text("color")?,
            position: if left { Position::Left } else { Position::Right },
            ..WidgetSettings::default()
        })
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
    let body = Json::parse(&body.unwrap_or_default());
    match answer.status() {
        200 | 202 if body.is_object() => Event::Answered(id, answer_told(&body)),
        408 | 425 | 429 | 0..400 | 500.. => {
            let asked = answer.headers().get("Retry-After").and_then(|seconds| js_number(&seconds));
            Event::Unanswered(id, asked, js_sys::Math::random())
        }
        _ => Event::Refused(id, body.text("title").unwrap_or_default()),
    }
}

fn answer_told(json: &Json) -> Answer {
    Answer {
        queued: json.flag("queued"),
        session_token: json.text("sessionToken"),
        email: json.text("email"),
        suggestion: json.text("suggestion"),
        reply: message_told(&json.field("reply")),
    }
}

fn message_told(json: &Json) -> Option<Told> {
    Some(Told { message_id: json.text("messageId")?, role: json.text("role")?, text: json.text("text")? })
}

/// The browser's own reading of numbers, which costs no bytes.
fn js_number(text: &str) -> Option<f64> {
    Some(js_sys::Number::from(wasm_bindgen::JsValue::from_str(text)).value_of())
        .filter(|number| number.is_finite())
}
