//! Use of the whole platform.

use std::collections::BTreeMap;

use auth_context::InternalScope;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

use crate::database::read;
use crate::usage::{Trend, Usage};
use crate::{DataError, Database, DateRange, Percent, Period};

/// The platform in a period that ends today.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The days that it describes.
    pub range: DateRange,
    /// Every request that had arrived by then is counted.
    pub as_of: Option<DateTime<Utc>>,
    /// Tenants of any status.
    pub total_tenants: i64,
    /// Tenants with status `active`.
    pub active_tenants: i64,
    /// Active agents of active tenants.
    pub agents_deployed: i64,
    /// Everybody's requests.
    pub usage: Usage,
    /// Those of as many days just before.
    pub previous: Usage,
    /// Complete days against complete days.
    pub trend: Trend,
    /// Active tenants at the end of the last complete day, less those as many days before; `None` from nothing.
    pub active_tenants_trend: Option<i64>,
    /// Deployed agents likewise.
    pub agents_deployed_trend: Option<i64>,
    /// Requests of the 24 hours up to `as_of`.
    pub last_24_hours: i64,
    /// Those of the 24 hours before.
    pub previous_24_hours: i64,
    /// Up to ten tenants with most requests.
    pub top_tenants: Vec<TopTenant>,
    /// Up to ten agents with most requests.
    pub top_agents: Vec<TopAgent>,
    /// Up to ten agents that most tenants have.
    pub most_deployed: Vec<DeployedAgent>,
    /// Each day, ascending.
    pub days: Vec<PlatformDay>,
}

/// A tenant and its requests.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TopTenant {
    /// Its id.
    pub id: Uuid,
    /// Its name, unless it was deleted.
    pub name: Option<String>,
    total: i64,
    successful: i64,
}

/// An agent, its requests and how often it is deployed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TopAgent {
    /// Its id.
    pub id: Uuid,
    /// Its name, unless it is gone from the catalogue.
    pub name: Option<String>,
    total: i64,
    successful: i64,
    /// Active tenants where it is active.
    pub deployed: i64,
}

/// An agent and how often it is deployed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DeployedAgent {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Active tenants where it is active.
    pub deployed: i64,
}

/// A day of the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformDay {
    /// The UTC day.
    pub date: NaiveDate,
    /// Everybody's requests.
    pub usage: Usage,
    /// Tenants with at least one.
    pub active_tenants: i64,
}

impl TopTenant {
    /// Its requests.
    #[must_use]
    pub const fn total_requests(&self) -> i64 {
        self.total
    }

    /// Successful ones in percent.
    #[must_use]
    pub fn success_rate(&self) -> Percent {
        Percent::of(self.successful, self.total)
    }
}

impl TopAgent {
    /// Its requests.
    #[must_use]
    pub const fn total_requests(&self) -> i64 {
        self.total
    }

    /// Successful ones in percent.
    #[must_use]
    pub fn success_rate(&self) -> Percent {
        Percent::of(self.successful, self.total)
    }
}

/// What the statement answers: one row, arrays where there are many.
struct Row {
    as_of: Option<DateTime<Utc>>,
    total_tenants: i64,
    active_tenants: i64,
    agents_deployed: i64,
    last_24_hours: i64,
    previous_24_hours: i64,
    /// At the end of the day before the last complete days, and at the end of these.
    tenants_at_end: Vec<i32>,
    deployed_at_end: Vec<i32>,
    top_tenants: Json<Vec<TopTenant>>,
    top_agents: Json<Vec<TopAgent>>,
    most_deployed: Json<Vec<DeployedAgent>>,
    dates: Vec<NaiveDate>,
    totals: Vec<i64>,
    successes: Vec<i64>,
    time_sums: Vec<i64>,
    time_counts: Vec<i64>,
    tokens: Vec<i64>,
    active: Vec<i32>,
}

