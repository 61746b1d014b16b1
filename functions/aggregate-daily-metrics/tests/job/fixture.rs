//! A database with raw requests, and the job on it.

use std::collections::BTreeMap;
use std::time::Duration;

use aggregate_daily_metrics::{Failure, Job, Report};
use chrono::{DateTime, Days, NaiveDate, Utc};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, PgConnection};
use test_support::{TestDatabase, no_cache};
use uuid::Uuid;

/// As in the cloud.
pub(crate) const PLENTY: Duration = Duration::from_mins(15);

/// A job on a database of its own.
pub(crate) struct Fixture {
    pub(crate) job: Job,
    pub(crate) owner: PgConnection,
    pub(crate) superuser: PgConnection,
    pub(crate) today: NaiveDate,
    pub(crate) database: TestDatabase,
}

/// A raw request.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) tenant: u128,
    pub(crate) agent: Option<u128>,
    pub(crate) status: &'static str,
    pub(crate) response_time_ms: Option<i32>,
    pub(crate) tokens_used: Option<i32>,
    pub(crate) day: NaiveDate,
    pub(crate) microseconds: i64,
}

pub(crate) const LAST_MICROSECOND: i64 = 86_399_999_999;

impl Fixture {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::new().await;
        let (mut owner, superuser) = (database.owner().await, database.superuser().await);
        let today = sqlx::query_scalar("SELECT utc_today()").fetch_one(&mut owner).await.unwrap();
        Self { job: job(&database, Job::LOCK_WAIT), owner, superuser, today, database }
    }

    pub(crate) fn day(&self, days_ago: u64) -> NaiveDate {
        self.today - Days::new(days_ago)
    }

    /// What the job answers to an event, at this moment and with plenty of time.
    pub(crate) async fn run(&self, event: Value) -> Result<Report, Failure> {
        self.job.handle(&event, self.noon(), &|| PLENTY, "job").await
    }

    pub(crate) async fn aggregate(&self, day: NaiveDate) -> Result<Report, Failure> {
        self.run(json!({ "date": day })).await
    }

    /// Today, at an hour when the nightly run has long been there.
    pub(crate) fn noon(&self) -> DateTime<Utc> {
        self.today.and_hms_opt(12, 0, 0).unwrap().and_utc()
    }

    pub(crate) async fn insert(&mut self, requests: &[Raw]) {
        for request in requests {
            sqlx::query(
                "INSERT INTO agent_requests (tenant_id, agent_id, status, response_time_ms, tokens_used, created_at)
                 VALUES ($1, $2, $3, $4, $5, day_start($6) + $7 * interval '1 microsecond')",
            )
            .bind(Uuid::from_u128(request.tenant))
            .bind(request.agent.map(Uuid::from_u128))
            .bind(request.status)
            .bind(request.response_time_ms)
            .bind(request.tokens_used)
            .bind(request.day)
            .bind(request.microseconds)
            .execute(&mut self.owner)
            .await
            .unwrap();
        }
    }

    /// Every rollup's rows, without what tells one run from another.
    pub(crate) async fn rollups(&mut self) -> BTreeMap<String, Vec<String>> {
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT relname::text FROM pg_class
             WHERE relnamespace = 'alquimista_platform'::regnamespace AND relkind = 'r' AND (
                 has_any_column_privilege('app_jobs', oid, 'INSERT')
                 OR relname IN ('platform_top_lists', 'tenant_counters', 'tenant_counter_changes', 'deployment_counters',
                     'deployment_counter_changes'))",
        )
        .fetch_all(&mut self.owner)
        .await
        .unwrap();
        assert!(tables.len() >= 11, "{tables:?}");
        let mut rollups = BTreeMap::new();
        for table in tables {
            let select = format!(
                "SELECT (to_jsonb(t) - '{{created_at, as_of, last_run_at, rows_written}}'::text[])::text AS row
                 FROM {table} AS t ORDER BY row"
            );
            let rows = sqlx::query_scalar(AssertSqlSafe(select)).fetch_all(&mut self.owner).await.unwrap();
            rollups.insert(table, rows);
        }
        rollups
    }

    pub(crate) async fn as_of(&mut self, day: NaiveDate) -> Option<DateTime<Utc>> {
        sqlx::query_scalar("SELECT as_of FROM aggregated_days WHERE date = $1")
            .bind(day)
            .fetch_optional(&mut self.owner)
            .await
            .unwrap()
    }

    /// Waits until so many backends of the job are in this state of `pg_stat_activity`.
    pub(crate) async fn wait_for(&self, backends: i64, condition: &'static str) {
        let count = format!(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND usename = 'app_jobs' AND {condition}"
        );
        // Within a transaction the view stays as it was at the first look.
        let mut watcher = self.database.superuser().await;
        for _ in 0..600 {
            let found: i64 =
                sqlx::query_scalar(AssertSqlSafe(count.clone())).fetch_one(&mut watcher).await.unwrap();
            if found == backends {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("not within 12 s: {backends} backends with {condition}");
    }
}

pub(crate) const WAITS_FOR_LOCK: &str = "wait_event_type = 'Lock'";

/// A job of its own, with connections of its own.
pub(crate) fn job(database: &TestDatabase, lock_wait: Duration) -> Job {
    Job {
        database: database.database("app_jobs"),
        cache: no_cache(),
        raw_retention: Days::new(400),
        lock_wait,
    }
}

/// Requests of some tenants and agents, of all kinds, those at the ends of the day among them.
pub(crate) fn requests(seed: u64, day: NaiveDate, count: usize) -> Vec<Raw> {
    let mut chance = StdRng::seed_from_u64(seed);
    let times = [None, Some(i32::MIN), Some(-1), Some(0), Some(1), Some(250), Some(600_000), Some(i32::MAX)];
    (0..count)
        .map(|index| Raw {
            tenant: chance.random_range(1..6),
            agent: chance.random_bool(0.7).then(|| chance.random_range(1..5)),
            status: ["success", "success", "error", "timeout", "?"].choose(&mut chance).unwrap(),
            response_time_ms: *times.choose(&mut chance).unwrap(),
            tokens_used: [None, Some(0), Some(700), Some(i32::MAX)].choose(&mut chance).copied().unwrap(),
            day,
            microseconds: match index {
                0 => 0,
                1 => LAST_MICROSECOND,
                _ => chance.random_range(0..=LAST_MICROSECOND),
            },
        })
        .collect()
}

/// Runs statements as whoever this is.
pub(crate) async fn execute(connection: &mut PgConnection, statements: &'static str) {
    connection.execute(sqlx::raw_sql(statements)).await.unwrap();
}
