//! How often a request speaks to the database.

use auth_context::Operation;
use lambda_http::http::Method;
use lambda_http::http::header::IF_MATCH;
use serde_json::json;
use test_support::Statements;

use crate::fixture::{A, Fixture};

#[tokio::test]
async fn every_read_is_one_statement() {
    let statements = Statements::of_this_thread();
    let fixture = Fixture::new().await;
    let token = fixture.token(&["INTERNAL_ADMIN"]);
    let reads = Operation::ALL
        .iter()
        .map(|operation| operation.permission())
        .filter(|permission| permission.method == "GET" && permission.path.starts_with("/internal/"));
    let order = json!({"command_type": "HEALTH_CHECK", "tenant_id": A, "parameters": {}});
    let mut command = String::new();
    // A second one: there is something behind the first.
    for _ in 0..2 {
        let ordered = fixture.send(Method::POST, "/internal/operations/commands", &token, &[], &order).await;
        command = ordered.json()["command_id"].as_str().unwrap().to_owned();
    }
    let mut asked = 0;
    for read in reads {
        let id = if read.path.contains("commands") { &command } else { A };
        let path = read.path.replace("{id}", id);
        // The first request of the hour that names the tenant is recorded.
        assert_eq!(fixture.get(&path, &token).await.status, 200, "{path}");
        for query in [
            "",
            "?limit=1&period=90d&status=all&sort_order=desc&search=p",
            "?limit=1&offset=1&severity=error",
        ] {
            let _ = statements.take();
            assert_eq!(fixture.get(&format!("{path}{query}"), &token).await.status, 200, "{path}{query}");
            assert_eq!(statements.take(), 1, "{path}{query}");
        }
        asked += 1;
    }
    assert_eq!(asked, 12);
}

#[tokio::test]
async fn what_is_refused_is_refused_before_the_database_is_needed() {
    let statements = Statements::of_this_thread();
    let fixture = Fixture::new().await;
    let token = fixture.token(&["INTERNAL_ADMIN"]);
    let support = fixture.token(&["INTERNAL_SUPPORT"]);
    let _ = statements.take();
    for path in [
        "/internal/tenants?limit=0",
        "/internal/tenants/x",
        "/internal/audit?from=x",
        "/internal/agents?cursor=x",
    ] {
        assert_eq!(fixture.get(path, &token).await.status, 400, "{path}");
    }
    let post = fixture.send(Method::POST, "/internal/tenants", &token, &[], &json!({"name": 1})).await;
    assert_eq!(post.status, 400);
    let patch = fixture
        .send(Method::PATCH, &format!("/internal/tenants/{A}"), &token, &[], &json!({"name": "x"}))
        .await;
    assert_eq!(patch.status, 428);
    assert_eq!(statements.take(), 0);

    // Begin, record, commit; the second time that hour it is known.
    for expected in [3, 0] {
        assert_eq!(fixture.get("/internal/billing/overview", &support).await.status, 403);
        assert_eq!(statements.take(), expected);
    }
}

#[tokio::test]
async fn a_change_is_begun_read_written_recorded_and_committed() {
    let statements = Statements::of_this_thread();
    let fixture = Fixture::new().await;
    let token = fixture.token(&["INTERNAL_ADMIN"]);
    let path = format!("/internal/tenants/{A}");
    let tag = fixture.get(&path, &token).await.header(lambda_http::http::header::ETAG).to_owned();
    let _ = statements.take();
    let changed =
        fixture.send(Method::PATCH, &path, &token, &[(IF_MATCH, &tag)], &json!({"plan": "starter"})).await;
    assert_eq!((changed.status.as_u16(), statements.take()), (200, 5));
}
