//! Use of agents: sums and histograms, and what is computed from them.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use auth_context::TenantScope;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::database::{Scoped, read};
use crate::number::divide_half_up;
use crate::period::{DateRange, Period};
use crate::{DataError, Database, Percent};

/// Requests added up. Adds up with others over days and agents, exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Requests.
    pub total: i64,
    /// Those with status `success`.
    pub successful: i64,
    /// Tokens used.
    pub tokens: i64,
    /// Milliseconds of the requests with a valid response time.
    pub time_sum: i64,
    /// The number of these.
    pub time_count: i64,
    /// Their number by bucket. Written by `add_histogram`.
    pub(crate) histogram: Histogram,
}

/// Counts by bucket, from -1 on; see `response_time_bucket` in the migrations. Of one length, so that adding two up is one
/// pass over both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Histogram(Box<[i64; BUCKETS]>);

/// The last bucket is that of the longest time that the database can store: floor(7 ln (2^31 - 1)) = 150.
const BUCKETS: usize = 152;
const FIRST_BUCKET: i16 = -1;

impl Default for Histogram {
    fn default() -> Self {
        Self(Box::new([0; BUCKETS]))
    }
}

impl Histogram {
    /// What no time falls into counts as the longest.
    fn add(&mut self, bucket: i16, count: i64) {
        let index = usize::try_from(bucket - FIRST_BUCKET).unwrap_or(0).min(BUCKETS - 1);
        self.0[index] += count;
    }

    /// The bucket of this rank, counted from 1.
    fn at_rank(&self, rank: i64) -> Option<i16> {
        let mut seen = 0;
        let index = self.0.iter().position(|count| {
            seen += count;
            seen >= rank && *count > 0
        })?;
        i16::try_from(index).ok().map(|index| index + FIRST_BUCKET)
    }
}

impl Usage {
    /// Adds the counts of a stored histogram.
    pub fn add_histogram<T: Copy + Into<i64>>(&mut self, buckets: &[i16], counts: &[T]) {
        for (bucket, count) in buckets.iter().zip(counts) {
            self.histogram.add(*bucket, (*count).into());
        }
    }

    /// Successful requests in percent of all; 0 without requests.
    #[must_use]
    pub fn success_rate(&self) -> Percent {
        Percent::of(self.successful, self.total)
    }

    /// The mean of the valid response times in milliseconds, rounded half-up; 0 without one.
    #[must_use]
    pub fn average_ms(&self) -> i64 {
        let mean = divide_half_up(self.time_sum.into(), self.time_count.into());
        mean.and_then(|mean| i64::try_from(mean).ok()).unwrap_or(0)
    }

    /// The response time in milliseconds that `percent` of the requests with a valid one don't exceed, by nearest rank,
    /// to within 9.1 %; 0 without one.
    #[must_use]
    pub fn percentile_ms(&self, percent: i64) -> i64 {
        let rank = (self.time_count * percent + 99) / 100;
        self.histogram.at_rank(rank).map_or(0, middle_of)
    }

    /// The numbers that the API gives of it.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary {
            total_requests: self.total,
            successful_requests: self.successful,
            failed_requests: self.total - self.successful,
            success_rate: self.success_rate(),
            avg_response_time_ms: self.average_ms(),
            p50_response_time_ms: self.percentile_ms(50),
            p95_response_time_ms: self.percentile_ms(95),
            total_tokens_used: self.tokens,
        }
    }
}

/// The whole millisecond nearest to the geometric middle of a bucket.
#[expect(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    reason = "the definition of the buckets"
)]
fn middle_of(bucket: i16) -> i64 {
    if bucket < 0 { 0 } else { ((f64::from(bucket) + 0.5) / 7.0).exp().round() as i64 }
}

impl AddAssign<&Self> for Usage {
    fn add_assign(&mut self, other: &Self) {
        self.total += other.total;
        self.successful += other.successful;
        self.tokens += other.tokens;
        self.time_sum += other.time_sum;
        self.time_count += other.time_count;
        for (count, more) in self.histogram.0.iter_mut().zip(other.histogram.0.iter()) {
            *count += more;
        }
    }
}

impl<'a> std::iter::Sum<&'a Self> for Usage {
    fn sum<I: Iterator<Item = &'a Self>>(usages: I) -> Self {
        usages.fold(Self::default(), |mut sum, usage| {
            sum += usage;
            sum
        })
    }
}

