//! What tests share: databases and tables of their own, an issuer of tokens, callers of an API, a process of a function, inputs
//! for properties.

#![expect(clippy::missing_panics_doc, reason = "a test that can't be set up fails")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't be set up fails"
)]

mod database;
mod emulator;
mod fuzz;
mod gateway;
mod http;
mod interceptor;
mod issuer;
mod lambda;
mod log;
mod redis;
mod secrets;
mod statements;

pub use database::TestDatabase;
pub use emulator::{CommandTables, Emulator, finally, no_secrets};
pub use fuzz::{any_json, bytes_like, fuzz, json_like, text_like, tokens};
pub use gateway::gateway_event;
pub use http::Answer;
pub use interceptor::{Call, Fate, Interceptor};
pub use issuer::TestIssuer;
pub use lambda::{FunctionProcess, Invocation, Timed, api_environment};
pub use log::Log;
pub use redis::{BlackHole, RedisServer, cache_at, no_cache};
pub use secrets::SecretsManager;
pub use statements::Statements;
