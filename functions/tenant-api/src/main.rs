//! The tenant API as a Lambda function.

use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use chrono::Utc;
use data::{Credentials, Database};
use tenant_api::{Settings, State};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::read()?;
    runtime::start(&settings.common);

    let secrets = Client::new(&settings.aws.config()?);
    let credentials = Credentials::Secret { client: secrets, id: settings.database_secret_arn };
    let state = State {
        verifier: Arc::new(settings.auth.verifier()?),
        database: Arc::new(Database::new(settings.database, credentials)),
        now: Utc::now,
    };
    // Initialisation has more processor than a request, and nobody waits for it.
    tokio::join!(state.verifier.keys().warm_up(), state.database.warm_up());

    lambda_http::run(tenant_api::router(state, &settings.web)).await.map_err(anyhow::Error::from_boxed)
}
