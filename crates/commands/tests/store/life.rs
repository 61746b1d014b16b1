//! From PENDING to the end, whoever else is at it.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use chrono::{TimeDelta, Utc};
use commands::{CommandType, Leases, ListFilter, Outcome, Progress, Start, Status, Step, StoreError};
use data::Window;
use serde_json::json;
use test_support::{Emulator, Fate, Interceptor};
use uuid::Uuid;

use crate::fixture::{Fixture, LEASES, claimed, command, health_check, store_at};

async fn totals(f: &Fixture) -> [i64; 4] {
    let mut totals = [0; 4];
    for (total, status) in totals.iter_mut().zip(Status::ALL) {
        let filter = ListFilter { status: Some(status), ..ListFilter::default() };
        *total = f.store.list(&filter, &Window::first(1)).await.unwrap().total;
    }
    totals
}

#[tokio::test]
async fn a_command_lives_once() {
    let f = Fixture::new().await;
    let created = f.create(&command(CommandType::ReprocessQueue, Some(Uuid::from_u128(7)))).await;
    assert_eq!(totals(&f).await, [1, 0, 0, 0]);

    let claim = f.claim(&created).await;
    let running = f.get(created.command_id).await;
    assert_eq!((running.status, running.attempt), (Status::Running, 1));
    assert_eq!(running.started_at.as_ref().map(commands::Timestamp::at), Some(claim.started_at()));
    assert_eq!(running.last_step(), Step::Started { attempt: 1 });
    assert_eq!(running.step_from(Some(&created)), Some(Step::Started { attempt: 1 }));
    assert_eq!(totals(&f).await, [0, 1, 0, 0]);
    // Told again, by an old record and by a new one.
    for seen in [&created, &running] {
        assert!(matches!(f.store.start(LEASES, seen, Utc::now()).await.unwrap(), Start::Busy));
    }

    claim.save_progress(Progress { taken: 10, moved: 9, skipped: 1 }, Utc::now()).await.unwrap();
    let saved = f.get(created.command_id).await;
    assert_eq!(saved.step_from(Some(&running)), None);
    assert!(f.item(&saved).await.contains_key("progress_only"));

    claim.finish(&Outcome::Success("{}".into()), Utc::now()).await.unwrap();
    let ended = f.get(created.command_id).await;
    assert_eq!((ended.status, ended.output.as_deref()), (Status::Success, Some("{}")));
    assert_eq!(ended.progress, Some(Progress { taken: 10, moved: 9, skipped: 1 }));
    assert!(ended.lease_owner.is_none() && ended.lease_until.is_none());
    let item = f.item(&ended).await;
    assert!(!item.contains_key("progress_only"));
    assert_eq!(item["type_status"].as_s().unwrap(), "REPROCESS_QUEUE#SUCCESS");
    assert_eq!(totals(&f).await, [0, 0, 1, 0]);

    // Over is over.
    for seen in [&created, &running, &ended] {
        assert!(matches!(f.store.start(LEASES, seen, Utc::now()).await.unwrap(), Start::Over));
    }
    let late = claim.finish(&Outcome::Error("late".into()), Utc::now()).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)));
    assert_eq!(f.get(created.command_id).await, ended);
}

#[tokio::test]
async fn of_ten_that_begin_at_once_one_executes() {
    let f = Fixture::new().await;
    let created = f.create(&health_check()).await;
    let all = (0..10).map(|_| async { f.store.start(LEASES, &created, Utc::now()).await.unwrap() });
    let starts = futures_util::future::join_all(all).await;
    assert_eq!(starts.iter().filter(|start| matches!(start, Start::Claimed(_))).count(), 1);
    assert_eq!(starts.iter().filter(|start| matches!(start, Start::Busy)).count(), 9);
    assert_eq!(f.get(created.command_id).await.attempt, 1);
}

#[tokio::test]
async fn a_lease_is_respected_by_a_clock_that_is_a_minute_ahead_and_taken_over_after_that() {
    let f = Fixture::new().await;
    let created = f.create(&health_check()).await;
    let now = Utc::now();
    let dead = claimed(f.store.start(LEASES, &created, now).await.unwrap());
    let first = f.get(created.command_id).await;

    for seconds in [0, 59, 61, 119] {
        let ahead = now + TimeDelta::seconds(seconds);
        assert!(matches!(f.store.start(LEASES, &created, ahead).await.unwrap(), Start::Busy), "{seconds}");
    }
    let later = now + TimeDelta::seconds(121);
    let heir = claimed(f.store.start(LEASES, &created, later).await.unwrap());
    let second = f.get(created.command_id).await;
    assert_eq!((second.status, second.attempt), (Status::Running, 2));
    assert_eq!(second.started_at, first.started_at);
    assert_eq!(second.step_from(Some(&first)), Some(Step::Started { attempt: 2 }));
    assert_eq!(heir.started_at(), dead.started_at());
    assert_eq!(totals(&f).await, [0, 1, 0, 0]);

    // The first one was only slow. Nothing it does counts any more.
    let lost = [
        dead.save_progress(Progress::default(), later).await,
        dead.finish(&Outcome::Success("late".into()), later).await,
    ];
    assert!(lost.iter().all(|lost| matches!(lost, Err(StoreError::LeaseLost))), "{lost:?}");
    heir.finish(&Outcome::Success("{}".into()), later).await.unwrap();
    assert_eq!(f.get(created.command_id).await.output.as_deref(), Some("{}"));
    assert_eq!(totals(&f).await, [0, 0, 1, 0]);
}

