//! Mail to the business: new leads, and messages that nobody has answered.
//!
//! One process of an installation does this, for as long as it keeps the right to ([`Store::lease_notices`]). It notes
//! what is to be told, beside the business ([`Store::gather_notices`]), and takes a note back when the mail server has
//! accepted the mail: a crash in between tells it twice, under the same `Message-ID`, and never not at all. What comes
//! while a business was told a moment ago waits and is told together.

mod mail;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use porchlight_protocol::time::Timestamp;

pub use mail::{Mailer, read_sender};

use crate::config::MailConfig;
use crate::store::{Store, StoreError, Tenant};
use crate::{clock, keys};

/// How often it is looked for something to tell.
const TICK: Duration = Duration::from_secs(5);

/// For how long a process has the right to send, in milliseconds.
const LEASE: i64 = 60_000;

/// After a failure the mail waits this long, then twice as long, and so on, in milliseconds.
const FIRST_WAIT: i64 = 5_000;

/// But no longer than this.
const LONGEST_WAIT: i64 = 3_600_000;

/// Most notices of one mail; more follow in the next one.
pub const MOST_NOTICES: usize = 20;

/// How far back the first look goes, and how long an event is let settle, in milliseconds.
pub const SETTLED: i64 = 10_000;

/// What a business is to be told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Notice {
    /// Of what.
    pub kind: NoticeKind,
    /// The lead's or the session's id.
    pub subject: String,
    /// When it happened.
    pub at: Timestamp,
}

/// Of what a business is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoticeKind {
    /// A visitor has become a lead.
    Lead,
    /// Nobody has answered a visitor.
    Unanswered,
}

impl NoticeKind {
    /// The kind's name in the stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Unanswered => "unanswered",
        }
    }

    /// The kind of this name.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Lead, Self::Unanswered].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// The notices of a business that are due.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    /// The business.
    pub tenant: Tenant,
    /// Where it reads its mail.
    pub email: String,
    /// Oldest first, at most [`MOST_NOTICES`].
    pub notices: Vec<Notice>,
    /// How often they could not be sent.
    pub tries: u32,
}

/// Sends what is due, again and again, until the task is ended.
pub struct Notices {
    store: Arc<dyn Store>,
    mailer: Mailer,
    /// Names this process.
    holder: String,
    /// After how many milliseconds a message counts as unanswered; `None` is never.
    unanswered_after: Option<i64>,
    /// How many milliseconds a business is left in peace after a mail.
    every: i64,
}

impl Notices {
    /// `None` where no mail server is set.
    pub fn new(store: Arc<dyn Store>, config: &MailConfig) -> anyhow::Result<Option<Self>> {
        let Some(smtp) = &config.smtp else { return Ok(None) };
        let from = config.mail_from.as_deref().context("--mail-from must be set where --smtp is")?;
        let unanswered_after = i64::from(config.unanswered_after) * 1_000;
        Ok(Some(Self {
            store,
            mailer: Mailer::new(smtp, from)?,
            holder: keys::id("proc_"),
            unanswered_after: Some(unanswered_after).filter(|after| *after > 0),
            every: i64::from(config.mail_every) * 1_000,
        }))
    }

    /// The task.
    pub async fn run(self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.once().await {
                tracing::warn!(error = %error.kind(), "notices could not be looked for; it will be tried again");
            }
        }
    }

    async fn once(&self) -> Result<(), StoreError> {
        if !self.may_send().await? {
            return Ok(());
        }
        let now = clock::now();
        let unanswered_before = self.unanswered_after.map(|after| now.plus_millis(-after));
        self.store.gather_notices(now, unanswered_before).await?;
        for due in self.store.due_notices(now).await? {
            // Another may have taken over while the mail server was slow.
            if !self.may_send().await? {
                break;
            }
            self.tell(due).await?;
        }
        Ok(())
    }

    async fn may_send(&self) -> Result<bool, StoreError> {
        let now = clock::now();
        self.store.lease_notices(&self.holder, now, now.plus_millis(LEASE)).await
    }

    async fn tell(&self, due: Due) -> Result<(), StoreError> {
        let text = mail::compose(&*self.store, &due).await?;
        if let Some(text) = text
            && let Err(why) = self.mailer.send(&due, text).await
        {
            // What the mail server says may hold an address.
            tracing::warn!(admin = %due.tenant.admin_id(), why, tries = due.tries, "a notice could not be sent");
            let wait = FIRST_WAIT.saturating_mul(1 << due.tries.min(16)).min(LONGEST_WAIT);
            return self.store.postpone_notices(&due.tenant, clock::now().plus_millis(wait)).await;
        }
        self.store.notices_told(&due.tenant, &due.notices, clock::now().plus_millis(self.every)).await
    }
}
