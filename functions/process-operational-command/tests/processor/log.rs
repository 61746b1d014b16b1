//! What can be read in the log of a command, and of the request that it came with.

use std::time::Duration;

use commands::{CommandType, QueueName};
use serde_json::json;
use test_support::Log;
use tokio::time::Instant;
use uuid::Uuid;

use crate::fixture::{Platform, TRACE, inserted, record};

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn every_line_about_a_command_tells_of_its_request() {
    let log = Log::of_this_thread();
    let platform = Platform::new().await;
    let mut processor = platform.processor();
    processor.executors.queues = vec![QueueName::new("nao-existe").unwrap()];
    let agent = platform.agent("inactive").await;
    // The second finds nothing to restart.
    let commands = [
        platform.create(CommandType::RestartAgent, json!({"agent_id": agent})).await,
        platform.create(CommandType::RestartAgent, json!({"agent_id": Uuid::new_v4()})).await,
        platform.create(CommandType::HealthCheck, json!({"checks": ["queues"]})).await,
    ];
    let records =
        commands.iter().zip(["1", "2", "3"]).map(|(command, number)| inserted(command, number)).collect();
    let answer = processor.process(records, Instant::now() + MINUTE, "f").await.unwrap();
    assert!(answer.batch_item_failures.is_empty());

    let executed = log.said("command executed");
    assert_eq!(executed.len(), commands.len());
    for command in &commands {
        let lines: Vec<_> =
            log.lines().into_iter().filter(|line| line["command_id"] == json!(command.command_id)).collect();
        assert!(lines.iter().any(|line| line["message"] == "command executed"));
        for line in lines {
            assert_eq!(
                [&line["command_type"], &line["request_id"], &line["trace_id"], &line["attempt"]],
                [&json!(command.command_type), &json!("request-1"), &json!(TRACE), &json!(1)],
                "{line}"
            );
        }
    }
    let [check] = &log.said("health check: queue")[..] else { panic!("what an executor says") };
    assert_eq!(check["command_id"], json!(commands[2].command_id));

    // Told of its end, the processor measures it, once: how it ended, and how old it was when.
    for _ in 0..2 {
        let mut records = Vec::new();
        for (command, number) in commands.iter().zip(["4", "5", "6"]) {
            let ended = platform.store.get(command.command_id).await.unwrap().unwrap();
            records.push(record(
                "MODIFY",
                Some(&serde_json::to_value(command).unwrap()),
                Some(&serde_json::to_value(&ended).unwrap()),
                number,
            ));
        }
        processor.process(records, Instant::now() + MINUTE, "f").await.unwrap();
    }
    let ended = log.said("command ended");
    assert_eq!(ended.len(), commands.len());
    for line in &ended {
        assert_eq!((&line["request_id"], &line["trace_id"]), (&json!("request-1"), &json!(TRACE)));
        assert_eq!(line["CommandsSucceeded"].as_u64().unwrap() + line["CommandsFailed"].as_u64().unwrap(), 1);
        assert!(line["CommandWait"].as_u64().unwrap() <= line["CommandDuration"].as_u64().unwrap());
        let names: Vec<_> = line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|metric| metric["Name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["CommandsSucceeded", "CommandsFailed", "CommandDuration", "CommandWait"]);
    }
}
