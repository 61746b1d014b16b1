//! Periods of UTC days.

use chrono::{Days, NaiveDate};

/// How far a report looks back: that many UTC days ending today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(default = "30d")]
pub enum Period {
    /// Seven days.
    #[schema(rename = "7d")]
    Week,
    /// Thirty days.
    #[schema(rename = "30d")]
    Month,
    /// Ninety days.
    #[schema(rename = "90d")]
    Quarter,
}

/// Consecutive UTC days, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
}

impl Period {
    /// Every period with its name in the API.
    pub const CHOICES: &[(&str, Self)] = &[("7d", Self::Week), ("30d", Self::Month), ("90d", Self::Quarter)];

    /// Its name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Quarter => "90d",
        }
    }

    /// Its number of days.
    #[must_use]
    pub const fn days(self) -> u64 {
        match self {
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
        }
    }

    /// So many days that the last is `to`.
    #[must_use]
    pub fn ending(self, to: NaiveDate) -> DateRange {
        DateRange { from: to - Days::new(self.days() - 1), to }
    }
}

impl DateRange {
    /// As many days as these, just before them.
    #[must_use]
    pub fn previous(self) -> Self {
        let days = Days::new(self.to.signed_duration_since(self.from).num_days().unsigned_abs() + 1);
        Self { from: self.from - days, to: self.to - days }
    }

    /// As many complete days: the same, a day earlier, for the last of these is today.
    #[must_use]
    pub fn complete(self) -> Self {
        Self { from: self.from - Days::new(1), to: self.to - Days::new(1) }
    }

    /// Whether it has this day.
    #[must_use]
    pub fn contains(self, day: NaiveDate) -> bool {
        self.from <= day && day <= self.to
    }

    /// How many of its days come before this one; `None` if it doesn't have it.
    #[must_use]
    pub fn position(self, day: NaiveDate) -> Option<usize> {
        let before = day.signed_duration_since(self.from).num_days();
        usize::try_from(before).ok().filter(|_| self.contains(day))
    }

    /// Its days, ascending.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.from.iter_days().take_while(move |day| *day <= self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_includes_today_and_the_one_before_adjoins_it() {
        let today: NaiveDate = "2028-03-01".parse().unwrap();
        let week = Period::Week.ending(today);
        assert_eq!(
            week.days().map(|day| day.to_string()).collect::<Vec<_>>().join(" "),
            "2028-02-24 2028-02-25 2028-02-26 2028-02-27 2028-02-28 2028-02-29 2028-03-01"
        );
        assert_eq!(week.previous().to.succ_opt(), Some(week.from));
        for (name, period) in Period::CHOICES {
            assert_eq!(period.name(), *name);
            assert_eq!(period.ending(today).days().count() as u64, period.days());
            assert_eq!(period.ending(today).previous().days().count() as u64, period.days());
        }
    }

    #[test]
    fn positions_count_the_days_of_a_range_and_no_others() {
        let month = Period::Month.ending("2028-03-01".parse().unwrap());
        let positions: Vec<_> = month.days().map(|day| month.position(day)).collect();
        assert_eq!(positions, (0..30).map(Some).collect::<Vec<_>>());
        for outside in [month.previous().to, month.to + Days::new(1), NaiveDate::MIN, NaiveDate::MAX] {
            assert_eq!(month.position(outside), None, "{outside}");
        }
    }
}
