//! New companies and changes of companies.

use lambda_http::http::header::{CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION};
use lambda_http::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use sqlx::Executor;
use test_support::Answer;

use crate::fixture::{A, B, Fixture, UNKNOWN};

fn pointers(answer: &Answer) -> Vec<String> {
    answer.assert_problem(StatusCode::BAD_REQUEST, "invalid_body");
    let errors = answer.json()["errors"].as_array().unwrap().clone();
    let mut pointers: Vec<_> =
        errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect();
    pointers.sort_unstable();
    pointers
}

async fn post(fixture: &Fixture, body: &Value) -> Answer {
    let token = fixture.token(&["INTERNAL_ADMIN"]);
    fixture.send(Method::POST, "/internal/tenants", &token, &[], body).await
}

async fn patch(fixture: &Fixture, tenant: &str, tag: &str, body: &Value) -> Answer {
    let token = fixture.token(&["INTERNAL_ADMIN"]);
    fixture
        .send(Method::PATCH, &format!("/internal/tenants/{tenant}"), &token, &[(IF_MATCH, tag)], body)
        .await
}

async fn tag_of(fixture: &Fixture, tenant: &str) -> String {
    let token = fixture.token(&["INTERNAL_ADMIN"]);
    fixture.get(&format!("/internal/tenants/{tenant}"), &token).await.header(ETAG).to_owned()
}

#[tokio::test]
async fn a_company_is_added_found_and_recorded() {
    let fixture = Fixture::new().await;
    let body = json!({"name": "  Flor de Lis ", "cnpj": "00.000.000/0001-91", "plan": "starter", "mrr_estimate": 99.9});
    let added = post(&fixture, &body).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.json());
    let tenant = added.json()["tenant"].clone();
    assert_eq!(
        (&tenant["name"], &tenant["cnpj"], &tenant["segment"], &tenant["status"], &tenant["mrr_estimate"]),
        (&json!("Flor de Lis"), &json!("00.000.000/0001-91"), &Value::Null, &json!("active"), &json!(99.9))
    );
    let id = tenant["id"].as_str().unwrap();
    assert_eq!(added.header(LOCATION), format!("/internal/tenants/{id}"));

    let token = fixture.token(&["INTERNAL_ADMIN"]);
    let found = fixture.get(added.header(LOCATION), &token).await.json();
    assert_eq!(found["tenant"]["limits"]["max_agents"], 3);
    let listed = fixture.get("/internal/tenants?search=flor", &token).await.json();
    assert_eq!((&listed["total"], &listed["tenants"][0]["id"]), (&json!(1), &json!(id)));
    let audit = fixture
        .get(&format!("/internal/audit?tenant_id={id}&event_type=tenant_created"), &token)
        .await
        .json();
    assert_eq!(audit["total"], 1);
    let after = json!({"name": "Flor de Lis", "cnpj": "00.000.000/0001-91", "segment": null, "plan": "starter",
        "status": "active", "mrr_estimate": 99.9});
    assert_eq!(audit["events"][0]["metadata"], json!({"before": null, "after": after}));

    // The tag of the answer is good for a change.
    let changed = patch(&fixture, id, added.header(ETAG), &json!({"status": "inactive"})).await;
    assert_eq!(changed.status, StatusCode::OK);
    post(&fixture, &body).await.assert_problem(StatusCode::CONFLICT, "conflict");
}

#[tokio::test]
async fn every_bad_member_is_named_at_once_and_nothing_is_stored() {
    let fixture = Fixture::new().await;
    let before = fixture.count("SELECT count(*) FROM tenants").await;
    for (body, expected) in [
        (json!({}), vec!["/cnpj", "/name", "/plan"]),
        (
            json!({"name": 1, "cnpj": [], "plan": null, "segment": 2, "status": "all", "mrr_estimate": "1", "x/y~z": 1}),
            vec!["/cnpj", "/mrr_estimate", "/name", "/plan", "/segment", "/status", "/x~1y~0z"],
        ),
        (json!({"plan": "gold", "plans": 1}), vec!["/cnpj", "/name", "/plan", "/plans"]),
        (json!({"name": " ", "cnpj": "11222333000182", "plan": ""}), vec!["/cnpj", "/name", "/plan"]),
        (json!({"name": "a\u{0}b", "cnpj": "00000000000000", "plan": "starter"}), vec!["/cnpj", "/name"]),
        (json!({"name": "a".repeat(256), "cnpj": "00000000000191", "plan": "starter"}), vec!["/name"]),
        (json!({"name": "A", "cnpj": "00000000000191", "plan": "gold"}), vec!["/plan"]),
        (
            json!({"name": "A", "cnpj": "00000000000191", "plan": "starter", "mrr_estimate": 0.001}),
            vec!["/mrr_estimate"],
        ),
        (
            json!({"name": "A", "cnpj": "00000000000191", "plan": "starter", "mrr_estimate": -1}),
            vec!["/mrr_estimate"],
        ),
        (json!([1]), vec![""]),
        (json!("x"), vec![""]),
    ] {
        assert_eq!(pointers(&post(&fixture, &body).await), expected, "{body}");
    }
    assert_eq!(fixture.count("SELECT count(*) FROM tenants").await, before);
    assert_eq!(
        fixture.count("SELECT count(*) FROM operational_events WHERE event_type = 'tenant_created'").await,
        0
    );
}