/// Requests, their outcomes, times and tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UsageSummary)]
pub struct Summary {
    /// Requests.
    #[schema(example = 12450)]
    pub total_requests: i64,
    /// Requests with status `success`.
    #[schema(example = 12266)]
    pub successful_requests: i64,
    /// All other requests.
    #[schema(example = 184)]
    pub failed_requests: i64,
    /// Successful requests in percent of all, 0 to 100, rounded half-up to 2 decimals; 0 without requests.
    pub success_rate: Percent,
    /// Mean of the valid response times in milliseconds, rounded half-up; 0 without one.
    #[schema(example = 842)]
    pub avg_response_time_ms: i64,
    /// Median response time in milliseconds, to within 10 %; 0 without one.
    #[schema(example = 611)]
    pub p50_response_time_ms: i64,
    /// 95th percentile of the response times in milliseconds, to within 10 %; 0 without one.
    #[schema(example = 2483)]
    pub p95_response_time_ms: i64,
    /// Tokens used.
    #[schema(example = 8_120_331)]
    pub total_tokens_used: i64,
}

/// The last N complete days against the N before them; null where the base is 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UsageTrend)]
pub struct Trend {
    /// Change in percent.
    #[schema(required)]
    pub total_requests: Option<Percent>,
    /// Change in percent.
    #[schema(required)]
    pub successful_requests: Option<Percent>,
    /// Change in percent.
    #[schema(required)]
    pub failed_requests: Option<Percent>,
    /// Difference in percentage points.
    #[schema(required)]
    pub success_rate: Option<Percent>,
    /// Change in percent.
    #[schema(required)]
    pub avg_response_time_ms: Option<Percent>,
    /// Change in percent.
    #[schema(required)]
    pub total_tokens_used: Option<Percent>,
}

impl Trend {
    /// How `now` compares with `before`.
    #[must_use]
    pub fn between(before: &Usage, now: &Usage) -> Self {
        Self {
            total_requests: Percent::change(before.total, now.total),
            successful_requests: Percent::change(before.successful, now.successful),
            failed_requests: Percent::change(before.total - before.successful, now.total - now.successful),
            success_rate: (before.total > 0)
                .then(|| Percent::points(before.success_rate(), now.success_rate())),
            avg_response_time_ms: Percent::change(before.average_ms(), now.average_ms()),
            total_tokens_used: Percent::change(before.tokens, now.tokens),
        }
    }
}

/// Use on one UTC day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UsageDay)]
pub struct Day {
    /// The UTC day.
    pub date: NaiveDate,
    /// What was used on it.
    #[serde(flatten)]
    pub usage: Summary,
}

/// Use of one agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UsageByAgent)]
pub struct ByAgent {
    /// The agent; null for traffic that no agent is named for.
    #[schema(required)]
    pub agent_id: Option<Uuid>,
    /// Its name, `Sem agente` for traffic of none; null if the agent is gone from the catalogue.
    #[schema(required, example = "Atendente Virtual")]
    pub agent_name: Option<String>,
    /// What was used of it.
    #[serde(flatten)]
    pub usage: Summary,
}

/// A period and what was used in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UsagePreviousPeriod)]
pub struct PreviousPeriod {
    /// Its first UTC day.
    pub from: NaiveDate,
    /// Its last UTC day.
    pub to: NaiveDate,
    /// What was used in it.
    #[serde(flatten)]
    pub usage: Summary,
}

/// A tenant's use in a period, and in as many days before.
#[derive(Debug)]
pub struct Report {
    /// The days that it describes.
    pub range: DateRange,
    /// Every request that had arrived by then is counted.
    pub as_of: Option<DateTime<Utc>>,
    /// All of it.
    pub summary: Summary,
    /// The same number of days just before.
    pub previous_period: PreviousPeriod,
    /// Complete days against complete days.
    pub trend: Trend,
    /// Each day, ascending, zeros included.
    pub days: Vec<Day>,
    /// Each agent with requests, most first. Adds up to the summary.
    pub by_agent: Vec<ByAgent>,
}

/// One row of `tenant_usage_daily` that belongs to a report.
struct Cell {
    date: NaiveDate,
    agent_id: Option<Uuid>,
    usage: Usage,
}

