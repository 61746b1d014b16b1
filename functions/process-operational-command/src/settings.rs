//! The function's settings.

use std::time::Duration;

use cache::CacheSettings;
use commands::{Leases, QueueName, StoreSettings};
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
    /// `DATABASE_SECRET_ARN`: the secret with the login of `app_commands`.
    pub database_secret_arn: String,
    /// Where commands are.
    pub commands: StoreSettings,
    /// Where Redis is.
    pub cache: CacheSettings,
    /// `OPERATION_QUEUES`: names of the queues that may be reprocessed, comma-separated. Optional.
    pub queues: Vec<QueueName>,
    /// `EVENT_BUS_NAME`: where agents are told to restart.
    pub event_bus: String,
    /// `COMMAND_LEASE_SECONDS` and `COMMAND_CLOCK_SKEW_SECONDS`: how long an execution is its executor's alone from each
    /// sign of life on, and how far two clocks may be apart.
    pub leases: Leases,
    /// `COMMAND_RETRY_WINDOW_SECONDS`: for how long the stream tells of a command again. Longer than a lease and the skew.
    pub retry_window: Duration,
}

#[derive(Deserialize)]
struct Own {
    database_secret_arn: String,
    #[serde(default)]
    operation_queues: Vec<String>,
    event_bus_name: String,
    command_lease_seconds: u32,
    command_clock_skew_seconds: u32,
    command_retry_window_seconds: u32,
}

impl Settings {
    /// Reads them from the environment.
    pub fn read() -> Result<Self, SettingsError> {
        let own: Own = runtime::read()?;
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        let leases = Leases {
            duration: seconds(own.command_lease_seconds),
            clock_skew: seconds(own.command_clock_skew_seconds),
        };
        let retry_window = seconds(own.command_retry_window_seconds);
        if leases.duration.is_zero() || retry_window <= leases.duration + leases.clock_skew {
            let message = "COMMAND_RETRY_WINDOW_SECONDS has to be longer than COMMAND_LEASE_SECONDS, which is at least 1, and \
                COMMAND_CLOCK_SKEW_SECONDS together";
            return Err(SettingsError::Invalid(message.into()));
        }
        let queue = |name: &String| {
            let invalid =
                || SettingsError::Invalid(format!("OPERATION_QUEUES: {name:?} is not the name of a queue"));
            QueueName::new(name).ok_or_else(invalid)
        };
        Ok(Self {
            common: runtime::read()?,
            aws: runtime::read()?,
            database: runtime::read()?,
            database_secret_arn: own.database_secret_arn,
            commands: runtime::read()?,
            cache: runtime::read()?,
            queues: own.operation_queues.iter().map(queue).collect::<Result<_, _>>()?,
            event_bus: own.event_bus_name,
            leases,
            retry_window,
        })
    }
}
