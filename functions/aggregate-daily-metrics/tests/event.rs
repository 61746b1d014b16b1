//! Which events are understood, and what the others are told.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use aggregate_daily_metrics::{EventError, MAX_DAYS, Request};
use chrono::{Days, NaiveDate};
use data::DateRange;
use proptest::prelude::*;
use serde_json::{Value, json};
use test_support::{fuzz, json_like, text_like};

fn today() -> NaiveDate {
    "2026-11-24".parse().unwrap()
}

fn parse(event: &Value) -> Result<Request, EventError> {
    Request::parse(event, today())
}

/// The same event as EventBridge delivers it.
fn enveloped(detail: &Value) -> Value {
    json!({
        "version": "0", "id": "c1f2b0a4", "detail-type": "Scheduled Event", "source": "aws.events",
        "account": "000000000000", "time": "2026-11-24T02:00:00Z", "region": "sa-east-1",
        "resources": ["arn:aws:events:sa-east-1:000000000000:rule/nightly"], "detail": detail,
    })
}

/// What is wrong with an event, by itself and in an envelope alike.
fn fault(event: &Value) -> String {
    let error = parse(event).unwrap_err();
    assert_eq!(parse(&enveloped(event)).unwrap_err(), error);
    error.to_string()
}

fn back_fill(from: NaiveDate, to: NaiveDate) -> Request {
    Request::BackFill(DateRange { from, to })
}

#[test]
fn the_schedules_events_and_the_empty_one() {
    for (event, request) in [
        (json!({"run": "nightly"}), Request::Nightly),
        (json!({"run": "quarter_hourly"}), Request::QuarterHourly),
        (json!({}), Request::QuarterHourly),
        (json!({"date": "2026-11-24"}), back_fill(today(), today())),
    ] {
        assert_eq!(parse(&event), Ok(request), "{event}");
        assert_eq!(parse(&enveloped(&event)), Ok(request), "{event}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    for (event, said) in [
        (json!({"run": "weekly"}), "run is neither nightly nor quarter_hourly"),
        (json!({"run": null}), "run is neither"),
        (json!({"run": "nightly", "date": "2026-11-01"}), "run stands alone"),
        (json!({"date": "2026-11-25"}), "date is in the future: today is 2026-11-24, UTC"),
        (json!({"date": 20_261_101}), "date is not a day of the form YYYY-MM-DD"),
        (json!({"date": null}), "date is not a day"),
        (json!({"date": "2026-11-01", "to": "2026-11-02"}), "date stands alone"),
        (json!({"from": "2026-11-01"}), "to is missing"),
        (json!({"to": "2026-11-01"}), "from is missing"),
        (json!({"from": "2026-11-01", "to": "2026-11-25"}), "to is in the future"),
        (json!({"from": "2026-11-02", "to": "2026-11-01"}), "from is after to"),
        (json!({"from": "2026-02-30", "to": "2026-11-01"}), "from is not a day"),
        (json!({"days": 3}), "days is unknown"),
        (json!({"Date": "2026-11-01"}), "Date is unknown"),
    ] {
        assert!(fault(&event).contains(said), "{event}: {}", fault(&event));
    }
    for event in [json!(null), json!([]), json!("nightly"), json!(3)] {
        assert_eq!(parse(&event).unwrap_err().to_string(), "the event is not valid: event is not an object");
        assert_eq!(parse(&enveloped(&event)).unwrap_err().field, "detail");
    }
    // No envelope without a source.
    assert_eq!(parse(&json!({"detail-type": "x", "detail": {}})).unwrap_err().field, "event");
    assert_eq!(parse(&json!({"detail": {"run": "nightly"}})).unwrap_err().field, "detail");
}

#[test]
fn a_back_fill_is_at_most_400_days_long() {
    let longest = today() - Days::new(MAX_DAYS.unsigned_abs() - 1);
    let event = |from: NaiveDate| json!({"from": from, "to": today()});
    assert_eq!(parse(&event(longest)), Ok(back_fill(longest, today())));
    assert!(fault(&event(longest - Days::new(1))).contains("from is more than 400 days"));
    assert_eq!(DateRange { from: longest, to: today() }.days().count(), 400);
}

fn any_day() -> impl Strategy<Value = NaiveDate> {
    (0_u64..900).prop_map(|back| today() + Days::new(100) - Days::new(back))
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[0-9]{1,5}-[0-9]{1,2}-[0-9]{1,2}".prop_map(Value::from),
        any_day().prop_map(|day| json!(day)),
        Just(json!(["2026-11-01"])),
    ]
}

