//! Revenue, and what moved it.
//!
//! m(t) is the price of a tenant that is active, 0 of any other. An interval compares m at its two ends, tenant by
//! tenant: from 0 to x is new, from x to 0 churned, more is expansion, less contraction (contract, section 4). All sums
//! are whole cents.

use std::collections::HashMap;

use auth_context::InternalScope;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::database::read;
use crate::number::divide_half_up;
use crate::{DataError, Database, DateRange, Money};

/// A sum of money in whole cents.
type Cents = i64;

/// What moved the revenue in an interval. No amount is negative: start + new + expansion − contraction − churned = end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bridge {
    start: Cents,
    new: Cents,
    expansion: Cents,
    contraction: Cents,
    churned: Cents,
    end: Cents,
    /// Tenants that began to pay.
    pub new_tenants: i64,
    /// Tenants that ceased to.
    pub churned_tenants: i64,
}

/// A change of one tenant's m(t). In the order in which they happened, a tenant's changes adjoin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    day: NaiveDate,
    tenant_id: Uuid,
    before: Cents,
    after: Cents,
}

impl Bridge {
    /// The revenue at the beginning.
    #[must_use]
    pub fn start_mrr(&self) -> Money {
        money(self.start)
    }

    /// Of those that pay again, or for the first time.
    #[must_use]
    pub fn new_mrr(&self) -> Money {
        money(self.new)
    }

    /// Of those that pay more.
    #[must_use]
    pub fn expansion_mrr(&self) -> Money {
        money(self.expansion)
    }

    /// Of those that pay less.
    #[must_use]
    pub fn contraction_mrr(&self) -> Money {
        money(self.contraction)
    }

    /// Of those that no longer pay.
    #[must_use]
    pub fn churned_mrr(&self) -> Money {
        money(self.churned)
    }

    /// The revenue in the end.
    #[must_use]
    pub fn end_mrr(&self) -> Money {
        money(self.end)
    }

    /// The bridge that these changes, in order, make to this revenue.
    fn to(end: Cents, changes: &[Change]) -> Self {
        // m at the two ends: before a tenant's first change and after its last.
        let mut ends: HashMap<Uuid, (Cents, Cents)> = HashMap::new();
        for change in changes {
            ends.entry(change.tenant_id).or_insert((change.before, 0)).1 = change.after;
        }
        let mut bridge = Self { end, start: end, ..Self::default() };
        for (before, after) in ends.into_values() {
            bridge.start += before - after;
            match (before, after) {
                (before, after) if before == after => {}
                (0, after) => {
                    bridge.new += after;
                    bridge.new_tenants += 1;
                }
                (before, 0) => {
                    bridge.churned += before;
                    bridge.churned_tenants += 1;
                }
                (before, after) if after > before => bridge.expansion += after - before,
                (before, after) => bridge.contraction += before - after,
            }
        }
        bridge
    }
}

/// How tenants without a segment are called.
pub const NO_SEGMENT: &str = "Sem segmento";

/// Active tenants of one plan or segment, and what they pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The plan's or segment's name; [`NO_SEGMENT`] where there is none.
    pub name: String,
    /// Active tenants.
    pub tenants: i64,
    total: Cents,
}

impl Part {
    /// What they pay together.
    #[must_use]
    pub fn total_mrr(&self) -> Money {
        money(self.total)
    }
}

/// Revenue now and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revenue {
    /// Active tenants.
    pub active_tenants: i64,
    /// The whole period.
    pub period: Bridge,
    /// Each of its days, ascending.
    pub days: Vec<(NaiveDate, Bridge)>,
    /// By plan, most revenue first.
    pub by_plan: Vec<Part>,
    /// By segment, most revenue first.
    pub by_segment: Vec<Part>,
}

impl Revenue {
    /// Twelve times the monthly revenue.
    #[must_use]
    pub fn total_arr(&self) -> Money {
        Money(self.period.end_mrr().0 * Decimal::from(12))
    }

    /// The monthly revenue of an active tenant on average, rounded half-up to a cent; 0 without one.
    #[must_use]
    pub fn average_mrr(&self) -> Money {
        let average = divide_half_up(self.period.end.into(), self.active_tenants.into());
        money(average.and_then(|cents| Cents::try_from(cents).ok()).unwrap_or(0))
    }
}

fn money(cents: Cents) -> Money {
    Money(Decimal::new(cents, 2))
}

/// The period and each of its days, from the revenue at the end of the last and the changes of all, in order.
fn trend(range: DateRange, end: Cents, changes: &[Change]) -> (Bridge, Vec<(NaiveDate, Bridge)>) {
    let period = Bridge::to(end, changes);
    // The ends of days are known from behind: each day begins where the one before ended.
    let mut days = Vec::new();
    let mut end_of_day = end;
    let mut rest = changes;
    for day in range.days().collect::<Vec<_>>().into_iter().rev() {
        let (earlier, of_day) = rest.split_at(rest.partition_point(|change| change.day < day));
        let bridge = Bridge::to(end_of_day, of_day);
        end_of_day = bridge.start;
        rest = earlier;
        days.push((day, bridge));
    }
    days.reverse();
    (period, days)
}

