//! Counters, the counts of the past and revenue, against a plain replay of the same random history.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::collections::BTreeMap;

use auth_context::{Caller, Claims, Group, Groups, InternalScope, Operation};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use data::cnpj::Cnpj;
use data::revenue::{self, Bridge};
use data::{Money, Period, platform};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rust_decimal::Decimal;
use sqlx::{Connection, Executor, PgConnection};
use test_support::TestDatabase;
use uuid::Uuid;

const TENANTS: usize = 5;
const AGENTS: usize = 3;
/// So many days before today the histories begin: longer ago than any period looks.
const DAYS: u64 = 200;
const STATUSES: [&str; 3] = ["active", "inactive", "suspended"];
const PLANS: [&str; 3] = ["starter", "professional", "enterprise"];
const SEGMENTS: [Option<&str>; 3] = [None, Some("Varejo"), Some("Saúde")];

/// What happens to a tenant, which joins when it first happens to it and may come back after it was deleted.
#[derive(Clone, Debug)]
enum Event {
    /// Status, plan, segment, price in cents.
    Terms(usize, usize, usize, Option<i64>),
    Deleted,
    /// An agent with this status.
    Agent(usize, usize),
    AgentRemoved(usize),
}

#[derive(Clone, Debug)]
struct Happening {
    at: DateTime<Utc>,
    tenant: usize,
    event: Event,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Tenant {
    status: &'static str,
    plan: &'static str,
    segment: Option<&'static str>,
    price: Option<i64>,
    agents: BTreeMap<usize, &'static str>,
}

type State = BTreeMap<usize, Tenant>;

/// Random events in order of time: many on few days, some at midnight to the microsecond.
fn histories(today: NaiveDate) -> impl Strategy<Value = Vec<Happening>> {
    let price = prop_oneof![1 => Just(None), 2 => Just(Some(0)), 2 => Just(Some(10_000)), 4 => (0_i64..900_000).prop_map(Some)];
    let event = prop_oneof![
        6 => (prop_oneof![3 => Just(0_usize), 1 => 1..3_usize], 0..3_usize, 0..3_usize, price)
            .prop_map(|(status, plan, segment, price)| Event::Terms(status, plan, segment, price)),
        1 => Just(Event::Deleted),
        4 => (0..AGENTS, 0..3_usize).prop_map(|(agent, status)| Event::Agent(agent, status)),
        1 => (0..AGENTS).prop_map(Event::AgentRemoved),
    ];
    let ago = prop_oneof![2 => Just(DAYS), 2 => 88_u64..93, 2 => 28_u64..33, 3 => 0_u64..9, 2 => 0_u64..DAYS];
    let of_day = prop_oneof![1 => Just(0_i64), 1 => Just(86_399_999_999), 3 => 0..86_400_000_000_i64];
    let happening = (ago, of_day, 0..TENANTS, event).prop_map(move |(ago, of_day, tenant, event)| {
        let midnight = (today - Days::new(ago)).and_time(chrono::NaiveTime::MIN).and_utc();
        // Of today only what is over: nothing happens in the future.
        let of_day = if ago == 0 { 0 } else { of_day };
        Happening { at: midnight + TimeDelta::microseconds(of_day), tenant, event }
    });
    proptest::collection::vec(happening, 10..60).prop_map(|mut happenings| {
        happenings.sort_by_key(|happening| happening.at);
        happenings
    })
}

fn apply(state: &mut State, happening: &Happening) {
    let tenant = happening.tenant;
    match happening.event {
        Event::Terms(status, plan, segment, price) => {
            let agents = state.get(&tenant).map(|tenant| tenant.agents.clone()).unwrap_or_default();
            let (status, plan, segment) = (STATUSES[status], PLANS[plan], SEGMENTS[segment]);
            state.insert(tenant, Tenant { status, plan, segment, price, agents });
        }
        Event::Deleted => {
            state.remove(&tenant);
        }
        Event::Agent(agent, status) => {
            if let Some(tenant) = state.get_mut(&tenant) {
                tenant.agents.insert(agent, STATUSES[status]);
            }
        }
        Event::AgentRemoved(agent) => {
            if let Some(tenant) = state.get_mut(&tenant) {
                tenant.agents.remove(&agent);
            }
        }
    }
}

/// What was there just before an instant.
fn before(happenings: &[Happening], instant: DateTime<Utc>) -> State {
    let mut state = State::new();
    for happening in happenings.iter().filter(|happening| happening.at < instant) {
        apply(&mut state, happening);
    }
    state
}

const fn tenant_id(tenant: usize) -> Uuid {
    Uuid::from_u128(0xA000 + tenant as u128)
}

const fn agent_id(agent: usize) -> Uuid {
    Uuid::from_u128(0xF000 + agent as u128)
}

/// Makes it happen to what is there, with the statements that would make it happen today.
async fn play(owner: &mut PgConnection, known: &mut State, happenings: &[Happening]) {
    for happening in happenings {
        let mut tx = owner.begin().await.unwrap();
        sqlx::query("SELECT set_config('app.effective_at', $1, true)")
            .bind(happening.at.to_rfc3339())
            .execute(&mut *tx)
            .await
            .unwrap();
        let id = tenant_id(happening.tenant);
        match happening.event {
            Event::Terms(status, plan, segment, price) => {
                let sql = if known.contains_key(&happening.tenant) {
                    "UPDATE tenants SET status = $2, plan = $3, segment = $4, mrr_estimate = $5 WHERE id = $1 AND $6 <> ''"
                } else {
                    "INSERT INTO tenants (id, name, cnpj, status, plan, segment, mrr_estimate)
                     VALUES ($1, 'Empresa', $6, $2, $3, $4, $5)"
                };
                let base = format!("{:012}", 1000 + happening.tenant);
                let cnpj = Cnpj::from_base(base.as_bytes().try_into().unwrap()).unwrap();
                sqlx::query(sql)
                    .bind(id)
                    .bind(STATUSES[status])
                    .bind(PLANS[plan])
                    .bind(SEGMENTS[segment])
                    .bind(price.map(|cents| Decimal::new(cents, 2)))
                    .bind(cnpj.as_str())
                    .execute(&mut *tx)
                    .await
                    .unwrap();
            }
            Event::Deleted => {
                sqlx::query("DELETE FROM tenants WHERE id = $1").bind(id).execute(&mut *tx).await.unwrap();
            }
            Event::Agent(agent, status) => {
                sqlx::query(
                    "INSERT INTO tenant_agents (tenant_id, agent_id, status)
                     SELECT id, $2, $3 FROM tenants WHERE id = $1
                     ON CONFLICT (tenant_id, agent_id) DO UPDATE SET status = excluded.status",
                )
                .bind(id)
                .bind(agent_id(agent))
                .bind(STATUSES[status])
                .execute(&mut *tx)
                .await
                .unwrap();
            }
            Event::AgentRemoved(agent) => {
                sqlx::query("DELETE FROM tenant_agents WHERE tenant_id = $1 AND agent_id = $2")
                    .bind(id)
                    .bind(agent_id(agent))
                    .execute(&mut *tx)
                    .await
                    .unwrap();
            }
        }
        tx.commit().await.unwrap();
        apply(known, happening);
    }
}

/// m(t), in cents.
fn revenue_of(tenant: Option<&Tenant>) -> i64 {
    tenant.filter(|tenant| tenant.status == "active").and_then(|tenant| tenant.price).unwrap_or(0)
}

fn deployed(state: &State) -> BTreeMap<Uuid, i64> {
    let mut deployed = BTreeMap::new();
    for tenant in state.values().filter(|tenant| tenant.status == "active") {
        for (agent, _) in tenant.agents.iter().filter(|(_, status)| **status == "active") {
            *deployed.entry(agent_id(*agent)).or_insert(0) += 1;
        }
    }
    deployed
}

fn active(state: &State) -> i64 {
    i64::try_from(state.values().filter(|tenant| tenant.status == "active").count()).unwrap()
}

/// A bridge as the API gives it: start, new, expansion, contraction, churned, end, new tenants, churned tenants.
type Amounts = [Decimal; 8];

fn amounts(bridge: &Bridge) -> Amounts {
    [
        bridge.start_mrr().0,
        bridge.new_mrr().0,
        bridge.expansion_mrr().0,
        bridge.contraction_mrr().0,
        bridge.churned_mrr().0,
        bridge.end_mrr().0,
        bridge.new_tenants.into(),
        bridge.churned_tenants.into(),
    ]
}

/// The contract's definition, from what was there at the two ends.
fn expected(start: &State, end: &State) -> Amounts {
    let mut cents = [0_i64; 6];
    let mut tenants = [0_i64; 2];
    for tenant in 0..TENANTS {
        let (before, after) = (revenue_of(start.get(&tenant)), revenue_of(end.get(&tenant)));
        cents[0] += before;
        cents[5] += after;
        match (before, after) {
            (0, 0) => {}
            (0, _) => (cents[1], tenants[0]) = (cents[1] + after, tenants[0] + 1),
            (_, 0) => (cents[4], tenants[1]) = (cents[4] + before, tenants[1] + 1),
            _ if after > before => cents[2] += after - before,
            _ => cents[3] += before - after,
        }
    }
    let [start, new, expansion, contraction, churned, end] = cents.map(|cents| Decimal::new(cents, 2));
    assert_eq!(start + new + expansion - contraction - churned, end, "the bridge holds by definition");
    [start, new, expansion, contraction, churned, end, tenants[0].into(), tenants[1].into()]
}

fn scope() -> InternalScope {
    let claims = Claims {
        sub: "sub".into(),
        groups: Groups::of(&[Group::InternalAdmin]),
        tenant_id: None,
        auth_time: None,
    };
    Caller::authorize(claims, Operation::BillingOverview).unwrap().internal_scope().unwrap()
}

async fn agents(owner: &mut PgConnection) {
    for agent in 0..AGENTS {
        sqlx::query("INSERT INTO agents (id, name) VALUES ($1, 'Agente')")
            .bind(agent_id(agent))
            .execute(&mut *owner)
            .await
            .unwrap();
    }
}

/// Some random history, and the same whenever the test runs.
fn sample(runner: &mut TestRunner, today: NaiveDate) -> Vec<Happening> {
    histories(today).new_tree(runner).unwrap().current()
}

#[tokio::test]
async fn revenue_is_the_replays_to_the_cent_for_every_day_and_period() {
    let today = Utc::now().date_naive();
    let mut runner = TestRunner::deterministic();
    for _ in 0..12 {
        let happenings = sample(&mut runner, today);
        let database = TestDatabase::new().await;
        let mut owner = database.owner().await;
        agents(&mut owner).await;
        let mut now = State::new();
        play(&mut owner, &mut now, &happenings).await;
        let internal = database.database("app_internal");
        for (_, period) in Period::CHOICES {
            let range = period.ending(today);
            let found = revenue::overview(&internal, &scope(), range).await.unwrap();
            let midnight = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc();
            let start = before(&happenings, midnight(range.from));
            assert_eq!(amounts(&found.period), expected(&start, &now), "{period:?} of {happenings:#?}");
            assert_eq!(found.days.len() as u64, period.days());
            for (day, bridge) in &found.days {
                let (start, end) =
                    (before(&happenings, midnight(*day)), before(&happenings, midnight(*day + Days::new(1))));
                assert_eq!(amounts(bridge), expected(&start, &end), "{day} of {happenings:#?}");
            }
            assert_eq!(found.active_tenants, active(&now));
            assert_eq!(found.total_arr().0, found.period.end_mrr().0 * Decimal::from(12));
            for (parts, name) in [
                (&found.by_plan, (|tenant: &Tenant| tenant.plan) as fn(&Tenant) -> &'static str),
                (&found.by_segment, |tenant| tenant.segment.unwrap_or(revenue::NO_SEGMENT)),
            ] {
                let mut sums: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
                for tenant in now.values().filter(|tenant| tenant.status == "active") {
                    let sum = sums.entry(name(tenant)).or_default();
                    *sum = (sum.0 + 1, sum.1 + revenue_of(Some(tenant)));
                }
                let parts: BTreeMap<_, _> =
                    parts.iter().map(|part| (part.name.as_str(), (part.tenants, part.total_mrr()))).collect();
                let sums: BTreeMap<_, _> = sums
                    .into_iter()
                    .map(|(name, (tenants, cents))| (name, (tenants, Money(Decimal::new(cents, 2)))))
                    .collect();
                assert_eq!(parts, sums);
            }
        }
    }
}

#[tokio::test]
async fn counts_are_the_replays_now_and_at_the_end_of_every_day() {
    let today = Utc::now().date_naive();
    let midnight = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc();
    let mut runner = TestRunner::deterministic();
    for round in 0..8 {
        let happenings = sample(&mut runner, today);
        let database = TestDatabase::new().await;
        let mut owner = database.owner().await;
        agents(&mut owner).await;
        // Days that were counted before their past changed.
        let half = happenings.len() / 2;
        let mut state = State::new();
        play(&mut owner, &mut state, &happenings[..half]).await;
        owner.execute("INSERT INTO platform_usage_daily SELECT day::date, 0, 0, 0, 0, '{}', '{}', 0, 0 FROM generate_series(utc_today() - 190, utc_today() - 1, interval '1 day') AS day").await.unwrap();
        owner.execute("SELECT count_ended_days()").await.unwrap();
        owner.execute("SELECT fold_counters()").await.unwrap();
        play(&mut owner, &mut state, &happenings[half..]).await;

        for folded in [false, true] {
            if folded {
                owner.execute("SELECT fold_counters(), count_ended_days()").await.unwrap();
                let left: i64 = sqlx::query_scalar(
                    "SELECT (SELECT count(*) FROM tenant_counter_changes) + (SELECT count(*) FROM deployment_counter_changes)",
                )
                .fetch_one(&mut owner)
                .await
                .unwrap();
                assert_eq!(left, 0, "all changes are in the counters");
            }
            let counted: Vec<(Uuid, i64)> = sqlx::query_as(
                "SELECT agent_id, sum(deployed) FROM deployment_counts GROUP BY agent_id HAVING sum(deployed) <> 0",
            )
            .fetch_all(&mut owner)
            .await
            .unwrap();
            assert_eq!(counted.into_iter().collect::<BTreeMap<_, _>>(), deployed(&state), "round {round}");
            for (_, period) in Period::CHOICES {
                let internal = database.database("app_internal");
                let found = platform::overview(&internal, &scope(), *period, today).await.unwrap();
                assert_eq!(found.total_tenants, i64::try_from(state.len()).unwrap());
                assert_eq!(found.active_tenants, active(&state));
                assert_eq!(found.agents_deployed, deployed(&state).values().sum::<i64>());
                let (now, then) = (
                    before(&happenings, midnight(today)),
                    before(&happenings, midnight(today - Days::new(period.days()))),
                );
                let count = |state: &State| deployed(state).values().sum::<i64>();
                assert_eq!(
                    found.active_tenants_trend,
                    (active(&then) > 0).then(|| active(&now) - active(&then)),
                    "round {round}, {period:?}, folded {folded}: {happenings:#?}"
                );
                assert_eq!(
                    found.agents_deployed_trend,
                    (count(&then) > 0).then(|| count(&now) - count(&then)),
                    "round {round}, {period:?}, folded {folded}: {happenings:#?}"
                );
            }
        }
    }
}

/// Two changes at once, each of which decides about what the other touches: an agent is started while its tenant is
/// stopped. Whoever comes first, the count is right.
#[tokio::test]
async fn an_agent_started_while_its_tenant_is_stopped_is_counted_right() {
    let database = TestDatabase::new().await;
    let mut owner = database.owner().await;
    agents(&mut owner).await;
    owner.execute("INSERT INTO tenants (id, name, cnpj) VALUES ('00000000-0000-0000-0000-00000000a000', 'A', '11222333000181')").await.unwrap();
    let stop = "UPDATE tenants SET status = 'inactive'";
    let start = "UPDATE tenants SET status = 'active'";
    let add = "INSERT INTO tenant_agents (tenant_id, agent_id) VALUES ('00000000-0000-0000-0000-00000000a000', '00000000-0000-0000-0000-00000000f000')";
    let remove = "DELETE FROM tenant_agents";
    for (first, second) in
        [(stop, add), (remove, start), (add, stop), (start, remove), (stop, add), (start, remove)]
    {
        let (mut one, mut two) = (database.owner().await, database.owner().await);
        let mut tx = one.begin().await.unwrap();
        tx.execute(first).await.unwrap();
        // Waits for the first, as far as it must.
        let waiting = tokio::spawn(async move {
            two.execute(second).await.unwrap();
        });
        wait_for_a_lock(&mut owner).await;
        tx.commit().await.unwrap();
        waiting.await.unwrap();
        let (counted, there): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT coalesce(sum(deployed), 0)::bigint FROM deployment_counts),
                 (SELECT count(*) FROM tenant_agents AS a JOIN tenants AS t ON t.id = a.tenant_id
                     WHERE a.status = 'active' AND t.status = 'active')",
        )
        .fetch_one(&mut owner)
        .await
        .unwrap();
        assert_eq!(counted, there, "{first}, then {second}");
    }
}

async fn wait_for_a_lock(owner: &mut PgConnection) {
    for _ in 0..200 {
        let waiting: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pid IN (
                 SELECT pid FROM pg_stat_activity WHERE datname = current_database()))",
        )
        .fetch_one(&mut *owner)
        .await
        .unwrap();
        if waiting {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}
