//! Limits on what somebody may ask for in a time, by the generic cell rate algorithm.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::{Cache, PREFIX};

const ADMIT: &str = include_str!("admit.lua");
const MICROS: u64 = 1_000_000;
/// So many limits are remembered in this process.
const REMEMBERED: usize = 10_000;

/// How much somebody may take: so many units at once, and so many a second come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Units that come back in a second, at most 1,000,000.
    pub per_second: NonZeroU32,
    /// Units that there are at most.
    pub burst: NonZeroU32,
}

impl Rate {
    /// After how many µs a unit comes back: rounded up, so that none comes early.
    fn interval(self) -> u64 {
        MICROS.div_ceil(self.per_second.get().into())
    }

    /// After how many µs all are back.
    fn window(self) -> u64 {
        self.interval() * u64::from(self.burst.get())
    }
}

/// Whether units were taken, and what is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// How long to wait until there are enough; `None` if they were taken.
    pub wait: Option<Duration>,
    /// How many units each limit has left.
    pub left: Vec<u64>,
}

/// Limits that every instance shares as long as Redis answers, and that each keeps by itself while it doesn't.
pub struct Limiter {
    cache: Cache,
    alone: Alone,
}

impl Limiter {
    /// Limits in this Redis.
    #[must_use]
    pub fn new(cache: Cache) -> Self {
        Self { cache, alone: Alone::default() }
    }

    /// Takes units from all of these limits, named apart, or from none of them.
    pub async fn admit(&self, cost: u32, limits: &[(String, Rate)]) -> Admission {
        let mut call = redis::cmd("EVAL");
        call.arg(ADMIT).arg(limits.len());
        for (name, _) in limits {
            call.arg(format!("{PREFIX}limit:{name}"));
        }
        call.arg(cost);
        for (_, rate) in limits {
            call.arg(rate.interval()).arg(rate.burst.get());
        }
        match self.cache.ask::<Vec<u64>>(&call).await.as_deref() {
            Some([_now, wait, left @ ..]) => Admission::new(*wait, left.to_vec()),
            _ => self.alone.admit(cost, limits),
        }
    }
}

impl Admission {
    fn new(wait: u64, left: Vec<u64>) -> Self {
        Self { wait: (wait > 0).then(|| Duration::from_micros(wait)), left }
    }
}

/// The same in this process: when each limit will be untouched again, in µs since the start.
struct Alone {
    started: Instant,
    untouched: Mutex<HashMap<String, u64>>,
}

impl Default for Alone {
    fn default() -> Self {
        Self { started: Instant::now(), untouched: Mutex::default() }
    }
}

impl Alone {
    fn admit(&self, cost: u32, limits: &[(String, Rate)]) -> Admission {
        let now = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX / 2);
        self.admit_at(now, cost, limits)
    }

    fn admit_at(&self, now: u64, cost: u32, limits: &[(String, Rate)]) -> Admission {
        let mut all = self.untouched.lock().unwrap_or_else(PoisonError::into_inner);
        let found = limits.iter().map(|(name, rate)| {
            let untouched = all.get(name).copied().filter(|at| (now..=now + rate.window()).contains(at));
            (untouched.unwrap_or(now), *rate)
        });
        let (wait, after) = take(now, cost, &found.collect::<Vec<_>>());
        if wait == 0 {
            make_room(&mut all, now, limits.len());
            all.extend(limits.iter().map(|(name, _)| name.clone()).zip(after.iter().copied()));
        }
        let left = limits
            .iter()
            .zip(after)
            .map(|((_, rate), untouched)| (now + rate.window()).saturating_sub(untouched) / rate.interval());
        Admission::new(wait, left.collect())
    }
}

/// How long to wait, and when each limit will be untouched then: later, if the units are taken.
fn take(now: u64, cost: u32, limits: &[(u64, Rate)]) -> (u64, Vec<u64>) {
    let price = |rate: &Rate| u64::from(cost) * rate.interval();
    let waits =
        limits.iter().map(|(untouched, rate)| (untouched + price(rate)).saturating_sub(now + rate.window()));
    let wait = waits.max().unwrap_or(0);
    let after = limits.iter().map(|(untouched, rate)| untouched + if wait == 0 { price(rate) } else { 0 });
    (wait, after.collect())
}

