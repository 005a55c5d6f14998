//! A stand-in for a provider of language models on loopback: it speaks the real protocol, records what it is asked, and
//! misbehaves as it is told.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// What it does when it is asked.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Says these pieces at once.
    Say(Vec<String>),
    /// Says the first piece, and the others when it is let go on.
    SayInTwo(String, String),
    /// Says this and nothing more, and the connection stays.
    StallAfter(String),
    /// Says this and breaks the connection off.
    BreakAfter(String),
    /// Never answers.
    Stall,
    /// Answers with this status, and after how many seconds to come again.
    Refuse(u16, Option<u32>),
    /// Answers 200 with this type and text.
    Rubbish(&'static str, &'static str),
}

/// A provider and what it was asked.
#[derive(Clone, Default)]
pub(crate) struct Provider(Arc<Inner>);

#[derive(Default)]
struct Inner {
    acts: Mutex<Vec<Act>>,
    /// What it does when it is asked for requirements.
    draws: Mutex<Option<Act>>,
    asked: Mutex<Vec<(HeaderMap, Value)>>,
    go_on: Notify,
}

impl Provider {
    /// Starts one; gives its base URL.
    pub(crate) async fn start(act: Act) -> (Self, String) {
        let provider = Self::default();
        provider.play(vec![act]);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
        let router = Router::new().route("/v1/chat/completions", post(answer)).with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (provider, url)
    }

    /// Does these, one a request, and the last one from then on.
    pub(crate) fn play(&self, mut acts: Vec<Act>) {
        acts.reverse();
        *self.0.acts.lock().unwrap() = acts;
    }

    /// Does this whenever it is asked for requirements.
    pub(crate) fn draw(&self, act: Act) {
        *self.0.draws.lock().unwrap() = Some(act);
    }

    /// Lets an answer in two go on.
    pub(crate) fn go_on(&self) {
        self.0.go_on.notify_one();
    }

    /// The answers that it was asked for, in order.
    pub(crate) fn asked(&self) -> Vec<Value> {
        self.requests().into_iter().filter(|body| !wants_json(body)).collect()
    }

    /// The requirements that it was asked for, in order.
    pub(crate) fn read(&self) -> Vec<Value> {
        self.requests().into_iter().filter(wants_json).collect()
    }

    /// Everything that it was asked, in order.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.0.asked.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
    }

    /// The headers of the newest request.
    pub(crate) fn headers(&self) -> HeaderMap {
        self.0.asked.lock().unwrap().last().expect("it was asked").0.clone()
    }

    fn next(&self, body: &Value) -> Act {
        if wants_json(body) {
            let draws = self.0.draws.lock().unwrap().clone();
            return draws.unwrap_or_else(|| says("{\"bullets\":[]}"));
        }
        let mut acts = self.0.acts.lock().unwrap();
        if acts.len() > 1 { acts.pop().unwrap() } else { acts[0].clone() }
    }
}

pub(crate) fn says(text: &str) -> Act {
    Act::Say(text.split_inclusive(' ').map(str::to_owned).collect())
}

fn wants_json(body: &Value) -> bool {
    body["response_format"]["type"] == "json_schema"
}

async fn answer(State(provider): State<Provider>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    provider.0.asked.lock().unwrap().push((headers, body.clone()));
    match provider.next(&body) {
        Act::Say(pieces) => {
            let mut all: Vec<String> = pieces.iter().map(|piece| said(piece)).collect();
            all.push(ended());
            events(stream::iter(all).map(Ok::<_, Infallible>))
        }
        Act::SayInTwo(first, second) => {
            let rest = stream::once(async move {
                provider.0.go_on.notified().await;
                said(&second) + &ended()
            });
            events(stream::iter([said(&first)]).chain(rest).map(Ok::<_, Infallible>))
        }
        Act::StallAfter(text) => {
            events(stream::iter([said(&text)]).chain(stream::pending()).map(Ok::<_, Infallible>))
        }
        Act::BreakAfter(text) => {
            let broken = stream::once(async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Err(std::io::Error::other("broken off"))
            });
            events(stream::iter([Ok(said(&text))]).chain(broken))
        }
        Act::Stall => std::future::pending().await,
        Act::Refuse(status, after) => {
            let after = after.map(|seconds| [("retry-after", seconds.to_string())]);
            let status = StatusCode::from_u16(status).unwrap();
            (status, after.into_iter().flatten().collect::<Headers>().0, "no, Jane").into_response()
        }
        Act::Rubbish(kind, text) => ([("content-type", kind)], text).into_response(),
    }
}

struct Headers(HeaderMap);

impl FromIterator<(&'static str, String)> for Headers {
    fn from_iter<T: IntoIterator<Item = (&'static str, String)>>(all: T) -> Self {
        Self(all.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect())
    }
}

fn events<E: Into<axum::BoxError> + 'static>(
    events: impl futures::Stream<Item = Result<String, E>> + Send + 'static,
) -> Response {
    let body = Body::from_stream(events.map(|event| event.map(Bytes::from)));
    ([("content-type", "text/event-stream")], body).into_response()
}

fn said(words: &str) -> String {
    chunk(json!({
        "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "test",
        "choices": [{ "index": 0, "delta": { "content": words }, "finish_reason": null }],
    }))
}

fn ended() -> String {
    let stop = chunk(json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] }));
    let usage = chunk(json!({ "choices": [], "usage": { "prompt_tokens": 100, "completion_tokens": 20 } }));
    format!("{stop}{usage}data: [DONE]\n\n")
}

fn chunk(value: Value) -> String {
    format!("data: {value}\n\n")
}
