//! Everybody gets what is theirs, wherever it comes from.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use test_support::FunctionProcess;

use crate::asked::People;
use crate::judge::{Seen, Tally};
use crate::platform::{Platform, invoke};
use crate::rows::today;
use crate::{is_long, say, seed, trouble};

const PROCESSES: usize = 4;
const RESPONSES: usize = 15_000;
const RESPONSES_IF_LONG: usize = 200_000;
/// For so many turns some of all ask the same.
const POPULAR_FOR: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_tenants_at_once_get_what_is_theirs() {
    let seed = seed();
    let responses = if is_long() { RESPONSES_IF_LONG } else { RESPONSES };
    let platform = Platform::start().await;
    let functions = join_all((0..PROCESSES).map(|_| platform.function())).await;

    let (people, told) = (People::of(&platform.issuer), Seen::default());
    let turns = Turns { taken: AtomicUsize::default(), of: responses, seed };
    let (began, done) = (Instant::now(), AtomicBool::default());
    let serving = functions.iter().zip(1..).map(|(function, number)| {
        serve(function, &people, &told, &turns, StdRng::seed_from_u64(seed.wrapping_add(number)))
    });
    let serving = async {
        let tallies = join_all(serving).await;
        done.store(true, Ordering::SeqCst);
        tallies.into_iter().fold(Tally::default(), Tally::and)
    };
    let troubling = trouble::make(&platform, &done, StdRng::seed_from_u64(seed));
    let (tally, troubles) = tokio::join!(serving, troubling);

    say(&format!("isolation: SEED={seed}, {:?}\n{tally}\nmeanwhile: {troubles}", began.elapsed()));
    tally.assert_right();
    assert_eq!(tally.responses, responses);
    for (kind, count) in tally.kinds() {
        assert!(count > 0, "no {kind}");
    }
    // What the troubles cost is an answer now and then, and none of the functions.
    assert!(tally.unavailable * 100 < responses, "{tally}");
    for function in functions {
        function.stop().await;
    }

    // Whose data the internal team read is on record, whoever of the functions answered.
    let recorded: Vec<(String, String)> = sqlx::query_as(
        "SELECT DISTINCT user_sub, tenant_id::text FROM operational_events WHERE event_type = 'tenant_data_read'",
    )
    .fetch_all(&mut platform.database.owner().await)
    .await
    .unwrap();
    assert_eq!(recorded.into_iter().collect::<BTreeSet<_>>(), tally.reads);
}

/// What is left to be asked.
struct Turns {
    taken: AtomicUsize,
    of: usize,
    seed: u64,
}

impl Turns {
    /// The turn of whoever asks, until there were enough: what many ask at that time.
    fn take(&self) -> Option<StdRng> {
        let turn = self.taken.fetch_add(1, Ordering::SeqCst);
        let popular = self.seed ^ u64::try_from(turn / POPULAR_FOR).unwrap();
        (turn < self.of).then(|| StdRng::seed_from_u64(popular))
    }
}

/// Has one process answer one question after the other.
async fn serve(
    function: &FunctionProcess,
    people: &People,
    told: &Seen,
    turns: &Turns,
    mut random: StdRng,
) -> Tally {
    let mut tally = Tally::default();
    while let Some(mut popular) = turns.take() {
        let asking = if random.random_bool(0.4) {
            people.wants_rows(told, &mut popular)
        } else {
            people.wants_anything(told, &mut random)
        };
        let before = today();
        let answer = invoke(function, &asking).await;
        tally.count(&asking, &answer, [before, today()], told);
    }
    tally
}
