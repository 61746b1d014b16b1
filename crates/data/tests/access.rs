//! Who may see and do what, asked of the database itself, logged in as each of its roles.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on fails")]

use auth_context::{Caller, Claims, Group, Groups, Operation};
use chrono::NaiveDate;
use data::tenants;
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};
use test_support::TestDatabase;
use uuid::Uuid;

const A: Uuid = Uuid::from_u128(0xA);
const B: Uuid = Uuid::from_u128(0xB);
const ROLES: [&str; 4] = ["app_tenant", "app_internal", "app_commands", "app_jobs"];

/// Two tenants with a row of every kind each, a platform-wide incident, and audit rows.
async fn two_tenants() -> TestDatabase {
    let database = TestDatabase::new().await;
    let mut owner = database.owner().await;
    owner
        .execute(sqlx::raw_sql(
            "INSERT INTO agents (id, name) VALUES ('00000000-0000-0000-0000-0000000000f1', 'Agente');
             INSERT INTO tenants (id, name, cnpj, plan, mrr_estimate) VALUES
                 ('00000000-0000-0000-0000-00000000000a', 'A', '11222333000181', 'starter', 100),
                 ('00000000-0000-0000-0000-00000000000b', 'B', '12ABC34501DE35', 'enterprise', 200);
             INSERT INTO tenant_users (tenant_id, cognito_sub, email, role)
                 SELECT id, 'sub-' || name, name || '@example.com', 'ADMIN' FROM tenants;
             INSERT INTO tenant_agents (tenant_id, agent_id) SELECT t.id, a.id FROM tenants AS t, agents AS a;
             INSERT INTO tenant_integrations (tenant_id, integration_type, integration_name, credentials_secret_arn)
                 SELECT id, 'email', 'E-mail', 'arn:secret' FROM tenants;
             INSERT INTO agent_requests (tenant_id, agent_id, status, response_time_ms)
                 SELECT t.id, a.id, 'success', 100 FROM tenants AS t, agents AS a;
             SELECT aggregate_day(utc_today());
             INSERT INTO operational_events (event_type, severity, tenant_id, title)
                 SELECT 'incident', 'error', id, 'Incidente de ' || name FROM tenants;
             INSERT INTO operational_events (event_type, severity, title) VALUES ('incident', 'error', 'Da plataforma');
             INSERT INTO operational_events (event_type, severity, tenant_id, user_sub, title)
                 SELECT 'tenant_changed', 'info', id, 'sub', 'Auditoria' FROM tenants;
             INSERT INTO operational_events (event_type, severity, user_sub, title)
                 VALUES ('access_denied', 'warning', 'sub', 'Auditoria sem tenant');",
        ))
        .await
        .unwrap();
    database
}

