//! Answers that are kept: what they cost, who gets them, and what they say of themselves.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auth_context::{Caching, Operation};
use axum::Router;
use axum::body::Body;
use cache::{Cache, Patience, Space};
use chrono::{DateTime, Days, Utc};
use data::Database;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use lambda_http::http::header::{self, HeaderName};
use lambda_http::http::{Method, Request};
use proptest::prelude::*;
use sqlx::{Connection, Executor};
use test_support::{Answer, BlackHole, RedisServer, Statements, TestIssuer, cache_at, no_cache};
use uuid::Uuid;

use crate::fixture::{A, B, Fixture, now};
use crate::instance::{instance, unlimited};

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
const ONE_READ: usize = 1;
/// Where in an entry it is written when it was read: behind two versions.
const READ_AT: usize = 66;

struct World {
    fixture: Fixture,
    redis: RedisServer,
    database: Arc<Database>,
}

impl World {
    async fn new() -> Self {
        let (fixture, redis) = tokio::join!(Fixture::new(), RedisServer::start());
        let database = Arc::new(fixture.database.database("app_tenant"));
        Self { fixture, redis, database }
    }

    /// An instance of the function that shares nothing with others but Redis and, to save connections, the pool.
    fn instance(&self) -> Router {
        self.instance_with(self.redis.cache(), now)
    }

    fn instance_with(&self, cache: Cache, now: fn() -> DateTime<Utc>) -> Router {
        instance(&self.database, &self.fixture.issuer, cache, unlimited(), now)
    }

    async fn change(&self, sql: &'static str) {
        self.fixture.database.owner().await.execute(sql).await.unwrap();
    }

    /// Makes all that is kept so much older.
    async fn age(&self, by: Duration) {
        let read_at = SystemTime::now().checked_sub(by).unwrap();
        let read_at = read_at.duration_since(UNIX_EPOCH).unwrap().as_millis();
        for key in self.redis.keys("{painel}:answer:").await {
            self.redis.say(&format!("SETRANGE {key} {READ_AT} {read_at:013}")).await.unwrap();
        }
    }
}

async fn get_with(router: &Router, path: &str, token: &str, headers: &[(HeaderName, &str)]) -> Answer {
    let mut request = Request::get(path).header(header::AUTHORIZATION, token);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    Answer::of(router, request.body(Body::empty()).unwrap()).await
}

/// What an answer says of where it comes from.
async fn from(router: &Router, path: &str, token: &str) -> String {
    let answer = Answer::to_get(router, path, token).await;
    assert_eq!(answer.status, 200, "{path}");
    answer.header(X_CACHE).to_owned()
}

/// The routes of this function.
fn paths() -> impl Iterator<Item = &'static str> {
    let of_tenants = Operation::ALL.iter().map(|operation| operation.permission());
    let of_tenants = of_tenants.filter(|permission| permission.path.starts_with("/tenant/"));
    of_tenants.inspect(|it| assert_eq!(it.caching, Caching::TenantData)).map(|permission| permission.path)
}

#[tokio::test]
async fn a_hit_asks_the_database_nothing() {
    let statements = Statements::of_this_thread();
    let world = World::new().await;
    let (one, other) = (world.instance(), world.instance());
    let member = world.fixture.token(&["TENANT_ADMIN"], Some(A));
    let support = world.fixture.token(&["INTERNAL_SUPPORT"], None);
    for path in paths() {
        for (path, token) in [(path.to_owned(), &member), (format!("{path}?tenant_id={A}"), &support)] {
            let miss = Answer::to_get(&one, &path, token).await;
            assert_eq!(miss.header(X_CACHE), "MISS", "{path}");
            assert!(statements.take() >= ONE_READ, "{path}");

            let hit = Answer::to_get(&other, &path, token).await;
            assert_eq!((hit.header(X_CACHE), statements.take()), ("HIT", 0), "{path}");
            assert_eq!((hit.status, &hit.body), (miss.status, &miss.body));
            for (name, value) in [
                (header::CONTENT_TYPE, "application/json"),
                (header::CACHE_CONTROL, "private, no-cache"),
                (header::VARY, "Authorization, Accept"),
                (header::ETAG, miss.header(header::ETAG)),
            ] {
                assert_eq!(hit.header(name), value, "{path}");
            }
            assert_ne!(hit.headers["x-request-id"], miss.headers["x-request-id"]);
            assert!(!String::from_utf8_lossy(&hit.body).contains("request_id"));

            let same = [(header::IF_NONE_MATCH, miss.header(header::ETAG))];
            let unchanged = get_with(&other, &path, token, &same).await;
            assert_eq!((unchanged.status.as_u16(), unchanged.header(X_CACHE)), (304, "HIT"), "{path}");
            assert_eq!((unchanged.body.len(), statements.take()), (0, 0));
        }
    }
    // Each read of the internal team's is on record, though most were hits.
    let recorded: i64 =
        sqlx::query_scalar("SELECT count(*) FROM operational_events WHERE event_type = 'tenant_data_read'")
            .fetch_one(&mut world.fixture.database.owner().await)
            .await
            .unwrap();
    assert_eq!(recorded, 1);
}

