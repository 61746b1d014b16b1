//! Platforms too large to be made in memory, for measuring: drawn and written by set-based SQL, with the same words and
//! agents as the demo's, straight into the rollups. The SQL is in `bulk/`; each script says what it does.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};
use uuid::Uuid;

use crate::catalogue;
use crate::load::{LoadError, insert_agents};
use crate::noise::Seed;
use crate::progress::Progress;
use crate::words::{BUSINESSES, COMPANY_NAMES, FAMILY_NAMES, GIVEN_NAMES};

/// Days of use, today's included: the longest period, and as many days behind it.
const DAYS: i64 = 180;

/// How large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkScale {
    /// 1,000 tenants.
    Small,
    /// 20,000 tenants.
    Large,
}

impl BulkScale {
    /// The number of its tenants.
    #[must_use]
    pub const fn tenants(self) -> i32 {
        match self {
            Self::Small => 1_000,
            Self::Large => 20_000,
        }
    }
}

/// Loads a platform of this scale as of now into a database without tenants: tenants with five agents each, and their
/// use of 180 days in every rollup, without raw requests. Returns the number of rows in `tenant_usage_daily`. The
/// connection's login must be a member of `app_owner`.
pub async fn load_bulk(
    connection: &mut PgConnection,
    seed: Seed,
    scale: BulkScale,
) -> Result<i64, LoadError> {
    be_owner(connection).await?;
    let mut tx = connection.begin().await?;
    tx.execute("SELECT pg_advisory_xact_lock(hashtext('alquimista_platform.demo_data'))").await?;
    let (now, taken): (DateTime<Utc>, bool) =
        sqlx::query_as("SELECT now(), EXISTS (SELECT FROM alquimista_platform.tenants)")
            .fetch_one(&mut *tx)
            .await?;
    if taken {
        return Err(LoadError::NotEmpty);
    }

    let progress = Progress::new(DAYS.unsigned_abs(), "days", "rows of usage");
    progress.says("drawing the plan");
    settings(&mut tx, seed, now, now.date_naive() - TimeDelta::days(DAYS)).await?;
    sqlx::query("UPDATE setting SET tenants = $1").bind(scale.tenants()).execute(&mut *tx).await?;
    words(&mut tx).await?;
    agents(&mut tx, seed, now).await?;
    tx.execute(include_str!("bulk/plan.sql")).await?;

    progress.says("agents, tenants and their history");
    insert_agents(&mut tx, &catalogue::agents(seed, now)).await?;
    replay_history(&mut tx).await?;
    progress.says("people, integrations, incidents and the audit log");
    tx.execute(include_str!("bulk/around.sql")).await?;

    let index = drop_usage_index(&mut tx).await?;
    for _ in 0..DAYS {
        tx.execute(include_str!("bulk/day.sql")).await?;
        let rows: i64 =
            sqlx::query_scalar("SELECT sum(rows_written)::bigint FROM alquimista_platform.aggregated_days")
                .fetch_one(&mut *tx)
                .await?;
        progress.step(usize::try_from(rows).unwrap_or_default());
    }
    progress.says("the index of the usage");
    tx.execute(AssertSqlSafe(index)).await?;
    progress.says("counters and top lists");
    tx.execute(
        "SELECT alquimista_platform.fold_counters(), alquimista_platform.count_ended_days(),
             alquimista_platform.refresh_top_lists()",
    )
    .await?;
    let rows =
        sqlx::query_scalar("SELECT sum(rows_written)::bigint FROM alquimista_platform.aggregated_days")
            .fetch_one(&mut *tx)
            .await?;
    tx.commit().await?;

    progress.says("vacuum");
    vacuum(connection).await?;
    progress.finish();
    Ok(rows)
}

/// Makes this many raw requests on yesterday's UTC date, of the tenants and agents that are there, in the place of any
/// there were. Rolls nothing up. The connection's login must be a member of `app_owner`.
pub async fn load_requests(
    connection: &mut PgConnection,
    seed: Seed,
    requests: i64,
) -> Result<NaiveDate, LoadError> {
    const HOURS: u64 = 24;
    be_owner(connection).await?;
    let mut tx = connection.begin().await?;
    let now: DateTime<Utc> = sqlx::query_scalar("SELECT now()").fetch_one(&mut *tx).await?;
    let day = now.date_naive() - TimeDelta::days(1);
    let progress = Progress::new(HOURS, "hours", "requests");
    progress.says("raw requests");
    settings(&mut tx, seed, now, day).await?;
    sqlx::query("UPDATE setting SET requests = $1").bind(requests).execute(&mut *tx).await?;
    agents(&mut tx, seed, now).await?;
    tx.execute(include_str!("bulk/slots.sql")).await?;
    let partition = format!("alquimista_platform.agent_requests_{}", day.format("%Y%m%d"));
    // New storage in this transaction needs no write-ahead log at the lowest level of it.
    tx.execute(AssertSqlSafe(format!("TRUNCATE {partition}"))).await?;
    let mut made = 0;
    for _ in 0..HOURS {
        made += tx.execute(include_str!("bulk/requests.sql")).await?.rows_affected();
        progress.step(usize::try_from(made).unwrap_or_default());
    }
    tx.commit().await?;
    progress.says("vacuum");
    connection.execute(AssertSqlSafe(format!("VACUUM (ANALYZE) {partition}"))).await?;
    connection.execute("ANALYZE alquimista_platform.agent_requests; RESET ROLE").await?;
    progress.finish();
    Ok(day)
}

