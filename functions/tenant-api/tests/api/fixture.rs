//! Two tenants, an issuer of tokens, and the router between them.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use chrono::{DateTime, Utc};
use data::Database;
use lambda_http::http::Request;
use sqlx::Executor;
use test_support::{Answer, TestDatabase, TestIssuer, no_cache};

use crate::instance::{instance, unlimited};

pub(crate) const A: &str = "00000000-0000-4000-8000-00000000000a";
pub(crate) const B: &str = "00000000-0000-4000-8000-00000000000b";

/// Mid-month, with rows before, in and after it.
pub(crate) fn now() -> DateTime<Utc> {
    "2026-03-15T12:00:00Z".parse().unwrap()
}

pub(crate) struct Fixture {
    pub(crate) database: TestDatabase,
    pub(crate) issuer: TestIssuer,
    pub(crate) router: Router,
}

pub(crate) fn router_for(database: Database, issuer: &TestIssuer) -> Router {
    instance(&Arc::new(database), issuer, no_cache(), unlimited(), now)
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
                 INSERT INTO tenants (id, name, cnpj, segment, plan, status, mrr_estimate, max_users, created_at) VALUES
                     ('00000000-0000-4000-8000-00000000000a', 'Padaria São João', '12ABC34501DE35', 'Varejo',
                         'professional', 'active', 1499.90, 7, '2025-02-03T04:05:06.789123Z'),
                     ('00000000-0000-4000-8000-00000000000b', 'B', '11222333000181', NULL, 'starter', 'suspended', NULL,
                         NULL, '2025-01-01T00:00:00Z');
                 INSERT INTO tenant_agents (tenant_id, agent_id, status) VALUES
                     ('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-0000000000f1', 'active'),
                     ('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-0000000000f2', 'suspended'),
                     ('00000000-0000-4000-8000-00000000000b', '00000000-0000-4000-8000-0000000000f1', 'active');
                 INSERT INTO tenant_users (tenant_id, cognito_sub, email, role, disabled_at) VALUES
                     ('00000000-0000-4000-8000-00000000000a', '1', 'a@example.com', 'ADMIN', NULL),
                     ('00000000-0000-4000-8000-00000000000a', '2', 'b@example.com', 'USER', NULL),
                     ('00000000-0000-4000-8000-00000000000a', '3', 'c@example.com', 'USER', now());
                 INSERT INTO tenant_usage_daily (tenant_id, agent_id, date, total_requests, successful_requests,
                     response_time_sum, response_time_count, response_time_buckets, response_time_counts,
                     total_tokens_used, last_request_at)
                 SELECT tenant, agent, day, requests, 0, 0, 0, '{}', '{}', 0, now() FROM (VALUES
                     ('00000000-0000-4000-8000-00000000000a'::uuid, NULL::uuid, '2026-02-28'::date, 1000000),
                     ('00000000-0000-4000-8000-00000000000a', NULL, '2026-03-01', 1),
                     ('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-0000000000f1', '2026-03-01', 20),
                     ('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-0000000000f1', '2026-03-15', 300),
                     ('00000000-0000-4000-8000-00000000000a', NULL, '2026-03-16', 1000000),
                     ('00000000-0000-4000-8000-00000000000b', NULL, '2026-03-02', 77)
                 ) AS usage (tenant, agent, day, requests);
                 INSERT INTO aggregated_days VALUES
                     ('2026-03-14', '2026-03-15T00:00:00Z', 0, 0), ('2026-03-15', '2026-03-15T11:45:00.123456Z', 0, 0);",
            ))
            .await
            .unwrap();
        let issuer = TestIssuer::start().await;
        let router = router_for(database.database("app_tenant"), &issuer);
        Self { database, issuer, router }
    }

    pub(crate) fn token(&self, groups: &[&str], tenant: Option<&str>) -> String {
        self.issuer.sign(&TestIssuer::claims(groups, tenant))
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(&self.router, request).await
    }

    pub(crate) async fn get(&self, path_and_query: &str, token: &str) -> Answer {
        Answer::to_get(&self.router, path_and_query, token).await
    }
}
