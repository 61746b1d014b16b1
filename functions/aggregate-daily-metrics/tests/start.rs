//! How the binary starts, and fails.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use test_support::{FunctionProcess, Invocation};

const SETTINGS: [(&str, &str); 9] = [
    ("AWS_REGION", "sa-east-1"),
    ("AWS_ACCESS_KEY_ID", "id"),
    ("AWS_SECRET_ACCESS_KEY", "key"),
    ("DATABASE_HOST", "localhost"),
    ("DATABASE_PORT", "5432"),
    ("DATABASE_NAME", "painel"),
    ("DATABASE_TLS", "disable"),
    ("DATABASE_SECRET_ARN", "secret"),
    ("RAW_RETENTION_DAYS", "400"),
];

/// What the binary says when it is started with these settings, one of them changed; empty takes it away.
fn complaint(name: &str, value: &str) -> String {
    let settings = SETTINGS.map(|(setting, usual)| (setting, if setting == name { value } else { usual }));
    let output = Command::new(env!("CARGO_BIN_EXE_aggregate-daily-metrics"))
        .env_clear()
        .envs(settings)
        .output()
        .unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_setting_that_is_missing_or_wrong_stops_the_start_and_is_named() {
    for (name, _) in SETTINGS {
        let said = complaint(name, "");
        assert!(said.contains(&format!("the environment variable {name} is not set")), "{said}");
    }
    for wrong in ["-1", "a year", "1.5"] {
        let said = complaint("RAW_RETENTION_DAYS", wrong);
        assert!(said.contains("value that is not allowed"), "{said}");
    }
}

/// Secrets Manager accepts connections and never says a word.
#[tokio::test]
async fn a_password_that_is_never_told_fails_the_run_and_not_the_function() {
    let hole = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", hole.local_addr().unwrap());
    let aws = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_REGION", "sa-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
    ];
    let environment: Vec<_> =
        SETTINGS.iter().chain(&aws).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let binary = Path::new(env!("CARGO_BIN_EXE_aggregate-daily-metrics"));
    let function = FunctionProcess::start(binary, &environment, Duration::from_mins(1)).await;
    let Invocation::Failed(failure) = function.invoke(json!({"date": "2026-01-01"})).await else {
        panic!("it ended otherwise");
    };
    assert_eq!(failure["errorType"], "Database", "{failure}");
}
