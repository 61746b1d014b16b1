//! One batch: what is told badly, twice, or in the wrong order.

use chrono::{TimeDelta, Utc};
use commands::{CommandType, Outcome, Start, Status};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::{LEASES, Platform, inserted, record};

fn item(id: Uuid, kind: &str, parameters: &Value) -> Value {
    json!({
        "command_id": id, "created_at": "2026-11-24T10:00:00.000Z", "command_type": kind, "status": "PENDING",
        "created_by": "somebody", "parameters": parameters,
    })
}

#[tokio::test]
async fn of_a_hundred_records_the_three_bad_ones_come_again_and_the_rest_is_done() {
    let platform = Platform::new().await;
    let mut commands = Vec::new();
    let mut records = Vec::new();
    for number in 0..97 {
        let command = platform.health_check().await;
        records.push(inserted(&command, &format!("{number:03}")));
        commands.push(command.command_id);
    }
    let mut no_parameters = item(Uuid::now_v7(), "HEALTH_CHECK", &json!({}));
    no_parameters.as_object_mut().unwrap().remove("parameters");
    let bad = [
        (10, record("INSERT", None, Some(&no_parameters), "bad-1")),
        (
            50,
            record(
                "INSERT",
                None,
                Some(&item(Uuid::now_v7(), "RESET_TOKEN", &json!({"integration_id": 7}))),
                "bad-2",
            ),
        ),
        (
            99,
            json!({"eventName": "INSERT", "dynamodb": {"SequenceNumber": "bad-3", "NewImage": {"status": {"Q": 1}}}}),
        ),
    ];
    for (place, record) in bad {
        records.insert(place, record);
    }
    assert_eq!(records.len(), 100);
    assert_eq!(platform.process_here(records).await, ["bad-1", "bad-2", "bad-3"]);
    for id in commands {
        let command = platform.get(id).await;
        assert_eq!((command.status, command.attempt), (Status::Success, 1));
    }
}

#[tokio::test]
async fn what_can_not_be_done_however_often_it_comes_is_reported_alone() {
    let platform = Platform::new().await;
    let id = Uuid::now_v7();
    let wrong = |change: Value| {
        let mut wrong = item(id, "HEALTH_CHECK", &json!({}));
        wrong.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        wrong
    };
    let images = [
        wrong(json!({"command_id": "not-a-uuid"})),
        wrong(json!({"created_at": "yesterday"})),
        wrong(json!({"status": "DONE"})),
        wrong(json!({"created_by": 7})),
        wrong(json!({"parameters": ["a"]})),
        wrong(json!({"parameters": "not JSON"})),
        wrong(json!({"parameters": "[]"})),
        wrong(json!({"parameters": {"checks": "all"}})),
        wrong(json!({"parameters": {"more": 1}})),
        item(id, "RESTART_AGENT", &json!({"agent_id": Uuid::nil()})), // without a tenant
        item(id, "REPROCESS_QUEUE", &json!({"queue": "a", "max_messages": 10_001})),
    ];
    let mut records: Vec<_> = images
        .iter()
        .enumerate()
        .map(|(n, image)| record("INSERT", None, Some(image), &n.to_string()))
        .collect();
    records.push(record("INSERT", None, None, "no image"));
    records.push(json!({"eventName": "RENAME", "dynamodb": {"SequenceNumber": "no such event"}}));
    let mut failed = platform.process_here(records).await;
    failed.sort();
    let mut expected: Vec<_> = (0..images.len()).map(|n| n.to_string()).collect();
    expected.extend(["no image".into(), "no such event".into()]);
    expected.sort();
    assert_eq!(failed, expected);
}