/// The platform in the period that ends today.
pub async fn overview(
    database: &Database,
    scope: &InternalScope,
    period: Period,
    today: NaiveDate,
) -> Result<Overview, DataError> {
    let range = period.ending(today);
    // The trend leaves today out, and so reaches a day further back than the period before.
    let first = range.previous().from.pred_opt().unwrap_or(range.from);
    let length = i32::try_from(period.days()).unwrap_or(i32::MAX);
    let row = read!(database, scope, |connection| {
        sqlx::query_as!(
            Row,
            r#"
                WITH newest AS MATERIALIZED (
                    SELECT as_of FROM alquimista_platform.aggregated_days ORDER BY date DESC LIMIT 1
                ), deployed AS MATERIALIZED (
                    SELECT agent_id, sum(deployed) AS deployed FROM alquimista_platform.deployment_counts
                    GROUP BY agent_id
                ), top AS MATERIALIZED (
                    -- Kept for the periods that end today; after midnight, until the first run, made at once.
                    SELECT tenant_ids, tenant_totals, tenant_successes, agent_ids, agent_totals, agent_successes
                    FROM alquimista_platform.platform_top_lists WHERE last_day = $3 AND days = $4
                    UNION ALL
                    SELECT l.* FROM alquimista_platform.top_lists($3, $4) AS l
                    WHERE NOT EXISTS (
                        SELECT FROM alquimista_platform.platform_top_lists WHERE last_day = $3 AND days = $4
                    )
                )
                SELECT
                    (SELECT as_of FROM newest) AS as_of,
                    tenants.total AS "total_tenants!", tenants.active AS "active_tenants!",
                    (SELECT coalesce(sum(deployed), 0)::bigint FROM deployed) AS "agents_deployed!",
                    hours.last AS "last_24_hours!", hours.previous AS "previous_24_hours!",
                    (SELECT coalesce(array_agg(coalesce(d.tenants_active_at_end,
                            (SELECT s.tenants_active FROM alquimista_platform.platform_state_before(
                                alquimista_platform.day_start(x.date + 1)) AS s)) ORDER BY x.date), '{}')
                        FROM (VALUES ($3 - 1 - $4), ($3 - 1)) AS x (date)
                        LEFT JOIN alquimista_platform.platform_usage_daily AS d ON d.date = x.date
                    ) AS "tenants_at_end!",
                    (SELECT coalesce(array_agg(coalesce(d.agents_deployed_at_end,
                            (SELECT s.agents_deployed FROM alquimista_platform.platform_state_before(
                                alquimista_platform.day_start(x.date + 1)) AS s)) ORDER BY x.date), '{}')
                        FROM (VALUES ($3 - 1 - $4), ($3 - 1)) AS x (date)
                        LEFT JOIN alquimista_platform.platform_usage_daily AS d ON d.date = x.date
                    ) AS "deployed_at_end!",
                    (SELECT coalesce(json_agg(json_build_object(
                            'id', x.id, 'name', t.name, 'total', x.total, 'successful', x.successful)
                            ORDER BY x.total DESC, t.name_key, x.id), '[]')
                        FROM top, unnest(top.tenant_ids, top.tenant_totals, top.tenant_successes) AS x (id, total, successful)
                        LEFT JOIN alquimista_platform.tenants AS t ON t.id = x.id
                    ) AS "top_tenants!: Json<Vec<TopTenant>>",
                    (SELECT coalesce(json_agg(json_build_object(
                            'id', x.id, 'name', a.name, 'total', x.total, 'successful', x.successful,
                            'deployed', coalesce(d.deployed, 0))
                            ORDER BY x.total DESC, a.name_key, x.id), '[]')
                        FROM top, unnest(top.agent_ids, top.agent_totals, top.agent_successes) AS x (id, total, successful)
                        LEFT JOIN alquimista_platform.agents AS a ON a.id = x.id
                        LEFT JOIN deployed AS d ON d.agent_id = x.id
                    ) AS "top_agents!: Json<Vec<TopAgent>>",
                    (SELECT coalesce(json_agg(x), '[]') FROM (
                        SELECT a.id, a.name, d.deployed
                        FROM deployed AS d JOIN alquimista_platform.agents AS a ON a.id = d.agent_id
                        WHERE d.deployed > 0
                        ORDER BY d.deployed DESC, a.name_key, a.id LIMIT 10
                    ) AS x) AS "most_deployed!: Json<Vec<DeployedAgent>>",
                    days.dates AS "dates!", days.totals AS "totals!", days.successes AS "successes!",
                    days.time_sums AS "time_sums!", days.time_counts AS "time_counts!", days.tokens AS "tokens!",
                    days.active AS "active!"
                FROM (
                    SELECT coalesce(sum(tenants), 0) AS total,
                        coalesce(sum(tenants) FILTER (WHERE status = 'active'), 0) AS active
                    FROM alquimista_platform.tenant_counts
                ) AS tenants, (
                    SELECT
                        coalesce(sum(h.total_requests) FILTER (WHERE h.hour >= n.as_of - INTERVAL '24 hours'), 0)::bigint AS last,
                        coalesce(sum(h.total_requests) FILTER (WHERE h.hour < n.as_of - INTERVAL '24 hours'), 0)::bigint AS previous
                    FROM newest AS n
                    JOIN alquimista_platform.platform_usage_hourly AS h
                        ON h.hour >= n.as_of - INTERVAL '48 hours' AND h.hour < n.as_of
                ) AS hours, (
                    SELECT coalesce(array_agg(date), '{}') AS dates, coalesce(array_agg(total_requests), '{}') AS totals,
                        coalesce(array_agg(successful_requests), '{}') AS successes,
                        coalesce(array_agg(response_time_sum), '{}') AS time_sums,
                        coalesce(array_agg(response_time_count), '{}') AS time_counts,
                        coalesce(array_agg(total_tokens_used), '{}') AS tokens,
                        coalesce(array_agg(active_tenants), '{}') AS active
                    FROM alquimista_platform.platform_usage_daily WHERE date BETWEEN $1 AND $2
                ) AS days
                "#,
            first,
            range.to,
            today,
            length,
        )
        .fetch_one(connection)
    });
    Ok(Overview::new(range, row))
}

