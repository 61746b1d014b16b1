//! The result as Markdown that reads well as it is, and as JSON.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::job::JobResult;
use crate::measure::{Kind, ReadResult, Result};
use crate::ratios::{Bound, Check, largest, ratio};
use crate::server::Scale;

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) scale: Scale,
    pub(crate) quick: bool,
    pub(crate) iterations: usize,
    pub(crate) machine: String,
    pub(crate) profile: String,
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) reads: Vec<ReadResult>,
    pub(crate) job: Option<JobResult>,
    pub(crate) checks: Vec<Check>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Scale {}, {} rounds{}",
            self.scale.name(),
            self.iterations,
            if self.quick { " (quick)" } else { "" }
        )?;
        writeln!(f, "\n- Machine: {}; client built with profile `{}`", self.machine, self.profile)?;
        let settings: Vec<_> = self.settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
        writeln!(f, "- PostgreSQL: {}", settings.join(", "))?;
        if !self.reads.is_empty() {
            writeln!(f, "\n{}", self.times())?;
            writeln!(f, "{}", self.buffers())?;
        }
        if let Some(job) = &self.job {
            writeln!(f, "{}", job_table(job))?;
        }
        writeln!(f, "{}", self.ratios())?;
        let broken = self.checks.iter().filter(|check| !check.held).count();
        if broken == 0 {
            writeln!(f, "All {} ratios held.", self.checks.len())?;
        } else {
            writeln!(f, "{broken} of {} ratios NOT HELD.", self.checks.len())?;
        }
        write!(f, "\n{}", self.what_next())
    }
}

impl Report {
    fn times(&self) -> Table {
        let mut table = Table::new(&[
            "median, ms",
            "naive",
            "ours: design fields",
            "ours: full",
            "floor",
            "naive ÷ ours",
            "ours ÷ floor",
            "full ÷ design",
            "L ÷ S",
        ]);
        for read in &self.reads {
            let of = |kind| largest(read, kind);
            let time = |kind| of(kind).map_or_else(dash, |result| milliseconds(result.median));
            let by = |over, under| ratio(over, under).map_or_else(dash, |value| format!("{value:.2}"));
            table.row(vec![
                read.name.to_owned(),
                time(Kind::Naive),
                time(Kind::Design),
                time(Kind::Full),
                time(Kind::Floor),
                by(of(Kind::Naive), of(Kind::Design)),
                by(of(Kind::Design), of(Kind::Floor)),
                by(of(Kind::Full), of(Kind::Design)),
                by(read.of(Kind::Design, Scale::L), read.of(Kind::Design, Scale::S)),
            ]);
        }
        table
    }

    fn buffers(&self) -> Table {
        let mut table = Table::new(&["shared buffers", "naive", "ours: design fields", "ours: full"]);
        for read in &self.reads {
            let count =
                |kind| largest(read, kind).map_or_else(dash, |result: &Result| result.buffers.to_string());
            table.row(vec![read.name.to_owned(), count(Kind::Naive), count(Kind::Design), count(Kind::Full)]);
        }
        table
    }

    fn ratios(&self) -> Table {
        let mut table = Table::new(&["ratio", "bound", "measured", ""]);
        for check in &self.checks {
            let bound = match check.bound {
                Bound::AtLeast(bound) => format!("≥ {bound}"),
                Bound::AtMost(bound) => format!("≤ {bound}"),
            };
            let held = if check.held { "held" } else { "NOT HELD" };
            table.row(vec![check.name.clone(), bound, format!("{:.2}", check.value), held.to_owned()]);
        }
        table
    }

    fn what_next(&self) -> &'static str {
        if self.quick || self.scale == Scale::S {
            "Next: a run to quote is `make bench`, on a machine that does nothing else."
        } else {
            "Next: this report goes to docs/PERFORMANCE.md; a ratio that doesn't hold goes to whoever changed the statement."
        }
    }
}

fn job_table(job: &JobResult) -> Table {
    let mut table = Table::new(&["job", "ms", "÷ count(*)"]);
    let rows = [
        (format!("count(*) of {} rows, in parallel", job.rows), job.count),
        ("first run, without histograms".to_owned(), job.first_without),
        ("rerun, without histograms".to_owned(), job.rerun_without),
        ("first run".to_owned(), job.first),
        ("rerun".to_owned(), job.rerun),
        ("the design's, first run".to_owned(), job.naive),
    ];
    for (name, time) in rows {
        table.row(vec![name, milliseconds(time), format!("{:.2}", time.div_duration_f64(job.count))]);
    }
    table
}

fn dash() -> String {
    "–".to_owned()
}

/// With as many decimals as are worth reading.
pub(crate) fn milliseconds(time: Duration) -> String {
    let micros = time.as_micros();
    match micros {
        0..100_000 => format!("{}.{:02}", micros / 1_000, micros % 1_000 / 10),
        _ => format!("{}", (micros + 500) / 1_000),
    }
}

/// A Markdown table whose columns are aligned: the first to the left, the others to the right.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(|&cell| cell.to_owned()).collect()] }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows[0].len();
        let width =
            |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).max(3);
        let widths: Vec<_> = (0..columns).map(width).collect();
        for (number, row) in self.rows.iter().enumerate() {
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let width = *width;
                if column == 0 { write!(f, "| {cell:<width$} ")? } else { write!(f, "| {cell:>width$} ")? }
            }
            writeln!(f, "|")?;
            if number == 0 {
                for (column, width) in widths.iter().enumerate() {
                    let width = *width;
                    if column == 0 {
                        write!(f, "| {:-<width$} ", "")?;
                    } else {
                        write!(f, "| {:->width$}: ", "", width = width - 1)?;
                    }
                }
                writeln!(f, "|")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_aligned() {
        let mut table = Table::new(&["what", "ms"]);
        table.row(vec!["the job".into(), milliseconds(Duration::from_micros(1_234))]);
        table.row(vec!["é".into(), milliseconds(Duration::from_millis(12_345))]);
        assert_eq!(
            table.to_string(),
            "| what    |    ms |\n| ------- | ----: |\n| the job |  1.23 |\n| é       | 12345 |\n"
        );
    }
}