#[tokio::test]
async fn progress_prolongs_the_lease_and_is_handed_on() {
    let f = Fixture::new().await;
    let created = f.create(&command(CommandType::ReprocessQueue, None)).await;
    let now = Utc::now();
    let claim = claimed(f.store.start(LEASES, &created, now).await.unwrap());
    let progress = Progress { taken: 20, moved: 10, skipped: 0 };
    claim.save_progress(progress, now + TimeDelta::seconds(50)).await.unwrap();
    let at = |seconds| now + TimeDelta::seconds(seconds);
    assert!(matches!(f.store.start(LEASES, &created, at(169)).await.unwrap(), Start::Busy));
    let heir = claimed(f.store.start(LEASES, &created, at(171)).await.unwrap());
    assert_eq!(heir.progress(), progress);
    // A step of its life is told, progress is not.
    assert!(!f.item(&created).await.contains_key("progress_only"));
}

#[tokio::test]
async fn clocks_that_disagree_make_no_time_run_backwards() {
    let f = Fixture::new().await;
    let now = Utc::now();
    let created = f.create_at(&health_check(), now).await;
    let behind = now - TimeDelta::minutes(1);
    let claim = claimed(f.store.start(LEASES, &created, behind).await.unwrap());
    claim.finish(&Outcome::Success("{}".into()), behind - TimeDelta::minutes(1)).await.unwrap();
    let times: Vec<_> = f.get(created.command_id).await.steps().into_iter().map(|(_, at)| at).collect();
    assert!(times.is_sorted() && times.len() == 3, "{times:?}");
}

#[tokio::test]
async fn a_message_is_cut_between_two_characters() {
    let f = Fixture::new().await;
    let created = f.create(&health_check()).await;
    let message = format!("a{}", "é".repeat(2_000));
    f.claim(&created).await.finish(&Outcome::Error(message), Utc::now()).await.unwrap();
    let kept = f.get(created.command_id).await.error_message.unwrap();
    assert_eq!(kept.len(), Outcome::MAX_MESSAGE - 1);
    assert!(kept.ends_with('é'));
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_counts_once() {
    let f = Fixture::new().await;
    let emulator = Emulator::new();
    let proxy = Interceptor::start(emulator.endpoint(), |call| match call.number % 2 {
        0 => Fate::Late(Duration::from_secs(3)),
        _ => Fate::Pass,
    })
    .await;
    let store = store_at(&Client::new(&emulator.config_at(&proxy.url)), &f.tables);
    let created = f.create(&health_check()).await;
    let claim = claimed(store.start(LEASES, &created, Utc::now()).await.unwrap());
    claim.finish(&Outcome::Success("{}".into()), Utc::now()).await.unwrap();
    assert_eq!(proxy.calls(), 4);
    let ended = f.get(created.command_id).await;
    assert_eq!((ended.status, ended.attempt), (Status::Success, 1));
    assert_eq!(totals(&f).await, [0, 0, 1, 0]);
}

#[tokio::test]
async fn what_somebody_else_put_into_the_table_is_taken_in_and_counted() {
    let f = Fixture::new().await;
    let id = Uuid::now_v7();
    f.put(json!({
        "command_id": id, "created_at": "2026-11-24T10:00:00Z", "command_type": "DEFRAGMENT", "status": "PENDING",
        "created_by": "else", "parameters": r#"{"x": 1}"#,
    }))
    .await;
    let stored = f.get(id).await;
    assert_eq!(stored.parameters().unwrap()["x"], 1);
    assert_eq!(stored.command(), None);
    assert_eq!(totals(&f).await, [0, 0, 0, 0]);
    let claim = f.claim(&stored).await;
    assert_eq!(totals(&f).await, [0, 1, 0, 0]);
    claim.finish(&Outcome::Error("unknown type".into()), Utc::now()).await.unwrap();
    assert_eq!(totals(&f).await, [0, 0, 0, 1]);
    // The key is what it was.
    assert_eq!(f.item(&stored).await["type_status"].as_s().unwrap(), "OTHER#ERROR");
}

#[tokio::test]
async fn a_deletion_is_counted_once() {
    let f = Fixture::new().await;
    let created = f.create(&command(CommandType::RestartAgent, Some(Uuid::from_u128(7)))).await;
    f.create(&health_check()).await;
    for _ in 0..3 {
        f.store.uncount(&created, Utc::now()).await.unwrap();
    }
    assert_eq!(totals(&f).await, [1, 0, 0, 0]);
}

#[tokio::test]
async fn a_command_that_is_gone_is_over() {
    let f = Fixture::new().await;
    let created = f.create(&health_check()).await;
    let gone = commands::StoredCommand { command_id: Uuid::now_v7(), ..created };
    assert!(matches!(f.store.start(LEASES, &gone, Utc::now()).await.unwrap(), Start::Over));
    let short = Leases { duration: Duration::from_secs(1), clock_skew: Duration::ZERO };
    assert!(matches!(f.store.start(short, &gone, Utc::now()).await.unwrap(), Start::Over));
}
