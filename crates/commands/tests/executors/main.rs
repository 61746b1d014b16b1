//! What commands really do, against real PostgreSQL, Redis and the emulator's queues, secrets and event bus.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod health_check;
mod proxy;
mod reprocess_queue;
mod reset_token;
mod restart_agent;
mod world;
