//! The internal API as its callers see it, without Lambda.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod access;
mod cache;
mod commands;
mod fixture;
mod hostile;
mod pages;
mod queries;
mod start;
mod tenant;
