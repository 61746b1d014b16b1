//! The command processor as a Lambda function.

use std::sync::Arc;

use cache::Cache;
use chrono::Utc;
use commands::{Executors, Store};
use data::{Credentials, Database};
use lambda_runtime::{LambdaEvent, service_fn};
use outbound::CallLimits;
use process_operational_command::{Processor, Settings};
use runtime::Stop;
use serde_json::Value;
use tracing::Instrument;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::read()?;
    runtime::start(&settings.common);
    let stop = Stop::listen()?;

    let aws = settings.aws.config(outbound::client()?, CallLimits::BACKGROUND);
    let secrets = aws_sdk_secretsmanager::Client::new(&aws);
    let credentials =
        Credentials::Secret { client: secrets.clone(), id: settings.database_secret_arn.clone() };
    let processor = Processor {
        store: Store::new(&aws_sdk_dynamodb::Client::new(&aws), settings.commands),
        executors: Executors {
            database: Arc::new(Database::new(settings.database, credentials)),
            sqs: aws_sdk_sqs::Client::new(&aws),
            queues: settings.queues,
            secrets: secrets.clone(),
            database_secret_arn: settings.database_secret_arn,
            events: aws_sdk_eventbridge::Client::new(&aws),
            event_bus: settings.event_bus,
            cache: Cache::new(settings.cache, secrets),
        },
        leases: settings.leases,
        retry_window: settings.retry_window,
        now: Utc::now,
    };
    processor.executors.database.warm_up().await;

    let handler = service_fn(async |LambdaEvent { payload, context }: LambdaEvent<Value>| {
        let span = runtime::invocation(&context.request_id, context.xray_trace_id.as_deref());
        processor.handle(payload, &context).instrument(span).await
    });
    let run = lambda_runtime::run(handler);
    let let_go = async {
        processor.executors.cache.close();
        processor.executors.database.close().await;
    };
    stop.or(run, let_go).await.map_err(anyhow::Error::from_boxed)
}
