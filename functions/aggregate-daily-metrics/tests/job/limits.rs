//! The lock and the deadline.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aggregate_daily_metrics::{Cause, Days};
use data::jobs::JobError;
use serde_json::{Value, json};
use sqlx::Connection;

use crate::fixture::{Fixture, PLENTY, WAITS_FOR_LOCK, execute, job, requests};

#[tokio::test]
async fn a_run_waits_for_the_one_that_holds_the_lock() {
    let mut fixture = Fixture::new().await;
    let (day, other_day) = (fixture.day(1), fixture.day(2));
    fixture.insert(&requests(1, day, 20)).await;
    let mut connection = fixture.database.connect("app_jobs").await;
    let mut holder = connection.begin().await.unwrap();
    sqlx::query("SELECT * FROM alquimista_platform.aggregate_day($1)")
        .bind(other_day)
        .execute(&mut *holder)
        .await
        .unwrap();

    // Not for ever.
    let impatient = job(&fixture.database, Duration::from_millis(300));
    let started = Instant::now();
    let answer = impatient.handle(&json!({ "date": day }), fixture.noon(), &|| PLENTY, "job").await;
    let failure = answer.unwrap_err();
    let waited = started.elapsed();
    assert!(matches!(failure.cause, Cause::Day { error: JobError::Locked(_), .. }), "{failure:?}");
    assert!(failure.to_string().contains("another run holds the lock"), "{failure}");
    assert!(waited >= Duration::from_millis(300) && waited < Duration::from_secs(20), "{waited:?}");

    // Until it is its turn.
    let event = json!({ "date": day });
    let patient = job(&fixture.database, Duration::from_secs(50));
    let now = fixture.noon();
    let (report, ()) =
        tokio::join!(async { patient.handle(&event, now, &|| PLENTY, "job").await.unwrap() }, async {
            fixture.wait_for(1, WAITS_FOR_LOCK).await;
            holder.commit().await.unwrap();
        });
    assert_eq!(report.rows_read, 20);
}

/// A time that is plenty for so many days, and then over.
fn enough_for(days: usize) -> impl Fn() -> Duration + Sync {
    let asked = AtomicUsize::new(0);
    move || if asked.fetch_add(1, Ordering::SeqCst) < days { PLENTY } else { Duration::from_secs(11) }
}

#[tokio::test]
async fn a_back_fill_stops_before_its_deadline_and_goes_on_from_there() {
    let (mut whole, mut pieces) = (Fixture::new().await, Fixture::new().await);
    let (from, to) = (whole.day(9), whole.day(3));
    for fixture in [&mut whole, &mut pieces] {
        execute(&mut fixture.owner, "SELECT ensure_request_partitions(utc_today() - 9, 9)").await;
        for ago in 3..10 {
            fixture.insert(&requests(ago, fixture.day(ago), 20)).await;
        }
    }
    let full = whole.run(json!({"from": from, "to": to})).await.unwrap();
    assert!(full.complete && full.next.is_none());
    assert_eq!(
        full.days.iter().map(|day| day.date).collect::<Vec<_>>(),
        from.iter_days().take(7).collect::<Vec<_>>()
    );

    // A day that takes a second makes 11 s, of which 10 are kept free, too few for another one.
    execute(
        &mut pieces.superuser,
        "CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.7); RETURN NULL; END';
         CREATE TRIGGER slow BEFORE INSERT ON alquimista_platform.platform_usage_daily
             FOR EACH STATEMENT EXECUTE FUNCTION public.slow()",
    )
    .await;
    let mut event = json!({"from": from, "to": to});
    let mut done = Vec::new();
    loop {
        let report = pieces.job.handle(&event, pieces.noon(), &enough_for(3), "job").await.unwrap();
        assert!(report.days.len() <= 3);
        done.extend(report.days.iter().map(|day| (day.date, day.rows_read)));
        assert_eq!(report.complete, report.next.is_none());
        let Some(next) = report.next else { break };
        assert_eq!(Some(next.from), done.last().unwrap().0.succ_opt());
        assert_eq!(next.to, to);
        event = serde_json::to_value(next).unwrap();
    }
    assert_eq!(done, full.days.iter().map(|day| (day.date, day.rows_read)).collect::<Vec<_>>());
    assert_eq!(pieces.rollups().await, whole.rollups().await);
}

