//! The router: operations of the permission matrix, and nothing else.

use std::sync::Arc;

use auth_context::{Caller, Claims, KeyStore, Operation, TenantScope, TokenVerifier};
use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::handler::Handler;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use lambda_http::http::header::AUTHORIZATION;
use lambda_http::http::request::Parts;
use lambda_http::http::{Extensions, HeaderMap};
use lambda_http::request::RequestContext;
use serde::Deserialize;
use uuid::Uuid;

use crate::Problem;
use crate::observe::{WebOrigin, observe};

/// Whose tokens are accepted.
#[derive(Clone, Debug, Deserialize)]
pub struct AuthSettings {
    /// `COGNITO_ISSUER`: the `iss` of the user pool's tokens.
    pub cognito_issuer: String,
    /// `COGNITO_JWKS_URL`: where the pool's keys are.
    pub cognito_jwks_url: String,
    /// `COGNITO_CLIENT_IDS`: our app clients, comma-separated.
    pub cognito_client_ids: Vec<String>,
}

impl AuthSettings {
    /// The verifier for these settings.
    pub fn verifier(&self) -> Result<TokenVerifier, auth_context::KeyStoreError> {
        let keys = KeyStore::new(self.cognito_jwks_url.clone())?;
        Ok(TokenVerifier::new(keys, &self.cognito_issuer, &self.cognito_client_ids))
    }
}

/// Who may read the answers.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct WebSettings {
    /// `WEB_ORIGIN`: the origin whose scripts may read the answers. Optional.
    #[serde(default)]
    pub web_origin: Option<String>,
}

/// Builds a function's router. A handler is added for an [`Operation`] and can't be reached by anybody whom the
/// permission matrix doesn't allow that operation.
pub struct Api<S> {
    router: Router<S>,
    verifier: Arc<TokenVerifier>,
}

impl<S: Clone + Send + Sync + 'static> Api<S> {
    /// A router without routes.
    #[must_use]
    pub fn new(verifier: Arc<TokenVerifier>) -> Self {
        Self { router: Router::new(), verifier }
    }

    /// Answers this operation with this handler.
    #[must_use]
    pub fn route<H: Handler<T, S>, T: 'static>(self, operation: Operation, handler: H) -> Self {
        let permission = operation.permission();
        let gate = Gate { verifier: Arc::clone(&self.verifier), operation };
        let guarded = handler.layer(from_fn_with_state(gate, authorize));
        let router = self.router.route(permission.path, on(method_filter(permission.method), guarded));
        Self { router, ..self }
    }

    /// The finished router.
    pub fn finish(self, state: S, web: &WebSettings) -> Router {
        let origin = web.web_origin.as_deref().and_then(|origin| origin.parse().ok());
        self.router
            .method_not_allowed_fallback(async || Problem::method_not_allowed())
            .fallback(async || Problem::not_found("There is no such resource."))
            .layer(from_fn_with_state(WebOrigin(origin), observe))
            .with_state(state)
    }
}

fn method_filter(method: &'static str) -> MethodFilter {
    match method {
        "POST" => MethodFilter::POST,
        "PATCH" => MethodFilter::PATCH,
        _ => MethodFilter::GET,
    }
}

#[derive(Clone)]
struct Gate {
    verifier: Arc<TokenVerifier>,
    operation: Operation,
}

/// First the token, then the groups; only then is the request looked at.
async fn authorize(State(gate): State<Gate>, mut request: Request, next: Next) -> Result<Response, Problem> {
    let token = bearer(request.headers()).ok_or_else(|| Problem::unauthorized("no token"))?;
    let claims = gate.verifier.verify(token).await?;
    tracing::Span::current().record("sub", &claims.sub);
    if gateway_claims(request.extensions()).is_some_and(|of_gateway| of_gateway != claims) {
        return Err(Problem::unauthorized("the gateway's claims are not the token's"));
    }
    let caller = Caller::authorize(claims, gate.operation)?;
    request.extensions_mut().insert(Authorized(caller));
    Ok(next.run(request).await)
}

/// The token of the one `Authorization` header, which API Gateway takes with and without `Bearer`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (only, second) = (values.next()?.to_str().ok()?, values.next());
    let token = match only.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token,
        Some(_) => return None,
        None => only,
    };
    Some(token.trim()).filter(|token| !token.is_empty() && second.is_none())
}

/// What API Gateway's authorizer found in the token, where one is in front of us.
fn gateway_claims(extensions: &Extensions) -> Option<Claims> {
    let Some(RequestContext::ApiGatewayV1(context)) = extensions.get::<RequestContext>() else {
        return None;
    };
    serde_json::from_value(context.authorizer.fields.get("claims")?.clone()).ok()
}

/// The caller, allowed to do what the route does. An extractor that fails where no route put it.
#[derive(Clone, Debug)]
pub struct Authorized(pub Caller);

impl Authorized {
    /// The tenant that the request means, if the caller may see it; see [`Caller::tenant_scope`].
    pub fn tenant_scope(&self, requested: Option<Uuid>) -> Result<TenantScope, Problem> {
        let scope = self.0.tenant_scope(requested)?;
        tracing::Span::current().record("tenant_id", tracing::field::display(scope.tenant_id()));
        Ok(scope)
    }
}

impl<S: Sync> FromRequestParts<S> for Authorized {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get()
            .cloned()
            .ok_or_else(|| Problem::internal("a handler outside of the permission matrix"))
    }
}
