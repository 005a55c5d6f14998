//! Captures that wait while the server cannot be reached, and their delivery.
//!
//! A message leaves the queue when the server has answered it, or, where it is refused for good, when it lies among the
//! dead letters. Sending one again does no harm: its `messageId` makes a repetition a duplicate.

use std::time::Duration;

use futures_util::future::join_all;
use porchlight_protocol::capture::{Capture, QueuedAnswer};
use porchlight_protocol::email;
use porchlight_protocol::problem::Problem;
use worker::{Date, Env, MessageBatch, MessageExt, QueueRetryOptionsBuilder, RawMessage, Response};

use crate::answer::unavailable;
use crate::config::{Config, captures, dead_letters};
use crate::forward::{Down, Onward, rest};
use crate::routes::{Call, failed};

/// How long the server may take for a message that nobody waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A message is tried again after a quarter of its age, within these bounds: soon after a short outage, and over more
/// than a day in the hundred tries that it has.
const RETRY_SECONDS: std::ops::RangeInclusive<u64> = 1..=1_800;

/// Puts a capture into the queue and says so; 503 where there is none.
pub(crate) async fn keep(call: &Call<'_>, capture: &Capture, onward: Onward) -> Result<Response, Problem> {
    let queue = captures(call.env).ok_or_else(unavailable)?;
    queue.send(onward).await.map_err(failed)?;
    let first = capture.addresses().into_iter().next();
    let answer = QueuedAnswer {
        message_id: capture.message_id.clone(),
        queued: true,
        suggestion: first.as_ref().and_then(email::suggest),
        email: first,
    };
    call.asker.json(202, &answer).map_err(failed)
}

/// Delivers a batch, each message for itself.
pub(crate) async fn deliver(batch: &MessageBatch<Onward>, env: &Env) {
    let Ok(config) = Config::of(env) else {
        batch.raw_iter().for_each(|message| try_again(&message, None));
        return;
    };
    join_all(batch.raw_iter().map(|message| deliver_one(message, &config, env))).await;
}

async fn deliver_one(message: RawMessage, config: &Config, env: &Env) {
    let Ok(onward) = serde_wasm_bindgen::from_value::<Onward>(message.body()) else {
        // The platform puts it among the dead letters after its last try.
        worker::console_error!("a queued message cannot be read");
        return try_again(&message, None);
    };
    match outcome(&onward, config).await {
        Outcome::Taken => message.ack(),
        Outcome::Later(seconds) => try_again(&message, seconds),
        Outcome::Refused(code) => {
            worker::console_error!("the server refused a queued capture for good: {code}");
            bury(message, onward, code, env).await;
        }
    }
}

/// What became of a try.
enum Outcome {
    /// The server has it.
    Taken,
    /// It may go well later, after so many seconds where the server has said that.
    Later(Option<u64>),
    /// It never will: the problem's code.
    Refused(String),
}

async fn outcome(onward: &Onward, config: &Config) -> Outcome {
    let Ok(answer) = onward.send(config, PATIENCE).await else { return Outcome::Later(None) };
    match answer.status_code() {
        200 => match rest(answer).await {
            Ok(_) => Outcome::Taken,
            Err(Down) => Outcome::Later(None),
        },
        408 | 425 | 429 => {
            let asked = answer.headers().get("Retry-After").ok().flatten();
            Outcome::Later(asked.and_then(|seconds| seconds.parse().ok()))
        }
        status @ 400..500 => {
            let problem: Option<Problem> =
                rest(answer).await.ok().and_then(|body| serde_json::from_slice(&body).ok());
            match problem {
                Some(problem) => Outcome::Refused(problem.code),
                // Whatever stands in front of the server said that, not the server.
                None => {
                    worker::console_error!("something before the server answered {status}");
                    Outcome::Later(None)
                }
            }
        }
        status => {
            worker::console_error!("the server answered {status} to a queued capture");
            Outcome::Later(None)
        }
    }
}

/// Lays a refused message among the dead letters. One that was there already and is refused again has been looked at
/// and ends here.
async fn bury(message: RawMessage, onward: Onward, code: String, env: &Env) {
    if onward.refused.is_some() {
        return message.ack();
    }
    let Some(dead) = dead_letters(env) else { return try_again(&message, None) };
    match dead.send(onward.refused_as(code)).await {
        Ok(()) => message.ack(),
        Err(error) => {
            worker::console_error!("the queue of dead letters failed: {error}");
            try_again(&message, None);
        }
    }
}

fn try_again(message: &RawMessage, seconds: Option<u64>) {
    let age = Date::now().as_millis().saturating_sub(message.timestamp().as_millis()) / 1_000;
    let seconds = seconds.unwrap_or(age / 4).clamp(*RETRY_SECONDS.start(), *RETRY_SECONDS.end());
    let delay = QueueRetryOptionsBuilder::new().with_delay_seconds(seconds as u32).build();
    message.retry_with_options(&delay);
}
