//! Invocations of processes that run already.

use std::time::Duration;

use test_support::FunctionProcess;

use super::contest::{Contest, Contestant, Each, Route, Stage, answered};
use super::process::{Memory, memory, processor_time};
use crate::progress;

/// Invocations in a row of one, before it is the next one's turn.
const IN_A_ROW: usize = 250;
/// Turns that each process has for each route: to quote, and to try things out.
const TURNS: (usize, usize) = (4, 2);
/// Processes of each, one after the other. Their invocations count as one's.
const PROCESSES: (usize, usize) = (3, 1);

/// What invocations of one route took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    pub(crate) times: Vec<Duration>,
    /// Processor time of all of them.
    pub(crate) processor: Duration,
    /// Afterwards, when nothing but this and the routes before had been asked for: the most of all processes.
    pub(crate) memory: Memory,
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
}

impl Used {
    pub(crate) const fn of(&self, route: Route) -> &Taken {
        match route {
            Route::Me => &self.me,
            Route::Usage => &self.usage,
        }
    }

    const fn of_mut(&mut self, route: Route) -> &mut Taken {
        match route {
            Route::Me => &mut self.me,
            Route::Usage => &mut self.usage,
        }
    }
}

/// Invokes each, in turns.
pub(crate) async fn measure(stage: &Stage, contest: &Contest) -> anyhow::Result<Each<Used>> {
    let mut used = Each::<Used>::default();
    let processes = contest.choose(PROCESSES);
    for process in 0..processes {
        progress(&format!("invocations: process {} of {processes}", process + 1));
        measure_processes(stage, contest, &mut used).await?;
    }
    Ok(used)
}

async fn measure_processes(stage: &Stage, contest: &Contest, used: &mut Each<Used>) -> anyhow::Result<()> {
    let processes = Each {
        ours: stage.start(Contestant::Ours).await,
        node: stage.start(Contestant::Node).await,
        bare: stage.start(Contestant::Bare).await,
        floor: stage.start(Contestant::Floor).await,
    };
    let turns = contest.choose(TURNS);
    for route in Route::ALL {
        progress(&format!("{}: warming up", route.path()));
        for contestant in Contestant::ALL {
            invoke(stage, processes.of(contestant), route, contest.warm_up).await?;
        }
        for turn in 0..turns {
            progress(&format!("{}: turn {} of {turns}", route.path(), turn + 1));
            for contestant in Contestant::ALL {
                let process = processes.of(contestant);
                let before = processor_time(process.pid())?;
                let times = invoke(stage, process, route, IN_A_ROW).await?;
                let taken = used.of_mut(contestant).of_mut(route);
                taken.processor += processor_time(process.pid())?.saturating_sub(before);
                taken.times.extend(times);
            }
        }
        for contestant in Contestant::ALL {
            let after = memory(processes.of(contestant).pid())?;
            let most = &mut used.of_mut(contestant).of_mut(route).memory;
            most.resident = most.resident.max(after.resident);
            most.peak = most.peak.max(after.peak);
        }
    }
    let Each { ours, node, bare, floor } = processes;
    for process in [ours, node, bare, floor] {
        process.stop().await;
    }
    Ok(())
}

async fn invoke(
    stage: &Stage,
    process: &FunctionProcess,
    route: Route,
    count: usize,
) -> anyhow::Result<Vec<Duration>> {
    let event = stage.event(route);
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let invoked = process.invoke_timed(event.clone().into()).await;
        answered(&invoked)?;
        times.push(invoked.took);
    }
    Ok(times)
}
