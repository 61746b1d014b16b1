//! What AWS asks for a million requests: of the function alone, without gateway, database and log.

use std::time::Duration;

use rust_decimal::Decimal;

// Prices on demand in sa-east-1 on arm64, first tier, read on 2026-11-25 at https://aws.amazon.com/lambda/pricing/.
// That initialisation is billed as well: https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/

/// USD for a GB-second.
const GB_SECOND: Decimal = Decimal::from_parts(133_334, 0, 0, false, 10);
/// USD for a million requests, whatever they take.
const MILLION_REQUESTS: Decimal = Decimal::from_parts(20, 0, 0, false, 2);
/// GB: the template's `MemorySize`. The least that would do isn't asked for here: less memory is less processor too.
const MEMORY: Decimal = Decimal::from_parts(5, 0, 0, false, 1);
/// One request in so many finds no process that runs: AWS says that it is less than 1 % of them.
pub(crate) const COLD_ONE_IN: u64 = 100;

const MILLION: u64 = 1_000_000;

/// USD for a million requests that take these times when warm and these when cold, which is rounded up to milliseconds
/// each.
pub(crate) fn of_million(warm: &[Duration], cold: &[Duration]) -> Decimal {
    let cold_ones = MILLION / COLD_ONE_IN;
    let milliseconds =
        mean_billed(warm) * Decimal::from(MILLION - cold_ones) + mean_billed(cold) * Decimal::from(cold_ones);
    MILLION_REQUESTS + milliseconds / Decimal::from(1_000) * MEMORY * GB_SECOND
}

fn mean_billed(times: &[Duration]) -> Decimal {
    let billed: u128 = times.iter().map(|time| time.as_micros().div_ceil(1_000)).sum();
    let billed = Decimal::from(u64::try_from(billed).unwrap_or(u64::MAX));
    billed.checked_div(Decimal::from(times.len())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_requests_are_counted_and_timed() {
        let milliseconds = |time: u64| Duration::from_micros(time * 1_000);
        // 990,000 requests of 2 ms and 10,000 of 102 ms are 3,000 s, at half a GB.
        let cost = of_million(&[milliseconds(2)], &[milliseconds(102)]);
        assert_eq!(cost.round_dp(6), "0.220000".parse::<Decimal>().unwrap());
        // A part of a millisecond is one.
        let part = Duration::from_micros(1_001);
        assert_eq!(of_million(&[part], &[milliseconds(102)]), cost);
    }
}
