//! The clock jumps while many ask: every answer is about the days that end on the instance's today.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};
use test_support::Answer;

use crate::asked::{Asking, People};
use crate::instance::{instance, unlimited};
use crate::judge::{Seen, Tally};
use crate::platform::Platform;
use crate::{is_long, say, seed};

const INSTANCES: usize = 4;
const ASKED: usize = 400;
const ASKED_IF_LONG: usize = 10_000;

/// What it may be wrong by, in hours: never further than there are rows.
const WRONG_BY: [i64; 6] = [0, 0, -50, -1, 1, 49];

/// How many hours the clock is wrong, and how often that changed.
static WRONG: AtomicI64 = AtomicI64::new(0);
static JUMPS: AtomicUsize = AtomicUsize::new(0);

fn now() -> DateTime<Utc> {
    Utc::now() + TimeDelta::hours(WRONG.load(Ordering::SeqCst))
}

fn reading() -> (usize, NaiveDate) {
    (JUMPS.load(Ordering::SeqCst), now().date_naive())
}

/// Lets the clock jump until it is done.
async fn jump(done: &AtomicBool, mut random: StdRng) {
    while !done.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(random.random_range(5..60))).await;
        WRONG.store(*WRONG_BY.choose(&mut random).unwrap(), Ordering::SeqCst);
        JUMPS.fetch_add(1, Ordering::SeqCst);
    }
}

/// What an instance answers, as the gateway is given it.
async fn answer(router: &Router, asking: &Asking) -> Value {
    let Answer { status, headers, body } = Answer::of(router, asking.request()).await;
    let headers = headers.iter().map(|(name, value)| (name.to_string(), json!([value.to_str().unwrap()])));
    json!({
        "statusCode": status.as_u16(), "multiValueHeaders": headers.collect::<Map<_, _>>(),
        "body": String::from_utf8(body).unwrap(),
    })
}

async fn serve(router: &Router, people: &People, told: &Seen, times: usize, mut random: StdRng) -> Tally {
    let mut tally = Tally::default();
    for _ in 0..times {
        let asking = people.wants_rows(told, &mut random);
        let (jumps, before) = reading();
        let answer = answer(router, &asking).await;
        let (later, after) = reading();
        // Else nobody can say what day it was when it mattered.
        if later <= jumps + 1 {
            tally.count(&asking, &answer, [before, after], told);
        }
    }
    tally
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_clock_jumps_every_answer_is_of_the_day_it_shows() {
    let seed = seed();
    let times = if is_long() { ASKED_IF_LONG } else { ASKED };
    let platform = Platform::start().await;
    let (people, told, done) = (People::of(&platform.issuer), Seen::default(), AtomicBool::default());
    let database = Arc::new(platform.database.database("app_tenant"));
    let instances: Vec<_> = (0..INSTANCES)
        .map(|_| instance(&database, &platform.issuer, platform.redis.cache(), unlimited(), now))
        .collect();
    let serving = instances.iter().zip(1..).map(|(router, number)| {
        serve(router, &people, &told, times, StdRng::seed_from_u64(seed.wrapping_add(number)))
    });
    let serving = async {
        let tallies = join_all(serving).await;
        done.store(true, Ordering::SeqCst);
        tallies.into_iter().fold(Tally::default(), Tally::and)
    };
    let (tally, ()) = tokio::join!(serving, jump(&done, StdRng::seed_from_u64(seed)));
    say(&format!("clock: SEED={seed}, {} jumps, {tally}", JUMPS.load(Ordering::SeqCst)));
    tally.assert_right();
    assert_eq!(tally.unavailable, 0);
    assert!(tally.responses > times, "too many jumps");
}
