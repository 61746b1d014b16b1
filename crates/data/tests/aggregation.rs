//! The rollup of a day, against a plain recomputation of the same rows.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sqlx::{Executor, PgConnection};
use test_support::TestDatabase;
use uuid::Uuid;

/// Days before today whose partitions exist.
const DAYS: [i32; 3] = [2, 1, 0];

#[derive(Clone, Debug)]
struct Request {
    tenant: u128,
    agent: Option<u128>,
    status: &'static str,
    response_time_ms: Option<i32>,
    tokens_used: Option<i32>,
    days_ago: i32,
    microseconds: i64,
}

fn request() -> impl Strategy<Value = Request> {
    let time = prop_oneof![
        1 => Just(None),
        1 => (-5_i32..0).prop_map(Some),
        1 => Just(Some(0)),
        8 => (1_i32..2_000).prop_map(Some),
        1 => (1_i32..=i32::MAX).prop_map(Some),
    ];
    let status = prop_oneof![6 => Just("success"), 1 => Just("error"), 1 => Just("timeout"), 1 => Just("SUCCESS"), 1 => Just("?")];
    let microseconds = prop_oneof![Just(0_i64), Just(86_399_999_999), 0..86_400_000_000_i64];
    (
        1..4_u128,
        proptest::option::of(1..4_u128),
        status,
        time,
        proptest::option::of(0..10_000_i32),
        0..DAYS.len(),
        microseconds,
    )
        .prop_map(|(tenant, agent, status, response_time_ms, tokens_used, day, microseconds)| Request {
            tenant,
            agent,
            status,
            response_time_ms,
            tokens_used,
            days_ago: DAYS[day],
            microseconds,
        })
}

async fn insert(owner: &mut PgConnection, requests: &[Request]) {
    for request in requests {
        sqlx::query(
            "INSERT INTO agent_requests (tenant_id, agent_id, status, response_time_ms, tokens_used, created_at)
             VALUES ($1, $2, $3, $4, $5, day_start(utc_today() - $6) + $7 * interval '1 microsecond')",
        )
        .bind(Uuid::from_u128(request.tenant))
        .bind(request.agent.map(Uuid::from_u128))
        .bind(request.status)
        .bind(request.response_time_ms)
        .bind(request.tokens_used)
        .bind(request.days_ago)
        .bind(request.microseconds)
        .execute(&mut *owner)
        .await
        .unwrap();
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Cell {
    total: i64,
    successful: i64,
    time_sum: i64,
    time_count: i64,
    tokens: i64,
    histogram: BTreeMap<i16, i64>,
}

/// What the rollup of these requests is by the contract's words, in plain code.
fn expected(requests: &[Request]) -> BTreeMap<(i32, Uuid, Option<Uuid>), Cell> {
    let mut cells: BTreeMap<_, Cell> = BTreeMap::new();
    for request in requests {
        let key = (request.days_ago, Uuid::from_u128(request.tenant), request.agent.map(Uuid::from_u128));
        let cell = cells.entry(key).or_default();
        cell.total += 1;
        cell.successful += i64::from(request.status == "success");
        cell.tokens += i64::from(request.tokens_used.unwrap_or(0));
        if let Some(time) = request.response_time_ms.filter(|time| *time >= 0) {
            cell.time_sum += i64::from(time);
            cell.time_count += 1;
            *cell.histogram.entry(bucket(time)).or_default() += 1;
        }
    }
    cells
}

#[expect(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "the definition of a bucket")]
fn bucket(time: i32) -> i16 {
    if time == 0 { -1 } else { (f64::from(time).ln() * 7.0).floor() as i16 }
}

async fn stored(owner: &mut PgConnection) -> BTreeMap<(i32, Uuid, Option<Uuid>), Cell> {
    type Row = (i32, Uuid, Option<Uuid>, i32, i32, i32, i64, i32, Vec<i16>, Vec<i32>, i64);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT utc_today() - date, tenant_id, agent_id, total_requests, successful_requests, failed_requests,
             response_time_sum, response_time_count, response_time_buckets, response_time_counts, total_tokens_used
         FROM tenant_usage_daily",
    )
    .fetch_all(owner)
    .await
    .unwrap();
    rows.into_iter()
        .map(
            |(
                day,
                tenant,
                agent,
                total,
                successful,
                failed,
                time_sum,
                time_count,
                buckets,
                counts,
                tokens,
            )| {
                assert_eq!(failed, total - successful);
                assert!(buckets.is_sorted());
                let cell = Cell {
                    total: total.into(),
                    successful: successful.into(),
                    time_sum,
                    time_count: time_count.into(),
                    tokens,
                    histogram: buckets.into_iter().zip(counts.into_iter().map(i64::from)).collect(),
                };
                ((day, tenant, agent), cell)
            },
        )
        .collect()
}

/// Everything that a run writes, as one text.
async fn checksum(owner: &mut PgConnection) -> String {
    sqlx::query_scalar(
        "SELECT md5(concat(
             (SELECT string_agg((t.*)::text, '|' ORDER BY date, tenant_id, agent_id) FROM tenant_usage_daily AS t),
             (SELECT string_agg((t.*)::text, '|' ORDER BY date, agent_id) FROM agent_usage_daily AS t),
             (SELECT string_agg((t.*)::text, '|' ORDER BY date) FROM platform_usage_daily AS t),
             (SELECT string_agg((t.*)::text, '|' ORDER BY hour) FROM platform_usage_hourly AS t)
         ))",
    )
    .fetch_one(owner)
    .await
    .unwrap()
}

