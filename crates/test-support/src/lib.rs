//! What tests share: databases of their own on a real server, an issuer of tokens, an API's callers, a function's process.

#![expect(clippy::missing_panics_doc, reason = "a test that can't be set up fails")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up fails")]

mod database;
mod http;
mod interceptor;
mod issuer;
mod lambda;
mod statements;

pub use database::TestDatabase;
pub use http::Answer;
pub use interceptor::{Call, Fate, Interceptor};
pub use issuer::TestIssuer;
pub use lambda::{FunctionProcess, Invocation};
pub use statements::Statements;
