//! How often a request speaks to the database.

use auth_context::Operation;
use http_api::ListKey;
use lambda_http::http::StatusCode;
use serde_json::json;
use test_support::Statements;

use crate::fixture::{A, B, Fixture};

#[tokio::test]
async fn every_route_asks_one_question() {
    let statements = Statements::of_this_thread();
    let fixture = Fixture::new().await;
    let token = fixture.token(&["TENANT_ADMIN"], Some(A));
    // What comes once: a connection asks what the type of a scope is, and a sign-in is put on record.
    assert_eq!(fixture.get("/tenant/me", &token).await.status, 200);
    let paths = Operation::ALL.iter().map(|operation| operation.permission().path);
    for path in paths.filter(|path| path.starts_with("/tenant/")) {
        for query in ["", "?limit=5&period=90d&status=all", "?agent_id=00000000-0000-4000-8000-0000000000f1"]
        {
            let _ = statements.take();
            assert_eq!(fixture.get(&format!("{path}{query}"), &token).await.status, 200, "{path}{query}");
            assert_eq!(statements.take(), 1, "{path}{query}");
        }
    }
    for (path, token) in [("/tenant/me", "x"), ("/tenant/usage?period=x", token.as_str())] {
        assert!(fixture.get(path, token).await.status.is_client_error());
        assert_eq!(statements.take(), 0, "refused before the database is needed: {path}");
    }
}

const NOBODY: &str = "00000000-0000-4000-8000-00000000000c";

/// What somebody of `tenant` gets, and how often the database is asked for it: the first time and when it is on record.
async fn outcomes(path: &str, tenant: &str) -> Vec<(StatusCode, String, usize)> {
    let statements = Statements::of_this_thread();
    let fixture = Fixture::new().await;
    let token = fixture.token(&["TENANT_ADMIN"], Some(tenant));
    assert_eq!(fixture.get("/tenant/me", &token).await.status, 200);
    let mut outcomes = Vec::new();
    for _ in 0..2 {
        let _ = statements.take();
        let answer = fixture.get(path, &token).await;
        let mut body = answer.json();
        body["request_id"].take();
        outcomes.push((answer.status, body.to_string(), statements.take()));
    }
    outcomes
}

#[tokio::test]
async fn who_may_not_know_is_told_the_same_of_what_exists_and_of_what_does_not() {
    let paths = Operation::ALL.iter().map(|operation| operation.permission().path);
    for path in paths.filter(|path| path.starts_with("/tenant/")) {
        let of_another = outcomes(&format!("{path}?tenant_id={B}"), A).await;
        assert!(of_another.iter().all(|(status, ..)| *status == StatusCode::FORBIDDEN), "{of_another:?}");
        assert_eq!(of_another, outcomes(&format!("{path}?tenant_id={NOBODY}"), A).await, "{path}");
    }
    // An agent that only A has, and one that nobody has.
    let of_another = outcomes("/tenant/usage?agent_id=00000000-0000-4000-8000-0000000000f2", B).await;
    assert!(of_another.iter().all(|(status, ..)| *status == StatusCode::NOT_FOUND), "{of_another:?}");
    assert_eq!(of_another, outcomes(&format!("/tenant/usage?agent_id={NOBODY}"), B).await);
}

#[tokio::test]
async fn a_forged_cursor_that_no_row_can_have_asks_nothing() {
    let statements = Statements::of_this_thread();
    let fixture = Fixture::new().await;
    let token = fixture.token(&["TENANT_USER"], Some(A));
    let list = ListKey::new("/tenant/incidents", &A);
    for (at, status, asked) in [
        ("2026-01-01T00:00:00Z", 200, 1),
        ("-9999-01-01T00:00:00Z", 400, 0),
        ("+12026-01-01T00:00:00Z", 400, 0),
    ] {
        let path = format!("/tenant/incidents?cursor={}", list.cursor(&json!([at, NOBODY])));
        assert_eq!(fixture.get("/tenant/me", &token).await.status, 200);
        let _ = statements.take();
        assert_eq!(fixture.get(&path, &token).await.status, status, "{at}");
        assert_eq!(statements.take(), asked, "{at}");
    }
}
