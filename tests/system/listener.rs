//! An event-stream as a client reads it, and what an agent does.

use std::collections::VecDeque;
use std::time::Duration;

use reqwest::{Client, Response};
use serde_json::Value;

/// How long a test waits for an event.
const PATIENCE: Duration = Duration::from_secs(30);

/// One event; fields that it has not are empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) data: Value,
    pub(crate) retry: Option<u64>,
}

/// Somebody who listens.
pub(crate) struct Listener {
    response: Response,
    bytes: Vec<u8>,
    waiting: VecDeque<Told>,
    /// The id to come back with.
    pub(crate) last_id: String,
    pub(crate) heartbeats: usize,
}

impl Listener {
    /// Begins now, or behind an id.
    pub(crate) async fn open(url: &str, key: &str, after: Option<&str>) -> Self {
        let response = Self::ask(url, key, after).await.expect("the server answers");
        assert_eq!(response.status(), 200, "{url}");
        Self::of(response)
    }

    pub(crate) async fn ask(url: &str, key: &str, after: Option<&str>) -> reqwest::Result<Response> {
        let mut request = Client::new().get(url).bearer_auth(key).header("accept", "text/event-stream");
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        request.send().await
    }

    pub(crate) fn of(response: Response) -> Self {
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, bytes: Vec::new(), waiting: VecDeque::new(), last_id: String::new(), heartbeats: 0 }
    }

    /// The next event, one without data too; `None` at the end or when the connection breaks.
    pub(crate) async fn next(&mut self) -> Option<Told> {
        // Heartbeats are no reason to wait longer.
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Some(told) = self.waiting.pop_front() {
                if !told.id.is_empty() {
                    self.last_id.clone_from(&told.id);
                }
                return Some(told);
            }
            let chunk = tokio::time::timeout_at(deadline, self.response.chunk()).await;
            let chunk = chunk.expect("an event within its time").ok().flatten()?;
            self.bytes.extend_from_slice(&chunk);
            while let Some(end) = self.bytes.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.bytes.drain(..end + 2).collect();
                let block = String::from_utf8(block).expect("text");
                if block == ": \n\n" {
                    self.heartbeats += 1;
                } else {
                    self.waiting.push_back(read(&block));
                }
            }
        }
    }

    /// The next one of this name.
    pub(crate) async fn next_of(&mut self, event: &str) -> Told {
        loop {
            let told = self.next().await.unwrap_or_else(|| panic!("the stream ended before {event}"));
            if told.event == event {
                return told;
            }
        }
    }
}

/// One event as it is written.
pub(crate) fn read(block: &str) -> Told {
    let mut told = Told::default();
    for line in block.lines().filter(|line| !line.is_empty()) {
        let (field, value) = line.split_once(": ").unwrap_or_else(|| panic!("a field: {line}"));
        match field {
            "id" => value.clone_into(&mut told.id),
            "event" => value.clone_into(&mut told.event),
            "data" => told.data = serde_json::from_str(value).expect("JSON"),
            "retry" => told.retry = value.parse().ok(),
            other => panic!("an unknown field: {other}"),
        }
    }
    told
}