async fn aggregate(jobs: &mut PgConnection, days_ago: i32) -> Result<(i64, i64), sqlx::Error> {
    sqlx::query_as(
        "SELECT rows_read, rows_written
         FROM alquimista_platform.aggregate_day(alquimista_platform.utc_today() - $1)",
    )
    .bind(days_ago)
    .fetch_one(jobs)
    .await
}

#[tokio::test]
async fn a_rollup_is_what_a_plain_recomputation_gives() {
    let database = TestDatabase::new().await;
    let mut owner = database.owner().await;
    let mut jobs = database.connect("app_jobs").await;
    // Half a day away from UTC: a day's borders must not move.
    jobs.execute("SET timezone = 'Pacific/Kiritimati'").await.unwrap();

    let mut runner = TestRunner::deterministic();
    let requests = proptest::collection::vec(request(), 600).new_tree(&mut runner).unwrap().current();
    insert(&mut owner, &requests).await;
    let mut read = 0;
    for days_ago in DAYS {
        read += aggregate(&mut jobs, days_ago).await.unwrap().0;
    }

    assert_eq!(read, 600);
    assert_eq!(stored(&mut owner).await, expected(&requests));

    // The other rollups are sums of the same cells.
    let disagreements: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (
             (SELECT date, total_requests, successful_requests, response_time_sum, response_time_count, total_tokens_used,
                 active_tenants::bigint FROM platform_usage_daily)
             EXCEPT
             (SELECT date, sum(total_requests), sum(successful_requests), sum(response_time_sum), sum(response_time_count),
                 sum(total_tokens_used), count(DISTINCT tenant_id) FROM tenant_usage_daily GROUP BY date)
             UNION ALL
             (SELECT date, total_requests, successful_requests, response_time_sum, response_time_count, total_tokens_used, 0
                 FROM agent_usage_daily)
             EXCEPT
             (SELECT date, sum(total_requests), sum(successful_requests), sum(response_time_sum), sum(response_time_count),
                 sum(total_tokens_used), 0 FROM tenant_usage_daily WHERE agent_id IS NOT NULL GROUP BY date, agent_id)
         ) AS differences",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(disagreements, 0);
    let hours_disagree: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (
             SELECT hour, total_requests, successful_requests FROM platform_usage_hourly
             EXCEPT
             SELECT date_trunc('hour', created_at, 'UTC'), count(*), count(*) FILTER (WHERE status = 'success')
             FROM agent_requests GROUP BY 1
         ) AS differences",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(hours_disagree, 0);
    // Nothing is missing from them either.
    let totals: (i64, i64, bool) = sqlx::query_as(
        "SELECT
             (SELECT sum(total_requests)::bigint FROM platform_usage_daily),
             (SELECT sum(total_requests)::bigint FROM platform_usage_hourly),
             (SELECT sum(total_requests) FROM agent_usage_daily)
                 = (SELECT count(*) FROM agent_requests WHERE agent_id IS NOT NULL)",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(totals, (600, 600, true));
}

#[tokio::test]
async fn a_rerun_changes_nothing_and_a_changed_day_is_replaced() {
    let database = TestDatabase::new().await;
    let mut owner = database.owner().await;
    let mut jobs = database.connect("app_jobs").await;
    let mut runner = TestRunner::deterministic();
    let mut requests = proptest::collection::vec(request(), 200).new_tree(&mut runner).unwrap().current();
    insert(&mut owner, &requests).await;
    for days_ago in DAYS {
        aggregate(&mut jobs, days_ago).await.unwrap();
    }
    let before = checksum(&mut owner).await;
    assert_eq!(aggregate(&mut jobs, 1).await.unwrap().1, 0, "rows written by a rerun");
    assert_eq!(checksum(&mut owner).await, before);

    // A tenant and an agent vanish from the day, late rows arrive.
    owner.execute("DELETE FROM agent_requests WHERE tenant_id = '00000000-0000-0000-0000-000000000001' OR agent_id = '00000000-0000-0000-0000-000000000002'").await.unwrap();
    requests.retain(|request| request.tenant != 1 && request.agent != Some(2));
    let late = proptest::collection::vec(request(), 20).new_tree(&mut runner).unwrap().current();
    insert(&mut owner, &late).await;
    requests.extend(late);
    for days_ago in DAYS {
        aggregate(&mut jobs, days_ago).await.unwrap();
    }
    assert_eq!(stored(&mut owner).await, expected(&requests));
    let agents: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM agent_usage_daily AS a WHERE NOT EXISTS (
             SELECT FROM tenant_usage_daily AS t WHERE t.date = a.date AND t.agent_id = a.agent_id)",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(agents, 0, "an agent without traffic on the day");
}

#[tokio::test]
async fn two_runs_at_once_leave_what_one_leaves() {
    let database = TestDatabase::new().await;
    let mut owner = database.owner().await;
    let mut runner = TestRunner::deterministic();
    let requests = proptest::collection::vec(request(), 200).new_tree(&mut runner).unwrap().current();
    insert(&mut owner, &requests).await;
    let (mut one, mut two) = (database.connect("app_jobs").await, database.connect("app_jobs").await);
    for days_ago in DAYS {
        let (a, b) = tokio::join!(aggregate(&mut one, days_ago), aggregate(&mut two, days_ago));
        assert_eq!(a.unwrap().0, b.unwrap().0);
    }
    assert_eq!(stored(&mut owner).await, expected(&requests));
}

#[tokio::test]
async fn an_empty_day_is_known_to_be_empty() {
    let database = TestDatabase::new().await;
    let mut jobs = database.connect("app_jobs").await;
    assert_eq!(aggregate(&mut jobs, 1).await.unwrap(), (0, 1));
    let (total, active): (i64, i32) =
        sqlx::query_as("SELECT total_requests, active_tenants FROM alquimista_platform.platform_usage_daily")
            .fetch_one(&mut jobs)
            .await
            .unwrap();
    assert_eq!((total, active), (0, 0));
}

#[tokio::test]
async fn a_day_whose_raw_rows_are_gone_is_refused_and_kept() {
    let database = TestDatabase::new().await;
    let mut owner = database.owner().await;
    let mut jobs = database.connect("app_jobs").await;
    owner.execute("SELECT ensure_request_partitions(utc_today() - 10, 2)").await.unwrap();
    insert(
        &mut owner,
        &[Request {
            tenant: 1,
            agent: None,
            status: "success",
            response_time_ms: Some(5),
            tokens_used: None,
            days_ago: 10,
            microseconds: 0,
        }],
    )
    .await;
    aggregate(&mut jobs, 10).await.unwrap();
    // The day after it was never aggregated: it stays.
    let dropped: i32 = sqlx::query_scalar(
        "SELECT alquimista_platform.drop_request_partitions(alquimista_platform.utc_today() - 5)",
    )
    .fetch_one(&mut jobs)
    .await
    .unwrap();
    assert_eq!(dropped, 1);
    assert!(aggregate(&mut jobs, 9).await.is_ok());

    let before = checksum(&mut owner).await;
    let refused = aggregate(&mut jobs, 10).await.unwrap_err();
    assert!(refused.to_string().contains("are gone"), "{refused}");
    assert_eq!(checksum(&mut owner).await, before);
    assert_eq!(stored(&mut owner).await.len(), 1);

    let refused = aggregate(&mut jobs, -1).await.unwrap_err();
    assert!(refused.to_string().contains("is in the future"), "{refused}");
    let refused = jobs
        .execute("SELECT alquimista_platform.drop_request_partitions(alquimista_platform.utc_today())")
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("still being aggregated"), "{refused}");
}

#[tokio::test]
async fn as_of_never_goes_back() {
    let database = TestDatabase::new().await;
    let mut owner = database.owner().await;
    let mut jobs = database.connect("app_jobs").await;
    let as_of = async |connection: &mut PgConnection| -> chrono::DateTime<chrono::Utc> {
        sqlx::query_scalar("SELECT as_of FROM alquimista_platform.aggregated_days ORDER BY date DESC LIMIT 1")
            .fetch_one(connection)
            .await
            .unwrap()
    };
    aggregate(&mut jobs, 0).await.unwrap();
    let first = as_of(&mut owner).await;
    // A back-fill of an older day, then today again.
    aggregate(&mut jobs, 2).await.unwrap();
    assert_eq!(as_of(&mut owner).await, first);
    aggregate(&mut jobs, 0).await.unwrap();
    assert!(as_of(&mut owner).await > first);
    let ends: bool = sqlx::query_scalar(
        "SELECT as_of = day_start(date + 1) FROM aggregated_days WHERE date = utc_today() - 2",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert!(ends, "a day that is over is complete at its end");
}