#[tokio::test]
async fn rights_are_asked_before_the_cache_is() {
    let world = World::new().await;
    let router = world.instance();
    let support = world.fixture.token(&["INTERNAL_SUPPORT"], None);
    let (member, stranger) =
        (world.fixture.token(&["TENANT_USER"], Some(A)), world.fixture.token(&["TENANT_USER"], Some(B)));
    for path in paths() {
        from(&router, &format!("{path}?tenant_id={A}"), &support).await;
        let path = format!("{path}?tenant_id={A}");
        for (token, status) in [("x", 401), (&stranger, 403), (&world.fixture.token(&[], Some(A)), 403)] {
            let refused = Answer::to_get(&router, &path, token).await;
            assert_eq!((refused.status.as_u16(), refused.header(X_CACHE)), (status, ""), "{path}");
        }
        let status = Answer::to_get(&router, &path, &member).await.status;
        assert_eq!(status, if path.starts_with("/tenant/integrations") { 403 } else { 200 });
    }
}

#[tokio::test]
async fn what_is_past_its_time_is_made_by_one_while_the_others_get_it() {
    let statements = Statements::of_this_thread();
    let world = World::new().await;
    let token = world.fixture.token(&["TENANT_USER"], Some(A));
    let instances: Vec<_> = (0..50).map(|_| world.instance()).collect();
    let old = Answer::to_get(&instances[0], "/tenant/me", &token).await;
    world.change("UPDATE tenants SET name = 'Novo'").await;
    world.age(Duration::from_mins(4)).await;
    assert_eq!(from(&instances[0], "/tenant/me", &token).await, "HIT");

    world.age(Duration::from_mins(6)).await;
    // The one who makes it can't, for now.
    let mut owner = world.fixture.database.owner().await;
    let mut lock = owner.begin().await.unwrap();
    lock.execute("LOCK TABLE tenants").await.unwrap();
    let _ = statements.take();
    let asking = instances.iter().map(|router| Answer::to_get(router, "/tenant/me", &token));
    let mut answers: FuturesUnordered<_> = asking.collect();
    for _ in 0..49 {
        let stale = answers.next().await.unwrap();
        assert_eq!((stale.header(X_CACHE), &stale.body), ("STALE", &old.body));
    }
    lock.rollback().await.unwrap();
    let made = answers.next().await.unwrap();
    assert_eq!((made.header(X_CACHE), made.json()["name"].as_str()), ("MISS", Some("Novo")));
    assert_eq!(statements.take(), ONE_READ + 1, "and the end of the lock");
    assert_eq!(from(&instances[1], "/tenant/me", &token).await, "HIT");

    world.age(Duration::from_mins(10)).await;
    assert_eq!(from(&instances[1], "/tenant/me", &token).await, "MISS", "at most once its time past it");
}

#[tokio::test]
async fn what_is_not_there_is_made_once_for_everybody_who_wants_it() {
    let statements = Statements::of_this_thread();
    let world = World::new().await;
    let token = world.fixture.token(&["TENANT_USER"], Some(A));
    let instances: Vec<_> = (0..50).map(|_| world.instance()).collect();
    from(&instances[0], "/tenant/agents", &token).await;
    // Keys of tokens are fetched and Redis is connected; what is counted is questions.
    for router in &instances {
        from(router, "/tenant/agents", &token).await;
    }
    let _ = statements.take();
    let answers = join_all(instances.iter().map(|it| from(it, "/tenant/me", &token))).await;
    assert_eq!(statements.take(), ONE_READ);
    assert_eq!(answers.iter().filter(|told| *told == "HIT").count(), 49, "{answers:?}");
}

