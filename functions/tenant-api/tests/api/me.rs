//! `GET /tenant/me`

use crate::fixture::{A, B, Fixture, router_for};
use axum::body::Body;
use data::{Credentials, Database};
use lambda_http::http::{Method, Request, StatusCode, header};
use lambda_http::request::RequestContext;
use serde_json::{Value, json};
use sqlx::Executor;
use test_support::{TestDatabase, TestIssuer};

const UNKNOWN: &str = "00000000-0000-4000-8000-0000000000ff";

#[tokio::test]
async fn answers_the_contract_field_by_field() {
    let fixture = Fixture::new().await;
    let answer = fixture.get("/tenant/me", &fixture.token(&["TENANT_USER"], Some(A))).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    assert_eq!(
        answer.json(),
        json!({
            "id": A, "name": "Padaria São João", "cnpj": "12.ABC.345/01DE-35", "segment": "Varejo",
            "plan": "professional", "status": "active", "mrr_estimate": 1499.9,
            "created_at": "2025-02-03T04:05:06.789Z",
            "limits": {"max_agents": 10, "max_users": 7, "max_requests_per_month": 50000},
            "usage": {"active_agents": 1, "active_users": 2, "requests_this_month": 321},
            "as_of": "2026-03-15T11:45:00.123Z",
        })
    );
}

#[tokio::test]
async fn a_suspended_tenant_reads_and_nulls_are_null() {
    let fixture = Fixture::new().await;
    let body = fixture.get("/tenant/me", &fixture.token(&["TENANT_ADMIN"], Some(B))).await.json();
    assert_eq!(
        (&body["segment"], &body["mrr_estimate"], &body["status"]),
        (&Value::Null, &Value::Null, &json!("suspended"))
    );
    assert_eq!(body["limits"], json!({"max_agents": 3, "max_users": 5, "max_requests_per_month": 10000}));
    assert_eq!(body["usage"], json!({"active_agents": 1, "active_users": 0, "requests_this_month": 77}));
}

#[tokio::test]
async fn who_sees_which_tenant() {
    let fixture = Fixture::new().await;
    let upper = A.to_uppercase();
    for (groups, claim, named, expected) in [
        (&["TENANT_USER"][..], Some(A), None, Ok(A)),
        (&["TENANT_ADMIN"], Some(A), Some(A), Ok(A)),
        (&["TENANT_ADMIN"], Some(A), Some(upper.as_str()), Ok(A)),
        (&["TENANT_ADMIN"], Some(upper.as_str()), Some(A), Ok(A)),
        (&["TENANT_ADMIN"], Some(A), Some(B), Err((403, "tenant_denied"))),
        (&["TENANT_ADMIN"], Some(A), Some(UNKNOWN), Err((403, "tenant_denied"))),
        (&["TENANT_ADMIN"], Some(UNKNOWN), None, Err((404, "not_found"))),
        (&["TENANT_ADMIN"], None, None, Err((403, "tenant_denied"))),
        (&["TENANT_ADMIN"], None, Some(A), Err((403, "tenant_denied"))),
        (&["TENANT_ADMIN"], Some("not a uuid"), None, Err((403, "tenant_denied"))),
        (&["INTERNAL_ADMIN"], None, Some(B), Ok(B)),
        (&["INTERNAL_SUPPORT"], None, Some(A), Ok(A)),
        (&["INTERNAL_SUPPORT"], Some(B), None, Ok(B)),
        (&["INTERNAL_SUPPORT"], Some(B), Some(A), Ok(A)),
        (&["INTERNAL_SUPPORT", "TENANT_USER"], Some(B), Some(A), Ok(A)),
        (&["INTERNAL_ADMIN"], None, None, Err((400, "tenant_required"))),
        (&["INTERNAL_ADMIN"], None, Some(UNKNOWN), Err((404, "not_found"))),
        (&[], Some(A), None, Err((403, "no_group"))),
        (&["tenant_admin", "ADMIN"], Some(A), None, Err((403, "no_group"))),
    ] {
        let query = named.map_or(String::new(), |tenant| format!("?tenant_id={tenant}"));
        let answer = fixture.get(&format!("/tenant/me{query}"), &fixture.token(groups, claim)).await;
        match expected {
            Ok(tenant) => assert_eq!(answer.json()["id"], tenant, "{groups:?} {claim:?} {named:?}"),
            Err((status, code)) => answer.assert_problem(StatusCode::from_u16(status).unwrap(), code),
        }
    }
}

