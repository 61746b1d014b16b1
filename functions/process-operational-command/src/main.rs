//! The command processor as a Lambda function.

use std::sync::Arc;

use chrono::Utc;
use commands::{Cache, Executors, Store, call_limits};
use data::{Credentials, Database};
use lambda_runtime::{LambdaEvent, service_fn};
use process_operational_command::{Processor, Settings};
use serde_json::Value;
use tracing::Instrument;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::read()?;
    runtime::start(&settings.common);

    let aws = settings.aws.config()?.into_builder().timeout_config(call_limits()).build();
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
        let span = tracing::info_span!("invocation", invocation = context.request_id);
        processor.handle(payload, &context).instrument(span).await
    });
    lambda_runtime::run(handler).await.map_err(anyhow::Error::from_boxed)
}
