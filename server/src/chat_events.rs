//! The answer to a capture as an event-stream: `accepted`, `delta`, `reply`, `done`.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use porchlight_protocol::capture::CaptureAnswer;
use serde::Serialize;
use serde_json::json;

/// How long a stream may be silent; proxies end what says nothing for a minute.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What keeps caches and proxies from holding events back.
const UNBUFFERED: [(HeaderName, &str); 2] =
    [(header::CACHE_CONTROL, "no-store, no-transform"), (HeaderName::from_static("x-accel-buffering"), "no")];

/// Whether the caller's `Accept` names event-streams.
pub fn are_wanted(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("text/event-stream"));
        let refused = |part: &str| {
            let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
            weight.is_some_and(|weight| weight.parse() == Ok(0.0))
        };
        named && !parts.any(refused)
    })
}

/// An answer that is complete as events.
pub fn of(answer: CaptureAnswer) -> Response {
    let mut events = vec![event("accepted", &answer.accepted)];
    if let Some(reply) = answer.reply {
        events.push(event("delta", &json!({ "text": reply.text })));
        events.push(event("reply", &reply));
    }
    events.push(event("done", &json!({})));
    let events = Sse::new(stream::iter(events.into_iter().map(Ok::<_, Infallible>)));
    (UNBUFFERED, events.keep_alive(KeepAlive::new().interval(HEARTBEAT))).into_response()
}

fn event(name: &str, data: &impl Serialize) -> Event {
    let named = Event::default().event(name);
    named.json_data(data).unwrap_or_else(|_| Event::default().event("error").data("{}"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn events_are_for_those_who_name_them() {
        for (accept, wanted) in [
            ("text/event-stream", true),
            ("application/json, Text/Event-Stream;q=0.5", true),
            ("text/event-stream; q=0", false),
            ("text/*", false),
            ("*/*", false),
            ("application/json", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(are_wanted(&headers), wanted, "{accept}");
        }
        assert!(!are_wanted(&HeaderMap::new()));
    }
}
