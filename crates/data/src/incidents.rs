//! Incidents: what went wrong, for one tenant or for the whole platform.

use auth_context::TenantScope;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{DataError, Database, TenantTx};

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
pub type Position = (DateTime<Utc>, Uuid);

/// Some incidents, and how many there are.
#[derive(Debug)]
pub struct Incidents {
    /// The page.
    pub page: Vec<Incident>,
    /// All that the tenant may see.
    pub total: i64,
}

/// The tenant's incidents and the platform's, newest first: up to `limit` behind `after`, or behind the first `offset`.
/// `None` if there is no such tenant.
pub async fn of_tenant(
    database: &Database,
    scope: &TenantScope,
    after: Option<Position>,
    offset: i64,
    limit: i64,
) -> Result<Option<Incidents>, DataError> {
    let mut tx = TenantTx::begin(database, scope).await?;
    // Two ranges of one index, each read no further than the page needs.
    let rows = sqlx::query!(
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
        scope.tenant_id(),
        after.map(|(created_at, _)| created_at),
        after.map(|(_, id)| id),
        limit,
        offset,
    )
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;

    let Some(any) = rows.first() else { return Ok(None) };
    let total = any.total;
    let page = rows.into_iter().filter_map(|row| {
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
    Ok(Some(Incidents { page: page.collect(), total }))
}
