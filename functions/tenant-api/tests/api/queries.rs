//! How often a request speaks to the database.

use auth_context::Operation;
use test_support::Statements;

use crate::fixture::{A, Fixture};

#[tokio::test]
async fn every_route_asks_one_question_between_begin_and_commit() {
    let statements = Statements::of_this_thread();
    let fixture = Fixture::new().await;
    let token = fixture.token(&["TENANT_ADMIN"], Some(A));
    let paths = Operation::ALL.iter().map(|operation| operation.permission().path);
    for path in paths.filter(|path| path.starts_with("/tenant/")) {
        for query in ["", "?limit=5&period=90d&status=all", "?agent_id=00000000-0000-4000-8000-0000000000f1"]
        {
            let _ = statements.take();
            assert_eq!(fixture.get(&format!("{path}{query}"), &token).await.status, 200, "{path}{query}");
            assert_eq!(statements.take(), 3, "{path}{query}");
        }
    }
    for (path, token) in [("/tenant/me", "x"), ("/tenant/usage?period=x", token.as_str())] {
        assert!(fixture.get(path, token).await.status.is_client_error());
        assert_eq!(statements.take(), 0, "refused before the database is needed: {path}");
    }
}
