//! The aggregation: rolls days of raw requests up, and looks after the raw partitions.
//!
//! What a day's rollup is, SQL says (`aggregate_day` in `migrations/`); here is which days, in which order, and what
//! becomes of a run that can't do all of them.

mod event;
mod job;
mod outcome;
mod settings;

pub use event::{EventError, MAX_DAYS, Request};
pub use job::Job;
pub use outcome::{Cause, DayReport, Days, Failure, Report};
pub use settings::Settings;
