//! One listener's answer: an event-stream that ends when it falls behind, when its key is no longer good, or with the
//! server, each time with a hint when to come back.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use tokio::task::JoinHandle;

use super::entry::{self, Entry};
use super::hub::Heard;
use crate::metrics::OpenStream;

/// How long a stream may be silent before it says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// When those who are sent away come back, in milliseconds: not all at once.
const RETRY: std::ops::Range<u64> = 500..2_500;

/// Which half of an event a listener is told.
#[derive(Clone, Copy)]
pub(super) enum Side {
    /// A business.
    Business,
    /// A session's visitor.
    Visitor,
}

struct Stream {
    heard: Heard,
    side: Side,
    first: VecDeque<Event>,
    /// Ends when the listener may no longer listen.
    watched: Option<JoinHandle<()>>,
    ended: bool,
    _open: OpenStream,
}

/// `Last-Event-ID`, as a browser sends it.
pub(super) fn last_event_id(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get("last-event-id")?;
    // What is no text is a place that nobody has given out.
    Some(value.to_str().unwrap_or("?")).filter(|text| !text.is_empty())
}

/// The answer. `now` is told first to whoever does not go on where it was; `watched` ends when the listener may no
/// longer listen.
pub(super) fn answer(
    heard: Heard,
    side: Side,
    resumes: bool,
    now: Option<Event>,
    watched: Option<JoinHandle<()>>,
) -> Response {
    let mut first = VecDeque::new();
    if heard.reset {
        first.push_back(entry::reset(heard.place));
    } else if !resumes {
        // Without data it is no event for the listener, but the place to come back to.
        first.push_back(Event::default().id(heard.place.to_string()));
    }
    if heard.reset || !resumes {
        first.extend(now);
    }
    let stream = Stream { heard, side, first, watched, ended: false, _open: OpenStream::new(side.name()) };
    let events = futures::stream::unfold(stream, |mut stream| async move {
        let event = stream.next().await?;
        Some((Ok::<_, Infallible>(event), stream))
    });
    let alive = KeepAlive::new().interval(HEARTBEAT).event(Event::default().comment(""));
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        // Proxies that gather answers must not.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Sse::new(events).keep_alive(alive)).into_response()
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Visitor => "visitor",
        }
    }

    fn of(self, entry: &Arc<Entry>) -> Option<Event> {
        match self {
            Self::Business => Some(entry.business.clone()),
            Self::Visitor => entry.visitor.clone(),
        }
    }
}

impl Stream {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.first.pop_front() {
                return Some(event);
            }
            if self.ended {
                return None;
            }
            if !self.heard.missed.is_empty() {
                let missed = std::mem::take(&mut self.heard.missed);
                self.first.extend(missed.iter().filter_map(|entry| self.side.of(entry)));
                continue;
            }
            let told = tokio::select! {
                told = self.heard.queue.recv() => told,
                _ = self.heard.stopping.wait_for(|stopping| *stopping) => None,
                () = ended(&mut self.watched) => None,
            };
            match told {
                Some(entry) => self.first.extend(self.side.of(&entry)),
                None => self.end(),
            }
        }
    }

    /// The last thing that a listener hears.
    fn end(&mut self) {
        self.ended = true;
        let mut byte = [0; 2];
        // Without randomness all come back at once, which is no failure.
        let _ = getrandom::fill(&mut byte);
        let spread = RETRY.end - RETRY.start;
        let wait = RETRY.start + u64::from(u16::from_le_bytes(byte)) % spread;
        self.first.push_back(Event::default().retry(Duration::from_millis(wait)));
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(watch) = &self.watched {
            watch.abort();
        }
    }
}

/// Never comes where nobody watches.
async fn ended(watched: &mut Option<JoinHandle<()>>) {
    match watched {
        // However it ended.
        Some(watch) => drop(watch.await),
        None => std::future::pending().await,
    }
}
