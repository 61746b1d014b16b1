//! Around every request: its id, its time budget, its log line.

use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, header};
use lambda_http::request::RequestContext;
use tracing::Instrument;
use tracing::field::Empty;

use crate::Problem;
use crate::answer::revalidate;
use crate::api::RequestId;
use crate::kept::X_CACHE;
use crate::limits::{RATE_LIMIT, RATE_LIMIT_POLICY};

/// The longest a request may take: below the function's timeout, so that the caller gets our answer, not the gateway's.
const REQUEST_BUDGET: Duration = Duration::from_secs(8);
/// What scripts of another origin may read besides the body.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "ETag, Idempotency-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, X-Cache, X-Request-Id, X-Truncated",
);
/// What the answer to a problem has from where the problem was found.
const OF_PROBLEMS: [HeaderName; 3] = [header::ALLOW, RATE_LIMIT, RATE_LIMIT_POLICY];
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The one origin whose scripts may read the answers, as the gateway's preflights say; browsers that come through the
/// dashboard's own origin need none.
#[derive(Clone)]
pub(crate) struct WebOrigin(pub(crate) Option<HeaderValue>);

/// Runs a request to its answer, whatever happens inside, and logs one line: no e-mail, no query, nothing secret.
pub(crate) async fn observe(State(origin): State<WebOrigin>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request_id = request_id(&request);
    request.extensions_mut().insert(RequestId(request_id.clone()));
    let method = request.method().clone();
    let request_headers: HeaderMap = request.headers().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", request_id, route, %method, sub = Empty, tenant_id = Empty);

    async {
        let answered = tokio::time::timeout(REQUEST_BUDGET, next.run(request)).await;
        let mut response = answered.unwrap_or_else(|_| {
            axum::response::IntoResponse::into_response(Problem::unavailable(
                "the request's time budget is spent",
            ))
        });

        let problem = response.extensions_mut().remove::<Problem>();
        let mut response = match &problem {
            Some(problem) => {
                let mut answer = problem.respond(&request_id);
                for name in OF_PROBLEMS {
                    answer
                        .headers_mut()
                        .extend(response.headers_mut().remove(&name).map(|value| (name, value)));
                }
                answer
            }
            None => revalidate(&method, &request_headers, response).await,
        };
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        if let Some(origin) = origin.0 {
            response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
        log(&response, started.elapsed(), problem.as_ref());
        response
    }
    .instrument(span)
    .await
}

fn log(response: &Response, took: Duration, problem: Option<&Problem>) {
    let status = response.status().as_u16();
    let cache = response.headers().get(X_CACHE).and_then(|value| value.to_str().ok());
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let code = problem.map(|problem| problem.code);
    let cause = problem.and_then(|problem| problem.cause.as_deref());
    if status >= 500 {
        tracing::error!(status, duration_ms, cache, code, cause, "request");
    } else {
        tracing::info!(status, duration_ms, cache, code, cause, "request");
    }
}

/// The gateway's id of the request, which its access log shows too; without a gateway, the invocation's.
fn request_id(request: &Request) -> String {
    let of_gateway = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV1(context)) => context.request_id.clone(),
        _ => None,
    };
    let of_invocation =
        || request.extensions().get::<lambda_http::Context>().map(|context| context.request_id.clone());
    of_gateway.or_else(of_invocation).unwrap_or_else(|| uuid::Uuid::now_v7().to_string())
}
