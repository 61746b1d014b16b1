//! The aggregation as a Lambda function.

use std::time::SystemTime;

use aggregate_daily_metrics::{Job, Settings, metrics};
use aws_sdk_secretsmanager::Client;
use chrono::Utc;
use data::{Credentials, Database};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use tracing::Instrument;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::read()?;
    runtime::start(&settings.common);

    let secrets = Client::new(&settings.aws.config()?);
    let credentials = Credentials::Secret { client: secrets, id: settings.database_secret_arn };
    let job = Job {
        database: Database::new(settings.database, credentials),
        raw_retention: settings.raw_retention,
        lock_wait: Job::LOCK_WAIT,
    };
    job.database.warm_up().await;

    let handler = service_fn(async |LambdaEvent { payload, context }: LambdaEvent<Value>| {
        let deadline = context.deadline();
        let time_left = || deadline.duration_since(SystemTime::now()).unwrap_or_default();
        let span = tracing::info_span!("invocation", request_id = context.request_id);
        let (outcome, measured) = job.handle(&payload, Utc::now(), &time_left).instrument(span).await;
        let function = &context.env_config.function_name;
        if let Err(error) = metrics::emit(&mut std::io::stdout(), function, Utc::now(), &measured) {
            tracing::warn!(%error, "metrics not written");
        }
        outcome
    });
    lambda_runtime::run(handler).await.map_err(anyhow::Error::from_boxed)
}
