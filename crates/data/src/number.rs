//! Numbers that are exact to the last digit.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// An amount in reais. In JSON a number with at most two decimals; never a binary fraction on the way there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type, ToSchema)]
#[sqlx(transparent)]
#[schema(value_type = f64, example = 1499.9)]
pub struct Money(pub Decimal);

/// A percentage, or a difference of two, in hundredths of a percent: a number with at most two decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = f64, example = 98.53)]
pub struct Percent(i64);

impl Money {
    /// The amount that a JSON number's digits say, from 0 to this many cents; `None` for any other, and for parts of a cent.
    #[must_use]
    pub fn from_digits(digits: &str, max_cents: i64) -> Option<Self> {
        let amount = if digits.contains(['e', 'E']) {
            Decimal::from_scientific(digits)
        } else {
            Decimal::from_str_exact(digits)
        };
        let amount = amount.ok()?.normalize();
        let allowed = amount.scale() <= 2 && amount >= Decimal::ZERO && amount <= Decimal::new(max_cents, 2);
        allowed.then(|| Self(amount.abs()))
    }
}

impl Percent {
    /// `part` of `whole` in percent, rounded half-up; 0 of nothing is 0.
    #[must_use]
    pub fn of(part: i64, whole: i64) -> Self {
        Self::change_of(part, whole).unwrap_or(Self(0))
    }

    /// How much more `now` is than `before`, in percent of it, rounded half-up; `None` from nothing.
    #[must_use]
    pub fn change(before: i64, now: i64) -> Option<Self> {
        Self::change_of(now - before, before)
    }

    /// The difference of two percentages, in points.
    #[must_use]
    pub const fn points(before: Self, now: Self) -> Self {
        Self(now.0 - before.0)
    }

    fn change_of(part: i64, whole: i64) -> Option<Self> {
        let hundredths = divide_half_up(i128::from(part) * 10_000, i128::from(whole))?;
        i64::try_from(hundredths).ok().map(Self)
    }
}

/// The quotient rounded to a whole number, halves away from zero; `None` when dividing by zero.
#[must_use]
pub(crate) fn divide_half_up(dividend: i128, divisor: i128) -> Option<i128> {
    let (dividend, divisor) = if divisor < 0 { (-dividend, -divisor) } else { (dividend, divisor) };
    let rounded = (2 * dividend.abs() + divisor).checked_div(2 * divisor)?;
    Some(if dividend < 0 { -rounded } else { rounded })
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_digits(self.0, serializer)
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_digits(Decimal::new(self.0, 2), serializer)
    }
}

fn serialize_digits<S: Serializer>(number: Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(number.normalize().to_string())
        .map_err(serde::ser::Error::custom)?
        .serialize(serializer)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use test_support::{fuzz, text_like};

    use super::*;

    fn json(number: impl Serialize) -> String {
        serde_json::to_string(&number).unwrap()
    }

    #[test]
    fn money_is_a_json_number_to_the_cent() {
        for (amount, expected) in [
            ("0.00", "0"),
            ("149.90", "149.9"),
            ("9999999999.99", "9999999999.99"),
            ("0.1", "0.1"),
            ("1200", "1200"),
        ] {
            assert_eq!(json(Money(amount.parse().unwrap())), expected);
        }
    }

    #[test]
    fn an_amount_has_whole_cents_and_bounds() {
        let read = |digits: &str| Money::from_digits(digits, 999_999_999_999).map(json);
        for (digits, expected) in [
            ("0", "0"),
            ("-0", "0"),
            ("0.10", "0.1"),
            ("1e2", "100"),
            ("1.5E1", "15"),
            ("9999999999.99", "9999999999.99"),
        ] {
            assert_eq!(read(digits).as_deref(), Some(expected), "{digits}");
        }
        let long = format!("0.{}1", "0".repeat(40));
        for digits in ["0.001", "-0.01", "10000000000", "1e10", "1e-3", "1e400", "NaN", "", long.as_str()] {
            assert_eq!(read(digits), None, "{digits}");
        }
    }

    #[test]
    fn percentages_round_half_up_to_two_decimals() {
        for (part, whole, expected) in [
            (0, 0, "0"),
            (5, 0, "0"),
            (1, 3, "33.33"),
            (2, 3, "66.67"),
            (1, 8, "12.5"),
            (1, 800, "0.13"),
            (1, 20_000, "0.01"),
            (1, 20_001, "0"),
            (7, 7, "100"),
        ] {
            assert_eq!(json(Percent::of(part, whole)), expected, "{part} of {whole}");
        }
    }

    #[test]
    fn changes_may_be_negative_and_need_a_base() {
        assert_eq!(json(Percent::change(0, 5)), "null");
        assert_eq!(json(Percent::change(8, 9)), "12.5");
        assert_eq!(json(Percent::change(8, 7)), "-12.5");
        assert_eq!(json(Percent::change(800, 799)), "-0.13");
        assert_eq!(json(Percent::points(Percent::of(1, 3), Percent::of(1, 8))), "-20.83");
    }

    proptest! {
        #[test]
        fn a_quotient_is_within_half_of_the_truth(dividend in -1_000_000_i128..1_000_000, divisor in 1_i128..5_000) {
            let rounded = divide_half_up(dividend, divisor).unwrap();
            prop_assert!((2 * (rounded * divisor - dividend)).abs() <= divisor);
            prop_assert_eq!(divide_half_up(-dividend, divisor), Some(-rounded));
        }

        #[test]
        fn parts_add_up_to_the_whole(part in 0_i64..1_000_000, rest in 0_i64..1_000_000) {
            let whole = part + rest;
            prop_assume!(whole > 0);
            let sum = Percent::of(part, whole).0 + Percent::of(rest, whole).0;
            prop_assert!((10_000..=10_001).contains(&sum));
        }
    }

    #[test]
    fn an_amount_is_what_its_digits_say_or_none() {
        fuzz("amounts", 10_000, text_like(["1499.90", "0.1", "1e2", "9999999999.99"]), |text| {
            let Ok(number) = serde_json::from_str::<serde_json::Number>(&text) else { return Ok(()) };
            let digits = number.to_string();
            if let Some(amount) = Money::from_digits(&digits, 999_999_999_999) {
                let written = json(amount);
                let decimals = written.split_once('.').map_or(0, |(_, decimals)| decimals.len());
                prop_assert!(decimals <= 2 && !written.starts_with('-'), "{} is {}", digits, written);
                let (exact, given) = (written.parse::<f64>().unwrap(), digits.parse::<f64>().unwrap());
                prop_assert!((exact - given).abs() <= given * f64::EPSILON, "{} is {}", digits, written);
            }
            Ok(())
        });
    }
}
