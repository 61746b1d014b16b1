//! One company with all that belongs to it, for the internal team.

use auth_context::{InternalScope, TenantScope};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

use super::Tenant;
use crate::database::read;
use crate::usage::Usage;
use crate::{DataError, Database, DateRange, Money};

/// A company and, at most a hundred of each, what belongs to it.
#[derive(Clone, Debug)]
pub struct TenantDetail {
    /// The company.
    pub tenant: Tenant,
    /// Its own limit of agents, or else its plan's. The next two likewise.
    pub max_agents: i32,
    /// Limit of users.
    pub max_users: i32,
    /// Limit of requests in a UTC month.
    pub max_requests_per_month: i32,
    /// Its users by e-mail.
    pub users: Vec<DetailUser>,
    /// Its agents by name.
    pub agents: Vec<DetailAgent>,
    /// Its integrations by name.
    pub integrations: Vec<DetailIntegration>,
    /// Its last ten incidents, newest first.
    pub incidents: Vec<DetailIncident>,
    /// Its requests in the shorter range.
    pub last_week: Usage,
    /// Its requests in the longer range.
    pub last_month: Usage,
    /// Every request that had arrived by then is counted.
    pub as_of: Option<DateTime<Utc>>,
}

/// A person of a company.
#[derive(Clone, Debug, Deserialize)]
pub struct DetailUser {
    /// Its id.
    pub id: Uuid,
    /// Its e-mail address.
    pub email: String,
    /// Its name.
    pub full_name: Option<String>,
    /// `ADMIN` or `USER`; for display, rights come from groups.
    pub role: String,
    /// When it last signed in.
    pub last_login_at: Option<DateTime<Utc>>,
    /// Since when it may not.
    pub disabled_at: Option<DateTime<Utc>>,
}

/// An agent of a company.
#[derive(Clone, Debug, Deserialize)]
pub struct DetailAgent {
    /// The agent's id in the catalogue.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// `active`, `inactive` or `suspended`.
    pub status: String,
    /// When the company took it.
    pub activated_at: Option<DateTime<Utc>>,
    /// Its requests in the longer range.
    pub total: i64,
    /// Those that succeeded.
    pub successful: i64,
}

/// An integration of a company.
#[derive(Clone, Debug, Deserialize)]
pub struct DetailIntegration {
    /// Its id.
    pub id: Uuid,
    /// Its type.
    pub integration_type: String,
    /// Its name.
    pub name: String,
    /// `active`, `inactive` or `error`.
    pub status: String,
    /// When it last exchanged data.
    pub last_sync_at: Option<DateTime<Utc>>,
    /// Why it last failed.
    pub last_error: Option<String>,
}

/// An incident of a company.
#[derive(Clone, Debug, Deserialize)]
pub struct DetailIncident {
    /// Its id.
    pub id: Uuid,
    /// `info`, `warning`, `error` or `critical`.
    pub severity: String,
    /// What happened, in a line.
    pub title: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Since when it is over.
    pub resolved_at: Option<DateTime<Utc>>,
}

