//! What a run counts, and up to when it vouches for it.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::fixture::{Fixture, LAST_MICROSECOND, Raw, WAITS_FOR_LOCK, execute, job, requests};

fn request(day: chrono::NaiveDate, microseconds: i64) -> Raw {
    Raw {
        tenant: 1,
        agent: None,
        status: "success",
        response_time_ms: None,
        tokens_used: None,
        day,
        microseconds,
    }
}

async fn usage(fixture: &mut Fixture) -> Vec<Value> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
             'days_ago', utc_today() - date, 'agent', right(agent_id::text, 1), 'total', total_requests,
             'ok', successful_requests, 'sum', response_time_sum, 'count', response_time_count,
             'histogram', to_jsonb(response_time_counts), 'buckets', to_jsonb(response_time_buckets),
             'tokens', total_tokens_used)
         FROM tenant_usage_daily ORDER BY date, agent_id NULLS LAST",
    )
    .fetch_all(&mut fixture.owner)
    .await
    .unwrap()
}

#[tokio::test]
async fn absurd_times_and_no_agent() {
    let mut fixture = Fixture::new().await;
    let day = fixture.day(1);
    let times = [None, Some(i32::MIN), Some(-1), Some(0), Some(0), Some(1), Some(i32::MAX), Some(i32::MAX)];
    for agent in [None, Some(3)] {
        let rows = times.map(|response_time_ms| Raw {
            agent,
            response_time_ms,
            tokens_used: Some(i32::MAX),
            ..request(day, 5)
        });
        fixture.insert(&rows).await;
    }
    let report = fixture.aggregate(day).await.unwrap();
    assert_eq!((report.rows_read, report.days.len(), report.complete), (16, 1, true));
    let expected = |agent: Option<&str>| {
        json!({
            "days_ago": 1, "agent": agent, "total": 8, "ok": 8, "sum": 2 * i64::from(i32::MAX) + 1, "count": 5,
            "buckets": [-1, 0, 150], "histogram": [2, 1, 2], "tokens": 8 * i64::from(i32::MAX),
        })
    };
    assert_eq!(usage(&mut fixture).await, [expected(Some("3")), expected(None)]);
}

#[tokio::test]
async fn a_request_belongs_to_the_utc_day_it_came_on() {
    let mut fixture = Fixture::new().await;
    let days = [3, 2, 1].map(|ago| fixture.day(ago));
    // So many at the first and at the last microsecond of each day that no two days' sums are alike.
    for (first, day) in days.into_iter().enumerate() {
        let rows = [vec![request(day, 0); first + 1], vec![request(day, LAST_MICROSECOND); 10 * (first + 1)]]
            .concat();
        fixture.insert(&rows).await;
    }
    let report = fixture.run(json!({"from": days[0], "to": days[2]})).await.unwrap();
    let read: Vec<_> = report.days.iter().map(|day| (day.date, day.rows_read)).collect();
    assert_eq!(read, [(days[0], 11), (days[1], 22), (days[2], 33)]);
    let stored: Vec<_> = usage(&mut fixture).await.iter().map(|row| row["total"].clone()).collect();
    assert_eq!(stored, [json!(11), json!(22), json!(33)]);
}

#[tokio::test]
async fn an_empty_day_is_known_to_be_empty_and_an_emptied_one_too() {
    let mut fixture = Fixture::new().await;
    let day = fixture.day(1);
    fixture.insert(&requests(1, day, 40)).await;
    fixture.aggregate(day).await.unwrap();
    execute(&mut fixture.owner, "DELETE FROM agent_requests").await;
    let report = fixture.aggregate(day).await.unwrap();
    assert_eq!(report.rows_read, 0);
    assert!(report.rows_written > 0);
    let emptied = fixture.rollups().await;

    let mut other = Fixture::new().await;
    other.aggregate(day).await.unwrap();
    assert_eq!(other.rollups().await, emptied);
    assert_eq!(emptied["platform_usage_daily"].len(), 1);
    assert_eq!(emptied["tenant_usage_daily"].len() + emptied["platform_usage_hourly"].len(), 0);
}

