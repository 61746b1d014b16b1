//! A company as it sees itself.

use auth_context::TenantScope;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use uuid::Uuid;

use crate::database::{Scoped, read};
use crate::{DataError, Database, Money};

/// A company, what its plan allows and what it uses of it.
#[derive(Debug)]
pub struct TenantOverview {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its CNPJ as stored: 14 characters.
    pub cnpj: String,
    /// Its market segment.
    pub segment: Option<String>,
    /// Its plan's name.
    pub plan: String,
    /// `active`, `inactive` or `suspended`.
    pub status: String,
    /// What it is expected to pay a month.
    pub mrr_estimate: Option<Money>,
    /// When it became a tenant.
    pub created_at: DateTime<Utc>,
    /// Its own limit of agents, or else its plan's. The next two likewise.
    pub max_agents: i32,
    /// Limit of users.
    pub max_users: i32,
    /// Limit of requests in a UTC month.
    pub max_requests_per_month: i32,
    /// Agents it has with status `active`.
    pub active_agents: i64,
    /// Users that are not disabled.
    pub active_users: i64,
    /// Requests in the UTC month to date, as far as they are aggregated.
    pub requests_this_month: i64,
    /// Every request that had arrived by then is counted; `None` if nothing was ever aggregated.
    pub as_of: Option<DateTime<Utc>>,
}

/// The tenant of this scope on a UTC day; `None` if there is no such tenant.
pub async fn overview(
    database: &Database,
    scope: &TenantScope,
    today: NaiveDate,
) -> Result<Option<TenantOverview>, DataError> {
    let month_begins = today.with_day(1).unwrap_or(today);
    let overview = read!(database, scope, |connection| {
        sqlx::query_as!(
            TenantOverview,
            r#"
            SELECT
                t.id, t.name, t.cnpj, t.segment, t.plan, t.status, t.mrr_estimate AS "mrr_estimate: Money", t.created_at,
                coalesce(t.max_agents, p.max_agents) AS "max_agents!",
                coalesce(t.max_users, p.max_users) AS "max_users!",
                coalesce(t.max_requests_per_month, p.max_requests_per_month) AS "max_requests_per_month!",
                (SELECT count(*) FROM alquimista_platform.tenant_agents AS a
                    WHERE a.tenant_id = t.id AND a.status = 'active') AS "active_agents!",
                (SELECT count(*) FROM alquimista_platform.tenant_users AS u
                    WHERE u.tenant_id = t.id AND u.disabled_at IS NULL) AS "active_users!",
                (SELECT coalesce(sum(d.total_requests), 0) FROM alquimista_platform.tenant_usage_daily AS d
                    WHERE d.tenant_id = t.id AND d.date BETWEEN $2 AND $3) AS "requests_this_month!",
                (SELECT d.as_of FROM alquimista_platform.aggregated_days AS d ORDER BY d.date DESC LIMIT 1) AS as_of
            FROM alquimista_platform.tenants AS t
            JOIN alquimista_platform.plans AS p ON p.name = t.plan
            WHERE t.id = $1
            "#,
            Scoped(scope) as _,
            month_begins,
            today,
        )
        .fetch_optional(connection)
    });
    Ok(overview)
}
