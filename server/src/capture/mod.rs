//! One message's way from the request to the store: group commits, limits, the sweep.

mod batch;
mod limits;

use std::sync::Arc;
use std::time::Duration;

pub use batch::{Batcher, Drain, Refused};
pub use limits::Limits;

use porchlight_protocol::capture::{Capture, Role};
use porchlight_protocol::email::Email;
use porchlight_protocol::time::Timestamp;

use crate::clock;
use crate::conversation::{Answerer, Incoming, Page};
use crate::knowledge::Passage;
use crate::store::{Store, Tenant};

const WEEK: i64 = 7 * 24 * 3_600_000;
const FIVE_MINUTES: i64 = 5 * 60_000;

/// How long a capture may be under way before the sweep takes it for left behind.
const LEFT_BEHIND: i64 = 30_000;

/// A checked capture of `tenant` with its addresses and what is known to answer it, as the store takes it.
pub fn incoming(
    tenant: Tenant,
    capture: Capture,
    addresses: &[Email],
    authorised: bool,
    known: Vec<Passage>,
    now: Timestamp,
) -> Incoming {
    Incoming {
        tenant,
        addresses: addresses.iter().map(Email::to_string).collect(),
        session_id: capture.session_id,
        message_id: capture.message_id,
        role: Role::Visitor,
        seq: capture.seq,
        text: capture.text,
        page: Page {
            url: capture.page_url,
            title: capture.page_title,
            referrer: capture.referrer,
            locale: capture.locale,
            time_zone: capture.time_zone,
        },
        at: believed(capture.sent_at, now),
        arrived: now,
        authorised,
        edge: capture.edge,
        answerer: Answerer::default(),
        known,
        reply_to: None,
        sources: Vec::new(),
    }
}

/// The browser's time where it lies in the last seven days and no more than five minutes ahead, else now.
fn believed(sent_at: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let window = now.plus_millis(-WEEK)..=now.plus_millis(FIVE_MINUTES);
    sent_at.filter(|at| window.contains(at)).unwrap_or(now)
}

/// Finishes what a crash left half-done, at once and then every ten seconds, until the task is ended.
pub async fn sweep(store: Arc<dyn Store>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(10));
    // Whatever is half-done when a process starts was most likely left by its predecessor.
    let mut left_behind = 0;
    loop {
        ticks.tick().await;
        match store.finish_pending(clock::now().plus_millis(-left_behind)).await {
            Ok(0) => {}
            Ok(sessions) => tracing::info!(sessions, "finished what was left half-done"),
            Err(error) => tracing::warn!(error = %error.kind(), "the sweep failed and will be repeated"),
        }
        left_behind = LEFT_BEHIND;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_time_is_believed_within_its_window() {
        let now = Timestamp::from_millis(1_769_767_200_000);
        let cases =
            [(0, true), (-WEEK, true), (-WEEK - 1, false), (FIVE_MINUTES, true), (FIVE_MINUTES + 1, false)];
        for (offset, right) in cases {
            let sent = now.plus_millis(offset);
            assert_eq!(believed(Some(sent), now) == sent, right, "{offset}");
        }
        assert_eq!(believed(None, now), now);
    }
}
