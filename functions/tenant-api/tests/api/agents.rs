//! `GET /tenant/agents`

use std::cell::RefCell;
use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use data::Period;
use lambda_http::http::StatusCode;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use sqlx::{Executor, PgConnection};
use uuid::Uuid;

use crate::fixture::{A, B, Fixture};

const UM: Uuid = Uuid::from_u128(0x0000_0000_0000_4000_8000_0000_0000_00f1);
const DOIS: Uuid = Uuid::from_u128(0x0000_0000_0000_4000_8000_0000_0000_00f2);

/// The day that the fixture's clock shows.
fn today() -> NaiveDate {
    "2026-03-15".parse().unwrap()
}

/// Requests of agents of a tenant by day, rolled up.
async fn roll_up(
    owner: &mut PgConnection,
    tenant: &str,
    requests: impl Iterator<Item = (Uuid, NaiveDate, i32)>,
) {
    let (mut agents, mut days, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    for (agent, day, count) in requests {
        agents.push(agent);
        days.push(day);
        counts.push(count);
    }
    sqlx::query(
        "INSERT INTO tenant_usage_daily (tenant_id, agent_id, date, total_requests, successful_requests,
             response_time_sum, response_time_count, response_time_buckets, response_time_counts, total_tokens_used,
             last_request_at)
         SELECT $1::text::uuid, agent, day, count, 0, 0, 0, '{}', '{}', 0, now()
         FROM unnest($2::uuid[], $3::date[], $4::integer[]) AS usage (agent, day, count)",
    )
    .bind(tenant)
    .bind(agents)
    .bind(days)
    .bind(counts)
    .execute(owner)
    .await
    .unwrap();
}

/// Thirty days with these numbers of requests, counted from 0, and none on the others.
fn series<const N: usize>(requests: [(usize, i64); N]) -> Value {
    let mut days = [0; 30];
    for (day, count) in requests {
        days[day] = count;
    }
    json!(days)
}

#[tokio::test]
async fn each_agent_has_its_requests_of_thirty_days() {
    let fixture = Fixture::new().await;
    let mut owner = fixture.database.owner().await;
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let usage = [
        (UM, day("2026-02-13"), 4_000),
        (UM, day("2026-02-14"), 5),
        (UM, day("2026-02-28"), 60),
        (UM, day("2026-03-16"), 7_000),
        // Only before the period.
        (DOIS, day("2026-02-13"), 9),
    ];
    roll_up(&mut owner, A, usage.into_iter()).await;
    roll_up(&mut owner, B, [(UM, day("2026-03-03"), 8)].into_iter()).await;

    let answer = fixture.get("/tenant/agents?status=all", &fixture.token(&["TENANT_USER"], Some(A))).await;
    assert_eq!(answer.status, StatusCode::OK);
    let agent = |id: Uuid, name: &str, status: &str, total: i64, daily: Value| {
        json!({
            "id": id, "name": name, "segment": null, "status": status, "activated_at": null,
            "usage_last_30_days": {
                "total_requests": total, "success_rate": 0, "avg_response_time_ms": 0, "p95_response_time_ms": 0,
                "daily_requests": daily,
            },
        })
    };
    let mut body = answer.json();
    for agent in body["agents"].as_array_mut().unwrap() {
        agent["activated_at"] = Value::Null;
    }
    assert_eq!(
        body,
        json!({
            "agents": [
                agent(DOIS, "Dois", "suspended", 0, series([])),
                // The 14th and 28th of February, the 1st and the 15th of March.
                agent(UM, "Um", "active", 385, series([(0, 5), (14, 60), (15, 20), (29, 300)])),
            ],
            "from": "2026-02-14", "to": "2026-03-15", "as_of": "2026-03-15T11:45:00.123Z",
        })
    );

    let of_b = fixture.get("/tenant/agents", &fixture.token(&["TENANT_USER"], Some(B))).await.json();
    assert_eq!(of_b["agents"][0]["usage_last_30_days"]["daily_requests"], series([(17, 8)]));
}

#[test]
fn whatever_was_rolled_up_each_series_is_of_thirty_days_and_adds_up() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fixture = runtime.block_on(Fixture::new());
    let token = fixture.token(&["TENANT_USER"], Some(A));
    // The runner calls its test through a shared reference.
    let owner = RefCell::new(runtime.block_on(fixture.database.owner()));
    // Of its agents and of one that the tenant doesn't have; from before the period to after it.
    let agents = prop_oneof![4 => Just(UM), 4 => Just(DOIS), 1 => Just(Uuid::from_u128(1))];
    let usage = proptest::collection::btree_map((agents, 0_u64..36), 0..=i32::MAX, 0..70);
    let first = today() - Days::new(32);

    let check = |usage: BTreeMap<(Uuid, u64), i32>| {
        let mut owner = owner.borrow_mut();
        let owner: &mut PgConnection = &mut owner;
        let answer = runtime.block_on(async {
            owner.execute("DELETE FROM tenant_usage_daily").await.unwrap();
            let rows = usage.iter().map(|((agent, day), count)| (*agent, first + Days::new(*day), *count));
            roll_up(owner, A, rows).await;
            fixture.get("/tenant/agents?status=all", &token).await.json()
        });
        let range = Period::Month.ending(today());
        prop_assert_eq!([&answer["from"], &answer["to"]], [&json!(range.from), &json!(range.to)]);
        let agents = answer["agents"].as_array().unwrap();
        prop_assert_eq!(agents.len(), 2);
        for agent in agents {
            let id: Uuid = agent["id"].as_str().unwrap().parse().unwrap();
            let expected: Vec<i64> = range
                .days()
                .map(|day| {
                    let number = day.signed_duration_since(first).num_days().unsigned_abs();
                    usage.get(&(id, number)).copied().unwrap_or(0).into()
                })
                .collect();
            let of_agent = &agent["usage_last_30_days"];
            prop_assert_eq!(expected.len(), 30);
            prop_assert_eq!(&of_agent["total_requests"], &json!(expected.iter().sum::<i64>()));
            prop_assert_eq!(&of_agent["daily_requests"], &json!(expected));
        }
        Ok(())
    };
    let config = Config { cases: 48, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(&usage, check).unwrap();
}
