//! What operational commands read and change, as `app_commands`, and what the internal API shows of them, as
//! `app_internal`.

use std::collections::HashMap;
use std::time::Duration;

use auth_context::InternalScope;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::audit::{AuditEvent, NAMESPACE};
use crate::database::{Loan, WriteTx, read, within};
use crate::{DataError, Database};

/// The longest texts that a row of the audit log has room for, in characters.
const MAX_CHARACTERS: usize = 255;

/// The longest that writing steps down may take, connecting included.
const WRITE_DOWN: Duration = Duration::from_secs(20);

/// A step of a command's life, as the audit log keeps it.
#[derive(Clone, Debug)]
pub struct AuditStep {
    /// Its id: [`step_id`].
    pub id: Uuid,
    /// `command_created`, `command_started` or `command_executed`.
    pub kind: &'static str,
    /// `info` or `error`.
    pub severity: &'static str,
    /// The tenant that the command is about.
    pub tenant_id: Option<Uuid>,
    /// Whose command it is: a Cognito sub.
    pub actor: String,
    /// What happened, in a line.
    pub title: String,
    /// What happened.
    pub description: Option<String>,
    /// Its details.
    pub metadata: Value,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// The id of the audit row that tells of a command's reaching this status in this attempt: told twice, it is one row.
#[must_use]
pub fn step_id(command_id: Uuid, status: &str, attempt: u32) -> Uuid {
    Uuid::new_v5(&NAMESPACE, json!(["command", command_id, status, attempt]).to_string().as_bytes())
}

/// Writes these steps down, and says of each whether it was new.
pub async fn record_steps(database: &Database, steps: &[AuditStep]) -> Result<Vec<bool>, DataError> {
    if steps.is_empty() { Ok(Vec::new()) } else { within(WRITE_DOWN, write_down(database, steps)).await }
}

async fn write_down(database: &Database, steps: &[AuditStep]) -> Result<Vec<bool>, DataError> {
    // By id, so that two who write the same steps don't wait for each other.
    let mut order: Vec<usize> = (0..steps.len()).collect();
    order.sort_by_key(|&place| (steps[place].id, place));
    let column = || order.iter().map(|&place| &steps[place]);

    let ids: Vec<Uuid> = column().map(|step| step.id).collect();
    let kinds: Vec<String> = column().map(|step| step.kind.to_owned()).collect();
    let severities: Vec<String> = column().map(|step| step.severity.to_owned()).collect();
    let tenant_ids: Vec<Option<Uuid>> = column().map(|step| step.tenant_id).collect();
    let actors: Vec<String> = column().map(|step| line(&step.actor)).collect();
    let titles: Vec<String> = column().map(|step| line(&step.title)).collect();
    let descriptions: Vec<Option<String>> =
        column().map(|step| step.description.as_deref().map(storable)).collect();
    let metadata: Vec<Value> = column().map(|step| storable_json(step.metadata.clone())).collect();
    let instants: Vec<DateTime<Utc>> = column().map(|step| step.at).collect();

    let mut tx = WriteTx::begin(database).await?;
    let new = sqlx::query_scalar!(
        r#"
        SELECT alquimista_platform.record_command_audit(
            s.id, s.kind, s.severity, s.tenant_id, s.actor, s.title, s.description, s.metadata, s.at
        ) AS "new!"
        FROM unnest(
            $1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::jsonb[],
            $9::timestamptz[]
        ) WITH ORDINALITY
            AS s (id, kind, severity, tenant_id, actor, title, description, metadata, at, place)
        ORDER BY s.place
        "#,
        &ids,
        &kinds,
        &severities,
        &tenant_ids as &[Option<Uuid>],
        &actors,
        &titles,
        &descriptions as &[Option<String>],
        &metadata,
        &instants,
    )
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;

    let mut answers = vec![false; steps.len()];
    for (place, new) in order.into_iter().zip(new) {
        answers[place] = new;
    }
    Ok(answers)
}

/// The text without what PostgreSQL can't store.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

fn line(text: &str) -> String {
    storable(text).chars().take(MAX_CHARACTERS).collect()
}

fn storable_json(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(storable(&text)),
        Value::Array(values) => values.into_iter().map(storable_json).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (storable(&name), storable_json(value))).collect()
        }
        plain => plain,
    }
}

