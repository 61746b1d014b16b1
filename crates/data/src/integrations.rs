//! Integrations that a tenant has.

use auth_context::{InternalScope, TenantScope};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::database::{Scoped, read};
use crate::list::{Search, Slice, Window, text};
use crate::{DataError, Database};

/// An integration of a tenant. What it signs in with is no part of it.
#[derive(Debug)]
pub struct TenantIntegration {
    /// Its id.
    pub id: Uuid,
    /// `email`, `whatsapp`, `crm`, `calendar` …
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

/// The tenant's integrations by name, at most 1,000; `None` if there is no such tenant.
pub async fn of_tenant(
    database: &Database,
    scope: &TenantScope,
) -> Result<Option<Vec<TenantIntegration>>, DataError> {
    let rows = read!(database, scope, |connection| {
        sqlx::query!(
            r#"
            SELECT i.id AS "id?", i.integration_type AS "integration_type?", i.integration_name AS "name?",
                i.status AS "status?", i.last_sync_at, i.last_error
            FROM alquimista_platform.tenants AS t
            LEFT JOIN alquimista_platform.tenant_integrations AS i ON i.tenant_id = t.id
            WHERE t.id = $1
            ORDER BY alquimista_platform.fold_name(i.integration_name) COLLATE "C", i.id
            LIMIT 1000
            "#,
            Scoped(scope) as _,
        )
        .fetch_all(connection)
    });

    if rows.is_empty() {
        return Ok(None);
    }
    let integrations = rows.into_iter().filter_map(|row| {
        Some(TenantIntegration {
            id: row.id?,
            integration_type: row.integration_type?,
            name: row.name?,
            status: row.status?,
            last_sync_at: row.last_sync_at,
            last_error: row.last_error,
        })
    });
    Ok(Some(integrations.collect()))
}

/// Whether integrations work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(default = "all")]
pub enum StatusFilter {
    /// They do.
    Active,
    /// They are switched off.
    Inactive,
    /// They fail.
    Error,
    /// Whatever it is.
    All,
}

impl StatusFilter {
    /// Every choice with its name in the API, which for all but the last is the database's.
    pub const CHOICES: &[(&str, Self)] =
        &[("active", Self::Active), ("inactive", Self::Inactive), ("error", Self::Error), ("all", Self::All)];
}

/// Which integrations.
#[derive(Clone, Debug)]
pub struct IntegrationFilter {
    /// Those of this type.
    pub integration_type: Option<String>,
    /// Those in this state.
    pub status: StatusFilter,
    /// Those of this tenant.
    pub tenant_id: Option<Uuid>,
    /// Those whose name contains this, or whose tenant's name does.
    pub search: Option<Search>,
}

/// An integration of anybody.
#[derive(Debug)]
pub struct PlatformIntegration {
    /// The integration.
    pub integration: TenantIntegration,
    /// Whose it is.
    pub tenant_id: Uuid,
    /// That tenant's name.
    pub tenant_name: String,
}

/// Where a page begins: behind the integration of this name and id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Position(#[serde(deserialize_with = "text")] String, Uuid);

impl PlatformIntegration {
    /// The position behind it.
    #[must_use]
    pub fn position(&self) -> Position {
        Position(self.integration.name.clone(), self.integration.id)
    }
}

/// Integrations of one type in one state.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Count {
    /// Their type.
    pub integration_type: String,
    /// `active`, `inactive` or `error`.
    pub status: String,
    /// How many.
    pub count: i64,
}

/// Some integrations, and all that the filter means in numbers.
#[derive(Debug)]
pub struct PlatformIntegrations {
    /// The page.
    pub slice: Slice<PlatformIntegration>,
    /// By type and state.
    pub summary: Vec<Count>,
}

#[derive(sqlx::FromRow)]
struct Row {
    summary: Json<Vec<Count>>,
    // From here on NULL where the page is empty.
    id: Option<Uuid>,
    tenant_id: Option<Uuid>,
    tenant_name: Option<String>,
    integration_type: Option<String>,
    name: Option<String>,
    status: Option<String>,
    last_sync_at: Option<DateTime<Utc>>,
    last_error: Option<String>,
}

