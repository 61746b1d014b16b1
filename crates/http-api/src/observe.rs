//! Around every request: its id, its time budget, its log line, which is also what it is measured by.

use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use chrono::Utc;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, header};
use lambda_http::request::RequestContext;
use runtime::Trace;
use runtime::metrics::{self, Metrics, Unit, directive, micros, millis};
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

/// What a request is measured by. How many there were by route and class of status, its latency's sample count says.
const METRICS: [Metrics<'_>; 2] = [
    Metrics {
        by: &[&["Route", "StatusClass"], &["FunctionName"]],
        names: &[("Latency", Unit::Microseconds)],
    },
    Metrics {
        by: &[&["FunctionName"]],
        names: &[("Requests", Unit::Count), ("ServerErrors", Unit::Count), ("RateLimited", Unit::Count)],
    },
];
/// And one that might have been answered by the cache.
const CACHE_METRICS: Metrics<'_> = Metrics {
    by: &[&["Route"], &["FunctionName"]],
    names: &[("CacheHits", Unit::Count), ("CacheMisses", Unit::Count), ("CacheBypasses", Unit::Count)],
};

/// The one origin whose scripts may read the answers, as the gateway's preflights say; browsers that come through the
/// dashboard's own origin need none.
#[derive(Clone)]
pub(crate) struct WebOrigin(pub(crate) Option<HeaderValue>);

/// Runs a request to its answer, whatever happens inside, and logs one line: no e-mail, no query, nothing secret.
pub(crate) async fn observe(State(origin): State<WebOrigin>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let context = request.extensions().get::<lambda_http::Context>().cloned().unwrap_or_default();
    let request_id = request_id(&request, &context.request_id);
    let trace = context.xray_trace_id.as_deref().and_then(Trace::parse).unwrap_or_default();
    let method = request.method().clone();
    let request_headers: HeaderMap = request.headers().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    // Of the level that no setting turns off, as every span that carries ids.
    let span = tracing::error_span!(
        "request", request_id, invocation = context.request_id, trace_id = trace.id, segment_id = trace.segment,
        route, %method, sub = Empty, tenant_id = Empty
    );
    request.extensions_mut().insert(RequestId(request_id.clone()));
    request.extensions_mut().insert(trace);

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
        let line = Line {
            function: &context.env_config.function_name,
            route: &format!("{method} {route}"),
            took: started.elapsed(),
            problem: problem.as_ref(),
        };
        line.log(&response);
        response
    }
    .instrument(span)
    .await
}

/// What is said of a request besides what its span says.
struct Line<'a> {
    function: &'a str,
    /// Method and template: a path would name a tenant.
    route: &'a str,
    took: Duration,
    problem: Option<&'a Problem>,
}

impl Line<'_> {
    /// The names in capitals are those of the metrics, which are read off this line.
    fn log(&self, response: &Response) {
        let status = response.status().as_u16();
        let cache = response.headers().get(X_CACHE).and_then(|value| value.to_str().ok());
        // Zero besides one, so that their sums give ratios.
        let is = |served: &[&str]| cache.map(|cache| u64::from(served.contains(&cache)));
        let emf = match cache {
            Some(_) => directive(Utc::now(), &[METRICS[0], METRICS[1], CACHE_METRICS]),
            None => directive(Utc::now(), &METRICS),
        };
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: metrics::TARGET,
                    emf,
                    status,
                    duration_ms = millis(self.took),
                    code = self.problem.map(|problem| problem.code),
                    cause = self.problem.and_then(|problem| problem.cause.as_deref()),
                    cache,
                    FunctionName = self.function,
                    Route = self.route,
                    StatusClass = class(status),
                    Latency = micros(self.took),
                    Requests = 1,
                    ServerErrors = u64::from(status >= 500),
                    RateLimited = u64::from(status == 429),
                    CacheHits = is(&["HIT", "STALE"]),
                    CacheMisses = is(&["MISS"]),
                    CacheBypasses = is(&["BYPASS"]),
                    "request"
                )
            };
        }
        if status >= 500 { line!(error) } else { line!(info) }
    }
}

const fn class(status: u16) -> &'static str {
    match status {
        ..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    }
}

/// The gateway's id of the request, which its access log shows too; without a gateway, the invocation's.
fn request_id(request: &Request, invocation: &str) -> String {
    let of_gateway = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV1(context)) => context.request_id.clone(),
        _ => None,
    };
    let of_invocation = || Some(invocation.to_owned()).filter(|id| !id.is_empty());
    of_gateway.or_else(of_invocation).unwrap_or_else(|| uuid::Uuid::now_v7().to_string())
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use lambda_http::http::StatusCode;
    use serde_json::{Value, json};
    use test_support::{Answer, Log};

    use super::*;

    /// The line of a request that is answered so.
    async fn line(status: StatusCode, cache: Option<&'static str>) -> Value {
        let answer = async move || {
            let mut response = axum::response::IntoResponse::into_response(status);
            response.headers_mut().extend(cache.map(|cache| (X_CACHE, HeaderValue::from_static(cache))));
            response
        };
        let router = Router::new()
            .route("/tenant/{id}", get(answer))
            .layer(from_fn_with_state(WebOrigin(None), observe));
        let log = Log::of_this_thread();
        Answer::of(&router, Request::get("/tenant/7").body(Body::empty()).unwrap()).await;
        let [line] = &log.said("request")[..] else { panic!("one line") };
        line.clone()
    }

    fn measured(line: &Value) -> Vec<&str> {
        let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        directives
            .iter()
            .flat_map(|directive| directive["Metrics"].as_array().unwrap())
            .map(|metric| metric["Name"].as_str().unwrap())
            .collect()
    }

    #[tokio::test]
    async fn what_the_cache_did_is_measured_where_there_was_one() {
        for (served, counts) in
            [("HIT", [1, 0, 0]), ("STALE", [1, 0, 0]), ("MISS", [0, 1, 0]), ("BYPASS", [0, 0, 1])]
        {
            let line = line(StatusCode::OK, Some(served)).await;
            let names = ["CacheHits", "CacheMisses", "CacheBypasses"];
            assert_eq!(names.map(|name| line[name].clone()), counts.map(|count| json!(count)), "{served}");
            assert!(names.iter().all(|name| measured(&line).contains(name)), "{line}");
        }
    }

    #[tokio::test]
    async fn refusals_and_failures_are_measured_by_route_and_never_by_path() {
        for (status, counts, class) in [
            (StatusCode::OK, [0, 0], "2xx"),
            (StatusCode::TOO_MANY_REQUESTS, [0, 1], "4xx"),
            (StatusCode::SERVICE_UNAVAILABLE, [1, 0], "5xx"),
        ] {
            let line = line(status, None).await;
            let names = ["ServerErrors", "RateLimited"];
            assert_eq!(names.map(|name| line[name].clone()), counts.map(|count| json!(count)), "{status}");
            assert_eq!(measured(&line), ["Latency", "Requests", "ServerErrors", "RateLimited"]);
            assert_eq!((&line["Route"], &line["StatusClass"]), (&json!("GET /tenant/{id}"), &json!(class)));
            assert!(!line.to_string().contains("/tenant/7"), "{line}");
        }
    }
}
