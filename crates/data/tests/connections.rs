//! What happens to a request when the database is slow, restarted or gone.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use auth_context::{Caller, Claims, Group, Groups, Operation, TenantScope};
use chrono::{NaiveDate, Utc};
use data::{Credentials, DataError, Database, DatabaseSettings, tenants};
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection};
use test_support::{Emulator, SecretsManager, TestDatabase};
use uuid::Uuid;

fn scope() -> TenantScope {
    let claims = Claims {
        sub: "s".into(),
        groups: Groups::of(&[Group::TenantUser]),
        tenant_id: Some(Uuid::from_u128(1)),
        auth_time: None,
    };
    Caller::authorize(claims, Operation::TenantMe).unwrap().tenant_scope(None).unwrap()
}

fn today() -> NaiveDate {
    Utc::now().date_naive()
}

/// The backends that serve a role in a database.
async fn backends(superuser: &mut PgConnection, state: &str) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND usename = 'app_tenant' AND state LIKE $1",
    )
    .bind(state)
    .fetch_one(superuser)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_connection_that_died_unseen_is_replaced() {
    let database = TestDatabase::new().await;
    let pool = database.database("app_tenant");
    let mut superuser = database.superuser().await;
    for _ in 0..3 {
        assert!(tenants::overview(&pool, &scope(), today()).await.unwrap().is_none());
        let killed: i64 = sqlx::query_scalar(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE datname = current_database() AND usename = 'app_tenant'",
        )
        .fetch_one(&mut superuser)
        .await
        .unwrap();
        assert_eq!(killed, 1, "one connection serves one request after the other");
    }
}

