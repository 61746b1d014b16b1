//! How the binary starts.

use std::process::Command;

const SETTINGS: [(&str, &str); 13] = [
    ("AWS_REGION", "sa-east-1"),
    ("AWS_ACCESS_KEY_ID", "id"),
    ("AWS_SECRET_ACCESS_KEY", "key"),
    ("COGNITO_ISSUER", "https://issuer.example.com"),
    ("COGNITO_JWKS_URL", "https://issuer.example.com/jwks.json"),
    ("COGNITO_CLIENT_IDS", "client"),
    ("DATABASE_HOST", "localhost"),
    ("DATABASE_PORT", "5432"),
    ("DATABASE_NAME", "painel"),
    ("DATABASE_TLS", "disable"),
    ("DATABASE_SECRET_ARN", "secret"),
    ("COMMANDS_TABLE", "commands"),
    ("COMMAND_BOOKKEEPING_TABLE", "bookkeeping"),
];

/// What the binary says when it is started with these settings, one of them changed; empty takes it away.
fn complaint(name: &str, value: &str) -> String {
    let settings = SETTINGS.map(|(setting, usual)| (setting, if setting == name { value } else { usual }));
    let output =
        Command::new(env!("CARGO_BIN_EXE_internal-api")).env_clear().envs(settings).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_setting_that_is_missing_or_wrong_stops_the_start_and_is_named() {
    for (name, _) in SETTINGS {
        let said = complaint(name, "");
        assert!(said.contains(&format!("the environment variable {name} is not set")), "{said}");
    }
    for (name, wrong) in [("DATABASE_PORT", "many"), ("DATABASE_TLS", "prefer")] {
        let said = complaint(name, wrong);
        assert!(said.contains("value that is not allowed") && said.contains(wrong), "{said}");
    }
}