#[tokio::test]
async fn no_cache_makes_it_anew_for_everybody() {
    let world = World::new().await;
    let router = world.instance();
    let token = world.fixture.token(&["TENANT_USER"], Some(A));
    let anew = |value: &'static str| [(header::CACHE_CONTROL, value)];
    from(&router, "/tenant/me", &token).await;
    world.change("UPDATE tenants SET name = 'Novo'").await;
    let kept = get_with(&router, "/tenant/me", &token, &anew("max-stale=1")).await;
    assert_eq!((kept.header(X_CACHE), kept.json()["name"].as_str()), ("HIT", Some("Padaria São João")));
    for value in ["no-cache", "max-age=0, No-Cache"] {
        let made = get_with(&router, "/tenant/me", &token, &anew(value)).await;
        assert_eq!((made.header(X_CACHE), made.json()["name"].as_str()), ("MISS", Some("Novo")), "{value}");
    }
    let kept = Answer::to_get(&router, "/tenant/me", &token).await;
    assert_eq!((kept.header(X_CACHE), kept.json()["name"].as_str()), ("HIT", Some("Novo")));
}

#[tokio::test]
async fn tables_heads_and_refusals_are_not_kept() {
    let statements = Statements::of_this_thread();
    let world = World::new().await;
    let router = world.instance();
    let token = world.fixture.token(&["TENANT_USER"], Some(A));
    let nobody = world.fixture.token(&["TENANT_USER"], Some("00000000-0000-4000-8000-0000000000ff"));
    // What comes once: a connection asks what the type of a scope is, and a sign-in is put on record.
    let csv = [(header::ACCEPT, "text/csv")];
    assert_eq!(get_with(&router, "/tenant/usage", &token, &csv).await.status, 200);
    let _ = statements.take();
    for path in ["/tenant/usage", "/tenant/incidents"] {
        for _ in 0..2 {
            let table = get_with(&router, path, &token, &csv).await;
            assert_eq!((table.status.as_u16(), table.header(X_CACHE)), (200, "BYPASS"), "{path}");
            assert_eq!(statements.take(), ONE_READ, "{path}");
        }
    }
    for _ in 0..2 {
        let head = Request::builder().method(Method::HEAD).uri("/tenant/me");
        let head = head.header(header::AUTHORIZATION, &token).body(Body::empty()).unwrap();
        let head = Answer::of(&router, head).await;
        assert_eq!((head.status.as_u16(), head.header(X_CACHE), head.body.len()), (200, "BYPASS", 0));
        let unknown = Answer::to_get(&router, "/tenant/me", &nobody).await;
        assert_eq!((unknown.status.as_u16(), unknown.header(X_CACHE)), (404, ""));
        let wrong = Answer::to_get(&router, "/tenant/usage?period=x", &token).await;
        assert_eq!((wrong.status.as_u16(), wrong.header(X_CACHE)), (400, ""));
    }
    assert_eq!(world.redis.keys("{painel}:answer:").await, Vec::<String>::new());
    // Who has no table gives JSON, whatever is preferred.
    let json = get_with(&router, "/tenant/me", &token, &csv).await;
    assert_eq!((json.header(header::CONTENT_TYPE), json.header(X_CACHE)), ("application/json", "MISS"));
}

#[tokio::test]
async fn a_redis_that_never_answers_costs_little_and_no_connection() {
    let world = World::new().await;
    let hole = BlackHole::start().await;
    let router = world.instance_with(cache_at(hole.port(), Patience::default()), now);
    let token = world.fixture.token(&["TENANT_USER"], Some(A));
    // Its own connections are made, so that what is measured is waiting for Redis.
    from(&world.instance(), "/tenant/me", &token).await;
    let began = std::time::Instant::now();
    assert_eq!(from(&router, "/tenant/me", &token).await, "BYPASS");
    assert!(began.elapsed() < 10 * Patience::default().budget, "{:?}", began.elapsed());
    assert_eq!(hole.connections(), 1);
    for path in paths() {
        let support = world.fixture.token(&["INTERNAL_SUPPORT"], Some(A));
        assert_eq!(from(&router, path, &support).await, "BYPASS");
    }
    assert_eq!(hole.connections(), 1, "the breaker is open");
}

#[tokio::test]
async fn a_redis_that_goes_away_or_forgets_is_done_without() {
    let world = World::new().await;
    let router = world.instance();
    let token = world.fixture.token(&["TENANT_USER"], Some(A));
    from(&router, "/tenant/me", &token).await;
    for damage in ["FLUSHALL", "SET {key} x", "APPEND {key} x", "SETRANGE {key} 90 x"] {
        for key in world.redis.keys("{painel}:answer:").await {
            world.redis.say(&damage.replace("{key}", &key)).await.unwrap();
        }
        assert_eq!(from(&router, "/tenant/me", &token).await, "MISS", "{damage}");
        assert_eq!(from(&router, "/tenant/me", &token).await, "HIT", "{damage}");
    }
    let World { fixture, redis, database } = world;
    drop(redis);
    assert_eq!(from(&router, "/tenant/me", &token).await, "BYPASS");
    let nowhere = instance(&database, &fixture.issuer, no_cache(), unlimited(), now);
    assert_eq!(from(&nowhere, "/tenant/me", &token).await, "BYPASS");
}

