//! `REPROCESS_QUEUE`: nothing is lost, nothing is moved beyond the number, and what is copied twice says so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    Message, MessageAttributeValue, MessageSystemAttributeName, SendMessageBatchRequestEntry,
};
use chrono::Utc;
use commands::{ExecutionError, Progress, StoreError, StoredCommand};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::proxy::{Proxy, Verdict};
use crate::world::{QueuePair, World, failure, reprocess};

const ORIGINAL: &str = "original_message_id";

fn text(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap()
}

/// Puts messages into a queue, and returns their ids.
async fn fill(sqs: &Client, url: &str, bodies: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    let bodies: Vec<_> = bodies.into_iter().collect();
    let mut ids = BTreeSet::new();
    for bodies in bodies.chunks(10) {
        let entries = bodies.iter().enumerate().map(|(place, body)| {
            let entry = SendMessageBatchRequestEntry::builder().id(place.to_string()).message_body(body);
            let entry = if url.strip_suffix(".fifo").is_some() {
                entry.message_group_id(&body[..1]).message_deduplication_id(body)
            } else {
                entry
            };
            entry.build().unwrap()
        });
        let sent = sqs.send_message_batch().queue_url(url).set_entries(Some(entries.collect()));
        let sent = sent.send().await.unwrap();
        assert!(sent.failed().is_empty());
        ids.extend(sent.successful().iter().map(|entry| entry.message_id().to_owned()));
    }
    ids
}

fn numbered(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("message {number}"))
}

async fn send(sqs: &Client, url: &str, body: &str, attributes: &[(&str, MessageAttributeValue)]) -> String {
    let mut message = sqs.send_message().queue_url(url).message_body(body);
    for (name, value) in attributes {
        message = message.message_attributes(*name, value.clone());
    }
    message.send().await.unwrap().message_id.unwrap()
}

/// Everything in a queue, gone from it.
async fn drain(sqs: &Client, url: &str) -> Vec<Message> {
    let mut messages = Vec::new();
    loop {
        let received = sqs
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .unwrap()
            .messages
            .unwrap_or_default();
        if received.is_empty() {
            return messages;
        }
        for message in received {
            let receipt = message.receipt_handle().unwrap();
            sqs.delete_message().queue_url(url).receipt_handle(receipt).send().await.unwrap();
            messages.push(message);
        }
    }
}

fn original(message: &Message) -> &str {
    message.message_attributes().unwrap()[ORIGINAL].string_value().unwrap()
}

/// A world that may reprocess one queue.
async fn world_with(pair: &QueuePair) -> World {
    let mut world = World::new().await;
    world.executors.queues = vec![pair.name.clone()];
    world
}

async fn pair() -> QueuePair {
    QueuePair::new(&test_support::Emulator::new()).await
}

async fn progress(world: &World, command: &StoredCommand) -> Progress {
    world.store.get(command.command_id).await.unwrap().unwrap().progress.unwrap_or_default()
}

