//! Brings the database up to date, as a Lambda function: nobody has a shell inside the network.
//!
//! Invoked by a deployment before its new code takes traffic. The event is ignored; the answer says what was applied.

use aws_sdk_secretsmanager::Client;
use data::schema::{self, Report};
use data::{Credentials, DatabaseSettings};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use outbound::AwsSettings;
use serde::Deserialize;
use serde_json::Value;
use sqlx::{ConnectOptions, Connection};

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
    let client = Client::new(&settings.aws.config()?);
    let handler = service_fn(async |_: LambdaEvent<Value>| migrate(&settings, &client).await);
    lambda_runtime::run(handler).await.map_err(anyhow::Error::from_boxed)
}

async fn migrate(settings: &Settings, client: &Client) -> Result<Report, Error> {
    let login_of =
        async |id: &String| Credentials::Secret { client: client.clone(), id: id.clone() }.read().await;
    let mut roles = Vec::new();
    for id in &settings.secrets.database_role_secret_arns {
        roles.push(login_of(id).await?);
    }
    let login = login_of(&settings.secrets.database_secret_arn).await?;

    let mut connection = settings.database.connect_options(&login).connect().await?;
    let report = schema::migrate(&mut connection, &roles).await?;
    connection.close().await?;
    tracing::info!(version = report.version, applied = ?report.applied, partitions_made = report.partitions_made, "migrated");
    Ok(report)
}