#[tokio::test]
async fn a_request_that_was_given_up_leaves_no_transaction_behind() {
    let database = TestDatabase::new().await;
    let pool = database.database("app_tenant");
    let mut superuser = database.superuser().await;
    let mut locking = superuser.begin().await.unwrap();
    locking.execute("LOCK TABLE alquimista_platform.tenants IN ACCESS EXCLUSIVE MODE").await.unwrap();
    for _ in 0..3 {
        let given_up =
            tokio::time::timeout(Duration::from_millis(200), tenants::overview(&pool, &scope(), today()))
                .await;
        assert!(given_up.is_err());
    }
    locking.rollback().await.unwrap();

    assert!(tenants::overview(&pool, &scope(), today()).await.unwrap().is_none());
    // The connections given up are closed by a task of their own.
    for _ in 0..50 {
        if backends(&mut superuser, "%").await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(backends(&mut superuser, "%").await, 1);
    assert_eq!(backends(&mut superuser, "idle in transaction%").await, 0);
}

#[tokio::test]
async fn more_requests_than_connections_take_turns() {
    let database = TestDatabase::new().await;
    let pool = database.database("app_tenant");
    let scope = scope();
    let requests = (0..20).map(|_| tenants::overview(&pool, &scope, today()));
    for answer in futures_util::future::join_all(requests).await {
        assert!(answer.unwrap().is_none());
    }
    assert_eq!(backends(&mut database.superuser().await, "idle").await, 2);
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_unavailable_and_not_our_defect() {
    let database = TestDatabase::new().await;
    let pool = database.database("app_tenant");
    let mut superuser = database.superuser().await;
    let mut locking = superuser.begin().await.unwrap();
    locking.execute("LOCK TABLE alquimista_platform.tenants IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let error = tenants::overview(&pool, &scope(), today()).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    locking.rollback().await.unwrap();
    assert!(tenants::overview(&pool, &scope(), today()).await.is_ok());
}

#[tokio::test]
async fn an_unreachable_database_is_unavailable_within_its_budget() {
    let database = TestDatabase::new().await;
    let mut settings = database.settings();
    // A port that was just free.
    settings.database_port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let pool = Database::new(settings, Credentials::Fixed(TestDatabase::login("app_tenant")));
    let started = Instant::now();
    let error = tenants::overview(&pool, &scope(), today()).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_black_hole_is_unavailable_within_its_budget() {
    let database = TestDatabase::new().await;
    // Accepts connections and never says a word.
    let hole = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = database.settings();
    settings.database_port = hole.local_addr().unwrap().port();
    let pool = Database::new(settings, Credentials::Fixed(TestDatabase::login("app_tenant")));
    let error = tenants::overview(&pool, &scope(), today()).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
}

/// A server that vanishes without a word keeps to none of its own limits: what waits for it has limits besides.
#[tokio::test]
async fn what_nobody_waits_for_ends_in_time_too() {
    let hole = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let database = TestDatabase::new().await;
    let (port, target) = (database.settings().database_port, hole.local_addr().unwrap());
    // Sessions begin, and from then on nothing arrives.
    let silent = Arc::new(AtomicBool::new(false));
    hole.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(hole).unwrap();
    tokio::spawn(forward(listener, port, Arc::clone(&silent)));
    let mut settings = database.settings();
    settings.database_port = target.port();
    let pools = ["app_jobs", "app_jobs", "app_jobs", "app_commands"]
        .map(|role| Database::new(settings.clone(), Credentials::Fixed(TestDatabase::login(role))));
    for pool in &pools {
        pool.warm_up().await;
    }
    let [looked_up, made, dropped, written] = &pools;
    silent.store(true, Ordering::SeqCst);

    tokio::time::pause();
    let step = data::commands::AuditStep {
        id: Uuid::nil(),
        kind: "command_created",
        severity: "info",
        tenant_id: None,
        actor: "s".into(),
        title: "x".into(),
        description: None,
        metadata: serde_json::Value::Null,
        at: Utc::now(),
    };
    for error in [
        data::jobs::last_run_at(looked_up, today()).await.unwrap_err(),
        data::jobs::make_partitions(made, today()).await.unwrap_err(),
        data::jobs::drop_partitions(dropped, today()).await.unwrap_err(),
        data::commands::record_steps(written, &[step]).await.unwrap_err(),
    ] {
        assert!(error.is_transient() && error.to_string().contains("timed out"), "{error}");
    }
}

/// Carries bytes both ways until nothing is to arrive any more.
async fn forward(listener: tokio::net::TcpListener, port: u16, silent: Arc<AtomicBool>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    while let Ok((client, _)) = listener.accept().await {
        let server = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
            (client.into_split(), server.into_split());
        let silent = Arc::clone(&silent);
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
                if !silent.load(Ordering::SeqCst) {
                    to_server.write_all(&buffer[..length]).await.unwrap();
                }
            }
        });
        tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    }
}

#[tokio::test]
async fn a_verified_connection_is_encrypted_and_trusts_one_authority() {
    let database = TestDatabase::new().await;
    let settings = database.settings_with_tls();
    let verified = Database::new(settings.clone(), Credentials::Fixed(TestDatabase::login("app_tenant")));
    assert!(tenants::overview(&verified, &scope(), today()).await.unwrap().is_none());
    let encrypted: bool = sqlx::query_scalar(
        "SELECT bool_and(s.ssl) FROM pg_stat_ssl AS s JOIN pg_stat_activity AS a USING (pid)
         WHERE a.datname = current_database() AND a.usename = 'app_tenant'",
    )
    .fetch_one(&mut database.superuser().await)
    .await
    .unwrap();
    assert!(encrypted);

    // The system's authorities don't know this server.
    let unknown = DatabaseSettings { database_ca_file: None, ..settings };
    let unknown = Database::new(unknown, Credentials::Fixed(TestDatabase::login("app_tenant")));
    let error = tenants::overview(&unknown, &scope(), today()).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[tokio::test]
async fn a_secret_that_is_no_login_is_unavailable_and_told_to_nobody() {
    for content in [
        json!(null),
        json!("s3cr3t"),
        json!(["app_tenant", "s3cr3t", 1]),
        json!({}),
        json!({"username": "app_tenant"}),
        json!({"password": "s3cr3t"}),
        json!({"username": "app_tenant", "password": null}),
        json!({"username": "app_tenant", "password": {"s3cr3t": "s3cr3t"}}),
        json!({"username": ["s3cr3t"], "password": "s3cr3t"}),
        json!([[[{"username": "app_tenant", "password": "s3cr3t"}]]]),
    ] {
        let secrets = SecretsManager::start(vec![("login".into(), content.clone())]).await;
        let client = aws_sdk_secretsmanager::Client::new(&Emulator::new().config_at(secrets.url()));
        let read = Credentials::Secret { client, id: "login".into() }.read().await;
        let error = DataError::from(read.map(|_| ()).unwrap_err());
        assert!(error.is_transient(), "{content}");
        assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error:?}");
    }
}
