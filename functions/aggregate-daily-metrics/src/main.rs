//! The aggregation as a Lambda function.

use std::time::SystemTime;

use aggregate_daily_metrics::{Job, Settings};
use aws_sdk_secretsmanager::Client;
use cache::Cache;
use chrono::Utc;
use data::{Credentials, Database};
use lambda_runtime::{LambdaEvent, service_fn};
use outbound::CallLimits;
use runtime::Stop;
use serde_json::Value;
use tracing::Instrument;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::read()?;
    runtime::start(&settings.common);
    let stop = Stop::listen()?;

    let secrets = Client::new(&settings.aws.config(outbound::client()?, CallLimits::BACKGROUND));
    let cache = Cache::new(settings.cache, secrets.clone());
    let credentials = Credentials::Secret { client: secrets, id: settings.database_secret_arn };
    let job = Job {
        database: Database::new(settings.database, credentials),
        cache,
        raw_retention: settings.raw_retention,
        lock_wait: Job::LOCK_WAIT,
    };
    job.database.warm_up().await;

    let handler = service_fn(async |LambdaEvent { payload, context }: LambdaEvent<Value>| {
        let deadline = context.deadline();
        let time_left = || deadline.duration_since(SystemTime::now()).unwrap_or_default();
        let span = runtime::invocation(&context.request_id, context.xray_trace_id.as_deref());
        let function = &context.env_config.function_name;
        job.handle(&payload, Utc::now(), &time_left, function).instrument(span).await
    });
    let run = lambda_runtime::run(handler);
    let let_go = async {
        job.cache.close();
        job.database.close().await;
    };
    stop.or(run, let_go).await.map_err(anyhow::Error::from_boxed)
}
