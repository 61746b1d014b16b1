//! `RESTART_AGENT`: the row once for each command, the event at least once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_eventbridge::types::Target;
use chrono::{DateTime, Utc};
use commands::{Command, CommandType};
use serde_json::{Value, json};
use sqlx::Executor;
use test_support::{Emulator, finally};
use uuid::Uuid;

use crate::proxy::{Proxy, Verdict};
use crate::world::{QueuePair, TENANT, World, command, failure, no_database};

const INACTIVE: Uuid = Uuid::from_u128(0xF1);
const SUSPENDED: Uuid = Uuid::from_u128(0xF2);
const SOMEBODY_ELSES: Uuid = Uuid::from_u128(0xF3);
const NOBODY_S: Uuid = Uuid::from_u128(0xF4);

/// An event bus whose restarts go to a queue; deleted with this value.
struct Bus {
    name: String,
    consumer: QueuePair,
    emulator: Emulator,
}

impl Bus {
    async fn new(emulator: &Emulator) -> Self {
        let (name, consumer) = (Emulator::unique("test-bus"), QueuePair::new(emulator).await);
        let config = emulator.config();
        let events = aws_sdk_eventbridge::Client::new(&config);
        events.create_event_bus().name(&name).send().await.unwrap();
        let pattern = json!({"source": ["alquimista.painel"], "detail-type": ["AgentRestartRequested"]});
        let rule = events.put_rule().name(&name).event_bus_name(&name).event_pattern(pattern.to_string());
        rule.send().await.unwrap();
        let target = Target::builder()
            .id("queue")
            .arn(format!("arn:aws:sqs:sa-east-1:000000000000:{}", consumer.name.as_str()))
            .build()
            .unwrap();
        events.put_targets().rule(&name).event_bus_name(&name).targets(target).send().await.unwrap();
        Self { name, consumer, emulator: emulator.clone() }
    }

    /// The details of the events that came.
    async fn events(&self) -> Vec<Value> {
        let sqs = aws_sdk_sqs::Client::new(&self.emulator.config());
        let mut events = Vec::new();
        loop {
            let received = sqs.receive_message().queue_url(&self.consumer.url).max_number_of_messages(10);
            let received = received.send().await.unwrap().messages.unwrap_or_default();
            if received.is_empty() {
                return events;
            }
            for message in received {
                let event: Value = serde_json::from_str(message.body().unwrap()).unwrap();
                assert_eq!(event["source"], "alquimista.painel");
                assert_eq!(event["detail-type"], "AgentRestartRequested");
                events.push(event["detail"].clone());
            }
        }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let (config, name) = (self.emulator.config(), self.name.clone());
        finally(async move {
            let events = aws_sdk_eventbridge::Client::new(&config);
            let _ = events.remove_targets().rule(&name).event_bus_name(&name).ids("queue").send().await;
            let _ = events.delete_rule().name(&name).event_bus_name(&name).send().await;
            let _ = events.delete_event_bus().name(&name).send().await;
        });
    }
}

async fn world_with_agents() -> (World, Bus) {
    let mut world = World::with_database().await;
    world
        .owner()
        .await
        .execute(sqlx::raw_sql(
            "INSERT INTO agents (id, name) VALUES
                 ('00000000-0000-0000-0000-0000000000f1', 'Atendente'),
                 ('00000000-0000-0000-0000-0000000000f2', 'Cobrador'),
                 ('00000000-0000-0000-0000-0000000000f3', 'Vendedor'),
                 ('00000000-0000-0000-0000-0000000000f4', 'Analista');
             INSERT INTO tenant_agents (tenant_id, agent_id, status, deactivated_at) VALUES
                 ('00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-0000000000f1', 'inactive', now()),
                 ('00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-0000000000f2', 'suspended', NULL),
                 ('00000000-0000-0000-0000-00000000000b', '00000000-0000-0000-0000-0000000000f3', 'inactive', now())",
        ))
        .await
        .unwrap();
    let bus = Bus::new(&world.emulator).await;
    world.executors.event_bus.clone_from(&bus.name);
    (world, bus)
}