#[tokio::test]
async fn checks_come_in_order() {
    let fixture = Fixture::new().await;
    fixture.get("/tenant/me?tenant_id=x", "").await.assert_problem(StatusCode::UNAUTHORIZED, "unauthorized");
    let no_group = fixture.token(&[], Some(A));
    fixture.get("/tenant/me?tenant_id=x", &no_group).await.assert_problem(StatusCode::FORBIDDEN, "no_group");
    let no_claim = fixture.token(&["TENANT_USER"], None);
    let answer = fixture.get("/tenant/me?tenant_id=x", &no_claim).await;
    answer.assert_problem(StatusCode::BAD_REQUEST, "invalid_parameter");
    assert_eq!(answer.json()["error"], "Bad Request: tenant_id");
    assert_eq!(answer.json()["errors"], json!([{"parameter": "tenant_id", "message": "must be a UUID"}]));
    fixture.get("/tenant/me", &no_claim).await.assert_problem(StatusCode::FORBIDDEN, "tenant_denied");
}

#[tokio::test]
async fn a_bad_tenant_is_named() {
    let fixture = Fixture::new().await;
    let token = fixture.token(&["TENANT_USER"], Some(A));
    for query in [
        "?tenant_id=",
        "?tenant_id",
        "?tenant_id=1",
        "?tenant_id=%00",
        "?tenant_id=%0A%1B",
        "?tenant_id=' OR 1=1--",
        &format!("?tenant_id={A}&tenant_id={A}"),
        &format!("?tenant_id={A}&tenant_id={B}"),
        &format!("?tenant_id={}", "a".repeat(10_000)),
    ]
    .map(|query| query.replace(' ', "+"))
    {
        let answer = fixture.get(&format!("/tenant/me{query}"), &token).await;
        answer.assert_problem(StatusCode::BAD_REQUEST, "invalid_parameter");
        assert_eq!(answer.json()["errors"][0]["parameter"], "tenant_id");
    }
    assert_eq!(fixture.get("/tenant/me?unknown=x&other", &token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn without_an_authorizer_the_function_lets_nobody_in() {
    let fixture = Fixture::new().await;
    let good = fixture.token(&["TENANT_USER"], Some(A));
    assert_eq!(fixture.get("/tenant/me", &good).await.status, StatusCode::OK);
    assert_eq!(fixture.get("/tenant/me", &format!("Bearer {good}")).await.status, StatusCode::OK);
    assert_eq!(fixture.get("/tenant/me", &format!("bearer  {good}")).await.status, StatusCode::OK);
    let mut expired = TestIssuer::claims(&["TENANT_USER"], Some(A));
    expired["exp"] = json!(1_700_000_000);
    for token in [
        "",
        "Bearer",
        "Bearer ",
        "x",
        "Basic dXNlcjpwYXNz",
        &format!("Token {good}"),
        &fixture.issuer.sign(&expired),
    ] {
        let answer = fixture.get("/tenant/me", token).await;
        answer.assert_problem(StatusCode::UNAUTHORIZED, "unauthorized");
        assert_eq!(answer.header(header::WWW_AUTHENTICATE), "Bearer");
        assert_eq!(answer.json()["error"], "Unauthorized");
    }
    let none = Request::get("/tenant/me").body(Body::empty()).unwrap();
    fixture.send(none).await.assert_problem(StatusCode::UNAUTHORIZED, "unauthorized");
    let two =
        Request::get("/tenant/me").header(header::AUTHORIZATION, &good).header(header::AUTHORIZATION, &good);
    fixture
        .send(two.body(Body::empty()).unwrap())
        .await
        .assert_problem(StatusCode::UNAUTHORIZED, "unauthorized");
}

/// A request as it comes through the gateway, whose authorizer found these claims.
fn through_gateway(token: &str, claims: &Value) -> Request<Body> {
    let context: RequestContext = serde_json::from_value(json!({
        "resourcePath": "/tenant/me", "httpMethod": "GET", "requestId": "gateway-request-1",
        "authorizer": {"claims": claims}, "identity": {},
    }))
    .unwrap();
    let mut request =
        Request::get("/tenant/me").header(header::AUTHORIZATION, token).body(Body::empty()).unwrap();
    request.extensions_mut().insert(context);
    request
}

#[tokio::test]
async fn the_gateways_claims_are_the_tokens_in_each_form() {
    let fixture = Fixture::new().await;
    let claims = TestIssuer::claims(&["TENANT_ADMIN", "TENANT_USER"], Some(A));
    let token = fixture.issuer.sign(&claims);
    for groups in [
        json!("TENANT_ADMIN,TENANT_USER"),
        json!("[TENANT_ADMIN TENANT_USER]"),
        json!(["TENANT_USER", "TENANT_ADMIN"]),
    ] {
        let mut of_gateway = claims.clone();
        of_gateway["cognito:groups"] = groups.clone();
        let answer = fixture.send(through_gateway(&token, &of_gateway)).await;
        assert_eq!(answer.status, StatusCode::OK, "{groups}");
        assert_eq!(answer.headers["x-request-id"], "gateway-request-1");
    }
}

#[tokio::test]
async fn claims_that_are_not_the_tokens_open_nothing() {
    let fixture = Fixture::new().await;
    let claims = TestIssuer::claims(&["TENANT_USER"], Some(A));
    let token = fixture.issuer.sign(&claims);
    for (claim, forged) in [
        ("cognito:groups", json!("INTERNAL_ADMIN")),
        ("cognito:groups", json!("{TENANT_USER}")),
        ("custom:tenant_id", json!(B)),
        ("sub", json!("somebody else")),
    ] {
        let mut of_gateway = claims.clone();
        of_gateway[claim] = forged;
        let answer = fixture.send(through_gateway(&token, &of_gateway)).await;
        answer.assert_problem(StatusCode::UNAUTHORIZED, "unauthorized");
    }
    let without_token = through_gateway("", &TestIssuer::claims(&["INTERNAL_ADMIN"], Some(A)));
    fixture.send(without_token).await.assert_problem(StatusCode::UNAUTHORIZED, "unauthorized");
}

#[tokio::test]
async fn other_methods_and_paths_are_problems_too() {
    let fixture = Fixture::new().await;
    let token = fixture.token(&["TENANT_USER"], Some(A));
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let request =
            Request::builder().method(&method).uri("/tenant/me").header(header::AUTHORIZATION, &token);
        let answer = fixture.send(request.body(Body::empty()).unwrap()).await;
        answer.assert_problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
        assert_eq!(answer.header(header::ALLOW), "GET,HEAD");
    }
    for path in ["/", "/tenant", "/tenant/me/", "/tenant/ME", "/internal/tenants"] {
        let request = Request::get(path).header(header::AUTHORIZATION, &token).body(Body::empty()).unwrap();
        fixture.send(request).await.assert_problem(StatusCode::NOT_FOUND, "not_found");
    }
}

#[tokio::test]
async fn an_unchanged_answer_is_not_sent_again() {
    let fixture = Fixture::new().await;
    let token = fixture.token(&["TENANT_USER"], Some(A));
    let first = fixture.get("/tenant/me", &token).await;
    let tag = first.header(header::ETAG).to_owned();
    assert!(tag.starts_with('"') && tag.len() > 20, "{tag}");
    assert_eq!(first.header(header::CACHE_CONTROL), "private, no-cache");
    assert_eq!(first.header(header::VARY), "Authorization, Accept");

    let ask = async |known: &str| {
        let request = Request::get("/tenant/me")
            .header(header::AUTHORIZATION, &token)
            .header(header::IF_NONE_MATCH, known);
        fixture.send(request.body(Body::empty()).unwrap()).await
    };
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".into()] {
        let answer = ask(&known).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::NOT_MODIFIED, 0), "{known}");
        assert_eq!(answer.header(header::ETAG), tag);
        assert_eq!(answer.header(header::VARY), "Authorization, Accept");
    }
    assert_eq!(ask("\"x\"").await.status, StatusCode::OK);

    fixture.database.owner().await.execute("UPDATE tenants SET name = 'Novo nome'").await.unwrap();
    let changed = ask(&tag).await;
    assert_eq!((changed.status, changed.json()["name"].as_str()), (StatusCode::OK, Some("Novo nome")));
    assert_ne!(changed.header(header::ETAG), tag);
}

