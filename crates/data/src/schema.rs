//! The schema: roles, migrations, partitions.

use secrecy::ExposeSecret;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection, Executor, PgConnection};

use crate::Login;

/// The migrations, in order, as they were when this was compiled.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// Days for which raw partitions are made ahead. The aggregation makes more every quarter of an hour; this many give a
/// month to notice that it doesn't.
pub(crate) const PARTITION_DAYS_AHEAD: i32 = 35;
/// Days before today for which partitions are made: rows may be late.
pub(crate) const PARTITION_DAYS_BACK: i32 = 3;

/// What a run of [`migrate`] did.
#[derive(Debug, serde::Serialize)]
pub struct Report {
    /// Versions applied by this run, in order.
    pub applied: Vec<i64>,
    /// The schema's version now.
    pub version: i64,
    /// Raw partitions made.
    pub partitions_made: i32,
}

/// Why the schema could not be brought up to date. Migrations are transactions: what failed left nothing behind.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The database refused a statement.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A migration failed, or one that was applied has changed since.
    #[error(transparent)]
    Migration(#[from] MigrateError),
}

/// Brings the database up to date: roles with these passwords, schema, migrations, partitions. Changes nothing that is
/// as it should be. The connection's login must own the database and may create roles; it ends up as it was.
pub async fn migrate(connection: &mut PgConnection, logins: &[Login]) -> Result<Report, SchemaError> {
    connection.execute(sqlx::raw_sql(include_str!("schema/bootstrap.sql"))).await?;
    for login in logins {
        set_password(connection, login).await?;
    }

    // From here on as the owner, so that everything belongs to it.
    connection
        .execute(sqlx::raw_sql("SET ROLE app_owner; SET search_path = alquimista_platform, public"))
        .await?;
    let before = applied_versions(connection).await?;
    MIGRATIONS.run(&mut *connection).await?;
    let after = applied_versions(connection).await?;
    let partitions_made: i32 = sqlx::query_scalar(
        "SELECT alquimista_platform.ensure_request_partitions(alquimista_platform.utc_today() - $1, $1 + $2)",
    )
    .bind(PARTITION_DAYS_BACK)
    .bind(PARTITION_DAYS_AHEAD)
    .fetch_one(&mut *connection)
    .await?;
    connection.execute(sqlx::raw_sql("RESET search_path; RESET ROLE")).await?;

    Ok(Report {
        version: after.last().copied().unwrap_or_default(),
        applied: after.into_iter().filter(|version| !before.contains(version)).collect(),
        partitions_made,
    })
}

/// Lets a role log in with this password. Travels as a parameter, so that no statement log shows it.
async fn set_password(connection: &mut PgConnection, login: &Login) -> Result<(), sqlx::Error> {
    let mut tx = connection.begin().await?;
    sqlx::query("SELECT set_config('app.login', $1, true), set_config('app.password', $2, true)")
        .bind(&login.username)
        .bind(login.password.expose_secret())
        .execute(&mut *tx)
        .await?;
    tx.execute(sqlx::raw_sql(
        "DO $$ BEGIN
            EXECUTE format(
                'ALTER ROLE %I LOGIN PASSWORD %L', current_setting('app.login'), current_setting('app.password')
            );
        END $$",
    ))
    .await?;
    tx.commit().await
}

async fn applied_versions(connection: &mut PgConnection) -> Result<Vec<i64>, sqlx::Error> {
    let exists: bool =
        sqlx::query_scalar("SELECT to_regclass('alquimista_platform._sqlx_migrations') IS NOT NULL")
            .fetch_one(&mut *connection)
            .await?;
    if !exists {
        return Ok(Vec::new());
    }
    sqlx::query_scalar(
        "SELECT version FROM alquimista_platform._sqlx_migrations WHERE success ORDER BY version",
    )
    .fetch_all(connection)
    .await
}
