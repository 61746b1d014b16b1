//! A database for one test.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use data::schema::{self, MIGRATIONS};
use data::{Credentials, Database, DatabaseSettings, Login, Tls};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use uuid::Uuid;

/// A database that nobody else uses, dropped with this value. Lives on the server of `DATABASE_URL`, whose login is a
/// superuser; the application's roles log in with their own passwords, from the file that `PGPASSFILE` names.
pub struct TestDatabase {
    name: String,
    server: PgConnectOptions,
}

impl TestDatabase {
    /// A migrated database without tenants: a copy of a template that the first test makes.
    pub async fn new() -> Self {
        let server = server();
        let mut admin = server.connect().await.expect("the server of DATABASE_URL");
        let template = format!("painel_template_{:016x}", schema_hash());
        // Of the tests that start at once, one makes the template and the others wait.
        admin.execute("SELECT pg_advisory_lock(hashtext('painel_template'))").await.unwrap();
        let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(&template)
            .fetch_one(&mut admin)
            .await
            .unwrap();
        if !exists {
            let unfinished = Self::create(&mut admin, "template0").await;
            let mut owner = unfinished.connect("app_migrator").await;
            schema::migrate(&mut owner, &[]).await.expect("migrations");
            owner.close().await.unwrap();
            let rename = format!("ALTER DATABASE {} RENAME TO {template}", unfinished.name);
            admin.execute(AssertSqlSafe(rename)).await.unwrap();
        }
        let database = Self::create(&mut admin, &template).await;
        // A copy has the template's tables, but not its privileges on the database itself.
        schema::migrate(&mut database.connect("app_migrator").await, &[]).await.expect("migrations");
        // Closing the session gives the lock back.
        admin.close().await.unwrap();
        database
    }

    /// An empty database, owned by `app_migrator`.
    pub async fn empty() -> Self {
        let mut admin = server().connect().await.expect("the server of DATABASE_URL");
        Self::create(&mut admin, "template0").await
    }

    async fn create(admin: &mut PgConnection, template: &str) -> Self {
        let name = format!("painel_test_{}", Uuid::now_v7().simple());
        let create = format!("CREATE DATABASE {name} TEMPLATE {template} OWNER app_migrator");
        admin.execute(AssertSqlSafe(create)).await.unwrap();
        Self { name, server: server() }
    }

    /// Where it is.
    #[must_use]
    pub fn settings(&self) -> DatabaseSettings {
        DatabaseSettings {
            database_host: self.server.get_host().to_owned(),
            database_port: self.server.get_port(),
            database_name: self.name.clone(),
            database_tls: Tls::Disable,
            database_ca_file: None,
        }
    }

    /// Where it is, for connections that verify who answers. The server's authority is in the file that
    /// `DATABASE_CA_FILE` names.
    #[must_use]
    pub fn settings_with_tls(&self) -> DatabaseSettings {
        let authority =
            variable("DATABASE_CA_FILE").expect("DATABASE_CA_FILE: run the tests with `make test-rust`");
        DatabaseSettings {
            database_tls: Tls::VerifyFull,
            database_ca_file: Some(authority.into()),
            ..self.settings()
        }
    }

    /// The login of a role.
    #[must_use]
    pub fn login(role: &str) -> Login {
        Login { username: role.to_owned(), password: password(role).into() }
    }

    /// A pool as a function would have it, logged in as this role.
    #[must_use]
    pub fn database(&self, role: &str) -> Database {
        Database::new(self.settings(), Credentials::Fixed(Self::login(role)))
    }

    /// One connection, logged in as this role.
    pub async fn connect(&self, role: &str) -> PgConnection {
        self.settings().connect_options(&Self::login(role)).connect().await.expect("a connection")
    }

    /// One connection with the owner's rights, as the migrator has them.
    pub async fn owner(&self) -> PgConnection {
        let mut connection = self.connect("app_migrator").await;
        connection
            .execute(sqlx::raw_sql("SET ROLE app_owner; SET search_path = alquimista_platform, public"))
            .await
            .unwrap();
        connection
    }

    /// Has the database explain what it does for a role's statements, in connections from now on; read by
    /// [`Statements`](crate::Statements).
    pub async fn explain(&self, role: &str) {
        let mut superuser = self.superuser().await;
        for (setting, value) in [
            ("session_preload_libraries", "auto_explain"),
            ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_analyze", "on"),
            ("auto_explain.log_buffers", "on"),
            ("auto_explain.log_format", "json"),
            ("auto_explain.log_level", "notice"),
        ] {
            let set = format!("ALTER ROLE {role} IN DATABASE {} SET {setting} = '{value}'", self.name);
            superuser.execute(AssertSqlSafe(set)).await.unwrap();
        }
    }

    /// One connection as superuser.
    pub async fn superuser(&self) -> PgConnection {
        self.server.clone().database(&self.name).connect().await.expect("a connection")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (server, drop) =
            (self.server.clone(), format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut admin = server.connect().await.map_err(std::io::Error::other)?;
                let drop = admin.execute(AssertSqlSafe(drop));
                tokio::time::timeout(Duration::from_secs(10), drop).await?.map_err(std::io::Error::other)
            })
        });
        // A database left behind is no reason to fail a test that passed.
        let _ = dropping.join();
    }
}

#[expect(clippy::disallowed_methods, reason = "tests have no Settings")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn server() -> PgConnectOptions {
    let url = variable("DATABASE_URL").expect("DATABASE_URL: run the tests with `make test-rust`");
    url.parse().expect("DATABASE_URL")
}

/// The password of a role in a file of libpq's format, `host:port:database:role:password`; empty without such a file.
fn password(role: &str) -> String {
    let lines =
        variable("PGPASSFILE").and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
    let mut of_role = lines.lines().filter_map(|line| {
        let mut fields = line.splitn(5, ':').skip(3);
        (fields.next()? == role).then(|| fields.next().unwrap_or_default().to_owned())
    });
    of_role.next_back().unwrap_or_default()
}

fn schema_hash() -> u64 {
    let mut hasher = DefaultHasher::new();
    include_str!("../../data/src/schema/bootstrap.sql").hash(&mut hasher);
    for migration in MIGRATIONS.iter() {
        migration.checksum.hash(&mut hasher);
    }
    hasher.finish()
}
