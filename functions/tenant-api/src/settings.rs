//! The function's settings.

use cache::CacheSettings;
use data::DatabaseSettings;
use http_api::{AuthSettings, LimitSettings, WebSettings};
use outbound::AwsSettings;
use runtime::SettingsError;
use serde::Deserialize;

/// Everything the function has to be told, read once at start.
pub struct Settings {
    /// What every function has to be told.
    pub common: runtime::Settings,
    /// Where AWS is, and who the function is for it.
    pub aws: AwsSettings,
    /// Whose tokens are accepted.
    pub auth: AuthSettings,
    /// Who may read the answers.
    pub web: WebSettings,
    /// Where Redis is.
    pub cache: CacheSettings,
    /// How much anybody may ask for.
    pub limits: LimitSettings,
    /// Where the database is.
    pub database: DatabaseSettings,
    /// `DATABASE_SECRET_ARN`: the secret with the login of `app_tenant`.
    pub database_secret_arn: String,
}

#[derive(Deserialize)]
struct Own {
    database_secret_arn: String,
}

impl Settings {
    /// Reads them from the environment.
    pub fn read() -> Result<Self, SettingsError> {
        let Own { database_secret_arn } = runtime::read()?;
        Ok(Self {
            common: runtime::read()?,
            aws: runtime::read()?,
            auth: runtime::read()?,
            web: runtime::read()?,
            cache: runtime::read()?,
            limits: runtime::read()?,
            database: runtime::read()?,
            database_secret_arn,
        })
    }
}
