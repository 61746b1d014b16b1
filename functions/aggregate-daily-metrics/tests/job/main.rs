//! The job against a real database, as `app_jobs`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod cache;
mod fixture;
mod interruptions;
mod limits;
mod numbers;
mod schedules;