async fn slow_on(fixture: &mut Fixture, days_ago: i32) {
    sqlx::query("SELECT set_config('test.slow', (alquimista_platform.utc_today() - $1)::text, false)")
        .bind(days_ago)
        .execute(&mut fixture.superuser)
        .await
        .unwrap();
    execute(
        &mut fixture.superuser,
        "DROP TABLE IF EXISTS public.slow; CREATE TABLE public.slow AS SELECT current_setting('test.slow')::date AS day;
         CREATE OR REPLACE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
             AS 'BEGIN IF NEW.date = (SELECT day FROM public.slow) THEN PERFORM pg_sleep(600); END IF; RETURN NEW; END';
         CREATE OR REPLACE TRIGGER slow BEFORE INSERT ON alquimista_platform.platform_usage_daily
             FOR EACH ROW EXECUTE FUNCTION public.slow()",
    )
    .await;
}

#[tokio::test]
async fn a_day_that_the_deadline_cuts_short_is_left_for_the_next_invocation() {
    let mut fixture = Fixture::new().await;
    let (from, to) = (fixture.day(3), fixture.day(1));
    fixture.insert(&requests(1, fixture.day(2), 10)).await;
    slow_on(&mut fixture, 2).await;
    let little = || Duration::from_secs(12);
    let report =
        fixture.job.handle(&json!({"from": from, "to": to}), fixture.noon(), &little, "job").await.unwrap();
    assert_eq!(report.days.len(), 1);
    assert_eq!(report.next, Some(Days { from: fixture.day(2), to }));
    assert_eq!(fixture.rollups().await["tenant_usage_daily"].len(), 0);

    // If it is the first of its invocation there is no getting on.
    let failure = fixture
        .job
        .handle(&json!({"from": fixture.day(2), "to": to}), fixture.noon(), &little, "job")
        .await
        .unwrap_err();
    assert!(
        failure.to_string().contains(&format!("{} was not aggregated: it takes longer than", fixture.day(2)))
    );
    // And nobody would read where a scheduled run stopped.
    let failure =
        fixture.job.handle(&json!({"run": "nightly"}), fixture.noon(), &little, "job").await.unwrap_err();
    assert!(
        failure.to_string().starts_with(&format!("there was no time left for {} to {to}", fixture.day(2))),
        "{failure}"
    );
    assert_eq!(failure.done.len(), 1);
}

#[tokio::test]
async fn a_run_without_time_does_nothing() {
    let mut fixture = Fixture::new().await;
    let day = fixture.day(1);
    let failure = fixture
        .job
        .handle(&json!({ "date": day }), fixture.noon(), &|| Duration::ZERO, "job")
        .await
        .unwrap_err();
    assert!(matches!(failure.cause, Cause::Day { .. }), "{failure:?}");
    assert_eq!(fixture.rollups().await["aggregated_days"].len(), 0);
}

#[tokio::test]
async fn the_answer_is_what_the_documentation_says() {
    let fixture = Fixture::new().await;
    let (from, to) = (fixture.day(3), fixture.day(1));
    let report = fixture
        .job
        .handle(&json!({"from": from, "to": to}), fixture.noon(), &|| PLENTY, "job")
        .await
        .unwrap();
    let mut answer = serde_json::to_value(report).unwrap();
    assert!(answer["duration_ms"].is_u64() && answer["days"][0]["duration_ms"].is_u64());
    answer["duration_ms"] = Value::Null;
    for day in answer["days"].as_array_mut().unwrap() {
        day["duration_ms"] = Value::Null;
    }
    let day = |date| json!({"date": date, "rows_read": 0, "rows_written": 1, "duration_ms": null});
    assert_eq!(
        answer,
        json!({
            "days": [day(from), day(fixture.day(2)), day(to)], "rows_read": 0, "rows_written": 3, "duration_ms": null,
            "complete": true, "next": null, "partitions_made": 0, "partitions_dropped": 0,
        })
    );
}
