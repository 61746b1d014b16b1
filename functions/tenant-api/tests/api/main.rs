//! The function's router without a gateway in front: its own checks, which must hold without the authorizer.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod agents;
mod cache;
mod end;
mod fixture;
mod hostile;
mod instance;
mod limits;
mod log;
mod me;
mod queries;
mod sign_in;
mod start;
