//! The router: operations of the permission matrix, and nothing else.

use std::sync::{Arc, Mutex, PoisonError};

use auth_context::{Caller, Claims, Denied, InternalScope, KeyStore, Operation, TenantScope, TokenVerifier};
use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::handler::Handler;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use cache::Cache;
use chrono::{DateTime, NaiveDate, Utc};
use data::Database;
use data::audit::Access;
use lambda_http::http::header::AUTHORIZATION;
use lambda_http::http::request::Parts;
use lambda_http::http::{Extensions, HeaderMap, StatusCode};
use lambda_http::request::RequestContext;
use serde::Deserialize;
use uuid::Uuid;

use crate::access::AccessLog;
use crate::kept::{Looked, Question, Wish, look_up, settle};
use crate::limits::Limits;
use crate::observe::{WebOrigin, observe};
use crate::{Asked, LimitSettings, Problem, Query, Stop};

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
    /// The verifier for these settings, which fetches keys by this client.
    #[must_use]
    pub fn verifier(&self, client: outbound::Client) -> TokenVerifier {
        let keys = KeyStore::new(self.cognito_jwks_url.clone(), client);
        TokenVerifier::new(keys, &self.cognito_issuer, &self.cognito_client_ids)
    }
}

/// Who may read the answers.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct WebSettings {
    /// `WEB_ORIGIN`: the origin whose scripts may read the answers. Optional.
    #[serde(default)]
    pub web_origin: Option<String>,
}

/// What every request has to pass before it is looked at, and what is done for it on the way.
pub struct Gate {
    verifier: Arc<TokenVerifier>,
    accesses: AccessLog,
    cache: Cache,
    limits: Limits,
    now: fn() -> DateTime<Utc>,
}

impl Gate {
    /// A gate that knows callers by this verifier and keeps to these limits. What goes on record goes into this database,
    /// dated by this clock; answers are kept in this cache.
    #[must_use]
    pub fn new(
        verifier: Arc<TokenVerifier>,
        database: Arc<Database>,
        cache: Cache,
        limits: LimitSettings,
        now: fn() -> DateTime<Utc>,
    ) -> Self {
        let accesses = AccessLog::new(database, cache.clone(), now);
        let limits = Limits::new(cache.clone(), limits);
        Self { verifier, accesses, cache, limits, now }
    }

    /// The problem that a refusal is, once it is on record. It stays a refusal if it can't be recorded; the log says so.
    async fn refuse(
        &self,
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
            if let Err(error) = self.accesses.record(&access).await {
                tracing::error!(%error, code = problem.code, "a refusal could not be recorded");
            }
        }
        problem
    }
}

/// Builds a function's router. A handler is added for an [`Operation`] and can't be reached by anybody whom the
/// permission matrix doesn't allow that operation.
pub struct Api<S> {
    router: Router<S>,
    gate: Arc<Gate>,
}

impl<S: Clone + Send + Sync + 'static> Api<S> {
    /// A router without routes.
    #[must_use]
    pub fn new(gate: Gate) -> Self {
        Self { router: Router::new(), gate: Arc::new(gate) }
    }

    /// Answers this operation with this handler.
    #[must_use]
    pub fn route<H: Handler<T, S>, T: 'static>(self, operation: Operation, handler: H) -> Self {
        let permission = operation.permission();
        let guarded = handler.layer(from_fn_with_state((Arc::clone(&self.gate), operation), pass));
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

type At = (Arc<Gate>, Operation);

/// First the token, then the limits, then the groups; only then is the request looked at.
async fn pass(
    State((gate, operation)): State<At>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
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
    let permission = operation.permission();
    let wish = Wish::of(&request, &permission);
    let admitted = gate.limits.admit(&claims, wish.cost(&permission)).await;
    let mut response = match admitted.wait {
        Some(wait) => Problem::rate_limited(wait).into_response(),
        None => authorize(gate, operation, claims, wish, request, next).await,
    };
    admitted.tell(response.headers_mut());
    Ok(response)
}

async fn authorize(
    gate: Arc<Gate>,
    operation: Operation,
    claims: Claims,
    wish: Wish,
    mut request: Request,
    next: Next,
) -> Response {
    let sub = claims.sub.clone();
    match Caller::authorize(claims, operation) {
        Ok(caller) => {
            let sign_in = caller.sign_in();
            let looked = Arc::default();
            let authorized = Authorized {
                caller,
                operation,
                today: (gate.now)().date_naive(),
                gate: Arc::clone(&gate),
                wish,
                looked: Arc::clone(&looked),
            };
            request.extensions_mut().insert(authorized);
            let response = next.run(request).await;
            if let Some(sign_in) = sign_in.filter(|_| response.status().is_success()) {
                gate.accesses.record_sign_in(&sign_in).await;
            }
            let looked: Option<Looked> = looked.lock().unwrap_or_else(PoisonError::into_inner).take();
            match looked {
                Some(looked) => settle(&gate.cache, looked, response).await,
                None => response,
            }
        }
        Err(denied) => gate.refuse(operation, &sub, None, denied).await.into_response(),
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

/// The caller, allowed to do what the route does. An extractor that fails where no route put it.
#[derive(Clone)]
pub struct Authorized {
    caller: Caller,
    operation: Operation,
    today: NaiveDate,
    gate: Arc<Gate>,
    wish: Wish,
    looked: Arc<Mutex<Option<Looked>>>,
}

impl Authorized {
    /// The right to read of the tenant that the request means, if the caller may and nothing is wrong with the query; see
    /// [`Caller::tenant_scope`]. A refusal is recorded, and so is that somebody of the internal team reads of this tenant.
    /// Then nothing more is to be done if the answer is kept.
    pub async fn tenant_read(&self, query: Query, requested: Option<Uuid>) -> Result<TenantScope, Stop> {
        let asked = query.finish()?.without("tenant_id");
        let scope = self.tenant_scope(requested).await?;
        self.look_up(Some(scope.tenant_id()), &asked).await?;
        Ok(scope)
    }

    /// The right to read of every tenant, if nothing is wrong with the query. Then nothing more is to be done if the answer
    /// is kept.
    pub async fn internal_read(&self, query: Query) -> Result<InternalScope, Stop> {
        let asked = query.finish()?;
        let scope = self.internal_scope()?;
        self.look_up(None, &asked).await?;
        Ok(scope)
    }

    async fn look_up(&self, tenant: Option<Uuid>, asked: &Asked) -> Result<(), Stop> {
        let Self { caller, operation, today, gate, wish, .. } = self;
        let question = Question::new(*operation, caller.groups(), tenant, *today, asked);
        let (looked, kept) = look_up(&gate.cache, &operation.permission(), *wish, &question).await?;
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = looked;
        kept.map_or(Ok(()), |kept| Err(Stop::Answered(kept)))
    }

    async fn tenant_scope(&self, requested: Option<Uuid>) -> Result<TenantScope, Problem> {
        let scope = match self.caller.tenant_scope(requested) {
            Ok(scope) => scope,
            Err(denied) => {
                return Err(self.gate.refuse(self.operation, self.caller.sub(), requested, denied).await);
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
            self.gate.accesses.record(&access).await?;
        }
        Ok(scope)
    }

    /// The right to see every tenant, which callers of internal operations have.
    pub fn internal_scope(&self) -> Result<InternalScope, Problem> {
        Ok(self.caller.internal_scope()?)
    }

    /// The UTC day that the request came on. It stays that: an answer is kept as that day's.
    #[must_use]
    pub const fn today(&self) -> NaiveDate {
        self.today
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
