//! From the start of a process to its first answer.

use std::time::Duration;

use super::contest::{Contestant, Each, Route, Stage, answered};
use super::process::processor_time;
use crate::progress;

/// The starts of one, in the order they were made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Starts {
    /// From the start to when it first asked for work.
    pub(crate) initialised: Vec<Duration>,
    /// From the start to the first answer, which was asked for from the start.
    pub(crate) answered: Vec<Duration>,
    /// Processor time up to then.
    pub(crate) processor: Vec<Duration>,
}

/// Starts each so many times, in turns.
pub(crate) async fn measure(stage: &Stage, rounds: usize) -> anyhow::Result<Each<Starts>> {
    let mut starts = Each::<Starts>::default();
    for round in 0..rounds {
        if round % 10 == 0 {
            progress(&format!("cold starts: {round} of {rounds}"));
        }
        for turn in 0..Contestant::ALL.len() {
            // Nobody always comes after the same.
            let contestant = Contestant::ALL[(round + turn) % Contestant::ALL.len()];
            let process = stage.start(contestant).await;
            let timed = process.invoke_timed(stage.event(Route::Me).into()).await;
            answered(&timed)?;
            let of = starts.of_mut(contestant);
            of.answered.push(timed.since_start);
            of.initialised.extend(process.initialised());
            of.processor.push(processor_time(process.pid())?);
            process.stop().await;
        }
    }
    Ok(starts)
}