/// The company, with its use in these two ranges, of which `month` contains `week`. `None` if there is no such company.
pub async fn detail(
    database: &Database,
    scope: &InternalScope,
    tenant: &TenantScope,
    week: DateRange,
    month: DateRange,
) -> Result<Option<TenantDetail>, DataError> {
    let row = read!(database, scope, |connection| {
        sqlx::query!(
                r#"
                WITH usage AS MATERIALIZED (
                    SELECT d.agent_id,
                        sum(d.total_requests) AS total, sum(d.successful_requests) AS successful,
                        coalesce(sum(d.total_requests) FILTER (WHERE d.date >= $2), 0) AS week_total,
                        coalesce(sum(d.successful_requests) FILTER (WHERE d.date >= $2), 0) AS week_successful
                    FROM alquimista_platform.tenant_usage_daily AS d
                    WHERE d.tenant_id = $1 AND d.date BETWEEN $3 AND $4
                    GROUP BY d.agent_id
                )
                SELECT
                    t.id, t.name, t.cnpj, t.segment, t.plan, t.status, t.mrr_estimate AS "mrr_estimate: Money",
                    t.created_at, t.updated_at,
                    coalesce(t.max_agents, p.max_agents) AS "max_agents!",
                    coalesce(t.max_users, p.max_users) AS "max_users!",
                    coalesce(t.max_requests_per_month, p.max_requests_per_month) AS "max_requests_per_month!",
                    u.total AS "total!", u.successful AS "successful!",
                    u.week_total AS "week_total!", u.week_successful AS "week_successful!",
                    (SELECT d.as_of FROM alquimista_platform.aggregated_days AS d ORDER BY d.date DESC LIMIT 1) AS as_of,
                    (SELECT coalesce(json_agg(x), '[]') FROM (
                        SELECT id, email, full_name, role, last_login_at, disabled_at
                        FROM alquimista_platform.tenant_users WHERE tenant_id = $1
                        ORDER BY email, id LIMIT 100
                    ) AS x) AS "users!: Json<Vec<DetailUser>>",
                    (SELECT coalesce(json_agg(x), '[]') FROM (
                        SELECT g.id, g.name, a.status, a.activated_at,
                            coalesce(usage.total, 0) AS total, coalesce(usage.successful, 0) AS successful
                        FROM alquimista_platform.tenant_agents AS a
                        JOIN alquimista_platform.agents AS g ON g.id = a.agent_id
                        LEFT JOIN usage ON usage.agent_id = a.agent_id
                        WHERE a.tenant_id = $1
                        ORDER BY g.name_key, g.id LIMIT 100
                    ) AS x) AS "agents!: Json<Vec<DetailAgent>>",
                    (SELECT coalesce(json_agg(x), '[]') FROM (
                        SELECT id, integration_type, integration_name AS name, status, last_sync_at, last_error
                        FROM alquimista_platform.tenant_integrations WHERE tenant_id = $1
                        ORDER BY alquimista_platform.fold_name(integration_name) COLLATE "C", id LIMIT 100
                    ) AS x) AS "integrations!: Json<Vec<DetailIntegration>>",
                    (SELECT coalesce(json_agg(x), '[]') FROM (
                        SELECT id, severity, title, created_at, resolved_at
                        FROM alquimista_platform.operational_events
                        WHERE event_type = 'incident' AND tenant_id = $1
                        ORDER BY created_at DESC, id DESC LIMIT 10
                    ) AS x) AS "incidents!: Json<Vec<DetailIncident>>"
                FROM alquimista_platform.tenants AS t
                JOIN alquimista_platform.plans AS p ON p.name = t.plan
                CROSS JOIN (
                    SELECT coalesce(sum(total), 0)::bigint AS total, coalesce(sum(successful), 0)::bigint AS successful,
                        coalesce(sum(week_total), 0)::bigint AS week_total,
                        coalesce(sum(week_successful), 0)::bigint AS week_successful
                    FROM usage
                ) AS u
                WHERE t.id = $1
                "#,
                tenant.tenant_id(),
                week.from,
                month.from,
                month.to,
            ).fetch_optional(connection)
    });
    Ok(row.map(|row| TenantDetail {
        tenant: Tenant {
            id: row.id,
            name: row.name,
            cnpj: row.cnpj,
            segment: row.segment,
            plan: row.plan,
            status: row.status,
            mrr_estimate: row.mrr_estimate,
            created_at: row.created_at,
            updated_at: row.updated_at,
        },
        max_agents: row.max_agents,
        max_users: row.max_users,
        max_requests_per_month: row.max_requests_per_month,
        users: row.users.0,
        agents: row.agents.0,
        integrations: row.integrations.0,
        incidents: row.incidents.0,
        last_week: Usage { total: row.week_total, successful: row.week_successful, ..Usage::default() },
        last_month: Usage { total: row.total, successful: row.successful, ..Usage::default() },
        as_of: row.as_of,
    }))
}