proptest! {
    #[test]
    fn two_days_are_a_back_fill_or_name_their_fault(from in any_day(), to in any_day()) {
        let event = json!({"from": from, "to": to});
        let days = (to - from).num_days();
        if to <= today() && (0..MAX_DAYS).contains(&days) {
            prop_assert_eq!(parse(&event), Ok(back_fill(from, to)));
            prop_assert_eq!(parse(&enveloped(&event)), Ok(back_fill(from, to)));
        } else {
            let field = if to > today() { "to" } else { "from" };
            prop_assert_eq!(parse(&event).unwrap_err().field, field);
        }
    }

    #[test]
    fn whatever_is_understood_is_in_the_past_and_bounded(
        event in proptest::collection::btree_map(
            prop_oneof![Just("run".to_owned()), Just("date".to_owned()), Just("from".to_owned()), Just("to".to_owned()), "\\PC{0,6}"],
            any_value(),
            0..4,
        )
    ) {
        let unknown = event.keys().find(|key| !["run", "date", "from", "to"].contains(&key.as_str())).cloned();
        let event = json!(event);
        match parse(&event) {
            Ok(Request::BackFill(range)) => {
                prop_assert!(range.from <= range.to && range.to <= today());
                prop_assert!((range.to - range.from).num_days() < MAX_DAYS);
                // Nothing but days written out in full is taken for days.
                for day in ["date", "from", "to"].iter().filter_map(|field| event[field].as_str()) {
                    prop_assert_eq!(day.len(), 10);
                }
                prop_assert_eq!(unknown, None);
            }
            Ok(_) => prop_assert_eq!(unknown, None),
            Err(error) => prop_assert!(["run", "date", "from", "to"].contains(&error.field.as_str()) || Some(error.field) == unknown),
        }
    }

    #[test]
    fn a_day_is_read_back_as_it_is_written(day in any_day()) {
        prop_assume!(day <= today());
        let padded = day.to_string();
        prop_assert_eq!(parse(&json!({"date": padded})), Ok(back_fill(day, day)));
        for other in [format!("+{padded}"), format!(" {padded}"), format!("{padded} "), format!("{padded}T00:00:00Z"), padded.replace('-', "/")] {
            prop_assert_eq!(parse(&json!({"date": other})).unwrap_err().field, "date");
        }
    }
}

#[test]
fn only_a_day_of_our_era_written_out_is_a_day() {
    fuzz(
        "days of an event",
        5_000,
        text_like(["2026-11-01", "0001-01-01", "0000-01-01", "-2026-11-01"]),
        |text| {
            if let Ok(request) = parse(&json!({"date": text})) {
                let Request::BackFill(range) = request else { panic!("{request:?}") };
                prop_assert_eq!((range.from.to_string(), range.to.to_string()), (text.clone(), text.clone()));
                prop_assert!(
                    text.len() == 10 && text.as_str() >= "0001-01-01" && range.to <= today(),
                    "{}",
                    text
                );
            }
            Ok(())
        },
    );
}

#[test]
fn every_event_is_understood_or_its_fault_is_named() {
    let details = [
        json!({"run": "nightly"}),
        json!({"date": "2026-11-24"}),
        json!({"from": "2026-11-01", "to": "2026-11-03"}),
    ];
    let events = details.iter().cloned().chain(details.iter().map(enveloped));
    fuzz("events", 5_000, json_like(events.collect::<Vec<_>>()), |event| {
        match parse(&event) {
            Ok(Request::BackFill(range)) => {
                prop_assert!(range.from <= range.to && range.to <= today());
                prop_assert!((range.to - range.from).num_days() < MAX_DAYS);
            }
            Ok(_) => {}
            Err(error) => prop_assert!(!error.reason.is_empty()),
        }
        Ok(())
    });
}
