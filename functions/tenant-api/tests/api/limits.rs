//! How much anybody may ask for, by the rule that holds unless a setting says otherwise.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use cache::{Cache, Patience};
use http_api::LimitSettings;
use lambda_http::http::header::{self, HeaderName};
use lambda_http::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use test_support::{Answer, BlackHole, RedisServer, Statements, TestIssuer, cache_at, no_cache};

use crate::fixture::{A, B, Fixture, now};
use crate::instance::instance;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

fn usual() -> LimitSettings {
    serde_json::from_value(json!({})).unwrap()
}

fn limited(fixture: &Fixture, cache: Cache) -> Router {
    let database = Arc::new(fixture.database.database("app_tenant"));
    instance(&database, &fixture.issuer, cache, usual(), now)
}

fn token(fixture: &Fixture, sub: &str, groups: &[&str], tenant: &str) -> String {
    let mut claims = TestIssuer::claims(groups, Some(tenant));
    claims["sub"] = Value::from(sub);
    fixture.issuer.sign(&claims)
}

/// What is left of the limit of this name.
fn left(answer: &Answer, name: &str) -> i64 {
    let state = answer.header(RATE_LIMIT);
    let item = state.split(", ").find(|item| item.starts_with(&format!("\"{name}\";")));
    let parameters = item.unwrap_or_else(|| panic!("{name} is not in {state}")).split(';');
    parameters.into_iter().find_map(|parameter| parameter.strip_prefix("r=")).unwrap().parse().unwrap()
}

/// Asks until refused; returns how many requests were let through, and the refusal.
async fn exhaust(routers: &[Router], path: &str, token: &str) -> (u64, Answer) {
    let mut admitted = 0;
    loop {
        let router = &routers[usize::try_from(admitted).unwrap() % routers.len()];
        let answer = Answer::to_get(router, path, token).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            return (admitted, answer);
        }
        admitted += 1;
    }
}

/// What may have come back meanwhile, in units.
fn back(since: Instant, per_second: u64) -> u64 {
    1 + u64::try_from(since.elapsed().as_millis()).unwrap() * per_second / 1_000
}

#[tokio::test]
async fn a_user_has_a_burst_and_then_ten_a_second_at_all_instances_together() {
    let statements = Statements::of_this_thread();
    let (fixture, redis) = tokio::join!(Fixture::new(), RedisServer::start());
    let routers = [limited(&fixture, redis.cache()), limited(&fixture, redis.cache())];
    let user = token(&fixture, "one", &["TENANT_USER"], A);
    let began = Instant::now();
    let (admitted, refused) = exhaust(&routers, "/tenant/me", &user).await;
    assert!((50..=50 + back(began, 10)).contains(&admitted), "{admitted} in {:?}", began.elapsed());

    refused.assert_problem(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
    assert_eq!(refused.json()["error"], "Too Many Requests");
    assert_eq!(refused.header(POLICY), "\"user\";q=50;w=5, \"tenant\";q=200;w=4");
    assert_eq!(left(&refused, "user"), 0);
    assert_eq!(refused.header(header::RETRY_AFTER), "1");
    let exposed = refused.header(header::ACCESS_CONTROL_EXPOSE_HEADERS);
    assert!(exposed.contains("RateLimit, RateLimit-Policy, Retry-After, X-Cache"), "{exposed}");
    let _ = statements.take();
    let refused = Answer::to_get(&routers[1], "/tenant/me", &user).await;
    if refused.status == StatusCode::TOO_MANY_REQUESTS {
        assert_eq!(statements.take(), 0, "a refusal costs little");
    }

    // Others are none the worse.
    let other = token(&fixture, "other", &["TENANT_USER"], A);
    assert_eq!(Answer::to_get(&routers[0], "/tenant/me", &other).await.status, 200);
    // Who waits as told goes on.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(Answer::to_get(&routers[0], "/tenant/me", &user).await.status, 200);
}

#[tokio::test]
async fn users_of_a_tenant_share_a_limit_and_the_internal_team_has_none_of_a_tenant() {
    let (fixture, redis) = tokio::join!(Fixture::new(), RedisServer::start());
    let routers = [limited(&fixture, redis.cache())];
    let began = Instant::now();
    let mut admitted = 0;
    for user in 0..7 {
        let user = token(&fixture, &format!("user {user}"), &["TENANT_USER"], A);
        admitted += exhaust(&routers, "/tenant/me", &user).await.0;
    }
    assert!((200..=200 + back(began, 50)).contains(&admitted), "{admitted} in {:?}", began.elapsed());
    let of_other_tenant = token(&fixture, "user 0", &["TENANT_ADMIN"], B);
    let refused = Answer::to_get(&routers[0], "/tenant/me", &of_other_tenant).await;
    assert_eq!(left(&refused, "tenant"), if refused.status == 200 { 199 } else { 200 });

    let support = token(&fixture, "support", &["INTERNAL_SUPPORT", "TENANT_USER"], A);
    let answer = Answer::to_get(&routers[0], "/tenant/me", &support).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header(POLICY), "\"user\";q=50;w=5");
    assert!(!answer.header(RATE_LIMIT).contains("tenant"));
}

