//! The run itself.

use std::time::{Duration, Instant};

use cache::{Cache, Space};
use chrono::{DateTime, Days, NaiveDate, Utc};
use data::jobs::{self, JobError, Limits};
use data::{Database, DateRange};
use runtime::metrics::{self, Metrics, Unit, directive, millis};
use serde_json::Value;

use crate::event::{self, Request};
use crate::outcome::{Cause, DayReport, Failure, Report};

/// Kept free before the deadline, for what comes after the last day and for a server that answers late.
const MARGIN: Duration = Duration::from_secs(10);
/// From this hour, UTC, the nightly run is expected to have been there: the template's schedule.
const NIGHTLY_HOUR: u32 = 2;

/// What a run is measured by.
const METRICS: Metrics<'_> = Metrics {
    by: &[&["FunctionName", "Run"]],
    names: &[
        ("Duration", Unit::Milliseconds),
        ("RowsRead", Unit::Count),
        ("RowsWritten", Unit::Count),
        ("Days", Unit::Count),
        ("Successes", Unit::Count),
        ("Failures", Unit::Count),
    ],
};

/// What runs work with.
pub struct Job {
    /// Connections as `app_jobs`.
    pub database: Database,
    /// Where answers are kept that were made from rollups.
    pub cache: Cache,
    /// For how many days before today raw requests are kept.
    pub raw_retention: Days,
    /// The longest wait for another run.
    pub lock_wait: Duration,
}

/// How long it is to the deadline.
type TimeLeft<'a> = &'a (dyn Fn() -> Duration + Sync);

/// What is left of a run that went well.
struct Ended {
    rest: Option<DateRange>,
    partitions_made: i32,
    partitions_dropped: i32,
}

impl Job {
    /// The longest wait for another run (contract, section 7).
    pub const LOCK_WAIT: Duration = Duration::from_mins(1);

    /// Does what the event asks for, and says so in the log, in a line that is also what the run is measured by; returns what
    /// to answer. `function` is the name of the function that runs it.
    pub async fn handle(
        &self,
        event: &Value,
        now: DateTime<Utc>,
        time_left: TimeLeft<'_>,
        function: &str,
    ) -> Result<Report, Failure> {
        let started = Instant::now();
        let mut done = Vec::new();
        let (run, result) = match Request::parse(event, now.date_naive()) {
            Ok(request) => (request.name(), Box::pin(self.run(request, now, time_left, &mut done)).await),
            Err(error) => ("invalid", Err(error.into())),
        };
        let rows_read: i64 = done.iter().map(|day| day.rows_read).sum();
        let rows_written: i64 = done.iter().map(|day| day.rows_written).sum();
        let duration_ms = millis(started.elapsed());
        let days = done.len();

        let emf = directive(Utc::now(), &[METRICS]);
        match result {
            Ok(Ended { rest, partitions_made, partitions_dropped }) => {
                let complete = rest.is_none();
                tracing::info!(
                    target: metrics::TARGET, emf, FunctionName = function, Run = run, Duration = duration_ms,
                    RowsRead = rows_read, RowsWritten = rows_written, Days = days, Successes = 1, Failures = 0,
                    complete, partitions_made, partitions_dropped, "run ended"
                );
                let next = rest.map(Into::into);
                Ok(Report {
                    days: done,
                    rows_read,
                    rows_written,
                    duration_ms,
                    complete,
                    next,
                    partitions_made,
                    partitions_dropped,
                })
            }
            Err(cause) => {
                let failure = Failure { cause, done };
                tracing::error!(
                    target: metrics::TARGET, emf, FunctionName = function, Run = run, Duration = duration_ms,
                    RowsRead = rows_read, RowsWritten = rows_written, Days = days, Successes = 0, Failures = 1,
                    error = %failure, "run failed"
                );
                Err(failure)
            }
        }
    }

    async fn run(
        &self,
        request: Request,
        now: DateTime<Utc>,
        time_left: TimeLeft<'_>,
        done: &mut Vec<DayReport>,
    ) -> Result<Ended, Cause> {
        let today = now.date_naive();
        let scheduled = !matches!(request, Request::BackFill(_));
        // They are made a month ahead: a partition that can't be made now can be made later, the days come first.
        let made = if scheduled { jobs::make_partitions(&self.database, today).await } else { Ok(0) };

        let range = match request {
            Request::BackFill(range) => range,
            Request::Nightly => event::nights_days(today),
            Request::QuarterHourly => DateRange { from: self.first_open_day(today).await?, to: today },
        };
        let rest = self.aggregate(range, time_left, done).await?;
        // Nobody reads the answer to a schedule: only a failure is noticed, and repeated.
        if let Some(rest) = rest.filter(|_| scheduled) {
            return Err(Cause::Unfinished(rest.into()));
        }

        let dropped = if request == Request::Nightly {
            jobs::drop_partitions(&self.database, today - self.raw_retention).await
        } else {
            Ok(0)
        };
        Ok(Ended {
            rest,
            partitions_made: made.map_err(Cause::Partitions)?,
            partitions_dropped: dropped.map_err(Cause::Partitions)?,
        })
    }

    /// Yesterday until the nightly run has been there, then today.
    async fn first_open_day(&self, today: NaiveDate) -> Result<NaiveDate, Cause> {
        let yesterday = today - Days::new(1);
        let night = today.and_hms_opt(NIGHTLY_HOUR, 0, 0).map(|night| night.and_utc());
        let last_run = jobs::last_run_at(&self.database, yesterday).await.map_err(Cause::LastRun)?;
        Ok(if last_run < night { yesterday } else { today })
    }

    /// Aggregates days from the oldest on, so that the newest `as_of` comes last. Returns the days that the deadline left
    /// undone. The first is tried whatever time is left: each invocation of a back-fill gets further, or fails.
    async fn aggregate(
        &self,
        range: DateRange,
        time_left: TimeLeft<'_>,
        done: &mut Vec<DayReport>,
    ) -> Result<Option<DateRange>, Cause> {
        let of = range.days().count();
        let mut longest = Duration::ZERO;
        for (day, number) in range.days().zip(1_usize..) {
            let rest = Some(DateRange { from: day, ..range });
            let left = time_left();
            // Days differ: the next may take half as long again as the longest so far.
            if number > 1 && left < MARGIN + longest * 3 / 2 {
                return Ok(rest);
            }
            let started = Instant::now();
            let limits = Limits { lock_wait: self.lock_wait, total: left.saturating_sub(MARGIN) };
            let aggregated = jobs::aggregate_day(&self.database, day, limits).await;
            // Whatever is said of it: an error may have come after the commit.
            self.cache.forget(&[Space::Rollups]).await;
            let aggregated = match aggregated {
                Ok(aggregated) => aggregated,
                Err(JobError::OutOfTime(_)) if number > 1 => return Ok(rest),
                Err(error) => return Err(Cause::Day { day, error }),
            };
            let took = started.elapsed();
            longest = longest.max(took);
            let report = DayReport {
                date: day,
                rows_read: aggregated.rows_read,
                rows_written: aggregated.rows_written,
                duration_ms: millis(took),
            };
            tracing::info!(
                %day, number, of, rows_read = report.rows_read, rows_written = report.rows_written,
                duration_ms = report.duration_ms, "day aggregated"
            );
            done.push(report);
        }
        Ok(None)
    }
}
