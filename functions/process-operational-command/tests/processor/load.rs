//! Five hundred commands under a processor that is killed again and again.

use std::collections::HashMap;
use std::time::Duration;

use commands::{ListFilter, Status, StoredCommand};
use data::Window;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::fixture::Platform;
use crate::told::{Delivery, Stream};

const COMMANDS: usize = 500;
const KILLS: usize = 40;
const BATCH: usize = 10;

#[tokio::test]
async fn five_hundred_commands_survive_kills_at_random() {
    let seed: u64 = rand::random();
    let mut chance = StdRng::seed_from_u64(seed);
    let platform = Platform::new().await;
    let (mut integrations, mut agents) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        integrations.push(platform.integration().await);
        agents.push(platform.agent("inactive").await);
    }
    let buried = platform.queue.bury(&platform.sqs, 300).await;

    let mut commands = Vec::new();
    let mut resets: HashMap<usize, StoredCommand> = HashMap::new();
    let mut allowed = 0;
    for number in 0..COMMANDS {
        commands.push(match number % 4 {
            0 => platform.health_check().await,
            1 => platform.restart(agents[chance.random_range(0..agents.len())]).await,
            2 => {
                let place = chance.random_range(0..integrations.len());
                let command = platform.reset(integrations[place].0).await;
                resets.insert(place, command.clone());
                command
            }
            _ => {
                let messages = chance.random_range(1..4);
                allowed += messages;
                platform.reprocess(messages).await
            }
        });
    }

    let mut stream = Stream::of(&platform).await;
    let mut kills = 0;
    let mut process = platform.process(platform.emulator.endpoint()).await;
    loop {
        // A life of its own for each process, as long as chance has it.
        let dying = if kills < KILLS {
            let (killer, life) = (process.killer(), Duration::from_millis(chance.random_range(20..500)));
            tokio::spawn(async move {
                tokio::time::sleep(life).await;
                killer();
            })
        } else {
            tokio::spawn(async {})
        };
        let died = loop {
            match stream.tell(&process).await {
                Delivery::Nothing => break false,
                Delivery::Settled => {}
                Delivery::Again => tokio::time::sleep(Duration::from_millis(100)).await,
                Delivery::Died => break true,
            }
        };
        dying.abort();
        if !died {
            break;
        }
        kills += 1;
        process = platform.process(platform.emulator.endpoint()).await;
    }

    let (mut succeeded, mut failed, mut attempts, mut rows) = (0, 0, 0, 0);
    for command in &commands {
        let ended = platform.get(command.command_id).await;
        match ended.status {
            Status::Success => succeeded += 1,
            Status::Error => failed += 1,
            Status::Pending | Status::Running => panic!("seed {seed}: {ended:?}"),
        }
        attempts += ended.attempt;
        rows += 2 + i64::from(ended.attempt);
        platform.assert_trail(&ended).await;
    }
    assert_eq!(platform.audit_rows().await, rows, "seed {seed}: one row for each step, and no other");

    let revived = platform.queue.revived(&platform.sqs).await;
    let left = platform.queue.buried(&platform.sqs).await;
    let lost = buried.iter().filter(|id| !revived.contains_key(*id) && !left.contains(id)).count();
    let copies: usize = revived.values().sum();
    let twice = copies - revived.len() + left.iter().filter(|id| revived.contains_key(*id)).count();
    println!(
        "seed {seed}: {COMMANDS} commands, {kills} kills, {attempts} attempts: {succeeded} SUCCESS, {failed} ERROR, \
         {rows} audit rows; {copies} of {} messages moved, {twice} twice, {lost} lost",
        buried.len()
    );
    assert_eq!(lost, 0, "seed {seed}");
    assert!(copies <= usize::try_from(allowed).unwrap(), "seed {seed}: {copies} of {allowed}");
    assert!(twice <= kills * BATCH, "seed {seed}");
    for agent in agents {
        let (status, restarted_at, ..) = platform.agent_row(agent).await;
        assert!(restarted_at.is_none() || status == "active", "seed {seed}");
    }
    for (place, (_, arn)) in integrations.iter().enumerate() {
        let described = platform.secrets.describe_secret().secret_id(arn).send().await.unwrap();
        let versions = described.version_ids_to_stages.unwrap_or_default();
        if resets.contains_key(&place) {
            assert!(
                versions.values().flatten().all(|label| label == "AWSCURRENT"),
                "seed {seed}: {versions:?}"
            );
        }
    }
    let total = platform.store.list(&ListFilter::default(), &Window::first(1)).await.unwrap().total;
    assert_eq!(usize::try_from(total).unwrap(), COMMANDS, "seed {seed}");
    assert_eq!(kills, KILLS, "seed {seed}: it was over too soon");
}
