//! New companies and changes of companies, each with its audit row in the same transaction.

use auth_context::InternalScope;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Status, Tenant};
use crate::audit::{Actor, record_change};
use crate::cnpj::{Cnpj, format_stored};
use crate::database::WriteTx;
use crate::{DataError, Database, Money};

/// A company to be.
#[derive(Clone, Debug)]
pub struct NewTenant {
    /// Its name.
    pub name: String,
    /// Its CNPJ.
    pub cnpj: Cnpj,
    /// Its market segment.
    pub segment: Option<String>,
    /// Its plan's name.
    pub plan: String,
    /// Whether it is a customer yet.
    pub status: Status,
    /// What it is expected to pay a month.
    pub mrr_estimate: Option<Money>,
}

/// What is to change of a company; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct TenantChange {
    /// Its name.
    pub name: Option<String>,
    /// Its CNPJ.
    pub cnpj: Option<Cnpj>,
    /// Its market segment, or none.
    pub segment: Option<Option<String>>,
    /// Its plan's name.
    pub plan: Option<String>,
    /// Whether it is a customer.
    pub status: Option<Status>,
    /// What it is expected to pay a month, or nothing said of it.
    pub mrr_estimate: Option<Option<Money>>,
}

/// What became of a change.
#[derive(Clone, Debug)]
pub enum Changed {
    /// The company as it is now.
    Done(Tenant),
    /// Somebody changed it since the caller looked: nothing was changed.
    Stale,
    /// There is no such company.
    Unknown,
}

/// Adds a company.
pub async fn create(
    database: &Database,
    _: &InternalScope,
    actor: &Actor<'_>,
    new: &NewTenant,
) -> Result<Tenant, DataError> {
    let mut tx = WriteTx::begin(database).await?;
    let tenant = sqlx::query_as!(
        Tenant,
        r#"
        INSERT INTO alquimista_platform.tenants (id, name, cnpj, segment, plan, status, mrr_estimate)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        RETURNING id, name, cnpj, segment, plan, status, mrr_estimate AS "mrr_estimate: Money", created_at, updated_at
        "#,
        Uuid::now_v7(),
        new.name,
        new.cnpj.as_str(),
        new.segment,
        new.plan,
        new.status.as_str(),
        new.mrr_estimate.map(|money| money.0),
    )
    .fetch_one(tx.connection())
    .await?;
    let metadata = json!({"before": null, "after": facts(&tenant)});
    record_change(&mut tx, actor, "tenant_created", tenant.id, "Tenant criado", metadata).await?;
    tx.commit().await?;
    Ok(tenant)
}

/// Changes a company if it still is as the caller saw it.
pub async fn change(
    database: &Database,
    _: &InternalScope,
    actor: &Actor<'_>,
    id: Uuid,
    change: &TenantChange,
    still_as_seen: impl FnOnce(&Tenant) -> bool,
) -> Result<Changed, DataError> {
    let mut tx = WriteTx::begin(database).await?;
    let before = sqlx::query_as!(
        Tenant,
        r#"
        SELECT id, name, cnpj, segment, plan, status, mrr_estimate AS "mrr_estimate: Money", created_at, updated_at
        FROM alquimista_platform.tenants WHERE id = $1 FOR UPDATE
        "#,
        id,
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(before) = before else {
        tx.commit().await?;
        return Ok(Changed::Unknown);
    };
    if !still_as_seen(&before) {
        tx.commit().await?;
        return Ok(Changed::Stale);
    }
    let wanted = wanted(&before, change);
    if wanted == before {
        tx.commit().await?;
        return Ok(Changed::Done(before));
    }
    let after = sqlx::query_as!(
        Tenant,
        r#"
        UPDATE alquimista_platform.tenants
        SET name = $2, cnpj = $3, segment = $4, plan = $5, status = $6, mrr_estimate = $7
        WHERE id = $1
        RETURNING id, name, cnpj, segment, plan, status, mrr_estimate AS "mrr_estimate: Money", created_at, updated_at
        "#,
        id,
        wanted.name,
        wanted.cnpj,
        wanted.segment,
        wanted.plan,
        wanted.status,
        wanted.mrr_estimate.map(|money| money.0),
    )
    .fetch_one(tx.connection())
    .await?;
    let (old, new) = differences(facts(&before), facts(&after));
    let metadata = json!({"before": old, "after": new});
    record_change(&mut tx, actor, "tenant_changed", id, "Tenant alterado", metadata).await?;
    tx.commit().await?;
    Ok(Changed::Done(after))
}

/// The row as it should become.
fn wanted(before: &Tenant, change: &TenantChange) -> Tenant {
    let before = before.clone();
    Tenant {
        name: change.name.clone().unwrap_or(before.name),
        cnpj: change.cnpj.map_or(before.cnpj, |cnpj| cnpj.as_str().to_owned()),
        segment: change.segment.clone().unwrap_or(before.segment),
        plan: change.plan.clone().unwrap_or(before.plan),
        status: change.status.map_or(before.status, |status| status.as_str().to_owned()),
        mrr_estimate: change.mrr_estimate.unwrap_or(before.mrr_estimate),
        ..before
    }
}

/// What the audit log keeps of a company.
fn facts(tenant: &Tenant) -> Map<String, Value> {
    let price = serde_json::to_value(tenant.mrr_estimate).unwrap_or_default();
    [
        ("name", json!(tenant.name)),
        ("cnpj", json!(format_stored(&tenant.cnpj))),
        ("segment", json!(tenant.segment)),
        ("plan", json!(tenant.plan)),
        ("status", json!(tenant.status)),
        ("mrr_estimate", price),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .collect()
}

/// The members that differ, before and after.
fn differences(
    before: Map<String, Value>,
    after: Map<String, Value>,
) -> (Map<String, Value>, Map<String, Value>) {
    let mut old = before;
    let mut new = after;
    let same: Vec<_> = old
        .iter()
        .filter(|(name, value)| new.get(*name) == Some(value))
        .map(|(name, _)| name.clone())
        .collect();
    for name in same {
        old.remove(&name);
        new.remove(&name);
    }
    (old, new)
}
