//! The design's own tables.

use anyhow::Context;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};

/// Makes and fills them, as a login that owns the database.
pub(crate) async fn fill(options: PgConnectOptions) -> anyhow::Result<()> {
    let mut connection = options.connect().await.context("the database can't be reached")?;
    connection.execute("SET work_mem = '256MB'; SET maintenance_work_mem = '1GB'; SET jit = off").await?;
    // One transaction: tables that are new in it need no write-ahead log at the lowest level of it.
    connection.execute(include_str!("../sql/naive/schema.sql")).await?;
    for table in [
        "plans",
        "tenants",
        "agents",
        "tenant_users",
        "tenant_agents",
        "tenant_integrations",
        "tenant_usage_daily",
        "operational_events",
    ] {
        connection.execute(sqlx::AssertSqlSafe(format!("VACUUM (ANALYZE) naive.{table}"))).await?;
    }
    Ok(connection.close().await?)
}
