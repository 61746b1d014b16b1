//! When people in Brazil work: the rhythm of the traffic and of everything that happens in an office.
#![expect(clippy::float_arithmetic, reason = "weights of a rhythm; no amount of money passes here")]

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc, Weekday};

use crate::noise::Noise;

/// Brasília is this far behind UTC, all year since 2019.
const BRASILIA: TimeDelta = TimeDelta::hours(-3);

/// How busy each local hour of a working day is.
const HOURS: [f64; 24] = [
    0.5, 0.3, 0.2, 0.2, 0.2, 0.4, 0.9, 2.2, 5.6, 9.0, 10.2, 9.6, 6.4, 7.0, 9.4, 10.0, 9.2, 7.4, 4.4, 2.6,
    2.0, 1.6, 1.1, 0.8,
];

/// National holidays with a fixed date, as month and day.
const HOLIDAYS: [(u32, u32); 9] =
    [(1, 1), (4, 21), (5, 1), (9, 7), (10, 12), (11, 2), (11, 15), (11, 20), (12, 25)];

/// The first instant of a UTC day.
#[must_use]
pub fn day_start(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}

/// From one day to the other, whatever the time of day: what follows from it is the same all day long.
#[must_use]
pub fn days_between(from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
    (to.date_naive() - from.date_naive()).num_days()
}

/// How much of a usual day's traffic falls into the UTC hour that begins here. `weekends` says how busy they are.
#[must_use]
pub fn hour_weight(hour: DateTime<Utc>, weekends: f64) -> f64 {
    let local = hour.naive_utc() + BRASILIA;
    let of_day = match (is_holiday(local.date()), local.weekday()) {
        (true, _) => weekends * 0.7,
        (_, Weekday::Sat) => weekends,
        (_, Weekday::Sun) => weekends * 0.6,
        (_, Weekday::Mon) => 1.28,
        (_, Weekday::Fri) => 1.10,
        _ => 1.22,
    };
    let hours_total: f64 = HOURS.iter().sum();
    let of_hour = HOURS.get(local.hour() as usize).copied().unwrap_or(0.0);
    of_day * of_hour / hours_total
}

/// The last working day up to this many days before `today`.
#[must_use]
pub fn working_day(today: NaiveDate, days_ago: i64) -> NaiveDate {
    let day = today - TimeDelta::days(days_ago);
    let back = match day.weekday() {
        Weekday::Sat => 1,
        Weekday::Sun => 2,
        _ => 0,
    };
    day - TimeDelta::days(back)
}

/// An instant in the office hours, 9:00 to 18:00 in Brasília, of [`working_day`].
#[must_use]
pub fn office_instant(today: NaiveDate, days_ago: i64, noise: &mut Noise) -> DateTime<Utc> {
    day_start(working_day(today, days_ago))
        + TimeDelta::milliseconds(noise.whole(12 * 3_600_000..=21 * 3_600_000 - 1))
}

fn is_holiday(day: NaiveDate) -> bool {
    HOLIDAYS.contains(&(day.month(), day.day()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Seed;

    fn busy(hour: &str, weekends: f64) -> f64 {
        hour_weight(hour.parse().unwrap(), weekends)
    }

    #[test]
    fn follows_the_working_day_of_brasilia() {
        let tuesday_morning = busy("2026-09-15T13:00:00Z", 0.4);
        assert!(tuesday_morning > 2.0 * busy("2026-09-15T23:00:00Z", 0.4));
        assert!(tuesday_morning > 10.0 * busy("2026-09-15T05:00:00Z", 0.4));
        // 1:00 UTC on a Monday is still Sunday there.
        assert!(busy("2026-09-14T01:00:00Z", 0.4) < 0.5 * busy("2026-09-15T01:00:00Z", 0.4));
        assert!(busy("2026-09-07T13:00:00Z", 0.4) < 0.4 * busy("2026-09-14T13:00:00Z", 0.4));
    }

    #[test]
    fn offices_are_closed_at_weekends_and_nights() {
        let today: NaiveDate = "2026-09-20".parse().unwrap();
        let mut noise = Seed(3).noise("test", "office");
        for days_ago in 0..200 {
            let at = office_instant(today, days_ago, &mut noise);
            assert!(!matches!(at.weekday(), Weekday::Sat | Weekday::Sun), "{at}");
            assert!((12..21).contains(&at.hour()), "{at}");
            assert!(at.date_naive() <= today - TimeDelta::days(days_ago));
        }
    }
}
