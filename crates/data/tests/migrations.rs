//! The migrations, on every kind of database they may meet.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::sync::LazyLock;

use data::cnpj::Cnpj;
use data::schema::{self, MIGRATIONS};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, PgConnection};
use test_support::TestDatabase;

/// How many there are in the folder: one that was added is built in.
static ALL: LazyLock<i64> = LazyLock::new(|| {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations")).unwrap();
    i64::try_from(folder.count()).unwrap()
});

async fn scalar<T>(connection: &mut PgConnection, sql: &'static str) -> T
where
    T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn an_empty_database_is_migrated_and_a_migrated_one_is_left_alone() {
    let database = TestDatabase::empty().await;
    let mut connection = database.connect("app_migrator").await;

    let first = schema::migrate(&mut connection, &[]).await.unwrap();
    assert_eq!(first.applied, (1..=*ALL).collect::<Vec<_>>());
    assert_eq!(first.version, *ALL);
    assert_eq!(MIGRATIONS.iter().count(), usize::try_from(*ALL).unwrap());
    assert!(first.partitions_made > 30);

    let second = schema::migrate(&mut connection, &[]).await.unwrap();
    assert_eq!((second.applied, second.version, second.partitions_made), (vec![], *ALL, 0));
    assert_eq!(scalar::<String>(&mut connection, "SELECT current_user::text").await, "app_migrator");
}

#[tokio::test]
async fn tables_that_were_there_first_are_adjusted_and_keep_their_rows() {
    let database = TestDatabase::empty().await;
    let mut connection = database.connect("app_migrator").await;
    connection
        .execute(sqlx::raw_sql(
            "CREATE SCHEMA alquimista_platform;
             CREATE TABLE alquimista_platform.tenants (
                 id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name varchar(255), cnpj varchar(18),
                 plan varchar(50), mrr_estimate numeric(10, 2), extra text, created_at timestamp DEFAULT now()
             );
             CREATE TABLE alquimista_platform.agents (
                 id uuid PRIMARY KEY, name text NOT NULL, created_at timestamp NOT NULL
             );
             INSERT INTO alquimista_platform.tenants (name, cnpj, plan, mrr_estimate, extra, created_at) VALUES
                 ('Padaria São João', '11.222.333/0001-81', NULL, 149.90, 'kept', '2025-01-31 23:59:59'),
                 ('Indústria Ágil', '12.abc.345/01de-35', 'enterprise', NULL, NULL, NULL),
                 ('Dígito Errado', '11.222.333/0001-99', 'starter', 10, NULL, now());
             INSERT INTO alquimista_platform.agents VALUES (gen_random_uuid(), 'Atendente', '2025-02-01 00:00:00');",
        ))
        .await
        .unwrap();

    schema::migrate(&mut connection, &[]).await.unwrap();

    connection.execute("SET ROLE app_owner").await.unwrap();
    let rows: Vec<(String, String, String, String, String, Option<String>)> = sqlx::query_as(
        "SELECT name, cnpj::text, plan, status, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), extra
         FROM alquimista_platform.tenants ORDER BY name_key LIMIT 3",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let names: Vec<_> = rows.iter().map(|row| row.0.as_str()).collect();
    assert_eq!(names, ["Dígito Errado", "Indústria Ágil", "Padaria São João"], "sorted without accents");
    let (_, cnpj, plan, status, created_at, extra) = &rows[2];
    assert_eq!(
        (cnpj.as_str(), plan.as_str(), status.as_str(), created_at.as_str(), extra.as_deref()),
        ("11222333000181", "starter", "active", "2025-01-31 23:59:59", Some("kept"))
    );
    assert_eq!(rows[1].1, "12ABC34501DE35");
    let started: i64 =
        scalar(&mut connection, "SELECT count(*) FROM alquimista_platform.tenant_mrr_changes").await;
    assert_eq!(started, 3, "the history begins with the tenants that were there");

    // A wrong CNPJ from before stays, but can't be written again.
    let refused = connection
        .execute("UPDATE alquimista_platform.tenants SET name = 'X' WHERE cnpj = '11222333000199'")
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("tenants_cnpj_valid"), "{refused}");
}

#[tokio::test]
async fn what_cannot_be_adjusted_is_refused_with_a_message_and_leaves_nothing_behind() {
    for (before, message) in [
        (
            "CREATE SCHEMA alquimista_platform;
             CREATE TABLE alquimista_platform.tenants (id uuid PRIMARY KEY, name text);
             INSERT INTO alquimista_platform.tenants VALUES ('00000000-0000-0000-0000-000000000001', 'A');",
            "tenants without a CNPJ of 14 characters: 00000000-0000-0000-0000-000000000001",
        ),
        (
            "CREATE SCHEMA alquimista_platform;
             CREATE TABLE alquimista_platform.tenants (id uuid PRIMARY KEY, name text, cnpj text, plan text);
             INSERT INTO alquimista_platform.tenants
                 VALUES ('00000000-0000-0000-0000-000000000001', 'A', '11222333000181', 'gold');",
            "tenants on plans that do not exist: gold",
        ),
        (
            "CREATE SCHEMA alquimista_platform;
             CREATE TABLE alquimista_platform.agent_requests (id uuid PRIMARY KEY, created_at timestamptz);",
            "agent_requests exists already and cannot be partitioned in place",
        ),
    ] {
        let database = TestDatabase::empty().await;
        let mut connection = database.connect("app_migrator").await;
        connection.execute(sqlx::raw_sql(before)).await.unwrap();
        let error = schema::migrate(&mut connection, &[]).await.unwrap_err();
        assert!(error.to_string().contains(message), "{error}");

        let mut superuser = database.superuser().await;
        let half: bool = scalar(
            &mut superuser,
            "SELECT to_regclass('alquimista_platform.tenant_users') IS NOT NULL
                AND to_regclass('alquimista_platform.tenant_usage_daily') IS NOT NULL",
        )
        .await;
        assert!(!half);
    }
}

#[tokio::test]
async fn passwords_are_set_and_rotated() {
    let database = TestDatabase::empty().await;
    let mut superuser = database.superuser().await;
    // A role of this test alone: those of the application belong to everybody on this server.
    let role = format!("app_rotated_{}", uuid::Uuid::now_v7().simple());
    let mut connection = database.connect("app_migrator").await;
    connection.execute(AssertSqlSafe(format!("CREATE ROLE {role}"))).await.unwrap();
    for password in ["first", "with 'quotes' and \\ and %"] {
        let login = data::Login { username: role.clone(), password: password.into() };
        schema::migrate(&mut connection, std::slice::from_ref(&login)).await.unwrap();
        let stored: String = sqlx::query_scalar("SELECT rolpassword FROM pg_authid WHERE rolname = $1")
            .bind(&role)
            .fetch_one(&mut superuser)
            .await
            .unwrap();
        assert!(stored.starts_with("SCRAM-SHA-256$"), "{stored}");
        let grant = format!("GRANT CONNECT ON DATABASE {} TO {role}", database.settings().database_name);
        superuser.execute(AssertSqlSafe(grant)).await.unwrap();
        database.settings().connect_options(&login).connect().await.expect("the password works");
    }
    let drop = format!("DROP OWNED BY {role}; DROP ROLE {role}");
    superuser.execute(sqlx::raw_sql(AssertSqlSafe(drop))).await.unwrap();
}

#[tokio::test]
async fn the_database_and_the_code_agree_on_every_cnpj() {
    let database = TestDatabase::new().await;
    let mut owner = database.owner().await;
    let base = proptest::array::uniform12(prop_oneof![b'0'..=b'9', b'A'..=b'Z']);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut candidates =
        vec!["00000000000000".into(), "11111111111111".into(), "1122233300018".into(), String::new()];
    for _ in 0..500 {
        let base = base.new_tree(&mut runner).unwrap().current();
        if let Some(cnpj) = Cnpj::from_base(base) {
            let text = cnpj.as_str().to_owned();
            let last = text.as_bytes()[13] - b'0';
            candidates.push(format!("{}{}", &text[..13], (last + 1) % 10));
            candidates.push(text.to_lowercase());
            candidates.push(text);
        }
    }
    for text in candidates {
        let in_database: bool =
            sqlx::query_scalar("SELECT cnpj_is_valid($1)").bind(&text).fetch_one(&mut owner).await.unwrap();
        let in_code = text.parse::<Cnpj>().is_ok_and(|cnpj| cnpj.as_str() == text);
        assert_eq!(in_database, in_code, "{text}");
    }
}
