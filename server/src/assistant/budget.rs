//! What may be spent on models: set aside before one is asked, so that no number of questions at once goes beyond it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use porchlight_protocol::ids::{AdminId, SessionId};
use tokio::time::Instant;

use super::openai::MOST_TOKENS;
use super::{Failure, Prompt, Usage};
use crate::leads::day_of;
use crate::store::{Reservation, Reserved, Site, Store, TokenBudget};
use crate::{clock, metrics};

/// How long a business that has spent its day is not asked about again.
const REST: Duration = Duration::from_secs(60);

/// Most businesses of which this is remembered.
const MOST: usize = 10_000;

/// The budgets of all businesses.
pub(super) struct Budgets {
    store: Arc<dyn Store>,
    house: TokenBudget,
    /// Since when businesses have nothing left.
    spent: Mutex<HashMap<AdminId, Instant>>,
}

impl Budgets {
    pub(super) fn new(store: Arc<dyn Store>, house: TokenBudget) -> Self {
        Self { store, house, spent: Mutex::default() }
    }

    /// Whether a business may have something left, as far as this process knows without asking.
    pub(super) fn may_have(&self, site: &Site) -> bool {
        let spent = self.lock().get(site.tenant.admin_id()).copied();
        spent.is_none_or(|since| since.elapsed() > REST)
    }

    /// Sets aside what a question may cost; `None` where there is not so much left, or the store cannot tell.
    pub(super) async fn reserve(
        &self,
        site: &Site,
        session: &SessionId,
        prompt: &Prompt,
    ) -> Option<Reservation> {
        let wanted = Reservation {
            tenant: site.tenant.clone(),
            session: session.clone(),
            day: day_of(clock::now()),
            tokens: prompt.tokens() + u64::from(MOST_TOKENS),
        };
        match self.store.reserve_tokens(&wanted, site.model.budget(self.house)).await {
            Ok(Reserved::Granted) => Some(wanted),
            Ok(Reserved::SessionSpent) => {
                metrics::model_asked("budget", "session_spent");
                None
            }
            Ok(Reserved::BusinessSpent) => {
                metrics::model_asked("budget", "business_spent");
                let mut spent = self.lock();
                if spent.len() >= MOST {
                    spent.clear();
                }
                spent.insert(site.tenant.admin_id().clone(), Instant::now());
                None
            }
            Err(error) => {
                tracing::warn!(error = %error.kind(), "a model is not asked: its budget cannot be read");
                None
            }
        }
    }

    /// Counts what a question has cost: as its provider says, or about as many as were sent and came.
    pub(super) async fn settle(&self, reserved: Reservation, prompt: &Prompt, cost: &Cost) {
        let used = match (cost.counted, cost.failure) {
            (Some(usage), _) => usage.prompt.saturating_add(usage.completion),
            (None, Some(Failure::Unreachable | Failure::Refused(_) | Failure::Busy(_))) => 0,
            (None, _) => prompt.tokens() + cost.bytes as u64 / 3,
        };
        if let Err(error) = self.store.settle_tokens(&reserved, used).await {
            tracing::warn!(error = %error.kind(), "tokens stay set aside");
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AdminId, Instant>> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of the cost of a question.
#[derive(Debug, Default)]
pub(super) struct Cost {
    /// What the provider counts, where it does.
    pub(super) counted: Option<Usage>,
    /// Bytes that came.
    pub(super) bytes: usize,
    /// Why there was no answer.
    pub(super) failure: Option<Failure>,
}

impl Cost {
    /// Takes in a piece of an answer.
    pub(super) fn count(&mut self, piece: &super::Piece) {
        match piece {
            super::Piece::Words(words) => self.bytes += words.len(),
            super::Piece::Usage(usage) => {
                metrics::model_tokens(*usage);
                self.counted = Some(*usage);
            }
        }
    }
}
