//! The function without Lambda around it.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Router;
use cache::{Cache, Rate};
use chrono::{DateTime, Utc};
use data::Database;
use http_api::{AuthSettings, LimitSettings, WebSettings};
use tenant_api::{State, router};
use test_support::TestIssuer;

/// More than any test asks for.
pub(crate) fn unlimited() -> LimitSettings {
    let plenty = Rate { per_second: NonZeroU32::MAX, burst: NonZeroU32::MAX };
    LimitSettings { user: plenty, tenant: plenty }
}

/// An instance of the function.
pub(crate) fn instance(
    database: &Arc<Database>,
    issuer: &TestIssuer,
    cache: Cache,
    limits: LimitSettings,
    now: fn() -> DateTime<Utc>,
) -> Router {
    let auth = AuthSettings {
        cognito_issuer: TestIssuer::ISSUER.into(),
        cognito_jwks_url: issuer.jwks_url(),
        cognito_client_ids: vec![TestIssuer::CLIENT.into()],
    };
    let web = WebSettings { web_origin: Some("https://painel.example.com".into()) };
    let verifier = Arc::new(auth.verifier(outbound::client().unwrap()));
    let state = State { verifier, database: Arc::clone(database), cache, limits, now };
    router(state, &web)
}
