//! What the aggregation writes: the rollups of a day, and the partitions of raw requests. All of it as `app_jobs`.

use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, Utc};

use crate::database::{WriteTx, within};
use crate::schema::{PARTITION_DAYS_AHEAD, PARTITION_DAYS_BACK};
use crate::{DataError, Database};

/// The longest that a change of partitions may take, and the longest it waits for whoever uses the raw requests: while
/// it waits, whoever writes them waits behind it.
const PARTITION_LIMIT: Duration = Duration::from_secs(30);
const PARTITION_LOCK_WAIT: Duration = Duration::from_secs(3);
/// The longest that all of it may take, connecting included; and the longest that looking something up may.
const PARTITION_CHANGE: Duration = Duration::from_mins(1);
const LOOK_UP: Duration = Duration::from_secs(15);
/// What an answer is late by at most when the server keeps to its limits. Beyond, the way to it is broken.
const GRACE: Duration = Duration::from_secs(2);

/// What became of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aggregated {
    /// Raw requests of the day.
    pub rows_read: i64,
    /// Rows of all rollups that were not as they should be.
    pub rows_written: i64,
    /// Every request of the day that had arrived by then is counted.
    pub snapshot_at: DateTime<Utc>,
}

/// How long a run of a day may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest wait for another run.
    pub lock_wait: Duration,
    /// The longest that all of it may take, waiting included.
    pub total: Duration,
}

/// Why a day was not aggregated. Its rollups are as they were.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Runs take turns, and it wasn't this one's within its limit: the same run may succeed later.
    #[error("another run holds the lock, and held it for {0:?}")]
    Locked(Duration),
    /// It would have taken longer than its limit.
    #[error("it takes longer than the {0:?} that were left")]
    OutOfTime(Duration),
    /// The day is in the future, or its raw requests are gone: no run will do better.
    #[error("{0}")]
    Refused(String),
    /// Anything else.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl From<sqlx::Error> for JobError {
    fn from(error: sqlx::Error) -> Self {
        Self::Data(error.into())
    }
}

/// Replaces a day in every rollup, in one transaction. Run again it changes nothing.
pub async fn aggregate_day(
    database: &Database,
    day: NaiveDate,
    limits: Limits,
) -> Result<Aggregated, JobError> {
    tokio::time::timeout(limits.total + GRACE, aggregate(database, day, limits))
        .await
        .unwrap_or(Err(JobError::OutOfTime(limits.total)))
}

async fn aggregate(database: &Database, day: NaiveDate, limits: Limits) -> Result<Aggregated, JobError> {
    let started = Instant::now();
    let lock_wait = limits.lock_wait.min(limits.total);
    let mut tx = WriteTx::begin(database).await?;

    // aggregate_day takes the same lock, but waits for a time of its own, and then can't say what it waited for.
    limit(&mut tx, limits.total, lock_wait).await?;
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('alquimista_platform.aggregate_day'))")
        .execute(tx.connection())
        .await
        .map_err(|error| match sql_state(&error).as_deref() {
            Some(LOCK_NOT_AVAILABLE | QUERY_CANCELED) => JobError::Locked(lock_wait),
            _ => error.into(),
        })?;

    limit(&mut tx, limits.total.saturating_sub(started.elapsed()), lock_wait).await?;
    let aggregated = sqlx::query_as!(
        Aggregated,
        r#"
        SELECT rows_read AS "rows_read!", rows_written AS "rows_written!", snapshot_at AS "snapshot_at!"
        FROM alquimista_platform.aggregate_day($1)
        "#,
        day,
    )
    .fetch_one(tx.connection())
    .await
    .map_err(|error| match (sql_state(&error).as_deref(), &error) {
        (Some(QUERY_CANCELED), _) => JobError::OutOfTime(limits.total),
        (Some(OBJECT_NOT_IN_PREREQUISITE_STATE), sqlx::Error::Database(refusal)) => {
            JobError::Refused(refusal.message().to_owned())
        }
        _ => error.into(),
    })?;
    tx.commit().await?;
    Ok(aggregated)
}

/// The snapshot of the newest run of a day; `None` if there was none.
pub async fn last_run_at(database: &Database, day: NaiveDate) -> Result<Option<DateTime<Utc>>, DataError> {
    within(LOOK_UP, async {
        let mut tx = WriteTx::begin(database).await?;
        let last_run_at = sqlx::query_scalar!(
            "SELECT last_run_at FROM alquimista_platform.aggregated_days WHERE date = $1",
            day,
        )
        .fetch_optional(tx.connection())
        .await?;
        tx.commit().await?;
        Ok(last_run_at.flatten())
    })
    .await
}

/// Makes the raw partitions around today that aren't there yet, and says how many it made.
pub async fn make_partitions(database: &Database, today: NaiveDate) -> Result<i32, DataError> {
    within(PARTITION_CHANGE, async {
        let mut tx = WriteTx::begin(database).await?;
        limit(&mut tx, PARTITION_LIMIT, PARTITION_LOCK_WAIT).await?;
        let made = sqlx::query_scalar!(
            r#"SELECT alquimista_platform.ensure_request_partitions($1::date - $2::int, $2 + $3::int) AS "made!""#,
            today,
            PARTITION_DAYS_BACK,
            PARTITION_DAYS_AHEAD,
        )
        .fetch_one(tx.connection())
        .await?;
        tx.commit().await?;
        Ok(made)
    })
    .await
}

/// Drops the raw partitions of days before this one, save those that were never aggregated, and says how many it dropped.
pub async fn drop_partitions(database: &Database, first_kept: NaiveDate) -> Result<i32, DataError> {
    within(PARTITION_CHANGE, async {
        let mut tx = WriteTx::begin(database).await?;
        limit(&mut tx, PARTITION_LIMIT, PARTITION_LOCK_WAIT).await?;
        let dropped = sqlx::query_scalar!(
            r#"SELECT alquimista_platform.drop_request_partitions($1) AS "dropped!""#,
            first_kept,
        )
        .fetch_one(tx.connection())
        .await?;
        tx.commit().await?;
        Ok(dropped)
    })
    .await
}

const LOCK_NOT_AVAILABLE: &str = "55P03";
const QUERY_CANCELED: &str = "57014";
const OBJECT_NOT_IN_PREREQUISITE_STATE: &str = "55000";

fn sql_state(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).map(std::borrow::Cow::into_owned)
}

/// How long the next statements of this transaction may take, and may wait for a lock.
async fn limit(tx: &mut WriteTx, statement: Duration, lock_wait: Duration) -> Result<(), sqlx::Error> {
    // 0 would be no limit at all.
    let milliseconds =
        |limit: Duration| limit.as_millis().clamp(1, i32::MAX.unsigned_abs().into()).to_string();
    sqlx::query!(
        "SELECT set_config('statement_timeout', $1, true) AS statement, set_config('lock_timeout', $2, true) AS lock",
        milliseconds(statement),
        milliseconds(lock_wait),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}
