//! What the schedules' runs do, and what they look after besides the days.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::json;

use crate::fixture::{Fixture, PLENTY, execute, requests};

async fn days_of(fixture: &Fixture, event: &str, now: DateTime<Utc>) -> Vec<NaiveDate> {
    let report = fixture.job.handle(&json!({ "run": event }), now, &|| PLENTY, "job").await.unwrap();
    assert!(report.complete && report.next.is_none());
    report.days.iter().map(|day| day.date).collect()
}

#[tokio::test]
async fn the_nightly_run_repeats_the_last_three_days_that_are_over() {
    let mut fixture = Fixture::new().await;
    for ago in 0..4 {
        fixture.insert(&requests(ago, fixture.day(ago), 10)).await;
    }
    let night = fixture.today.and_hms_opt(2, 0, 3).unwrap().and_utc();
    let days = days_of(&fixture, "nightly", night).await;
    assert_eq!(days, [fixture.day(3), fixture.day(2), fixture.day(1)], "the newest last");
}

#[tokio::test]
async fn the_quarter_hourly_run_takes_yesterday_along_until_the_nightly_run_has_been_there() {
    let mut fixture = Fixture::new().await;
    let (yesterday, today) = (fixture.day(1), fixture.today);
    let at = |hour, minute| today.and_hms_opt(hour, minute, 0).unwrap().and_utc();

    // Never aggregated.
    assert_eq!(days_of(&fixture, "quarter_hourly", at(12, 0)).await, [yesterday, today]);
    for (last_run, now, expected) in [
        (at(0, 0) - chrono::TimeDelta::minutes(1), at(0, 14), vec![yesterday, today]),
        (at(1, 59), at(2, 14), vec![yesterday, today]),
        (at(1, 59), at(23, 59), vec![yesterday, today]),
        (at(2, 0), at(2, 14), vec![today]),
        (at(9, 0), at(9, 14), vec![today]),
    ] {
        sqlx::query("UPDATE aggregated_days SET last_run_at = $1 WHERE date = $2")
            .bind(last_run)
            .bind(yesterday)
            .execute(&mut fixture.owner)
            .await
            .unwrap();
        assert_eq!(
            days_of(&fixture, "quarter_hourly", now).await,
            expected,
            "last run {last_run}, now {now}"
        );
    }
    // Aggregated before the column was there.
    execute(&mut fixture.owner, "UPDATE aggregated_days SET last_run_at = NULL").await;
    assert_eq!(days_of(&fixture, "quarter_hourly", at(12, 0)).await, [yesterday, today]);
}

#[tokio::test]
async fn partitions_are_made_ahead_and_dropped_after_retention() {
    let mut fixture = Fixture::new().await;
    let (kept, old, never) = (fixture.day(200), fixture.day(201), fixture.day(202));
    fixture.job.raw_retention = Days::new(200);
    execute(&mut fixture.owner, "SELECT ensure_request_partitions(utc_today() - 202, 3)").await;
    for day in [kept, old, never] {
        fixture.insert(&requests(1, day, 5)).await;
    }
    fixture.run(json!({"from": old, "to": kept})).await.unwrap();
    let before = fixture.rollups().await;
    sqlx::query("SELECT set_config('test.ahead', to_char($1::date, 'YYYYMMDD'), false)")
        .bind(fixture.today + Days::new(34))
        .execute(&mut fixture.owner)
        .await
        .unwrap();
    execute(
        &mut fixture.owner,
        "DO $$BEGIN EXECUTE format('DROP TABLE agent_requests_%s', current_setting('test.ahead')); END$$",
    )
    .await;

    let quarter = fixture.run(json!({})).await.unwrap();
    assert_eq!((quarter.partitions_made, quarter.partitions_dropped), (1, 0));
    let night = fixture.run(json!({"run": "nightly"})).await.unwrap();
    assert_eq!((night.partitions_made, night.partitions_dropped), (0, 1));
    let count = async |fixture: &mut Fixture, day: NaiveDate| -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM agent_requests WHERE created_at >= day_start($1) AND created_at < day_start($1 + 1)")
            .bind(day)
            .fetch_one(&mut fixture.owner)
            .await
            .unwrap()
    };
    assert_eq!(count(&mut fixture, kept).await, 5);
    assert_eq!(count(&mut fixture, old).await, 0);
    assert_eq!(count(&mut fixture, never).await, 5, "never aggregated, so never dropped");
    assert_eq!(fixture.rollups().await["agent_usage_daily"], before["agent_usage_daily"]);
}

#[tokio::test]
async fn a_day_whose_raw_requests_are_gone_fails_the_run_and_stays() {
    let mut fixture = Fixture::new().await;
    let days = [5, 4, 3].map(|ago| fixture.day(ago));
    execute(&mut fixture.owner, "SELECT ensure_request_partitions(utc_today() - 5, 2)").await;
    for day in days {
        fixture.insert(&requests(3, day, 30)).await;
    }
    let all = json!({"from": days[0], "to": days[2]});
    fixture.run(all.clone()).await.unwrap();
    let before = fixture.rollups().await;
    execute(
        &mut fixture.owner,
        "DO $$BEGIN EXECUTE 'DROP TABLE agent_requests_' || to_char(utc_today() - 4, 'YYYYMMDD'); END$$",
    )
    .await;

    let failure = fixture.run(all).await.unwrap_err();
    let said = failure.to_string();
    assert!(
        said.contains(&format!("{} was not aggregated: the raw requests of {0} are gone", days[1])),
        "{said}"
    );
    assert!(said.ends_with(&format!("done before: {}", days[0])), "{said}");
    assert_eq!(failure.done.iter().map(|day| day.date).collect::<Vec<_>>(), [days[0]]);
    let diagnostic: lambda_runtime::Diagnostic = failure.into();
    assert_eq!((diagnostic.error_type.as_str(), diagnostic.error_message), ("DayRefused", said));
    assert_eq!(fixture.rollups().await, before);
}

#[tokio::test]
async fn partitions_that_cannot_be_made_now_do_not_keep_the_days_waiting() {
    let mut fixture = Fixture::new().await;
    execute(
        &mut fixture.owner,
        "DO $$BEGIN EXECUTE 'DROP TABLE agent_requests_' || to_char(utc_today() + 34, 'YYYYMMDD'); END$$",
    )
    .await;
    // Somebody who reads for long: a partition can't be attached meanwhile.
    execute(&mut fixture.owner, "BEGIN; SELECT count(*) FROM agent_requests").await;
    let failure = fixture.run(json!({"run": "nightly"})).await.unwrap_err();
    assert!(failure.to_string().starts_with("raw partitions could not be made or dropped"), "{failure}");
    assert_eq!(failure.done.len(), 3);
    execute(&mut fixture.owner, "ROLLBACK").await;
    assert_eq!(fixture.run(json!({"run": "nightly"})).await.unwrap().partitions_made, 1);
}

#[tokio::test]
async fn an_event_that_asks_for_nothing_possible_does_nothing() {
    let mut fixture = Fixture::new().await;
    for event in
        [json!({"date": fixture.today + Days::new(1)}), json!({"from": fixture.today}), json!({"tenant": 1})]
    {
        let answer = fixture.job.handle(&event, fixture.noon(), &|| PLENTY, "job").await;
        let diagnostic: lambda_runtime::Diagnostic = answer.unwrap_err().into();
        assert_eq!(diagnostic.error_type, "InvalidEvent");
    }
    assert_eq!(fixture.rollups().await["aggregated_days"].len(), 0);
}
