//! Chance that can be repeated: everything random comes from a [`Seed`] and the name of what it is for, so that adding
//! a list or changing its order leaves the rest of the platform as it was.
#![expect(clippy::float_arithmetic, reason = "distributions are real-valued; no amount of money passes here")]

use std::f64::consts::TAU;
use std::ops::RangeInclusive;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, RngExt, SeedableRng};
use uuid::{Builder, Uuid};

/// What a whole demo platform follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// The seed used when none is chosen.
    pub const DEFAULT: Self = Self(1618);

    /// The id of the thing of this kind that goes by this key.
    #[must_use]
    pub fn id(self, kind: &str, key: &str) -> Uuid {
        let name = format!("demo-data/{}/{kind}/{key}", self.0);
        Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes())
    }

    /// The noise for one purpose.
    #[must_use]
    pub fn noise(self, purpose: &str, key: &str) -> Noise {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(self.id(purpose, key).as_bytes());
        Noise(Xoshiro256PlusPlus::from_seed(bytes))
    }
}

/// A stream of chance. Xoshiro rather than the standard generator: its output is fixed for all versions.
#[derive(Debug)]
pub struct Noise(Xoshiro256PlusPlus);

impl Noise {
    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// From 0 up to, not including, 1.
    pub fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// A real number of this range.
    pub fn real(&mut self, range: RangeInclusive<f64>) -> f64 {
        range.start() + self.unit() * (range.end() - range.start())
    }

    /// A whole number of this range.
    pub fn whole(&mut self, range: RangeInclusive<i64>) -> i64 {
        self.0.random_range(range)
    }

    /// One of these, each as likely as the other.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.0.random_range(0..items.len())]
    }

    /// The index of one of these weights, likelier the heavier; `None` if nothing weighs.
    pub fn weighted(&mut self, weights: &[f64]) -> Option<usize> {
        let total: f64 = weights.iter().sum();
        if total <= 0.0 {
            return None;
        }
        let mut left = self.unit() * total;
        weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        })
    }

    /// Puts these in another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.0.random_range(0..=last);
            items.swap(last, other);
        }
    }

    /// Log-normal: long-tailed, half of it below the median.
    pub fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    /// How many of many unlikely things happen, when this many are expected.
    pub fn poisson(&mut self, expected: f64) -> u32 {
        if expected > 30.0 {
            // Close enough to normal, and its cost doesn't grow.
            let drawn = (expected + expected.sqrt() * self.normal()).round();
            return u32::try_from(whole(drawn)).unwrap_or(0);
        }
        let floor = (-expected).exp();
        let mut product = self.unit();
        let mut count = 0;
        while product > floor {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// A UUID version 7 of this instant.
    pub fn id_at(&mut self, unix_millis: i64) -> Uuid {
        let mut random = [0; 10];
        self.0.fill_bytes(&mut random);
        let millis = u64::try_from(unix_millis).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    fn normal(&mut self) -> f64 {
        // Box and Muller. 1 − unit() is never 0, whose logarithm is infinite.
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (TAU * self.unit()).cos()
    }
}

/// The nearest whole number.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and nothing here is that large")]
pub fn whole(real: f64) -> i64 {
    real.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_from_seed_and_purpose() {
        let draw = |seed, purpose| Seed(seed).noise(purpose, "x").unit();
        assert_eq!(draw(1, "a").to_bits(), draw(1, "a").to_bits());
        assert_ne!(draw(1, "a").to_bits(), draw(2, "a").to_bits());
        assert_ne!(draw(1, "a").to_bits(), draw(1, "b").to_bits());
        assert_ne!(Seed(1).id("tenant", "x"), Seed(2).id("tenant", "x"));
    }

    #[test]
    fn distributions_have_the_right_middle() {
        let mut noise = Seed(7).noise("test", "middle");
        let mut times: Vec<f64> = (0..9_999).map(|_| noise.lognormal(800.0, 0.6)).collect();
        times.sort_by(f64::total_cmp);
        assert!((760.0..840.0).contains(&times[5_000]), "{}", times[5_000]);
        for expected in [0.3, 8.0, 200.0] {
            let sum: u32 = (0..5_000).map(|_| noise.poisson(expected)).sum();
            let mean = f64::from(sum) / 5_000.0;
            assert!((mean / expected - 1.0).abs() < 0.06, "{mean} for {expected}");
        }
        assert_eq!(noise.weighted(&[0.0, 0.0]), None);
        assert_eq!(noise.weighted(&[0.0, 2.0, 0.0]), Some(1));
    }
}
