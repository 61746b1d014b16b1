//! A small platform, an issuer of tokens, and the router between them.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Router;
use cache::{Cache, Rate};
use chrono::{DateTime, Utc};
use commands::{Store, StoreSettings};
use data::Database;
use http_api::{AuthSettings, LimitSettings, WebSettings};
use internal_api::{State, router};
use lambda_http::http::Method;
use lambda_http::http::header::HeaderName;
use serde_json::Value;
use sqlx::Executor;
use test_support::{Answer, CommandTables, Emulator, TestDatabase, TestIssuer, no_cache};

pub(crate) const A: &str = "00000000-0000-4000-8000-00000000000a";
pub(crate) const B: &str = "00000000-0000-4000-8000-00000000000b";
pub(crate) const UNKNOWN: &str = "00000000-0000-4000-8000-0000000000ff";

pub(crate) struct Fixture {
    pub(crate) database: TestDatabase,
    pub(crate) issuer: TestIssuer,
    pub(crate) tables: CommandTables,
    pub(crate) router: Router,
}

/// The store of commands in these tables, by way of this endpoint.
pub(crate) fn store_at(endpoint: &str, tables: &CommandTables) -> Store {
    let settings = StoreSettings {
        commands_table: tables.commands.clone(),
        command_bookkeeping_table: tables.bookkeeping.clone(),
    };
    Store::new(&aws_sdk_dynamodb::Client::new(&Emulator::new().config_at(endpoint)), settings)
}

pub(crate) fn router_for(
    database: Database,
    commands: Store,
    issuer: &TestIssuer,
    cache: Cache,
    now: fn() -> DateTime<Utc>,
) -> Router {
    // More than any test asks for.
    let plenty = Rate { per_second: NonZeroU32::MAX, burst: NonZeroU32::MAX };
    let auth = AuthSettings {
        cognito_issuer: TestIssuer::ISSUER.into(),
        cognito_jwks_url: issuer.jwks_url(),
        cognito_client_ids: vec![TestIssuer::CLIENT.into()],
    };
    let web = WebSettings { web_origin: Some("https://painel.example.com".into()) };
    let state = State {
        verifier: Arc::new(auth.verifier(outbound::client().unwrap())),
        database: Arc::new(database),
        commands: Arc::new(commands),
        queues: ["mensagens".to_owned()].into(),
        cache,
        limits: LimitSettings { user: plenty, tenant: plenty },
        now,
    };
    router(state, &web)
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::new().await;
        database
            .owner()
            .await
            .execute(sqlx::raw_sql(
                "INSERT INTO agents (id, name) VALUES
                     ('00000000-0000-4000-8000-0000000000f1', 'Um'), ('00000000-0000-4000-8000-0000000000f2', 'Dois');
                 INSERT INTO tenants (id, name, cnpj, segment, plan, status, mrr_estimate) VALUES
                     ('00000000-0000-4000-8000-00000000000a', 'Padaria São João', '12ABC34501DE35', 'Varejo',
                         'professional', 'active', 1499.90),
                     ('00000000-0000-4000-8000-00000000000b', 'B', '11222333000181', NULL, 'starter', 'suspended', NULL);
                 INSERT INTO tenant_agents (tenant_id, agent_id) VALUES
                     ('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-0000000000f1'),
                     ('00000000-0000-4000-8000-00000000000b', '00000000-0000-4000-8000-0000000000f1');
                 INSERT INTO tenant_integrations (tenant_id, integration_type, integration_name)
                     SELECT id, 'email', 'E-mail de ' || name FROM tenants;
                 INSERT INTO operational_events (event_type, severity, tenant_id, title)
                     SELECT 'incident', 'error', id, 'Incidente' FROM tenants;
                 INSERT INTO agent_requests (tenant_id, agent_id, status, response_time_ms)
                     SELECT t.id, a.id, 'success', 100 FROM tenants AS t, agents AS a, generate_series(1, 10);
                 SELECT aggregate_day(utc_today());",
            ))
            .await
            .unwrap();
        let issuer = TestIssuer::start().await;
        let emulator = Emulator::new();
        let tables = CommandTables::new(&emulator).await;
        let store = store_at(emulator.endpoint(), &tables);
        let router = router_for(database.database("app_internal"), store, &issuer, no_cache(), Utc::now);
        Self { database, issuer, tables, router }
    }

    /// The same API as another instance of the function, with a cache.
    pub(crate) fn router_caching_in(&self, cache: Cache) -> Router {
        let store = store_at(Emulator::new().endpoint(), &self.tables);
        router_for(self.database.database("app_internal"), store, &self.issuer, cache, Utc::now)
    }

    /// The same API at another time, or with another way to the table of commands.
    pub(crate) fn router_with(&self, endpoint: &str, now: fn() -> DateTime<Utc>) -> Router {
        let store = store_at(endpoint, &self.tables);
        router_for(self.database.database("app_internal"), store, &self.issuer, no_cache(), now)
    }

    pub(crate) fn token(&self, groups: &[&str]) -> String {
        self.issuer.sign(&TestIssuer::claims(groups, None))
    }

    pub(crate) async fn get(&self, path_and_query: &str, token: &str) -> Answer {
        Answer::to_get(&self.router, path_and_query, token).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        token: &str,
        headers: &[(HeaderName, &str)],
        body: &Value,
    ) -> Answer {
        Answer::to_json(&self.router, method, path, token, headers, body).await
    }

    /// What a query of one number says.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&mut self.database.owner().await).await.unwrap()
    }
}
