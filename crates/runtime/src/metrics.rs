//! Metrics, as lines in `CloudWatch`'s embedded metric format: the log is their only transport.

use std::io::{self, Write};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

/// Where `CloudWatch` keeps them. The template's alarms name it too.
pub const NAMESPACE: &str = "PainelAlquimista";

/// What happened, measured once. A tenant is never a dimension: each would be billed apart.
#[derive(Clone, Debug)]
pub struct Measured<'a> {
    /// What the numbers can be told apart by, with the value here.
    pub dimensions: &'a [(&'a str, &'a str)],
    /// Which dimensions together name a metric; each of these sets is one more.
    pub sets: &'a [&'a [&'a str]],
    /// Numbers of things.
    pub counts: &'a [(&'a str, u64)],
    /// How long things took.
    pub times: &'a [(&'a str, Duration)],
}

/// Writes the line.
pub fn emit(out: &mut impl Write, at: DateTime<Utc>, measured: &Measured<'_>) -> io::Result<()> {
    let named = |unit: &'static str| move |name: &str| json!({"Name": name, "Unit": unit});
    let metrics: Vec<Value> = (measured.times.iter().map(|(name, _)| *name).map(named("Milliseconds")))
        .chain(measured.counts.iter().map(|(name, _)| *name).map(named("Count")))
        .collect();
    let mut line = Map::new();
    line.insert(
        "_aws".into(),
        json!({
            "Timestamp": at.timestamp_millis(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": measured.sets,
                "Metrics": metrics,
            }],
        }),
    );
    line.extend(measured.dimensions.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
    line.extend(measured.times.iter().map(|(name, time)| ((*name).to_owned(), json!(millis(*time)))));
    line.extend(measured.counts.iter().map(|(name, count)| ((*name).to_owned(), json!(count))));
    writeln!(out, "{}", Value::Object(line))
}

/// Whole milliseconds.
#[must_use]
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_its_value_and_every_dimension_too() {
        let measured = Measured {
            dimensions: &[("FunctionName", "painel-aggregate"), ("Run", "nightly")],
            sets: &[&["FunctionName", "Run"], &["FunctionName"]],
            counts: &[("RowsRead", 30), ("Failures", 1)],
            times: &[("Duration", Duration::from_micros(1_500))],
        };
        let mut out = Vec::new();
        emit(&mut out, "2026-11-24T02:00:01.5Z".parse().unwrap(), &measured).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), 1);
        let line: Value = serde_json::from_str(&text).unwrap();
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(line["_aws"]["Timestamp"], 1_795_485_601_500_i64);
        assert_eq!(directive["Namespace"], NAMESPACE);
        assert_eq!(directive["Dimensions"], json!([["FunctionName", "Run"], ["FunctionName"]]));
        assert_eq!(
            directive["Metrics"],
            json!([
                {"Name": "Duration", "Unit": "Milliseconds"},
                {"Name": "RowsRead", "Unit": "Count"},
                {"Name": "Failures", "Unit": "Count"},
            ])
        );
        assert_eq!(
            ["Duration", "RowsRead", "Failures"].map(|name| line[name].as_u64()),
            [Some(1), Some(30), Some(1)]
        );
        assert_eq!((&line["FunctionName"], &line["Run"]), (&json!("painel-aggregate"), &json!("nightly")));
    }
}