#[tokio::test]
async fn messages_come_back_as_they_were_and_say_what_they_are_copies_of() {
    let pair = pair().await;
    let world = world_with(&pair).await;
    let sqs = &world.executors.sqs;
    let binary = MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new([0, 255]));
    let number = MessageAttributeValue::builder().data_type("Number.cents").string_value("12.50");
    let attributes = [
        ("text", text("ação \u{1F600}")),
        ("number", number.build().unwrap()),
        ("binary", binary.build().unwrap()),
    ];
    let id = send(sqs, &pair.dead_letters_url, r#"{"pedido": "ção"}"#, &attributes).await;
    let copy = send(sqs, &pair.dead_letters_url, "copy", &[(ORIGINAL, text("the-first"))]).await;
    let mut expected = fill(sqs, &pair.dead_letters_url, numbered(23)).await;

    let command = world.accept(&reprocess(pair.name.as_str(), 1000)).await;
    let output = world.attempt(&command).await.unwrap();
    assert_eq!(
        output,
        json!({
            "queue": pair.name.as_str(), "dead_letter_queue": pair.dead_letters,
            "moved": 25, "left": 0, "in_doubt": 0, "skipped": 0,
        })
    );
    assert_eq!(progress(&world, &command).await, Progress { taken: 25, moved: 25, skipped: 0 });

    let messages = drain(sqs, &pair.url).await;
    expected.extend([id.clone(), "the-first".to_owned()]);
    assert!(!expected.contains(&copy));
    assert_eq!(messages.iter().map(original).map(str::to_owned).collect::<BTreeSet<_>>(), expected);
    assert_eq!(messages.len(), 25);
    let message = messages.iter().find(|message| original(message) == id).unwrap();
    assert_eq!(message.body(), Some(r#"{"pedido": "ção"}"#));
    for (name, value) in &attributes {
        assert_eq!(&message.message_attributes().unwrap()[*name], value, "{name}");
    }
    assert!(drain(sqs, &pair.dead_letters_url).await.is_empty());
}

#[tokio::test]
async fn no_more_than_asked_for_over_all_attempts() {
    let pair = pair().await;
    let world = world_with(&pair).await;
    let sqs = &world.executors.sqs;
    fill(sqs, &pair.dead_letters_url, numbered(40)).await;

    let output = world.execute(&reprocess(pair.name.as_str(), 12)).await.unwrap();
    assert_eq!((&output["moved"], &output["left"]), (&json!(12), &json!(28)));

    // An attempt before took 10, and is known to have moved 7 and left 1.
    let command = world.accept(&reprocess(pair.name.as_str(), 13)).await;
    let earlier = Progress { taken: 10, moved: 7, skipped: 1 };
    world.claim(&command).await.save_progress(earlier, Utc::now()).await.unwrap();
    let output = world.attempt(&command).await.unwrap();
    assert_eq!(output["moved"], 10);
    assert_eq!(
        (&output["in_doubt"], &output["skipped"], &output["left"]),
        (&json!(2), &json!(1), &json!(25))
    );

    // All that were asked for.
    let output = world.attempt(&command).await.unwrap();
    assert_eq!((&output["moved"], &output["left"]), (&json!(10), &json!(25)));
    assert_eq!(drain(sqs, &pair.url).await.len(), 15);
}

#[tokio::test]
async fn a_message_without_room_for_the_mark_stays_and_is_no_hindrance() {
    let pair = pair().await;
    let world = world_with(&pair).await;
    let sqs = &world.executors.sqs;
    let names: Vec<String> = (0..10).map(|number| format!("attribute-{number}")).collect();
    let ten: Vec<_> = names.iter().map(|name| (name.as_str(), text("value"))).collect();
    let mut ten_with_mark = ten[1..].to_vec();
    ten_with_mark.push((ORIGINAL, text("first")));
    for number in 0..12 {
        send(sqs, &pair.dead_letters_url, &format!("stays {number}"), &ten).await;
    }
    send(sqs, &pair.dead_letters_url, "moves", &ten_with_mark).await;
    fill(sqs, &pair.dead_letters_url, numbered(5)).await;

    let output = world.execute(&reprocess(pair.name.as_str(), 100)).await.unwrap();
    assert_eq!((&output["moved"], &output["skipped"]), (&json!(6), &json!(12)));
    assert_eq!((&output["left"], &output["in_doubt"]), (&json!(12), &json!(0)));
    let messages = drain(sqs, &pair.url).await;
    let moved = messages.iter().find(|message| message.body() == Some("moves")).unwrap();
    assert_eq!(moved.message_attributes().unwrap().len(), 10);
    assert_eq!(messages.len(), 6);
}

#[tokio::test]
async fn a_fifo_queue_keeps_groups_and_order_and_drops_what_comes_twice() {
    let pair = QueuePair::fifo(&test_support::Emulator::new()).await;
    let mut world = world_with(&pair).await;
    let sqs = world.executors.sqs.clone();
    let bodies: Vec<String> =
        (0..24).map(|number| format!("{} {number:02}", ["a", "b", "c"][number % 3])).collect();
    fill(&sqs, &pair.dead_letters_url, bodies.clone()).await;

    // The first attempt is killed when a batch was sent, and not yet deleted.
    let proxy = Proxy::new(&world.emulator, |call| match call.action {
        "SendMessageBatch" => Verdict::HangAfter,
        _ => Verdict::Pass,
    })
    .await;
    world.go_through(&proxy.config(&world.emulator));
    let command = world.accept(&reprocess(pair.name.as_str(), 100)).await;
    tokio::select! {
        result = world.attempt(&command) => panic!("{result:?}"),
        () = proxy.hung() => {}
    }
    tokio::time::sleep(Duration::from_millis(1100)).await;
    world.go_through(&world.emulator.config());
    let output = world.attempt(&command).await.unwrap();
    assert_eq!((&output["moved"], &output["in_doubt"], &output["left"]), (&json!(24), &json!(10), &json!(0)));

    // A group has one message in hand at a time.
    let messages = drain(&sqs, &pair.url).await;
    let of = |group: &str| -> Vec<&str> {
        messages.iter().filter_map(Message::body).filter(|body| body.starts_with(group)).collect()
    };
    for group in ["a", "b", "c"] {
        let expected: Vec<_> = bodies.iter().filter(|body| body.starts_with(group)).collect();
        assert_eq!(of(group), expected, "each once, in order");
    }
    for message in &messages {
        let group = &message.attributes().unwrap()[&MessageSystemAttributeName::MessageGroupId];
        assert!(message.body().unwrap().starts_with(group.as_str()));
    }
}

#[tokio::test]
async fn each_wrong_queue_has_its_reason() {
    let pair = pair().await;
    let mut world = world_with(&pair).await;
    let sqs = world.executors.sqs.clone();

    let refused = failure(world.execute(&reprocess("somebody-elses", 10)).await);
    assert_eq!(refused.code, "unknown queue");
    assert!(refused.message.contains(pair.name.as_str()) && refused.message.contains("somebody-elses"));

    let gone = QueuePair::new(&world.emulator).await;
    world.executors.queues.push(gone.name.clone());
    sqs.delete_queue().queue_url(&gone.url).send().await.unwrap();
    assert_eq!(failure(world.execute(&reprocess(gone.name.as_str(), 10)).await).code, "unknown queue");

    world.executors.queues.push(commands::QueueName::new(&pair.dead_letters).unwrap());
    let without = failure(world.execute(&reprocess(&pair.dead_letters, 10)).await);
    assert_eq!(without.code, "no dead-letter queue");

    sqs.delete_queue().queue_url(&pair.dead_letters_url).send().await.unwrap();
    let without = failure(world.execute(&reprocess(pair.name.as_str(), 10)).await);
    assert_eq!(without.code, "no dead-letter queue");

    world.executors.sqs = aws_sdk_sqs::Client::new(&world.emulator.unreachable_config());
    let unavailable = failure(world.execute(&reprocess(pair.name.as_str(), 10)).await);
    assert_eq!(unavailable.code, "queue unavailable");
}

#[tokio::test]
async fn whoever_lost_the_lease_sends_nothing() {
    let pair = pair().await;
    let world = world_with(&pair).await;
    let ids = fill(&world.executors.sqs, &pair.dead_letters_url, numbered(15)).await;
    let accepted = world.accept(&reprocess(pair.name.as_str(), 100)).await;
    let command = accepted.command().unwrap().unwrap();

    let lost = world.claim(&accepted).await;
    let held = world.claim(&accepted).await;
    let result = world.executors.execute(&lost, &command).await;
    assert!(matches!(result, Err(ExecutionError::Interrupted(StoreError::LeaseLost))), "{result:?}");
    assert!(drain(&world.executors.sqs, &pair.url).await.is_empty());
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let output = world.executors.execute(&held, &command).await.unwrap();
    assert_eq!(output["moved"], ids.len());
}

#[tokio::test]
async fn progress_outlives_a_queue_that_goes_down() {
    let pair = pair().await;
    let mut world = world_with(&pair).await;
    let sqs = world.executors.sqs.clone();
    fill(&sqs, &pair.dead_letters_url, numbered(25)).await;
    let receives = Arc::new(AtomicUsize::new(0));
    let proxy = Proxy::new(&world.emulator, move |call| match call.action {
        "ReceiveMessage" if receives.fetch_add(1, Ordering::SeqCst) >= 2 => {
            Verdict::Answer(503, json!({"__type": "ServiceUnavailable"}))
        }
        _ => Verdict::Pass,
    })
    .await;
    world.go_through(&proxy.config(&world.emulator));
    let command = world.accept(&reprocess(pair.name.as_str(), 100)).await;
    let failed = failure(world.attempt(&command).await);
    assert_eq!(failed.code, "queue unavailable");
    assert!(failed.message.contains("20"), "{failed}");
    assert_eq!(progress(&world, &command).await, Progress { taken: 20, moved: 20, skipped: 0 });
    assert_eq!(drain(&sqs, &pair.url).await.len(), 20);
}

/// The entries of a batch whose body says so fail.
fn refuse(body: &Value, about: &str, sender_fault: bool) -> Verdict {
    let entries = body["Entries"].as_array().unwrap();
    let (failed, fine): (Vec<_>, Vec<_>) =
        entries.iter().partition(|entry| entry["MessageBody"].as_str().unwrap().contains(about));
    if failed.is_empty() {
        return Verdict::Pass;
    }
    let failed: Vec<_> = failed
        .iter()
        .map(|entry| json!({"Id": entry["Id"], "SenderFault": sender_fault, "Code": "Refused"}))
        .collect();
    let fine: Vec<_> = fine
        .iter()
        .map(|entry| json!({"Id": entry["Id"], "MessageId": entry["Id"], "MD5OfMessageBody": "-"}))
        .collect();
    Verdict::Answer(200, json!({"Successful": fine, "Failed": failed}))
}

#[tokio::test]
async fn what_the_queue_refuses_stays() {
    let pair = pair().await;
    let mut world = world_with(&pair).await;
    let sqs = world.executors.sqs.clone();
    fill(&sqs, &pair.dead_letters_url, numbered(10)).await;
    // The message is at fault: the others are no more than answered for, and deleted.
    let proxy = Proxy::new(&world.emulator, |call| match call.action {
        "SendMessageBatch" => refuse(call.body, "message 3", true),
        _ => Verdict::Pass,
    })
    .await;
    world.go_through(&proxy.config(&world.emulator));
    let output = world.execute(&reprocess(pair.name.as_str(), 100)).await.unwrap();
    assert_eq!((&output["moved"], &output["skipped"], &output["left"]), (&json!(9), &json!(1), &json!(1)));

    // The service is: it is asked again, and then the command fails; nothing is deleted that wasn't sent.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let proxy = Proxy::new(&world.emulator, |call| match call.action {
        "SendMessageBatch" => refuse(call.body, "message 3", false),
        _ => Verdict::Pass,
    })
    .await;
    world.go_through(&proxy.config(&world.emulator));
    let failed = failure(world.execute(&reprocess(pair.name.as_str(), 100)).await);
    assert_eq!(failed.code, "queue unavailable");
    assert_eq!(proxy.calls().iter().filter(|action| *action == "SendMessageBatch").count(), 3);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(drain(&sqs, &pair.dead_letters_url).await.len(), 1);
}

