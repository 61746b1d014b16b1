//! `/internal/*`: what the internal team sees of everybody, and changes.

mod agents;
mod audit;
mod billing;
mod command;
mod commands;
mod incidents;
mod integrations;
mod options;
mod settings;
mod tenant;
mod tenant_agents;
mod tenants;
mod usage;

use std::sync::Arc;

use ::commands::Store;
use auth_context::{Operation, TokenVerifier};
use axum::Router;
use cache::Cache;
use chrono::{DateTime, Utc};
use data::Database;
use http_api::{Api, Gate, LimitSettings, WebSettings};
use utoipa::{IntoParams, OpenApi};

pub use settings::Settings;

const NO_TENANT: &str = "There is no such tenant.";
/// The rows of a page, unless the caller says otherwise.
const DEFAULT_LIMIT: i64 = 50;
/// The longest text that a filter compares with a column; no column is longer.
const MAX_TEXT: usize = 100;

/// The parameters of every paged list, for their documentation; they are read by `Query`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what Query reads")]
struct PageParameters {
    /// At most so many.
    #[param(default = 50, minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// Behind so many.
    #[param(default = 0, minimum = 0, maximum = 10000)]
    offset: Option<i64>,
    /// The `next_cursor` of a page of this list; not with an offset.
    cursor: Option<String>,
}

/// What the handlers work with.
#[derive(Clone)]
pub struct State {
    /// Tells who is calling.
    pub verifier: Arc<TokenVerifier>,
    /// Connections as `app_internal`.
    pub database: Arc<Database>,
    /// Operational commands.
    pub commands: Arc<Store>,
    /// The queues that may be reprocessed.
    pub queues: Arc<[String]>,
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
        .route(Operation::InternalTenants, tenants::get)
        .route(Operation::CreateTenant, tenant::post)
        .route(Operation::InternalTenant, tenant::get)
        .route(Operation::ChangeTenant, tenant::patch)
        .route(Operation::InternalTenantAgents, tenant_agents::get)
        .route(Operation::UsageOverview, usage::get)
        .route(Operation::BillingOverview, billing::get)
        .route(Operation::InternalIncidents, incidents::get)
        .route(Operation::InternalAgents, agents::get)
        .route(Operation::InternalIntegrations, integrations::get)
        .route(Operation::CreateCommand, command::post)
        .route(Operation::Commands, commands::get)
        .route(Operation::Command, command::get)
        .route(Operation::InternalAudit, audit::get)
        .route(Operation::InternalOptions, options::get)
        .finish(state, web)
}

/// The function's part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(
    paths(
        tenants::get,
        tenant::post,
        tenant::get,
        tenant::patch,
        tenant_agents::get,
        usage::get,
        billing::get,
        incidents::get,
        agents::get,
        integrations::get,
        command::post,
        commands::get,
        command::get,
        audit::get,
        options::get
    ),
    tags((name = "internal", description = "What the internal team sees of everybody, and changes."))
)]
pub struct Documentation;
