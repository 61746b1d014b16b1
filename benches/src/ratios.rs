//! The ratios that must hold. Ours is what is measured for the fields that the design names.

use std::time::Duration;

use serde::Serialize;

use crate::job::JobResult;
use crate::measure::{Kind, ReadResult, Result};
use crate::server::Scale;

/// A ratio, or a number of buffers, and its bound.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Check {
    pub(crate) name: String,
    pub(crate) bound: Bound,
    pub(crate) value: f64,
    pub(crate) held: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Check {
    pub(crate) fn new(name: String, bound: Bound, value: f64) -> Self {
        Self { name, bound, value, held: bound.allows(value) }
    }
}

impl Bound {
    fn allows(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }
}

use Bound::{AtLeast, AtMost};

/// How many times as long the design's SQL takes, at least.
const NAIVE_TO_OURS: &[(&str, f64)] = &[
    ("tenant/me", 3.0),
    ("tenant/usage 30d", 1.3),
    ("internal/tenants/{id}", 3.0),
    ("internal/tenants", 10.0),
    ("internal/tenants, row 10,000 by offset", 200.0),
    ("internal/tenants, search a CNPJ", 20.0),
    ("internal/tenants, search broadly", 8.0),
    ("internal/usage/overview 30d", 1_500.0),
    ("internal/billing/overview 90d", 30.0),
];

/// How many times as long ours takes as `SELECT 1`, at most.
const OURS_TO_FLOOR: &[(&str, f64)] = &[
    ("tenant/me", 1.6),
    ("tenant/incidents", 1.6),
    ("tenant/agents", 2.0),
    ("tenant/usage 30d", 2.0),
    ("tenant/usage 90d", 3.5),
    ("internal/tenants/{id}", 2.5),
    ("internal/tenants", 4.0),
    ("internal/tenants, total", 10.0),
    ("internal/usage/overview 7d", 4.0),
    ("internal/usage/overview 30d", 4.0),
    ("internal/usage/overview 90d", 4.0),
];

/// How many buffers ours touches, at most.
const BUFFERS: &[(&str, i32)] = &[
    ("tenant/me", 20),
    ("tenant/agents", 25),
    ("tenant/usage 30d", 20),
    ("tenant/incidents", 15),
    ("internal/tenants/{id}", 60),
    ("internal/tenants", 750),
    ("internal/tenants, search a CNPJ", 40),
    ("internal/usage/overview 7d", 700),
    ("internal/usage/overview 30d", 700),
    ("internal/usage/overview 90d", 700),
];

/// A page far behind, by cursor, against the first.
const DEEP_TO_FIRST: (&str, &str, f64) = ("internal/tenants, row 10,000 by cursor", "internal/tenants", 1.3);
/// Everything that the contract asks for against the fields that the design names.
const FULL_TO_DESIGN: f64 = 2.0;
/// Twenty times the tenants; the total of a list is counted, and may take longer.
const LARGE_TO_SMALL: f64 = 2.5;
const NO_PART_OF_LARGE_TO_SMALL: &str = "internal/tenants, total";

const JOB_TO_COUNT: f64 = 7.0;
const RERUN_TO_COUNT: f64 = 6.0;
const HISTOGRAMS: f64 = 2.2;

/// Every ratio that this run says something about.
pub(crate) fn checks(reads: &[ReadResult], job: Option<&JobResult>) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut check = |name: String, bound: Bound, value: Option<f64>| {
        if let Some(value) = value {
            checks.push(Check::new(name, bound, value));
        }
    };
    let of = |name: &str, kind: Kind| {
        reads.iter().find(|read| read.name == name).and_then(|read| largest(read, kind))
    };

    for (name, bound) in NAIVE_TO_OURS {
        let value = ratio(of(name, Kind::Naive), of(name, Kind::Design));
        check(format!("{name}: naive ÷ ours"), AtLeast(*bound), value);
    }
    for (name, bound) in OURS_TO_FLOOR {
        let value = ratio(of(name, Kind::Design), of(name, Kind::Floor));
        check(format!("{name}: ours ÷ floor"), AtMost(*bound), value);
    }
    let (deep, first, bound) = DEEP_TO_FIRST;
    // Both by the function of `data`, without a transaction.
    check(format!("{deep} ÷ page 1"), AtMost(bound), ratio(of(deep, Kind::Design), of(first, Kind::Full)));
    for (name, bound) in BUFFERS {
        let value = of(name, Kind::Design).and_then(|ours| i32::try_from(ours.buffers).ok()).map(f64::from);
        check(format!("{name}: buffers"), AtMost(f64::from(*bound)), value);
    }
    for read in reads {
        let value = ratio(largest(read, Kind::Full), largest(read, Kind::Design));
        check(format!("{}: full ÷ design fields", read.name), AtMost(FULL_TO_DESIGN), value);
    }
    for read in reads.iter().filter(|read| read.name != NO_PART_OF_LARGE_TO_SMALL) {
        for (kind, label) in [(Kind::Design, "design fields"), (Kind::Full, "full")] {
            let value = ratio(read.of(kind, Scale::L), read.of(kind, Scale::S));
            check(format!("{}, {label}: L ÷ S", read.name), AtMost(LARGE_TO_SMALL), value);
        }
    }
    if let Some(job) = job {
        let by = |time: Duration, base: Duration| Some(time.div_duration_f64(base));
        check(
            "job, first: without histograms ÷ count(*)".into(),
            AtMost(JOB_TO_COUNT),
            by(job.first_without, job.count),
        );
        check(
            "job, rerun: without histograms ÷ count(*)".into(),
            AtMost(RERUN_TO_COUNT),
            by(job.rerun_without, job.count),
        );
        check(
            "job, first: with ÷ without histograms".into(),
            AtMost(HISTOGRAMS),
            by(job.first, job.first_without),
        );
        check(
            "job, rerun: with ÷ without histograms".into(),
            AtMost(HISTOGRAMS),
            by(job.rerun, job.rerun_without),
        );
    }
    checks
}

/// At the scale that is measured in full.
pub(crate) fn largest(read: &ReadResult, kind: Kind) -> Option<&Result> {
    read.of(kind, Scale::L).or_else(|| read.of(kind, Scale::S))
}

pub(crate) fn ratio(over: Option<&Result>, under: Option<&Result>) -> Option<f64> {
    Some(over?.median.div_duration_f64(under?.median))
}
