//! Incidents: what went wrong, for one tenant or for the whole platform.

use auth_context::{InternalScope, TenantScope};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::database::{Scoped, read};
use crate::list::{NewestFirst, Slice, Window};
use crate::{DataError, Database};

/// An incident that a tenant may see.
#[derive(Debug)]
pub struct Incident {
    /// Its id.
    pub id: Uuid,
    /// `info`, `warning`, `error` or `critical`.
    pub severity: String,
    /// What happened, in a line.
    pub title: String,
    /// What happened.
    pub description: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Since when it is over.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Whether it is the whole platform's rather than the tenant's.
    pub platform_wide: bool,
}

/// Where a page of incidents begins: behind this one, newest first.
pub type Position = NewestFirst;

/// The tenant's incidents and the platform's, newest first. `None` if there is no such tenant.
pub async fn of_tenant(
    database: &Database,
    scope: &TenantScope,
    window: &Window<Position>,
) -> Result<Option<Slice<Incident>>, DataError> {
    // Two ranges of one index, each read no further than the page needs.
    let rows = read!(database, scope, |connection| {
        sqlx::query!(
            r#"
            SELECT
                (SELECT count(*) FROM alquimista_platform.operational_events AS e
                    WHERE e.event_type = 'incident' AND e.tenant_id = $1)
                + (SELECT count(*) FROM alquimista_platform.operational_events AS e
                    WHERE e.event_type = 'incident' AND e.tenant_id IS NULL) AS "total!",
                p.id AS "id?", p.severity AS "severity?", p.title AS "title?", p.description, p.created_at AS "created_at?",
                p.resolved_at, p.tenant_id
            FROM alquimista_platform.tenants AS t
            LEFT JOIN LATERAL (
                SELECT * FROM (
                    (SELECT e.id, e.severity, e.title, e.description, e.created_at, e.resolved_at, e.tenant_id
                    FROM alquimista_platform.operational_events AS e
                    WHERE e.event_type = 'incident' AND e.tenant_id = $1
                        AND (e.created_at, e.id) < (coalesce($2, 'infinity'::timestamptz), coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
                    ORDER BY e.created_at DESC, e.id DESC LIMIT $4::bigint + $5::bigint)
                    UNION ALL
                    (SELECT e.id, e.severity, e.title, e.description, e.created_at, e.resolved_at, e.tenant_id
                    FROM alquimista_platform.operational_events AS e
                    WHERE e.event_type = 'incident' AND e.tenant_id IS NULL
                        AND (e.created_at, e.id) < (coalesce($2, 'infinity'::timestamptz), coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
                    ORDER BY e.created_at DESC, e.id DESC LIMIT $4::bigint + $5::bigint)
                ) AS visible
                ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5
            ) AS p ON true
            WHERE t.id = $1
            ORDER BY p.created_at DESC, p.id DESC
            "#,
            Scoped(scope) as _,
            window.after.map(|after| after.0),
            window.after.map(|after| after.1),
            window.limit,
            window.offset,
        )
        .fetch_all(connection)
    });

    let Some(any) = rows.first() else { return Ok(None) };
    let total = any.total;
    let incidents = rows.into_iter().filter_map(|row| {
        Some(Incident {
            id: row.id?,
            severity: row.severity?,
            title: row.title?,
            description: row.description,
            created_at: row.created_at?,
            resolved_at: row.resolved_at,
            platform_wide: row.tenant_id.is_none(),
        })
    });
    Ok(Some(Slice { rows: incidents.collect(), total }))
}

/// How bad an incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(default = "all")]
pub enum SeverityFilter {
    /// Good to know.
    Info,
    /// Something may fail.
    Warning,
    /// Something failed.
    Error,
    /// Nothing works.
    Critical,
    /// Whatever it is.
    All,
}

impl SeverityFilter {
    /// Every choice with its name in the API, which for all but the last is the database's.
    pub const CHOICES: &[(&str, Self)] = &[
        ("info", Self::Info),
        ("warning", Self::Warning),
        ("error", Self::Error),
        ("critical", Self::Critical),
        ("all", Self::All),
    ];
}

/// Whether an incident is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(default = "all")]
pub enum StateFilter {
    /// It lasts.
    Open,
    /// It is over.
    Resolved,
    /// Either.
    All,
}

impl StateFilter {
    /// Every choice with its name in the API.
    pub const CHOICES: &[(&str, Self)] =
        &[("open", Self::Open), ("resolved", Self::Resolved), ("all", Self::All)];
}

/// Which incidents.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct IncidentFilter {
    /// Those as bad as that.
    pub severity: SeverityFilter,
    /// Those that last, or don't.
    pub state: StateFilter,
    /// Those of this tenant, without the platform's.
    pub tenant_id: Option<Uuid>,
}

/// An incident of anybody.
#[derive(Debug)]
pub struct PlatformIncident {
    /// What happened.
    pub incident: Incident,
    /// Whose it is; `None`: the whole platform's.
    pub tenant_id: Option<Uuid>,
    /// That tenant's name, unless it was deleted.
    pub tenant_name: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    total: i64,
    // From here on NULL where the page is empty.
    id: Option<Uuid>,
    severity: Option<String>,
    title: Option<String>,
    description: Option<String>,
    created_at: Option<DateTime<Utc>>,
    resolved_at: Option<DateTime<Utc>>,
    tenant_id: Option<Uuid>,
    tenant_name: Option<String>,
}

/// A page of everybody's incidents, newest first.
pub async fn of_all(
    database: &Database,
    scope: &InternalScope,
    filter: &IncidentFilter,
    window: &Window<Position>,
) -> Result<Slice<PlatformIncident>, DataError> {
    let rows: Vec<Row> =
        read!(database, scope, |connection| statement(filter, window).build_query_as().fetch_all(connection));
    let total = rows.first().map_or(0, |row| row.total);
    let incidents = rows.into_iter().filter_map(|row| {
        let incident = Incident {
            id: row.id?,
            severity: row.severity?,
            title: row.title?,
            description: row.description,
            created_at: row.created_at?,
            resolved_at: row.resolved_at,
            platform_wide: row.tenant_id.is_none(),
        };
        Some(PlatformIncident { incident, tenant_id: row.tenant_id, tenant_name: row.tenant_name })
    });
    Ok(Slice { rows: incidents.collect(), total })
}

fn statement(filter: &IncidentFilter, window: &Window<Position>) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(
        "SELECT head.total, page.*, t.name AS tenant_name
        FROM (SELECT count(*) AS total FROM alquimista_platform.operational_events AS e WHERE ",
    );
    push_filter(&mut sql, filter);
    sql.push(
        ") AS head LEFT JOIN LATERAL (
            SELECT e.id, e.severity, e.title, e.description, e.created_at, e.resolved_at, e.tenant_id
            FROM alquimista_platform.operational_events AS e WHERE ",
    );
    push_filter(&mut sql, filter);
    if let Some(NewestFirst(created_at, id)) = window.after {
        sql.push(" AND (e.created_at, e.id) < (").push_bind(created_at).push(", ").push_bind(id).push(")");
    }
    sql.push(" ORDER BY e.created_at DESC, e.id DESC LIMIT ").push_bind(window.limit);
    sql.push(" OFFSET ").push_bind(window.offset);
    sql.push(
        ") AS page ON true LEFT JOIN alquimista_platform.tenants AS t ON t.id = page.tenant_id
        ORDER BY page.created_at DESC, page.id DESC",
    );
    sql
}

fn push_filter(sql: &mut QueryBuilder<Postgres>, filter: &IncidentFilter) {
    // Word for word the condition of the indexes.
    sql.push("e.event_type = 'incident'");
    if let Some(tenant_id) = filter.tenant_id {
        sql.push(" AND e.tenant_id = ").push_bind(tenant_id);
    }
    match filter.state {
        StateFilter::All => {}
        StateFilter::Open => {
            sql.push(" AND e.resolved_at IS NULL");
        }
        StateFilter::Resolved => {
            sql.push(" AND e.resolved_at IS NOT NULL");
        }
    }
    match filter.severity {
        SeverityFilter::All => {}
        severity => {
            let name = SeverityFilter::CHOICES.iter().find(|(_, choice)| *choice == severity);
            sql.push(" AND e.severity = ").push_bind(name.map(|(name, _)| *name));
        }
    }
}