/// A page of everybody's integrations, by name.
pub async fn of_all(
    database: &Database,
    scope: &InternalScope,
    filter: &IntegrationFilter,
    window: &Window<Position>,
) -> Result<PlatformIntegrations, DataError> {
    let rows: Vec<Row> =
        read!(database, scope, |connection| statement(filter, window).build_query_as().fetch_all(connection));
    let summary = rows.first().map(|row| row.summary.0.clone()).unwrap_or_default();
    let integrations = rows.into_iter().filter_map(|row| {
        Some(PlatformIntegration {
            integration: TenantIntegration {
                id: row.id?,
                integration_type: row.integration_type?,
                name: row.name?,
                status: row.status?,
                last_sync_at: row.last_sync_at,
                last_error: row.last_error,
            },
            tenant_id: row.tenant_id?,
            tenant_name: row.tenant_name?,
        })
    });
    let total = summary.iter().map(|count| count.count).sum();
    Ok(PlatformIntegrations { slice: Slice { rows: integrations.collect(), total }, summary })
}

/// How integrations are sorted: word for word the expression of the index.
const NAME_KEY: &str = "(alquimista_platform.fold_name(i.integration_name::text)) COLLATE \"C\"";

fn statement(filter: &IntegrationFilter, window: &Window<Position>) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(
        "SELECT head.summary, page.*
        FROM (
            SELECT coalesce(json_agg(c), '[]') AS summary FROM (
                SELECT i.integration_type, i.status, count(*) AS count FROM alquimista_platform.tenant_integrations AS i",
    );
    push_filter(&mut sql, filter);
    sql.push(" GROUP BY i.integration_type, i.status ORDER BY i.integration_type, i.status) AS c) AS head");
    sql.push(
        " LEFT JOIN LATERAL (
            SELECT i.id, i.tenant_id, o.name AS tenant_name, i.integration_type, i.integration_name AS name, ",
    );
    sql.push(NAME_KEY);
    sql.push(
        " AS name_key, i.status, i.last_sync_at, i.last_error
            FROM alquimista_platform.tenant_integrations AS i
            JOIN alquimista_platform.tenants AS o ON o.id = i.tenant_id",
    );
    push_filter(&mut sql, filter);
    if let Some(Position(name, id)) = &window.after {
        sql.push(" AND (")
            .push(NAME_KEY)
            .push(", i.id) > (alquimista_platform.fold_name(")
            .push_bind(name.clone())
            .push("), ")
            .push_bind(*id)
            .push(")");
    }
    sql.push(" ORDER BY ").push(NAME_KEY).push(", i.id LIMIT ").push_bind(window.limit);
    sql.push(" OFFSET ").push_bind(window.offset);
    sql.push(") AS page ON true ORDER BY page.name_key, page.id");
    sql
}

fn push_filter(sql: &mut QueryBuilder<Postgres>, filter: &IntegrationFilter) {
    sql.push(" WHERE true");
    if let Some(integration_type) = &filter.integration_type {
        sql.push(" AND i.integration_type = ").push_bind(integration_type.clone());
    }
    match filter.status {
        StatusFilter::All => {}
        status => {
            let name = StatusFilter::CHOICES.iter().find(|(_, choice)| *choice == status);
            sql.push(" AND i.status = ").push_bind(name.map(|(name, _)| *name));
        }
    }
    if let Some(tenant_id) = filter.tenant_id {
        sql.push(" AND i.tenant_id = ").push_bind(tenant_id);
    }
    if let Some(search) = &filter.search {
        sql.push(" AND (").push(NAME_KEY).push(" LIKE alquimista_platform.fold_name(");
        sql.push_bind(search.pattern()).push(") OR EXISTS (SELECT FROM alquimista_platform.tenants AS t");
        sql.push(" WHERE t.id = i.tenant_id AND t.name_key LIKE alquimista_platform.fold_name(");
        sql.push_bind(search.pattern()).push(")))");
    }
}
