//! What nobody will execute any more.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use commands::{Reaped, Status};
use serde_json::json;
use uuid::Uuid;

use crate::fixture::{Fixture, LEASES, claimed, health_check};

const WINDOW: Duration = Duration::from_mins(10);

#[tokio::test]
async fn what_waits_or_runs_for_too_long_ends_in_an_error() {
    let f = Fixture::new().await;
    let now = Utc::now();
    let ago = |seconds| now - TimeDelta::seconds(seconds);
    let patient = f.create_at(&health_check(), ago(299)).await;
    let forgotten = f.create_at(&health_check(), ago(301)).await;
    // Executors that were last heard of so long ago; the lease and the skew are 60 s each.
    let executed = |created: i64, heard: i64| {
        let f = &f;
        async move {
            let command = f.create_at(&health_check(), ago(created)).await;
            claimed(f.store.start(LEASES, &command, ago(heard)).await.unwrap());
            command
        }
    };
    let alive = executed(3_000, 100).await;
    let retried = executed(599, 300).await;
    let dead = executed(601, 121).await;
    // Not even its parameters are there.
    let broken = Uuid::now_v7();
    f.put(json!({
        "command_id": broken, "created_at": "2026-11-24T10:00:00.000Z", "command_type": "HEALTH_CHECK",
        "status": "PENDING", "created_by": "else",
    }))
    .await;

    // Begun by something that isn't ours.
    let foreign = Uuid::now_v7();
    f.put(json!({
        "command_id": foreign, "created_at": "2026-11-24T10:00:00.000Z", "command_type": "HEALTH_CHECK",
        "status": "RUNNING", "created_by": "else", "attempt": 1, "lease_owner": "else",
    }))
    .await;

    let reaped = f.store.reap(LEASES, WINDOW, now).await.unwrap();
    assert_eq!(reaped, Reaped { not_started: 2, timed_out: 2 });
    for (id, status, message) in [
        (patient.command_id, Status::Pending, ""),
        (forgotten.command_id, Status::Error, "not started: "),
        (broken, Status::Error, "not started: "),
        (alive.command_id, Status::Running, ""),
        (retried.command_id, Status::Running, ""),
        (dead.command_id, Status::Error, "timed out: "),
        (foreign, Status::Error, "timed out: "),
    ] {
        let found = f.get(id).await;
        assert_eq!(found.status, status, "{found:?}");
        assert!(found.error_message.unwrap_or_default().starts_with(message));
        assert_eq!(found.completed_at.is_some(), status == Status::Error);
    }
    assert_eq!(f.store.reap(LEASES, WINDOW, now).await.unwrap(), Reaped::default());
}
