//! The nightly job on a large day: rolled up for the first time and again, with histograms and without, against a parallel
//! count of the same rows, and the design's job once.

use std::time::{Duration, Instant};

use anyhow::Context;
use chrono::NaiveDate;
use serde::Serialize;
use sqlx::{AssertSqlSafe, Executor, PgConnection};

use crate::measure::{as_micros, median};
use crate::progress;
use crate::server::{Scale, Server};
use crate::statement::{Statement, Value, Values};

/// What the job needed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct JobResult {
    /// Raw requests of the day.
    pub(crate) rows: i64,
    /// `count(*)` of them.
    #[serde(rename = "count_us", serialize_with = "as_micros")]
    pub(crate) count: Duration,
    /// The day without rollups.
    #[serde(rename = "first_us", serialize_with = "as_micros")]
    pub(crate) first: Duration,
    /// The day again, with nothing new.
    #[serde(rename = "rerun_us", serialize_with = "as_micros")]
    pub(crate) rerun: Duration,
    /// The first run of a job that keeps no histograms.
    #[serde(rename = "first_without_histograms_us", serialize_with = "as_micros")]
    pub(crate) first_without: Duration,
    /// Its second.
    #[serde(rename = "rerun_without_histograms_us", serialize_with = "as_micros")]
    pub(crate) rerun_without: Duration,
    /// The design's job, for the first time.
    #[serde(rename = "naive_us", serialize_with = "as_micros")]
    pub(crate) naive: Duration,
}

const WITH: &str = "aggregate_day";
const WITHOUT: &str = "aggregate_day_without_histograms";

pub(crate) async fn measure(server: &Server, scale: Scale, quick: bool) -> anyhow::Result<JobResult> {
    let mut superuser = server.superuser(scale).await?;
    let mut jobs = server.connect(scale, "app_jobs").await?;
    let day: NaiveDate =
        sqlx::query_scalar("SELECT alquimista_platform.utc_today() - 1").fetch_one(&mut superuser).await?;
    make_the_other(&mut superuser).await?;

    let repetitions = if quick { 1 } else { 3 };
    let (mut rows, mut counts) = (0, Vec::new());
    let [mut first, mut rerun, mut first_without, mut rerun_without] = [const { Vec::new() }; 4];
    for repetition in 1..=repetitions {
        progress(&format!("job, {repetition} of {repetitions}"));
        for (function, firsts, reruns) in
            [(WITHOUT, &mut first_without, &mut rerun_without), (WITH, &mut first, &mut rerun)]
        {
            forget(&mut superuser, day).await?;
            counts.push(count(&mut jobs, day, &mut rows).await?);
            firsts.push(aggregate(&mut jobs, function, day).await?);
            counts.push(count(&mut jobs, day, &mut rows).await?);
            reruns.push(aggregate(&mut jobs, function, day).await?);
        }
    }
    progress("job, the design's");
    let naive = design(&mut superuser, day).await?;
    tidy(&mut superuser).await?;
    Ok(JobResult {
        rows,
        count: median(&mut counts),
        first: median(&mut first),
        rerun: median(&mut rerun),
        first_without: median(&mut first_without),
        rerun_without: median(&mut rerun_without),
        naive,
    })
}

/// A second function beside ours: the same one, word for word, but that every time falls into no bucket.
async fn make_the_other(superuser: &mut PgConnection) -> anyhow::Result<()> {
    let ours: String = sqlx::query_scalar(
        "SELECT pg_get_functiondef('alquimista_platform.aggregate_day(date)'::regprocedure)",
    )
    .fetch_one(&mut *superuser)
    .await?;
    let bucket = "response_time_bucket(response_time_ms)";
    anyhow::ensure!(ours.contains(bucket), "aggregate_day no longer says {bucket}");
    let other = ours
        .replace("alquimista_platform.aggregate_day(", &format!("alquimista_platform.{WITHOUT}("))
        .replace(bucket, "NULL::smallint")
        // Its parameters may be named after the function.
        .replace("aggregate_day.", &format!("{WITHOUT}."));
    superuser.execute(AssertSqlSafe(other)).await.context("aggregate_day without histograms")?;
    let grant = format!("GRANT EXECUTE ON FUNCTION alquimista_platform.{WITHOUT}(date) TO app_jobs");
    superuser.execute(AssertSqlSafe(grant)).await?;
    Ok(())
}

/// Leaves the day as one that was never rolled up.
async fn forget(superuser: &mut PgConnection, day: NaiveDate) -> anyhow::Result<()> {
    for table in [
        "tenant_usage_daily",
        "agent_usage_daily",
        "platform_usage_daily",
        "tenant_requests_daily",
        "aggregated_days",
    ] {
        let delete = format!("DELETE FROM alquimista_platform.{table} WHERE date = $1");
        sqlx::query(AssertSqlSafe(delete)).bind(day).execute(&mut *superuser).await?;
    }
    sqlx::query("DELETE FROM alquimista_platform.platform_usage_hourly WHERE hour >= $1 AND hour < $1 + 1")
        .bind(day)
        .execute(&mut *superuser)
        .await?;
    tidy(superuser).await
}

async fn tidy(superuser: &mut PgConnection) -> anyhow::Result<()> {
    for table in [
        "tenant_usage_daily",
        "agent_usage_daily",
        "platform_usage_daily",
        "tenant_requests_daily",
        "platform_usage_hourly",
    ] {
        superuser.execute(AssertSqlSafe(format!("VACUUM alquimista_platform.{table}"))).await?;
    }
    superuser.execute("CHECKPOINT").await?;
    Ok(())
}

async fn count(jobs: &mut PgConnection, day: NaiveDate, rows: &mut i64) -> anyhow::Result<Duration> {
    let started = Instant::now();
    *rows = sqlx::query_scalar(
        "SELECT count(*) FROM alquimista_platform.agent_requests
         WHERE created_at >= alquimista_platform.day_start($1) AND created_at < alquimista_platform.day_start($1 + 1)",
    )
    .bind(day)
    .fetch_one(jobs)
    .await?;
    Ok(started.elapsed())
}

async fn aggregate(jobs: &mut PgConnection, function: &str, day: NaiveDate) -> anyhow::Result<Duration> {
    let call = format!("SELECT rows_read FROM alquimista_platform.{function}($1)");
    let started = Instant::now();
    let rows: i64 = sqlx::query_scalar(AssertSqlSafe(call)).bind(day).fetch_one(jobs).await?;
    let time = started.elapsed();
    anyhow::ensure!(rows > 0, "there are no raw requests on {day}: make them with `demo-data requests`");
    Ok(time)
}

async fn design(superuser: &mut PgConnection, day: NaiveDate) -> anyhow::Result<Duration> {
    sqlx::query("DELETE FROM naive.tenant_usage_daily WHERE date = $1")
        .bind(day)
        .execute(&mut *superuser)
        .await?;
    superuser.execute("VACUUM naive.tenant_usage_daily").await?;
    let values = Values::default().with("day", Value::Date(day));
    let started = Instant::now();
    for statement in Statement::all(include_str!("../sql/naive/job.sql")) {
        statement.fetch(superuser, &values).await?;
    }
    let time = started.elapsed();
    superuser.execute("VACUUM naive.tenant_usage_daily").await?;
    Ok(time)
}
