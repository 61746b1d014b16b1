//! The table of commands, on the emulator's DynamoDB.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod fixture;
mod life;
mod list;
mod reaper;
mod requests;
