//! Amounts of money.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// An amount in reais, exact. In JSON a number with at most two decimals; never a binary fraction on the way there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct Money(pub Decimal);

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = self.0.normalize().to_string();
        RawValue::from_string(digits)
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_json_number_to_the_cent() {
        for (amount, json) in [
            ("0.00", "0"),
            ("149.90", "149.9"),
            ("9999999999.99", "9999999999.99"),
            ("0.1", "0.1"),
            ("1200", "1200"),
        ] {
            assert_eq!(
                serde_json::to_string(&Money(amount.parse().unwrap())).unwrap(),
                json
            );
        }
    }
}
