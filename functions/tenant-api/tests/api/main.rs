//! The function's router without a gateway in front: its own checks, which must hold without the authorizer.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod agents;
mod cache;
mod fixture;
mod limits;
mod me;
mod queries;
mod start;