/// An agent of a tenant, around a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentRestart {
    /// The agent's name.
    pub agent_name: String,
    /// What its status was before.
    pub previous_status: String,
    /// When it was last restarted.
    pub restarted_at: Option<DateTime<Utc>>,
}

/// What became of a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestartResult {
    /// It is restarted.
    Restarted(AgentRestart),
    /// It was, by this command or a later one: nothing changed.
    AlreadyDone(AgentRestart),
    /// It is suspended: nothing changed.
    Suspended(AgentRestart),
    /// The tenant has no such agent.
    Unknown,
}

/// Restarts an agent: it is active, and was restarted at `since`, the instant at which the command was first begun. An
/// attempt that comes again changes nothing.
pub async fn restart_agent(
    database: &Database,
    tenant_id: Uuid,
    agent_id: Uuid,
    since: DateTime<Utc>,
) -> Result<RestartResult, DataError> {
    let mut tx = WriteTx::begin(database).await?;
    // Who comes again finds what the status was in the history of changes, dated like the row.
    let row = sqlx::query!(
        r#"
        WITH before AS (
            SELECT t.id, a.name, t.status, t.restarted_at, t.updated_at
            FROM alquimista_platform.tenant_agents AS t
            JOIN alquimista_platform.agents AS a ON a.id = t.agent_id
            WHERE t.tenant_id = $1 AND t.agent_id = $2
            FOR NO KEY UPDATE OF t
        ),
        restarted AS (
            UPDATE alquimista_platform.tenant_agents AS t
            SET status = 'active', deactivated_at = NULL, restarted_at = $3
            FROM before AS b
            WHERE t.id = b.id AND b.status <> 'suspended' AND (b.restarted_at IS NULL OR b.restarted_at < $3)
            RETURNING t.id
        )
        SELECT b.name, b.status, b.restarted_at, EXISTS (SELECT FROM restarted) AS "restarted!",
            CASE WHEN b.restarted_at = $3 THEN (
                SELECT c.old_status
                FROM alquimista_platform.tenant_agent_changes AS c
                WHERE c.tenant_id = $1 AND c.agent_id = $2 AND c.effective_at = b.updated_at
                    AND c.new_status = 'active'
                LIMIT 1
            ) END AS status_before
        FROM before AS b
        "#,
        tenant_id,
        agent_id,
        since,
    )
    .fetch_optional(tx.connection())
    .await?;
    tx.commit().await?;

    Ok(row.map_or(RestartResult::Unknown, |row| {
        let suspended = row.status == "suspended";
        let agent = AgentRestart {
            agent_name: row.name,
            previous_status: row.status_before.unwrap_or(row.status),
            restarted_at: if row.restarted { Some(since) } else { row.restarted_at },
        };
        match (row.restarted, suspended) {
            (true, _) => RestartResult::Restarted(agent),
            (_, true) => RestartResult::Suspended(agent),
            _ => RestartResult::AlreadyDone(agent),
        }
    }))
}

/// An integration, as far as a command needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Integration {
    /// Its name.
    pub name: String,
    /// `email`, `whatsapp`, `crm`, `calendar` …
    pub integration_type: String,
    /// `active`, `inactive` or `error`.
    pub status: String,
    /// The secret with what it signs in with.
    pub credentials_secret_arn: Option<String>,
}

/// The integration of this id, if it is this tenant's.
pub async fn integration(
    database: &Database,
    tenant_id: Uuid,
    integration_id: Uuid,
) -> Result<Option<Integration>, DataError> {
    let mut tx = WriteTx::begin(database).await?;
    let found = sqlx::query_as!(
        Integration,
        "SELECT integration_name AS name, integration_type, status, credentials_secret_arn
        FROM alquimista_platform.tenant_integrations WHERE id = $1 AND tenant_id = $2",
        integration_id,
        tenant_id,
    )
    .fetch_optional(tx.connection())
    .await?;
    tx.commit().await?;
    Ok(found)
}