#[tokio::test]
async fn a_second_run_and_one_at_the_same_time_change_nothing() {
    let mut fixture = Fixture::new().await;
    let day = fixture.day(1);
    fixture.insert(&requests(2, day, 200)).await;
    let (one, two) =
        (job(&fixture.database, fixture.job.lock_wait), job(&fixture.database, fixture.job.lock_wait));
    let event = json!({ "date": day });
    let time_left = || crate::fixture::PLENTY;
    let (a, b) = tokio::join!(
        one.handle(&event, fixture.noon(), &time_left, "job"),
        two.handle(&event, fixture.noon(), &time_left, "job")
    );
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!((a.rows_read, b.rows_read), (200, 200));
    assert_eq!(a.rows_written.min(b.rows_written), 0, "the one that came second");
    let together = fixture.rollups().await;

    let again = fixture.aggregate(day).await.unwrap();
    assert_eq!((again.rows_read, again.rows_written), (200, 0));
    assert_eq!(fixture.rollups().await, together);

    let mut clean = Fixture::new().await;
    clean.insert(&requests(2, day, 200)).await;
    clean.aggregate(day).await.unwrap();
    assert_eq!(clean.rollups().await, together);
}

#[tokio::test]
async fn what_arrives_during_a_run_is_counted_by_the_next_and_not_vouched_for_before() {
    let mut fixture = Fixture::new().await;
    let today = fixture.today;
    fixture.insert(&[request(today, 0)]).await;
    // Holds the run up once it has read, before it writes.
    execute(
        &mut fixture.superuser,
        "CREATE FUNCTION public.hold_up() RETURNS trigger LANGUAGE plpgsql
             AS 'BEGIN PERFORM pg_advisory_xact_lock(4242); RETURN NULL; END';
         CREATE TRIGGER hold_up BEFORE INSERT ON alquimista_platform.tenant_usage_daily
             FOR EACH STATEMENT EXECUTE FUNCTION public.hold_up();
         SELECT pg_advisory_lock(4242)",
    )
    .await;
    let job = job(&fixture.database, fixture.job.lock_wait);
    let event = json!({ "date": today });
    let now = fixture.noon();
    let run = async { job.handle(&event, now, &|| crate::fixture::PLENTY, "job").await.unwrap() };
    let arrive = async {
        fixture.wait_for(1, WAITS_FOR_LOCK).await;
        fixture.insert(&[request(today, 1)]).await;
        let arrived: DateTime<Utc> =
            sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(&mut fixture.owner).await.unwrap();
        execute(&mut fixture.superuser, "SELECT pg_advisory_unlock(4242)").await;
        arrived
    };
    let (report, arrived) = tokio::join!(run, arrive);
    assert_eq!(report.rows_read, 1);
    let vouched = fixture.as_of(today).await.unwrap();
    assert!(vouched < arrived, "{vouched} {arrived}");

    assert_eq!(fixture.aggregate(today).await.unwrap().rows_read, 2);
    assert!(fixture.as_of(today).await.unwrap() > arrived);
}

#[tokio::test]
async fn as_of_never_goes_back() {
    let mut fixture = Fixture::new().await;
    let (today, before) = (fixture.today, fixture.day(2));
    fixture.aggregate(today).await.unwrap();
    let first = fixture.as_of(today).await.unwrap();
    fixture.run(json!({"from": before, "to": fixture.day(1)})).await.unwrap();
    assert_eq!(fixture.as_of(today).await.unwrap(), first);
    assert_eq!(
        fixture.as_of(before).await.unwrap(),
        (fixture.day(1)).and_hms_opt(0, 0, 0).unwrap().and_utc()
    );

    // A run that was vouched for by a clock that was ahead.
    execute(
        &mut fixture.owner,
        "UPDATE aggregated_days SET as_of = as_of + interval '1 hour' WHERE date = utc_today()",
    )
    .await;
    let ahead = fixture.as_of(today).await.unwrap();
    fixture.aggregate(today).await.unwrap();
    assert_eq!(fixture.as_of(today).await.unwrap(), ahead);
}
