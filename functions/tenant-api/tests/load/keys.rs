//! The pool's keys can't be had, or are none, or are others.

use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::json;
use test_support::FunctionProcess;

use crate::asked::People;
use crate::judge::{Seen, Tally};
use crate::platform::{Platform, invoke};
use crate::rows::today;
use crate::{is_long, say, seed};

const ASKED: usize = 300;
const ASKED_IF_LONG: usize = 10_000;
/// Without any key, and with keys of which none is the token's: how soon they are looked for again, and a bit.
const NONE_FOR: Duration = Duration::from_secs(3);
const OTHERS_FOR: Duration = Duration::from_secs(65);

/// How keys can be missing.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Refused,
    Garbage,
    Empty,
}

impl Fault {
    const ALL: [Self; 3] = [Self::Refused, Self::Garbage, Self::Empty];

    fn begin(self, platform: &Platform) {
        match self {
            Self::Refused => platform.issuer.fail(true),
            Self::Garbage => platform.issuer.serve(json!("<html>")),
            Self::Empty => platform.issuer.serve(json!({"keys": []})),
        }
    }

    fn end(platform: &Platform) {
        platform.issuer.fail(false);
        platform.issuer.publish();
    }
}

/// Asks so often, and counts what comes.
async fn ask(
    function: &FunctionProcess,
    people: &People,
    told: &Seen,
    random: &mut StdRng,
    times: usize,
) -> Tally {
    let mut tally = Tally::default();
    for _ in 0..times {
        let asking = people.wants_anything(told, random);
        let before = today();
        let answer = invoke(function, &asking).await;
        tally.count(&asking, &answer, [before, today()], told);
    }
    tally
}

/// Asks until there is an answer other than that there is none; says how long that took.
async fn until_answered(
    function: &FunctionProcess,
    people: &People,
    random: &mut StdRng,
    at_most: Duration,
) -> Duration {
    let began = Instant::now();
    loop {
        let asking = people.wants_rows(&Seen::default(), random);
        let answer = invoke(function, &asking).await;
        if answer["statusCode"] != 503 {
            return began.elapsed();
        }
        assert!(began.elapsed() < at_most, "{asking:?}: {answer}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_keys_can_t_be_had_who_is_known_gets_in_and_nobody_else() {
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);
    let mut platform = Platform::start().await;
    let people = People::of(&platform.issuer);
    let told = Seen::default();
    let warm = platform.function().await;
    let times = if is_long() { ASKED_IF_LONG } else { ASKED };
    // It has seen a good token.
    ask(&warm, &people, &told, &mut random, 1).await.assert_right();

    for fault in Fault::ALL {
        fault.begin(&platform);
        let known = ask(&warm, &people, &told, &mut random, times).await;
        say(&format!("keys {fault:?}, known: SEED={seed}, {known}"));
        known.assert_right();
        assert_eq!(known.unavailable, 0);

        // One that starts now knows nobody: it can't say who calls, and says that.
        let cold = platform.function().await;
        let mut asked = Tally::default();
        for _ in 0..10 {
            let asking = people.wants_rows(&told, &mut random);
            let answer = invoke(&cold, &asking).await;
            asked.count(&asking, &answer, [today(); 2], &told);
        }
        asked.assert_right();
        assert_eq!(asked.unavailable, asked.responses, "{asked}");
        Fault::end(&platform);
        let took = until_answered(&cold, &people, &mut random, NONE_FOR).await;
        let again = ask(&cold, &people, &told, &mut random, times / 10).await;
        say(&format!("keys {fault:?}, unknown: {asked}; answered again after {took:?}: {again}"));
        again.assert_right();
        assert_eq!(again.unavailable, 0);
        cold.stop().await;
    }

    if is_long() {
        rotated(&mut platform, &people, &warm, &mut random).await;
    }
    warm.stop().await;
}

/// The pool signs with another key, which can't be had yet: its tokens may be good.
async fn rotated(platform: &mut Platform, old: &People, function: &FunctionProcess, random: &mut StdRng) {
    let told = Seen::default();
    // It looks for keys again.
    tokio::time::sleep(OTHERS_FOR).await;
    platform.issuer.rotate();
    Fault::Garbage.begin(platform);
    let people = People::of(&platform.issuer);
    for _ in 0..10 {
        let asking = people.wants_rows(&told, random);
        let answer = invoke(function, &asking).await;
        assert_eq!(answer["statusCode"], 503, "{asking:?}: {answer}");
        let forged = old.forges(random);
        let answer = invoke(function, &forged).await;
        assert_eq!(answer["statusCode"], 401, "the key of which is known: {answer}");
    }
    ask(function, old, &told, random, ASKED).await.assert_right();
    Fault::end(platform);
    let took = until_answered(function, &people, random, OTHERS_FOR).await;
    say(&format!("keys rotated while they could not be had: answered after {took:?}"));
    ask(function, &people, &told, random, ASKED).await.assert_right();
    // Who has a token of the old key signs in again.
    let asking = old.wants_rows(&told, random);
    assert_eq!(invoke(function, &asking).await["statusCode"], 401);
}
