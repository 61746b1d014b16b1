//! Walks through a long list while it changes.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use commands::ListFilter;
use data::audit::AuditFilter;
use data::incidents::{IncidentFilter, SeverityFilter, StateFilter};
use http_api::ListKey;
use lambda_http::http::StatusCode;
use serde_json::{Value, json};
use sqlx::Executor;
use test_support::Statements;

use crate::fixture::{A, Fixture};

const PAGE: usize = 10;

/// 3,100 companies instead of those of the fixture; every seventh without a price, many with the same.
async fn many(fixture: &Fixture) {
    let mut owner = fixture.database.owner().await;
    // CNPJs count from 1; their check digits are the database's to compute.
    owner
        .execute(sqlx::raw_sql(
            "DELETE FROM tenants;
             INSERT INTO tenants (name, cnpj, mrr_estimate, created_at)
             SELECT 'Empresa ' || md5(i::text), base || cnpj_check_digit(base) || cnpj_check_digit(base || cnpj_check_digit(base)),
                 CASE WHEN i % 7 > 0 THEN (i % 50) * 10 END, now() - (i / 3) * interval '1 hour'
             FROM generate_series(1, 3100) AS i, lpad((500000 + i)::text, 12, '0') AS base",
        ))
        .await
        .unwrap();
    let mut superuser = fixture.database.superuser().await;
    superuser.execute("VACUUM ANALYZE").await.unwrap();
}