async fn count(connection: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

async fn scope_to(connection: &mut PgConnection, tenant: &str) {
    sqlx::query("SELECT set_config('app.tenant_id', $1, false)")
        .bind(tenant)
        .execute(connection)
        .await
        .unwrap();
}

async fn refusal(connection: &mut PgConnection, sql: &'static str) -> String {
    match connection.execute(sqlx::raw_sql(sql)).await {
        Ok(_) => panic!("was allowed: {sql}"),
        Err(error) => error.into_database_error().expect("the database's word").code().unwrap().into_owned(),
    }
}

const READ_ONLY: &str = "25006";
/// Sessions of the APIs are read-only; this lifts that, and leaves them their rights.
const WRITE: &str = "SET default_transaction_read_only = off";
const INSUFFICIENT_PRIVILEGE: &str = "42501";
const RESTRICT_VIOLATION: &str = "23001";

/// Every table that `app_tenant` may read, and how a row of another tenant would be found in it.
const TENANT_TABLES: [(&str, &str, &str); 6] = [
    (
        "tenants",
        "SELECT count(*) FROM alquimista_platform.tenants",
        "SELECT count(*) FROM alquimista_platform.tenants WHERE id = '00000000-0000-0000-0000-00000000000b' OR true",
    ),
    (
        "tenant_users",
        "SELECT count(tenant_id) FROM alquimista_platform.tenant_users",
        "SELECT count(tenant_id) FROM alquimista_platform.tenant_users WHERE tenant_id <> '00000000-0000-0000-0000-00000000000a'",
    ),
    (
        "tenant_agents",
        "SELECT count(tenant_id) FROM alquimista_platform.tenant_agents",
        "SELECT count(tenant_id) FROM alquimista_platform.tenant_agents WHERE tenant_id <> '00000000-0000-0000-0000-00000000000a'",
    ),
    (
        "tenant_integrations",
        "SELECT count(tenant_id) FROM alquimista_platform.tenant_integrations",
        "SELECT count(tenant_id) FROM alquimista_platform.tenant_integrations WHERE tenant_id <> '00000000-0000-0000-0000-00000000000a'",
    ),
    (
        "tenant_usage_daily",
        "SELECT count(*) FROM alquimista_platform.tenant_usage_daily",
        "SELECT count(*) FROM alquimista_platform.tenant_usage_daily WHERE tenant_id <> '00000000-0000-0000-0000-00000000000a'",
    ),
    (
        "operational_events",
        "SELECT count(id) FROM alquimista_platform.operational_events",
        "SELECT count(id) FROM alquimista_platform.operational_events WHERE event_type <> 'incident' OR tenant_id = '00000000-0000-0000-0000-00000000000b'",
    ),
];

#[tokio::test]
async fn without_a_scope_a_tenant_sees_no_row_at_all() {
    let database = two_tenants().await;
    let mut tenant = database.connect("app_tenant").await;
    for (table, all, _) in TENANT_TABLES {
        assert_eq!(count(&mut tenant, all).await, 0, "{table}, never scoped");
    }
    // After a transaction's setting has ended it is empty, not absent.
    tenant
        .execute(sqlx::raw_sql(
            "BEGIN; SET LOCAL app.tenant_id = '00000000-0000-0000-0000-00000000000a'; COMMIT",
        ))
        .await
        .unwrap();
    for (table, all, _) in TENANT_TABLES {
        assert_eq!(count(&mut tenant, all).await, 0, "{table}, scope ended");
    }
}

/// A parameter of the type `tenant_scope` is what a tenant's statement needs, and all that it does outlives no statement.
#[tokio::test]
async fn a_scope_arrives_with_its_statement_and_leaves_with_it() {
    const ALL: &str = "SELECT count(*) FROM alquimista_platform.tenants";
    let database = two_tenants().await;
    let mut tenant = database.connect("app_tenant").await;
    tenant
        .execute(
            "PREPARE counted (alquimista_platform.tenant_scope) AS SELECT count(*) FROM alquimista_platform.tenants",
        )
        .await
        .unwrap();
    for (scope, seen) in
        [("'00000000-0000-0000-0000-00000000000a'", 1), ("NULL", 0), ("gen_random_uuid()", 0)]
    {
        let row = tenant
            .fetch_one(sqlx::raw_sql(AssertSqlSafe(format!("EXECUTE counted ({scope})"))))
            .await
            .unwrap();
        assert_eq!(row.get::<i64, _>(0), seen, "{scope}");
        assert_eq!(count(&mut tenant, ALL).await, 0, "the next statement after {scope}");
    }
    assert_eq!(refusal(&mut tenant, "EXECUTE counted ('nobody')").await, "22P02");
    assert_eq!(count(&mut tenant, ALL).await, 0, "after an error");
    let failing = "SELECT count(*) / 0 FROM alquimista_platform.tenants
                   WHERE '00000000-0000-0000-0000-00000000000a'::alquimista_platform.tenant_scope IS NOT NULL";
    assert_eq!(refusal(&mut tenant, failing).await, "22012");
    assert_eq!(count(&mut tenant, ALL).await, 0, "after a statement that failed");
    // A tenant's id that is no scope finds nothing, not even the tenant's own row.
    let own: i64 = sqlx::query_scalar("SELECT count(*) FROM alquimista_platform.tenants WHERE id = $1")
        .bind(A)
        .fetch_one(&mut tenant)
        .await
        .unwrap();
    assert_eq!(own, 0);
}

#[tokio::test]
async fn with_a_scope_a_tenant_sees_its_own_rows_whatever_the_where_says() {
    let database = two_tenants().await;
    let mut tenant = database.connect("app_tenant").await;
    scope_to(&mut tenant, &A.to_string()).await;
    for (table, all, foreign) in TENANT_TABLES {
        // Its own row; of the events its incident and the platform's.
        let own = if table == "operational_events" { 2 } else { 1 };
        assert_eq!(count(&mut tenant, all).await, own, "{table}");
        let found = count(&mut tenant, foreign).await;
        assert_eq!(found, i64::from(table == "tenants"), "{table}: a row of another tenant");
    }
    assert_eq!(
        count(
            &mut tenant,
            "SELECT count(id) FROM alquimista_platform.operational_events WHERE event_type <> 'incident'"
        )
        .await,
        0,
        "an audit row"
    );
    assert_eq!(
        count(
            &mut tenant,
            "SELECT count(id) FROM alquimista_platform.operational_events WHERE tenant_id IS NULL"
        )
        .await,
        1,
        "the platform's incident"
    );
    let names: Vec<String> = sqlx::query_scalar("SELECT name FROM alquimista_platform.tenants")
        .fetch_all(&mut tenant)
        .await
        .unwrap();
    assert_eq!(names, ["A"]);
}

#[tokio::test]
async fn an_unknown_scope_shows_nothing_and_a_malformed_one_fails() {
    let database = two_tenants().await;
    let mut tenant = database.connect("app_tenant").await;
    scope_to(&mut tenant, &Uuid::from_u128(0xC).to_string()).await;
    assert_eq!(count(&mut tenant, "SELECT count(*) FROM alquimista_platform.tenants").await, 0);
    scope_to(&mut tenant, "' OR true --").await;
    assert_eq!(refusal(&mut tenant, "SELECT name FROM alquimista_platform.tenants").await, "22P02");
}

#[tokio::test]
async fn a_tenant_reads_no_column_it_is_not_shown_and_writes_nothing() {
    let database = two_tenants().await;
    let mut tenant = database.connect("app_tenant").await;
    scope_to(&mut tenant, &A.to_string()).await;
    for sql in [
        "SELECT credentials_secret_arn FROM alquimista_platform.tenant_integrations",
        "SELECT config FROM alquimista_platform.tenant_agents",
        "SELECT email FROM alquimista_platform.tenant_users",
        "SELECT user_sub FROM alquimista_platform.operational_events",
        "SELECT metadata FROM alquimista_platform.operational_events",
        "SELECT * FROM alquimista_platform.agent_requests",
        "SELECT * FROM alquimista_platform.platform_usage_daily",
        "SELECT * FROM alquimista_platform.platform_usage_hourly",
        "SELECT * FROM alquimista_platform.agent_usage_daily",
        "SELECT rows_read FROM alquimista_platform.aggregated_days",
        "SELECT * FROM alquimista_platform.tenant_mrr_changes",
        "SELECT * FROM alquimista_platform._sqlx_migrations",
        "SELECT alquimista_platform.aggregate_day('2026-01-01')",
        "SELECT alquimista_platform.record_panel_audit(gen_random_uuid(), 'tenant_changed', NULL, 'x', NULL, NULL)",
        "SET ROLE app_owner",
        "SET ROLE app_internal",
    ] {
        assert_eq!(refusal(&mut tenant, sql).await, INSUFFICIENT_PRIVILEGE, "{sql}");
    }
    // Its sessions are read-only; with that lifted, its rights still are.
    tenant.execute(WRITE).await.unwrap();
    for sql in [
        "UPDATE alquimista_platform.tenants SET plan = 'enterprise'",
        "UPDATE alquimista_platform.tenant_users SET last_login_at = now()",
        "INSERT INTO alquimista_platform.operational_events (event_type, severity, title) VALUES ('incident', 'info', 'x')",
        "DELETE FROM alquimista_platform.tenant_users",
        "TRUNCATE alquimista_platform.tenant_usage_daily",
        "CREATE TABLE alquimista_platform.mine (x int)",
        "CREATE TABLE public.mine (x int)",
        "CREATE TEMP TABLE mine (x int)",
    ] {
        assert_eq!(refusal(&mut tenant, sql).await, INSUFFICIENT_PRIVILEGE, "{sql}");
    }
}

/// Of its own users a tenant's session writes when they signed in, and of nobody without a scope.
#[tokio::test]
async fn a_sign_in_is_written_within_the_scope_alone() {
    const USER_OF_B: Uuid = Uuid::from_u128(0xB1);
    let database = two_tenants().await;
    let mut owner = database.owner().await;
    sqlx::query("UPDATE tenant_users SET cognito_sub = $1::uuid::text WHERE tenant_id = $2")
        .bind(USER_OF_B)
        .bind(B)
        .execute(&mut owner)
        .await
        .unwrap();
    let mut tenant = database.connect("app_tenant").await;
    tenant.execute(WRITE).await.unwrap();
    for (scope, written) in [("", false), (&*A.to_string(), false), (&*B.to_string(), true)] {
        scope_to(&mut tenant, scope).await;
        let done: bool = sqlx::query_scalar("SELECT alquimista_platform.record_sign_in($1, 1700000000)")
            .bind(USER_OF_B)
            .fetch_one(&mut tenant)
            .await
            .unwrap();
        let rows =
            count(&mut owner, "SELECT count(*) FROM tenant_users WHERE last_login_at IS NOT NULL").await;
        assert_eq!((done, rows), (written, i64::from(written)), "{scope:?}");
    }
    // While another writes it, nobody waits.
    owner.execute(sqlx::raw_sql("BEGIN; SELECT * FROM tenant_users FOR UPDATE")).await.unwrap();
    let done: bool = sqlx::query_scalar("SELECT alquimista_platform.record_sign_in($1, 1700000001)")
        .bind(USER_OF_B)
        .fetch_one(&mut tenant)
        .await
        .unwrap();
    assert!(!done);
}

#[tokio::test]
async fn each_role_does_its_job_and_no_more() {
    let database = two_tenants().await;

    let mut internal = database.connect("app_internal").await;
    assert_eq!(count(&mut internal, "SELECT count(*) FROM alquimista_platform.tenants").await, 2);
    let write = "UPDATE alquimista_platform.tenants SET plan = 'starter'";
    assert_eq!(refusal(&mut internal, write).await, READ_ONLY, "unless it says that it writes");
    internal.execute(WRITE).await.unwrap();
    internal.execute("INSERT INTO alquimista_platform.tenants (id, name, cnpj, plan) VALUES (gen_random_uuid(), 'C', '00000000000191', 'starter')").await.unwrap();
    internal
        .execute(
            "UPDATE alquimista_platform.tenants SET mrr_estimate = 1, status = 'suspended' WHERE name = 'C'",
        )
        .await
        .unwrap();
    for sql in [
        "DELETE FROM alquimista_platform.tenants",
        "UPDATE alquimista_platform.tenants SET id = gen_random_uuid()",
        "UPDATE alquimista_platform.tenants SET created_at = now()",
        "INSERT INTO alquimista_platform.operational_events (event_type, severity, title) VALUES ('tenant_changed', 'info', 'x')",
        "INSERT INTO alquimista_platform.tenant_mrr_changes (tenant_id, effective_at, old_mrr, new_mrr) VALUES (gen_random_uuid(), now(), 0, 1)",
        "SELECT credentials_secret_arn FROM alquimista_platform.tenant_integrations",
        "SELECT cognito_sub FROM alquimista_platform.tenant_users",
        "SELECT * FROM alquimista_platform.tenant_agent_changes",
        "SELECT * FROM alquimista_platform.agent_requests",
        "UPDATE alquimista_platform.tenant_agents SET status = 'active'",
        "SELECT alquimista_platform.record_command_audit(gen_random_uuid(), 'command_created', 'info', NULL, 's', 'x', NULL, NULL, now())",
        "SELECT alquimista_platform.record_sign_in(gen_random_uuid(), 0)",
    ] {
        assert_eq!(refusal(&mut internal, sql).await, INSUFFICIENT_PRIVILEGE, "{sql}");
    }

    let mut commands = database.connect("app_commands").await;
    commands.execute("UPDATE alquimista_platform.tenant_agents SET status = 'active', deactivated_at = NULL, restarted_at = now()").await.unwrap();
    commands
        .execute("UPDATE alquimista_platform.tenant_integrations SET status = 'inactive', last_error = 'x'")
        .await
        .unwrap();
    for sql in [
        "UPDATE alquimista_platform.tenant_agents SET config = '{}'",
        "UPDATE alquimista_platform.tenant_integrations SET credentials_secret_arn = 'x'",
        "UPDATE alquimista_platform.tenants SET status = 'active'",
        "SELECT email FROM alquimista_platform.tenant_users",
        "SELECT name FROM alquimista_platform.tenants",
        "SELECT * FROM alquimista_platform.operational_events",
        "SELECT alquimista_platform.record_panel_audit(gen_random_uuid(), 'tenant_changed', NULL, 'x', NULL, NULL)",
    ] {
        assert_eq!(refusal(&mut commands, sql).await, INSUFFICIENT_PRIVILEGE, "{sql}");
    }

    let mut jobs = database.connect("app_jobs").await;
    jobs.execute("SELECT alquimista_platform.aggregate_day(alquimista_platform.utc_today())").await.unwrap();
    jobs.execute("SELECT alquimista_platform.ensure_request_partitions(alquimista_platform.utc_today(), 40)")
        .await
        .unwrap();
    for sql in [
        "INSERT INTO alquimista_platform.agent_requests (tenant_id, status) VALUES (gen_random_uuid(), 'success')",
        "DELETE FROM alquimista_platform.agent_requests",
        "DELETE FROM alquimista_platform.platform_usage_daily",
        "UPDATE alquimista_platform.tenant_usage_daily SET date = date",
        "UPDATE alquimista_platform.platform_usage_daily SET tenants_active_at_end = 0",
        "SELECT * FROM alquimista_platform.tenants",
        "SELECT * FROM alquimista_platform.tenant_users",
        "DROP TABLE alquimista_platform.agent_requests",
    ] {
        assert_eq!(refusal(&mut jobs, sql).await, INSUFFICIENT_PRIVILEGE, "{sql}");
    }
}

#[tokio::test]
async fn audit_names_its_actor_and_its_type() {
    let database = two_tenants().await;
    let mut internal = database.connect("app_internal").await;
    internal.execute(WRITE).await.unwrap();
    let record = "SELECT alquimista_platform.record_panel_audit('00000000-0000-0000-0000-0000000000e1', 'tenant_changed', NULL, 'x', NULL, '{}')";
    assert_eq!(refusal(&mut internal, record).await, INSUFFICIENT_PRIVILEGE, "no actor");
    internal.execute("SELECT set_config('app.actor_sub', 'sub-1', false)").await.unwrap();
    for foreign in ["incident", "command_executed", "maintenance", "anything"] {
        let refused = sqlx::query(
            "SELECT alquimista_platform.record_panel_audit(gen_random_uuid(), $1, NULL, 'x', NULL, NULL)",
        )
        .bind(foreign)
        .execute(&mut internal)
        .await;
        assert!(refused.is_err(), "{foreign}");
    }
    let written: Vec<bool> = vec![
        sqlx::query_scalar(record).fetch_one(&mut internal).await.unwrap(),
        sqlx::query_scalar(record).fetch_one(&mut internal).await.unwrap(),
    ];
    assert_eq!(written, [true, false], "told twice, written once");
    let actor: String = sqlx::query_scalar("SELECT user_sub FROM alquimista_platform.operational_events WHERE id = '00000000-0000-0000-0000-0000000000e1'")
        .fetch_one(&mut internal)
        .await
        .unwrap();
    assert_eq!(actor, "sub-1");
}

#[tokio::test]
async fn both_apis_record_reads_and_refusals_and_nothing_else() {
    let database = two_tenants().await;
    for role in ["app_tenant", "app_internal"] {
        let mut api = database.connect(role).await;
        api.execute(WRITE).await.unwrap();
        let record = async |api: &mut PgConnection, kind: &str, tenant: Option<Uuid>| {
            sqlx::query_scalar::<_, bool>(
                "SELECT alquimista_platform.record_access(gen_random_uuid(), $1, $2, 'x', '{}')
                 FROM set_config('app.actor_sub', 'sub-2', true)",
            )
            .bind(kind)
            .bind(tenant)
            .fetch_one(api)
            .await
        };
        assert!(record(&mut api, "tenant_data_read", Some(A)).await.unwrap());
        assert!(
            !record(&mut api, "tenant_data_read", Some(Uuid::from_u128(9))).await.unwrap(),
            "no such tenant"
        );
        assert!(record(&mut api, "access_denied", None).await.unwrap());
        assert!(record(&mut api, "access_denied", Some(Uuid::from_u128(9))).await.unwrap());
        for kind in ["tenant_changed", "tenant_created", "command_created", "incident"] {
            assert!(record(&mut api, kind, Some(A)).await.is_err(), "{role} {kind}");
        }
        let nobody =
            "SELECT alquimista_platform.record_access(gen_random_uuid(), 'access_denied', NULL, 'x', '{}')";
        assert_eq!(refusal(&mut api, nobody).await, INSUFFICIENT_PRIVILEGE, "no actor");
    }
    let mut owner = database.owner().await;
    let written = "SELECT count(*) FROM operational_events WHERE user_sub = 'sub-2'";
    assert_eq!(count(&mut owner, written).await, 6);
}

#[tokio::test]
async fn what_happened_cannot_be_changed_even_by_the_owner() {
    let database = two_tenants().await;
    let mut owner = database.owner().await;
    for sql in [
        "UPDATE operational_events SET title = 'x'",
        "UPDATE operational_events SET resolved_at = now() WHERE event_type <> 'incident'",
        "DELETE FROM operational_events",
        "TRUNCATE operational_events",
        "UPDATE tenant_mrr_changes SET new_mrr = 0",
        "DELETE FROM tenant_mrr_changes",
        "TRUNCATE tenant_mrr_changes",
        "UPDATE tenant_agent_changes SET new_status = 'active'",
        "DELETE FROM tenant_agent_changes",
        "TRUNCATE tenant_agent_changes",
    ] {
        assert_eq!(refusal(&mut owner, sql).await, RESTRICT_VIOLATION, "{sql}");
    }
    for role in ROLES {
        let mut connection = database.connect(role).await;
        connection.execute("SET default_transaction_read_only = off").await.unwrap();
        for sql in [
            "UPDATE alquimista_platform.operational_events SET title = 'x'",
            "DELETE FROM alquimista_platform.operational_events",
            "TRUNCATE alquimista_platform.operational_events",
            "DELETE FROM alquimista_platform.tenant_mrr_changes",
            "TRUNCATE alquimista_platform.tenant_mrr_changes",
        ] {
            assert_eq!(refusal(&mut connection, sql).await, INSUFFICIENT_PRIVILEGE, "{role}: {sql}");
        }
    }
}

#[tokio::test]
async fn an_incident_is_resolved_once_and_nothing_else_about_it_changes() {
    let database = two_tenants().await;
    let mut owner = database.owner().await;
    assert_eq!(
        refusal(
            &mut owner,
            "UPDATE operational_events SET resolved_at = now(), title = 'x' WHERE event_type = 'incident'"
        )
        .await,
        RESTRICT_VIOLATION
    );
    owner
        .execute("UPDATE operational_events SET resolved_at = now() WHERE event_type = 'incident'")
        .await
        .unwrap();
    for sql in [
        "UPDATE operational_events SET resolved_at = now() WHERE event_type = 'incident'",
        "UPDATE operational_events SET resolved_at = NULL WHERE event_type = 'incident'",
    ] {
        assert_eq!(refusal(&mut owner, sql).await, RESTRICT_VIOLATION, "{sql}");
    }
}

#[tokio::test]
async fn a_deleted_tenant_leaves_the_past_as_it_was() {
    let database = two_tenants().await;
    let mut owner = database.owner().await;
    owner.execute("DELETE FROM tenants WHERE name = 'B'").await.unwrap();
    for (left, sql) in [
        (
            1,
            "SELECT count(*) FROM tenant_usage_daily WHERE tenant_id = '00000000-0000-0000-0000-00000000000b'",
        ),
        (
            2,
            "SELECT count(*) FROM operational_events WHERE tenant_id = '00000000-0000-0000-0000-00000000000b'",
        ),
        (1, "SELECT count(*) FROM agent_requests WHERE tenant_id = '00000000-0000-0000-0000-00000000000b'"),
        (0, "SELECT count(*) FROM tenant_users WHERE tenant_id = '00000000-0000-0000-0000-00000000000b'"),
        (
            1,
            "SELECT count(*) FROM tenant_mrr_changes WHERE tenant_id = '00000000-0000-0000-0000-00000000000b' AND new_status IS NULL AND old_mrr = 200 AND new_mrr = 0",
        ),
        (
            1,
            "SELECT count(*) FROM tenant_agent_changes WHERE tenant_id = '00000000-0000-0000-0000-00000000000b' AND new_status IS NULL",
        ),
    ] {
        assert_eq!(count(&mut owner, sql).await, left, "{sql}");
    }
}

#[tokio::test]
async fn only_the_migrator_dates_a_change() {
    let database = two_tenants().await;
    let mut internal = database.connect("app_internal").await;
    internal.execute(WRITE).await.unwrap();
    internal.execute("SELECT set_config('app.effective_at', '2020-01-01T00:00:00Z', false)").await.unwrap();
    assert_eq!(
        refusal(&mut internal, "UPDATE alquimista_platform.tenants SET mrr_estimate = 1").await,
        INSUFFICIENT_PRIVILEGE
    );

    let mut owner = database.owner().await;
    owner
        .execute(sqlx::raw_sql(
            "BEGIN; SET LOCAL app.effective_at = '2020-01-01T00:00:00Z';
             INSERT INTO tenants (id, name, cnpj, plan, mrr_estimate) VALUES (gen_random_uuid(), 'Antigo', '00000000000191', 'starter', 5);
             COMMIT",
        ))
        .await
        .unwrap();
    assert_eq!(count(&mut owner, "SELECT count(*) FROM tenant_mrr_changes WHERE effective_at = '2020-01-01T00:00:00Z' AND new_mrr = 5").await, 1);
}

#[tokio::test]
async fn the_price_of_a_tenant_that_is_not_active_is_zero_in_its_history() {
    let database = two_tenants().await;
    let mut owner = database.owner().await;
    for step in [
        "UPDATE tenants SET mrr_estimate = 150 WHERE name = 'A'",
        "UPDATE tenants SET plan = 'enterprise' WHERE name = 'A'",
        "UPDATE tenants SET status = 'suspended' WHERE name = 'A'",
        "UPDATE tenants SET mrr_estimate = 170 WHERE name = 'A'",
        "UPDATE tenants SET status = 'active' WHERE name = 'A'",
        "UPDATE tenants SET mrr_estimate = NULL WHERE name = 'A'",
    ] {
        owner.execute(step).await.unwrap();
    }
    let changes: Vec<(String, String)> = sqlx::query_as(
        "SELECT old_mrr::text, new_mrr::text FROM tenant_mrr_changes WHERE tenant_id = $1 ORDER BY effective_at, id",
    )
    .bind(A)
    .fetch_all(&mut owner)
    .await
    .unwrap();
    let expected = [
        ("0.00", "100.00"),
        ("100.00", "150.00"),
        ("150.00", "0.00"),
        ("0.00", "170.00"),
        ("170.00", "0.00"),
    ];
    assert_eq!(changes, expected.map(|(old, new)| (old.to_owned(), new.to_owned())));
}

/// What a later migration could forget.
#[tokio::test]
async fn every_table_with_a_tenant_is_guarded_and_no_role_is_more_than_it_should_be() {
    let database = TestDatabase::new().await;
    let mut superuser = database.superuser().await;
    let unguarded: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class AS c
         JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
         WHERE c.relnamespace = 'alquimista_platform'::regnamespace AND c.relkind IN ('r', 'p')
             AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
    )
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    assert_eq!(
        unguarded,
        Vec::<String>::new(),
        "tables with a tenant_id but without forced row-level security"
    );

    let leaky_views: i64 = count(
        &mut superuser,
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'alquimista_platform'::regnamespace AND relkind IN ('v', 'm')
             AND NOT coalesce(reloptions::text LIKE '%security_invoker=true%', false)",
    )
    .await;
    assert_eq!(leaky_views, 0, "a view runs with its owner's rights unless it says otherwise");

    let loose_functions: Vec<String> = sqlx::query_scalar(
        "SELECT p.proname::text FROM pg_proc AS p WHERE p.pronamespace = 'alquimista_platform'::regnamespace
             AND p.prosecdef AND NOT coalesce(p.proconfig::text LIKE '%search_path=%', false)",
    )
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    assert_eq!(loose_functions, Vec::<String>::new(), "definer functions without a pinned search_path");

    let public: Vec<String> = sqlx::query_scalar(
        "SELECT p.proname::text FROM pg_proc AS p WHERE p.pronamespace = 'alquimista_platform'::regnamespace
             AND p.proowner = 'app_owner'::regrole AND has_function_privilege('public', p.oid, 'EXECUTE')",
    )
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    assert_eq!(public, Vec::<String>::new(), "functions that anybody may call");

    let roles: Vec<(String, bool, bool)> = sqlx::query_as(
        "SELECT rolname::text, rolcanlogin, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
         FROM pg_roles WHERE rolname LIKE 'app\\_%' AND rolname NOT LIKE 'app\\_rotated%' AND rolname <> 'app_migrator'
         ORDER BY rolname",
    )
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    let expected = [
        ("app_commands", true),
        ("app_internal", true),
        ("app_jobs", true),
        ("app_owner", false),
        ("app_tenant", true),
    ];
    assert_eq!(
        roles,
        expected.map(|(role, login)| (role.to_owned(), login, false)),
        "name, logs in, has powers"
    );

    let members: Vec<String> = sqlx::query_scalar(
        "SELECT m.member::regrole::text FROM pg_auth_members AS m WHERE m.roleid = 'app_owner'::regrole",
    )
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    assert_eq!(members, ["app_migrator"], "who may act as the owner");
    let of_roles: i64 = count(
        &mut superuser,
        "SELECT count(*) FROM pg_auth_members WHERE member IN
             ('app_tenant'::regrole, 'app_internal'::regrole, 'app_commands'::regrole, 'app_jobs'::regrole)",
    )
    .await;
    assert_eq!(of_roles, 0, "an application role that is a member of another");
}

#[tokio::test]
async fn the_code_sees_the_tenant_of_its_scope() {
    let database = two_tenants().await;
    let pool = database.database("app_tenant");
    let day = NaiveDate::from_ymd_opt(2020, 1, 15).unwrap();
    for (tenant_id, name) in [(A, Some("A")), (B, Some("B")), (Uuid::from_u128(0xC), None)] {
        let claims = Claims {
            sub: "s".into(),
            groups: Groups::of(&[Group::TenantUser]),
            tenant_id: Some(tenant_id),
            auth_time: None,
        };
        let scope = Caller::authorize(claims, Operation::TenantMe).unwrap().tenant_scope(None).unwrap();
        let overview = tenants::overview(&pool, &scope, day).await.unwrap();
        assert_eq!(overview.as_ref().map(|tenant| tenant.name.as_str()), name);
    }
}
