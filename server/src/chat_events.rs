//! The answer to a capture as an event-stream: `accepted`, `delta`, `reply`, `done`.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, stream};
use porchlight_protocol::capture::{Accepted, CaptureAnswer};
use porchlight_protocol::problem::Problem;
use serde::Serialize;
use serde_json::json;

use crate::assistant::{End, Heard, Listener};
use crate::visitors::chat_message;

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
    sent(stream::iter(events))
}

/// An answer that is still being written as events, each as it comes.
pub fn following(accepted: &Accepted, listener: Listener) -> Response {
    let begun = (VecDeque::from([event("accepted", accepted)]), Some(listener));
    sent(stream::unfold(begun, async |(mut ready, mut listener)| {
        if ready.is_empty() {
            let heard = listener.as_mut()?.next().await;
            let has_heard = listener.as_ref().is_some_and(Listener::has_heard);
            match heard {
                Heard::Words(words) => ready.push_back(event("delta", &json!({ "text": words }))),
                Heard::End(end) => {
                    ready.extend(ending(end, has_heard));
                    listener = None;
                }
            }
        }
        ready.pop_front().map(|event| (event, (ready, listener)))
    }))
}

/// The last events; `has_heard` says whether there were deltas before.
fn ending(end: End, has_heard: bool) -> Vec<Event> {
    let mut events = Vec::new();
    match end {
        End::Reply(reply) => {
            let reply = chat_message(*reply);
            if let Some(reply) = reply.as_ref().filter(|_| !has_heard) {
                events.push(event("delta", &json!({ "text": reply.text })));
            }
            events.extend(reply.map(|reply| event("reply", &reply)));
        }
        End::Silent if !has_heard => {}
        End::Failed(_) | End::Silent => {
            let detail = "The answer broke off. The message is kept.";
            events.push(event("error", &Problem::new(503, "no_reply", "No reply", detail)));
        }
    }
    events.push(event("done", &json!({})));
    events
}

fn sent(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    use futures::StreamExt;
    let events = Sse::new(events.map(Ok::<_, Infallible>));
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
