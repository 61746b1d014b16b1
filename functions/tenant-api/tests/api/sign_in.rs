//! When people last signed in (contract, section 4).

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde_json::json;
use sqlx::Executor;
use test_support::{Statements, TestIssuer};

use crate::fixture::{A, B, Fixture, router_for};

const USER: &str = "11111111-2222-4333-8444-555555555555";
const COLLEAGUE: &str = "11111111-2222-4333-8444-666666666666";

/// With a user of A who never signed in, and a colleague.
async fn fixture() -> Fixture {
    let fixture = Fixture::new().await;
    fixture
        .database
        .owner()
        .await
        .execute(sqlx::raw_sql(
            "INSERT INTO tenant_users (tenant_id, cognito_sub, email, role) VALUES
                 ('00000000-0000-4000-8000-00000000000a', '11111111-2222-4333-8444-555555555555', 'd@example.com', 'USER'),
                 ('00000000-0000-4000-8000-00000000000a', '11111111-2222-4333-8444-666666666666', 'e@example.com', 'USER');",
        ))
        .await
        .unwrap();
    fixture
}

async fn last_login_at(fixture: &Fixture, sub: &str) -> Option<DateTime<Utc>> {
    sqlx::query_scalar("SELECT last_login_at FROM tenant_users WHERE cognito_sub = $1")
        .bind(sub)
        .fetch_one(&mut fixture.database.owner().await)
        .await
        .unwrap()
}

/// The token of somebody who signed in then.
fn token(fixture: &Fixture, groups: &[&str], tenant: Option<&str>, at: DateTime<Utc>) -> String {
    let mut claims = TestIssuer::claims(groups, tenant);
    claims["auth_time"] = json!(at.timestamp());
    fixture.issuer.sign(&claims)
}

fn an_hour_ago() -> DateTime<Utc> {
    (Utc::now() - TimeDelta::hours(1)).trunc_subsecs(0)
}

#[tokio::test]
async fn a_sign_in_is_written_once_and_in_one_statement() {
    let statements = Statements::of_this_thread();
    let fixture = fixture().await;
    let at = an_hour_ago();
    let token_of = |at| token(&fixture, &["TENANT_USER"], Some(A), at);
    assert_eq!(last_login_at(&fixture, USER).await, None);

    // A connection's first statement is preceded by another: what the type of a scope is.
    assert_eq!(fixture.get("/tenant/me", &fixture.token(&["TENANT_USER"], Some(B))).await.status, 200);
    let _ = statements.take();
    assert_eq!(fixture.get("/tenant/me", &token_of(at)).await.status, 200);
    assert_eq!(statements.take(), 2, "what was asked for, and the sign-in");
    assert_eq!(last_login_at(&fixture, USER).await, Some(at));

    // Whatever becomes of the row, this sign-in isn't written again.
    let forget = "UPDATE tenant_users SET last_login_at = NULL";
    fixture.database.owner().await.execute(forget).await.unwrap();
    let _ = statements.take();
    assert_eq!(fixture.get("/tenant/me", &token_of(at)).await.status, 200);
    assert_eq!(statements.take(), 1);
    assert_eq!(last_login_at(&fixture, USER).await, None);

    // The next one is.
    let next = at + TimeDelta::minutes(10);
    assert_eq!(fixture.get("/tenant/usage", &token_of(next)).await.status, 200);
    assert_eq!(last_login_at(&fixture, USER).await, Some(next));
    assert_eq!(last_login_at(&fixture, COLLEAGUE).await, None);
}

#[tokio::test]
async fn it_never_goes_back_nor_ahead() {
    let fixture = fixture().await;
    let at = an_hour_ago();
    for (told, written) in [
        (at, at),
        (at - TimeDelta::minutes(5), at),
        (Utc::now() + TimeDelta::minutes(5), at),
        (at + TimeDelta::seconds(1), at + TimeDelta::seconds(1)),
    ] {
        // An instance that remembers nothing.
        let router = router_for(fixture.database.database("app_tenant"), &fixture.issuer);
        let token = token(&fixture, &["TENANT_ADMIN"], Some(A), told);
        assert_eq!(test_support::Answer::to_get(&router, "/tenant/me", &token).await.status, 200);
        assert_eq!(last_login_at(&fixture, USER).await, Some(written), "{told}");
    }
}

#[tokio::test]
async fn it_is_kept_of_nobody_else() {
    let fixture = fixture().await;
    let at = an_hour_ago();
    for (groups, tenant, path, status) in [
        (&["INTERNAL_SUPPORT"][..], None, format!("/tenant/me?tenant_id={A}"), 200),
        (&["INTERNAL_ADMIN", "TENANT_ADMIN"], Some(A), "/tenant/me".into(), 200),
        // A token of another tenant doesn't reach this one's user.
        (&["TENANT_ADMIN"], Some(B), "/tenant/me".into(), 200),
        (&["TENANT_ADMIN"], Some(B), format!("/tenant/me?tenant_id={A}"), 403),
        (&["TENANT_ADMIN"], Some(A), "/tenant/usage?period=x".into(), 400),
        (&[], Some(A), "/tenant/me".into(), 403),
    ] {
        let token = token(&fixture, groups, tenant, at);
        assert_eq!(fixture.get(&path, &token).await.status, status, "{groups:?} {path}");
        assert_eq!(last_login_at(&fixture, USER).await, None, "{groups:?} {path}");
    }
}
