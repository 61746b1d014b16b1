//! What a change does to answers that are kept.

use auth_context::{Caching, Operation};
use axum::Router;
use lambda_http::http::header::{self, HeaderName};
use lambda_http::http::{Method, StatusCode};
use serde_json::json;
use test_support::{Answer, RedisServer, Statements};

use crate::fixture::{A, B, Fixture};

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

struct World {
    fixture: Fixture,
    redis: RedisServer,
    router: Router,
    admin: String,
}

impl World {
    async fn new() -> Self {
        let (fixture, redis) = tokio::join!(Fixture::new(), RedisServer::start());
        let router = fixture.router_caching_in(redis.cache());
        let admin = fixture.token(&["INTERNAL_ADMIN"]);
        Self { fixture, redis, router, admin }
    }

    async fn get(&self, path: &str) -> Answer {
        let answer = Answer::to_get(&self.router, path, &self.admin).await;
        assert_eq!(answer.status, 200, "{path}");
        answer
    }

    async fn from(&self, path: &str) -> String {
        self.get(path).await.header(X_CACHE).to_owned()
    }

    /// Every GET whose answer is kept, and those of two tenants that name one.
    fn kept() -> Vec<String> {
        let kept = Operation::ALL.iter().map(|operation| operation.permission());
        let kept = kept.filter(|it| it.caching != Caching::Never && it.path.starts_with("/internal/"));
        kept.flat_map(|it| {
            if it.path.contains("{id}") { vec![A, B] } else { vec![""] }
                .into_iter()
                .map(move |id| it.path.replace("{id}", id))
        })
        .collect()
    }

    /// Keeps everything.
    async fn fill(&self) {
        for path in Self::kept() {
            self.from(&path).await;
            assert_eq!(self.from(&path).await, "HIT", "{path}");
        }
    }

    /// Asserts which of all answers are no longer shown: everybody's, and those of these tenants.
    async fn assert_void(&self, tenants: &[&str]) {
        for path in Self::kept() {
            let of_one = [A, B].into_iter().find(|id| path.contains(*id));
            let void = of_one.is_none_or(|id| tenants.contains(&id));
            assert_eq!(self.from(&path).await, if void { "MISS" } else { "HIT" }, "{path}");
        }
    }
}

#[tokio::test]
async fn a_changed_company_is_seen_at_the_next_request_and_no_other_is_looked_up_again() {
    let world = World::new().await;
    world.fill().await;
    let path = format!("/internal/tenants/{A}");
    let seen = world.get(&path).await;
    assert_eq!(seen.header(X_CACHE), "HIT");
    // The tag of an answer that was kept is as good as another.
    let headers = [(header::IF_MATCH, seen.header(header::ETAG))];
    let body = json!({"name": "Outro Nome", "mrr_estimate": 10});
    let changed = Answer::to_json(&world.router, Method::PATCH, &path, &world.admin, &headers, &body).await;
    assert_eq!((changed.status, changed.header(X_CACHE)), (StatusCode::OK, ""));

    world.assert_void(&[A]).await;
    assert_eq!(world.get(&path).await.json()["tenant"]["name"], "Outro Nome");
    assert_eq!(world.get("/internal/tenants").await.json()["tenants"][0]["name"], "Outro Nome");
    let revenue = world.get("/internal/billing/overview").await.json();
    assert_eq!(revenue["financial_summary"]["total_mrr"], 10.0);
    world.assert_void_of_nobody().await;

    let stale = Answer::to_json(&world.router, Method::PATCH, &path, &world.admin, &headers, &body).await;
    stale.assert_problem(StatusCode::PRECONDITION_FAILED, "precondition_failed");
}

impl World {
    async fn assert_void_of_nobody(&self) {
        for path in Self::kept() {
            assert_eq!(self.from(&path).await, "HIT", "{path}");
        }
    }
}

#[tokio::test]
async fn a_new_company_is_seen_at_the_next_request() {
    let world = World::new().await;
    world.fill().await;
    let body = json!({"name": "Nova", "cnpj": "11444777000161", "plan": "starter"});
    let created =
        Answer::to_json(&world.router, Method::POST, "/internal/tenants", &world.admin, &[], &body).await;
    assert_eq!(created.status, StatusCode::CREATED);
    world.assert_void(&[]).await;
    assert!(world.get("/internal/tenants").await.json().to_string().contains("Nova"));
}

#[tokio::test]
async fn a_hit_asks_the_database_nothing() {
    let statements = Statements::of_this_thread();
    let world = World::new().await;
    world.fill().await;
    let other = world.fixture.router_caching_in(world.redis.cache());
    let _ = statements.take();
    for path in World::kept() {
        let hit = Answer::to_get(&other, &path, &world.admin).await;
        assert_eq!((hit.header(X_CACHE), statements.take()), ("HIT", 0), "{path}");
    }
    // Who may read less shares nothing with who may read more.
    let support = world.fixture.token(&["INTERNAL_SUPPORT"]);
    for path in World::kept().into_iter().filter(|path| !path.contains("billing")) {
        let miss = Answer::to_get(&other, &path, &support).await;
        assert_eq!(miss.header(X_CACHE), "MISS", "{path}");
    }
}

#[tokio::test]
async fn a_refusal_on_record_asks_the_database_nothing_at_any_instance() {
    let statements = Statements::of_this_thread();
    let world = World::new().await;
    let member = world.fixture.token(&["TENANT_ADMIN"]);
    let other = world.fixture.router_caching_in(world.redis.cache());
    let _ = statements.take();
    let refused = Answer::to_get(&world.router, "/internal/tenants", &member).await;
    refused.assert_problem(StatusCode::FORBIDDEN, "internal_required");
    assert!(statements.take() > 0);
    let again = Answer::to_get(&other, "/internal/tenants", &member).await;
    again.assert_problem(StatusCode::FORBIDDEN, "internal_required");
    assert_eq!(statements.take(), 0);
    let recorded = "SELECT count(*) FROM operational_events WHERE event_type = 'access_denied'";
    assert_eq!(world.fixture.count(recorded).await, 1);
}

#[tokio::test]
async fn commands_the_audit_log_and_what_forms_offer_are_not_kept() {
    let world = World::new().await;
    for path in ["/internal/operations/commands", "/internal/audit", "/internal/options"] {
        for _ in 0..2 {
            assert_eq!(world.from(path).await, "", "{path}");
        }
    }
    assert_eq!(world.redis.keys("{painel}:answer:").await, Vec::<String>::new());
}