#[tokio::test]
async fn a_body_has_a_type_and_a_size() {
    let fixture = Fixture::new().await;
    let token = fixture.token(&["INTERNAL_ADMIN"]);
    let send = async |content_type: Option<&str>, body: String| {
        let mut request = Request::post("/internal/tenants").header("authorization", &token);
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        Answer::of(&fixture.router, request.body(body.into()).unwrap()).await
    };
    let json = r#"{"name": "A", "cnpj": "00000000000191", "plan": "starter"}"#;
    for content_type in
        [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("json"), Some("")]
    {
        let answer = send(content_type, json.into()).await;
        answer.assert_problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type");
    }
    let padded = |bytes: usize| format!("{json}{}", " ".repeat(bytes - json.len()));
    send(Some("application/json"), padded(65_537))
        .await
        .assert_problem(StatusCode::PAYLOAD_TOO_LARGE, "too_large");
    for garbage in ["", "{", "{\"name\": }", "\u{feff}{}", "nul"] {
        assert_eq!(pointers(&send(Some("application/json"), garbage.into()).await), [""], "{garbage}");
    }
    assert_eq!(
        send(Some("Application/JSON; charset=utf-8"), padded(65_536)).await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn a_change_takes_the_tag_of_what_was_seen() {
    let fixture = Fixture::new().await;
    let token = fixture.token(&["INTERNAL_ADMIN"]);
    let path = format!("/internal/tenants/{A}");
    let tag = tag_of(&fixture, A).await;

    let none = fixture.send(Method::PATCH, &path, &token, &[], &json!({"plan": "starter"})).await;
    none.assert_problem(StatusCode::PRECONDITION_REQUIRED, "precondition_required");
    for stale in ["\"x\"", &format!("W/{tag}"), "x"] {
        let answer = patch(&fixture, A, stale, &json!({"plan": "starter"})).await;
        answer.assert_problem(StatusCode::PRECONDITION_FAILED, "precondition_failed");
    }
    patch(&fixture, UNKNOWN, "*", &json!({"plan": "starter"}))
        .await
        .assert_problem(StatusCode::NOT_FOUND, "not_found");

    // Use and users change without making it stale, and are no longer what a reader has.
    fixture.database.owner().await.execute("UPDATE tenant_agents SET status = 'inactive'").await.unwrap();
    assert_ne!(tag_of(&fixture, A).await, tag);
    let changed =
        patch(&fixture, A, &tag, &json!({"plan": "starter", "segment": null, "mrr_estimate": 10})).await;
    assert_eq!(changed.status, StatusCode::OK);
    let tenant = &changed.json()["tenant"];
    assert_eq!(
        (&tenant["plan"], &tenant["segment"], &tenant["mrr_estimate"]),
        (&json!("starter"), &Value::Null, &json!(10))
    );
    assert_eq!(tenant["name"], "Padaria São João");
    patch(&fixture, A, &tag, &json!({"plan": "enterprise"}))
        .await
        .assert_problem(StatusCode::PRECONDITION_FAILED, "precondition_failed");

    let events =
        fixture.get(&format!("/internal/audit?tenant_id={A}&event_type=tenant_changed"), &token).await.json();
    assert_eq!(events["total"], 1);
    assert_eq!(
        events["events"][0]["metadata"],
        json!({
            "before": {"plan": "professional", "segment": "Varejo", "mrr_estimate": 1499.9},
            "after": {"plan": "starter", "segment": null, "mrr_estimate": 10},
        })
    );
}

#[tokio::test]
async fn a_change_that_changes_nothing_writes_nothing() {
    let fixture = Fixture::new().await;
    let tag = tag_of(&fixture, A).await;
    for body in
        [json!({"name": "Padaria São João"}), json!({"mrr_estimate": 1499.90, "cnpj": "12.abc.345/01de-35"})]
    {
        let answer = patch(&fixture, A, &tag, &body).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json()["tenant"]["updated_at"], answer.json()["tenant"]["created_at"]);
    }
    assert_eq!(tag_of(&fixture, A).await, tag);
    assert_eq!(
        fixture.count("SELECT count(*) FROM operational_events WHERE event_type = 'tenant_changed'").await,
        0
    );
    for (body, expected) in [
        (json!({}), vec![""]),
        (
            json!({"name": null, "plan": null, "status": null, "cnpj": null}),
            vec!["/cnpj", "/name", "/plan", "/status"],
        ),
        (json!({"id": UNKNOWN}), vec!["/id"]),
    ] {
        assert_eq!(pointers(&patch(&fixture, A, &tag, &body).await), expected);
    }
    let taken = patch(&fixture, A, &tag, &json!({"cnpj": "11222333000181"})).await;
    taken.assert_problem(StatusCode::CONFLICT, "conflict");
}

#[tokio::test]
async fn of_changes_at_once_one_wins() {
    let fixture = Fixture::new().await;
    let tag = tag_of(&fixture, B).await;
    let bodies = [1, 2, 3].map(|price| json!({"mrr_estimate": price}));
    let (one, two, three) = tokio::join!(
        patch(&fixture, B, &tag, &bodies[0]),
        patch(&fixture, B, &tag, &bodies[1]),
        patch(&fixture, B, &tag, &bodies[2]),
    );
    let mut statuses = [one, two, three].map(|answer| answer.status.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412]);
    assert_eq!(
        fixture.count("SELECT count(*) FROM operational_events WHERE event_type = 'tenant_changed'").await,
        1
    );
}