#[tokio::test]
async fn what_comes_twice_runs_once_and_leaves_one_trail() {
    let platform = Platform::new().await;
    let agent = platform.agent("inactive").await;
    let command = platform.restart(agent).await;
    let told = || vec![inserted(&command, "1"), inserted(&command, "1"), inserted(&command, "2")];
    assert!(platform.process_here(told()).await.is_empty());
    let ended = platform.get(command.command_id).await;
    // All that happened, told backwards, and again.
    let modified = |before: &commands::StoredCommand, after: &commands::StoredCommand, number: &str| {
        let images = [before, after].map(|command| serde_json::to_value(command).unwrap());
        record("MODIFY", Some(&images[0]), Some(&images[1]), number)
    };
    let running = commands::StoredCommand { status: Status::Running, completed_at: None, ..ended.clone() };
    let life =
        || vec![modified(&running, &ended, "4"), modified(&command, &running, "3"), inserted(&command, "1")];
    for _ in 0..2 {
        assert!(platform.process_here(life()).await.is_empty());
    }
    assert_eq!((ended.status, ended.attempt), (Status::Success, 1));
    assert_eq!(platform.get(command.command_id).await, ended);
    platform.assert_trail(&ended).await;
    assert_eq!(platform.restarts_heard().await, [(command.command_id.to_string(), 1)].into());
}

#[tokio::test]
async fn steps_that_were_missed_are_made_up_for_by_the_next() {
    let platform = Platform::new().await;
    let command = platform.health_check().await;
    let Start::Claimed(claim) = platform.store.start(LEASES, &command, Utc::now()).await.unwrap() else {
        panic!()
    };
    claim.finish(&Outcome::Success("{}".into()), Utc::now()).await.unwrap();
    let ended = platform.get(command.command_id).await;
    // Of all that happened only the end is told.
    let images = [claim.command(), &ended].map(|command| serde_json::to_value(command).unwrap());
    platform.process_here(vec![record("MODIFY", Some(&images[0]), Some(&images[1]), "3")]).await;
    platform.assert_trail(&ended).await;
}

