//! The audit log: who did, read and was refused what.

use auth_context::InternalScope;
use chrono::{DateTime, Timelike, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::database::{WriteTx, read};
use crate::list::{NewestFirst, Slice, Window};
use crate::{DataError, Database};

/// What the ids of audit rows are derived in, so that a fact told twice is one row.
pub(crate) const NAMESPACE: Uuid = Uuid::from_u128(0x6f0b_1d3c_52a7_4c1e_9d0a_7e1b_3c5d_9f42);

/// Who acts, and in which request.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    /// The user's id in Cognito.
    pub sub: &'a str,
    /// The request's id.
    pub request_id: &'a str,
}

/// A request that read a tenant's data, or was refused.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// Whose request.
    pub sub: &'a str,
    /// Its method.
    pub method: &'a str,
    /// Its route's template.
    pub route: &'a str,
    /// The tenant that it named.
    pub tenant_id: Option<Uuid>,
    /// The code it was refused with; `None`: it was let in.
    pub refusal: Option<&'a str>,
}

impl Access<'_> {
    /// The id of its row in the hour of this instant: one for each user and tenant read, and for each user and route
    /// refused (contract, section 5).
    #[must_use]
    pub fn event_id(&self, now: DateTime<Utc>) -> Uuid {
        let hour = format!("{}T{:02}", now.date_naive(), now.hour());
        let fact = match self.refusal {
            None => json!(["tenant_data_read", self.sub, self.tenant_id, hour]),
            Some(_) => json!(["access_denied", self.sub, self.method, self.route, hour]),
        };
        Uuid::new_v5(&NAMESPACE, fact.to_string().as_bytes())
    }
}

/// Records an access, once an hour, and says whether it is on record now: of a tenant that doesn't exist nothing was read.
pub async fn record_access(
    database: &Database,
    access: &Access<'_>,
    now: DateTime<Utc>,
) -> Result<bool, DataError> {
    let (kind, title) = match access.refusal {
        None => ("tenant_data_read", "Dados do tenant consultados"),
        Some(_) => ("access_denied", "Acesso negado"),
    };
    let mut metadata = json!({"method": access.method, "route": access.route});
    if let Some(code) = access.refusal {
        metadata["code"] = code.into();
    }
    let mut tx = WriteTx::begin(database).await?;
    let recorded = sqlx::query_scalar!(
        r#"SELECT alquimista_platform.record_access($2, $3, $4, $5, $6) AS "recorded!"
        FROM set_config('app.actor_sub', $1, true)"#,
        access.sub,
        access.event_id(now),
        kind,
        access.tenant_id,
        title,
        metadata,
    )
    .fetch_one(tx.connection())
    .await?;
    tx.commit().await?;
    Ok(recorded)
}

