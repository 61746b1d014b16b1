//! The services around the function, and fifty tenants in them.

use std::path::Path;
use std::time::Duration;

use chrono::Days;
use serde_json::Value;
use test_support::{
    FunctionProcess, Invocation, RedisServer, SecretsManager, TestDatabase, TestIssuer, api_environment,
};

use crate::asked::Asking;
use crate::rows::{self, today};

/// The template's.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) struct Platform {
    pub(crate) database: TestDatabase,
    pub(crate) redis: RedisServer,
    pub(crate) issuer: TestIssuer,
    secrets: SecretsManager,
}

impl Platform {
    pub(crate) async fn start() -> Self {
        let login = SecretsManager::content(&TestDatabase::login("app_tenant"));
        let (database, redis, issuer, secrets) = tokio::join!(
            TestDatabase::new(),
            RedisServer::start(),
            TestIssuer::start(),
            SecretsManager::start(vec![("login".into(), login)])
        );
        rows::insert(&database, today() + Days::new(rows::AHEAD)).await;
        Self { database, redis, issuer, secrets }
    }

    /// A process of the function.
    pub(crate) async fn function(&self) -> FunctionProcess {
        let mut environment =
            api_environment(self.secrets.url(), &self.database.settings(), "login", &self.issuer.jwks_url());
        let port = self.redis.port().to_string();
        let told = [
            ("CACHE_HOST", "127.0.0.1"),
            ("CACHE_PORT", &port),
            ("CACHE_TLS", "disable"),
            // Counted, as always, but reached by nobody.
            ("TENANT_LIMIT_BURST", "1000000"),
            ("TENANT_LIMIT_PER_SECOND", "1000000"),
            ("USER_LIMIT_BURST", "1000000"),
            ("USER_LIMIT_PER_SECOND", "1000000"),
        ];
        environment.extend(told.map(|(name, value)| (name.to_owned(), value.to_owned())));
        FunctionProcess::start(Path::new(env!("CARGO_BIN_EXE_tenant-api")), &environment, TIMEOUT).await
    }
}

/// What a process answers.
pub(crate) async fn invoke(function: &FunctionProcess, asking: &Asking) -> Value {
    match function.invoke(asking.event()).await {
        Invocation::Answered(answer) => answer,
        other => panic!("{other:?} to {asking:?}"),
    }
}
