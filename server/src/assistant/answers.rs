//! Answers by a language model: the question is kept already, one task writes the answer and keeps it, whoever listens.
//!
//! Every answer that is owed ends as one message: the model's, or the built-in one where the model fails, is too slow or
//! may not be asked. Two processes may write the same answer; its id is the question's, so that one of them is kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable};
use futures::StreamExt;
use porchlight_protocol::capture::{MAX_TEXT_CHARS, Mode, Source};
use porchlight_protocol::ids::{MessageId, SessionId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::breaker::Leave;
use super::budget::{Budgets, Cost};
use super::endpoints::{Endpoint, Endpoints, ModelSettings};
use super::extraction::Extractions;
use super::links::{OwnHosts, Plain};
use super::writing::{End, Listener, Writing};
use super::{Failure, Piece, Prompt, builtin, prompt};
use crate::capture::{Batcher, Refused};
use crate::config::LlmConfig;
use crate::conversation::{Answerer, Incoming, Message};
use crate::knowledge::Passage;
use crate::store::{CaptureError, Site, Store, Tenant};
use crate::{clock, metrics};

/// How long models may still write when the server ends.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Business, session and message.
type Key = (Tenant, SessionId, MessageId);

/// Has visitors answered.
pub struct Assistant {
    pub(super) store: Arc<dyn Store>,
    batcher: Batcher,
    pub(super) endpoints: Endpoints,
    pub(super) budgets: Budgets,
    pub(super) extractions: Extractions,
    /// The model of businesses that have none of their own.
    house: Option<ModelSettings>,
    /// How long who waits for the whole answer waits for a model.
    patience: Duration,
    places: Arc<Semaphore>,
    most_at_once: u32,
    writings: Mutex<HashMap<Key, Arc<Writing>>>,
    ending: watch::Sender<bool>,
}

/// A message that is owed an answer.
#[derive(Clone, Debug)]
pub struct Question {
    /// On whose site.
    pub site: Arc<Site>,
    /// In which session.
    pub session: SessionId,
    /// Which message.
    pub message: MessageId,
    /// What the business has written that may answer it, best first.
    pub known: Vec<Passage>,
}

/// A model that can be asked now, with a place among those that write at once.
pub struct Offer {
    endpoint: Arc<Endpoint>,
    leave: Leave,
    _place: OwnedSemaphorePermit,
}

impl Assistant {
    /// For a server with these settings.
    pub fn new(store: Arc<dyn Store>, batcher: Batcher, config: &LlmConfig) -> Self {
        Self {
            budgets: Budgets::new(Arc::clone(&store), config.budget()),
            store,
            batcher,
            endpoints: Endpoints::new(config.times()),
            extractions: Extractions::new(config.quiet()),
            house: config.model(),
            patience: config.patience(),
            places: Arc::new(Semaphore::new(config.llm_at_once as usize)),
            most_at_once: config.llm_at_once,
            writings: Mutex::default(),
            ending: watch::Sender::new(false),
        }
    }

    /// Whether a model is there to answer on a site: one is set, it has not failed again and again lately, the business
    /// has tokens left as far as is known, and not too many write already. Asks nobody.
    pub fn offer(&self, site: &Site) -> Option<Offer> {
        let endpoint = self.endpoints.get(&self.model_of(site)?);
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let leave = endpoint.breaker.leave(Instant::now())?;
        Some(Offer { endpoint, leave, _place: place })
    }

    /// The model of a site's business, where it has one and may have tokens left.
    pub(super) fn model_of(&self, site: &Site) -> Option<ModelSettings> {
        site.model.over(self.house.as_ref()).filter(|_| self.budgets.may_have(site))
    }

    /// How long who waits for the whole answer waits for a model.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// Has a question answered that is owed it, or listens to the answer that is being written.
    pub fn answer(self: &Arc<Self>, question: Question, offer: Option<Offer>) -> Listener {
        let key = (question.site.tenant.clone(), question.session.clone(), question.message.clone());
        let mut writings = self.lock();
        if let Some(writing) = writings.get(&key) {
            return writing.listen();
        }
        let writing = Arc::new(Writing::default());
        writings.insert(key.clone(), Arc::clone(&writing));
        drop(writings);
        let listener = writing.listen();
        let under_way = UnderWay { assistant: Arc::clone(self), key, writing };
        // Whoever listens may go away: the answer is written for the history as well.
        tokio::spawn(async move {
            let end = under_way.assistant.write(&question, offer, &under_way.writing).await;
            under_way.writing.end(end);
        });
        listener
    }

    /// Lets models write a little longer, then what is owed is answered without them; returns when nothing is.
    pub async fn finish(&self) {
        let all = self.places.acquire_many(self.most_at_once);
        if tokio::time::timeout(LAST_WORDS, all).await.is_err() {
            self.ending.send_replace(true);
            drop(self.places.acquire_many(self.most_at_once).await);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Writing>>> {
        self.writings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn write(&self, question: &Question, offer: Option<Offer>, writing: &Writing) -> End {
        let tenant = &question.site.tenant;
        let (session, human) = match self.read(tenant, &question.session).await {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(error = %error.kind(), "a question could not be read for its answer");
                return End::Failed(None);
            }
        };
        let of_question = |m: &&Message| m.reply_to.as_deref() == Some(question.message.as_str());
        if let Some(kept) = session.iter().find(of_question) {
            return End::Reply(Box::new(kept.clone()));
        }
        let asked = session.iter().find(|m| m.message_id == question.message.as_str());
        let Some(asked) = asked.filter(|_| !human) else { return End::Silent };
        // The place among those that write is held until the answer is kept.
        let (written, _place) = match offer {
            Some(offer) => {
                let prompt = prompt::for_reply(&question.site.widget.name, &question.known, &session, asked);
                let pages = question.known.iter().filter_map(|passage| passage.url.as_deref());
                let hosts = OwnHosts::of(&question.site.allowed_origins, pages);
                let Offer { endpoint, leave, _place: place } = offer;
                let reserved = self.budgets.reserve(&question.site, &question.session, &prompt).await;
                let written = match reserved {
                    Some(reserved) => {
                        let (result, cost) =
                            self.ask(&endpoint, leave, &prompt, Plain::new(hosts), writing).await;
                        self.budgets.settle(reserved, &prompt, &cost).await;
                        result
                    }
                    None => None,
                };
                (written, Some(place))
            }
            None => (None, None),
        };
        let reply = match &written {
            Some(text) => {
                let answer = Message::answering(asked, builtin::reply_id(asked), text.clone(), clock::now());
                Message { sources: sources(&question.known), ..answer }
            }
            None => builtin::reply(&session, asked, &question.known, clock::now()),
        };
        let broke_off = written.is_none() && !writing.text().is_empty();
        match self.keep(question, &reply).await {
            Ok(kept) if broke_off => End::Failed(Some(Box::new(kept))),
            Ok(kept) => End::Reply(Box::new(kept)),
            Err(Refused::Capture(CaptureError::Silenced | CaptureError::Nowhere)) => End::Silent,
            Err(_) => End::Failed(None),
        }
    }

    /// A session, and whether a person has it.
    async fn read(
        &self,
        tenant: &Tenant,
        session: &SessionId,
    ) -> Result<(Vec<Message>, bool), crate::store::StoreError> {
        let id = session.to_string();
        let modes = self.store.modes(tenant, std::slice::from_ref(&id)).await?;
        Ok((self.store.session(tenant, session).await?, modes.get(&id) == Some(&Mode::Human)))
    }

    /// The model's answer, `None` where it gave none, and what it cost.
    async fn ask(
        &self,
        endpoint: &Endpoint,
        leave: Leave,
        prompt: &Prompt,
        plain: Plain,
        writing: &Writing,
    ) -> (Option<String>, Cost) {
        let mut ending = self.ending.subscribe();
        let mut cost = Cost::default();
        let result = tokio::select! {
            result = pass_on(endpoint, prompt, plain, writing, &mut cost) => result,
            () = writing.hurried() => Err(Failure::Hurried),
            _ = ending.wait_for(|ending| *ending) => Err(Failure::Hurried),
        };
        let shown = writing.text();
        match result {
            Ok(()) => leave.succeeded(),
            // It was writing, if too slowly for somebody.
            Err(Failure::Hurried) if !shown.is_empty() => drop(leave),
            Err(_) => leave.failed(Instant::now()),
        }
        cost.failure = result.err();
        metrics::model_asked("reply", cost.failure.map_or("answered", |failure| failure.kind()));
        if let Some(failure) = cost.failure {
            tracing::warn!(%failure, "a model did not answer");
        }
        (result.is_ok().then_some(shown), cost)
    }

    /// Keeps an answer the way captures are kept, so that it is one write with all that follows from it. Gives the one
    /// that stands.
    async fn keep(&self, question: &Question, reply: &Message) -> Result<Message, Refused> {
        let message_id: MessageId = reply.message_id.parse().map_err(|_| Refused::Late)?;
        let incoming = || Incoming {
            tenant: question.site.tenant.clone(),
            session_id: question.session.clone(),
            message_id: message_id.clone(),
            role: reply.role,
            seq: Some(reply.seq),
            text: reply.text.clone(),
            page: reply.page.clone(),
            addresses: Vec::new(),
            at: reply.at,
            arrived: clock::now(),
            authorised: false,
            edge: None,
            answerer: Answerer::default(),
            known: Vec::new(),
            reply_to: Some(question.message.clone()),
            sources: reply.sources.clone(),
        };
        let tries = ExponentialBuilder::default().with_min_delay(Duration::from_millis(100)).with_jitter();
        let keeping = (|| self.batcher.keep(incoming())).retry(tries).when(|refused| {
            matches!(refused, Refused::Full | Refused::Late | Refused::Capture(CaptureError::Store(_)))
        });
        keeping.await.map(|kept| kept.message)
    }
}

/// The documents of those passages that answer the question by themselves: what else a model was shown it may not have
/// used.
fn sources(known: &[Passage]) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    for source in known.iter().filter(|passage| passage.answers).map(Passage::source) {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    sources
}

/// Shows the words of a model as they come.
async fn pass_on(
    endpoint: &Endpoint,
    prompt: &Prompt,
    mut plain: Plain,
    writing: &Writing,
    cost: &mut Cost,
) -> Result<(), Failure> {
    let mut pieces = endpoint.provider.reply(prompt).await?;
    let mut chars = 0;
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        cost.count(&piece);
        if let Piece::Words(words) = piece {
            chars += words.chars().count();
            writing.show(&plain.push(&words));
        }
        if chars > MAX_TEXT_CHARS {
            break;
        }
    }
    writing.show(&plain.finish());
    match writing.text().is_empty() {
        true => Err(Failure::Rubbish),
        false => Ok(()),
    }
}

/// Takes a writing off the list when its task ends, however it ends.
struct UnderWay {
    assistant: Arc<Assistant>,
    key: Key,
    writing: Arc<Writing>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.writing.end(End::Failed(None));
        self.assistant.lock().remove(&self.key);
    }
}
