//! Rounds in which everybody takes a turn, so that whatever else the machine does hits all alike.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Serialize;
use sqlx::{AssertSqlSafe, Executor, PgConnection};
use uuid::Uuid;

use crate::reads::{Audience, Pools, Read};
use crate::sample::Sample;
use crate::server::{Scale, Server};
use crate::statement::{Statement, Values};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Rounds.
    pub(crate) rounds: usize,
    /// A contender that took that much time in all sits out the other rounds,
    patience: Duration,
    /// once it has been asked that often.
    least: usize,
}

/// Rounds before the measured ones: statements get prepared, and planned as often as it takes for a generic plan.
const WARM_UP: usize = 8;
/// Rounds in which buffers are counted.
const COUNTED: usize = 7;

impl Effort {
    pub(crate) fn new(quick: bool, rounds: Option<usize>) -> Self {
        if quick {
            Self { rounds: rounds.unwrap_or(40), patience: Duration::from_secs(3), least: 1 }
        } else {
            Self { rounds: rounds.unwrap_or(200), patience: Duration::from_secs(20), least: 3 }
        }
    }
}

/// A database with what asks it.
pub(crate) struct Stage {
    pub(crate) scale: Scale,
    sample: Sample,
    pools: Pools,
    tenant: PgConnection,
    internal: PgConnection,
    superuser: PgConnection,
}

impl Stage {
    pub(crate) async fn open(server: &Server, scale: Scale) -> anyhow::Result<Self> {
        let mut superuser = server.superuser(scale).await?;
        let mut tenant = server.connect(scale, "app_tenant").await?;
        let mut internal = server.connect(scale, "app_internal").await?;
        for connection in [&mut tenant, &mut internal] {
            // The design's own statements take longer than the roles allow.
            connection.execute("SET statement_timeout = 0").await?;
        }
        let sample = Sample::take(&mut superuser).await?;
        let mut pools = Pools {
            tenant: server.pool(scale, "app_tenant")?,
            internal: server.pool(scale, "app_internal")?,
            behind: None,
        };
        pools.look_ahead(&sample).await?;
        Ok(Self { scale, sample, pools, tenant, internal, superuser })
    }

    /// The server's settings that aren't its defaults.
    pub(crate) async fn settings(&mut self) -> anyhow::Result<BTreeMap<String, String>> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT name, current_setting(name) FROM pg_settings
             WHERE name IN ('server_version', 'shared_buffers', 'effective_cache_size', 'work_mem', 'random_page_cost',
                 'max_parallel_workers_per_gather', 'wal_level', 'fsync', 'autovacuum')",
        )
        .fetch_all(&mut self.superuser)
        .await?;
        Ok(rows.into_iter().collect())
    }

    async fn ask(
        &mut self,
        read: &Read,
        contender: Kind,
        statements: &[Statement],
        round: usize,
    ) -> anyhow::Result<Duration> {
        let values = read.values(&self.sample, round);
        let tenant = self.sample.tenant(round);
        let started = Instant::now();
        if contender == Kind::Full || (contender == Kind::Design && read.design.is_none()) {
            read.answer(&self.pools, &self.sample, round).await?;
        } else {
            match read.audience {
                Audience::Tenant => in_transaction(&mut self.tenant, tenant, statements, &values).await?,
                Audience::Internal => read_only(&mut self.internal, statements, &values).await?,
            }
        }
        Ok(started.elapsed())
    }

    /// Buffers that the application's roles have touched so far.
    async fn buffers(&mut self) -> anyhow::Result<i64> {
        Ok(sqlx::query_scalar(
            "SELECT coalesce(sum(shared_blks_hit + shared_blks_read), 0)::bigint FROM public.pg_stat_statements
             WHERE userid IN ('app_tenant'::regrole, 'app_internal'::regrole)
                 AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        .fetch_one(&mut self.superuser)
        .await?)
    }

    /// Gives connections that were put back to a pool the time to be looked after, and wakes the processor up.
    async fn settle(&mut self) -> anyhow::Result<()> {
        for _ in 0..3 {
            sqlx::query("SELECT 1").execute(&mut self.superuser).await?;
        }
        Ok(())
    }
}

/// As a read of a tenant's rows goes that isn't one statement alone. The functions of `data` are, and need no transaction (ADRs
/// 6 and 13), which shows in what they take in full; in one, the bounds compare like with like.
async fn in_transaction(
    connection: &mut PgConnection,
    tenant: Uuid,
    statements: &[Statement],
    values: &Values,
) -> anyhow::Result<()> {
    let begin = format!("BEGIN READ ONLY; SET LOCAL app.tenant_id = '{tenant}'");
    connection.execute(sqlx::raw_sql(AssertSqlSafe(begin))).await?;
    one_by_one(connection, statements, values).await?;
    connection.execute(sqlx::raw_sql("COMMIT")).await?;
    Ok(())
}

