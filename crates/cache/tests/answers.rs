//! Answers in a real Redis: who gets which, and when they are void.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cache::{Cache, Found, Kept, Patience, Place, Space, Ticket};
use futures_util::future::join_all;
use proptest::prelude::*;
use test_support::{BlackHole, RedisServer, cache_at, no_cache};
use tokio::time::timeout;
use uuid::Uuid;

const TENANT: Space = Space::Tenant(Uuid::from_u128(0xA));
const OTHER: Space = Space::Tenant(Uuid::from_u128(0xB));
const LONG: Duration = Duration::from_mins(10);
const SHORT: Duration = Duration::from_millis(300);

fn place(question: &str, ttl: Duration) -> Place {
    Place::new(question.as_bytes(), &[TENANT, Space::Rollups], ttl)
}

fn kept(text: &str) -> Kept {
    Kept { tag: "tag".into(), body: text.into() }
}

async fn ticket(cache: &Cache, place: &Place) -> Ticket {
    match cache.find(place, false).await {
        Found::Missing(ticket) => ticket,
        other => panic!("{other:?}"),
    }
}

async fn put(cache: &Cache, place: &Place, text: &str) {
    let ticket = ticket(cache, place).await;
    cache.keep(ticket, &kept(text)).await;
}

/// What there is: `fresh x`, `stale x`, `missing` (and given up again) or `unavailable`.
async fn seen(cache: &Cache, place: &Place) -> String {
    let text = |kept: Kept| String::from_utf8(kept.body).unwrap();
    match cache.find(place, false).await {
        Found::Fresh(kept) => format!("fresh {}", text(kept)),
        Found::Stale(kept) => format!("stale {}", text(kept)),
        Found::Missing(ticket) => {
            cache.give_up(ticket).await;
            "missing".into()
        }
        Found::Unavailable => "unavailable".into(),
    }
}

#[tokio::test]
async fn what_was_kept_is_found_by_everybody_at_its_place_alone() {
    let server = RedisServer::start().await;
    let (one, other) = (server.cache(), server.cache());
    put(&one, &place("a", LONG), "1").await;
    assert_eq!(seen(&other, &place("a", LONG)).await, "fresh 1");
    assert_eq!(seen(&other, &place("b", LONG)).await, "missing");
    let Found::Fresh(found) = other.find(&place("a", LONG), false).await else { panic!() };
    assert_eq!(found, kept("1"));
    // Nothing stays for ever, and making has ended.
    for key in server.keys("{painel}:").await {
        assert!(!key.ends_with(":maker"), "{key}");
        let left: i64 = server.say(&format!("PTTL {key}")).await.unwrap().trim()[1..].parse().unwrap();
        assert!(left > 0, "{key}: {left}");
    }
}

#[tokio::test]
async fn a_change_makes_void_what_was_made_from_it_and_nothing_else() {
    let server = RedisServer::start().await;
    let cache = server.cache();
    let of_tenant = place("t", LONG);
    let of_other = Place::new(b"o", &[OTHER, Space::Rollups], LONG);
    let of_platform = Place::new(b"p", &[Space::Platform, Space::Rollups], LONG);
    let state = async || {
        (seen(&cache, &of_tenant).await, seen(&cache, &of_other).await, seen(&cache, &of_platform).await)
    };
    let fill = async |places: &[&Place]| {
        for place in places {
            put(&cache, place, "x").await;
        }
    };
    fill(&[&of_tenant, &of_other, &of_platform]).await;
    let (fresh, missing) = ("fresh x".to_owned(), "missing".to_owned());
    assert_eq!(state().await, (fresh.clone(), fresh.clone(), fresh.clone()));

    cache.forget_tenant(Uuid::from_u128(0xA)).await;
    assert_eq!(state().await, (missing.clone(), fresh.clone(), missing.clone()));
    fill(&[&of_tenant, &of_platform]).await;
    cache.forget(&[Space::Platform]).await;
    assert_eq!(state().await, (fresh.clone(), fresh, missing.clone()));
    cache.forget(&[Space::Rollups]).await;
    assert_eq!(state().await, (missing.clone(), missing.clone(), missing));
}

