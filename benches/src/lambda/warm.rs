//! Invocations of processes that run already.

use std::time::Duration;

use test_support::FunctionProcess;

use super::contest::{Contest, Contestant, Each, Route, Stage, answered};
use super::process::{Memory, memory, processor_time};
use crate::progress;

/// Invocations in a row of one, before it is the next one's turn.
const IN_A_ROW: usize = 250;
/// Turns that each has for each route: to quote, and to try things out.
const TURNS: (usize, usize) = (12, 2);
/// Invocations that don't count: caches and compilers warm up.
const WARM_UP: (usize, usize) = (2_000, 250);

/// What invocations of one route took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    pub(crate) times: Vec<Duration>,
    /// Processor time of all of them.
    pub(crate) processor: Duration,
}

impl Taken {
    pub(crate) fn processor_each(&self) -> Duration {
        self.processor / u32::try_from(self.times.len()).unwrap_or(u32::MAX).max(1)
    }
}

/// What one used.
#[derive(Clone, Debug, Default)]
pub(crate) struct Used {
    pub(crate) me: Taken,
    pub(crate) usage: Taken,
    /// In the end.
    pub(crate) memory: Memory,
}

impl Used {
    pub(crate) const fn of(&self, route: Route) -> &Taken {
        match route {
            Route::Me => &self.me,
            Route::Usage => &self.usage,
        }
    }
}

/// Invokes each, in turns.
pub(crate) async fn measure(stage: &Stage, contest: &Contest) -> anyhow::Result<Each<Used>> {
    let processes = Each {
        ours: stage.start(Contestant::Ours).await,
        node: stage.start(Contestant::Node).await,
        floor: stage.start(Contestant::Floor).await,
    };
    progress("warming up");
    for contestant in Contestant::ALL {
        for route in Route::ALL {
            invoke(stage, processes.of(contestant), route, contest.choose(WARM_UP)).await?;
        }
    }
    let mut used = Each::<Used>::default();
    let turns = contest.choose(TURNS);
    for turn in 0..turns {
        progress(&format!("invocations: turn {} of {turns}", turn + 1));
        for route in Route::ALL {
            for contestant in Contestant::ALL {
                let process = processes.of(contestant);
                let before = processor_time(process.pid())?;
                let times = invoke(stage, process, route, IN_A_ROW).await?;
                let used = used.of_mut(contestant);
                let taken = match route {
                    Route::Me => &mut used.me,
                    Route::Usage => &mut used.usage,
                };
                taken.processor += processor_time(process.pid())?.saturating_sub(before);
                taken.times.extend(times);
            }
        }
    }
    for contestant in Contestant::ALL {
        used.of_mut(contestant).memory = memory(processes.of(contestant).pid())?;
    }
    Ok(used)
}

async fn invoke(
    stage: &Stage,
    process: &FunctionProcess,
    route: Route,
    times: usize,
) -> anyhow::Result<Vec<Duration>> {
    let event = stage.event(route);
    let mut taken = Vec::with_capacity(times);
    for _ in 0..times {
        let timed = process.invoke_timed(event.clone().into()).await;
        answered(&timed)?;
        taken.push(timed.took);
    }
    Ok(taken)
}
