//! Connections and transactions.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use auth_context::{InternalScope, TenantScope};
use secrecy::ExposeSecret;
use serde::Deserialize;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgConnectOptions, PgSslMode, PgTypeInfo};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Encode, Executor, PgConnection, Postgres, Type};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument;

use crate::credentials::{Credentials, Login};
use crate::error::{DataError, is_disconnection, is_login_refusal};
use crate::prompt::without_delay;

/// A function handles one request at a time; the second connection is for what must not wait behind it.
pub(crate) const MAX_CONNECTIONS: u32 = 2;
/// The longest wait for a turn, and for a new connection. A statement's own limit is its role's `statement_timeout`.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// Below what a proxy or a database behind it allows an idle client.
const MAX_LIFETIME: Duration = Duration::from_mins(15);

/// Where the database is. The login comes from [`Credentials`].
#[derive(Clone, Debug, Deserialize)]
pub struct DatabaseSettings {
    /// `DATABASE_HOST`
    pub database_host: String,
    /// `DATABASE_PORT`
    pub database_port: u16,
    /// `DATABASE_NAME`
    pub database_name: String,
    /// `DATABASE_TLS`: `verify-full` or `disable`
    pub database_tls: Tls,
    /// `DATABASE_CA_FILE`: a PEM file with the certificate authorities to trust besides the public ones, as managed
    /// databases have their own. Optional.
    #[serde(default)]
    pub database_ca_file: Option<PathBuf>,
}

impl DatabaseSettings {
    /// Options for one connection as this login.
    #[must_use]
    pub fn connect_options(&self, login: &Login) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass()
            .host(&self.database_host)
            .port(self.database_port)
            .database(&self.database_name)
            .username(&login.username)
            .password(login.password.expose_secret())
            .ssl_mode(match self.database_tls {
                Tls::Disable => PgSslMode::Disable,
                Tls::VerifyFull => PgSslMode::VerifyFull,
            });
        match &self.database_ca_file {
            Some(file) => options.ssl_root_cert(file),
            None => options,
        }
    }
}

/// Whether to encrypt the connection. There is no half-hearted mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// Plain TCP: a database on the same machine.
    Disable,
    /// TLS, with the server's certificate and name verified.
    VerifyFull,
}

/// Connections as one role: few, kept from one request to the next.
///
/// Not sqlx's pool: that asks each connection that comes back for a sign of life, in a task of its own. Lambda freezes the
/// function in the middle of it, and the next request finds no connection and opens another.
pub struct Database {
    settings: DatabaseSettings,
    credentials: Credentials,
    /// Known once the password was read.
    options: Mutex<Option<PgConnectOptions>>,
    idle: Arc<Idle>,
    /// One for each connection. Closed with the database.
    turns: Arc<Semaphore>,
}

impl Database {
    /// Connects when it is first used.
    #[must_use]
    pub fn new(settings: DatabaseSettings, credentials: Credentials) -> Self {
        Self {
            settings,
            credentials,
            options: Mutex::default(),
            idle: Arc::default(),
            turns: Arc::new(Semaphore::new(MAX_CONNECTIONS as usize)),
        }
    }

    /// Connects before the first request needs it. A failure costs nothing: that request tries again.
    pub async fn warm_up(&self) {
        self.warm_up_by(None).await;
    }

    /// The same where requests read for tenants: the connection also learns what the type of a scope is.
    pub async fn warm_up_for_tenants(&self) {
        self.warm_up_by(Some("SELECT NULL::alquimista_platform.tenant_scope")).await;
    }

    async fn warm_up_by(&self, statement: Option<&'static str>) {
        let warm_up = async {
            let mut loan = self.borrow().await?;
            if let Some(statement) = statement {
                sqlx::query(statement).execute(loan.connection()).await?;
            }
            loan.give_back();
            Ok::<_, DataError>(())
        };
        if let Err(error) = warm_up.await {
            tracing::warn!(%error, "database not connected at start");
        }
    }

    /// Ends the sessions that nobody uses; those on loan end when they are given back. No other can be had afterwards.
    pub async fn close(&self) {
        self.turns.close();
        for Kept { connection, .. } in self.idle.take_all() {
            if let Err(error) = connection.close().await {
                tracing::debug!(%error, "a session ended by itself");
            }
        }
    }

    /// A connection that is not known to be broken.
    async fn borrow(&self) -> Result<Loan, DataError> {
        let turn = within(ACQUIRE_TIMEOUT, async {
            Ok(Arc::clone(&self.turns).acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?)
        })
        .await?;
        let connection = if let Some(connection) = self.idle.take() {
            connection
        } else {
            let waiting = tracing::debug_span!("connection", "peer.service" = "PostgreSQL connection");
            // Rare and large: on the heap it weighs on nobody else's future, nor on the compiler.
            let connection = Box::pin(self.open()).instrument(waiting).await?;
            Kept { connection, opened: Instant::now() }
        };
        Ok(Loan { connection, idle: Arc::clone(&self.idle), turn })
    }

    /// A new connection. Reads the password again when the database refuses it.
    async fn open(&self) -> Result<PgConnection, DataError> {
        let known = lock(&self.options).clone();
        let options = match known {
            Some(options) => options,
            None => self.read_options().await?,
        };
        match self.connect(&options).await {
            Err(DataError::Unavailable(refusal)) if is_login_refusal(&refusal) => {
                tracing::info!("login refused: reading the password again");
                self.connect(&self.read_options().await?).await
            }
            result => result,
        }
    }