#[tokio::test]
async fn everything_counts_once_it_is_known_whose_it_is_and_some_things_more() {
    let (fixture, redis) = tokio::join!(Fixture::new(), RedisServer::start());
    let router = limited(&fixture, redis.cache());
    let plain: &[(HeaderName, &str)] = &[];
    for (number, (path, groups, headers, status, cost)) in [
        ("/tenant/me", "TENANT_USER", plain, 200, 1),
        ("/tenant/me", "TENANT_USER", plain, 200, 1),
        ("/tenant/usage?period=x", "TENANT_USER", plain, 400, 1),
        ("/tenant/integrations", "TENANT_USER", plain, 403, 1),
        ("/tenant/me", "NONE", plain, 403, 1),
        ("/tenant/usage", "TENANT_USER", &[(header::ACCEPT, "text/csv")], 200, 10),
        // It has no table.
        ("/tenant/me", "TENANT_USER", &[(header::ACCEPT, "text/csv")], 200, 1),
        ("/tenant/me", "TENANT_USER", &[(header::CACHE_CONTROL, "no-cache")], 200, 5),
        ("/tenant/me", "TENANT_USER", &[(header::IF_NONE_MATCH, "*")], 304, 1),
    ]
    .into_iter()
    .enumerate()
    {
        // Each a user of its own, for units come back all the time.
        let user = token(&fixture, &format!("user {number}"), &[groups], A);
        let mut request = Request::get(path).header(header::AUTHORIZATION, &user);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let answer = Answer::of(&router, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{path} {headers:?}");
        assert_eq!(left(&answer, "user"), 50 - cost, "{path} {headers:?}");
        assert_eq!(answer.header(POLICY), "\"user\";q=50;w=5, \"tenant\";q=200;w=4");
    }
    let unknown = Answer::to_get(&router, "/tenant/me", "x").await;
    assert_eq!((unknown.status.as_u16(), unknown.header(RATE_LIMIT)), (401, ""));
    let user = token(&fixture, "poster", &["TENANT_USER"], A);
    let post = Answer::to_json(&router, Method::POST, "/tenant/me", &user, &[], &json!({})).await;
    assert_eq!((post.status.as_u16(), post.header(header::ALLOW)), (405, "GET,HEAD"));
}

#[tokio::test]
async fn without_redis_each_instance_limits_by_itself() {
    let fixture = Fixture::new().await;
    let hole = BlackHole::start().await;
    let user = token(&fixture, "one", &["TENANT_USER"], A);
    for cache in [no_cache(), cache_at(hole.port(), Patience::default())] {
        let router = [limited(&fixture, cache)];
        let began = Instant::now();
        let (admitted, refused) = exhaust(&router, "/tenant/me", &user).await;
        assert!((50..=50 + back(began, 10)).contains(&admitted), "{admitted} in {:?}", began.elapsed());
        refused.assert_problem(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
        assert_eq!((refused.header(header::RETRY_AFTER), left(&refused, "user")), ("1", 0));
    }
}
