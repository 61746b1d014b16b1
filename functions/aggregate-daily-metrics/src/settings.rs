//! The function's settings.

use cache::CacheSettings;
use chrono::Days;
use data::DatabaseSettings;
use outbound::AwsSettings;
use runtime::SettingsError;
use serde::Deserialize;

/// Everything the function has to be told, read once at start.
pub struct Settings {
    /// What every function has to be told.
    pub common: runtime::Settings,
    /// Where AWS is, and who the function is for it.
    pub aws: AwsSettings,
    /// Where the database is.
    pub database: DatabaseSettings,
    /// Where Redis is.
    pub cache: CacheSettings,
    /// `DATABASE_SECRET_ARN`: the secret with the login of `app_jobs`.
    pub database_secret_arn: String,
    /// `RAW_RETENTION_DAYS`: for how many days before today raw requests are kept.
    pub raw_retention: Days,
}

#[derive(Deserialize)]
struct Own {
    database_secret_arn: String,
    raw_retention_days: u16,
}

impl Settings {
    /// Reads them from the environment.
    pub fn read() -> Result<Self, SettingsError> {
        let Own { database_secret_arn, raw_retention_days } = runtime::read()?;
        Ok(Self {
            common: runtime::read()?,
            aws: runtime::read()?,
            database: runtime::read()?,
            cache: runtime::read()?,
            database_secret_arn,
            raw_retention: Days::new(raw_retention_days.into()),
        })
    }
}
