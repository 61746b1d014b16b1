//! The router: operations of the permission matrix, and nothing else.

use std::sync::Arc;

use auth_context::{Caller, Claims, Denied, InternalScope, KeyStore, Operation, TenantScope, TokenVerifier};
use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::handler::Handler;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use data::audit::Access;
use lambda_http::http::header::AUTHORIZATION;
use lambda_http::http::request::Parts;
use lambda_http::http::{Extensions, HeaderMap, StatusCode};
use lambda_http::request::RequestContext;
use serde::Deserialize;
use uuid::Uuid;

use crate::Problem;
use crate::access::AccessLog;
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
    accesses: Arc<AccessLog>,
}

impl<S: Clone + Send + Sync + 'static> Api<S> {
    /// A router without routes.
    #[must_use]
    pub fn new(verifier: Arc<TokenVerifier>, accesses: AccessLog) -> Self {
        Self { router: Router::new(), verifier, accesses: Arc::new(accesses) }
    }

    /// Answers this operation with this handler.
    #[must_use]
    pub fn route<H: Handler<T, S>, T: 'static>(self, operation: Operation, handler: H) -> Self {
        let permission = operation.permission();
        let gate =
            Gate { verifier: Arc::clone(&self.verifier), accesses: Arc::clone(&self.accesses), operation };
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
    accesses: Arc<AccessLog>,
    operation: Operation,
}

/// First the token, then the groups; only then is the request looked at.
async fn authorize(State(gate): State<Gate>, mut request: Request, next: Next) -> Result<Response, Problem> {
    let token = bearer(request.headers()).ok_or_else(|| Problem::unauthorized("no token"))?;
    let claims = gate.verifier.verify(token).await?;
    tracing::Span::current().record("sub", &claims.sub);
    // Of a time the gateway says nothing that could be compared.
    let told = Claims { auth_time: None, ..claims.clone() };
    if gateway_claims(request.extensions())
        .is_some_and(|of_gateway| Claims { auth_time: None, ..of_gateway } != told)
    {
        return Err(Problem::unauthorized("the gateway's claims are not the token's"));
    }
    let sub = claims.sub.clone();
    match Caller::authorize(claims, gate.operation) {
        Ok(caller) => {
            let Gate { accesses, operation, .. } = gate;
            let sign_in = caller.sign_in();
            request.extensions_mut().insert(Authorized {
                caller,
                operation,
                accesses: Arc::clone(&accesses),
            });
            let answer = next.run(request).await;
            // It is on record already, unless the answer took no transaction.
            if let Some(sign_in) = sign_in.filter(|_| answer.status().is_success()) {
                accesses.record_sign_in(&sign_in).await;
            }
            Ok(answer)
        }
        Err(denied) => Err(refuse(&gate.accesses, gate.operation, &sub, None, denied).await),
    }
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

/// The problem that a refusal is, once it is on record. It stays a refusal if it can't be recorded; the log says so.
async fn refuse(
    accesses: &AccessLog,
    operation: Operation,
    sub: &str,
    tenant_id: Option<Uuid>,
    denied: Denied,
) -> Problem {
    let problem = Problem::from(denied);
    if problem.status == StatusCode::FORBIDDEN {
        let permission = operation.permission();
        let access = Access {
            sub,
            method: permission.method,
            route: permission.path,
            tenant_id,
            refusal: Some(problem.code),
        };
        if let Err(error) = accesses.record(&access).await {
            tracing::error!(%error, code = problem.code, "a refusal could not be recorded");
        }
    }
    problem
}

/// The caller, allowed to do what the route does. An extractor that fails where no route put it.
#[derive(Clone)]
pub struct Authorized {
    caller: Caller,
    operation: Operation,
    accesses: Arc<AccessLog>,
}

impl Authorized {
    /// The tenant that the request means, if the caller may see it; see [`Caller::tenant_scope`]. A refusal is recorded,
    /// and so is, before anything is read, that somebody of the internal team reads of this tenant.
    pub async fn tenant_scope(&self, requested: Option<Uuid>) -> Result<TenantScope, Problem> {
        let scope = match self.caller.tenant_scope(requested) {
            Ok(scope) => scope,
            Err(denied) => {
                let sub = self.caller.sub();
                return Err(refuse(&self.accesses, self.operation, sub, requested, denied).await);
            }
        };
        tracing::Span::current().record("tenant_id", tracing::field::display(scope.tenant_id()));
        if self.caller.is_internal() {
            let permission = self.operation.permission();
            let access = Access {
                sub: self.caller.sub(),
                method: permission.method,
                route: permission.path,
                tenant_id: Some(scope.tenant_id()),
                refusal: None,
            };
            self.accesses.record(&access).await?;
        }
        Ok(scope)
    }

    /// The right to see every tenant, which callers of internal operations have.
    pub fn internal_scope(&self) -> Result<InternalScope, Problem> {
        Ok(self.caller.internal_scope()?)
    }

    /// The user's id in Cognito.
    #[must_use]
    pub fn sub(&self) -> &str {
        self.caller.sub()
    }
}

/// The request's id, as its answer and its log line have it. An extractor.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(|| Problem::internal("a request without an id"))
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
