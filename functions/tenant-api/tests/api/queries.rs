//! How often a request speaks to the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ThreadId;

use crate::fixture::{A, Fixture};
use auth_context::Operation;
use tracing::Subscriber;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Counts the statements that sqlx sends from one thread, on which a test's runtime does all of its work; sqlx logs each.
#[derive(Clone)]
struct Statements(Arc<AtomicUsize>, ThreadId);

impl Statements {
    /// How many since this was last asked.
    fn take(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" && std::thread::current().id() == self.1 {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[tokio::test]
async fn every_route_asks_one_question_between_begin_and_commit() {
    let statements = Statements(Arc::default(), std::thread::current().id());
    tracing_subscriber::registry().with(statements.clone()).init();
    let fixture = Fixture::new().await;
    let token = fixture.token(&["TENANT_ADMIN"], Some(A));
    for operation in Operation::ALL {
        let path = operation.permission().path;
        for query in ["", "?limit=5&period=90d&status=all", "?agent_id=00000000-0000-4000-8000-0000000000f1"]
        {
            statements.take();
            assert_eq!(fixture.get(&format!("{path}{query}"), &token).await.status, 200, "{path}{query}");
            assert_eq!(statements.take(), 3, "{path}{query}");
        }
    }
    for (path, token) in [("/tenant/me", "x"), ("/tenant/usage?period=x", token.as_str())] {
        assert!(fixture.get(path, token).await.status.is_client_error());
        assert_eq!(statements.take(), 0, "refused before the database is needed: {path}");
    }
}