/// An agent's name, and how it is sorted.
#[derive(Debug, Deserialize)]
struct AgentName {
    id: Uuid,
    name: String,
    key: String,
}

/// The tenant's use in the period that ends today, of all its agents or of one. `None` if there is no such tenant, or it
/// never had that agent nor any use of it.
pub async fn report(
    database: &Database,
    scope: &TenantScope,
    period: Period,
    today: NaiveDate,
    agent_id: Option<Uuid>,
) -> Result<Option<Report>, DataError> {
    let range = period.ending(today);
    // The trend leaves today out, and so reaches a day further back than the period before.
    let first = range.previous().from.pred_opt().unwrap_or(range.from);
    // From the tenant, so that one without usage is told from one that does not exist. What would be the same on every row
    // has a row of its own, without a date.
    let rows = read!(database, scope, |connection| {
        sqlx::query!(
            r#"
            SELECT
                (SELECT d.as_of FROM alquimista_platform.aggregated_days AS d ORDER BY d.date DESC LIMIT 1) AS "as_of?",
                $4::uuid IS NULL
                    OR EXISTS (SELECT FROM alquimista_platform.tenant_agents AS a WHERE a.tenant_id = $1 AND a.agent_id = $4)
                    OR EXISTS (SELECT FROM alquimista_platform.tenant_usage_daily AS d WHERE d.tenant_id = $1 AND d.agent_id = $4)
                    AS "agent_known?",
                (SELECT json_agg(json_build_object('id', a.id, 'name', a.name, 'key', a.name_key))
                    FROM alquimista_platform.agents AS a) AS "agents?: Json<Vec<AgentName>>",
                NULL::date AS date, NULL::uuid AS agent_id, NULL::integer AS total, NULL::integer AS successful,
                NULL::bigint AS tokens, NULL::bigint AS time_sum, NULL::integer AS time_count,
                NULL::smallint[] AS buckets, NULL::integer[] AS counts
            FROM alquimista_platform.tenants AS t
            WHERE t.id = $1
            UNION ALL
            SELECT NULL, NULL, NULL, u.date, u.agent_id, u.total_requests, u.successful_requests, u.total_tokens_used,
                u.response_time_sum, u.response_time_count, u.response_time_buckets, u.response_time_counts
            FROM alquimista_platform.tenant_usage_daily AS u
            WHERE u.tenant_id = $1 AND u.date BETWEEN $2 AND $3 AND ($4::uuid IS NULL OR u.agent_id = $4)
            "#,
            Scoped(scope) as _,
            first,
            range.to,
            agent_id,
        )
        .fetch_all(connection)
    });

    let (mut heads, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.date.is_none());
    let Some(head) = heads.pop().filter(|head| head.agent_known == Some(true)) else { return Ok(None) };
    let names = head.agents.map(|names| names.0).unwrap_or_default();
    let cells = rows.into_iter().filter_map(|row| {
        let mut usage = Usage {
            total: row.total?.into(),
            successful: row.successful?.into(),
            tokens: row.tokens?,
            time_sum: row.time_sum?,
            time_count: row.time_count?.into(),
            ..Usage::default()
        };
        usage.add_histogram(&row.buckets?, &row.counts?);
        Some(Cell { date: row.date?, agent_id: row.agent_id, usage })
    });
    Ok(Some(Report::new(range, head.as_of, &names, &cells.collect::<Vec<_>>())))
}

/// How traffic of no agent is called, and how that name is sorted.
const NO_AGENT: (&str, &str) = ("Sem agente", "sem agente");

