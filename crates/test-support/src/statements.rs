//! How often a thread speaks to the database, and what the database does for it.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, Once};
use std::thread::ThreadId;

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// What was seen of each observed thread.
static OBSERVED: LazyLock<Mutex<HashMap<ThreadId, Seen>>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Seen {
    statements: usize,
    buffers: u64,
}

/// The statements that sqlx sends from one thread, on which a test's runtime does all of its work; sqlx logs each.
pub struct Statements(ThreadId);

impl Statements {
    /// Observes this thread from now on.
    #[must_use]
    pub fn of_this_thread() -> Self {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| tracing_subscriber::registry().with(Observer).init());
        let thread = std::thread::current().id();
        observed().insert(thread, Seen::default());
        Self(thread)
    }

    /// How many since this was last asked.
    #[must_use]
    pub fn take(&self) -> usize {
        std::mem::take(&mut observed().entry(self.0).or_default().statements)
    }

    /// How many pages the database looked at for them since this was last asked, if it was told to
    /// [explain](crate::TestDatabase::explain).
    #[must_use]
    pub fn take_buffers(&self) -> u64 {
        std::mem::take(&mut observed().entry(self.0).or_default().buffers)
    }
}

fn observed() -> MutexGuard<'static, HashMap<ThreadId, Seen>> {
    OBSERVED.lock().unwrap()
}

struct Observer;

impl<S: Subscriber> Layer<S> for Observer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let target = event.metadata().target();
        if !target.starts_with("sqlx::") {
            return;
        }
        let mut observed = observed();
        let Some(seen) = observed.get_mut(&std::thread::current().id()) else {
            return;
        };
        match target {
            "sqlx::query" => seen.statements += 1,
            "sqlx::postgres::notice" => event.record(&mut Plan(seen)),
            _ => {}
        }
    }
}

/// Reads the plans that `auto_explain` sends as notices.
struct Plan<'a>(&'a mut Seen);

impl Visit for Plan<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let plan = value.split_once("plan:\n").and_then(|(_, json)| serde_json::from_str::<Value>(json).ok());
        if let Some(plan) = plan.filter(|_| field.name() == "message") {
            let count = |name| plan["Plan"][name].as_u64().unwrap();
            self.0.buffers += count("Shared Hit Blocks") + count("Shared Read Blocks");
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
