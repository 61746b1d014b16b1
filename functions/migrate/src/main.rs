//! Brings the database up to date, as a Lambda function: nobody has a shell inside the network.
//!
//! Invoked by a deployment before its new code takes traffic. The event is ignored; the answer says what was applied.

use std::time::{Duration, SystemTime};

use aws_sdk_secretsmanager::Client;
use data::schema::{self, Report};
use data::{Credentials, DatabaseSettings};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use outbound::{AwsSettings, CallLimits};
use runtime::Stop;
use serde::Deserialize;
use serde_json::Value;
use sqlx::{ConnectOptions, Connection};
use tokio::time::timeout;
use tracing::Instrument;

/// Kept free before the deadline, to say what wasn't done.
const MARGIN: Duration = Duration::from_secs(10);
/// The longest that connecting may take.
const CONNECT: Duration = Duration::from_secs(10);

/// Everything the function has to be told, read once at start.
struct Settings {
    aws: AwsSettings,
    database: DatabaseSettings,
    secrets: SecretSettings,
}

#[derive(Deserialize)]
struct SecretSettings {
    /// `DATABASE_SECRET_ARN`: the secret with the login that owns the database.
    database_secret_arn: String,
    /// `DATABASE_ROLE_SECRET_ARNS`: the secrets with the logins of the application's roles, comma-separated.
    database_role_secret_arns: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let settings = Settings { aws: runtime::read()?, database: runtime::read()?, secrets: runtime::read()? };
    runtime::start(&runtime::read()?);
    let stop = Stop::listen()?;
    let client = Client::new(&settings.aws.config(outbound::client()?, CallLimits::BACKGROUND));
    let handler = service_fn(async |LambdaEvent { context, .. }: LambdaEvent<Value>| {
        let span = runtime::invocation(&context.request_id, context.xray_trace_id.as_deref());
        let left = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        timeout(left.saturating_sub(MARGIN), migrate(&settings, &client)).instrument(span).await?
    });
    // A connection lasts as long as its invocation: there is nothing to let go.
    stop.or(lambda_runtime::run(handler), async {}).await.map_err(anyhow::Error::from_boxed)
}

async fn migrate(settings: &Settings, client: &Client) -> Result<Report, Error> {
    let login_of =
        async |id: &String| Credentials::Secret { client: client.clone(), id: id.clone() }.read().await;
    let mut roles = Vec::new();
    for id in &settings.secrets.database_role_secret_arns {
        roles.push(login_of(id).await?);
    }
    let login = login_of(&settings.secrets.database_secret_arn).await?;

    let mut connection = timeout(CONNECT, settings.database.connect_options(&login).connect()).await??;
    let report = schema::migrate(&mut connection, &roles).await?;
    connection.close().await?;
    tracing::info!(version = report.version, applied = ?report.applied, partitions_made = report.partitions_made, "migrated");
    Ok(report)
}
