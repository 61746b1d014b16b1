//! Where Redis is.

use data::Tls;
use serde::Deserialize;

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

impl CacheSettings {
    /// No cache at all.
    #[must_use]
    pub const fn none() -> Self {
        Self { cache_host: None, cache_port: usual_port(), cache_tls: usual_tls(), cache_secret_arn: None }
    }
}

const fn usual_port() -> u16 {
    6379
}

const fn usual_tls() -> Tls {
    Tls::VerifyFull
}