    async fn connect(&self, options: &PgConnectOptions) -> Result<PgConnection, DataError> {
        let connect = Box::pin(without_delay(self.settings.database_port, options.connect()));
        within(ACQUIRE_TIMEOUT, async { Ok(connect.await?) }).await
    }

    async fn read_options(&self) -> Result<PgConnectOptions, DataError> {
        let options = self.settings.connect_options(&self.credentials.read().await?);
        *lock(&self.options) = Some(options.clone());
        Ok(options)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Connections that nobody uses, the last used last.
#[derive(Default)]
struct Idle(Mutex<Vec<Kept>>);

struct Kept {
    connection: PgConnection,
    opened: Instant,
}

impl Idle {
    fn take(&self) -> Option<Kept> {
        let mut idle = lock(&self.0);
        idle.retain(|kept| kept.opened.elapsed() < MAX_LIFETIME);
        idle.pop()
    }

    fn take_all(&self) -> Vec<Kept> {
        std::mem::take(&mut lock(&self.0))
    }
}

/// A connection on loan. It is closed, rather than given back, unless what was asked of it came to its end: after an
/// error, or when a request was given up, what state it is in is not worth finding out, and nobody may inherit it.
pub(crate) struct Loan {
    connection: Kept,
    idle: Arc<Idle>,
    turn: OwnedSemaphorePermit,
}

impl Loan {
    pub(crate) async fn begin(database: &Database, statement: &str) -> Result<Self, DataError> {
        // Each idle connection may have died while nobody looked. Nothing was asked of it yet: try the next.
        let mut attempts_left = MAX_CONNECTIONS;
        loop {
            let mut loan = database.borrow().await?;
            // Every caller's text is its own, or made of a UUID, which displays as hexadecimal digits and hyphens.
            match loan.connection().execute(sqlx::raw_sql(AssertSqlSafe(statement))).await {
                Ok(_) => return Ok(loan),
                Err(error) if is_disconnection(&error) && attempts_left > 0 => attempts_left -= 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn commit(mut self) -> Result<(), DataError> {
        self.connection().execute(sqlx::raw_sql("COMMIT")).await?;
        self.give_back();
        Ok(())
    }

    pub(crate) const fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection.connection
    }

    /// What was asked is answered: somebody else may ask.
    pub(crate) fn give_back(self) {
        if !self.turn.semaphore().is_closed() {
            lock(&self.idle.0).push(self.connection);
        }
    }
}

/// Does this within a limit of ours. A statement's own limit is the server's, and says nothing of a server that is gone
/// without a word.
pub(crate) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, DataError>>,
) -> Result<T, DataError> {
    let out_of_time = || DataError::Unavailable(sqlx::Error::Io(io::ErrorKind::TimedOut.into()));
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(out_of_time()))
}

/// A transaction that may write, as far as its role may.
pub(crate) struct WriteTx(Loan);

impl WriteTx {
    pub(crate) async fn begin(database: &Database) -> Result<Self, DataError> {
        Ok(Self(Loan::begin(database, "BEGIN READ WRITE").await?))
    }

    pub(crate) async fn commit(self) -> Result<(), DataError> {
        self.0.commit().await
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        self.0.connection()
    }
}

/// Which rows a statement may be about: one tenant's, or every tenant's.
pub(crate) trait Scope {}

/// The statement needs a [`Scoped`] among its parameters; without it there are no rows.
impl Scope for TenantScope {}

/// The login is one that sees them all.
impl Scope for InternalScope {}

/// A tenant's scope, and its id, as a parameter of the statement that reads for it. As soon as PostgreSQL has it, it
/// shows this statement the rows of that tenant, by row-level security (migration 0010).
pub(crate) struct Scoped<'a>(pub(crate) &'a TenantScope);

impl Type<Postgres> for Scoped<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("alquimista_platform.tenant_scope")
    }
}

impl Encode<'_, Postgres> for Scoped<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Postgres>::encode_by_ref(&self.0.tenant_id(), buffer)
    }
}

impl Database {
    /// A connection for one statement within a scope; see [`read!`].
    pub(crate) async fn lend(&self, _: &impl Scope) -> Result<Loan, DataError> {
        self.borrow().await
    }
}

/// Asks one statement within a scope: one round trip. It sees one snapshot without a transaction around it, and its role
/// reads only unless told otherwise. As at the beginning of a transaction, a dead connection is replaced: a read may be
/// asked again.
///
/// A macro, because a closure that lends a connection to a future can't say that the future may change threads.
macro_rules! read {
    ($database:expr, $scope:expr, |$connection:ident| $statement:expr) => {{
        let mut attempts_left = $crate::database::MAX_CONNECTIONS;
        loop {
            let mut loan = $database.lend($scope).await?;
            let $connection = loan.connection();
            match $statement.await {
                Ok(answer) => {
                    loan.give_back();
                    break answer;
                }
                Err(error) if attempts_left > 0 && $crate::error::is_disconnection(&error) => {
                    attempts_left -= 1
                }
                Err(error) => return Err($crate::DataError::from(error)),
            }
        }
    }};
}
pub(crate) use read;
