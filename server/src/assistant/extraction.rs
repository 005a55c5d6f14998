//! Requirements as a language model draws them out of a conversation, after the visitor was answered.
//!
//! One look at a session at a time, once its visitor has paused. What comes is checked line by line; what is left stands
//! beside the built-in text, and [`crate::conversation::requirements_of`] says which of both holds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt;
use porchlight_protocol::capture::Role;
use porchlight_protocol::ids::{MessageId, SessionId};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use super::budget::Cost;
use super::endpoints::Endpoint;
use super::{Assistant, Failure, Piece, Prompt, prompt};
use crate::conversation::{DrawnOut, Message, built_in_requirements, turns_of};
use crate::requirements::{Check, MAX_BULLETS};
use crate::store::{Site, StoreError, Tenant};
use crate::{clock, metrics};

/// Sessions that models read at once.
const AT_ONCE: usize = 4;

/// Most sessions that wait for it; of others the built-in text stands until their next message.
const MOST_WAITING: usize = 1_000;

/// How many times the pause a visitor who goes on typing is waited for.
const MOST_PAUSES: u32 = 10;

/// Most bytes of what a model answers.
const MOST_BYTES: usize = 32 * 1024;

type Key = (Tenant, SessionId);

/// The sessions that are to be read.
pub(super) struct Extractions {
    /// How long a visitor must have been quiet.
    pause: Duration,
    /// Each is told of new messages.
    waiting: Mutex<HashMap<Key, watch::Sender<()>>>,
    places: Semaphore,
}

