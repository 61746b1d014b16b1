//! The result as Markdown that reads well as it is, and what must hold.

use std::fmt::Write;
use std::time::Duration;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::cold::Starts;
use super::contest::{Contest, Contestant, Each, Route};
use super::cost::{COLD_ONE_IN, of_million};
use super::memory::Growth;
use super::warm::Used;
use crate::measure::median;
use crate::ratios::{Bound, Check};
use crate::report::{Table, milliseconds};

/// A ratio with its bound, and what it should come to.
#[derive(Clone, Debug)]
pub(crate) struct Aimed {
    pub(crate) check: Check,
    aim: f64,
}

impl Aimed {
    fn new(name: &str, value: f64, bound: f64, aim: f64) -> Self {
        Self { check: Check::new(name.to_owned(), Bound::AtMost(bound), value), aim }
    }
}

pub(crate) fn cold_checks(starts: &Each<Starts>) -> Vec<Aimed> {
    let median = starts.map(|starts| middle(&starts.answered));
    vec![Aimed::new("cold start: ours ÷ Node.js", ratio(median.ours, median.node), 0.333, 0.2)]
}

pub(crate) fn warm_checks(used: &Each<Used>, growth: &Growth) -> Vec<Aimed> {
    let time = used.map(|used| middle(&used.me.times));
    let processor = used.map(|used| used.me.processor_each());
    let memory = used.map(|used| used.me.memory.peak);
    vec![
        Aimed::new("/tenant/me, median: ours ÷ Node.js", ratio(time.ours, time.node), 0.75, 0.5),
        Aimed::new(
            "/tenant/me, processor: ours ÷ Node.js",
            ratio(processor.ours, processor.node),
            0.25,
            0.125,
        ),
        Aimed::new("/tenant/me, memory: ours ÷ Node.js", quotient(memory.ours, memory.node), 0.333, 0.25),
        Aimed::new("memory, KiB more after 1,000 invocations", growth.slope, FLAT, 0.0),
    ]
}

/// KiB a thousand invocations: over 100,000 a quarter of a MiB, which the allocator's own ups and downs come to.
const FLAT: f64 = 2.5;

pub(crate) fn cold(
    contest: &Contest,
    starts: &Each<Starts>,
    packages: &Each<u64>,
    checks: &[Aimed],
) -> String {
    let mut rows = Rows::new("cold start, GET /tenant/me");
    let times = |of: fn(&Starts) -> &Vec<Duration>| starts.map(|starts| of(starts).clone());
    rows.durations("first answer, median, ms", &times(|starts| &starts.answered).map(|times| middle(times)));
    rows.durations("first answer, p95, ms", &times(|starts| &starts.answered).map(|times| p95(times)));
    rows.durations(
        "initialisation, median, ms",
        &times(|starts| &starts.initialised).map(|times| middle(times)),
    );
    rows.durations("processor, median, ms", &times(|starts| &starts.processor).map(|times| middle(times)));
    rows.numbers("package, zipped, KiB", &packages.map(|bytes| bytes.div_ceil(1_024)));
    finish(contest, &format!("{} starts of each, in turns", starts.ours.answered.len()), &rows, checks, "")
}

