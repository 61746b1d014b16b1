//! Agents that a tenant has.

use auth_context::{InternalScope, TenantScope};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::{Scoped, read};
use crate::usage::Usage;
use crate::{DataError, Database, DateRange};

/// Which of a tenant's agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(rename_all = "lowercase", default = "active")]
pub enum AgentStatus {
    /// Those at work.
    Active,
    /// Those that are not, suspended ones included.
    Inactive,
    /// All of them.
    All,
}

impl AgentStatus {
    /// Every choice with its name in the API.
    pub const CHOICES: &[(&str, Self)] =
        &[("active", Self::Active), ("inactive", Self::Inactive), ("all", Self::All)];
}

/// An agent of a tenant and its use.
#[derive(Debug)]
pub struct TenantAgent {
    /// The agent's id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its segment.
    pub segment: Option<String>,
    /// `active`, `inactive` or `suspended`.
    pub status: String,
    /// When the tenant first had it.
    pub activated_at: Option<DateTime<Utc>>,
    /// Its use in the days asked for.
    pub usage: Usage,
    /// Its requests on each of these days, ascending, zeros included. Adds up to the total.
    pub daily_requests: Vec<i64>,
}

/// A tenant's agents by name, at most 1,000, and up to when their use is counted.
#[derive(Debug)]
pub struct TenantAgents {
    /// The agents.
    pub agents: Vec<TenantAgent>,
    /// Every request that had arrived by then is counted.
    pub as_of: Option<DateTime<Utc>>,
}

/// The tenant's agents with their use in these days; `None` if there is no such tenant.
pub async fn of_tenant(
    database: &Database,
    scope: &TenantScope,
    status: AgentStatus,
    range: DateRange,
) -> Result<Option<TenantAgents>, DataError> {
    let rows = read!(database, scope, |connection| {
        sqlx::query!(
            r#"
            SELECT
                (SELECT d.as_of FROM alquimista_platform.aggregated_days AS d ORDER BY d.date DESC LIMIT 1) AS as_of,
                a.id AS "id?", a.name AS "name?", a.segment, a.status AS "status?", a.activated_at,
                u.date AS "date?", u.total_requests AS "total?", u.successful_requests AS "successful?",
                u.response_time_sum AS "time_sum?", u.response_time_count AS "time_count?",
                u.response_time_buckets AS "buckets?", u.response_time_counts AS "counts?"
            FROM alquimista_platform.tenants AS t
            LEFT JOIN LATERAL (
                SELECT g.id, g.name, g.name_key, g.segment, ta.status, ta.activated_at
                FROM alquimista_platform.tenant_agents AS ta
                JOIN alquimista_platform.agents AS g ON g.id = ta.agent_id
                WHERE ta.tenant_id = t.id AND CASE $4 WHEN 'active' THEN ta.status = 'active'
                    WHEN 'inactive' THEN ta.status <> 'active' ELSE true END
                ORDER BY g.name_key, g.id
                LIMIT 1000
            ) AS a ON true
            LEFT JOIN alquimista_platform.tenant_usage_daily AS u
                ON u.tenant_id = $1 AND u.date BETWEEN $2 AND $3 AND u.agent_id = a.id
            WHERE t.id = $1
            ORDER BY a.name_key, a.id
            "#,
            Scoped(scope) as _,
            range.from,
            range.to,
            match status {
                AgentStatus::Active => "active",
                AgentStatus::Inactive => "inactive",
                AgentStatus::All => "all",
            },
        )
        .fetch_all(connection)
    });

    let Some(any) = rows.first() else { return Ok(None) };
    let as_of = any.as_of;
    let no_requests = vec![0; range.days().count()];
    let mut agents: Vec<TenantAgent> = Vec::new();
    for row in rows {
        let (Some(id), Some(name), Some(status)) = (row.id, row.name, row.status) else { continue };
        // A row a day of use, one agent's after the other's.
        if agents.last().is_none_or(|last| last.id != id) {
            let (segment, activated_at) = (row.segment, row.activated_at);
            let (usage, daily_requests) = (Usage::default(), no_requests.clone());
            agents.push(TenantAgent { id, name, segment, status, activated_at, usage, daily_requests });
        }
        if let Some(agent) = agents.last_mut() {
            let requests = i64::from(row.total.unwrap_or(0));
            let day = row.date.and_then(|date| range.position(date));
            if let Some(on_day) = day.and_then(|day| agent.daily_requests.get_mut(day)) {
                *on_day += requests;
            }
            agent.usage.total += requests;
            agent.usage.successful += i64::from(row.successful.unwrap_or(0));
            agent.usage.time_sum += row.time_sum.unwrap_or(0);
            agent.usage.time_count += i64::from(row.time_count.unwrap_or(0));
            agent.usage.add_histogram(&row.buckets.unwrap_or_default(), &row.counts.unwrap_or_default());
        }
    }
    Ok(Some(TenantAgents { agents, as_of }))
}