#[tokio::test]
async fn a_batch_that_is_refused_as_a_whole_goes_one_by_one() {
    let pair = pair().await;
    let mut world = world_with(&pair).await;
    let sqs = world.executors.sqs.clone();
    fill(&sqs, &pair.dead_letters_url, numbered(10)).await;
    let proxy = Proxy::new(&world.emulator, |call| {
        let whole = || call.body["Entries"].to_string();
        match call.action {
            "SendMessageBatch" if whole().contains("message 3") => Verdict::Answer(
                400,
                json!({"__type": "com.amazonaws.sqs#InvalidMessageContents", "message": "no"}),
            ),
            _ => Verdict::Pass,
        }
    })
    .await;
    world.go_through(&proxy.config(&world.emulator));
    let command = world.accept(&reprocess(pair.name.as_str(), 10)).await;
    let output = world.attempt(&command).await.unwrap();
    assert_eq!(
        (&output["moved"], &output["skipped"], &output["in_doubt"]),
        (&json!(9), &json!(1), &json!(0))
    );
    assert_eq!(progress(&world, &command).await.taken, 10);
    assert_eq!(drain(&sqs, &pair.url).await.len(), 9);
}

#[tokio::test]
async fn large_messages_go_in_batches_that_fit() {
    let pair = pair().await;
    let mut world = world_with(&pair).await;
    let sqs = world.executors.sqs.clone();
    for letter in ["a", "b", "c", "d", "e"] {
        send(&sqs, &pair.dead_letters_url, &letter.repeat(100_000), &[]).await;
    }
    // As large as a message may be: with its mark it is larger.
    send(&sqs, &pair.dead_letters_url, &"x".repeat(256 * 1024), &[]).await;
    let proxy = Proxy::new(&world.emulator, |call| {
        if call.action == "SendMessageBatch" {
            let entries = call.body["Entries"].as_array().unwrap();
            let size: usize = entries.iter().map(|entry| entry["MessageBody"].as_str().unwrap().len()).sum();
            assert!(size <= 256 * 1024, "{size} in {} entries", entries.len());
        }
        Verdict::Pass
    })
    .await;
    world.go_through(&proxy.config(&world.emulator));
    let output = world.execute(&reprocess(pair.name.as_str(), 100)).await.unwrap();
    assert_eq!((&output["moved"], &output["left"]), (&json!(6), &json!(0)));
    assert_eq!(proxy.calls().iter().filter(|action| *action == "SendMessageBatch").count(), 4);
}

