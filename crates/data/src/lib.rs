//! Everything that touches PostgreSQL.
//!
//! A tenant's data is read with an [`auth_context::TenantScope`], and every tenant's with an
//! [`auth_context::InternalScope`]: a bare tenant id opens nothing. One module a resource, each with its rows and its
//! queries.

mod credentials;
mod database;
mod error;
mod id;
mod list;
mod number;
mod period;
mod prompt;
mod sign_ins;

pub mod agents;
pub mod audit;
pub mod catalogue;
pub mod cnpj;
pub mod commands;
pub mod erasure;
pub mod incidents;
pub mod integrations;
pub mod jobs;
pub mod options;
pub mod platform;
pub mod revenue;
pub mod schema;
pub mod tenants;
pub mod usage;

pub use credentials::{Credentials, CredentialsError, Login};
pub use database::{Database, DatabaseSettings, Tls};
pub use error::{Constraint, DataError};
pub use id::parse_uuid;
pub use list::{NewestFirst, Order, Search, Slice, Window, is_storable};
pub use number::{Money, Percent};
pub use period::{DateRange, Period};
pub use sign_ins::record_sign_in;
