//! What commands leave in the audit log, and what the internal API shows of it.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use auth_context::{Caller, Claims, Group, Groups, InternalScope, Operation};
use chrono::{DateTime, TimeDelta, Utc};
use data::commands::{self, AuditStep, step_id};
use serde_json::json;
use sqlx::{Executor, PgConnection};
use test_support::{Statements, TestDatabase};
use uuid::Uuid;

const TENANT: Uuid = Uuid::from_u128(0xA);
const COMMAND: Uuid = Uuid::from_u128(0xC0);

async fn database() -> TestDatabase {
    let database = TestDatabase::new().await;
    let mut owner = database.owner().await;
    owner
        .execute("INSERT INTO tenants (id, name, cnpj) VALUES ('00000000-0000-0000-0000-00000000000a', 'A', '11222333000181')")
        .await
        .unwrap();
    database
}

fn scope() -> InternalScope {
    let claims = Claims {
        sub: "s".into(),
        groups: Groups::of(&[Group::InternalAdmin]),
        tenant_id: None,
        auth_time: None,
    };
    Caller::authorize(claims, Operation::BillingOverview).unwrap().internal_scope().unwrap()
}

fn step(kind: &'static str, status: &str, attempt: u32, at: DateTime<Utc>) -> AuditStep {
    AuditStep {
        id: step_id(COMMAND, status, attempt),
        kind,
        severity: if status == "ERROR" { "error" } else { "info" },
        tenant_id: Some(TENANT),
        actor: "sub".into(),
        title: format!("Comando {status}"),
        description: None,
        metadata: json!({"command_id": COMMAND, "status": status, "attempt": attempt}),
        at,
    }
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn an_id_is_of_a_command_a_status_and_an_attempt() {
    let id = step_id(COMMAND, "RUNNING", 1);
    assert_eq!(id, step_id(COMMAND, "RUNNING", 1));
    assert_eq!(
        id.to_string(),
        "f40663d6-e953-5ea6-909e-693bee399e5a",
        "written down already: it must not change"
    );
    for other in [
        step_id(COMMAND, "RUNNING", 2),
        step_id(COMMAND, "SUCCESS", 1),
        step_id(Uuid::from_u128(1), "RUNNING", 1),
    ] {
        assert_ne!(id, other);
    }
}

#[tokio::test]
async fn steps_are_written_once_and_read_in_order() {
    let test = database().await;
    let (processor, internal) = (test.database("app_commands"), test.database("app_internal"));
    let now = DateTime::from_timestamp_millis(Utc::now().timestamp_millis()).unwrap();
    let created = step("command_created", "PENDING", 0, now - TimeDelta::seconds(2));
    let started = step("command_started", "RUNNING", 1, now - TimeDelta::seconds(2));
    let ended = step("command_executed", "ERROR", 1, now - TimeDelta::seconds(2));

    assert!(commands::record_steps(&processor, &[]).await.unwrap().is_empty());
    let batch = [started.clone(), created.clone(), started.clone()];
    assert_eq!(commands::record_steps(&processor, &batch).await.unwrap(), [true, true, false]);
    let batch = [created.clone(), ended.clone(), started.clone()];
    assert_eq!(commands::record_steps(&processor, &batch).await.unwrap(), [false, true, false]);

    let ids = [ended.id, started.id, created.id, Uuid::nil()];
    let (events, tenant_name) = commands::audit_of(&internal, &scope(), &ids, Some(TENANT)).await.unwrap();
    assert_eq!(tenant_name.as_deref(), Some("A"));
    assert_eq!(events.len(), 3);
    for (event, step) in events.iter().zip([created, started, ended]) {
        assert_eq!(
            (event.id, event.kind.as_str(), event.severity.as_str()),
            (step.id, step.kind, step.severity)
        );
        assert_eq!((event.created_at, event.tenant_id), (step.at, step.tenant_id));
        assert_eq!((event.user_sub.as_deref(), event.title.as_str()), (Some("sub"), step.title.as_str()));
        assert_eq!((&event.description, event.metadata.as_ref()), (&None, Some(&step.metadata)));
        assert_eq!(event.tenant_name.as_deref(), Some("A"));
    }

    let none = commands::audit_of(&internal, &scope(), &[Uuid::nil()], Some(TENANT)).await.unwrap();
    assert_eq!((none.0.len(), none.1.as_deref()), (0, Some("A")));
    let nobody = commands::audit_of(&internal, &scope(), &[], Some(Uuid::nil())).await.unwrap();
    assert_eq!((nobody.0.len(), nobody.1), (0, None));
    assert_eq!(commands::audit_of(&internal, &scope(), &ids, None).await.unwrap().1, None);
}

#[tokio::test]
async fn a_batch_is_one_statement() {
    let test = database().await;
    let processor = test.database("app_commands");
    commands::ping(&processor).await.unwrap();
    let steps: Vec<_> =
        (1..=100).map(|attempt| step("command_started", "RUNNING", attempt, Utc::now())).collect();
    let statements = Statements::of_this_thread();
    assert_eq!(commands::record_steps(&processor, &steps).await.unwrap(), [true; 100]);
    assert_eq!(statements.take(), 3, "with its beginning and its end");
}

#[tokio::test]
async fn two_that_write_the_same_steps_don_t_get_stuck() {
    let test = database().await;
    let processor = test.database("app_commands");
    for round in 0..10 {
        let mut steps: Vec<_> = (1..=50)
            .map(|attempt| step("command_started", "RUNNING", round * 100 + attempt, Utc::now()))
            .collect();
        let forwards = steps.clone();
        steps.reverse();
        let (one, other) = tokio::join!(
            commands::record_steps(&processor, &forwards),
            commands::record_steps(&processor, &steps)
        );
        let new = one.unwrap().into_iter().chain(other.unwrap()).filter(|new| *new).count();
        assert_eq!(new, 50);
    }
}

#[tokio::test]
async fn what_can_t_be_stored_as_it_is_blocks_nobody() {
    let test = database().await;
    let (processor, internal) = (test.database("app_commands"), test.database("app_internal"));
    let odd = AuditStep {
        actor: "á\0".repeat(200),
        title: "ç".repeat(300),
        description: Some("a\0b".into()),
        metadata: json!({"error\0message": ["a\0b", 1.5]}),
        // A clock that is ahead.
        at: Utc::now() + TimeDelta::hours(1),
        ..step("command_executed", "ERROR", 1, Utc::now())
    };
    let plain = step("command_created", "PENDING", 0, Utc::now());
    assert_eq!(
        commands::record_steps(&processor, &[odd.clone(), plain.clone()]).await.unwrap(),
        [true, true]
    );
    let (events, _) = commands::audit_of(&internal, &scope(), &[odd.id], None).await.unwrap();
    let event = &events[0];
    assert_eq!(event.user_sub.as_ref().unwrap().chars().count(), 255);
    assert_eq!(event.title, "ç".repeat(255));
    assert_eq!(event.description.as_deref(), Some("a\u{FFFD}b"));
    assert_eq!(event.metadata, Some(json!({"error\u{FFFD}message": ["a\u{FFFD}b", 1.5]})));
    assert!(event.created_at <= Utc::now(), "never in the future");

    // What no command can be.
    let old = step("command_created", "PENDING", 7, instant("2020-01-01T00:00:00Z"));
    let refused = commands::record_steps(&processor, &[old]).await.unwrap_err();
    assert!(!refused.is_transient(), "{refused}");
    let recent = step("command_created", "PENDING", 8, Utc::now() - TimeDelta::days(99));
    assert_eq!(commands::record_steps(&processor, &[recent]).await.unwrap(), [true]);
}

#[tokio::test]
async fn steps_stay_as_they_were_written() {
    let test = database().await;
    let processor = test.database("app_commands");
    let created = step("command_created", "PENDING", 0, Utc::now());
    commands::record_steps(&processor, std::slice::from_ref(&created)).await.unwrap();
    let retold = AuditStep { title: "Outra coisa".into(), ..created };
    assert_eq!(commands::record_steps(&processor, &[retold]).await.unwrap(), [false]);

    let refused = async |connection: &mut PgConnection, sql: &'static str| {
        assert!(connection.execute(sqlx::raw_sql(sql)).await.is_err(), "{sql}");
    };
    for role in ["app_tenant", "app_internal", "app_commands", "app_jobs"] {
        let mut connection = test.connect(role).await;
        connection.execute("SET default_transaction_read_only = off").await.unwrap();
        for sql in [
            "UPDATE alquimista_platform.operational_events SET title = 'x'",
            "DELETE FROM alquimista_platform.operational_events",
            "TRUNCATE alquimista_platform.operational_events",
            "INSERT INTO alquimista_platform.operational_events (event_type, severity, title) VALUES ('command_created', 'info', 'x')",
        ] {
            refused(&mut connection, sql).await;
        }
        if role != "app_commands" {
            let record = "SELECT alquimista_platform.record_command_audit(gen_random_uuid(), 'command_created', 'info', NULL, 's', 'x', NULL, NULL, now())";
            refused(&mut connection, record).await;
        }
    }
    let mut owner = test.owner().await;
    for sql in [
        "UPDATE operational_events SET title = 'x'",
        "DELETE FROM operational_events",
        "TRUNCATE operational_events",
    ] {
        refused(&mut owner, sql).await;
    }
    let mut connection = test.connect("app_commands").await;
    for sql in [
        "SELECT alquimista_platform.record_command_audit(gen_random_uuid(), 'incident', 'info', NULL, 's', 'x', NULL, NULL, now())",
        "SELECT alquimista_platform.record_command_audit(gen_random_uuid(), NULL, 'info', NULL, 's', 'x', NULL, NULL, now())",
        "SELECT alquimista_platform.record_command_audit(gen_random_uuid(), 'command_created', 'info', NULL, 's', 'x', NULL, NULL, NULL)",
        "SELECT alquimista_platform.record_command_audit(gen_random_uuid(), 'command_created', 'info', NULL, 's', 'x', NULL, NULL)",
        "SELECT id FROM alquimista_platform.tenant_agent_changes",
    ] {
        refused(&mut connection, sql).await;
    }
    let title: String =
        sqlx::query_scalar("SELECT title FROM operational_events").fetch_one(&mut owner).await.unwrap();
    assert_eq!(title, "Comando PENDING");
}

#[tokio::test]
async fn tenants_are_named_in_one_statement() {
    let test = database().await;
    let internal = test.database("app_internal");
    assert!(commands::tenant_exists(&internal, &scope(), TENANT).await.unwrap());
    assert!(!commands::tenant_exists(&internal, &scope(), Uuid::nil()).await.unwrap());
    let statements = Statements::of_this_thread();
    let names = commands::names(&internal, &scope(), &[TENANT, Uuid::nil(), TENANT]).await.unwrap();
    assert_eq!(statements.take(), 1);
    assert_eq!(names.into_iter().collect::<Vec<_>>(), [(TENANT, "A".to_owned())]);
    assert!(commands::names(&internal, &scope(), &[]).await.unwrap().is_empty());
    assert_eq!(statements.take(), 0);
}
