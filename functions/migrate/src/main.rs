//! What only the database's owner may do, as a Lambda function: nobody has a shell inside the network.
//!
//! `{}` brings the database up to date; each deployment asks for it before its new code takes traffic, and the answer says
//! what was applied. `{"erase_user": "<sub>"}` forgets a person, and says whose user that was.

use std::time::{Duration, SystemTime};

use aws_sdk_secretsmanager::Client;
use cache::{Cache, CacheSettings};
use data::schema::{self, Report};
use data::{Credentials, DatabaseSettings, Login, erasure};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use outbound::{AwsSettings, CallLimits};
use runtime::Stop;
use serde::{Deserialize, Serialize};
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::time::timeout;
use tracing::Instrument;
use uuid::Uuid;

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

/// What is to be done.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    /// Who is to be forgotten: the `sub` of a user. Absent: the database is brought up to date.
    erase_user: Option<Uuid>,
}

/// What was done.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Migrated(Report),
    Erased {
        /// Whether there was anything to delete.
        erased: bool,
        tenant_id: Option<Uuid>,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let settings = Settings { aws: runtime::read()?, database: runtime::read()?, secrets: runtime::read()? };
    runtime::start(&runtime::read()?);
    let stop = Stop::listen()?;
    let client = Client::new(&settings.aws.config(outbound::client()?, CallLimits::BACKGROUND));
    let cache = Cache::new(runtime::read::<CacheSettings>()?, client.clone());
    let handler = service_fn(async |LambdaEvent { payload, context }: LambdaEvent<Event>| {
        let span = runtime::invocation(&context.request_id, context.xray_trace_id.as_deref());
        let left = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        let work = async {
            match payload.erase_user {
                None => migrate(&settings, &client).await,
                Some(sub) => erase(&settings, &client, &cache, sub).await,
            }
        };
        timeout(left.saturating_sub(MARGIN), work).instrument(span).await?
    });
    // A connection to the database lasts as long as its invocation.
    stop.or(lambda_runtime::run(handler), async { cache.close() }).await.map_err(anyhow::Error::from_boxed)
}

async fn migrate(settings: &Settings, client: &Client) -> Result<Answer, Error> {
    let mut roles = Vec::new();
    for id in &settings.secrets.database_role_secret_arns {
        roles.push(login(client, id).await?);
    }
    let mut connection = connect(settings, client).await?;
    let report = schema::migrate(&mut connection, &roles).await?;
    connection.close().await?;
    tracing::info!(version = report.version, applied = ?report.applied, partitions_made = report.partitions_made, "migrated");
    Ok(Answer::Migrated(report))
}

async fn erase(settings: &Settings, client: &Client, cache: &Cache, sub: Uuid) -> Result<Answer, Error> {
    let mut connection = connect(settings, client).await?;
    let tenant_id = erasure::erase_user(&mut connection, sub).await?;
    connection.close().await?;
    // What is kept of the tenant's answers names its users.
    if let Some(tenant_id) = tenant_id {
        cache.forget_tenant(tenant_id).await;
    }
    tracing::info!(erased = tenant_id.is_some(), "user erased");
    Ok(Answer::Erased { erased: tenant_id.is_some(), tenant_id })
}

/// As the login that owns the database.
async fn connect(settings: &Settings, client: &Client) -> Result<PgConnection, Error> {
    let login = login(client, &settings.secrets.database_secret_arn).await?;
    Ok(timeout(CONNECT, settings.database.connect_options(&login).connect()).await??)
}

async fn login(client: &Client, id: &str) -> Result<Login, Error> {
    Ok(Credentials::Secret { client: client.clone(), id: id.to_owned() }.read().await?)
}
