//! Commands: accepted once, and found again, whatever the table does.

use std::collections::HashSet;
use std::time::Duration;

use chrono::Utc;
use http_api::IdempotencyKey;
use lambda_http::http::header::{ACCEPT, AUTHORIZATION, LOCATION, RETRY_AFTER};
use lambda_http::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use test_support::{Answer, Emulator, Fate, Interceptor};
use tokio::time::Instant;

use crate::fixture::{A, Fixture, UNKNOWN};

const COMMANDS: &str = "/internal/operations/commands";

fn check() -> Value {
    json!({"command_type": "HEALTH_CHECK", "tenant_id": A, "parameters": {"checks": ["database"]}})
}

#[tokio::test]
async fn a_command_is_accepted_and_found() {
    let fixture = Fixture::new().await;
    let token = fixture.token(&["INTERNAL_SUPPORT"]);
    let accepted = fixture.send(Method::POST, COMMANDS, &token, &[], &check()).await;
    assert_eq!(accepted.status, StatusCode::CREATED);
    let receipt = accepted.json();
    assert_eq!(receipt["status"], "PENDING");
    assert_eq!(receipt["message"], "Comando criado com sucesso. Processamento iniciado.");
    let location = accepted.header(LOCATION).to_owned();
    assert_eq!(location, format!("{COMMANDS}/{}", receipt["command_id"].as_str().unwrap()));

    let found = fixture.get(&location, &token).await.json();
    let command = &found["command"];
    for (member, expected) in [
        ("command_id", receipt["command_id"].clone()),
        ("created_at", receipt["created_at"].clone()),
        ("tenant_name", json!("Padaria São João")),
        ("parameters", json!({"checks": ["database"]})),
        ("output", Value::Null),
        ("started_at", Value::Null),
        ("progress", Value::Null),
        ("attempt", json!(0)),
    ] {
        assert_eq!(command[member], expected, "{member}");
    }
    assert_eq!(found["audit"], json!([]));

    let list = fixture.get(&format!("{COMMANDS}?tenant_id={A}&status=PENDING"), &token).await.json();
    assert_eq!((&list["total"], &list["next_cursor"]), (&json!(1), &Value::Null));
    let row = list["commands"][0].as_object().unwrap();
    assert!(row.iter().all(|(member, value)| command[member] == *value), "{row:?}");
    assert_eq!(fixture.get(&format!("{COMMANDS}/{UNKNOWN}"), &token).await.status, StatusCode::NOT_FOUND);

    let csv = Request::get(COMMANDS).header(AUTHORIZATION, &token).header(ACCEPT, "text/csv");
    let csv = Answer::of(&fixture.router, csv.body(axum::body::Body::empty()).unwrap()).await;
    let csv = String::from_utf8(csv.body).unwrap();
    let header = "command_id,command_type,status,tenant_id,tenant_name,created_by,created_at,started_at,completed_at,\
        error_message\r\n";
    assert!(csv.starts_with(header) && csv.lines().count() == 2, "{csv}");
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_command_is_named_at_once() {
    let fixture = Fixture::new().await;
    let token = fixture.token(&["INTERNAL_ADMIN"]);
    let refused = async |body: Value| {
        let answer = fixture.send(Method::POST, COMMANDS, &token, &[], &body).await;
        answer.assert_problem(StatusCode::BAD_REQUEST, "invalid_body");
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        let mut pointers: Vec<_> =
            errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect();
        pointers.sort();
        pointers
    };
    assert_eq!(refused(json!({})).await, ["/command_type", "/parameters"]);
    let everything = json!({
        "command_type": "RESTART_AGENT", "tenant_id": "x", "parameters": {"agent_id": 7, "a/b~c": 1}, "urgent": true,
    });
    assert_eq!(
        refused(everything).await,
        ["/parameters/agent_id", "/parameters/a~1b~0c", "/tenant_id", "/urgent"]
    );
    for (kind, parameters, pointers) in [
        ("RESET_TOKEN", json!({}), vec!["/parameters/integration_id", "/tenant_id"]),
        (
            "REPROCESS_QUEUE",
            json!({"queue": "", "max_messages": 0}),
            vec!["/parameters/max_messages", "/parameters/queue"],
        ),
        (
            "REPROCESS_QUEUE",
            json!({"queue": "a b", "max_messages": 1.5}),
            vec!["/parameters/max_messages", "/parameters/queue"],
        ),
        ("REPROCESS_QUEUE", json!({"queue": "a", "max_messages": "9"}), vec!["/parameters/max_messages"]),
        ("HEALTH_CHECK", json!({"checks": []}), vec!["/parameters/checks"]),
        ("HEALTH_CHECK", json!({"checks": ["cache", "cache"]}), vec!["/parameters/checks"]),
        ("HEALTH_CHECK", json!([]), vec!["/parameters"]),
        ("HEALTH_CHECK", json!("{}"), vec!["/parameters"]),
        ("HEALTH_CHECK", Value::Null, vec!["/parameters"]),
        ("health_check", json!({}), vec!["/command_type"]),
    ] {
        assert_eq!(
            refused(json!({"command_type": kind, "parameters": parameters})).await,
            pointers,
            "{kind}"
        );
    }
    let nobody = json!({"command_type": "HEALTH_CHECK", "tenant_id": UNKNOWN, "parameters": {}});
    let answer = fixture.send(Method::POST, COMMANDS, &token, &[], &nobody).await;
    answer.assert_problem(StatusCode::NOT_FOUND, "not_found");
    assert_eq!(fixture.get(COMMANDS, &token).await.json()["total"], 0);
}

#[tokio::test]
async fn a_key_is_one_command_however_often_and_at_once_it_is_sent() {
    let fixture = Fixture::new().await;
    let token = fixture.token(&["INTERNAL_ADMIN"]);
    let send = async |key: &str, body: Value| {
        fixture.send(Method::POST, COMMANDS, &token, &[(IdempotencyKey::HEADER, key)], &body).await
    };
    let all = futures_util::future::join_all((0..6).map(|_| send("one", check()))).await;
    let ids: HashSet<_> = all.iter().map(|answer| (answer.status.as_u16(), answer.body.clone())).collect();
    assert_eq!(ids.len(), 1, "{all:?}");
    let replayed = |answer: &Answer| answer.headers.contains_key("idempotency-replayed");
    assert_eq!(all.iter().filter(|answer| replayed(answer)).count(), 5);
    send("one", json!({"command_type": "HEALTH_CHECK", "parameters": {}}))
        .await
        .assert_problem(StatusCode::CONFLICT, "idempotency_conflict");
    for key in ["", &"k".repeat(129), "tab\there"] {
        let answer = send(key, check()).await;
        answer.assert_problem(StatusCode::BAD_REQUEST, "invalid_parameter");
        assert_eq!(answer.json()["errors"][0]["parameter"], "Idempotency-Key");
    }
    assert_eq!(send(&"k".repeat(128), check()).await.status, StatusCode::CREATED);
    // What was refused is not remembered.
    assert_eq!(send("two", json!({})).await.status, StatusCode::BAD_REQUEST);
    let accepted = send("two", check()).await;
    assert!(accepted.status == StatusCode::CREATED && !replayed(&accepted));
    assert_eq!(fixture.get(COMMANDS, &token).await.json()["total"], 3);
}

#[tokio::test]
async fn a_table_that_is_down_or_slow_is_a_503_within_the_budget() {
    let fixture = Fixture::new().await;
    let token = fixture.token(&["INTERNAL_ADMIN"]);
    let silent =
        Interceptor::start(Emulator::new().endpoint(), |_| Fate::Late(Duration::from_secs(30))).await;
    for endpoint in ["http://127.0.0.1:1", &silent.url] {
        let router = fixture.router_with(endpoint, Utc::now);
        for path in [COMMANDS.to_owned(), format!("{COMMANDS}/{A}")] {
            let asked = Instant::now();
            let answer = Answer::to_get(&router, &path, &token).await;
            answer.assert_problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
            assert!(!answer.header(RETRY_AFTER).is_empty());
            assert!(asked.elapsed() < Duration::from_secs(9));
        }
        let answer = Answer::to_json(&router, Method::POST, COMMANDS, &token, &[], &check()).await;
        answer.assert_problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
        // Everything else works.
        assert_eq!(Answer::to_get(&router, "/internal/options", &token).await.status, StatusCode::OK);
    }
}
