//! The internal API as a Lambda function.

use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use chrono::Utc;
use commands::Store;
use data::{Credentials, Database};
use internal_api::{Settings, State};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::read()?;
    runtime::start(&settings.common);

    let aws = settings.aws.config()?;
    let secrets = Client::new(&aws);
    let credentials = Credentials::Secret { client: secrets, id: settings.database_secret_arn };
    let state = State {
        verifier: Arc::new(settings.auth.verifier()?),
        database: Arc::new(Database::new(settings.database, credentials)),
        commands: Arc::new(Store::new(&aws_sdk_dynamodb::Client::new(&aws), settings.commands)),
        queues: settings.operation_queues.into(),
        now: Utc::now,
    };
    // Initialisation has more processor than a request, and nobody waits for it.
    tokio::join!(state.verifier.keys().warm_up(), state.database.warm_up());

    lambda_http::run(internal_api::router(state, &settings.web)).await.map_err(anyhow::Error::from_boxed)
}