#[tokio::test]
async fn a_copy_whose_original_stays_is_in_doubt() {
    let pair = pair().await;
    let mut world = world_with(&pair).await;
    let sqs = world.executors.sqs.clone();
    fill(&sqs, &pair.dead_letters_url, numbered(5)).await;
    let refusal = || {
        let failed: Vec<_> = (0..5)
            .map(|place| json!({"Id": place.to_string(), "SenderFault": false, "Code": "Internal"}))
            .collect();
        Verdict::Answer(200, json!({"Successful": [], "Failed": failed}))
    };
    let proxy = Proxy::new(&world.emulator, move |call| match call.action {
        "DeleteMessageBatch" => refusal(),
        _ => Verdict::Pass,
    })
    .await;
    world.go_through(&proxy.config(&world.emulator));
    let output = world.execute(&reprocess(pair.name.as_str(), 100)).await.unwrap();
    assert_eq!((&output["moved"], &output["in_doubt"], &output["left"]), (&json!(0), &json!(5), &json!(5)));
    assert_eq!(drain(&sqs, &pair.url).await.len(), 5, "none was sent again");

    // Refused once, and then not.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let deletes = AtomicUsize::new(0);
    let proxy = Proxy::new(&world.emulator, move |call| match call.action {
        "DeleteMessageBatch" if deletes.fetch_add(1, Ordering::SeqCst) == 0 => refusal(),
        _ => Verdict::Pass,
    })
    .await;
    world.go_through(&proxy.config(&world.emulator));
    let output = world.execute(&reprocess(pair.name.as_str(), 100)).await.unwrap();
    assert_eq!((&output["moved"], &output["in_doubt"], &output["left"]), (&json!(5), &json!(0), &json!(0)));
}

