//! What is accepted, once for each key.

use aws_sdk_dynamodb::Client;
use chrono::{TimeDelta, Utc};
use commands::{CommandType, Created, IdempotencyKey, ListFilter, Remembered, Status, StoreError};
use data::Window;
use serde_json::json;
use test_support::{Emulator, Fate, Interceptor};
use uuid::Uuid;

use crate::fixture::{Fixture, command, health_check, key, new, receipt, store_at};

#[tokio::test]
async fn a_command_is_kept_as_the_design_says() {
    let f = Fixture::new().await;
    let tenant = Uuid::from_u128(7);
    let stored = f.create(&command(CommandType::ResetToken, Some(tenant))).await;
    let item = f.item(&stored).await;
    let text = |name: &str| item[name].as_s().unwrap().clone();
    assert_eq!(text("created_at"), stored.created_at.as_str());
    assert_eq!(stored.created_at.as_str().len(), "2026-11-24T20:33:23.790Z".len());
    assert_eq!((text("status"), text("command_type")), ("PENDING".into(), "RESET_TOKEN".into()));
    assert_eq!((text("tenant_id"), text("created_by")), (tenant.to_string(), "somebody".into()));
    assert_eq!(text("type_status"), "RESET_TOKEN#PENDING");
    assert_eq!(text("tenant_type_status"), format!("{tenant}#RESET_TOKEN#PENDING"));
    assert_eq!(item["ttl"].as_n().unwrap(), &(stored.created_at.at().timestamp() + 90 * 86_400).to_string());
    assert_eq!(
        item["parameters"].as_m().unwrap()["integration_id"].as_s().unwrap(),
        &Uuid::from_u128(1).to_string()
    );
    assert!(!item.contains_key("lease_owner") && !item.contains_key("started_at"));

    let stored = f.create(&command(CommandType::ReprocessQueue, None)).await;
    let item = f.item(&stored).await;
    assert_eq!(item["parameters"].as_m().unwrap()["max_messages"].as_n().unwrap(), "1000");
    assert!(!item.contains_key("tenant_id") && !item.contains_key("tenant_type_status"));
}

#[tokio::test]
async fn a_key_stands_for_one_request_for_a_day() {
    let f = Fixture::new().await;
    let (check, now) = (health_check(), Utc::now());
    let body = json!({"command_type": "HEALTH_CHECK", "parameters": {}});
    let first = receipt(f.store.create(&new(&check, now), Some(&key(&body))).await.unwrap());

    let again = |now, body, caller: &str| {
        let key = IdempotencyKey::new(caller, "key", body);
        let (store, check) = (&f.store, &check);
        async move { store.create(&new(check, now), Some(&key)).await.unwrap() }
    };
    let same = Created::Known(Remembered::Same(first.clone()));
    assert_eq!(again(now, &body, "somebody").await, same);
    let almost = now + TimeDelta::hours(24) - TimeDelta::seconds(2);
    assert_eq!(again(almost, &body, "somebody").await, same);
    let other = json!({"command_type": "HEALTH_CHECK", "parameters": {"checks": ["cache"]}});
    assert_eq!(again(now, &other, "somebody").await, Created::Known(Remembered::Other));
    // Another's key of the same name, and the same key after a day, are other keys.
    for (now, caller) in [(now, "else"), (now + TimeDelta::hours(24), "somebody")] {
        let created = receipt(again(now, &body, caller).await);
        assert_ne!(created.command_id, first.command_id);
    }
}

#[tokio::test]
async fn of_ten_at_one_instant_one_is_accepted() {
    let f = Fixture::new().await;
    let (check, now) = (health_check(), Utc::now());
    let key = key(&json!({}));
    let all = (0..10).map(|_| async { f.store.create(&new(&check, now), Some(&key)).await.unwrap() });
    let created = futures_util::future::join_all(all).await;
    let ids: std::collections::HashSet<_> = created
        .iter()
        .map(|created| match created {
            Created::New(receipt) | Created::Known(Remembered::Same(receipt)) => receipt.command_id,
            Created::Known(Remembered::Other) => panic!("another request"),
        })
        .collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(created.iter().filter(|created| matches!(created, Created::New(_))).count(), 1);
    let found = f.store.list(&ListFilter::default(), &Window::first(100)).await.unwrap();
    assert_eq!((found.rows.len(), found.total), (1, 1));
}

#[tokio::test]
async fn an_answer_that_was_lost_makes_no_second_command() {
    let f = Fixture::new().await;
    let emulator = Emulator::new();
    // The first transaction arrives, and its answer doesn't come in time.
    let proxy = Interceptor::start(emulator.endpoint(), |call| match call.number {
        0 => Fate::Late(std::time::Duration::from_secs(3)),
        _ => Fate::Pass,
    })
    .await;
    let store = store_at(&Client::new(&emulator.config_at(&proxy.url)), &f.tables);
    receipt(store.create(&new(&health_check(), Utc::now()), None).await.unwrap());
    assert_eq!(proxy.calls(), 2);
    let found = f.store.list(&ListFilter::default(), &Window::first(100)).await.unwrap();
    assert_eq!((found.rows.len(), found.total), (1, 1));
}

#[tokio::test]
async fn what_is_throttled_is_tried_again_and_what_stays_down_is_said_to_be() {
    const THROTTLED: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"Slow down"}"#;
    let f = Fixture::new().await;
    let emulator = Emulator::new();
    let throttled = Interceptor::start(emulator.endpoint(), |call| match call.number {
        0..3 => Fate::Refuse(400, THROTTLED),
        _ => Fate::Pass,
    })
    .await;
    let store = store_at(&Client::new(&emulator.config_at(&throttled.url)), &f.tables);
    receipt(store.create(&new(&health_check(), Utc::now()), None).await.unwrap());

    let always = Interceptor::start(emulator.endpoint(), |_| Fate::Refuse(400, THROTTLED)).await;
    for config in [emulator.config_at(&always.url), emulator.unreachable_config()] {
        let store = store_at(&Client::new(&config), &f.tables);
        let error = store.create(&new(&health_check(), Utc::now()), None).await.unwrap_err();
        assert!(error.is_transient(), "{error}");
    }
    let missing = commands::StoreSettings {
        commands_table: "no-such-table".into(),
        command_bookkeeping_table: f.tables.bookkeeping.clone(),
    };
    let error = commands::Store::new(&f.client, missing).get(Uuid::nil()).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused(_)), "{error}");
}

#[tokio::test]
async fn transactions_that_meet_on_a_counter_are_made_one_after_the_other() {
    const CONFLICT: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"Transaction cancelled","CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict"}]}"#;
    let f = Fixture::new().await;
    let emulator = Emulator::new();
    let proxy = Interceptor::start(emulator.endpoint(), |call| match call.number {
        0..2 => Fate::Refuse(400, CONFLICT),
        _ => Fate::Pass,
    })
    .await;
    let store = store_at(&Client::new(&emulator.config_at(&proxy.url)), &f.tables);
    let created = receipt(store.create(&new(&health_check(), Utc::now()), None).await.unwrap());
    assert_eq!(proxy.calls(), 3);
    assert_eq!(f.get(created.command_id).await.status, Status::Pending);
}
