//! What is left of a person when the person asks to be forgotten (docs/LGPD.md).

use sqlx::{Executor, PgConnection};
use uuid::Uuid;

/// Deletes who this user is: name, e-mail address, role and sign-ins. Whose user it was; `None`: nobody's that is known.
///
/// What the person did stays in the audit log under `sub`, which then tells nobody who that was. The connection is the
/// owner's, as of [`crate::schema::migrate`]: no function that serves requests may delete a user.
pub async fn erase_user(connection: &mut PgConnection, sub: Uuid) -> Result<Option<Uuid>, sqlx::Error> {
    connection.execute(sqlx::raw_sql("SET ROLE app_owner")).await?;
    sqlx::query_scalar!(
        "DELETE FROM alquimista_platform.tenant_users WHERE cognito_sub = $1 RETURNING tenant_id",
        sub.to_string()
    )
    .fetch_optional(connection)
    .await
}
