//! What a run does to answers that are kept.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cache::{Cache, Found, Kept, Patience, Place, Space};
use serde_json::json;
use test_support::{BlackHole, RedisServer, cache_at};
use uuid::Uuid;

use crate::fixture::{Fixture, PLENTY};

async fn keep(cache: &Cache, place: &Place) {
    if let Found::Missing(ticket) = cache.find(place, true).await {
        cache.keep(ticket, &Kept { tag: String::new(), body: b"{}".to_vec() }).await;
    }
}

#[tokio::test]
async fn what_was_made_from_rollups_is_made_anew_after_each_day() {
    let (mut fixture, redis) = tokio::join!(Fixture::new(), RedisServer::start());
    let cache = redis.cache();
    fixture.job.cache = cache.clone();
    let places = [Space::Tenant(Uuid::from_u128(1)), Space::Platform].map(|space| {
        Place::new(format!("{space:?}").as_bytes(), &[space, Space::Rollups], Duration::from_mins(10))
    });
    for (event, then, succeeds) in [
        (json!({"run": "quarter_hourly"}), PLENTY, true),
        (json!({"date": fixture.day(1)}), PLENTY, true),
        // It does the first day of three, and then there is no time left.
        (json!({"run": "nightly"}), Duration::from_secs(1), false),
    ] {
        for place in &places {
            keep(&cache, place).await;
            assert!(matches!(cache.find(place, false).await, Found::Fresh(_)));
        }
        let asked = AtomicBool::new(false);
        let left = || if asked.swap(true, Ordering::SeqCst) { then } else { PLENTY };
        let answer = fixture.job.handle(&event, fixture.noon(), &left, "job").await;
        let (succeeded, done) = match answer {
            Ok(report) => (true, report.days),
            Err(failure) => (false, failure.done),
        };
        assert_eq!((succeeded, done.is_empty()), (succeeds, false), "{event}");
        for place in &places {
            let Found::Missing(ticket) = cache.find(place, false).await else {
                panic!("{event}: {place:?}");
            };
            cache.give_up(ticket).await;
        }
    }
}

#[tokio::test]
async fn a_run_does_not_depend_on_the_cache() {
    let (mut fixture, hole) = tokio::join!(Fixture::new(), BlackHole::start());
    fixture.job.cache = cache_at(hole.port(), Patience::default());
    fixture.aggregate(fixture.day(1)).await.unwrap();
    assert!(hole.connections() > 0, "it tried");
}
