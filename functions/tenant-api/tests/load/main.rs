//! Many tenants at once on warm instances of the function, with one Redis and one database between them, and what breaks
//! meanwhile.
//!
//! `SEED=…` repeats a run's questions, `LONG=1` asks many more.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod asked;
mod clock;
#[path = "../api/instance.rs"]
mod instance;
mod isolation;
mod judge;
mod keys;
mod platform;
mod rows;
mod trouble;

use std::io::Write;

/// Whether this is the run that takes its time.
fn is_long() -> bool {
    variable("LONG").is_some()
}

/// A new one each time, unless the environment says which.
fn seed() -> u64 {
    variable("SEED").map_or_else(rand::random, |seed| seed.parse().unwrap())
}

#[expect(clippy::disallowed_methods, reason = "tests have no Settings")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Writes a line of what was counted, whether or not the test passes.
fn say(line: &str) {
    std::io::stdout().write_all(format!("{line}\n").as_bytes()).unwrap();
}