fn restart(agent_id: Uuid) -> Command {
    command(CommandType::RestartAgent, json!({"agent_id": agent_id}))
}

/// The agent's row: status, whether it is deactivated, when it was restarted and changed.
async fn row(world: &World, agent_id: Uuid) -> (String, bool, Option<DateTime<Utc>>, DateTime<Utc>) {
    sqlx::query_as(
        "SELECT status, deactivated_at IS NOT NULL, restarted_at, updated_at FROM tenant_agents WHERE agent_id = $1",
    )
    .bind(agent_id)
    .fetch_one(&mut world.owner().await)
    .await
    .unwrap()
}

#[tokio::test]
async fn an_agent_is_restarted_once_for_each_command() {
    let (world, bus) = world_with_agents().await;
    let accepted = world.accept(&restart(INACTIVE)).await;
    let output = world.attempt(&accepted).await.unwrap();
    let started_at = world.store.get(accepted.command_id).await.unwrap().unwrap().started_at.unwrap();
    let expected = json!({
        "agent_id": INACTIVE, "agent_name": "Atendente", "previous_status": "inactive",
        "restarted_at": started_at,
    });
    assert_eq!(output, expected);
    let after = row(&world, INACTIVE).await;
    assert_eq!((after.0.as_str(), after.1, after.2), ("active", false, Some(started_at.at())));
    let detail = json!({
        "command_id": accepted.command_id, "tenant_id": TENANT, "agent_id": INACTIVE,
        "requested_at": accepted.created_at,
    });
    assert_eq!(bus.events().await, std::slice::from_ref(&detail));

    // Another attempt: the same output, nothing new but the event again.
    assert_eq!(world.attempt(&accepted).await.unwrap(), expected);
    assert_eq!(row(&world, INACTIVE).await, after);
    assert_eq!(bus.events().await, [detail]);

    // Another command.
    let output = world.execute(&restart(INACTIVE)).await.unwrap();
    assert_eq!(output["previous_status"], "active");
    let again = row(&world, INACTIVE).await;
    assert!(again.2 > after.2);

    // The first one, late: what came since stands.
    world.attempt(&accepted).await.unwrap();
    assert_eq!(row(&world, INACTIVE).await, again);
    let agents: i64 = sqlx::query_scalar("SELECT count(*) FROM tenant_agents WHERE restarted_at IS NOT NULL")
        .fetch_one(&mut world.owner().await)
        .await
        .unwrap();
    assert_eq!(agents, 1);
}

#[tokio::test]
async fn two_attempts_at_once_change_the_row_once() {
    let (world, _bus) = world_with_agents().await;
    let accepted = world.accept(&restart(INACTIVE)).await;
    let since = world.claim(&accepted).await.started_at();
    let attempt = || data::commands::restart_agent(&world.executors.database, TENANT, INACTIVE, since);
    let (one, other) = tokio::join!(attempt(), attempt());
    let kinds = [one.unwrap(), other.unwrap()].map(|result| match result {
        data::commands::RestartResult::Restarted(_) => "restarted",
        data::commands::RestartResult::AlreadyDone(_) => "done",
        other => panic!("{other:?}"),
    });
    assert!(kinds.contains(&"restarted") && kinds.contains(&"done"), "{kinds:?}");
}

#[tokio::test]
async fn a_connection_that_is_cut_ends_no_command() {
    let (world, bus) = world_with_agents().await;
    let cut_the_first = "
        CREATE SEQUENCE cut;
        GRANT USAGE ON SEQUENCE cut TO app_commands;
        CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('alquimista_platform.cut') = 1 THEN
                PERFORM pg_terminate_backend(pg_backend_pid());
                PERFORM pg_sleep(60);
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER cut BEFORE UPDATE ON tenant_agents FOR EACH ROW EXECUTE FUNCTION cut()";
    world.owner().await.execute(sqlx::raw_sql(cut_the_first)).await.unwrap();
    let output = world.execute(&restart(INACTIVE)).await.unwrap();
    assert_eq!(output["previous_status"], "inactive");
    assert_eq!(bus.events().await.len(), 1);
}

