//! What a run answers: a report, or why not.

use chrono::NaiveDate;
use data::jobs::JobError;
use data::{DataError, DateRange};
use lambda_runtime::Diagnostic;
use serde::Serialize;

use crate::event::EventError;

/// What a run did.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The days it aggregated, ascending.
    pub days: Vec<DayReport>,
    /// Raw requests of these days.
    pub rows_read: i64,
    /// Rows of rollups that were not as they should be.
    pub rows_written: i64,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Whether it did all that it was asked.
    pub complete: bool,
    /// The days that are left to do: the event that goes on from here.
    pub next: Option<Days>,
    /// Raw partitions made.
    pub partitions_made: i32,
    /// Raw partitions dropped.
    pub partitions_dropped: i32,
}

/// A day that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DayReport {
    /// The UTC day.
    pub date: NaiveDate,
    /// Its raw requests.
    pub rows_read: i64,
    /// Rows of rollups that were not as they should be.
    pub rows_written: i64,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// Consecutive days, as an event names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Days {
    /// The first.
    pub from: NaiveDate,
    /// The last.
    pub to: NaiveDate,
}

impl From<DateRange> for Days {
    fn from(DateRange { from, to }: DateRange) -> Self {
        Self { from, to }
    }
}

/// A run that didn't do what it was asked. The invocation fails with it, and is repeated if nobody waits for its answer.
#[derive(Debug, thiserror::Error)]
#[error("{cause}{}", done_before(.done))]
pub struct Failure {
    /// Why not.
    pub cause: Cause,
    /// The days that were done all the same, ascending. They stay done.
    pub done: Vec<DayReport>,
}

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// It was asked for nothing that could be done.
    #[error(transparent)]
    Event(#[from] EventError),
    /// A day could not be aggregated; those behind it were not tried.
    #[error("{day} was not aggregated: {error}")]
    Day {
        /// The day.
        day: NaiveDate,
        /// Why not.
        error: JobError,
    },
    /// The deadline came before the last day of a scheduled run.
    #[error("there was no time left for {} to {}", .0.from, .0.to)]
    Unfinished(Days),
    /// It could not be found out whether the nightly run has been there.
    #[error("the last run of yesterday could not be looked up: {0}")]
    LastRun(#[source] DataError),
    /// The days are done, but raw partitions could not be made or dropped.
    #[error("raw partitions could not be made or dropped: {0}")]
    Partitions(#[source] DataError),
}

impl Cause {
    /// A stable name for who handles the failed invocation.
    const fn name(&self) -> &'static str {
        match self {
            Self::Event(_) => "InvalidEvent",
            Self::Day { error: JobError::Locked(_), .. } => "Locked",
            Self::Day { error: JobError::OutOfTime(_), .. } | Self::Unfinished(_) => "OutOfTime",
            Self::Day { error: JobError::Refused(_), .. } => "DayRefused",
            Self::Day { error: JobError::Data(_), .. } | Self::LastRun(_) => "Database",
            Self::Partitions(_) => "Partitions",
        }
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self { error_type: failure.cause.name().to_owned(), error_message: failure.to_string() }
    }
}

fn done_before(done: &[DayReport]) -> String {
    match done {
        [] => "; no day was done before".to_owned(),
        [one] => format!("; done before: {}", one.date),
        [first, .., last] => format!("; done before: {} to {}", first.date, last.date),
    }
}
