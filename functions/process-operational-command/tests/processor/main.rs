//! The processor between a stream that tells everything twice and parts that fail.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod batch;
mod cache;
mod faults;
mod fixture;
mod kills;
mod load;
mod log;
mod start;
mod told;