#[tokio::test]
async fn a_change_is_seen_by_its_tenant_and_an_aggregation_by_all() {
    let world = World::new().await;
    let (router, cache) = (world.instance(), world.redis.cache());
    let of = |tenant: &str| world.fixture.token(&["TENANT_USER"], Some(tenant));
    let both =
        async || (from(&router, "/tenant/me", &of(A)).await, from(&router, "/tenant/me", &of(B)).await);
    let told = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(both().await, told("MISS", "MISS"));
    cache.forget_tenant(A.parse::<Uuid>().unwrap()).await;
    assert_eq!(both().await, told("MISS", "HIT"));
    cache.forget(&[Space::Platform]).await;
    assert_eq!(both().await, told("HIT", "HIT"));
    cache.forget(&[Space::Rollups]).await;
    assert_eq!(both().await, told("MISS", "MISS"));
}

#[tokio::test]
async fn yesterday_s_answers_are_not_today_s() {
    fn tomorrow() -> DateTime<Utc> {
        now() + Days::new(1)
    }
    let world = World::new().await;
    let token = world.fixture.token(&["TENANT_USER"], Some(A));
    let (today, tomorrow) = (world.instance(), world.instance_with(world.redis.cache(), tomorrow));
    assert_eq!(Answer::to_get(&today, "/tenant/usage", &token).await.json()["to"], "2026-03-15");
    assert_eq!(Answer::to_get(&tomorrow, "/tenant/usage", &token).await.json()["to"], "2026-03-16");
    for router in [&today, &tomorrow] {
        assert_eq!(from(router, "/tenant/usage", &token).await, "HIT");
    }
}

/// Somebody who asks for something.
#[derive(Clone, Debug)]
struct Asking {
    groups: Vec<&'static str>,
    own: Option<&'static str>,
    named: Option<&'static str>,
    path: &'static str,
    /// The one parameter that the path has, and what the answer is bound to by it.
    parameter: (&'static str, &'static str),
}

fn asking() -> impl Strategy<Value = Asking> {
    let groups = ["INTERNAL_ADMIN", "INTERNAL_SUPPORT", "TENANT_ADMIN", "TENANT_USER"].to_vec();
    let tenant = || prop::sample::select(vec![None, Some(A), Some(B)]);
    let parameters: &[(&str, &[(&str, &str)])] = &[
        ("/tenant/me", &[("", ""), ("x=1", "")]),
        ("/tenant/integrations", &[("", "")]),
        ("/tenant/agents", &[("", "active"), ("status=active", "active"), ("status=all", "all")]),
        ("/tenant/usage", &[("", "30d"), ("period=30d", "30d"), ("period=7d", "7d"), ("x=&period=7d", "7d")]),
        ("/tenant/incidents", &[("", "20 0"), ("offset=0&limit=020", "20 0"), ("limit=2&offset=1", "2 1")]),
    ];
    let all: Vec<_> =
        parameters.iter().flat_map(|(path, all)| all.iter().map(|parameter| (*path, *parameter))).collect();
    (prop::sample::subsequence(groups, 1..=4), tenant(), tenant(), prop::sample::select(all))
        .prop_map(|(groups, own, named, (path, parameter))| Asking { groups, own, named, path, parameter })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whoever asks for whatever in whatever order gets what it would get without a cache, and shares it with those alone
    /// who have the same rights, mean the same tenant and ask the same.
    #[test]
    fn nobody_gets_what_was_made_for_others(all in proptest::collection::vec(asking(), 1..25)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let (caching, plain) = (world.instance(), world.instance_with(no_cache(), now));
            let mut seen = HashSet::new();
            for asking in all {
                let token = world.fixture.issuer.sign(&TestIssuer::claims(&asking.groups, asking.own));
                let named = asking.named.map(|id| format!("tenant_id={id}")).unwrap_or_default();
                let path = format!("{}?{}&{named}", asking.path, asking.parameter.0);
                let (given, right) = tokio::join!(
                    Answer::to_get(&caching, &path, &token), Answer::to_get(&plain, &path, &token)
                );
                assert_eq!(given.status, right.status, "{asking:?}");
                if given.status == 200 {
                    assert_eq!((&given.body, &given.headers["etag"]), (&right.body, &right.headers["etag"]), "{asking:?}");
                    let tenant = asking.named.or(asking.own);
                    let new = seen.insert((asking.groups.clone(), tenant, asking.path, asking.parameter.1));
                    assert_eq!(given.header(X_CACHE), if new { "MISS" } else { "HIT" }, "{asking:?}");
                }
            }
        });
    }
}
