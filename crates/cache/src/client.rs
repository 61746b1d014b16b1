//! The connection, and how long anybody waits for it.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_secretsmanager::Client as Secrets;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use data::Tls;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, FromRedisValue, IntoConnectionInfo,
    RedisConnectionInfo,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tracing::Instrument;

use crate::CacheSettings;
use crate::breaker::Breaker;

/// The longest that connecting may take, and the longest that an answer may, where nobody's request waits for it.
const CONNECT: Duration = Duration::from_secs(1);
const RESPONSE: Duration = Duration::from_secs(1);

/// How patient the users of a cache are.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The longest that one use may take (contract, section 8).
    pub budget: Duration,
    /// For how long nothing is asked after a use that failed.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { budget: Duration::from_millis(50), pause: Duration::from_secs(5) }
    }
}

/// A Redis. Connects at the first use, and again whenever the connection is lost.
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

struct Inner {
    settings: CacheSettings,
    secrets: Secrets,
    patience: Patience,
    breaker: Breaker,
    /// Held while connecting, so that many uses make one connection.
    connection: Arc<Mutex<Option<MultiplexedConnection>>>,
}

/// Why Redis did not answer.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// There is none.
    #[error("no cache is configured")]
    NotConfigured,
    /// Its password could not be read.
    #[error("the cache's password could not be read: {0}")]
    Credentials(String),
    /// It, or the way to it, is down, or it refused.
    #[error("the cache is unavailable: {0}")]
    Unavailable(#[from] redis::RedisError),
    /// It took too long.
    #[error("the cache is slow")]
    Slow,
}

/// What its secret has to hold.
#[derive(Deserialize)]
struct Password {
    password: SecretString,
}

impl Cache {
    /// The Redis of these settings.
    #[must_use]
    pub fn new(settings: CacheSettings, secrets: Secrets) -> Self {
        Self::with_patience(settings, secrets, Patience::default())
    }

    /// The same, with users who are more patient, or less.
    #[must_use]
    pub fn with_patience(settings: CacheSettings, secrets: Secrets, patience: Patience) -> Self {
        let breaker = Breaker::new(patience.pause);
        Self(Arc::new(Inner { settings, secrets, patience, breaker, connection: Arc::default() }))
    }

    /// Connects before the first use. A failure costs nothing: a later use tries again.
    pub async fn warm_up(&self) {
        if self.is_configured()
            && let Err(error) = self.insist::<()>(&redis::cmd("PING")).await
        {
            self.0.breaker.open(Instant::now());
            tracing::warn!(%error, "not connected to the cache at start");
        }
    }

    /// Lets go of the connection.
    pub fn close(&self) {
        self.0.disconnect();
    }

    /// Sends a PING by a connection of its own, whatever happened to others; fails if it isn't answered.
    pub async fn ping(&self) -> Result<(), CacheError> {
        let mut connection = self.0.connect().await?;
        let _: String = redis::cmd("PING").query_async(&mut connection).await?;
        Ok(())
    }

    /// What Redis answers within the budget. `None`: it doesn't, or is not asked, because it didn't a moment ago.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Option<T> {
        let Inner { patience, breaker, .. } = &*self.0;
        if !self.is_configured() || !breaker.admits(Instant::now()) {
            return None;
        }
        let answer = timeout(patience.budget, self.0.send(command)).await.unwrap_or(Err(CacheError::Slow));
        match answer {
            Ok(answer) => {
                breaker.close();
                Some(answer)
            }
            Err(error) => {
                breaker.open(Instant::now());
                self.0.disconnect();
                tracing::warn!(%error, "doing without the cache");
                None
            }
        }
    }

    /// What Redis answers, for those who can wait a little, and whose question can't be asked later.
    pub(crate) async fn insist<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, CacheError> {
        let answer = timeout(RESPONSE, self.0.send(command)).await.unwrap_or(Err(CacheError::Slow));
        answer.inspect_err(|_| self.0.disconnect())
    }

    pub(crate) fn is_configured(&self) -> bool {
        self.0.settings.cache_host.is_some()
    }
}

impl Inner {
    async fn send<T: FromRedisValue>(self: &Arc<Self>, command: &Cmd) -> Result<T, CacheError> {
        let waiting = tracing::debug_span!("cache", "peer.service" = "Redis");
        async {
            let mut connection = self.connection().await?;
            match command.query_async(&mut connection).await {
                // It died unseen, while nothing was asked of it.
                Err(error) if error.is_connection_dropped() => {
                    self.disconnect();
                    Ok(command.query_async(&mut self.connection().await?).await?)
                }
                answer => Ok(answer?),
            }
        }
        .instrument(waiting)
        .await
    }

    /// The connection, made if need be.
    async fn connection(self: &Arc<Self>) -> Result<MultiplexedConnection, CacheError> {
        let mut place = Arc::clone(&self.connection).lock_owned().await;
        if let Some(connection) = &*place {
            return Ok(connection.clone());
        }
        // In a task of its own: a handshake that takes longer than this use may is there for the next.
        let this = Arc::clone(self);
        let connecting = tokio::spawn(async move {
            let connection = this.connect().await?;
            *place = Some(connection.clone());
            this.breaker.close();
            Ok(connection)
        });
        connecting.await.unwrap_or(Err(CacheError::Slow))
    }

    /// Forgets the connection, unless one is just being made.
    fn disconnect(&self) {
        if let Ok(mut place) = self.connection.try_lock() {
            *place = None;
        }
    }

    async fn connect(&self) -> Result<MultiplexedConnection, CacheError> {
        let host = self.settings.cache_host.clone().ok_or(CacheError::NotConfigured)?;
        let port = self.settings.cache_port;
        let address = match self.settings.cache_tls {
            Tls::Disable => ConnectionAddr::Tcp(host, port),
            Tls::VerifyFull => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
        };
        let mut login = RedisConnectionInfo::default();
        // Read each time: a password that was changed is the new one.
        if let Some(password) = self.password().await? {
            login = login.set_password(password.expose_secret());
        }
        let client = Client::open(address.into_connection_info()?.set_redis_settings(login))?;
        let limits = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(RESPONSE));
        Ok(client.get_multiplexed_async_connection_with_config(&limits).await?)
    }

    async fn password(&self) -> Result<Option<SecretString>, CacheError> {
        let Some(id) = &self.settings.cache_secret_arn else {
            return Ok(None);
        };
        let secret = self.secrets.get_secret_value().secret_id(id).send().await;
        let secret =
            secret.map_err(|error| CacheError::Credentials(DisplayErrorContext(error).to_string()))?;
        // What is wrong with its contents might quote them.
        let password = secret.secret_string().and_then(|json| serde_json::from_str::<Password>(json).ok());
        password
            .map(|read| Some(read.password))
            .ok_or_else(|| CacheError::Credentials("its secret is not a JSON object with a password".into()))
    }
}
