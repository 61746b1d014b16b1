//! What is on record of reads and refusals.

use chrono::{DateTime, Utc};
use lambda_http::http::StatusCode;
use serde_json::{Value, json};
use sqlx::Executor;
use test_support::{Emulator, TestIssuer};
use uuid::Uuid;

use crate::fixture::{A, B, Fixture, UNKNOWN};

type Row = (String, Option<Uuid>, Option<String>, String, Value);

async fn recorded(fixture: &Fixture) -> Vec<Row> {
    sqlx::query_as(
        "SELECT event_type, tenant_id, user_sub, severity, metadata FROM operational_events
         WHERE event_type IN ('tenant_data_read', 'access_denied') ORDER BY created_at, id",
    )
    .fetch_all(&mut fixture.database.owner().await)
    .await
    .unwrap()
}

fn sub() -> Option<String> {
    TestIssuer::claims(&[], None)["sub"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn a_read_is_recorded_once_an_hour_for_each_tenant() {
    let fixture = Fixture::new().await;
    let token = fixture.token(&["INTERNAL_SUPPORT"]);
    for path in [
        format!("/internal/tenants/{A}"),
        format!("/internal/tenants/{A}/agents"),
        format!("/internal/tenants/{A}"),
        format!("/internal/incidents?tenant_id={A}"),
        "/internal/tenants".to_owned(),
        "/internal/usage/overview".to_owned(),
    ] {
        assert_eq!(fixture.get(&path, &token).await.status, StatusCode::OK, "{path}");
    }
    let unknown = fixture.get(&format!("/internal/tenants/{UNKNOWN}"), &token).await;
    unknown.assert_problem(StatusCode::NOT_FOUND, "not_found");
    let read = |tenant: &str, route: &str| -> Row {
        let metadata = json!({"method": "GET", "route": route});
        ("tenant_data_read".into(), tenant.parse().ok(), sub(), "info".into(), metadata)
    };
    assert_eq!(recorded(&fixture).await, [read(A, "/internal/tenants/{id}")]);

    // Another instance of the function, which remembers nothing, records nothing twice.
    let other = Fixture { router: fixture.router_with(Emulator::new().endpoint(), Utc::now), ..fixture };
    for tenant in [A, B] {
        assert_eq!(
            other.get(&format!("/internal/tenants/{tenant}/agents"), &token).await.status,
            StatusCode::OK
        );
    }
    assert_eq!(
        recorded(&other).await,
        [read(A, "/internal/tenants/{id}"), read(B, "/internal/tenants/{id}/agents")]
    );
}

#[tokio::test]
async fn the_next_hour_is_recorded_anew() {
    static HOUR: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(0);
    fn now() -> DateTime<Utc> {
        "2026-03-01T22:59:59.9Z".parse::<DateTime<Utc>>().unwrap()
            + chrono::TimeDelta::hours(HOUR.load(std::sync::atomic::Ordering::SeqCst))
    }
    let fixture = Fixture::new().await;
    let token = fixture.token(&["INTERNAL_ADMIN"]);
    let fixture = Fixture { router: fixture.router_with(Emulator::new().endpoint(), now), ..fixture };
    for hour in 0..3 {
        HOUR.store(hour, std::sync::atomic::Ordering::SeqCst);
        for _ in 0..2 {
            assert_eq!(fixture.get(&format!("/internal/tenants/{A}"), &token).await.status, StatusCode::OK);
        }
        assert_eq!(recorded(&fixture).await.len(), usize::try_from(hour).unwrap() + 1);
    }
}

#[tokio::test]
async fn a_refusal_is_recorded_once_an_hour_for_each_route() {
    let fixture = Fixture::new().await;
    let support = fixture.token(&["INTERNAL_SUPPORT"]);
    let tenant = fixture.issuer.sign(&TestIssuer::claims(&["TENANT_ADMIN"], Some(A)));
    for _ in 0..2 {
        fixture
            .get("/internal/billing/overview", &support)
            .await
            .assert_problem(StatusCode::FORBIDDEN, "role_required");
        fixture
            .get(&format!("/internal/tenants/{B}"), &tenant)
            .await
            .assert_problem(StatusCode::FORBIDDEN, "internal_required");
    }
    // Bad parameters of somebody who may are no refusal.
    assert_eq!(fixture.get("/internal/tenants?limit=0", &support).await.status, StatusCode::BAD_REQUEST);
    let refused = |route: &str, code: &str| -> Row {
        let metadata = json!({"method": "GET", "route": route, "code": code});
        ("access_denied".into(), None, sub(), "warning".into(), metadata)
    };
    assert_eq!(
        recorded(&fixture).await,
        [
            refused("/internal/billing/overview", "role_required"),
            refused("/internal/tenants/{id}", "internal_required")
        ]
    );
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_read_and_stays_refused() {
    let fixture = Fixture::new().await;
    fixture
        .database
        .superuser()
        .await
        .execute("REVOKE EXECUTE ON FUNCTION alquimista_platform.record_access FROM app_internal")
        .await
        .unwrap();
    let support = fixture.token(&["INTERNAL_SUPPORT"]);
    let read = fixture.get(&format!("/internal/tenants/{A}"), &support).await;
    read.assert_problem(StatusCode::INTERNAL_SERVER_ERROR, "internal");
    fixture.get("/internal/audit", &support).await.assert_problem(StatusCode::FORBIDDEN, "role_required");
}