impl Report {
    fn new(range: DateRange, as_of: Option<DateTime<Utc>>, names: &[AgentName], cells: &[Cell]) -> Self {
        let name_of = |id: Uuid| names.iter().find(|agent| agent.id == id);
        let within = |range: DateRange| cells.iter().filter(move |cell| range.contains(cell.date));
        let sum = |range: DateRange| within(range).map(|cell| &cell.usage).sum::<Usage>();

        let mut by_day: BTreeMap<NaiveDate, Usage> =
            range.days().map(|day| (day, Usage::default())).collect();
        let mut by_agent: BTreeMap<Option<Uuid>, Usage> = BTreeMap::new();
        for cell in within(range) {
            *by_day.entry(cell.date).or_default() += &cell.usage;
            *by_agent.entry(cell.agent_id).or_default() += &cell.usage;
        }
        let mut agents: Vec<_> = by_agent.into_iter().filter(|(_, usage)| usage.total > 0).collect();
        agents.sort_by_cached_key(|(id, usage)| {
            let key = match id {
                None => Some(NO_AGENT.1.to_owned()),
                Some(id) => name_of(*id).map(|agent| agent.key.clone()),
            };
            // NULLs last, of names and of ids.
            (-usage.total, key.is_none(), key, id.is_none(), *id)
        });

        let previous = range.previous();
        let complete = range.complete();
        Self {
            range,
            as_of,
            summary: sum(range).summary(),
            previous_period: PreviousPeriod {
                from: previous.from,
                to: previous.to,
                usage: sum(previous).summary(),
            },
            trend: Trend::between(&sum(complete.previous()), &sum(complete)),
            days: by_day.into_iter().map(|(date, usage)| Day { date, usage: usage.summary() }).collect(),
            by_agent: agents
                .into_iter()
                .map(|(agent_id, usage)| ByAgent {
                    agent_id,
                    agent_name: match agent_id {
                        None => Some(NO_AGENT.0.to_owned()),
                        Some(id) => name_of(id).map(|agent| agent.name.clone()),
                    },
                    usage: usage.summary(),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of_times(times: &[i64]) -> Usage {
        let mut usage = Usage { total: i64::try_from(times.len()).unwrap(), ..Usage::default() };
        for time in times {
            usage.time_sum += time;
            usage.time_count += 1;
            usage.histogram.add(bucket_of(*time), 1);
        }
        usage
    }

    #[expect(
        clippy::float_arithmetic,
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "as the database does"
    )]
    fn bucket_of(time: i64) -> i16 {
        if time == 0 { -1 } else { (7.0 * (time as f64).ln()).floor() as i16 }
    }

    /// The value of rank ⌈p n / 100⌉ among the sorted times.
    fn nearest_rank(times: &[i64], percent: usize) -> i64 {
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        sorted[(sorted.len() * percent).div_ceil(100) - 1]
    }

    #[test]
    fn every_time_is_within_a_tenth_of_its_buckets_middle() {
        for time in 1..=600_000_i64 {
            let error = (middle_of(bucket_of(time)) - time).abs();
            assert!(error * 10 <= time, "{time} ms is shown as {} ms", middle_of(bucket_of(time)));
        }
        assert_eq!(middle_of(bucket_of(0)), 0);
    }

    #[test]
    fn without_requests_everything_is_zero() {
        let nothing = serde_json::to_value(Usage::default().summary()).unwrap();
        assert!(nothing.as_object().unwrap().values().all(|value| value == 0), "{nothing}");
        assert!(
            serde_json::to_value(Trend::between(&Usage::default(), &of_times(&[1])))
                .unwrap()
                .as_object()
                .unwrap()
                .values()
                .all(serde_json::Value::is_null)
        );
    }

    #[test]
    fn requests_without_a_valid_time_count_as_requests_only() {
        let usage = Usage { total: 10, successful: 9, time_sum: 3, time_count: 2, ..Usage::default() };
        assert_eq!((usage.average_ms(), usage.summary().failed_requests), (2, 1));
    }

    proptest! {
        #[test]
        fn percentiles_are_within_a_tenth_of_the_exact_ones(
            times in prop_oneof![
                proptest::collection::vec(0_i64..=600_000, 1..300),
                // Few values, far apart, right at the edges of ranks.
                proptest::collection::vec(prop_oneof![Just(0_i64), Just(1), Just(9), Just(10), Just(11), Just(600_000)], 1..60),
                // A long tail.
                proptest::collection::vec((0_u32..20).prop_map(|power| 1_i64 << power), 1..200),
            ],
            percent in prop_oneof![Just(50_usize), Just(95)],
        ) {
            let exact = nearest_rank(&times, percent);
            let shown = of_times(&times).percentile_ms(i64::try_from(percent).unwrap());
            prop_assert!((shown - exact).abs() * 10 <= exact, "{} instead of {}", shown, exact);
        }

        #[test]
        fn usage_adds_up_however_it_is_split(times in proptest::collection::vec(0_i64..100_000, 0..100), at in 0_usize..100) {
            let (left, right) = times.split_at(at.min(times.len()));
            prop_assert_eq!([of_times(left), of_times(right)].iter().sum::<Usage>(), of_times(&times));
        }
    }
}
