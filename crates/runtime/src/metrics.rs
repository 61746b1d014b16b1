//! Metrics, in `CloudWatch`'s embedded metric format: an event of the log is measured by some of its fields. The log is their
//! only transport, and an event that is measured is still one line.
//!
//! ```
//! use chrono::Utc;
//! use runtime::metrics::{Metrics, TARGET, Unit, directive};
//!
//! const METRICS: &[Metrics<'_>] = &[Metrics { by: &[&["Run"]], names: &[("Duration", Unit::Milliseconds)] }];
//!
//! tracing::info!(target: TARGET, emf = directive(Utc::now(), METRICS), Run = "nightly", Duration = 1_200, "run ended");
//! ```

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

/// Where `CloudWatch` keeps them. The template's alarms name it too.
pub const NAMESPACE: &str = "PainelAlquimista";
/// What events that are measured have as their target: they are written whatever the log's level.
pub const TARGET: &str = "metrics";
/// The field that holds the [`directive`].
pub const FIELD: &str = "emf";

/// Metrics that are told apart by the same fields.
#[derive(Clone, Copy, Debug)]
pub struct Metrics<'a> {
    /// Which fields together name a metric; each of these sets is one more, and billed as such. A tenant is in none.
    pub by: &'a [&'a [&'a str]],
    /// The fields that are measured.
    pub names: &'a [(&'a str, Unit)],
}

/// What a number is a number of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Unit {
    /// Things.
    Count,
    /// Time.
    Milliseconds,
    /// Less time.
    Microseconds,
}

/// What says which fields of an event are metrics, and of which instant. All of them have to be there.
#[must_use]
pub fn directive<'a>(at: DateTime<Utc>, metrics: &[Metrics<'a>]) -> String {
    let set = |Metrics { by, names }: &Metrics<'a>| Set {
        namespace: NAMESPACE,
        dimensions: by,
        metrics: names.iter().map(|&(name, unit)| Metric { name, unit }).collect(),
    };
    let sets = metrics.iter().map(set).collect();
    let directive = Directive { timestamp: at.timestamp_millis(), cloud_watch_metrics: sets };
    // Strings and a number can't fail.
    serde_json::to_string(&directive).unwrap_or_default()
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    timestamp: i64,
    cloud_watch_metrics: Vec<Set<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Set<'a> {
    namespace: &'static str,
    dimensions: &'a [&'a [&'a str]],
    metrics: Vec<Metric<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric<'a> {
    name: &'a str,
    unit: Unit,
}

/// Whole milliseconds.
#[must_use]
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Whole microseconds.
#[must_use]
pub fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_directive_says_what_is_measured_and_by_what() {
        let said = directive(
            "2026-11-24T02:00:01.5Z".parse().unwrap(),
            &[
                Metrics {
                    by: &[&["Route", "StatusClass"], &["FunctionName"]],
                    names: &[("Latency", Unit::Microseconds)],
                },
                Metrics { by: &[&["FunctionName"]], names: &[("Requests", Unit::Count)] },
            ],
        );
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(
            said,
            json!({"Timestamp": 1_795_485_601_500_i64, "CloudWatchMetrics": [
                {"Namespace": "PainelAlquimista", "Dimensions": [["Route", "StatusClass"], ["FunctionName"]],
                    "Metrics": [{"Name": "Latency", "Unit": "Microseconds"}]},
                {"Namespace": "PainelAlquimista", "Dimensions": [["FunctionName"]],
                    "Metrics": [{"Name": "Requests", "Unit": "Count"}]},
            ]})
        );
    }
}