/// What is where at the end.
struct Ledger {
    /// How many copies there are of each message that was in the dead-letter queue.
    copies: BTreeMap<String, usize>,
    stayed: BTreeSet<String>,
}

impl Ledger {
    async fn of(sqs: &Client, pair: &QueuePair) -> Self {
        let mut copies = BTreeMap::new();
        for message in drain(sqs, &pair.url).await {
            *copies.entry(original(&message).to_owned()).or_default() += 1;
        }
        let stayed = drain(sqs, &pair.dead_letters_url).await;
        Self {
            copies,
            stayed: stayed.iter().map(|message| message.message_id().unwrap().to_owned()).collect(),
        }
    }

    fn sent(&self) -> usize {
        self.copies.values().sum()
    }

    /// Copies beyond the first, and first ones of what stayed.
    fn duplicates(&self) -> usize {
        let stayed = self.copies.keys().filter(|id| self.stayed.contains(*id)).count();
        self.sent() - self.copies.len() + stayed
    }

    fn check(&self, ids: &BTreeSet<String>, output: &Value, max: usize, kills: usize, context: &str) {
        let found: BTreeSet<String> = self.copies.keys().chain(&self.stayed).cloned().collect();
        assert_eq!(&found, ids, "nothing is lost, nothing comes from nowhere: {context}");
        assert!(self.sent() <= max, "{} were sent: {context}", self.sent());
        assert!(self.duplicates() <= 10 * kills, "{} duplicates: {context}", self.duplicates());
        let number = |name: &str| usize::try_from(output[name].as_u64().unwrap()).unwrap();
        assert!(number("moved") <= self.copies.len(), "{output}: {context}");
        assert!(self.copies.len() - number("moved") <= number("in_doubt"), "{output}: {context}");
        assert!(number("moved") + number("in_doubt") + number("skipped") <= max, "{output}: {context}");
        assert_eq!(number("left"), self.stayed.len(), "{output}: {context}");
    }
}

/// The calls of an attempt that moves 12 messages of 13: three to find the queues, four for each of two batches, one to
/// keep the progress, one to see what is left.
const CALLS: usize = 13;

