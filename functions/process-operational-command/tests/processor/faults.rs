//! What the processor needs is down, slow, or never ends.

use std::time::Duration;

use commands::{CommandType, Status};
use data::{Credentials, Database, DatabaseSettings};
use process_operational_command::Failed;
use serde_json::{Value, json};
use test_support::{Fate, Interceptor, TestDatabase};
use tokio::time::Instant;

use crate::fixture::{Platform, inserted};

fn soon() -> Instant {
    Instant::now() + Duration::from_mins(5)
}

fn no_database(platform: &Platform) -> Database {
    let settings = DatabaseSettings { database_port: 1, ..platform.database.settings() };
    Database::new(settings, Credentials::Fixed(TestDatabase::login("app_commands")))
}

#[tokio::test]
async fn without_a_database_nothing_is_changed_but_a_health_check_says_so() {
    let platform = Platform::new().await;
    let agent = platform.agent("inactive").await;
    let restart = platform.restart(agent).await;
    let check =
        platform.create(CommandType::HealthCheck, json!({"checks": ["database", "commands_table"]})).await;
    let told = vec![inserted(&restart, "1"), inserted(&check, "2")];
    let down = platform.processor_of(&platform.emulator.config(), no_database(&platform));
    let failed = down.process(told.clone(), soon(), "tests").await.unwrap_err();
    assert!(matches!(failed, Failed::Audit(_)), "{failed}");
    assert_eq!(platform.get(restart.command_id).await.status, Status::Pending);
    let checked = platform.get(check.command_id).await;
    let output: Value = serde_json::from_str(&checked.output.clone().unwrap()).unwrap();
    assert_eq!((checked.status, &output["status"]), (Status::Success, &json!("unhealthy")));
    assert_eq!(output["checks"]["database"]["ok"], json!(false));
    assert_eq!(output["checks"]["commands_table"]["ok"], json!(true));

    // It comes again.
    assert!(platform.process_here(told).await.is_empty());
    assert_eq!(platform.get(restart.command_id).await.status, Status::Success);
    assert_eq!(platform.audit(check.command_id).await.len(), 1);
}

#[tokio::test]
async fn a_step_that_the_database_refuses_does_not_stand_in_the_way_of_others() {
    let platform = Platform::new().await;
    let good = platform.health_check().await;
    let mut ancient = platform.health_check().await;
    ancient.created_at = "2001-01-01T00:00:00.000Z".to_owned().try_into().unwrap();
    let told = vec![inserted(&ancient, "1"), inserted(&good, "2")];
    assert_eq!(platform.process_here(told).await, ["1"]);
    assert_eq!(platform.get(good.command_id).await.status, Status::Success);
    assert_eq!(platform.audit(good.command_id).await.len(), 1);
}

#[tokio::test]
async fn without_the_table_everything_comes_again() {
    let platform = Platform::new().await;
    let command = platform.health_check().await;
    let down = platform
        .processor_of(&platform.emulator.unreachable_config(), platform.database.database("app_commands"));
    let answer = down.process(vec![inserted(&command, "1")], soon(), "tests").await.unwrap();
    assert_eq!(answer.batch_item_failures.len(), 1);
    assert!(down.process(Vec::new(), soon(), "tests").await.unwrap().batch_item_failures.is_empty());
    assert!(platform.process_here(vec![inserted(&command, "1")]).await.is_empty());
    assert_eq!(platform.get(command.command_id).await.status, Status::Success);
}

#[tokio::test]
async fn what_takes_too_long_ends_before_the_function_does() {
    let platform = Platform::new().await;
    platform.queue.bury(&platform.sqs, 40).await;
    let proxy = Interceptor::start(platform.emulator.endpoint(), |call| {
        if call.target.starts_with("AmazonSQS") { Fate::Late(Duration::from_millis(700)) } else { Fate::Pass }
    })
    .await;
    let slow = platform
        .processor_of(&platform.emulator.config_at(&proxy.url), platform.database.database("app_commands"));
    let command = platform.reprocess(40).await;
    let quick = platform.health_check().await;
    let (begun, deadline) = (Instant::now(), Instant::now() + Duration::from_secs(26));
    // The second batch finds no time left to begin.
    let answer =
        slow.process(vec![inserted(&command, "1"), inserted(&quick, "2")], deadline, "tests").await.unwrap();
    assert!(answer.batch_item_failures.is_empty());
    assert!(begun.elapsed() < Duration::from_secs(20));
    let ended = platform.get(command.command_id).await;
    assert_eq!(ended.status, Status::Error);
    assert!(ended.error_message.as_ref().unwrap().starts_with("time limit: "), "{ended:?}");
    assert_eq!(platform.get(quick.command_id).await.status, Status::Success);

    let late = platform.health_check().await;
    let answer = slow.process(vec![inserted(&late, "3")], deadline, "tests").await.unwrap();
    assert_eq!(answer.batch_item_failures[0].item_identifier.as_deref(), Some("3"));
    assert_eq!(platform.get(late.command_id).await.status, Status::Pending);
}

#[tokio::test]
async fn what_is_asked_for_is_a_batch_or_the_reaper() {
    let platform = Platform::new().await;
    let forgotten = platform.health_check().await;
    let process = platform.process(platform.emulator.endpoint()).await;
    for event in [
        json!({}),
        json!([]),
        json!({"run": "nightly"}),
        json!({"Records": 1}),
        json!({"Records": [], "run": "reaper"}),
    ] {
        match process.invoke(event.clone()).await {
            test_support::Invocation::Failed(error) => {
                assert_eq!(error["errorType"], "InvalidEvent", "{event}");
            }
            other => panic!("{event}: {other:?}"),
        }
    }
    match process.invoke(json!({"run": "reaper"})).await {
        test_support::Invocation::Answered(answer) => {
            assert_eq!(answer, json!({"not_started": 0, "timed_out": 0}));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(platform.get(forgotten.command_id).await.status, Status::Pending);
}