/// One sum of the counters.
struct Counter {
    plan: String,
    segment: String,
    /// The segment as it is sorted.
    segment_key: String,
    tenants: i64,
    total: Cents,
}

/// Adds counters up by a name, which is sorted by a key; most revenue first, then by that key.
fn parts<'a>(counters: &'a [Counter], name: impl Fn(&'a Counter) -> (&'a str, &'a str)) -> Vec<Part> {
    let mut parts: HashMap<&str, (&str, Part)> = HashMap::new();
    for counter in counters {
        let (name, key) = name(counter);
        let (_, part) =
            parts.entry(name).or_insert_with(|| (key, Part { name: name.to_owned(), tenants: 0, total: 0 }));
        part.tenants += counter.tenants;
        part.total += counter.total;
    }
    let mut parts: Vec<_> = parts.into_values().filter(|(_, part)| part.tenants > 0).collect();
    parts.sort_by(|(key, part), (other_key, other)| {
        (other.total, key, &part.name).cmp(&(part.total, other_key, &other.name))
    });
    parts.into_iter().map(|(_, part)| part).collect()
}

/// Revenue now and in the days of this range, which ends today.
pub async fn overview(
    database: &Database,
    scope: &InternalScope,
    range: DateRange,
) -> Result<Revenue, DataError> {
    // What happened after midnight by the database's clock, and not yet by ours, counts as today's.
    let row = read!(database, scope, |connection| {
        sqlx::query!(
                r#"
                SELECT
                    c.plans AS "plans!", c.segments AS "segments!", c.segment_keys AS "segment_keys!", c.tenants AS "tenants!",
                    c.totals AS "totals!", l.days AS "days!", l.tenant_ids AS "tenant_ids!",
                    l.befores AS "befores!", l.afters AS "afters!"
                FROM (
                    SELECT coalesce(array_agg(plan), '{}') AS plans, coalesce(array_agg(segment), '{}') AS segments,
                        coalesce(array_agg(alquimista_platform.fold_name(segment)), '{}') AS segment_keys,
                        coalesce(array_agg(tenants), '{}') AS tenants, coalesce(array_agg(total), '{}') AS totals
                    FROM (
                        SELECT plan::text, coalesce(segment, $3)::text AS segment, sum(tenants) AS tenants, (sum(mrr) * 100)::bigint AS total
                        FROM alquimista_platform.tenant_counts WHERE status = 'active'
                        GROUP BY 1, 2
                    ) AS by_plan_and_segment
                ) AS c, (
                    SELECT coalesce(array_agg(day), '{}') AS days, coalesce(array_agg(tenant_id), '{}') AS tenant_ids,
                        coalesce(array_agg(before), '{}') AS befores, coalesce(array_agg(after), '{}') AS afters
                    FROM (
                        SELECT least((effective_at AT TIME ZONE 'UTC')::date, $2) AS day, tenant_id,
                            (old_mrr * 100)::bigint AS before, (new_mrr * 100)::bigint AS after
                        FROM alquimista_platform.tenant_mrr_changes
                        WHERE effective_at >= alquimista_platform.day_start($1) AND old_mrr <> new_mrr
                        ORDER BY effective_at, id
                    ) AS changes
                ) AS l
                "#,
                range.from,
                range.to,
                NO_SEGMENT,
            )
            .fetch_one(connection)
    });

    let counters: Vec<_> = row
        .plans
        .into_iter()
        .zip(row.segments.into_iter().zip(row.segment_keys))
        .zip(row.tenants.into_iter().zip(row.totals))
        .map(|((plan, (segment, segment_key)), (tenants, total))| Counter {
            plan,
            segment,
            segment_key,
            tenants,
            total,
        })
        .collect();
    let changes: Vec<_> = row
        .days
        .into_iter()
        .zip(row.tenant_ids)
        .zip(row.befores.into_iter().zip(row.afters))
        .map(|((day, tenant_id), (before, after))| Change { day, tenant_id, before, after })
        .collect();
    let end = counters.iter().map(|counter| counter.total).sum();
    let (period, days) = trend(range, end, &changes);
    Ok(Revenue {
        active_tenants: counters.iter().map(|counter| counter.tenants).sum(),
        period,
        days,
        by_plan: parts(&counters, |counter| (&counter.plan, &counter.plan)),
        by_segment: parts(&counters, |counter| (&counter.segment, &counter.segment_key)),
    })
}

#[cfg(test)]
mod tests {
    use chrono::Days;
    use proptest::prelude::*;

    use super::*;

    const TENANTS: usize = 6;
    const DAYS: u64 = 7;

    fn first() -> NaiveDate {
        "2026-02-26".parse().unwrap()
    }

    fn range() -> DateRange {
        DateRange { from: first(), to: first() + Days::new(DAYS - 1) }
    }