/// Records a change in its own transaction: neither is there without the other.
pub(crate) async fn record_change(
    tx: &mut WriteTx,
    actor: &Actor<'_>,
    kind: &str,
    tenant_id: Uuid,
    title: &str,
    metadata: Value,
) -> Result<(), DataError> {
    let event_id =
        Uuid::new_v5(&NAMESPACE, json!([kind, tenant_id, actor.request_id]).to_string().as_bytes());
    sqlx::query!(
        "SELECT alquimista_platform.record_panel_audit($2, $3, $4, $5, NULL, $6)
        FROM set_config('app.actor_sub', $1, true)",
        actor.sub,
        event_id,
        kind,
        tenant_id,
        title,
        metadata,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

/// The kinds of audit rows.
pub const KINDS: &[&str] = &[
    "command_created",
    "command_started",
    "command_executed",
    "tenant_created",
    "tenant_changed",
    "tenant_data_read",
    "access_denied",
];

/// Which audit rows.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AuditFilter {
    /// Those of this user.
    pub user_sub: Option<String>,
    /// Those about this tenant.
    pub tenant_id: Option<Uuid>,
    /// Those of this kind, one of [`KINDS`].
    pub kind: Option<&'static str>,
    /// Those from this instant on.
    pub from: Option<DateTime<Utc>>,
    /// Those before this instant.
    pub to: Option<DateTime<Utc>>,
}

/// An audit row.
#[derive(Clone, Debug)]
pub struct AuditEvent {
    /// Its id.
    pub id: Uuid,
    /// Its kind, one of [`KINDS`].
    pub kind: String,
    /// `info`, `warning`, `error` or `critical`.
    pub severity: String,
    /// The tenant that it is about.
    pub tenant_id: Option<Uuid>,
    /// That tenant's name, unless it was deleted.
    pub tenant_name: Option<String>,
    /// Who did it.
    pub user_sub: Option<String>,
    /// What was done, in a line.
    pub title: String,
    /// What was done.
    pub description: Option<String>,
    /// Its details.
    pub metadata: Option<Value>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Where a page begins: behind this row, newest first.
pub type Position = NewestFirst;

#[derive(sqlx::FromRow)]
struct Row {
    total: i64,
    id: Option<Uuid>,
    event_type: Option<String>,
    severity: Option<String>,
    tenant_id: Option<Uuid>,
    tenant_name: Option<String>,
    user_sub: Option<String>,
    title: Option<String>,
    description: Option<String>,
    metadata: Option<Value>,
    created_at: Option<DateTime<Utc>>,
}

/// A page of the audit log, newest first.
pub async fn list(
    database: &Database,
    scope: &InternalScope,
    filter: &AuditFilter,
    window: &Window<Position>,
) -> Result<Slice<AuditEvent>, DataError> {
    let rows: Vec<Row> =
        read!(database, scope, |connection| statement(filter, window).build_query_as().fetch_all(connection));
    let total = rows.first().map_or(0, |row| row.total);
    let events = rows.into_iter().filter_map(|row| {
        Some(AuditEvent {
            id: row.id?,
            kind: row.event_type?,
            severity: row.severity?,
            tenant_id: row.tenant_id,
            tenant_name: row.tenant_name,
            user_sub: row.user_sub,
            title: row.title?,
            description: row.description,
            metadata: row.metadata,
            created_at: row.created_at?,
        })
    });
    Ok(Slice { rows: events.collect(), total })
}

fn statement(filter: &AuditFilter, window: &Window<Position>) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(
        "SELECT head.total, page.*, t.name AS tenant_name
        FROM (SELECT count(*) AS total FROM alquimista_platform.operational_events AS e WHERE ",
    );
    push_filter(&mut sql, filter);
    sql.push(
        ") AS head LEFT JOIN LATERAL (
            SELECT e.id, e.event_type, e.severity, e.tenant_id, e.user_sub, e.title, e.description, e.metadata, e.created_at
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

fn push_filter(sql: &mut QueryBuilder<Postgres>, filter: &AuditFilter) {
    // Word for word the condition of the indexes.
    sql.push("e.event_type NOT IN ('incident', 'maintenance')");
    if let Some(sub) = &filter.user_sub {
        sql.push(" AND e.user_sub = ").push_bind(sub.clone());
    }
    if let Some(tenant_id) = filter.tenant_id {
        sql.push(" AND e.tenant_id = ").push_bind(tenant_id);
    }
    if let Some(kind) = filter.kind {
        sql.push(" AND e.event_type = ").push_bind(kind);
    }
    if let Some(from) = filter.from {
        sql.push(" AND e.created_at >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        sql.push(" AND e.created_at < ").push_bind(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(tenant: u128, route: &'static str, refusal: Option<&'static str>) -> Access<'static> {
        Access { sub: "somebody", method: "GET", route, tenant_id: Some(Uuid::from_u128(tenant)), refusal }
    }

    fn id(access: &Access<'_>, now: &str) -> Uuid {
        access.event_id(now.parse().unwrap())
    }

    #[test]
    fn a_read_is_one_row_for_each_tenant_and_hour_whatever_the_route() {
        let first = id(&access(1, "/tenant/me", None), "2026-03-01T10:00:00Z");
        assert_eq!(first, id(&access(1, "/tenant/usage", None), "2026-03-01T10:59:59.999Z"));
        assert_ne!(first, id(&access(1, "/tenant/me", None), "2026-03-01T11:00:00Z"));
        assert_ne!(first, id(&access(1, "/tenant/me", None), "2026-03-02T10:00:00Z"));
        assert_ne!(first, id(&access(2, "/tenant/me", None), "2026-03-01T10:00:00Z"));
        let other = Access { sub: "else", ..access(1, "/tenant/me", None) };
        assert_ne!(first, id(&other, "2026-03-01T10:00:00Z"));
    }

    #[test]
    fn a_refusal_is_one_row_for_each_route_and_hour_whatever_the_tenant() {
        let first = id(&access(1, "/tenant/me", Some("tenant_denied")), "2026-03-01T10:00:00Z");
        assert_eq!(first, id(&access(2, "/tenant/me", Some("no_group")), "2026-03-01T10:30:00Z"));
        assert_ne!(first, id(&access(1, "/tenant/usage", Some("tenant_denied")), "2026-03-01T10:00:00Z"));
        assert_ne!(first, id(&access(1, "/tenant/me", None), "2026-03-01T10:00:00Z"));
    }
}