/// It may date changes and drop an index, and everybody's rows are its to write.
async fn be_owner(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection.execute("SET ROLE app_owner; SET timezone = 'UTC'; SET work_mem = '256MB'").await?;
    // For building an index, as far as the server lets an owner choose.
    connection.execute("SET maintenance_work_mem = '1GB'; SET jit = off").await?;
    Ok(())
}

/// What the scripts are told: one row. The day is the one before the first.
async fn settings(
    connection: &mut PgConnection,
    seed: Seed,
    now: DateTime<Utc>,
    day: NaiveDate,
) -> Result<(), sqlx::Error> {
    connection
        .execute(
            "CREATE TEMP TABLE setting (
                 seed bigint, now timestamptz, day date, instant timestamptz DEFAULT '-infinity', tenants integer,
                 requests bigint, slots bigint, hour integer DEFAULT -1
             )",
        )
        .await?;
    sqlx::query("INSERT INTO setting (seed, now, day) VALUES ($1, $2, $3)")
        .bind(seed.0.cast_signed())
        .bind(now)
        .bind(day)
        .execute(&mut *connection)
        .await?;
    connection.execute(include_str!("bulk/noise.sql")).await?;
    Ok(())
}

async fn words(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let patterns = || BUSINESSES.iter().flat_map(|b| b.patterns.iter().map(move |pattern| (b, *pattern)));
    connection
        .execute(
            "CREATE TEMP TABLE words (
                 patterns text[], segments text[], weekends float8[], names text[], family text[], given text[]
             )",
        )
        .await?;
    sqlx::query("INSERT INTO words VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(patterns().map(|(_, pattern)| pattern).collect::<Vec<_>>())
        .bind(patterns().map(|(business, _)| business.segment).collect::<Vec<_>>())
        .bind(patterns().map(|(business, _)| business.weekends).collect::<Vec<_>>())
        .bind(&COMPANY_NAMES[..])
        .bind(&FAMILY_NAMES[..])
        .bind(&GIVEN_NAMES[..])
        .execute(&mut *connection)
        .await?;
    Ok(())
}

/// How the catalogue's agents behave, and as the last what names no agent.
async fn agents(connection: &mut PgConnection, seed: Seed, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    connection
        .execute(
            "CREATE TEMP TABLE agent (
                 agent_no integer PRIMARY KEY, id uuid, median_ms float8, spread float8, failing float8, tokens float8,
                 popularity float8
             )",
        )
        .await?;
    let catalogue = catalogue::agents(seed, now);
    let unnamed = catalogue.first().map(|agent| (None, agent.profile));
    let all = catalogue.iter().map(|agent| (Some(agent.id), agent.profile)).chain(unnamed);
    for (number, (id, profile)) in (0_i32..).zip(all) {
        sqlx::query("INSERT INTO agent VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .bind(number)
            .bind::<Option<Uuid>>(id)
            .bind(profile.median_ms)
            .bind(profile.spread)
            .bind(profile.failing)
            .bind(profile.tokens)
            .bind(profile.popularity)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Each change at its instant, in order of time, many tenants at once.
async fn replay_history(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection
        .execute(
            "CREATE TEMP TABLE instants AS
                 SELECT at FROM plan_terms UNION SELECT deployed_at FROM plan_deployments UNION SELECT at FROM plan_switches;
             CREATE UNIQUE INDEX ON instants (at)",
        )
        .await?;
    let instants: i64 =
        sqlx::query_scalar("SELECT count(*) FROM instants").fetch_one(&mut *connection).await?;
    // Few rows an instant, of tables whose statistics are behind.
    connection
        .execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
        .await?;
    for _ in 0..instants {
        connection.execute(include_str!("bulk/instant.sql")).await?;
    }
    connection
        .execute(
            "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on;
             SELECT set_config('app.effective_at', '', true);
             ANALYZE alquimista_platform.tenants, alquimista_platform.tenant_agents,
                 alquimista_platform.tenant_mrr_changes, alquimista_platform.tenant_agent_changes",
        )
        .await?;
    Ok(())
}

/// Drops the one large index, and returns the statement that makes it again: built at once it takes a tenth of the time.
async fn drop_usage_index(connection: &mut PgConnection) -> Result<String, sqlx::Error> {
    let statement =
        sqlx::query_scalar("SELECT pg_get_indexdef('alquimista_platform.tenant_usage_daily_key'::regclass)")
            .fetch_one(&mut *connection)
            .await?;
    // Emptied, too: a table that is new in this transaction needs no write-ahead log at the lowest level of it.
    connection
        .execute(
            "TRUNCATE alquimista_platform.tenant_usage_daily; DROP INDEX alquimista_platform.tenant_usage_daily_key",
        )
        .await?;
    Ok(statement)
}

async fn vacuum(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
         WHERE schemaname = 'alquimista_platform' AND tableowner = 'app_owner' AND tablename NOT LIKE 'agent_requests%'",
    )
    .fetch_all(&mut *connection)
    .await?;
    for table in tables {
        connection.execute(AssertSqlSafe(format!("VACUUM (ANALYZE) {table}"))).await?;
    }
    connection.execute("RESET ROLE").await?;
    Ok(())
}
