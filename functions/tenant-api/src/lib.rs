//! `GET /tenant/*`: what a company sees of itself.

mod me;
mod settings;

use std::sync::Arc;

use auth_context::{Operation, TokenVerifier};
use axum::Router;
use chrono::{DateTime, Utc};
use data::Database;
use http_api::Api;

pub use settings::Settings;

/// What the handlers work with.
#[derive(Clone)]
pub struct State {
    /// Tells who is calling.
    pub verifier: Arc<TokenVerifier>,
    /// Connections as `app_tenant`.
    pub database: Arc<Database>,
    /// The clock; a test sets its own.
    pub now: fn() -> DateTime<Utc>,
}

/// The function's routes.
pub fn router(state: State) -> Router {
    Api::new(Arc::clone(&state.verifier))
        .route(Operation::TenantMe, me::get)
        .finish(state)
}