/// Makes an integration inactive, for this reason. Changes nothing if it is so already.
pub async fn deactivate_integration(
    database: &Database,
    tenant_id: Uuid,
    integration_id: Uuid,
    last_error: &str,
) -> Result<(), DataError> {
    let mut tx = WriteTx::begin(database).await?;
    sqlx::query!(
        "UPDATE alquimista_platform.tenant_integrations SET status = 'inactive', last_error = $3
        WHERE id = $1 AND tenant_id = $2 AND (status, last_error) IS DISTINCT FROM ('inactive', $3)",
        integration_id,
        tenant_id,
        last_error,
    )
    .execute(tx.connection())
    .await?;
    tx.commit().await
}

/// How many integrations are in error, and how many there are: of this tenant, or of all.
pub async fn integrations_in_error(
    database: &Database,
    tenant_id: Option<Uuid>,
) -> Result<(i64, i64), DataError> {
    let mut tx = WriteTx::begin(database).await?;
    let row = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE status = 'error') AS "in_error!", count(*) AS "total!"
        FROM alquimista_platform.tenant_integrations WHERE $1::uuid IS NULL OR tenant_id = $1"#,
        tenant_id,
    )
    .fetch_one(tx.connection())
    .await?;
    tx.commit().await?;
    Ok((row.in_error, row.total))
}

/// Asks the database for nothing in particular; fails if it doesn't answer.
pub async fn ping(database: &Database) -> Result<(), DataError> {
    Loan::begin(database, "SELECT 1").await?.give_back();
    Ok(())
}

/// The names of those of these tenants that there are.
pub async fn names(
    database: &Database,
    scope: &InternalScope,
    tenant_ids: &[Uuid],
) -> Result<HashMap<Uuid, String>, DataError> {
    if tenant_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = read!(database, scope, |connection| {
        sqlx::query!("SELECT id, name FROM alquimista_platform.tenants WHERE id = ANY ($1)", tenant_ids)
            .fetch_all(connection)
    });
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Whether there is this tenant.
pub async fn tenant_exists(
    database: &Database,
    scope: &InternalScope,
    tenant_id: Uuid,
) -> Result<bool, DataError> {
    Ok(read!(database, scope, |connection| {
        sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM alquimista_platform.tenants WHERE id = $1) AS "exists!""#,
            tenant_id,
        )
        .fetch_one(connection)
    }))
}

/// The audit rows of these ids, oldest first, and the name of the tenant that the command is about.
pub async fn audit_of(
    database: &Database,
    scope: &InternalScope,
    ids: &[Uuid],
    tenant_id: Option<Uuid>,
) -> Result<(Vec<AuditEvent>, Option<String>), DataError> {
    let rows = read!(database, scope, |connection| {
        sqlx::query!(
            r#"
            SELECT t.name AS "tenant_name?", e.id AS "id?", e.event_type AS "kind?", e.severity AS "severity?",
                e.tenant_id, e.user_sub, e.title AS "title?", e.description, e.metadata,
                e.created_at AS "created_at?"
            FROM (SELECT $2::uuid AS tenant_id) AS asked
            LEFT JOIN alquimista_platform.tenants AS t ON t.id = asked.tenant_id
            LEFT JOIN alquimista_platform.operational_events AS e ON e.id = ANY ($1)
            ORDER BY e.created_at,
                array_position(ARRAY['command_created', 'command_started', 'command_executed'], e.event_type::text), e.id
            "#,
            ids,
            tenant_id,
        )
        .fetch_all(connection)
    });
    let tenant_name = rows.first().and_then(|row| row.tenant_name.clone());
    let events = rows.into_iter().filter_map(|row| {
        Some(AuditEvent {
            id: row.id?,
            kind: row.kind?,
            severity: row.severity?,
            tenant_id: row.tenant_id,
            tenant_name: row.tenant_name.filter(|_| row.tenant_id == tenant_id),
            user_sub: row.user_sub,
            title: row.title?,
            description: row.description,
            metadata: row.metadata,
            created_at: row.created_at?,
        })
    });
    Ok((events.collect(), tenant_name))
}