/// Kills the first attempt before or after a call, and looks at what the next one makes of it.
async fn killed_at(number: usize, after: bool) {
    let pair = pair().await;
    let mut world = world_with(&pair).await;
    let sqs = world.executors.sqs.clone();
    let ids = fill(&sqs, &pair.dead_letters_url, numbered(13)).await;
    let command = world.accept(&reprocess(pair.name.as_str(), 12)).await;
    let claims = 2; // Of the store, before the executor's first.
    let proxy = Proxy::new(&world.emulator, move |call| match (call.number == claims + number, after) {
        (true, true) => Verdict::HangAfter,
        (true, false) => Verdict::HangBefore,
        _ => Verdict::Pass,
    })
    .await;
    world.go_through(&proxy.config(&world.emulator));
    let kills = tokio::select! {
        result = world.attempt(&command) => {
            assert_eq!(number, CALLS, "{result:?} {:?}", proxy.calls());
            0
        }
        () = proxy.hung() => 1,
    };
    tokio::time::sleep(Duration::from_millis(1100)).await;
    world.go_through(&world.emulator.config());
    let output = world.attempt(&command).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let context = format!("killed at {number} {after}: {:?}", proxy.calls());
    Ledger::of(&sqs, &pair).await.check(&ids, &output, 12, kills, &context);
}

#[tokio::test]
async fn a_kill_at_any_call_loses_nothing() {
    let points: Vec<(usize, bool)> =
        (0..=CALLS).flat_map(|number| [(number, false), (number, true)]).collect();
    for points in points.chunks(7) {
        futures_util::future::join_all(points.iter().map(|(number, after)| killed_at(*number, *after))).await;
    }
}

/// Kills attempts at random instants until one comes to its end.
async fn killed_at_random(seed: u64) -> usize {
    let mut random = StdRng::seed_from_u64(seed);
    let pair = pair().await;
    let world = world_with(&pair).await;
    let sqs = world.executors.sqs.clone();
    let max = random.random_range(1..45);
    let count = random.random_range(1..40);
    let ids = fill(&sqs, &pair.dead_letters_url, numbered(count)).await;
    let command = world.accept(&reprocess(pair.name.as_str(), max)).await;
    let mut kills = 0;
    let output = loop {
        let claim = world.claim(&command).await;
        let parsed = command.command().unwrap().unwrap();
        let limit = Duration::from_micros(random.random_range(0..2_500_000));
        match tokio::time::timeout(limit, world.executors.execute(&claim, &parsed)).await {
            Ok(output) => break output.unwrap(),
            Err(_) => kills += 1,
        }
        // Its call may be under way still, and its messages are hidden for a second.
        tokio::time::sleep(Duration::from_millis(1200)).await;
    };
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let context = format!("seed {seed}, {kills} kills, {count} messages, at most {max}");
    let ledger = Ledger::of(&sqs, &pair).await;
    ledger.check(&ids, &output, usize::try_from(max).unwrap(), kills, &context);
    kills
}

#[tokio::test]
async fn kills_at_random_lose_nothing() {
    let seed: u64 = rand::random_range(0..1_000_000_000);
    let mut kills = 0;
    for round in 0..2 {
        let seeds = (0..6).map(|place| seed + round * 6 + place);
        kills += futures_util::future::join_all(seeds.map(killed_at_random)).await.iter().sum::<usize>();
    }
    println!("seed {seed}: {kills} kills of 12 commands");
    assert!(kills > 0, "seed {seed}");
}

#[tokio::test]
async fn an_answer_that_is_lost_duplicates_no_more_than_a_batch() {
    let pair = pair().await;
    let mut world = world_with(&pair).await;
    let sqs = world.executors.sqs.clone();
    let ids = fill(&sqs, &pair.dead_letters_url, numbered(25)).await;
    let sends = AtomicUsize::new(0);
    let proxy = Proxy::new(&world.emulator, move |call| match call.action {
        "SendMessageBatch" if sends.fetch_add(1, Ordering::SeqCst) == 1 => Verdict::LoseAnswer,
        _ => Verdict::Pass,
    })
    .await;
    world.go_through(&proxy.config(&world.emulator));
    let output = world.execute(&reprocess(pair.name.as_str(), 100)).await.unwrap();
    assert_eq!((&output["moved"], &output["left"]), (&json!(25), &json!(0)));
    let ledger = Ledger::of(&sqs, &pair).await;
    assert_eq!(ledger.copies.keys().cloned().collect::<BTreeSet<_>>(), ids);
    assert_eq!(ledger.duplicates(), 10);
}