/// An agent of a tenant, as the internal team manages it.
#[derive(Debug)]
pub struct ManagedAgent {
    /// The agent's id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its segment.
    pub segment: Option<String>,
    /// `active`, `inactive` or `suspended`.
    pub status: String,
    /// The tenant's settings for it. May hold secrets.
    pub config: Option<serde_json::Value>,
    /// When the tenant took it.
    pub activated_at: Option<DateTime<Utc>>,
    /// Since when it is at rest.
    pub deactivated_at: Option<DateTime<Utc>>,
    /// When it was last restarted.
    pub restarted_at: Option<DateTime<Utc>>,
    /// Its use in the days asked for.
    pub usage: Usage,
    /// When the tenant last asked it, as far as that is rolled up.
    pub last_request_at: Option<DateTime<Utc>>,
}

/// A tenant's agents by name, at most 1,000, and up to when their use is counted.
#[derive(Debug)]
pub struct ManagedAgents {
    /// The agents.
    pub agents: Vec<ManagedAgent>,
    /// Every request that had arrived by then is counted.
    pub as_of: Option<DateTime<Utc>>,
}

/// The tenant's agents of any status with their use in these days; `None` if there is no such tenant.
pub async fn managed(
    database: &Database,
    scope: &InternalScope,
    tenant: &TenantScope,
    range: DateRange,
) -> Result<Option<ManagedAgents>, DataError> {
    let rows = read!(database, scope, |connection| {
        sqlx::query!(
                r#"
                SELECT
                    (SELECT d.as_of FROM alquimista_platform.aggregated_days AS d ORDER BY d.date DESC LIMIT 1) AS as_of,
                    a.id AS "id?", a.name AS "name?", a.segment, a.status AS "status?", a.config, a.activated_at,
                    a.deactivated_at, a.restarted_at, l.last_request_at AS "last_request_at?",
                    u.total AS "total?", u.successful AS "successful?", u.time_sum AS "time_sum?",
                    u.time_count AS "time_count?", h.buckets AS "buckets?", h.counts AS "counts?"
                FROM alquimista_platform.tenants AS t
                LEFT JOIN LATERAL (
                    SELECT g.id, g.name, g.name_key, g.segment, ta.status, ta.config, ta.activated_at, ta.deactivated_at,
                        ta.restarted_at
                    FROM alquimista_platform.tenant_agents AS ta
                    JOIN alquimista_platform.agents AS g ON g.id = ta.agent_id
                    WHERE ta.tenant_id = t.id
                    ORDER BY g.name_key, g.id
                    LIMIT 1000
                ) AS a ON true
                LEFT JOIN LATERAL (
                    SELECT d.last_request_at FROM alquimista_platform.tenant_usage_daily AS d
                    WHERE d.tenant_id = t.id AND d.agent_id = a.id ORDER BY d.date DESC LIMIT 1
                ) AS l ON true
                LEFT JOIN (
                    SELECT d.agent_id, sum(d.total_requests) AS total, sum(d.successful_requests) AS successful,
                        sum(d.response_time_sum)::bigint AS time_sum, sum(d.response_time_count) AS time_count
                    FROM alquimista_platform.tenant_usage_daily AS d
                    WHERE d.tenant_id = $1 AND d.date BETWEEN $2 AND $3
                    GROUP BY d.agent_id
                ) AS u ON u.agent_id = a.id
                LEFT JOIN (
                    SELECT b.agent_id, array_agg(b.bucket) AS buckets, array_agg(b.count) AS counts
                    FROM (
                        SELECT d.agent_id, pair.bucket, sum(pair.count) AS count
                        FROM alquimista_platform.tenant_usage_daily AS d,
                            unnest(d.response_time_buckets, d.response_time_counts) AS pair (bucket, count)
                        WHERE d.tenant_id = $1 AND d.date BETWEEN $2 AND $3
                        GROUP BY d.agent_id, pair.bucket
                    ) AS b
                    GROUP BY b.agent_id
                ) AS h ON h.agent_id = a.id
                WHERE t.id = $1
                ORDER BY a.name_key, a.id
                "#,
                tenant.tenant_id(),
                range.from,
                range.to,
            ).fetch_all(connection)
    });
    let Some(any) = rows.first() else { return Ok(None) };
    let as_of = any.as_of;
    let agents = rows.into_iter().filter_map(|row| {
        let mut usage = Usage {
            total: row.total.unwrap_or(0),
            successful: row.successful.unwrap_or(0),
            time_sum: row.time_sum.unwrap_or(0),
            time_count: row.time_count.unwrap_or(0),
            ..Usage::default()
        };
        usage.add_histogram(&row.buckets.unwrap_or_default(), &row.counts.unwrap_or_default());
        Some(ManagedAgent {
            id: row.id?,
            name: row.name?,
            segment: row.segment,
            status: row.status?,
            config: row.config,
            activated_at: row.activated_at,
            deactivated_at: row.deactivated_at,
            restarted_at: row.restarted_at,
            usage,
            last_request_at: row.last_request_at,
        })
    });
    Ok(Some(ManagedAgents { agents: agents.collect(), as_of }))
}
