//! The tenant API's binary as Lambda runs it, beside the same on Node.js and beside a function that does nothing, in turns.

mod cold;
mod contest;
mod cost;
mod memory;
mod process;
mod report;
mod warm;

use std::io::{self, Write};

use anyhow::ensure;

pub(crate) use contest::Contest;

use crate::progress;
use contest::Stage;

/// How often each is started: to quote, and to try things out.
const STARTS: (usize, usize) = (60, 9);
/// As many more for the cost of a million requests, where few of them are cold starts.
const STARTS_FOR_COST: (usize, usize) = (15, 5);

/// Measures cold starts.
pub(crate) async fn cold(contest: Contest) -> anyhow::Result<()> {
    let stage = Stage::set(&contest).await?;
    let starts = cold::measure(&stage, contest.choose(STARTS)).await?;
    let checks = report::cold_checks(&starts);
    say(&report::cold(&contest, &starts, &stage.packages, &checks))?;
    held(&checks)
}

/// Measures invocations of processes that run already: time, processor, memory, and what a million of them costs.
pub(crate) async fn warm(contest: Contest) -> anyhow::Result<()> {
    let stage = Stage::set(&contest).await?;
    let starts = cold::measure(&stage, contest.choose(STARTS_FOR_COST)).await?;
    let used = warm::measure(&stage, &contest).await?;
    let growth = memory::measure(&stage, &contest).await?;
    let checks = report::warm_checks(&used, &growth);
    say(&report::warm(&contest, &starts, &used, &growth, &checks))?;
    held(&checks)
}

fn say(report: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{report}")
}

fn held(checks: &[report::Aimed]) -> anyhow::Result<()> {
    let broken = checks.iter().filter(|check| !check.check.held).count();
    ensure!(broken == 0, "{broken} of {} bounds not held", checks.len());
    progress("every bound held");
    Ok(())
}
