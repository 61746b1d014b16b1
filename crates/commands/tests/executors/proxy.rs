//! Stands between an executor and the emulator, and lets a test decide what becomes of each call.

use std::sync::{Arc, Mutex};

use aws_types::SdkConfig;
use serde_json::Value;
use test_support::{Emulator, Fate, Interceptor};
use tokio::sync::Notify;

/// What becomes of a call.
pub(crate) enum Verdict {
    /// It is made.
    Pass,
    /// It is not made; this is answered.
    Answer(u16, Value),
    /// It is not made, and never answered.
    HangBefore,
    /// It is made, and never answered.
    HangAfter,
    /// It is made, and the way back breaks down.
    LoseAnswer,
}

/// A call: which it is since the proxy was made, `SendMessageBatch` or the like, and with what.
pub(crate) struct Call<'a> {
    pub(crate) number: usize,
    pub(crate) action: &'a str,
    pub(crate) body: &'a Value,
}

pub(crate) struct Proxy {
    interceptor: Interceptor,
    made: Arc<Mutex<Vec<String>>>,
    hung: Arc<Notify>,
}

impl Proxy {
    /// A proxy that lets this function decide.
    pub(crate) async fn new(
        emulator: &Emulator,
        judge: impl FnMut(&Call<'_>) -> Verdict + Send + 'static,
    ) -> Self {
        let (made, hung) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(Notify::new()));
        let judge = {
            let (made, hung, judge) = (Arc::clone(&made), Arc::clone(&hung), Mutex::new(judge));
            move |call: &test_support::Call| {
                let action = call.target.rsplit('.').next().unwrap();
                made.lock().unwrap().push(action.to_owned());
                // Bodies to DynamoDB may not be for serde_json: they hold its own way of writing numbers.
                let body = serde_json::from_slice(&call.body).unwrap_or_default();
                let hung = Arc::clone(&hung);
                match (*judge.lock().unwrap())(&Call { number: call.number, action, body: &body }) {
                    Verdict::Pass => Fate::Pass,
                    Verdict::Answer(status, body) => Fate::Answer(status, body.to_string()),
                    Verdict::HangBefore => Fate::Before(Box::new(move || hung.notify_one())),
                    Verdict::HangAfter => Fate::After(Box::new(move || hung.notify_one())),
                    Verdict::LoseAnswer => Fate::Lost,
                }
            }
        };
        Self { interceptor: Interceptor::start(emulator.endpoint(), judge).await, made, hung }
    }

    /// What clients are made from that go through it.
    pub(crate) fn config(&self, emulator: &Emulator) -> SdkConfig {
        emulator.config_at(&self.interceptor.url)
    }

    /// Waits until a call hangs.
    pub(crate) async fn hung(&self) {
        self.hung.notified().await;
    }

    /// The calls so far, by action.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.made.lock().unwrap().clone()
    }
}