    /// Prices of some tenants at first, and what happens to them: on which day, to whom, the price afterwards.
    fn histories() -> impl Strategy<Value = (Vec<Cents>, Vec<(u64, usize, Cents)>)> {
        // Few prices, so that many changes end where they began, at 0 above all.
        let price = prop_oneof![3 => Just(0), 2 => Just(10_000), 1 => Just(1), 2 => 0_i64..5_000_000];
        let happens = (0..DAYS, 0..TENANTS, price.clone());
        (proptest::collection::vec(price, TENANTS), proptest::collection::vec(happens, 0..40)).prop_map(
            |(prices, mut events)| {
                events.sort_by_key(|(day, ..)| *day);
                (prices, events)
            },
        )
    }

    fn id(tenant: usize) -> Uuid {
        Uuid::from_u128(tenant as u128)
    }

    /// The log that the database would keep of it, and the prices at the end of each day.
    fn play(prices: &[Cents], events: &[(u64, usize, Cents)]) -> (Vec<Change>, Vec<Vec<Cents>>) {
        let mut now = prices.to_vec();
        let mut ends = Vec::new();
        let mut log = Vec::new();
        for day in 0..DAYS {
            for (_, tenant, price) in events.iter().filter(|(on, ..)| *on == day) {
                if now[*tenant] != *price {
                    let change = Change {
                        day: first() + Days::new(day),
                        tenant_id: id(*tenant),
                        before: now[*tenant],
                        after: *price,
                    };
                    log.push(change);
                    now[*tenant] = *price;
                }
            }
            ends.push(now.clone());
        }
        (log, ends)
    }

    /// The definition, tenant by tenant, from the prices at the two ends alone.
    fn by_definition(before: &[Cents], after: &[Cents]) -> Bridge {
        let pairs: Vec<_> = before.iter().zip(after).map(|(b, a)| (*b, *a)).collect();
        let sum = |of: fn((Cents, Cents)) -> Cents| pairs.iter().map(|pair| of(*pair)).sum();
        let count = |of: fn((Cents, Cents)) -> bool| {
            i64::try_from(pairs.iter().filter(|pair| of(**pair)).count()).unwrap()
        };
        Bridge {
            start: sum(|(b, _)| b),
            end: sum(|(_, a)| a),
            new: sum(|(b, a)| if b == 0 { a } else { 0 }),
            churned: sum(|(b, a)| if a == 0 { b } else { 0 }),
            expansion: sum(|(b, a)| if b > 0 && a > b { a - b } else { 0 }),
            contraction: sum(|(b, a)| if a > 0 && a < b { b - a } else { 0 }),
            new_tenants: count(|(b, a)| b == 0 && a > 0),
            churned_tenants: count(|(b, a)| b > 0 && a == 0),
        }
    }

    fn holds(bridge: &Bridge) -> bool {
        let parts =
            [bridge.start, bridge.new, bridge.expansion, bridge.contraction, bridge.churned, bridge.end];
        parts.iter().all(|part| *part >= 0)
            && bridge.start + bridge.new + bridge.expansion - bridge.contraction - bridge.churned
                == bridge.end
    }

    proptest! {
        #[test]
        fn every_interval_is_as_defined_and_its_bridge_holds((prices, events) in histories()) {
            let (log, ends) = play(&prices, &events);
            let now = &ends[ends.len() - 1];
            let (period, days) = trend(range(), now.iter().sum(), &log);
            prop_assert_eq!(period, by_definition(&prices, now));
            prop_assert!(holds(&period));
            prop_assert_eq!(days.len() as u64, DAYS);
            let mut before = &prices;
            for ((date, bridge), after) in days.iter().zip(&ends) {
                prop_assert_eq!(*bridge, by_definition(before, after), "{}", date);
                prop_assert!(holds(bridge));
                before = after;
            }
            prop_assert!(days.windows(2).all(|pair| pair[0].1.end == pair[1].1.start));
        }
    }

    #[test]
    fn a_detour_within_the_interval_moves_nothing() {
        let change = |before, after| Change { day: first(), tenant_id: id(1), before, after };
        let bridge = Bridge::to(100, &[change(100, 0), change(0, 300), change(300, 100)]);
        assert_eq!(bridge, Bridge { start: 100, end: 100, ..Bridge::default() });
    }

    #[test]
    fn parts_are_sorted_by_revenue_then_name() {
        let counter = |plan: &str, segment: &str, tenants, total| Counter {
            plan: plan.into(),
            segment: segment.into(),
            segment_key: segment.to_lowercase(),
            tenants,
            total,
        };
        let counters = [
            counter("b", NO_SEGMENT, 1, 5),
            counter("a", "x", 2, 3),
            counter("a", "Y", 1, 5),
            counter("c", "z", 0, 0),
            counter("b", "x", 1, 3),
        ];
        let names =
            |parts: Vec<Part>| parts.into_iter().map(|part| (part.name, part.tenants)).collect::<Vec<_>>();
        assert_eq!(
            names(parts(&counters, |counter| (&counter.plan, &counter.plan))),
            [("a".into(), 3), ("b".into(), 2)]
        );
        assert_eq!(
            names(parts(&counters, |counter| (&counter.segment, &counter.segment_key))),
            [("x".into(), 3), (NO_SEGMENT.into(), 1), ("Y".into(), 1)]
        );
    }
}
