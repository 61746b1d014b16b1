//! What tests share: databases of their own on a real server, and an issuer of tokens.

#![expect(clippy::missing_panics_doc, reason = "a test that can't be set up fails")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up fails")]

mod database;
mod issuer;

pub use database::TestDatabase;
pub use issuer::TestIssuer;