impl Extractions {
    pub(super) fn new(pause: Duration) -> Self {
        Self { pause, waiting: Mutex::default(), places: Semaphore::new(AT_ONCE) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, watch::Sender<()>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nothing has come for a while, or for long enough.
    async fn quiet(&self, told: &mut watch::Receiver<()>) {
        let end = Instant::now() + self.pause * MOST_PAUSES;
        while Instant::now() < end && timeout(self.pause, told.changed()).await.is_ok() {}
    }
}

/// What a model says of a conversation.
#[derive(Debug, Deserialize)]
struct Drawn {
    bullets: Vec<Bullet>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bullet {
    text: String,
    message_ids: Vec<String>,
}

/// The form that a model's answer must have.
pub(super) fn schema() -> Value {
    let bullet = json!({
        "type": "object", "additionalProperties": false, "required": ["text", "messageIds"],
        "properties": {
            "text": { "type": "string", "description": "One fact, at most 70 characters" },
            "messageIds": {
                "type": "array", "items": { "type": "string" },
                "description": "The ids of the visitor's messages that it stands on",
            },
        },
    });
    json!({
        "type": "object", "additionalProperties": false, "required": ["bullets"],
        "properties": { "bullets": { "type": "array", "items": bullet } },
    })
}

impl Assistant {
    /// Has a session's requirements drawn out by a model, where one is set, once its visitor pauses.
    pub fn draw_out(self: &Arc<Self>, site: Arc<Site>, session: SessionId) {
        if self.model_of(&site).is_none() {
            return;
        }
        let key = (site.tenant.clone(), session);
        let mut waiting = self.extractions.lock();
        if let Some(told) = waiting.get(&key) {
            told.send_replace(());
            return;
        }
        if waiting.len() >= MOST_WAITING {
            metrics::model_asked("extract", "full");
            return;
        }
        let (sender, told) = watch::channel(());
        waiting.insert(key.clone(), sender);
        drop(waiting);
        let under_way = UnderWay { assistant: Arc::clone(self), key };
        tokio::spawn(async move { under_way.run(&site, told).await });
    }

    /// Reads a session once.
    async fn read_session(&self, site: &Site, session: &SessionId) -> Result<(), StoreError> {
        let messages = self.store.session(&site.tenant, session).await?;
        let Some((newest, of)) = newest_of(&messages) else { return Ok(()) };
        let beside = DrawnOut::digest(&built_in_requirements(&messages));
        let known = |drawn: &DrawnOut| drawn.of >= of && drawn.beside == beside;
        if messages.iter().filter_map(|m| m.drawn_out.as_ref()).any(known) {
            return Ok(());
        }
        let Some(prompt) = prompt::for_extraction(&messages) else { return Ok(()) };
        let Some(text) = self.drawn_out(site, session, &messages, &prompt).await else { return Ok(()) };
        let drawn = DrawnOut { of, beside, text };
        self.store.keep_drawn_out(&site.tenant, session, &newest, &drawn, clock::now()).await?;
        Ok(())
    }

    /// What a model makes of a session, as far as it may stand; `None` where nothing of it may.
    async fn drawn_out(
        &self,
        site: &Site,
        session: &SessionId,
        messages: &[Message],
        prompt: &Prompt,
    ) -> Option<String> {
        let endpoint = self.endpoints.get(&self.model_of(site)?);
        let leave = endpoint.breaker.leave(Instant::now())?;
        let reserved = self.budgets.reserve(site, session, prompt).await?;
        let mut cost = Cost::default();
        let result = ask(&endpoint, prompt, &mut cost).await;
        match &result {
            Ok(_) => leave.succeeded(),
            Err(_) => leave.failed(Instant::now()),
        }
        cost.failure = result.as_ref().err().copied();
        self.budgets.settle(reserved, prompt, &cost).await;
        metrics::model_asked("extract", cost.failure.map_or("answered", |failure| failure.kind()));
        if let Some(failure) = cost.failure {
            tracing::warn!(%failure, "a model drew nothing out");
        }
        Some(checked(messages, &result.ok()?)).filter(|text| !text.is_empty())
    }
}

/// The visitor's newest message, and how many there are.
fn newest_of(messages: &[Message]) -> Option<(MessageId, u32)> {
    let visitors = || messages.iter().filter(|m| m.role == Role::Visitor);
    let newest = visitors().max_by_key(|m| (m.seq, m.at, &m.message_id))?;
    Some((newest.message_id.parse().ok()?, u32::try_from(visitors().count()).ok()?))
}

async fn ask(endpoint: &Endpoint, prompt: &Prompt, cost: &mut Cost) -> Result<Drawn, Failure> {
    let mut pieces = endpoint.provider.extract(prompt).await?;
    let mut text = String::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        cost.count(&piece);
        if let Piece::Words(words) = piece {
            text.push_str(&words);
        }
        if text.len() > MOST_BYTES {
            return Err(Failure::Rubbish);
        }
    }
    serde_json::from_str(&text).map_err(|_| Failure::Rubbish)
}

/// The bullets that may stand: in the form of the policy, each on messages of the visitor in this very session that say
/// it.
fn checked(messages: &[Message], drawn: &Drawn) -> String {
    let turns = turns_of(messages);
    let check = Check::of(&turns);
    let said = |id: &String| {
        let own = messages.iter().find(|m| m.message_id == *id && m.role == Role::Visitor);
        own.map(|message| message.text.as_str())
    };
    let mut lines: Vec<String> = Vec::new();
    for bullet in &drawn.bullets {
        let cited: Option<Vec<&str>> = bullet.message_ids.iter().map(said).collect();
        let supported = |line: &String| cited.as_ref().is_some_and(|cited| check.is_supported(line, cited));
        let line = check.line(&bullet.text).filter(supported).map(|line| format!("• {line}"));
        lines.extend(line.filter(|line| !lines.contains(line)));
    }
    lines.truncate(MAX_BULLETS);
    lines.join("\n")
}

/// Takes a session off the list when its task ends, however it ends.
struct UnderWay {
    assistant: Arc<Assistant>,
    key: Key,
}

impl UnderWay {
    async fn run(&self, site: &Site, mut told: watch::Receiver<()>) {
        let extractions = &self.assistant.extractions;
        loop {
            extractions.quiet(&mut told).await;
            // The semaphore is never closed.
            let Ok(_place) = extractions.places.acquire().await else { return };
            told.mark_unchanged();
            if let Err(error) = self.assistant.read_session(site, &self.key.1).await {
                tracing::warn!(error = %error.kind(), "what a model drew out could not be kept");
            }
            // Under the lock, so that whoever tells of a message is either heard here or begins anew.
            let mut waiting = extractions.lock();
            if !told.has_changed().unwrap_or(false) {
                waiting.remove(&self.key);
                return;
            }
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        // A task that ended by itself has taken its entry off, and another may have begun since.
        if std::thread::panicking() {
            self.assistant.extractions.lock().remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assistant::testing::session;

    fn drawn(bullets: &[(&str, &[&str])]) -> Drawn {
        let bullet = |(text, ids): &(&str, &[&str])| Bullet {
            text: (*text).to_owned(),
            message_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        };
        Drawn { bullets: bullets.iter().map(bullet).collect() }
    }

    #[test]
    fn a_bullet_stands_on_what_the_visitor_said_in_the_messages_it_cites() {
        let messages =
            session(&["We need automation for our web shop", "Our budget is under $500, jane@acme.com"]);
        let text = checked(
            &messages,
            &drawn(&[
                ("Automation for web shop", &["msg_0"]),
                ("• Budget under $500.", &["msg_1"]),
                ("Budget under $500", &["msg_1"]),
                ("Budget under $500 monthly", &["msg_0"]),
                ("Free shipping to Norway", &["msg_0"]),
                ("Automation", &["msg_7"]),
                ("Automation", &[]),
                ("Mail jane@acme.com", &["msg_1"]),
                ("I need automation", &["msg_0"]),
            ]),
        );
        assert_eq!(text, "• Automation for web shop\n• Budget under $500");
    }

    #[test]
    fn many_bullets_are_cut_and_none_are_none() {
        let texts: Vec<String> = (0..12).map(|number| format!("We need thing{number}")).collect();
        let messages = session(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let ids: Vec<String> = (0..12).map(|number| format!("msg_{number}")).collect();
        let bullets = (0..12)
            .map(|number| Bullet { text: format!("Thing{number}"), message_ids: vec![ids[number].clone()] });
        let text = checked(&messages, &Drawn { bullets: bullets.collect() });
        assert_eq!(text.lines().count(), MAX_BULLETS);
        assert_eq!(checked(&messages, &drawn(&[])), "");
    }
}
