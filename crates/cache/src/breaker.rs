//! What keeps callers from waiting for a Redis that let the last one down.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Closed, it lets everybody through. Open, nobody; after a pause one, whose luck decides, then one after each more.
pub(crate) struct Breaker {
    pause: Duration,
    open_until: Mutex<Option<Instant>>,
}

impl Breaker {
    /// A closed one, whose pauses last so long.
    pub(crate) const fn new(pause: Duration) -> Self {
        Self { pause, open_until: Mutex::new(None) }
    }

    /// Whether to try at this moment. Who is let through has to say how it went.
    pub(crate) fn admits(&self, now: Instant) -> bool {
        let mut open_until = self.state();
        match *open_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                *open_until = Some(now + self.pause);
                true
            }
        }
    }

    /// It went well.
    pub(crate) fn close(&self) {
        *self.state() = None;
    }

    /// It went wrong at this moment.
    pub(crate) fn open(&self, now: Instant) {
        *self.state() = Some(now + self.pause);
    }

    fn state(&self) -> MutexGuard<'_, Option<Instant>> {
        self.open_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tries_after_each_pause_until_it_goes_well() {
        let pause = Duration::from_secs(5);
        let breaker = Breaker::new(pause);
        let start = Instant::now();
        assert!(breaker.admits(start) && breaker.admits(start));

        breaker.open(start);
        let almost = start + pause.saturating_sub(Duration::from_millis(1));
        assert!(!breaker.admits(start) && !breaker.admits(almost));
        assert!(breaker.admits(start + pause), "one");
        assert!(!breaker.admits(start + pause), "and no other");
        assert!(breaker.admits(start + 2 * pause), "who was let through never came back");

        breaker.close();
        assert!(breaker.admits(start) && breaker.admits(start));
    }
}