pub(crate) fn warm(
    contest: &Contest,
    starts: &Each<Starts>,
    used: &Each<Used>,
    growth: &Growth,
    checks: &[Aimed],
) -> String {
    let mut rows = Rows::new("warm");
    for route in Route::ALL {
        let name = |what: &str| format!("{}, {what}, ms", route.path());
        rows.durations(&name("median"), &used.map(|used| middle(&used.of(route).times)));
        rows.durations(&name("p95"), &used.map(|used| p95(&used.of(route).times)));
        rows.durations(&name("processor"), &used.map(|used| used.of(route).processor_each()));
        let memory = used.map(|used| used.of(route).memory);
        rows.numbers(&format!("{}, resident KiB", route.path()), &memory.map(|memory| memory.resident));
        rows.numbers(&format!("{}, peak KiB", route.path()), &memory.map(|memory| memory.peak));
    }
    for route in Route::ALL {
        let cost = |of: &Used, starts: &Starts| of_million(&of.of(route).times, &starts.answered);
        let costs = Each {
            ours: cost(&used.ours, &starts.ours),
            node: cost(&used.node, &starts.node),
            bare: cost(&used.bare, &starts.bare),
            floor: cost(&used.floor, &starts.floor),
        };
        let over = |under: Decimal| (costs.ours / under).to_f64().unwrap_or_default();
        let over = [costs.node, costs.bare, costs.floor].map(over);
        rows.row(&format!("a million {}, USD", route.path()), &costs.map(|cost| format!("{cost:.3}")), over);
    }
    let note = format!(
        "A million requests: 512 MB, arm64, sa-east-1, one in {COLD_ONE_IN} cold; the function alone.\n\
         Memory over {} invocations: {} KiB after a tenth of them, {} KiB in the end, slope {:.3} KiB per 1,000.\n",
        growth.invocations, growth.first, growth.last, growth.slope
    );
    finish(
        contest,
        &format!(
            "{} invocations of each route, in turns, each process after {}",
            used.ours.me.times.len(),
            contest.warm_up
        ),
        &rows,
        checks,
        &note,
    )
}

fn finish(contest: &Contest, what: &str, rows: &Rows, checks: &[Aimed], note: &str) -> String {
    let mut text = format!(
        "{what}{}, on {}\n\n{}\n",
        if contest.quick { " (quick)" } else { "" },
        contest.machine,
        rows.0
    );
    let mut table = Table::new(&["ratio", "bound", "aim", "measured", ""]);
    for Aimed { check, aim } in checks {
        let Bound::AtMost(bound) = check.bound else { continue };
        let verdict = match check.held {
            false => "NOT HELD",
            true if check.value <= *aim => "held, aim reached",
            true => "held",
        };
        table.row(vec![
            check.name.clone(),
            format!("≤ {bound:.3}"),
            format!("≤ {aim:.3}"),
            format!("{:.3}", check.value),
            verdict.to_owned(),
        ]);
    }
    let _ = write!(text, "{note}{}{table}", if note.is_empty() { "" } else { "\n" });
    text
}

/// A table with a column for each who takes part.
struct Rows(Table);

impl Rows {
    fn new(what: &str) -> Self {
        let [ours, node, bare, floor] = Contestant::ALL.map(Contestant::name);
        Self(Table::new(&[what, ours, node, bare, floor, "ours ÷ Node.js", "÷ bare", "÷ floor"]))
    }

    fn durations(&mut self, name: &str, values: &Each<Duration>) {
        let over = [values.node, values.bare, values.floor].map(|under| ratio(values.ours, under));
        self.row(name, &values.map(|value| milliseconds(*value)), over);
    }

    fn numbers(&mut self, name: &str, values: &Each<u64>) {
        let over = [values.node, values.bare, values.floor].map(|under| quotient(values.ours, under));
        self.row(name, &values.map(u64::to_string), over);
    }

    fn row(&mut self, name: &str, values: &Each<String>, over: [f64; 3]) {
        let values = Contestant::ALL.map(|contestant| values.of(contestant).clone());
        let over = over.map(|over| format!("{over:.2}"));
        self.0.row([&[name.to_owned()], &values[..], &over].concat());
    }
}

fn middle(times: &[Duration]) -> Duration {
    median(&mut times.to_vec())
}

fn p95(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get((sorted.len() * 95).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default()
}

fn ratio(over: Duration, under: Duration) -> f64 {
    over.div_duration_f64(under)
}

#[expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "a ratio to read")]
fn quotient(over: u64, under: u64) -> f64 {
    over as f64 / under as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_that_is_not_held_is_told_from_an_aim_that_is_not_reached() {
        let of = |value| Aimed::new("x", value, 0.5, 0.25).check.held;
        assert!(of(0.5) && of(0.1) && !of(0.51));
    }

    #[test]
    fn p95_is_the_nearest_rank() {
        let times: Vec<_> = (1..=20).rev().map(Duration::from_millis).collect();
        assert_eq!(p95(&times), Duration::from_millis(19));
        assert_eq!(middle(&times), Duration::from_millis(11));
    }
}
