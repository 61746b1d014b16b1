//! How the binary starts.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::process::Command;

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