#[tokio::test]
async fn an_unchanged_company_is_not_sent_again() {
    let fixture = Fixture::new().await;
    let token = fixture.token(&["INTERNAL_ADMIN"]);
    let path = format!("/internal/tenants/{A}");
    let tag = tag_of(&fixture, A).await;
    let request = Request::get(&path).header("authorization", &token).header(IF_NONE_MATCH, &tag);
    let answer = Answer::of(&fixture.router, request.body("".into()).unwrap()).await;
    assert_eq!(
        (answer.status, answer.body.len(), answer.header(ETAG)),
        (StatusCode::NOT_MODIFIED, 0, tag.as_str())
    );
}

#[tokio::test]
async fn a_member_is_given_once_and_a_number_is_no_work() {
    let fixture = Fixture::new().await;
    let token = fixture.token(&["INTERNAL_ADMIN"]);
    let send = async |route: &str, body: String| {
        let request =
            Request::post(route).header("authorization", &token).header(CONTENT_TYPE, "application/json");
        Answer::of(&fixture.router, request.body(body.into()).unwrap()).await
    };
    let company =
        |more: &str| format!(r#"{{"name": "A", "cnpj": "00000000000191", "plan": "starter"{more}}}"#);
    for twice in [
        r#", "name": "B""#,
        r#", "n\u0061me": "B""#,
        r#", "status": "active", "status": "suspended""#,
        r#", "segment": {"a": [{"b": 1, "b": 2}]}"#,
    ] {
        assert_eq!(pointers(&send("/internal/tenants", company(twice)).await), [""], "{twice}");
    }
    let command = |parameters: &str| {
        format!(r#"{{"command_type": "HEALTH_CHECK", "tenant_id": "{A}", "parameters": {{{parameters}}}}}"#)
    };
    let twice = command(r#""checks": ["database"], "checks": ["cache"]"#);
    assert_eq!(pointers(&send("/internal/operations/commands", twice).await), [""]);
    for number in [
        "1e999999999".to_owned(),
        "1e-999999999".into(),
        "1e99999999999999999999".into(),
        "-0.001".into(),
        "9".repeat(60_000),
        format!("0.{}1", "0".repeat(60_000)),
        r#"{"$serde_json::private::Number": "1e999"}"#.into(),
    ] {
        let answer = send("/internal/tenants", company(&format!(r#", "mrr_estimate": {number}"#))).await;
        assert_eq!(pointers(&answer), ["/mrr_estimate"], "{}", &number[..number.len().min(40)]);
    }
    assert_eq!(
        fixture.count("SELECT count(*) FROM tenants WHERE name IN ('A', 'B')").await,
        1,
        "B is the fixture's"
    );
    let good = r#", "segment": "a", "mrr_estimate": 1e2"#;
    assert_eq!(send("/internal/tenants", company(good)).await.status, StatusCode::CREATED);
}