/// The same for a read of every tenant.
async fn read_only(
    connection: &mut PgConnection,
    statements: &[Statement],
    values: &Values,
) -> anyhow::Result<()> {
    connection.execute(sqlx::raw_sql("BEGIN READ ONLY")).await?;
    one_by_one(connection, statements, values).await?;
    connection.execute(sqlx::raw_sql("COMMIT")).await?;
    Ok(())
}

async fn one_by_one(
    connection: &mut PgConnection,
    statements: &[Statement],
    values: &Values,
) -> anyhow::Result<()> {
    for statement in statements {
        statement.fetch(connection, values).await?;
    }
    Ok(())
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The design's SQL on the design's tables.
    Naive,
    /// Our SQL for the fields that the design names.
    Design,
    /// Our function, for everything that the contract asks for.
    Full,
    /// `SELECT 1` on the same way.
    Floor,
}

const KINDS: [Kind; 4] = [Kind::Naive, Kind::Design, Kind::Full, Kind::Floor];

/// What a contender needed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Result {
    pub(crate) kind: Kind,
    pub(crate) scale: Scale,
    /// The median, in microseconds.
    #[serde(rename = "median_us", serialize_with = "as_micros")]
    pub(crate) median: Duration,
    /// Times it was asked.
    pub(crate) asked: usize,
    /// The median of the shared buffers touched.
    pub(crate) buffers: i64,
}

/// A read and what all needed for it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ReadResult {
    pub(crate) name: &'static str,
    pub(crate) results: Vec<Result>,
}

impl ReadResult {
    pub(crate) fn of(&self, kind: Kind, scale: Scale) -> Option<&Result> {
        self.results.iter().find(|result| result.kind == kind && result.scale == scale)
    }
}

struct Contender {
    stage: usize,
    kind: Kind,
    statements: Vec<Statement>,
    times: Vec<Duration>,
    spent: Duration,
}

/// Measures one read on all stages; the design's SQL and the floor on the first, the largest, alone.
pub(crate) async fn read(stages: &mut [Stage], read: &Read, effort: Effort) -> anyhow::Result<ReadResult> {
    let mut contenders = Vec::new();
    for stage in 0..stages.len() {
        for kind in KINDS {
            if stage > 0 && matches!(kind, Kind::Naive | Kind::Floor) {
                continue;
            }
            // What the design has no way for, and what is the same as another contender, sits out.
            if (kind == Kind::Naive && read.naive.is_empty())
                || (kind == Kind::Full && (read.full.is_none() || read.design.is_none()))
            {
                continue;
            }
            let statements = Statement::all(match kind {
                Kind::Naive => read.naive,
                Kind::Design => read.design.unwrap_or_default(),
                Kind::Full => "",
                Kind::Floor => include_str!("../sql/floor.sql"),
            });
            contenders.push(Contender { stage, kind, statements, times: Vec::new(), spent: Duration::ZERO });
        }
    }

    for round in 0..WARM_UP + effort.rounds {
        let turns = contenders.len();
        for turn in 0..turns {
            // Another one begins each round.
            let contender = &mut contenders[(turn + round) % turns];
            let tired = contender.spent > effort.patience;
            if tired && (round < WARM_UP || contender.times.len() >= effort.least) {
                continue;
            }
            let stage = &mut stages[contender.stage];
            stage.settle().await?;
            let time = stage.ask(read, contender.kind, &contender.statements, round).await;
            let time =
                time.with_context(|| format!("{}, {:?} at {:?}", read.name, contender.kind, stage.scale))?;
            contender.spent += time;
            if round >= WARM_UP || contender.spent > effort.patience {
                contender.times.push(time);
            }
        }
    }

    let mut results = Vec::new();
    for mut contender in contenders {
        let stage = &mut stages[contender.stage];
        let slow = contender.spent > effort.patience;
        let mut counted = Vec::new();
        for round in 0..if slow { 1 } else { COUNTED } {
            let before = stage.buffers().await?;
            stage.ask(read, contender.kind, &contender.statements, round).await?;
            counted.push(stage.buffers().await? - before);
        }
        let asked = contender.times.len();
        results.push(Result {
            kind: contender.kind,
            scale: stage.scale,
            median: median(&mut contender.times),
            asked,
            buffers: median(&mut counted),
        });
    }
    Ok(ReadResult { name: read.name, results })
}

/// The middle one; of two, the larger.
pub(crate) fn median<T: Ord + Copy + Default>(values: &mut [T]) -> T {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

pub(crate) fn as_micros<S: serde::Serializer>(
    duration: &Duration,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}
