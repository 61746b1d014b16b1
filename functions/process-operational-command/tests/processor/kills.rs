//! Each command, killed before and after everything it asks of AWS: so between each two of its writes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use commands::{Status, StoredCommand};
use test_support::{Call, Fate, FunctionProcess, Interceptor};

use crate::fixture::Platform;
use crate::told::{Delivery, Stream};

/// When the process dies: so many calls from now, before the call arrives or after.
struct Death {
    calls_left: usize,
    after: bool,
    killer: Box<dyn Fn() + Send + Sync>,
}

#[derive(Clone, Default)]
struct Fates {
    calls: Arc<Mutex<usize>>,
    death: Arc<Mutex<Option<Death>>>,
}

impl Fates {
    fn judge(&self, _: &Call) -> Fate {
        *self.calls.lock().unwrap() += 1;
        let mut death = self.death.lock().unwrap();
        match death.take() {
            None => Fate::Pass,
            Some(mut planned) if planned.calls_left > 0 => {
                planned.calls_left -= 1;
                *death = Some(planned);
                Fate::Pass
            }
            Some(now) if now.after => Fate::After(now.killer),
            Some(now) => Fate::Before(now.killer),
        }
    }
}

struct Killing {
    platform: Platform,
    fates: Fates,
    proxy: Interceptor,
    stream: Stream,
    process: FunctionProcess,
}

impl Killing {
    async fn new() -> Self {
        let platform = Platform::new().await;
        let fates = Fates::default();
        let judge = fates.clone();
        let proxy = Interceptor::start(platform.emulator.endpoint(), move |call| judge.judge(call)).await;
        let stream = Stream::of(&platform).await;
        let process = platform.process(&proxy.url).await;
        let mut killing = Self { platform, fates, proxy, stream, process };
        // What a process asks for at its start is not what a command asks for.
        killing.platform.health_check().await;
        assert_eq!(killing.settle().await, 0);
        killing
    }

    /// Tells all there is to tell, until nothing is left; returns how often the process died of it.
    async fn settle(&mut self) -> usize {
        let mut deaths = 0;
        loop {
            match self.stream.tell(&self.process).await {
                Delivery::Nothing => return deaths,
                Delivery::Settled => {}
                Delivery::Again => tokio::time::sleep(Duration::from_millis(100)).await,
                Delivery::Died => {
                    deaths += 1;
                    self.process = self.platform.process(&self.proxy.url).await;
                }
            }
        }
    }

    /// How many calls a command takes that nothing happens to.
    async fn calls_of_an_undisturbed_one(&mut self) -> usize {
        let before = *self.fates.calls.lock().unwrap();
        assert_eq!(self.settle().await, 0);
        *self.fates.calls.lock().unwrap() - before
    }

    /// Lets the process die at that call of what is told next, and settles all the same.
    async fn settle_after_death(&mut self, call: usize, after: bool) {
        let killer = Box::new(self.process.killer());
        *self.fates.death.lock().unwrap() = Some(Death { calls_left: call, after, killer });
        assert_eq!(self.settle().await, 1, "call {call}, after it arrived: {after}");
    }

    async fn ended(&self, command: &StoredCommand) -> StoredCommand {
        let ended = self.platform.get(command.command_id).await;
        assert_eq!(ended.status, Status::Success, "{ended:?}");
        self.platform.assert_trail(&ended).await;
        ended
    }
}

#[tokio::test]
async fn a_restart_that_is_killed_anywhere_happens_once() {
    let mut k = Killing::new().await;
    let agent = k.platform.agent("inactive").await;
    k.platform.restart(agent).await;
    let calls = k.calls_of_an_undisturbed_one().await;
    k.platform.restarts_heard().await;
    println!("RESTART_AGENT: {calls} calls, killed before and after each");
    for call in 0..calls {
        for after in [false, true] {
            let agent = k.platform.agent("inactive").await;
            let command = k.platform.restart(agent).await;
            k.settle_after_death(call, after).await;
            let ended = k.ended(&command).await;
            let (status, restarted_at, reactivated, changes) = k.platform.agent_row(agent).await;
            assert_eq!((status.as_str(), reactivated), ("active", true));
            assert_eq!(restarted_at, Some(ended.started_at.unwrap().at()));
            assert_eq!(changes, 2, "inserted, and reactivated once");
            let heard = k.platform.restarts_heard().await;
            assert!(heard.len() == 1 && heard[&command.command_id.to_string()] <= 2, "{heard:?}");
        }
    }
}

#[tokio::test]
async fn a_reset_that_is_killed_anywhere_happens_once() {
    let mut k = Killing::new().await;
    let (integration, _) = k.platform.integration().await;
    k.platform.reset(integration).await;
    let calls = k.calls_of_an_undisturbed_one().await;
    println!("RESET_TOKEN: {calls} calls, killed before and after each");
    for call in 0..calls {
        for after in [false, true] {
            let (integration, arn) = k.platform.integration().await;
            let command = k.platform.reset(integration).await;
            k.settle_after_death(call, after).await;
            k.ended(&command).await;
            k.platform.assert_reset(integration, &arn, &command).await;
        }
    }
}

#[tokio::test]
async fn a_health_check_that_is_killed_anywhere_ends() {
    let mut k = Killing::new().await;
    k.platform.health_check().await;
    let calls = k.calls_of_an_undisturbed_one().await;
    println!("HEALTH_CHECK: {calls} calls, killed before and after each");
    for call in 0..calls {
        for after in [false, true] {
            let command = k.platform.health_check().await;
            k.settle_after_death(call, after).await;
            k.ended(&command).await;
        }
    }
}

#[tokio::test]
async fn a_queue_whose_reprocessing_is_killed_anywhere_loses_nothing() {
    const MESSAGES: usize = 12;
    const BATCH: usize = 10;
    let mut k = Killing::new().await;
    let sqs = k.platform.sqs.clone();
    k.platform.queue.bury(&sqs, MESSAGES).await;
    k.platform.reprocess(12).await;
    let calls = k.calls_of_an_undisturbed_one().await;
    assert_eq!(k.platform.queue.revived(&sqs).await.len(), MESSAGES);
    println!("REPROCESS_QUEUE: {calls} calls, killed before and after each");
    for call in 0..calls {
        for after in [false, true] {
            let buried = k.platform.queue.bury(&sqs, MESSAGES).await;
            let command = k.platform.reprocess(12).await;
            k.settle_after_death(call, after).await;
            let ended = k.ended(&command).await;
            let revived = k.platform.queue.revived(&sqs).await;
            let left = k.platform.queue.buried(&sqs).await;
            let case = format!("call {call}, after it arrived: {after}; {revived:?}; {left:?}; {ended:?}");
            for id in &buried {
                assert!(revived.contains_key(id) || left.contains(id), "{id} is lost: {case}");
            }
            let copies: usize = revived.values().sum();
            assert!(copies <= MESSAGES, "more than max_messages: {case}");
            let twice = copies - revived.len() + left.iter().filter(|id| revived.contains_key(*id)).count();
            assert!(twice <= BATCH, "more than a batch twice: {case}");
            let progress = ended.progress.unwrap_or_default();
            assert!(usize::try_from(progress.moved).unwrap() <= copies, "{case}");
        }
    }
}
