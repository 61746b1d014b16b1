//! Metrics, as one line in `CloudWatch`'s embedded metric format: the log is their only transport.

use std::io::{self, Write};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;

/// Where `CloudWatch` keeps them. The template's alarms name it too.
pub const NAMESPACE: &str = "PainelAlquimista";

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

/// Writes the line. Dimensions are the function and the kind of run: never a tenant, or each would be billed apart.
pub fn emit(out: &mut impl Write, function: &str, at: DateTime<Utc>, measured: &Measured) -> io::Result<()> {
    let count = |name| json!({"Name": name, "Unit": "Count"});
    let line = json!({
        "_aws": {
            "Timestamp": at.timestamp_millis(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["FunctionName", "Run"]],
                "Metrics": [
                    {"Name": "Duration", "Unit": "Milliseconds"},
                    count("RowsRead"), count("RowsWritten"), count("Days"), count("Successes"), count("Failures"),
                ],
            }],
        },
        "FunctionName": function,
        "Run": measured.run,
        "Duration": millis(measured.duration),
        "RowsRead": measured.rows_read,
        "RowsWritten": measured.rows_written,
        "Days": measured.days,
        "Successes": u8::from(measured.succeeded),
        "Failures": u8::from(!measured.succeeded),
    });
    writeln!(out, "{line}")
}

/// Whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_its_value_and_every_dimension_too() {
        let measured = Measured {
            run: "nightly",
            succeeded: false,
            days: 2,
            rows_read: 30,
            rows_written: 4,
            duration: Duration::from_micros(1_500),
        };
        let mut out = Vec::new();
        emit(&mut out, "painel-aggregate", "2026-11-24T02:00:01.5Z".parse().unwrap(), &measured).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), 1);
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(line["_aws"]["Timestamp"], 1_795_485_601_500_i64);
        assert_eq!(directive["Namespace"], NAMESPACE);
        for name in directive["Metrics"].as_array().unwrap() {
            assert!(line[name["Name"].as_str().unwrap()].is_u64(), "{name}");
        }
        assert_eq!(directive["Dimensions"], json!([["FunctionName", "Run"]]));
        assert_eq!((&line["FunctionName"], &line["Run"]), (&json!("painel-aggregate"), &json!("nightly")));
        assert_eq!(
            ["Duration", "RowsRead", "RowsWritten", "Days", "Successes", "Failures"].map(|name| &line[name]),
            [&json!(1), &json!(30), &json!(4), &json!(2), &json!(0), &json!(1)]
        );
    }
}
