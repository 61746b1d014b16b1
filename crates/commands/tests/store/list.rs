//! Lists: every filter, in order, exactly, at a cost that doesn't grow with the table.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client;
use chrono::{DateTime, TimeDelta, Utc};
use commands::{Command, CommandType, ListFilter, Outcome, Position, Status, Store};
use data::Window;
use futures_util::{StreamExt, stream};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use test_support::{Emulator, Fate, Interceptor};
use uuid::Uuid;

use crate::fixture::{Fixture, LEASES, claimed, command, new, receipt, store_at};

const COMMANDS: usize = 2_000;
const PAGE: i64 = 50;

/// What the test knows of a command.
#[derive(Clone, Debug)]
struct Known {
    position: Position,
    kind: CommandType,
    status: Status,
    tenant_id: Option<Uuid>,
}

impl Known {
    fn is_meant_by(&self, filter: &ListFilter) -> bool {
        filter.status.is_none_or(|status| status == self.status)
            && filter.kind.is_none_or(|kind| kind == self.kind)
            && filter.tenant_id.is_none_or(|tenant_id| Some(tenant_id) == self.tenant_id)
    }
}

/// Accepts a command and brings it as far as wanted.
async fn make(store: &Store, command: &Command, status: Status, now: DateTime<Utc>) -> Known {
    let receipt = receipt(store.create(&new(command, now), None).await.unwrap());
    if status != Status::Pending {
        let stored = store.get(receipt.command_id).await.unwrap().unwrap();
        let claim = claimed(store.start(LEASES, &stored, now).await.unwrap());
        match status {
            Status::Success => {
                claim.finish(&Outcome::Success(receipt.command_id.to_string()), now).await.unwrap();
            }
            Status::Error => claim.finish(&Outcome::Error("no".into()), now).await.unwrap(),
            Status::Pending | Status::Running => {}
        }
    }
    Known {
        position: Position(receipt.created_at.as_str().to_owned(), receipt.command_id),
        kind: command.kind(),
        status,
        tenant_id: command.tenant_id(),
    }
}

fn filters(tenants: &[Uuid]) -> Vec<ListFilter> {
    let statuses =
        [None, Some(Status::Pending), Some(Status::Running), Some(Status::Success), Some(Status::Error)];
    let kinds = std::iter::once(None).chain(CommandType::ALL.map(Some));
    let tenants: Vec<_> = std::iter::once(None).chain(tenants.iter().copied().map(Some)).collect();
    kinds
        .flat_map(|kind| {
            let tenants = tenants.clone();
            statuses.into_iter().flat_map(move |status| {
                tenants.clone().into_iter().map(move |tenant_id| ListFilter { status, kind, tenant_id })
            })
        })
        .collect()
}

/// All pages, one after the other.
async fn walk(store: &Store, filter: &ListFilter, page: i64) -> (Vec<Position>, i64) {
    let mut window = Window::first(page);
    let mut walked = Vec::new();
    loop {
        let found = store.list(filter, &window).await.unwrap();
        walked.extend(found.rows.iter().map(commands::ListedCommand::position));
        if found.rows.len() < usize::try_from(page).unwrap() {
            return (walked, found.total);
        }
        window.after = walked.last().cloned();
    }
}

