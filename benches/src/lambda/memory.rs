//! Whether the tenant API's memory grows with what it was asked.

use super::contest::{Contest, Contestant, Route, Stage, answered};
use super::process::memory;
use crate::progress;

/// Invocations in all: to quote, and to try things out.
const INVOCATIONS: (usize, usize) = (100_000, 5_000);
const SAMPLES: usize = 100;
/// The first part of the samples, in which buffers find their size, says nothing.
const SETTLING: usize = SAMPLES / 10;

/// Memory over many invocations of one process.
#[derive(Clone, Debug)]
pub(crate) struct Growth {
    pub(crate) invocations: usize,
    /// Resident KiB after the first sample, and after the last.
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// KiB that 1,000 invocations add, by the line that fits best.
    pub(crate) slope: f64,
}

/// Asks for one route after the other.
pub(crate) async fn measure(stage: &Stage, contest: &Contest) -> anyhow::Result<Growth> {
    let invocations = contest.choose(INVOCATIONS);
    let process = stage.start(Contestant::Ours).await;
    let events = Route::ALL.map(|route| stage.event(route));
    let mut samples = Vec::with_capacity(SAMPLES);
    for sample in 0..SAMPLES {
        if sample % 10 == 0 {
            progress(&format!("memory: {} of {invocations} invocations", sample * invocations / SAMPLES));
        }
        for number in 0..invocations / SAMPLES {
            let event = events[number % events.len()].clone();
            answered(&process.invoke_timed(event.into()).await)?;
        }
        samples.push(memory(process.pid())?.resident);
    }
    let settled = &samples[SETTLING..];
    Ok(Growth {
        invocations,
        first: settled[0],
        last: settled[settled.len() - 1],
        slope: slope(settled, invocations / SAMPLES),
    })
}

/// By least squares: how much 1,000 invocations add, where a sample comes after each so many.
#[expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "a statistic")]
fn slope(samples: &[u64], invocations_each: usize) -> f64 {
    let count = samples.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let mean = samples.iter().sum::<u64>() as f64 / count;
    let offsets = || (0..samples.len()).map(|index| index as f64 - middle);
    let together: f64 = offsets().zip(samples).map(|(offset, sample)| offset * (*sample as f64 - mean)).sum();
    let alone: f64 = offsets().map(|offset| offset * offset).sum();
    together / alone / invocations_each as f64 * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_is_that_of_the_line() {
        let close = |slope: f64, expected: f64| (slope - expected).abs() < 1e-9;
        assert!(close(slope(&[5, 5, 5, 5], 100), 0.0));
        assert!(close(slope(&[1, 3, 5, 7], 1_000), 2.0));
        assert!(close(slope(&[1, 3, 5, 7], 100), 20.0));
        // What comes and goes doesn't grow.
        assert!(close(slope(&[1, 9, 9, 1], 1_000), 0.0));
    }
}
