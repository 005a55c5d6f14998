//! How much one session and one site may send.

use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use porchlight_protocol::ids::{AdminId, SessionId};

use crate::config::ServeConfig;

/// Token buckets, exact within this process.
pub struct Limits {
    sessions: Option<DefaultKeyedRateLimiter<(AdminId, SessionId)>>,
    sites: Option<DefaultKeyedRateLimiter<AdminId>>,
}

impl Limits {
    /// The limits of the settings; 0 is none.
    pub fn new(config: &ServeConfig) -> Self {
        let burst = NonZeroU32::new(config.session_burst);
        let sessions =
            burst.map(|burst| RateLimiter::keyed(Quota::per_second(config.session_rate).allow_burst(burst)));
        let sites = NonZeroU32::new(config.site_rate).map(|rate| RateLimiter::keyed(Quota::per_second(rate)));
        Self { sessions, sites }
    }

    /// `Err` with the seconds to wait when the session or its site has sent too much.
    pub fn check(&self, admin: &AdminId, session: &SessionId) -> Result<(), u32> {
        let wait = |not_until: governor::NotUntil<_>| {
            // Making a clock is dear; only a refusal needs one.
            let seconds = not_until.wait_time_from(DefaultClock::default().now()).as_secs_f64().ceil();
            (seconds as u32).max(1)
        };
        if let Some(sessions) = &self.sessions {
            sessions.check_key(&(admin.clone(), session.clone())).map_err(wait)?;
        }
        if let Some(sites) = &self.sites {
            sites.check_key(admin).map_err(wait)?;
        }
        Ok(())
    }

    /// Forgets those who have been quiet long enough to be as new.
    pub fn forget_the_quiet(&self) {
        if let Some(sessions) = &self.sessions {
            sessions.retain_recent();
            sessions.shrink_to_fit();
        }
        if let Some(sites) = &self.sites {
            sites.retain_recent();
        }
    }
}