/// All ids that a walk finds, with how often, while `between` happens after each page.
async fn walk(fixture: &Fixture, query: &str, mut between: impl AsyncFnMut(usize)) -> HashMap<String, usize> {
    let token = fixture.token(&["INTERNAL_ADMIN"]);
    let mut found = HashMap::new();
    let mut cursor = String::new();
    for page in 0.. {
        let answer = fixture.get(&format!("/internal/tenants?limit={PAGE}&{query}{cursor}"), &token).await;
        assert_eq!(answer.status, StatusCode::OK);
        let body = answer.json();
        for tenant in body["tenants"].as_array().unwrap() {
            *found.entry(tenant["id"].as_str().unwrap().to_owned()).or_insert(0) += 1;
        }
        let Some(next) = body["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
        between(page).await;
    }
    found
}

#[tokio::test]
async fn a_walk_yields_every_company_that_did_not_change_exactly_once() {
    let fixture = Fixture::new().await;
    many(&fixture).await;
    let mut owner = fixture.database.owner().await;
    for query in [
        "status=all",
        "status=all&sort_order=desc",
        "sort_by=created_at",
        "sort_by=mrr_estimate",
        "status=all&sort_by=mrr_estimate&sort_order=desc",
        "search=empresa%20&sort_by=mrr_estimate",
    ] {
        let began: DateTime<Utc> = sqlx::query_scalar("SELECT now()").fetch_one(&mut owner).await.unwrap();
        let found = walk(&fixture, query, async |page| {
            // Every third page something is added, renamed, repriced, deleted, wherever in the order it may be.
            if page % 3 == 0 {
                owner
                    .execute(sqlx::raw_sql(
                        "UPDATE tenants SET name = 'Empresa ' || md5(random()::text), mrr_estimate = (random() * 500)::int
                         WHERE id IN (SELECT id FROM tenants WHERE name LIKE 'Empresa %' ORDER BY random() LIMIT 1);
                         DELETE FROM tenants
                         WHERE id IN (SELECT id FROM tenants WHERE name LIKE 'Empresa %' ORDER BY random() LIMIT 1);
                         INSERT INTO tenants (name, cnpj, mrr_estimate)
                         SELECT 'Empresa nova', base || cnpj_check_digit(base) || cnpj_check_digit(base || cnpj_check_digit(base)), 10
                         FROM lpad((600000 + (SELECT count(*) FROM tenant_mrr_changes))::text, 12, '0') AS base",
                    ))
                    .await
                    .unwrap();
            }
        })
        .await;
        let unchanged: Vec<String> = sqlx::query_scalar(
            "SELECT id::text FROM tenants WHERE updated_at < $1 AND name LIKE 'Empresa %'",
        )
        .bind(began)
        .fetch_all(&mut owner)
        .await
        .unwrap();
        assert!(unchanged.len() > 2_000);
        let wrong: Vec<_> = unchanged.iter().filter(|id| found.get(*id) != Some(&1)).collect();
        assert!(wrong.is_empty(), "{query}: {} of {} not exactly once", wrong.len(), unchanged.len());
    }
}

#[tokio::test]
async fn page_300_costs_what_page_1_costs() {
    let statements = Statements::of_this_thread();
    let fixture = Fixture::new().await;
    many(&fixture).await;
    fixture.database.explain("app_internal").await;
    for query in [
        "status=all",
        "sort_order=desc",
        "sort_by=created_at",
        "sort_by=mrr_estimate",
        "sort_by=mrr_estimate&sort_order=desc",
    ] {
        // A connection in use has read what the server keeps of tables, and settled on its plans: after five runs of each.
        let token = fixture.token(&["INTERNAL_ADMIN"]);
        for _ in 0..6 {
            fixture.get(&format!("/internal/tenants?limit={PAGE}&{query}"), &token).await;
        }
        let mut buffers = Vec::new();
        let _ = statements.take_buffers();
        walk(&fixture, query, async |_| buffers.push(statements.take_buffers())).await;
        assert!(buffers.len() >= 300, "{query}: {} pages", buffers.len());
        // The median of some, because a page may straddle two of the index.
        let median = |pages: &[u64]| {
            let mut pages = pages.to_vec();
            pages.sort_unstable();
            pages[pages.len() / 2]
        };
        let (first, last) = (median(&buffers[6..15]), median(&buffers[295..304]));
        assert!(first > 0, "{query}: the database explains nothing");
        assert!(
            last <= first + 6 && buffers[0] <= first + 6,
            "{query}: page 1 {}, about 10 {first}, about 300 {last}",
            buffers[0]
        );
    }
}

/// No secret keeps anybody from making a cursor of their own.
#[tokio::test]
async fn a_forged_cursor_names_a_place_where_a_row_can_be_or_is_refused() {
    let fixture = Fixture::new().await;
    let token = fixture.token(&["INTERNAL_ADMIN"]);
    let none = None::<String>;
    let incidents =
        IncidentFilter { severity: SeverityFilter::All, state: StateFilter::All, tenant_id: None };
    let tenants =
        |sort_by| ListKey::new("/internal/tenants", &("active", &none, &none, &none, sort_by, "asc"));
    let instant = "2026-01-01T00:00:00.000Z";
    let no_instants = || ["-9999-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "+12026-01-01T00:00:00Z", "", "x"];
    let in_time = || no_instants().map(|at| json!([at, A])).to_vec();
    let lists = [
        (
            "audit",
            "",
            ListKey::new("/internal/audit", &AuditFilter::default()),
            json!([instant, A]),
            in_time(),
        ),
        ("incidents", "", ListKey::new("/internal/incidents", &incidents), json!([instant, A]), in_time()),
        (
            "operations/commands",
            "",
            ListKey::new("/internal/operations/commands", &ListFilter::default()),
            json!([instant, A]),
            vec![json!(["", A]), json!(["x", A]), json!(["\0", A])],
        ),
        (
            "integrations",
            "",
            ListKey::new("/internal/integrations", &(&none, "all", &none, &none)),
            json!(["a", A]),
            vec![json!(["a\0", A]), json!(["a", "x"]), json!([1, A])],
        ),
        (
            "agents",
            "",
            ListKey::new("/internal/agents", &("30d", &none, &none, "name", "asc")),
            json!([0, "a", A]),
            vec![json!([0, "\0", A]), json!(["x", "a", A])],
        ),
        (
            "tenants",
            "",
            tenants("name"),
            json!([{"Name": "a"}, A]),
            vec![
                json!([{"Name": "\0"}, A]),
                json!([{"CreatedAt": instant}, A]),
                json!([{"MrrEstimate": null}, A]),
                json!([{"MrrEstimate": 1}, A]),
            ],
        ),
        (
            "tenants",
            "sort_by=created_at",
            tenants("created_at"),
            json!([{"CreatedAt": instant}, A]),
            [json!([{"Name": "a"}, A])]
                .into_iter()
                .chain(no_instants().map(|at| json!([{"CreatedAt": at}, A])))
                .collect(),
        ),
    ];
    for (list, query, key, good, bad) in lists {
        let get = async |position: &Value| {
            let cursor = key.cursor(position);
            fixture.get(&format!("/internal/{list}?{query}&cursor={cursor}"), &token).await
        };
        assert_eq!(get(&good).await.status, StatusCode::OK, "{list}: forged as well as any");
        for position in bad {
            let answer = get(&position).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{list} {query} {position}");
            answer.assert_problem(StatusCode::BAD_REQUEST, "invalid_parameter");
            assert_eq!(answer.json()["errors"][0]["parameter"], "cursor");
        }
    }
}