#[tokio::test]
async fn each_wrong_agent_has_its_reason() {
    let (world, bus) = world_with_agents().await;
    for (agent, code) in [
        (SOMEBODY_ELSES, "unknown agent"),
        (NOBODY_S, "unknown agent"),
        (Uuid::from_u128(0xFF), "unknown agent"),
        (SUSPENDED, "agent suspended"),
    ] {
        assert_eq!(failure(world.execute(&restart(agent)).await).code, code, "{agent}");
    }
    assert_eq!(row(&world, SUSPENDED).await.0, "suspended");
    assert_eq!(row(&world, SOMEBODY_ELSES).await.0, "inactive");
    assert!(bus.events().await.is_empty());
}

#[tokio::test]
async fn what_is_down_is_named_and_comes_right_in_the_next_command() {
    let (mut world, bus) = world_with_agents().await;
    let unreachable = world.emulator.unreachable_config();
    let events =
        std::mem::replace(&mut world.executors.events, aws_sdk_eventbridge::Client::new(&unreachable));
    let accepted = world.accept(&restart(INACTIVE)).await;
    assert_eq!(failure(world.attempt(&accepted).await).code, "event bus unavailable");
    world.executors.events = events;
    assert_eq!(world.attempt(&accepted).await.unwrap()["previous_status"], "inactive");
    assert_eq!(bus.events().await.len(), 1);

    world.executors.database = Arc::new(no_database());
    assert_eq!(failure(world.execute(&restart(INACTIVE)).await).code, "database unavailable");
    assert!(bus.events().await.is_empty());
}

#[tokio::test]
async fn an_event_that_the_bus_refuses_is_sent_again() {
    let (mut world, bus) = world_with_agents().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let refusals = Arc::new(AtomicUsize::new(2));
    let judge = {
        let (asked, refusals) = (Arc::clone(&asked), Arc::clone(&refusals));
        move |call: &crate::proxy::Call<'_>| {
            if call.action == "PutEvents"
                && asked.fetch_add(1, Ordering::SeqCst) < refusals.load(Ordering::SeqCst)
            {
                let entries = json!([{"ErrorCode": "ThrottlingException", "ErrorMessage": "not now"}]);
                return Verdict::Answer(200, json!({"FailedEntryCount": 1, "Entries": entries}));
            }
            Verdict::Pass
        }
    };
    let proxy = Proxy::new(&world.emulator, judge).await;
    world.go_through(&proxy.config(&world.emulator));
    world.execute(&restart(INACTIVE)).await.unwrap();
    assert_eq!((asked.load(Ordering::SeqCst), bus.events().await.len()), (3, 1));

    refusals.store(usize::MAX, Ordering::SeqCst);
    assert_eq!(failure(world.execute(&restart(INACTIVE)).await).code, "event bus unavailable");
    assert!(bus.events().await.is_empty());
}

#[tokio::test]
async fn a_kill_around_the_event_leaves_one_restart() {
    for hang in [|| Verdict::HangBefore, || Verdict::HangAfter] {
        let (mut world, bus) = world_with_agents().await;
        let proxy = Proxy::new(&world.emulator, move |call| match call.action {
            "PutEvents" => hang(),
            _ => Verdict::Pass,
        })
        .await;
        world.go_through(&proxy.config(&world.emulator));
        let accepted = world.accept(&restart(INACTIVE)).await;
        tokio::select! {
            result = world.attempt(&accepted) => panic!("{result:?}"),
            () = proxy.hung() => {}
        }
        let killed = row(&world, INACTIVE).await;
        assert_eq!(killed.0, "active");
        world.go_through(&world.emulator.config());
        let output = world.attempt(&accepted).await.unwrap();
        assert_eq!(output["previous_status"], "inactive");
        assert_eq!(row(&world, INACTIVE).await, killed);
        let events = bus.events().await;
        assert!(!events.is_empty() && events.iter().all(|event| *event == events[0]), "{events:?}");
    }
}