#[tokio::test]
async fn parameters_may_be_json_and_a_type_that_does_not_exist_ends_in_an_error() {
    let platform = Platform::new().await;
    let (as_json, unknown) = (Uuid::now_v7(), Uuid::now_v7());
    let items = [
        item(as_json, "HEALTH_CHECK", &json!(r#"{"checks": ["commands_table"]}"#)),
        item(unknown, "DEFRAGMENT", &json!({"disk": "C"})),
    ];
    let mut records = Vec::new();
    for (number, item) in items.iter().enumerate() {
        platform.put(item).await;
        records.push(record("INSERT", None, Some(item), &number.to_string()));
    }
    assert!(platform.process_here(records).await.is_empty());
    assert_eq!(platform.get(as_json).await.status, Status::Success);
    let unknown = platform.get(unknown).await;
    assert_eq!(unknown.status, Status::Error);
    assert!(unknown.error_message.unwrap().starts_with("unknown type: "));
}

#[tokio::test]
async fn a_live_lease_of_somebody_else_is_a_failure_and_a_dead_one_is_taken_over() {
    let platform = Platform::new().await;
    let command = platform.health_check().await;
    let ahead = Utc::now() + TimeDelta::seconds(2);
    let Start::Claimed(_) = platform.store.start(LEASES, &command, ahead).await.unwrap() else { panic!() };
    assert_eq!(platform.process_here(vec![inserted(&command, "7")]).await, ["7"]);
    let running = platform.get(command.command_id).await;
    assert_eq!((running.status, running.attempt), (Status::Running, 1));
    while Utc::now() < ahead + TimeDelta::seconds(2) {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(platform.process_here(vec![inserted(&command, "7")]).await.is_empty());
    let ended = platform.get(command.command_id).await;
    assert_eq!((ended.status, ended.attempt), (Status::Success, 2));
    // Told twice, on record once.
    assert_eq!(platform.audit(command.command_id).await.len(), 1);
}

#[tokio::test]
async fn on_one_target_commands_run_in_the_order_they_were_accepted() {
    let platform = Platform::new().await;
    let agent = platform.agent("inactive").await;
    let mut commands = Vec::new();
    for _ in 0..5 {
        commands.push(platform.restart(agent).await);
    }
    let told = [3, 0, 4, 1, 2].map(|n: usize| inserted(&commands[n], &n.to_string()));
    assert!(platform.process_here(told.to_vec()).await.is_empty());
    let mut ended = Vec::new();
    for command in &commands {
        ended.push(platform.get(command.command_id).await);
    }
    for pair in ended.windows(2) {
        let (first, second) = (pair[0].completed_at.as_ref(), pair[1].started_at.as_ref());
        assert!(first.unwrap().at() <= second.unwrap().at(), "{pair:?}");
    }

    // What is behind one that has to come again comes again, too; other targets don't wait.
    let other = platform.agent("inactive").await;
    let (held, behind, beside) =
        (platform.restart(agent).await, platform.restart(agent).await, platform.restart(other).await);
    let ahead = Utc::now() + TimeDelta::minutes(5);
    let Start::Claimed(_) = platform.store.start(LEASES, &held, ahead).await.unwrap() else { panic!() };
    let told = vec![inserted(&held, "1"), inserted(&behind, "2"), inserted(&beside, "3")];
    assert_eq!(platform.process_here(told).await, ["1", "2"]);
    assert_eq!(platform.get(behind.command_id).await.status, Status::Pending);
    assert_eq!(platform.get(beside.command_id).await.status, Status::Success);
}

#[tokio::test]
async fn progress_is_nothing_to_tell_and_a_deletion_is_counted() {
    let platform = Platform::new().await;
    let command = platform.reprocess(1).await;
    let mut saved = serde_json::to_value(&command).unwrap();
    saved["progress"] = json!({"taken": 1, "moved": 1, "skipped": 0});
    let before = serde_json::to_value(&command).unwrap();
    let told = vec![
        record("MODIFY", Some(&before), Some(&saved), "1"),
        record("REMOVE", Some(&before), None, "2"),
        record("REMOVE", Some(&before), None, "2"),
        record("REMOVE", Some(&json!({"command_id": "x"})), None, "3"),
    ];
    assert!(platform.process_here(told).await.is_empty());
    assert_eq!(platform.audit_rows().await, 0);
    let found =
        platform.store.list(&commands::ListFilter::default(), &data::Window::first(10)).await.unwrap();
    assert_eq!(found.total, 0);
    assert_eq!(platform.get(command.command_id).await.status, Status::Pending);
    assert!(platform.process_here(Vec::new()).await.is_empty());
}

#[tokio::test]
async fn each_type_does_what_it_says() {
    let platform = Platform::new().await;
    let agent = platform.agent("inactive").await;
    let (integration, arn) = platform.integration().await;
    let buried = platform.queue.bury(&platform.sqs, 25).await;
    let commands = [
        platform.restart(agent).await,
        platform.reset(integration).await,
        platform.reprocess(15).await,
        platform
            .create(CommandType::HealthCheck, json!({"checks": ["database", "commands_table", "queues"]}))
            .await,
    ];
    let told = commands.iter().enumerate().map(|(n, command)| inserted(command, &n.to_string()));
    assert!(platform.process_here(told.collect()).await.is_empty());
    let mut outputs = Vec::new();
    for command in &commands {
        let ended = platform.get(command.command_id).await;
        assert_eq!(ended.status, Status::Success, "{ended:?}");
        outputs.push(serde_json::from_str::<Value>(&ended.output.unwrap()).unwrap());
    }
    assert_eq!(platform.agent_row(agent).await.0, "active");
    platform.assert_reset(integration, &arn, &commands[1]).await;
    assert_eq!((&outputs[2]["moved"], &outputs[2]["left"]), (&json!(15), &json!(10)));
    let revived = platform.queue.revived(&platform.sqs).await;
    assert!(revived.len() == 15 && revived.iter().all(|(id, copies)| *copies == 1 && buried.contains(id)));
    assert_eq!(platform.queue.buried(&platform.sqs).await.len(), 10);
    assert_eq!(outputs[3]["status"], "healthy");
    assert!(!outputs.iter().any(|output| output.to_string().contains("ya29")));
}