#[tokio::test]
async fn two_thousand_commands_are_found_by_every_filter_in_order_and_at_the_cost_of_a_page() {
    let f = Fixture::new().await;
    let emulator = Emulator::new();
    let proxy = Interceptor::start(emulator.endpoint(), |_| Fate::Pass).await;
    let counted = store_at(&Client::new(&emulator.config_at(&proxy.url)), &f.tables);
    let seed = rand::random();
    println!("seed {seed}, {COMMANDS} commands");
    let mut chance = StdRng::seed_from_u64(seed);
    let tenants: Vec<_> = (0..3).map(|_| Uuid::from_u128(chance.random())).collect();
    let begin = Utc::now() - TimeDelta::hours(1);

    // Some hundred instants: many commands share theirs.
    let plan: Vec<_> = (0..COMMANDS)
        .map(|_| {
            let kind = *CommandType::ALL.choose(&mut chance).unwrap();
            let needs_tenant = matches!(kind, CommandType::ResetToken | CommandType::RestartAgent);
            let tenant_id =
                (needs_tenant || chance.random_bool(0.5)).then(|| *tenants.choose(&mut chance).unwrap());
            let status = *Status::ALL.choose(&mut chance).unwrap();
            (command(kind, tenant_id), status, begin + TimeDelta::seconds(chance.random_range(0..300)))
        })
        .collect();
    let making = stream::iter(&plan).map(|(command, status, now)| make(&f.store, command, *status, *now));
    let mut known: Vec<Known> = making.buffer_unordered(8).collect().await;
    known.sort_by(|a, b| b.position.cmp(&a.position));

    let mut most = BTreeSet::new();
    for filter in filters(&tenants) {
        let expected: Vec<_> = known
            .iter()
            .filter(|known| known.is_meant_by(&filter))
            .map(|known| known.position.clone())
            .collect();
        let (walked, total) = walk(&f.store, &filter, PAGE).await;
        assert_eq!(walked, expected, "{filter:?}");
        assert_eq!(usize::try_from(total).unwrap(), expected.len(), "{filter:?}");

        // The first page and the last: so many calls, whatever the table holds.
        for after in [None, expected.iter().rev().nth(3).cloned()] {
            let before = proxy.calls();
            let window = Window { after, ..Window::first(PAGE + 1) };
            let found = counted.list(&filter, &window).await.unwrap();
            counted.outputs(&found.rows).await.unwrap();
            most.insert(proxy.calls() - before);
        }
    }
    // The counters, four statuses or statuses by types, and the outputs; ties may take a partition a second look.
    println!("calls for a page: {most:?}");
    let bound = |partitions: usize| 1 + 2 * partitions + 1;
    assert!(*most.last().unwrap() <= bound(5), "{most:?}");

    // An offset is the same list, further on.
    let all = ListFilter::default();
    let offset = f.store.list(&all, &Window { offset: 1_234, ..Window::first(20) }).await.unwrap();
    let expected: Vec<_> = known.iter().skip(1_234).take(20).map(|known| known.position.clone()).collect();
    assert_eq!(offset.rows.iter().map(commands::ListedCommand::position).collect::<Vec<_>>(), expected);

    let outputs =
        f.store.outputs(&f.store.list(&all, &Window::first(2_000)).await.unwrap().rows).await.unwrap();
    assert_eq!(outputs.len(), known.iter().filter(|known| known.status == Status::Success).count());
    assert!(outputs.iter().all(|(id, output)| *output == id.to_string()));
}

#[tokio::test]
async fn within_an_instant_the_id_decides_whatever_the_index_thinks() {
    let f = Fixture::new().await;
    let mut expected = Vec::new();
    for created_at in ["2026-11-24T10:00:00.000Z", "2026-11-24T10:00:00.001Z"] {
        for _ in 0..20 {
            let id = Uuid::new_v4();
            f.put(json!({
                "command_id": id, "created_at": created_at, "command_type": "HEALTH_CHECK", "status": "PENDING",
                "created_by": "else", "parameters": {}, "type_status": "HEALTH_CHECK#PENDING",
            }))
            .await;
            expected.push(Position(created_at.to_owned(), id));
        }
    }
    expected.sort_by(|a, b| b.cmp(a));
    let kind = Some(CommandType::HealthCheck);
    for filter in [ListFilter::default(), ListFilter { kind, ..ListFilter::default() }] {
        for page in [1, 7, 19, 20, 21, 40] {
            assert_eq!(walk(&f.store, &filter, page).await.0, expected, "{filter:?}, {page}");
        }
    }
}
