//! What a run measures.

use std::io::{self, Write};
use std::time::Duration;

use chrono::{DateTime, Utc};
use runtime::metrics;

/// What a run came to, good or bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// The kind of run: `quarter_hourly`, `nightly`, `back_fill`, or `invalid` for an event that asked for none.
    pub run: &'static str,
    /// Whether it did what it was asked.
    pub succeeded: bool,
    /// Days that were aggregated.
    pub days: usize,
    /// Raw requests of these days.
    pub rows_read: i64,
    /// Rows of rollups that had to be written.
    pub rows_written: i64,
    /// How long it took.
    pub duration: Duration,
}

/// Writes the line. Its metrics are told apart by the function and the kind of run.
pub fn emit(out: &mut impl Write, function: &str, at: DateTime<Utc>, measured: &Measured) -> io::Result<()> {
    let rows = |rows: i64| u64::try_from(rows).unwrap_or_default();
    metrics::emit(
        out,
        at,
        &metrics::Measured {
            dimensions: &[("FunctionName", function), ("Run", measured.run)],
            sets: &[&["FunctionName", "Run"]],
            counts: &[
                ("RowsRead", rows(measured.rows_read)),
                ("RowsWritten", rows(measured.rows_written)),
                ("Days", u64::try_from(measured.days).unwrap_or(u64::MAX)),
                ("Successes", measured.succeeded.into()),
                ("Failures", (!measured.succeeded).into()),
            ],
            times: &[("Duration", measured.duration)],
        },
    )
}
