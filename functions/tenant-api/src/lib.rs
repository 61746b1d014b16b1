//! `GET /tenant/*`: what a company sees of itself.

mod agents;
mod incidents;
mod integrations;
mod me;
mod settings;
mod usage;

use std::sync::Arc;

use auth_context::{Operation, TokenVerifier};
use axum::Router;
use cache::Cache;
use chrono::{DateTime, Utc};
use data::Database;
use http_api::{Api, Gate, LimitSettings, WebSettings};
use utoipa::{IntoParams, OpenApi};
use uuid::Uuid;

pub use settings::Settings;

/// The parameter of every route, for its documentation; it is read by `Query`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what Query reads")]
struct TenantParameter {
    /// The tenant; needed of internal users without one.
    tenant_id: Option<Uuid>,
}

const NO_TENANT: &str = "There is no such tenant.";

/// What the handlers work with.
#[derive(Clone)]
pub struct State {
    /// Tells who is calling.
    pub verifier: Arc<TokenVerifier>,
    /// Connections as `app_tenant`.
    pub database: Arc<Database>,
    /// Where answers are kept and limits are counted.
    pub cache: Cache,
    /// How much anybody may ask for.
    pub limits: LimitSettings,
    /// The clock; a test sets its own.
    pub now: fn() -> DateTime<Utc>,
}

/// The function's routes.
pub fn router(state: State, web: &WebSettings) -> Router {
    let State { verifier, database, cache, limits, now, .. } = state.clone();
    Api::new(Gate::new(verifier, database, cache, limits, now))
        .route(Operation::TenantMe, me::get)
        .route(Operation::TenantAgents, agents::get)
        .route(Operation::TenantIntegrations, integrations::get)
        .route(Operation::TenantUsage, usage::get)
        .route(Operation::TenantIncidents, incidents::get)
        .finish(state, web)
}

/// The function's part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(
    paths(me::get, agents::get, integrations::get, usage::get, incidents::get),
    tags((name = "tenant", description = "What a company sees of itself."))
)]
pub struct Documentation;
