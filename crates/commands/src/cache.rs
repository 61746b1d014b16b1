//! Redis, as far as commands need it.

use std::time::Duration;

use aws_sdk_secretsmanager::Client as Secrets;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use data::Tls;
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// The longest that connecting may take, and the longest that an answer may.
const CONNECT: Duration = Duration::from_secs(1);
const RESPONSE: Duration = Duration::from_secs(1);

/// Where Redis is.
#[derive(Clone, Debug, Deserialize)]
pub struct CacheSettings {
    /// `CACHE_HOST`. Optional: without it there is no cache.
    #[serde(default)]
    pub cache_host: Option<String>,
    /// `CACHE_PORT`. Optional: 6379.
    #[serde(default = "usual_port")]
    pub cache_port: u16,
    /// `CACHE_TLS`: `verify-full` or `disable`. Optional: `verify-full`.
    #[serde(default = "usual_tls")]
    pub cache_tls: Tls,
    /// `CACHE_SECRET_ARN`: a secret of the form `{"password"}`. Optional: without it Redis wants none.
    #[serde(default)]
    pub cache_secret_arn: Option<String>,
}

const fn usual_port() -> u16 {
    6379
}

const fn usual_tls() -> Tls {
    Tls::VerifyFull
}

/// A Redis that is asked now and then, with a connection each time.
pub struct Cache {
    settings: CacheSettings,
    secrets: Secrets,
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
    /// It, or the way to it, is down or slow, or it refused.
    #[error("the cache is unavailable: {0}")]
    Unavailable(#[from] redis::RedisError),
}

/// What its secret has to hold.
#[derive(Deserialize)]
struct Password {
    password: SecretString,
}

impl Cache {
    /// The Redis of these settings.
    #[must_use]
    pub const fn new(settings: CacheSettings, secrets: Secrets) -> Self {
        Self { settings, secrets }
    }

    /// Sends a PING; fails if it isn't answered.
    pub async fn ping(&self) -> Result<(), CacheError> {
        let host = self.settings.cache_host.clone().ok_or(CacheError::NotConfigured)?;
        let port = self.settings.cache_port;
        let address = match self.settings.cache_tls {
            Tls::Disable => ConnectionAddr::Tcp(host, port),
            Tls::VerifyFull => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
        };
        let mut login = RedisConnectionInfo::default();
        if let Some(password) = self.password().await? {
            login = login.set_password(password.expose_secret());
        }
        let client = Client::open(address.into_connection_info()?.set_redis_settings(login))?;
        let limits = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(RESPONSE));
        let mut connection = client.get_multiplexed_async_connection_with_config(&limits).await?;
        let _: String = redis::cmd("PING").query_async(&mut connection).await?;
        Ok(())
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
