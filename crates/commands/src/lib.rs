//! Operational commands: created once, executed once, traced for ever.
//!
//! A [`Command`] is parsed, a [`Store`] keeps it in DynamoDB, and [`Executors`] do what it says.

mod command;
mod execute;
mod store;
mod stored;

pub use command::{Check, Checks, Command, CommandType, Invalid, MaxMessages, QueueName, Target};
pub use execute::{ExecutionError, Executors, Failure};
pub use store::{
    Claim, Created, IdempotencyKey, Leases, ListFilter, ListedCommand, NewCommand, Outcome, Position, Reaped,
    Receipt, Remembered, Start, Store, StoreError, StoreSettings, attribute,
};
pub use stored::{Progress, Status, Step, StoredCommand, Timestamp};