impl Overview {
    fn new(range: DateRange, row: Row) -> Self {
        let days = row.days();
        let sum = |range: DateRange| {
            days.iter().filter(|day| range.contains(day.date)).map(|day| &day.usage).sum::<Usage>()
        };
        let complete = range.complete();
        let difference = |counts: &[i32]| match *counts {
            [before, now] if before > 0 => Some(i64::from(now) - i64::from(before)),
            _ => None,
        };
        Self {
            range,
            as_of: row.as_of,
            total_tenants: row.total_tenants,
            active_tenants: row.active_tenants,
            agents_deployed: row.agents_deployed,
            usage: sum(range),
            previous: sum(range.previous()),
            trend: Trend::between(&sum(complete.previous()), &sum(complete)),
            active_tenants_trend: difference(&row.tenants_at_end),
            agents_deployed_trend: difference(&row.deployed_at_end),
            last_24_hours: row.last_24_hours,
            previous_24_hours: row.previous_24_hours,
            top_tenants: row.top_tenants.0,
            top_agents: row.top_agents.0,
            most_deployed: row.most_deployed.0,
            days: every_day(range, days),
        }
    }
}

impl Row {
    fn days(&self) -> Vec<PlatformDay> {
        let of = |numbers: &[i64], index: usize| numbers.get(index).copied().unwrap_or(0);
        let day = |(index, date): (usize, &NaiveDate)| PlatformDay {
            date: *date,
            usage: Usage {
                total: of(&self.totals, index),
                successful: of(&self.successes, index),
                tokens: of(&self.tokens, index),
                time_sum: of(&self.time_sums, index),
                time_count: of(&self.time_counts, index),
                ..Usage::default()
            },
            active_tenants: self.active.get(index).copied().unwrap_or(0).into(),
        };
        self.dates.iter().enumerate().map(day).collect()
    }
}

/// A day for each of the range, zeros for those that were never aggregated.
fn every_day(range: DateRange, known: Vec<PlatformDay>) -> Vec<PlatformDay> {
    let mut known: BTreeMap<_, _> = known.into_iter().map(|day| (day.date, day)).collect();
    let empty = |date| PlatformDay { date, usage: Usage::default(), active_tenants: 0 };
    range.days().map(|date| known.remove(&date).unwrap_or_else(|| empty(date))).collect()
}
