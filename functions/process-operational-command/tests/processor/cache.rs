//! What a command does to answers that are kept.

use std::time::Duration;

use cache::{Cache, Found, Kept, Patience, Place, Space};
use commands::{Status, StoredCommand};
use test_support::{BlackHole, RedisServer, cache_at};
use tokio::time::Instant;
use uuid::Uuid;

use crate::fixture::{Platform, TENANT, inserted};

const SPACES: [Space; 3] = [Space::Tenant(TENANT), Space::Platform, Space::Tenant(Uuid::from_u128(7))];

fn place(space: Space) -> Place {
    let question = format!("{space:?}");
    Place::new(question.as_bytes(), &[space, Space::Rollups], Duration::from_mins(10))
}

async fn keep(cache: &Cache) {
    for space in SPACES {
        if let Found::Missing(ticket) = cache.find(&place(space), true).await {
            cache.keep(ticket, &Kept { tag: String::new(), body: b"{}".to_vec() }).await;
        }
    }
}

/// Which of the answers are still shown: the tenant's, everybody's, another tenant's.
async fn kept(cache: &Cache) -> [bool; 3] {
    let mut kept = [false; 3];
    for (kept, space) in kept.iter_mut().zip(SPACES) {
        match cache.find(&place(space), false).await {
            Found::Fresh(_) => *kept = true,
            Found::Missing(ticket) => cache.give_up(ticket).await,
            other => panic!("{other:?}"),
        }
    }
    kept
}

async fn run(platform: &Platform, cache: &Cache, command: &StoredCommand) -> Status {
    let deadline = Instant::now() + Duration::from_mins(5);
    let records = vec![inserted(command, "1")];
    let processor = platform.processor_with(cache.clone());
    assert!(processor.process(records, deadline, "tests").await.unwrap().batch_item_failures.is_empty());
    platform.get(command.command_id).await.status
}

#[tokio::test]
async fn what_a_command_changed_is_looked_up_again_and_nothing_else() {
    let (platform, redis) = tokio::join!(Platform::new(), RedisServer::start());
    let cache = redis.cache();
    let (integration, _) = platform.integration().await;
    for (command, status, expected) in [
        (platform.restart(platform.agent("inactive").await).await, Status::Success, [false, false, true]),
        (platform.reset(integration).await, Status::Success, [false, false, true]),
        // One that failed may have done something.
        (platform.restart(Uuid::new_v4()).await, Status::Error, [false, false, true]),
        (platform.health_check().await, Status::Success, [true, true, true]),
        (platform.reprocess(1).await, Status::Success, [true, true, true]),
    ] {
        keep(&cache).await;
        assert_eq!(kept(&cache).await, [true; 3]);
        assert_eq!(run(&platform, &cache, &command).await, status, "{}", command.command_type);
        assert_eq!(kept(&cache).await, expected, "{}", command.command_type);
    }
}

#[tokio::test]
async fn a_command_does_not_depend_on_the_cache() {
    let (platform, hole) = tokio::join!(Platform::new(), BlackHole::start());
    let command = platform.restart(platform.agent("inactive").await).await;
    let cache = cache_at(hole.port(), Patience::default());
    assert_eq!(run(&platform, &cache, &command).await, Status::Success);
    assert!(hole.connections() > 0, "it tried");
}
