//! A circuit breaker: a provider that fails again and again is left alone for a while.
//!
//! Small and our own, because the well-kept crates either wrap a call and cannot be asked before it, or let everybody in
//! as soon as the pause is over; here one question at a time tries whether it goes again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Failures in a row after which nobody asks any more.
const MOST_FAILURES: u32 = 5;

/// The first pause; each one after that is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// What is known of a provider.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Failures in a row.
    failures: u32,
    /// The end of the pause, and how long it is.
    pause: Option<(Instant, Duration)>,
    /// Whether somebody tries whether it goes again.
    trying: bool,
}

/// Leave to ask once. Dropping it without a word says nothing about the provider.
#[derive(Debug)]
pub(super) struct Leave {
    breaker: Arc<Breaker>,
    is_trial: bool,
}

impl Breaker {
    /// Leave to ask now; `None` during a pause, and behind it while another tries.
    pub(super) fn leave(self: &Arc<Self>, now: Instant) -> Option<Leave> {
        let mut state = self.lock();
        let is_trial = match state.pause {
            None => false,
            Some((end, _)) if now < end || state.trying => return None,
            Some(_) => true,
        };
        state.trying |= is_trial;
        Some(Leave { breaker: Arc::clone(self), is_trial })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leave {
    /// The provider answered.
    pub(super) fn succeeded(self) {
        *self.breaker.lock() = State { trying: self.is_trial, ..State::default() };
    }

    /// The provider failed.
    pub(super) fn failed(self, now: Instant) {
        let mut state = self.breaker.lock();
        state.failures += 1;
        let pause = match state.pause {
            Some((_, pause)) if self.is_trial => (pause * 2).min(LONGEST_PAUSE),
            // Asked before the pause began.
            Some(_) => return,
            None if state.failures < MOST_FAILURES => return,
            None => FIRST_PAUSE,
        };
        state.pause = Some((now + pause, pause));
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        if self.is_trial {
            self.breaker.lock().trying = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(now: Instant) -> Arc<Breaker> {
        let breaker = Arc::new(Breaker::default());
        for _ in 0..MOST_FAILURES {
            breaker.leave(now).unwrap().failed(now);
        }
        breaker
    }

    #[test]
    fn failures_in_a_row_make_a_pause_and_a_success_between_them_does_not() {
        let now = Instant::now();
        let breaker = Arc::new(Breaker::default());
        for _ in 0..3 {
            for _ in 1..MOST_FAILURES {
                breaker.leave(now).unwrap().failed(now);
            }
            breaker.leave(now).unwrap().succeeded();
        }
        assert!(breaker.leave(now).is_some());
        assert!(broken(now).leave(now).is_none());
    }

    #[test]
    fn one_at_a_time_tries_again_and_pauses_grow() {
        let now = Instant::now();
        let breaker = broken(now);
        let later = now + FIRST_PAUSE;
        let trial = breaker.leave(later).unwrap();
        assert!(breaker.leave(later).is_none(), "one tries");
        trial.failed(later);
        assert!(breaker.leave(later + FIRST_PAUSE).is_none(), "the second pause is longer");
        let later = later + 2 * FIRST_PAUSE;
        drop(breaker.leave(later).unwrap());
        breaker.leave(later).expect("a trial that says nothing makes room").succeeded();
        let (one, other) = (breaker.leave(later), breaker.leave(later));
        assert!(one.is_some() && other.is_some());
    }

    #[test]
    fn who_asked_before_the_pause_does_not_lengthen_it() {
        let now = Instant::now();
        let breaker = Arc::new(Breaker::default());
        let late = breaker.leave(now).unwrap();
        for _ in 0..MOST_FAILURES {
            breaker.leave(now).unwrap().failed(now);
        }
        late.failed(now + FIRST_PAUSE / 2);
        assert!(breaker.leave(now + FIRST_PAUSE).is_some());
    }
}