#[tokio::test]
async fn what_was_read_before_a_change_is_never_found_after_it() {
    let server = RedisServer::start().await;
    let cache = server.cache();
    let place = place("a", LONG);
    let before = ticket(&cache, &place).await;
    cache.forget(&[TENANT]).await;
    cache.keep(before, &kept("old")).await;
    assert_eq!(seen(&cache, &place).await, "missing");

    // Nor does it drive out what was read since.
    let before = ticket(&cache, &place).await;
    cache.forget(&[TENANT]).await;
    put(&cache, &place, "new").await;
    cache.keep(before, &kept("old")).await;
    assert_eq!(seen(&cache, &place).await, "fresh new");

    // A version that was evicted doesn't come back, whatever happened meanwhile.
    let before = ticket_anew(&cache, &place).await;
    server.say("FLUSHALL").await.unwrap();
    cache.keep(before, &kept("old")).await;
    assert_eq!(seen(&cache, &place).await, "missing");
    put(&cache, &place, "new").await;
    for key in server.keys("{painel}:version:").await {
        server.say(&format!("DEL {key}")).await.unwrap();
    }
    assert_eq!(seen(&cache, &place).await, "missing");
}

async fn ticket_anew(cache: &Cache, place: &Place) -> Ticket {
    match cache.find(place, true).await {
        Found::Missing(ticket) => ticket,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_read_earlier_does_not_drive_out_what_was_read_later() {
    let server = RedisServer::start().await;
    let cache = server.cache();
    let place = place("a", LONG);
    let earlier = ticket(&cache, &place).await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    let later = ticket_anew(&cache, &place).await;
    cache.keep(later, &kept("later")).await;
    cache.keep(earlier, &kept("earlier")).await;
    assert_eq!(seen(&cache, &place).await, "fresh later");
}

#[tokio::test]
async fn of_many_who_want_what_is_past_its_time_one_makes_it() {
    let server = RedisServer::start().await;
    let place = place("a", SHORT);
    put(&server.cache(), &place, "old").await;
    tokio::time::sleep(SHORT + Duration::from_millis(20)).await;

    // Each in an instance of its own.
    let caches: Vec<_> = (0..50).map(|_| server.cache()).collect();
    let found = join_all(caches.iter().map(|cache| cache.find(&place, false))).await;
    let (mut tickets, mut stale) = (Vec::new(), 0);
    for found in found {
        match found {
            Found::Missing(ticket) => tickets.push(ticket),
            Found::Stale(old) => {
                assert_eq!(old, kept("old"));
                stale += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((tickets.len(), stale), (1, 49));
    caches[0].keep(tickets.pop().unwrap(), &kept("new")).await;
    assert_eq!(seen(&caches[1], &place).await, "fresh new");
}

#[tokio::test]
async fn stale_is_no_longer_than_fresh_and_never_across_a_change() {
    let server = RedisServer::start().await;
    let cache = server.cache();
    let place = place("a", SHORT);
    put(&cache, &place, "x").await;
    tokio::time::sleep(SHORT + Duration::from_millis(20)).await;
    let _lost = ticket(&cache, &place).await;
    assert_eq!(seen(&cache, &place).await, "stale x");

    cache.forget(&[Space::Rollups]).await;
    assert_eq!(seen(&cache, &place).await, "missing");
    let making = server.keys("{painel}:answer:").await;
    assert!(!making.iter().any(|key| key.ends_with(":maker")), "who makes the old one is in nobody's way");

    put(&cache, &place, "x").await;
    tokio::time::sleep(2 * SHORT + Duration::from_millis(20)).await;
    assert_eq!(seen(&cache, &place).await, "missing");
    assert!(server.keys("{painel}:answer:").await.is_empty());

    // It is as old as what was read for it.
    let slow = ticket(&cache, &place).await;
    tokio::time::sleep(SHORT).await;
    cache.keep(slow, &kept("x")).await;
    tokio::time::sleep(SHORT + Duration::from_millis(20)).await;
    assert_eq!(server.keys("{painel}:answer:").await.len(), 1);
    let _lost = ticket(&cache, &place).await;
    assert_eq!(seen(&cache, &place).await, "missing");
}

#[tokio::test]
async fn of_many_who_want_what_is_not_there_one_makes_it_and_the_others_wait_for_it() {
    let server = RedisServer::start().await;
    let (place, made) = (place("a", LONG), AtomicUsize::new(0));
    let caches: Vec<_> = (0..50).map(|_| server.cache()).collect();
    let answers = join_all(caches.iter().map(async |cache| match cache.find(&place, false).await {
        Found::Fresh(found) => found,
        Found::Missing(ticket) => {
            made.fetch_add(1, Ordering::SeqCst);
            cache.keep(ticket, &kept("x")).await;
            kept("x")
        }
        other => panic!("{other:?}"),
    }));
    assert!(answers.await.iter().all(|answer| *answer == kept("x")));
    assert_eq!(made.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn nobody_waits_for_ever_for_one_who_never_comes_back() {
    let server = RedisServer::start().await;
    let cache = server.cache();
    let place = place("a", LONG);
    let _lost = ticket(&cache, &place).await;
    put(&cache, &place, "x").await;
    assert_eq!(seen(&cache, &place).await, "fresh x");
}

#[tokio::test]
async fn anything_foreign_is_as_good_as_nothing() {
    let server = RedisServer::start().await;
    let cache = server.cache();
    let (place, other) = (place("a", LONG), place("b", LONG));
    put(&cache, &other, "other").await;
    put(&cache, &place, "x").await;
    let key = async |beginning: &str| server.keys(beginning).await;
    let answers = key("{painel}:answer:").await;
    assert_eq!(answers.len(), 2);
    for damage in
        ["APPEND {key} y", "SETRANGE {key} 100 y", "SET {key} garbage", "SET {key} \"\"", "DEL {key}"]
    {
        for key in &answers {
            server.say(&damage.replace("{key}", key)).await.unwrap();
        }
        assert_eq!(seen(&cache, &place).await, "missing", "{damage}");
        put(&cache, &place, "x").await;
        assert_eq!(seen(&cache, &place).await, "fresh x", "{damage}");
        put(&cache, &other, "other").await;
    }
    // One that was written for another place.
    server.say(&format!("COPY {} {} REPLACE", answers[0], answers[1])).await.unwrap();
    let states = (seen(&cache, &place).await, seen(&cache, &other).await);
    assert!(states.0 == "missing" || states.1 == "missing", "{states:?}");
    // Things of another type, everywhere.
    for key in key("{painel}:").await {
        server.say(&format!("DEL {key}")).await.unwrap();
        server.say(&format!("LPUSH {key} 1")).await.unwrap();
        server.say(&format!("LPUSH {key}:maker 1")).await.unwrap();
    }
    put(&cache, &place, "x").await;
    assert_eq!(seen(&cache, &place).await, "fresh x");
}

#[tokio::test]
async fn a_black_hole_costs_one_wait_and_then_no_connection() {
    let hole = BlackHole::start().await;
    let patience = Patience { budget: Duration::from_millis(50), pause: Duration::from_millis(1_500) };
    let cache = cache_at(hole.port(), patience);
    let began = std::time::Instant::now();
    assert_eq!(seen(&cache, &place("a", LONG)).await, "unavailable");
    assert!(began.elapsed() < 10 * patience.budget, "{:?}", began.elapsed());
    assert_eq!(hole.connections(), 1);
    for _ in 0..100 {
        assert_eq!(seen(&cache, &place("a", LONG)).await, "unavailable");
        assert!(!cache.is_marked("x").await);
    }
    assert_eq!(hole.connections(), 1, "the breaker is open");
    tokio::time::sleep(patience.pause).await;
    for _ in 0..100 {
        assert_eq!(seen(&cache, &place("a", LONG)).await, "unavailable");
    }
    assert_eq!(hole.connections(), 2, "one try after the pause");
}

#[tokio::test]
async fn redis_may_go_away_and_come_back() {
    let server = RedisServer::start().await;
    let port = server.port();
    let patience = Patience { budget: Duration::from_secs(10), pause: Duration::from_millis(50) };
    let cache = cache_at(port, patience);
    put(&cache, &place("a", LONG), "x").await;
    cache.mark("m", LONG).await;
    assert!(cache.is_marked("m").await && !cache.is_marked("n").await);

    // A connection that died while nobody used it is replaced at once.
    server.say("CLIENT KILL TYPE normal SKIPME yes").await.unwrap();
    assert_eq!(seen(&cache, &place("a", LONG)).await, "fresh x");

    drop(server);
    assert_eq!(seen(&cache, &place("a", LONG)).await, "unavailable");
    cache.forget(&[TENANT]).await;
    let _server = RedisServer::start_at(port).await;
    tokio::time::sleep(2 * patience.pause).await;
    assert_eq!(seen(&cache, &place("a", LONG)).await, "missing", "it kept nothing");
}

#[tokio::test]
async fn without_a_cache_nothing_is_asked() {
    let cache = no_cache();
    cache.warm_up().await;
    assert_eq!(seen(&cache, &place("a", LONG)).await, "unavailable");
    cache.mark("m", LONG).await;
    assert!(!cache.is_marked("m").await);
    cache.forget_tenant(Uuid::from_u128(1)).await;
}

/// What happens to one answer.
#[derive(Clone, Debug)]
enum Step {
    /// Somebody asks, and reads the data, now.
    Ask { anew: bool },
    /// The nth of those who are making it keeps what it read.
    Keep(prop::sample::Index),
    /// The data changes, and it is said.
    Change,
    /// A key is evicted.
    Evict(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<bool>().prop_map(|anew| Step::Ask { anew }),
        3 => any::<prop::sample::Index>().prop_map(Step::Keep),
        2 => Just(Step::Change),
        1 => any::<prop::sample::Index>().prop_map(Step::Evict),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// In whatever order things happen: nobody is given what was read before a change that was made before the question.
    #[test]
    fn no_answer_is_older_than_the_last_change(steps in proptest::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let served = runtime.block_on(async {
            let server = RedisServer::start().await;
            let cache = server.cache();
            let place = place("a", LONG);
            let (mut data, mut making, mut served) = (0, Vec::new(), Vec::new());
            for step in steps {
                match step {
                    // Who has to wait for others goes away.
                    Step::Ask { anew } => match timeout(Duration::from_millis(30), cache.find(&place, anew)).await {
                        Ok(Found::Fresh(kept) | Found::Stale(kept)) => served.push((data.to_string().into_bytes(), kept.body)),
                        Ok(Found::Missing(ticket)) => making.push((ticket, data)),
                        Ok(Found::Unavailable) => panic!("redis is there"),
                        Err(_) => {}
                    },
                    Step::Keep(which) if !making.is_empty() => {
                        let (ticket, read) = making.remove(which.index(making.len()));
                        cache.keep(ticket, &kept(&read.to_string())).await;
                    }
                    Step::Keep(_) => {}
                    Step::Change => {
                        data += 1;
                        cache.forget(&[TENANT]).await;
                    }
                    Step::Evict(which) => {
                        let keys = server.keys("{painel}:").await;
                        if !keys.is_empty() {
                            server.say(&format!("DEL {}", keys[which.index(keys.len())])).await.unwrap();
                        }
                    }
                }
            }
            served
        });
        for (current, given) in served {
            prop_assert_eq!(current, given);
        }
    }
}
