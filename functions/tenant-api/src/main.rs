//! The tenant API as a Lambda function.

use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use cache::Cache;
use chrono::Utc;
use data::{Credentials, Database};
use outbound::CallLimits;
use runtime::Stop;
use tenant_api::{Settings, State};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::read()?;
    runtime::start(&settings.common);
    let stop = Stop::listen()?;

    let http = outbound::client()?;
    let secrets = Client::new(&settings.aws.config(http.clone(), CallLimits::REQUEST));
    let cache = Cache::new(settings.cache, secrets.clone());
    let credentials = Credentials::Secret { client: secrets, id: settings.database_secret_arn };
    let state = State {
        verifier: Arc::new(settings.auth.verifier(http)),
        database: Arc::new(Database::new(settings.database, credentials)),
        cache,
        limits: settings.limits,
        now: Utc::now,
    };
    // Initialisation has more processor than a request, and nobody waits for it.
    tokio::join!(
        state.verifier.keys().warm_up(),
        state.database.warm_up_for_tenants(),
        state.cache.warm_up(),
    );

    let (database, cache) = (Arc::clone(&state.database), state.cache.clone());
    let let_go = async {
        cache.close();
        database.close().await;
    };
    let run = lambda_http::run(tenant_api::router(state, &settings.web));
    stop.or(run, let_go).await.map_err(anyhow::Error::from_boxed)
}
