//! What functions write to their log.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use runtime::{Lines, LogLevel, spoken};
use serde_json::Value;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;

/// The lines that one thread logs, on which a test's runtime does all of its work, as a function would at its most talkative.
pub struct Log {
    written: Written,
    _guard: DefaultGuard,
}

impl Log {
    /// Of this thread, from now on until this value is dropped.
    #[must_use]
    pub fn of_this_thread() -> Self {
        let written = Written::default();
        let lines = tracing_subscriber::registry()
            .with(Lines::new(written.clone()).with_filter(spoken(LogLevel::Trace)));
        Self { written, _guard: tracing::subscriber::set_default(lines) }
    }

    /// The lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.written.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The lines so far with this message.
    #[must_use]
    pub fn said(&self, message: &str) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line["message"] == message).collect()
    }
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
