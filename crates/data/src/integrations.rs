//! Integrations that a tenant has.

use auth_context::TenantScope;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{DataError, Database, TenantTx};

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
    let mut tx = TenantTx::begin(database, scope).await?;
    let rows = sqlx::query!(
        r#"
        SELECT i.id AS "id?", i.integration_type AS "integration_type?", i.integration_name AS "name?",
            i.status AS "status?", i.last_sync_at, i.last_error
        FROM alquimista_platform.tenants AS t
        LEFT JOIN alquimista_platform.tenant_integrations AS i ON i.tenant_id = t.id
        WHERE t.id = $1
        ORDER BY alquimista_platform.fold_name(i.integration_name) COLLATE "C", i.id
        LIMIT 1000
        "#,
        scope.tenant_id(),
    )
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;

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