#[tokio::test]
async fn a_tenant_deleted_between_two_calls_is_gone() {
    let fixture = Fixture::new().await;
    let token = fixture.token(&["TENANT_USER"], Some(B));
    assert_eq!(fixture.get("/tenant/me", &token).await.status, StatusCode::OK);
    fixture.database.owner().await.execute("DELETE FROM tenants WHERE name = 'B'").await.unwrap();
    fixture.get("/tenant/me", &token).await.assert_problem(StatusCode::NOT_FOUND, "not_found");
}

#[tokio::test]
async fn a_dead_dependency_is_a_503_that_tells_nothing_of_the_inside() {
    let fixture = Fixture::new().await;
    let token = fixture.token(&["TENANT_USER"], Some(A));
    let mut settings = fixture.database.settings();
    settings.database_port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let down = Database::new(settings, Credentials::Fixed(TestDatabase::login("app_tenant")));
    let without_database = Fixture { router: router_for(down, &fixture.issuer), ..Fixture::new().await };
    let answers = [without_database.get("/tenant/me", &token).await, {
        let without_keys = Fixture::new().await;
        without_keys.issuer.fail(true);
        without_keys.get("/tenant/me", &token).await
    }];
    for answer in answers {
        answer.assert_problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
        assert_eq!(answer.header(header::RETRY_AFTER), "5");
        let body = String::from_utf8(answer.body).unwrap();
        for inside in ["127.0.0.1", "postgres", "sqlx", "jwks", "app_tenant", "refused"] {
            assert!(!body.to_lowercase().contains(inside), "{body}");
        }
    }
}
