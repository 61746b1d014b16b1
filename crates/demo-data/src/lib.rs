//! Demo data: a believable platform, made from a seed.
//!
//! [`Platform`] is made in memory and knows no database; [`load`] writes it. The same seed and the same minute make the
//! same rows, ids included. What happened to tenants and agents is replayed in order of time, so that the database's
//! own triggers write its history, and the requests are rolled up by the same SQL as the job's.
//!
//! [`load_bulk`] makes far larger platforms, for measuring.

pub mod calendar;
pub mod catalogue;
pub mod companies;
pub mod deployments;
pub mod incidents;
pub mod integrations;
pub mod noise;
pub mod people;
pub mod platform;
pub mod progress;
pub mod traffic;
pub mod words;

mod bulk;
mod load;

pub use bulk::{BulkScale, load_bulk, load_requests};
pub use load::{LoadError, Loaded, Outcome, Refreshed, load};
pub use noise::Seed;
pub use people::{DemoUser, SignedUpUser, demo_users};
pub use platform::Platform;