/// Forgets limits that are untouched, and where that isn't enough the ones that are next to be.
fn make_room(all: &mut HashMap<String, u64>, now: u64, needed: usize) {
    if all.len() + needed <= REMEMBERED {
        return;
    }
    all.retain(|_, untouched| *untouched > now);
    if all.len() + needed > REMEMBERED {
        let mut times: Vec<_> = all.values().copied().collect();
        let (_, median, _) = times.select_nth_unstable(REMEMBERED / 2);
        let median = *median;
        all.retain(|_, untouched| *untouched > median);
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::Client;
    use proptest::prelude::*;
    use test_support::{RedisServer, no_secrets};

    use super::*;
    use crate::{CacheSettings, Patience};

    fn rate(per_second: u32, burst: u32) -> Rate {
        Rate { per_second: per_second.try_into().unwrap(), burst: burst.try_into().unwrap() }
    }

    /// The crate as its own tests have it: another than the one that `test_support` knows.
    fn cache_at(port: u16) -> Cache {
        let settings = CacheSettings {
            cache_host: Some("127.0.0.1".into()),
            cache_port: port,
            cache_tls: data::Tls::Disable,
            cache_secret_arn: None,
        };
        let patience = Patience { budget: Duration::from_secs(10), ..Patience::default() };
        Cache::with_patience(settings, Client::new(&no_secrets()), patience)
    }

    fn rates() -> impl Strategy<Value = Rate> {
        (1_u32..2_000, 10_u32..400).prop_map(|(per_second, burst)| rate(per_second, burst))
    }

    proptest! {
        /// In no window of any length more than the burst and what comes back in it.
        #[test]
        fn never_more_than_burst_and_rate(
            rate in rates(),
            requests in proptest::collection::vec((0_u64..400_000, 1_u32..=10), 1..200),
        ) {
            let alone = Alone::default();
            let mut now = 0;
            let mut taken: Vec<(u64, u64)> = Vec::new();
            for (pause, cost) in requests {
                now += pause;
                let admission = alone.admit_at(now, cost, &[("a".into(), rate)]);
                if admission.wait.is_none() {
                    taken.push((now, cost.into()));
                }
                prop_assert!(admission.left[0] <= rate.burst.get().into());
            }
            for (index, (from, _)) in taken.iter().enumerate() {
                let mut sum = 0;
                for (at, cost) in &taken[index..] {
                    sum += cost;
                    let back = (at - from) * u64::from(rate.per_second.get()) / MICROS;
                    prop_assert!(sum <= u64::from(rate.burst.get()) + back, "{sum} in {} µs", at - from);
                }
            }
        }

        /// Who waits as long as told is let in; a moment earlier, nobody.
        #[test]
        fn what_is_said_of_waiting_is_true(
            (one, other) in (rates(), rates()),
            costs in proptest::collection::vec(1_u32..=10, 1..300),
            cost in 1_u32..=10,
        ) {
            let limits = [("one".to_owned(), one), ("other".to_owned(), other)];
            let alone = Alone::default();
            for cost in costs {
                alone.admit_at(0, cost, &limits);
            }
            let before = alone.admit_at(0, cost, &limits);
            if let Some(wait) = before.wait {
                let wait = u64::try_from(wait.as_micros()).unwrap();
                let early = alone.admit_at(wait - 1, cost, &limits).wait;
                prop_assert_eq!(early, Some(Duration::from_micros(1)));
                prop_assert_eq!(alone.admit_at(wait, cost, &limits).wait, None);
            }
        }
    }

    #[test]
    fn all_limits_are_taken_from_or_none() {
        let alone = Alone::default();
        let (user, tenant) = (("user".to_owned(), rate(10, 50)), ("tenant".to_owned(), rate(10, 20)));
        let both = [user.clone(), tenant];
        assert_eq!(alone.admit_at(0, 10, &both).left, [40, 10]);
        assert_eq!(alone.admit_at(0, 10, &both).left, [30, 0]);
        let refused = alone.admit_at(0, 10, &both);
        assert_eq!((refused.wait, refused.left), (Some(Duration::from_secs(1)), vec![30, 0]));
        assert_eq!(alone.admit_at(0, 30, &[user]).left, [0]);
    }

    #[test]
    fn what_a_process_remembers_is_bounded() {
        let alone = Alone::default();
        let users = 3 * u64::try_from(REMEMBERED).unwrap();
        for user in 0..users {
            alone.admit_at(user, 1, &[(format!("user {user}"), rate(1, 50))]);
            assert!(alone.untouched.lock().unwrap().len() <= REMEMBERED);
        }
        let last = format!("user {}", users - 1);
        assert_eq!(alone.admit_at(users, 1, &[(last, rate(1, 50))]).left, [48]);
    }

    /// One rule, written twice: for Redis and for the process that does without.
    #[tokio::test]
    async fn redis_and_the_process_agree() {
        let server = RedisServer::start().await;
        let cache = cache_at(server.port());
        let limits = [("user".to_owned(), rate(333, 17)), ("tenant".to_owned(), rate(1_000, 40))];
        let alone = Alone::default();
        let (mut admitted, mut refused) = (0, 0);
        for turn in 0_u64..400 {
            let cost = u32::try_from(1 + turn * 7 % 10).unwrap();
            let mut call = redis::cmd("EVAL");
            call.arg(ADMIT).arg(2).arg("a").arg("b").arg(cost);
            for (_, rate) in &limits {
                call.arg(rate.interval()).arg(rate.burst.get());
            }
            let reply: Vec<u64> = cache.ask(&call).await.unwrap();
            let expected = alone.admit_at(reply[0], cost, &limits);
            assert_eq!(Admission::new(reply[1], reply[2..].to_vec()), expected, "turn {turn}");
            *if expected.wait.is_none() { &mut admitted } else { &mut refused } += 1;
            tokio::time::sleep(Duration::from_micros(turn * 37 % 9_000)).await;
        }
        assert!(admitted > 20 && refused > 20, "{admitted} and {refused}");
    }

    #[tokio::test]
    async fn garbage_in_redis_locks_nobody_out() {
        let server = RedisServer::start().await;
        let cache = cache_at(server.port());
        let limiter = Limiter::new(cache.clone());
        for garbage in ["x", "", "nan", "inf", "-1e300", "1e300", "99999999999999999999", "0x10"] {
            let _: Option<()> = cache.ask(redis::cmd("SET").arg("{painel}:limit:user").arg(garbage)).await;
            let limits = [("user".to_owned(), rate(1_000, 50))];
            assert_eq!(limiter.admit(10, &limits).await.left, [40], "{garbage}");
        }
        let _: Option<()> = cache.ask(redis::cmd("DEL").arg("{painel}:limit:user")).await;
        let _: Option<()> = cache.ask(redis::cmd("LPUSH").arg("{painel}:limit:user").arg(1)).await;
        assert_eq!(limiter.admit(10, &[("user".to_owned(), rate(1, 50))]).await.left, [40]);
    }
}
