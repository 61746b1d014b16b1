//! What an invocation asks for.

use std::borrow::Cow;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use chrono::{Days, NaiveDate};
use data::{DateRange, is_storable};
use serde_json::{Map, Value};

/// The most days of one back-fill.
pub const MAX_DAYS: i64 = 400;

/// Which days to roll up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Today, and yesterday until the nightly run has been there.
    QuarterHourly,
    /// The last three days that are over: requests may arrive late.
    Nightly,
    /// These days.
    BackFill(DateRange),
}

/// An event that asks for nothing that could be done. Nothing was.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event is not valid: {field} {reason}")]
pub struct EventError {
    /// The field at fault, or `event` for all of it.
    pub field: String,
    /// What is wrong with it.
    pub reason: Cow<'static, str>,
}

impl Request {
    /// Reads the event of an invocation: `{"run": "nightly" | "quarter_hourly"}`, `{"date": "YYYY-MM-DD"}`,
    /// `{"from": …, "to": …}` or `{}`, which is the quarter-hourly run; by itself, or as the detail of an EventBridge event.
    pub fn parse(event: &Value, today: NaiveDate) -> Result<Self, EventError> {
        let is_envelope = event.get("detail-type").is_some();
        let Fields { run, date, from, to } = if is_envelope {
            let envelope: EventBridgeEvent =
                serde_json::from_value(event.clone()).map_err(|error| wrong("event", error.to_string()))?;
            Fields::read("detail", &envelope.detail)?
        } else {
            Fields::read("event", event)?
        };
        match (run, date, from, to) {
            (None, None, None, None) => Ok(Self::QuarterHourly),
            (Some(run), None, None, None) => match run.as_str() {
                Some("nightly") => Ok(Self::Nightly),
                Some("quarter_hourly") => Ok(Self::QuarterHourly),
                _ => Err(wrong("run", "is neither nightly nor quarter_hourly")),
            },
            (None, Some(date), None, None) => {
                let day = past_day("date", &date, today)?;
                Ok(Self::BackFill(DateRange { from: day, to: day }))
            }
            (None, None, Some(from), Some(to)) => {
                let range = DateRange { from: day("from", &from)?, to: past_day("to", &to, today)? };
                match (range.to - range.from).num_days() {
                    ..0 => Err(wrong("from", "is after to")),
                    MAX_DAYS.. => {
                        Err(wrong("from", format!("is more than {MAX_DAYS} days before the end of to")))
                    }
                    _ => Ok(Self::BackFill(range)),
                }
            }
            (None, None, Some(_), None) => Err(wrong("to", "is missing")),
            (None, None, None, Some(_)) => Err(wrong("from", "is missing")),
            (Some(_), ..) => Err(wrong("run", "stands alone")),
            (None, Some(_), ..) => Err(wrong("date", "stands alone")),
        }
    }

    /// What it is called in logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::QuarterHourly => "quarter_hourly",
            Self::Nightly => "nightly",
            Self::BackFill(_) => "back_fill",
        }
    }
}

#[derive(Default)]
struct Fields {
    run: Option<Value>,
    date: Option<Value>,
    from: Option<Value>,
    to: Option<Value>,
}

impl Fields {
    fn read(name: &str, value: &Value) -> Result<Self, EventError> {
        let given: &Map<String, Value> = value.as_object().ok_or_else(|| wrong(name, "is not an object"))?;
        let mut fields = Self::default();
        for (field, value) in given {
            let known = match field.as_str() {
                "run" => &mut fields.run,
                "date" => &mut fields.date,
                "from" => &mut fields.from,
                "to" => &mut fields.to,
                _ => return Err(wrong(field, "is unknown")),
            };
            *known = Some(value.clone());
        }
        Ok(fields)
    }
}

fn day(field: &str, value: &Value) -> Result<NaiveDate, EventError> {
    value
        .as_str()
        .and_then(|text| {
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            // chrono also takes 2026-1-5, +2026-01-05 and -2026-01-05.
            (day.to_string() == text && is_storable(&day)).then_some(day)
        })
        .ok_or_else(|| wrong(field, "is not a day of the form YYYY-MM-DD"))
}

fn past_day(field: &str, value: &Value, today: NaiveDate) -> Result<NaiveDate, EventError> {
    let day = day(field, value)?;
    if day > today { Err(wrong(field, format!("is in the future: today is {today}, UTC"))) } else { Ok(day) }
}

fn wrong(field: &str, reason: impl Into<Cow<'static, str>>) -> EventError {
    EventError { field: field.to_owned(), reason: reason.into() }
}

/// The days that the nightly run repeats: the day before, and the two before that.
pub(crate) fn nights_days(today: NaiveDate) -> DateRange {
    DateRange { from: today - Days::new(3), to: today - Days::new(1) }
}
